"""The port to a node: on a real one, and on one that answers badly in every way that was met or can be thought of."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from abis.hashing import keccak
from chain_indexer import node as node_module
from chain_indexer.node import Node, NodeContradicts, NodeLagging, NodeUnavailable, RangeRefused
from chain_indexer.ranges import BLOCKS_PER_RANGE_MAX
from tests.support.chain import ChainAtHand
from tests.unit.chain_indexer.hostile import Answers, Calls, Hostile, hostile_to, with_head_at


@pytest.fixture
def node(chain: ChainAtHand) -> Iterator[Node]:
    node = Node(chain.url)
    yield node
    node.close()


@pytest.fixture
def hostile(chain: ChainAtHand) -> Iterator[Hostile]:
    with hostile_to(chain.url) as server:
        yield server


@pytest.fixture
def misled(hostile: Hostile) -> Iterator[Node]:
    """A node behind the hostile server."""
    node = Node(hostile.url, timeout_s=5.0)
    yield node
    node.close()


def contracts(chain: ChainAtHand) -> list[str]:
    return [address.lower() for address in chain.generation.addresses.values()]


# A real node.


def test_a_look_shows_chain_head_and_the_headers_asked_for(node: Node, chain: ChainAtHand) -> None:
    seen = node.look([0, 3, 10_000])
    block = chain.rpc.call("eth_getBlockByNumber", "latest", False)
    assert (seen.chain_id, seen.genesis_hash) == (chain.generation.chain_id, chain.generation.genesis_hash)
    assert (seen.head.number, seen.head.hash) == (int(block["number"], 16), block["hash"])
    assert (seen.head.parent_hash, seen.head.timestamp_s) == (block["parentHash"], int(block["timestamp"], 16))
    assert sorted(seen.headers) == [0, 3]
    assert seen.headers[0].hash == seen.genesis_hash


def test_headers_come_in_order_and_linked_however_many_batches_they_take(node: Node, chain: ChainAtHand) -> None:
    chain.mine(95)
    head = chain.rpc.number("eth_blockNumber")
    headers = node.headers(1, head)
    assert [header.number for header in headers] == list(range(1, head + 1))


def test_logs_of_a_range_are_the_logs_of_its_blocks(node: Node, chain: ChainAtHand) -> None:
    head = chain.rpc.number("eth_blockNumber")
    answer = node.logs(1, head, contracts(chain))
    one_by_one = [log for header in node.headers(1, head) for log in node.logs_of(header, contracts(chain)).logs]
    assert list(answer.logs) == one_by_one
    assert len(answer.logs) == len(chain.rpc.call("eth_getLogs", {"fromBlock": "0x1", "toBlock": hex(head)}))
    assert answer.last.number == head
    assert answer.size_bytes > 0


def test_receipts_give_the_same_logs(node: Node, chain: ChainAtHand) -> None:
    head = chain.rpc.number("eth_blockNumber")
    by_receipts = node.logs_by_receipts(node.headers(1, head), contracts(chain))
    assert by_receipts == node.logs(1, head, contracts(chain)).logs
    assert len(node.logs_by_receipts(node.headers(1, head), [])) == 0


def test_code_is_read_where_there_is_some(node: Node, chain: ChainAtHand) -> None:
    registry, nobody = chain.generation.addresses["IssuerRegistry"], "0x" + "11" * 20
    codes = node.codes([registry, nobody])
    assert "0x" + keccak(codes[registry]).hex() == chain.generation.code_hashes["IssuerRegistry"]
    assert codes[nobody] == b""


def test_a_missing_block_is_a_lagging_node(node: Node, chain: ChainAtHand) -> None:
    head = chain.rpc.number("eth_blockNumber")
    with pytest.raises(NodeLagging, match=f"does not have block {head + 1}"):
        node.headers(head, head + 1)
    with pytest.raises(NodeLagging):
        node.logs(head, head + 1, contracts(chain))


def test_a_node_that_is_away_is_unavailable() -> None:
    node = Node("http://127.0.0.1:9", timeout_s=1.0)
    with pytest.raises(NodeUnavailable, match="cannot be reached"):
        node.look([])
    node.close()


def test_many_addresses_are_split_over_calls_and_batches(
    misled: Node, hostile: Hostile, chain: ChainAtHand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(node_module, "ADDRESSES_PER_CALL_MAX", 1)
    monkeypatch.setattr(node_module, "CALLS_PER_BATCH_MAX", 3)
    head = chain.rpc.number("eth_blockNumber")
    answer = misled.logs(1, head, contracts(chain))
    sizes = [len(batch) for batch in hostile.batches]
    assert sum(sizes) == len(contracts(chain)) + 3  # one each, and three about the blocks
    assert set(sizes[:-1]) == {3}
    assert sizes[-1] <= 3
    assert len(answer.logs) == len(chain.rpc.call("eth_getLogs", {"fromBlock": "0x1", "toBlock": hex(head)}))
    assert list(answer.logs) == sorted(answer.logs, key=lambda log: log.at)


# What Polygon Edge does.


def test_no_batch_is_larger_and_no_range_longer_than_polygon_edge_takes(
    misled: Node, hostile: Hostile, chain: ChainAtHand
) -> None:
    chain.mine(50)
    misled.headers(1, 50)
    assert max(len(batch) for batch in hostile.batches) == 20
    with pytest.raises(AssertionError):
        misled.logs(1, BLOCKS_PER_RANGE_MAX + 1, contracts(chain))
    with pytest.raises(AssertionError, match="from block 1 on"):
        misled.logs(0, 0, contracts(chain))


def test_a_range_that_polygon_edge_would_cut_short_is_seen_as_lag(
    misled: Node, hostile: Hostile, chain: ChainAtHand
) -> None:
    head = chain.rpc.number("eth_blockNumber")
    with_head_at(hostile, head - 3)
    with pytest.raises(NodeLagging):
        misled.logs(1, head, contracts(chain))


def test_odd_fields_of_a_block_do_not_matter(misled: Node, hostile: Hostile, chain: ChainAtHand) -> None:
    def voting_block(_: Calls, answers: Answers) -> Answers:
        for answer in answers:
            if isinstance(answer["result"], dict):
                answer["result"] |= {"miner": "0x" + "f8" * 70, "extraData": "0x" + "00" * 300, "baseFeePerGas": None}
                del answer["result"]["logsBloom"]
        return answers

    hostile.answers = voting_block
    assert misled.look([0]).head.number == chain.rpc.number("eth_blockNumber")


def test_checksummed_addresses_are_lowered(misled: Node, hostile: Hostile, chain: ChainAtHand) -> None:
    def as_edge_words_them(_: Calls, answers: Answers) -> Answers:
        text = msgspec.json.encode(answers).decode()
        for address in chain.generation.addresses.values():
            text = text.replace(address.lower(), address)
        return msgspec.json.decode(text)

    hostile.answers = as_edge_words_them
    head = chain.rpc.number("eth_blockNumber")
    assert {log.raw.address for log in misled.logs(1, head, contracts(chain)).logs} <= set(contracts(chain))


@pytest.mark.parametrize("text", ["block range too high", "query returned more than 10000 results", ""])
def test_a_refused_range_is_told_apart_from_a_node_that_is_away(misled: Node, hostile: Hostile, text: str) -> None:
    def refuse(calls: Calls, answers: Answers) -> Answers:
        return [
            {"jsonrpc": "2.0", "id": call["id"], "error": {"code": -32603, "message": text}}
            if call["method"] == "eth_getLogs"
            else answer
            for call, answer in zip(calls, answers, strict=True)
        ]

    hostile.answers = refuse
    with pytest.raises(RangeRefused):
        misled.logs(1, 5, ["0x" + "11" * 20])


def test_a_batch_above_the_limit_is_refused_with_one_object(misled: Node, hostile: Hostile) -> None:
    hostile.answers = lambda *_: {
        "jsonrpc": "2.0",
        "error": {"code": -32600, "message": "Batch request length too long"},
    }
    with pytest.raises(NodeUnavailable, match="Batch request length too long"):
        misled.headers(1, 5)


# What no node should do.


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, b""),
        (200, b"<html><body>502 Bad Gateway</body></html>"),
        (200, b'[{"jsonrpc":"2.0","id":1,"result":"0x'),
        (200, b"[]"),
        (200, b"null"),
        (200, b'{"jsonrpc":"2.0","id":null,"error":{"code":-32005,"message":"rate limit"}}'),
        (200, b'[{"jsonrpc":"2.0","id":"1","result":"0x64"}]'),
        (302, b""),
        (401, b"no"),
        (429, b"slow down"),
        (500, b"oops"),
        (503, b"<html></html>"),
    ],
)
def test_what_is_no_answer_is_unavailable(misled: Node, hostile: Hostile, status: int, body: bytes) -> None:
    hostile.reply = lambda _: (status, body)
    with pytest.raises(NodeUnavailable):
        misled.look([])
    with pytest.raises(NodeUnavailable):
        misled.logs(1, 5, ["0x" + "11" * 20])


def _shifted(calls: Calls, answers: Answers) -> Answers:
    return [{**answer, "id": answer["id"] + 1} for answer in answers]


def _doubled(calls: Calls, answers: Answers) -> Answers:
    return [*answers, answers[0]]


def _short(calls: Calls, answers: Answers) -> Answers:
    return answers[:-1]


def _empty(calls: Calls, answers: Answers) -> Answers:
    return [{"jsonrpc": "2.0", "id": call["id"]} for call in calls]


def _refused(calls: Calls, answers: Answers) -> Answers:
    return [{"jsonrpc": "2.0", "id": call["id"], "error": {"code": -32600, "message": "not now"}} for call in calls]


def _numbers(calls: Calls, answers: Answers) -> Answers:
    return [{**answer, "result": 7} for answer in answers]


@pytest.mark.parametrize("twist", [_shifted, _doubled, _short, _empty, _refused, _numbers])
def test_half_answers_and_answers_to_other_questions_are_unavailable(
    misled: Node, hostile: Hostile, twist: Any
) -> None:
    hostile.answers = twist
    with pytest.raises(NodeUnavailable):
        misled.look([0])
    with pytest.raises(NodeUnavailable):
        misled.headers(1, 3)
    with pytest.raises(NodeUnavailable):
        misled.logs(1, 3, ["0x" + "11" * 20])
    with pytest.raises(NodeUnavailable):
        misled.codes(["0x" + "11" * 20])


def test_answers_may_come_in_any_order(misled: Node, hostile: Hostile) -> None:
    hostile.answers = lambda _, answers: answers[::-1]
    assert [header.number for header in misled.headers(1, 5)] == [1, 2, 3, 4, 5]


def test_another_block_than_asked_for_is_a_contradiction(misled: Node, hostile: Hostile) -> None:
    hostile.calls = lambda calls: [{**call, "params": ["0x2", False]} for call in calls]
    with pytest.raises(NodeContradicts):
        misled.headers(1, 1)


def test_blocks_that_are_not_linked_are_a_contradiction(misled: Node, hostile: Hostile) -> None:
    def forge(_: Calls, answers: Answers) -> Answers:
        answers[1]["result"]["hash"] = "0x" + "ee" * 32
        return answers

    hostile.answers = forge
    with pytest.raises(NodeContradicts, match="does not follow"):
        misled.headers(1, 5)


def test_a_removed_log_is_a_contradiction_and_a_pending_one_cannot_be_read(
    misled: Node, hostile: Hostile, chain: ChainAtHand
) -> None:
    def with_log(**fields: Any) -> None:
        def twist(calls: Calls, answers: Answers) -> Answers:
            for call, answer in zip(calls, answers, strict=True):
                if call["method"] == "eth_getLogs":
                    answer["result"] = [log | fields for log in answer["result"]]
            return answers

        hostile.answers = twist

    with_log(removed=True)
    with pytest.raises(NodeContradicts):
        misled.logs(1, 5, contracts(chain))
    with_log(blockHash=None, logIndex=None)
    with pytest.raises(NodeUnavailable, match="cannot be read"):
        misled.logs(1, 5, contracts(chain))


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        (None, NodeLagging),
        ({"blockHash": "0x" + "ee" * 32}, NodeContradicts),
        ({"transactionHash": "0x" + "ee" * 32}, NodeContradicts),
        ({"logs": None}, NodeUnavailable),
    ],
)
def test_a_receipt_that_is_missing_or_of_another_block_is_not_taken(
    misled: Node, hostile: Hostile, chain: ChainAtHand, fields: dict[str, Any] | None, error: type[Exception]
) -> None:
    blocks = misled.headers(1, 9)
    hostile.answers = lambda _, answers: [
        {**answer, "result": None if fields is None else answer["result"] | fields} for answer in answers
    ]
    with pytest.raises(error):
        misled.logs_by_receipts(blocks, contracts(chain))


def test_a_node_that_ignores_the_filter_adds_nothing(misled: Node, hostile: Hostile, chain: ChainAtHand) -> None:
    def unfiltered(calls: Calls) -> Calls:
        return [
            {**call, "params": [{k: v for k, v in call["params"][0].items() if k != "address"}]}
            if call["method"] == "eth_getLogs"
            else call
            for call in calls
        ]

    hostile.calls = unfiltered
    registry = chain.generation.addresses["IssuerRegistry"].lower()
    assert {log.raw.address for log in misled.logs(1, 9, [registry]).logs} == {registry}


def test_an_answer_beyond_all_bounds_is_a_refused_range(
    misled: Node, hostile: Hostile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(node_module, "RANGE_BYTES_MAX", 1_000)
    hostile.reply = lambda _: (200, b"[" + b" " * 5_000 + b"]")
    with pytest.raises(RangeRefused, match="larger than"):
        misled.logs(1, 5, ["0x" + "11" * 20])
    hostile.reply = lambda _: (413, b"")
    with pytest.raises(RangeRefused, match="413"):
        misled.logs(1, 5, ["0x" + "11" * 20])


def test_logs_that_do_not_come_in_time_are_a_refused_range(hostile: Hostile) -> None:
    released = threading.Event()
    hostile.reply = lambda _: (released.wait(30), (200, b"[]"))[1]
    node = Node(hostile.url, timeout_s=0.2)
    with pytest.raises(RangeRefused, match="in time"):
        node.logs(1, 5, ["0x" + "11" * 20])
    released.set()
    node.close()
