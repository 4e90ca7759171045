"""The same chain as the indexer sees a node: the methods and the errors of `chain_indexer.node.Node`."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from random import Random

from chain_indexer.blocks import Header, RangeLogs, Seen
from chain_indexer.logs import Logs, PlacedLog
from chain_indexer.node import (
    ADDRESSES_PER_CALL_MAX,
    CALLS_PER_BATCH_MAX,
    NO_LOGS,
    NodeContradicts,
    NodeLagging,
    NodeUnavailable,
    RangeRefused,
)
from chain_indexer.ranges import BLOCKS_PER_RANGE_MAX
from tests.simulator.chain.blocks import SimBlock
from tests.simulator.chain.chain import SimChain
from tests.simulator.chain.faults import Faults
from tests.simulator.chain.replica import Replica

LOG_BYTES = 600  # in an answer, more or less
FAILURES = {
    "F1": "the node did not answer in time",
    "F4": "the node cannot be reached: RemoteProtocolError",
    "F19": "the node answered HTTP 502",
    "F20": "the node's answer cannot be read",
    "F21": "the node answered others than were asked",
}


class SimIndexerNode:
    """One address. It refuses ranges of more than `blocks_per_range` blocks, as one that was set up so does."""

    def __init__(
        self, chain: SimChain, faults: Faults, random: Random, *, blocks_per_range: int = BLOCKS_PER_RANGE_MAX
    ) -> None:
        self._chain = chain
        self._faults = faults
        self._random = random
        self._blocks_per_range = blocks_per_range
        self.replica = Replica(chain, faults, random)

    def _blocks(self, *, ranged: bool = False) -> list[SimBlock]:
        """The chain as one request finds it. A range that is not answered in time is refused: ask for less."""
        kind = self.replica.failure()
        if kind is not None:
            raise (RangeRefused if ranged and kind == "F1" else NodeUnavailable)(FAILURES[kind])
        return self.replica.blocks()

    def _strike(self, kind: str) -> bool:
        return self._faults.strike(kind, self._random)

    def look(self, numbers: Sequence[int]) -> Seen:
        blocks = self._blocks()
        return Seen(
            chain_id=self._chain.chain_id,
            genesis_hash=blocks[0].hash,
            head=blocks[-1].for_indexer,
            headers={number: blocks[number].for_indexer for number in numbers if number < len(blocks)},
        )

    def headers(self, first: int, last: int) -> tuple[Header, ...]:
        found: list[Header] = []
        for start in range(first, last + 1, CALLS_PER_BATCH_MAX):
            blocks = self._blocks()
            numbers = range(start, min(start + CALLS_PER_BATCH_MAX, last + 1))
            found += [_at(blocks, number).for_indexer for number in numbers]
        for parent, child in itertools.pairwise(found):
            if child.parent_hash != parent.hash:
                raise NodeContradicts(f"{child} does not follow {parent}: the chain changed while it was read")
        return tuple(found)

    def logs(self, first: int, last: int, addresses: Sequence[str]) -> RangeLogs:
        assert 1 <= first <= last
        assert last - first < BLOCKS_PER_RANGE_MAX
        blocks = self._blocks(ranged=True)
        if last - first >= self._blocks_per_range:
            raise RangeRefused("the node refused a range of logs: block range too high")
        return self._answer(_at(blocks, last), blocks[first : last + 1], addresses)

    def logs_of(self, header: Header, addresses: Sequence[str]) -> RangeLogs:
        block = _at(self._blocks(ranged=True), header.number)
        if block.hash != header.hash:
            raise RangeRefused("the node refused a range of logs: block not found")
        return self._answer(block, [block], addresses)

    def _answer(self, last: SimBlock, blocks: Sequence[SimBlock], addresses: Sequence[str]) -> RangeLogs:
        assert len(addresses) <= ADDRESSES_PER_CALL_MAX, "more would be asked for in several calls"
        if self._strike("F38/refused"):
            raise RangeRefused("the node refused a range of logs: query returned more than 10000 results")
        wanted = frozenset(addresses)
        logs = self._spoilt([log for block in blocks for log in block.placed if log.raw.address in wanted])
        return RangeLogs(last=last.for_indexer, logs=Logs.of(logs), size_bytes=LOG_BYTES * (1 + len(logs)))

    def _spoilt(self, logs: list[PlacedLog]) -> list[PlacedLog]:
        if not logs:
            return logs
        random = self._random
        if self._strike("F38/missing"):
            logs.pop(random.randrange(len(logs)))
        if self._strike("F38/truncated"):
            del logs[random.randrange(len(logs) + 1) :]
        if logs and self._strike("F39/doubled"):
            logs.insert(random.randrange(len(logs)), random.choice(logs))
        if self._strike("F39/reordered"):
            random.shuffle(logs)
        return logs

    def logs_by_receipts(self, blocks: Sequence[Header], addresses: Sequence[str], *, like: Logs = NO_LOGS) -> Logs:
        wanted = frozenset(addresses)
        txs = [(tx_hash, header.hash) for header in blocks for tx_hash in header.tx_hashes]
        found: list[PlacedLog] = []
        for start in range(0, len(txs), CALLS_PER_BATCH_MAX):
            ours = self._blocks()
            for tx_hash, block_hash in txs[start : start + CALLS_PER_BATCH_MAX]:
                found += [log for log in self._receipt(ours, tx_hash, block_hash) if log.raw.address in wanted]
        return Logs.of(found)

    def _receipt(self, ours: Sequence[SimBlock], tx_hash: str, block_hash: str) -> list[PlacedLog]:
        place = self._chain.found(tx_hash, ours)
        if place is None or self._strike("F23"):
            raise NodeLagging(f"the node does not have the receipt of tx {tx_hash}")
        if place[0].hash != block_hash or self._strike("F24"):
            raise NodeContradicts(f"the receipt of tx {tx_hash} is not of block {block_hash}")
        return [log for log in place[0].placed if log.at.tx_hash == tx_hash]

    def codes(self, addresses: Sequence[str]) -> dict[str, bytes]:
        assert len(addresses) <= CALLS_PER_BATCH_MAX
        head = self._blocks()[-1]
        return {address: self._chain.code(address, at=head) for address in addresses}

    def doubt(self, reason: str) -> bool:
        return False

    def close(self) -> None:
        """Nothing is open."""


def _at(blocks: Sequence[SimBlock], number: int) -> SimBlock:
    if number >= len(blocks):
        raise NodeLagging(f"the node does not have block {number}")
    return blocks[number]
