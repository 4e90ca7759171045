"""What a node says, read strictly: every malformed field of a log is refused, what is well formed comes out alike."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from abis import RawLog
from chain_indexer import wire
from chain_indexer.logs import ChainPosition, Logs, PlacedLog

GOOD: dict[str, Any] = {
    "address": "0x" + "Ab" * 20,
    "topics": ["0x" + "0F" * 32, "0x" + "11" * 32],
    "data": "0x" + "22" * 7,
    "blockNumber": "0x10",
    "blockHash": "0x" + "AA" * 32,
    "transactionHash": "0x" + "bB" * 32,
    "transactionIndex": "0x0",
    "logIndex": "0x3",
}


def read(**fields: Any) -> PlacedLog:
    (log,) = wire.logs_of(msgspec.json.encode([GOOD | fields]))
    return log


def test_a_log_comes_out_with_hex_undone_and_names_in_lower_case() -> None:
    log = read()
    at = log.at
    assert (at.block_number, at.tx_index, at.log_index) == (16, 0, 3)
    assert (at.block_hash, at.tx_hash) == ("0x" + "aa" * 32, "0x" + "bb" * 32)
    assert log.raw.address == "0x" + "ab" * 20
    assert log.raw.topics == (b"\x0f" * 32, b"\x11" * 32)
    assert log.raw.data == b"\x22" * 7


def test_an_anonymous_log_without_data_is_read() -> None:
    log = read(topics=[], data="0x")
    assert (log.raw.topics, log.raw.data) == ((), b"")


@pytest.mark.parametrize("field", ["blockHash", "transactionHash", "address"])
@pytest.mark.parametrize("text", ["", "0x", "0x12", "ab" * 33, "0x" + "zz" * 32, "0x" + " 1" * 32, "0x" + "11" * 33])
def test_what_is_no_hash_and_no_address_is_refused(field: str, text: str) -> None:
    with pytest.raises(ValueError, match=r"(?i)not|no address|non-hex"):
        read(**{field: text})


@pytest.mark.parametrize("text", ["", "0x", "0x12", "11" * 33, "0x" + "zz" * 32, "0x" + "11 " * 22, "0x" + "11" * 33])
def test_what_is_no_topic_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"(?i)not|non-hex"):
        read(topics=[GOOD["topics"][0], text])


@pytest.mark.parametrize("text", ["", "1234", "0x1", "0xzz", "0x11 22", "0x 1122"])
def test_what_is_no_data_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"(?i)not|non-hex"):
        read(data=text)


@pytest.mark.parametrize("field", ["blockNumber", "transactionIndex", "logIndex"])
@pytest.mark.parametrize("text", ["", "12", "0x", "-0x1", "0x-1", " 0x1", "0x" + "f" * 16, "0x1_0", "latest"])
def test_what_is_no_quantity_is_refused(field: str, text: str) -> None:
    with pytest.raises(ValueError, match=r"quantity|invalid literal|index"):
        read(**{field: text})


def test_a_log_that_the_node_says_is_gone_is_refused_as_that() -> None:
    with pytest.raises(wire.Removed):
        read(removed=True)


def test_an_index_beyond_what_a_block_can_hold_is_refused() -> None:
    with pytest.raises(ValueError, match="no index"):
        read(logIndex=hex(1 << 31))
    assert read(logIndex=hex((1 << 31) - 1)).at.log_index == (1 << 31) - 1


# Many at once, against each by itself.

words = st.binary(min_size=32, max_size=32)
numbers = st.integers(min_value=0, max_value=(1 << 31) - 1)


@st.composite
def placed_logs(draw: st.DrawFn) -> list[PlacedLog]:
    """Logs of a few txs of one chain: a number names one block, and no two logs are in one place."""
    txs = draw(st.lists(st.tuples(numbers, numbers, words), max_size=4, unique_by=lambda tx: tx[:2]))
    return [
        PlacedLog(
            ChainPosition(
                block_number=number,
                tx_index=tx_index,
                log_index=log_index,
                block_hash=f"0x{number:064x}",
                tx_hash="0x" + tx_hash.hex(),
            ),
            RawLog(
                address="0x" + draw(st.binary(min_size=20, max_size=20)).hex(),
                topics=tuple(draw(st.lists(words, max_size=4))),
                data=draw(st.binary(max_size=100)),
            ),
        )
        for number, tx_index, tx_hash in txs
        for log_index in draw(st.lists(numbers, max_size=4, unique=True))
    ]


def worded(log: PlacedLog) -> dict[str, Any]:
    return {
        "address": log.raw.address,
        "topics": ["0x" + topic.hex() for topic in log.raw.topics],
        "data": "0x" + log.raw.data.hex(),
        "blockNumber": hex(log.at.block_number),
        "blockHash": log.at.block_hash,
        "transactionHash": log.at.tx_hash,
        "transactionIndex": hex(log.at.tx_index),
        "logIndex": hex(log.at.log_index),
    }


@given(placed_logs())
def test_what_was_said_of_logs_comes_out_in_the_order_of_the_chain(logs: list[PlacedLog]) -> None:
    read = wire.logs_of(msgspec.json.encode([worded(log) for log in logs]))
    assert list(read) == sorted(logs, key=lambda log: log.at)
    assert read == Logs.of(logs)


@given(placed_logs(), st.data())
def test_one_malformed_word_among_many_is_refused(logs: list[PlacedLog], data: st.DataObject) -> None:
    said = [worded(log) for log in logs if log.raw.topics]
    if said:
        log = data.draw(st.sampled_from(said))
        place = data.draw(st.integers(min_value=0, max_value=len(log["topics"]) - 1))
        word = log["topics"][place]
        wrong = [word[2:] + "00", word + "00", word[:-2], "0x0x" + word[4:], word[:10] + "0x" + word[12:], word + " "]
        log["topics"][place] = data.draw(st.sampled_from(wrong))
        with pytest.raises(ValueError, match=r"(?i)not|non-hex"):
            wire.logs_of(msgspec.json.encode(said))


@given(st.lists(st.lists(st.integers(), max_size=3), max_size=5))
def test_arrays_are_joined_to_one(arrays: list[list[int]]) -> None:
    joined = wire.joined([msgspec.json.encode(array) for array in arrays])
    assert msgspec.json.decode(joined) == [number for array in arrays for number in array]
