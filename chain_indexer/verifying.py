"""A range of the chain read again, and what is stored of it laid beside it. Changes nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from abis import Generation
from chain_indexer.errors import RangeRefused
from chain_indexer.logs import PlacedLog
from chain_indexer.ranges import RangeSize
from chain_indexer.reading import Reader
from chain_indexer.store import IndexerStore


class NothingToVerify(Exception):
    """The range is not one that is stored. The text names the blocks that are."""


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """A log of which chain and store say different things. `what` is missing (not stored), extra or other."""

    what: str
    block_number: int
    block_hash: str
    tx_hash: str
    log_index: int
    address: str


class Verified(msgspec.Struct, frozen=True, kw_only=True):
    """What one range gave: its blocks, the logs that the chain has in them, and where the store differs."""

    first: int
    last: int
    logs: int
    differences: tuple[Difference, ...]


def compared(stored: Iterable[PlacedLog], read: Iterable[PlacedLog]) -> tuple[Difference, ...]:
    """Log by log, in the order of the chain.

    1. The chain has it, the store does not: missing.
    2. The store has it, the chain does not: extra.
    3. Both have it, with another place, address, topics or data: other.
    """
    ours = {log.at.name: log for log in stored}
    theirs = {log.at.name: log for log in read}
    found = [
        *(_difference("missing", log) for name, log in theirs.items() if name not in ours),
        *(_difference("extra", log) for name, log in ours.items() if name not in theirs),
        *(_difference("other", log) for name, log in theirs.items() if name in ours and ours[name] != log),
    ]
    return tuple(sorted(found, key=lambda one: (one.block_number, one.log_index, one.tx_hash)))


def _difference(what: str, log: PlacedLog) -> Difference:
    at = log.at
    return Difference(
        what=what,
        block_number=at.block_number,
        block_hash=at.block_hash,
        tx_hash=at.tx_hash,
        log_index=at.log_index,
        address=log.raw.address,
    )


class Verifier:
    """Reads as the indexer does, on other connections; it may run beside it."""

    def __init__(self, reader: Reader, store: IndexerStore, generation: Generation) -> None:
        self._reader = reader
        self._store = store
        self._contracts = tuple(address.lower() for address in generation.addresses.values())
        self._begun_at = generation.start_block

    def verify(self, first: int, last: int) -> Iterator[Verified]:
        """Range by range. Raises NothingToVerify, or NodeUnavailable."""
        remembered = self._store.load()
        stored_to = remembered.chain.checkpoint.number if remembered else self._begun_at
        if remembered is None or not self._begun_at < first <= last <= stored_to:
            raise NothingToVerify(
                f"blocks {first} to {last} are not all stored: give a range within {self._begun_at + 1} to {stored_to}"
            )
        addresses = self._contracts + remembered.children
        size = RangeSize()
        while first <= last:
            end = min(last, first + size.blocks - 1)
            try:
                reading = self._reader.read(first, end, addresses)
            except RangeRefused:
                if first == end:
                    raise
                size = size.refused(end - first + 1)
                continue
            size = size.answered(blocks=end - first + 1, logs=len(reading.logs), size_bytes=reading.size_bytes)
            differences = compared(self._store.logs_between(first, end), reading.logs)
            yield Verified(first=first, last=end, logs=len(reading.logs), differences=differences)
            first = end + 1
