"""Group 5, and the numbers of group 13: which blocks a question for logs is about, and what is wrong with it."""

from __future__ import annotations

from typing import Any

import msgspec

from tests.support.edge.surface import At, at, padded_hash
from tests.support.edge.wire import PARAMS_INVALID, Failure

UINT64 = 1 << 64


class Span(msgspec.Struct, frozen=True):
    """Blocks from `first` through `last`. Nothing at all if the first is above the last."""

    first: int
    last: int


class InBlock(msgspec.Struct, frozen=True):
    block_hash: str


class NoRange(msgspec.Struct, frozen=True):
    """Readable, and refused."""

    text: str


def place_of(query: dict[str, Any], *, head: int, blocks_max: int) -> Span | InBlock | NoRange | Failure:
    """Where to look.

    1. A block hash wins over any range, silently.
    2. From after to is an incorrect range; also when from is above the head and to is the newest.
    3. The subtraction is unsigned: from 0 becomes 1, so that 0 to 0 is a range of 2^64 - 1 blocks. One block more than
       the limit passes.
    4. What is above the head is left out without a word.
    """
    if query.get("blockHash") is not None:
        return InBlock(padded_hash(query["blockHash"]))
    ends = [_end(query.get(key), head) for key in ("fromBlock", "toBlock")]
    first, last = ends
    if isinstance(first, Failure) or isinstance(last, Failure):
        return PARAMS_INVALID
    if last < first:
        return NoRange("incorrect range")
    first = max(first, 1)
    if blocks_max and (last - first) % UINT64 > blocks_max:
        return NoRange("block range too high")
    return Span(first, min(last, head))


def _end(tag: Any, head: int) -> int | Failure:
    if isinstance(tag, int):  # a JSON number is refused here, and only here
        return PARAMS_INVALID
    place = at(tag, by_hash=False)
    if isinstance(place, At):
        return head if place.number is None else place.number
    return place


def asked(query: dict[str, Any], place: Span | InBlock) -> dict[str, Any]:
    """The question as anvil takes it: topics filled up, so that a bad one matches nothing."""
    question = {key: query[key] for key in ("address",) if query.get(key) is not None}
    if isinstance(query.get("topics"), list):
        question["topics"] = [_topic(topic) for topic in query["topics"]]
    if isinstance(place, InBlock):
        return question | {"blockHash": place.block_hash}
    return question | {"fromBlock": hex(place.first), "toBlock": hex(place.last)}


def _topic(topic: Any) -> Any:
    if isinstance(topic, list):
        return [padded_hash(each) for each in topic]
    return None if topic is None else padded_hash(topic)


def counted_per_tx(logs: list[dict[str, Any]], firsts: dict[str, int]) -> list[dict[str, Any]]:
    """Group 13: the log index counted from the first log of each tx, whose place in the block is in `firsts`."""
    return [log | {"logIndex": hex(int(log["logIndex"], 16) - firsts[log["transactionHash"]])} for log in logs]
