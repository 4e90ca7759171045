"""Whether a node gave all logs: its logs laid beside its receipts, where a block may hold any of ours. Pure.

The commonest defect of nodes and their providers is a log that is silently missing from an answer, and an indexer that
believes the answer loses it for ever. Receipts are another road to the same logs. Where a header's bloom filter is a
true one, most blocks are ruled out by it; Polygon Edge's IBFT leaves it all zero, which says nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache, reduce
from operator import or_

from abis.hashing import keccak
from chain_indexer.blocks import Header
from chain_indexer.logs import Logs

BLOOM_BITS = 2_048
ADDRESSES_KNOWN_MAX = 100_000


def sampled(blocks: Sequence[Header], *, percent: int) -> Sequence[Header]:
    """So many of a hundred blocks. Their hashes choose: the same ones each time, and none that a node could foresee."""
    if percent >= 100:
        return blocks
    return [block for block in blocks if int(block.hash[-8:], 16) % 100 < percent]


def to_audit(blocks: Iterable[Header], addresses: Sequence[str]) -> tuple[Header, ...]:
    """The blocks that have txs, and whose bloom does not rule out every one of these addresses."""
    masks = [_mask(address) for address in addresses]
    return tuple(block for block in blocks if block.tx_hashes and _may_hold_any(block.bloom, masks))


def may_hold(bloom: bytes, address: str) -> bool:
    """Whether a block of this bloom may hold a log of this address. A bloom that is absent or all zero rules out none.

    Three bits an item (Yellow Paper, section 4.3.1): the low eleven bits of the first three pairs of its Keccak.
    """
    return _may_hold_any(bloom, [_mask(address)])


def _may_hold_any(bloom: bytes, masks: Sequence[int]) -> bool:
    value = int.from_bytes(bloom, "big")
    return (value == 0 and bool(masks)) or any(value & mask == mask for mask in masks)


@lru_cache(ADDRESSES_KNOWN_MAX)
def _mask(address: str) -> int:
    digest = keccak(bytes.fromhex(address[2:]))
    bits = (int.from_bytes(digest[place : place + 2], "big") % BLOOM_BITS for place in (0, 2, 4))
    return reduce(or_, (1 << bit for bit in bits))


def differing(given: Logs, received: Logs) -> str | None:
    """In words, the first log that only one of the two roads has, or that they word differently; None if none."""
    if given == received:
        return None
    by_logs = {log.at.name: log for log in given}
    by_receipts = {log.at.name: log for log in received}
    for name, log in by_receipts.items():
        same = by_logs.get(name)
        if same is None:
            return f"log {log.at.key} is in its receipt and was left out of the answer"
        if same.raw != log.raw:
            return f"log {log.at.key} is another in its receipt"
    alone = sorted(by_logs.keys() - by_receipts.keys())
    return f"log {by_logs[alone[0]].at.key} is in no receipt" if alone else None
