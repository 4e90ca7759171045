"""What a node says, read strictly: every malformed field of a log is refused, what is well formed comes out alike."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from chain_indexer import wire

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


def read(**fields: Any) -> bytes:
    return msgspec.json.encode(GOOD | fields)


def test_a_log_comes_out_with_hex_undone_and_names_in_lower_case() -> None:
    log = wire.placed(read())
    at = log.at
    assert (at.block_number, at.tx_index, at.log_index) == (16, 0, 3)
    assert (at.block_hash, at.tx_hash) == ("0x" + "aa" * 32, "0x" + "bb" * 32)
    assert log.raw.address == "0x" + "ab" * 20
    assert log.raw.topics == (b"\x0f" * 32, b"\x11" * 32)
    assert log.raw.data == b"\x22" * 7


def test_the_same_words_a_second_time_are_the_same_log() -> None:
    assert wire.placed(read()) is wire.placed(read())


def test_an_anonymous_log_without_data_is_read() -> None:
    log = wire.placed(read(topics=[], data="0x"))
    assert (log.raw.topics, log.raw.data) == ((), b"")


@pytest.mark.parametrize("field", ["blockHash", "transactionHash", "address"])
@pytest.mark.parametrize("text", ["", "0x", "0x12", "ab" * 33, "0x" + "zz" * 32, "0x" + " 1" * 32, "0x" + "11" * 33])
def test_what_is_no_hash_and_no_address_is_refused(field: str, text: str) -> None:
    with pytest.raises(ValueError, match=r"not|no address|non-hex"):
        wire.placed(read(**{field: text}))


@pytest.mark.parametrize("text", ["", "0x", "0x12", "11" * 33, "0x" + "zz" * 32, "0x" + "11 " * 22, "0x" + "11" * 33])
def test_what_is_no_topic_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"not|non-hex"):
        wire.placed(read(topics=[GOOD["topics"][0], text]))


@pytest.mark.parametrize("text", ["", "1234", "0x1", "0xzz", "0x11 22", "0x 1122"])
def test_what_is_no_data_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"not|non-hex"):
        wire.placed(read(data=text))


@pytest.mark.parametrize("field", ["blockNumber", "transactionIndex", "logIndex"])
@pytest.mark.parametrize("text", ["", "12", "0x", "-0x1", "0x-1", " 0x1", "0x" + "f" * 16, "latest"])
def test_what_is_no_quantity_is_refused(field: str, text: str) -> None:
    with pytest.raises(ValueError, match=r"quantity|invalid literal"):
        wire.placed(read(**{field: text}))


def test_a_log_that_the_node_says_is_gone_is_refused_as_that() -> None:
    with pytest.raises(wire.Removed):
        wire.placed(read(removed=True))
