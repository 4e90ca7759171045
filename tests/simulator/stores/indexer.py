"""The indexer's store in memory: each method means what that of `chain_indexer.store.IndexerStore` means."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any

import msgspec
import psycopg

from abis import RawLog
from chain_indexer.blocks import Checkpoint, Child, Confirmed, Fed, Foreign, Header, Verdict
from chain_indexer.continuity import LocalChain
from chain_indexer.logs import PlacedLog
from chain_indexer.store import CheckpointMoved, Remembered
from tests.simulator.stores.database import Connection, MemoryDatabase, NewTable, Table

ONE = 0  # the key of a table's only row


class Stand(msgspec.Struct, frozen=True, kw_only=True):
    """The row of `indexer.checkpoint`: both headers without what is audited of them."""

    generation: str
    block: Header
    head: Header
    finality_depth: int
    reorgs: int = 0
    reorg_depth_max: int = 0
    logs: int = 0
    confirmed: int = 0
    foreign_logs: int = 0
    children: int = 0


class IndexerTables:
    """Headers by number, logs by their place's key with what became of them, children by address."""

    def __init__(self, table: NewTable) -> None:
        self.checkpoint: Table[int, Stand] = table()
        self.headers: Table[int, Header] = table()
        self.logs: Table[str, tuple[PlacedLog, Verdict]] = table()
        self.children: Table[str, Child] = table()

    @property
    def stand(self) -> Stand | None:
        return self.checkpoint.get(ONE)


class MemoryIndexerStore(Connection):
    """The writer's connection. Each method is one transaction."""

    def __init__(self, database: MemoryDatabase) -> None:
        super().__init__(database)
        self._tables = database.room(IndexerTables)

    @property
    def tables(self) -> IndexerTables:
        self._check()
        return self._tables

    def lead(self) -> bool:
        return self._leads("indexer")

    def load(self) -> Remembered | None:
        stand = self.tables.stand
        if stand is None:
            return None
        above = [header for _, header in sorted(self.tables.headers.items())]
        children = sorted(self.tables.children.values(), key=lambda child: child.created)
        return Remembered(
            generation=stand.generation,
            chain=LocalChain(Checkpoint(stand.block)).extended(above),
            children=tuple(child.address for child in children),
            head_number=stand.head.number,
        )

    def begin(self, checkpoint: Checkpoint, *, generation: str, head: Header, finality_depth: int) -> None:
        with self._transaction("indexer.begin"):
            block, seen = _bare(checkpoint.header), _bare(head)
            stand = Stand(generation=generation, block=block, head=seen, finality_depth=finality_depth)
            self.tables.checkpoint.insert(ONE, stand)

    def put_aside(self, generation: str) -> None:
        """Simulated auditors look at what is living."""
        with self._transaction("indexer.put_aside"):
            stand = self.tables.stand
            if stand is None or stand.generation != generation:
                raise psycopg.DatabaseError(f"generation {generation} is not the one that is read")
            tables: tuple[Table[Any, Any], ...] = (
                self.tables.checkpoint,
                self.tables.headers,
                self.tables.logs,
                self.tables.children,
            )
            for table in tables:
                for key in list(table):
                    table.drop(key)

    def saw(self, head: Header, *, finality_depth: int) -> None:
        with self._transaction("indexer.saw"):
            self._change(head=_bare(head), finality_depth=finality_depth)

    def remember(self, headers: Sequence[Header]) -> None:
        with self._transaction("indexer.remember"):
            self._remember(headers)

    def unwind(self, to: Header, *, depth: int) -> None:
        with self._transaction("indexer.unwind"):
            for number in [number for number in self.tables.headers if number > to.number]:
                self.tables.headers.drop(number)
            stand = self.tables.stand
            if stand is not None:
                self._change(reorgs=stand.reorgs + 1, reorg_depth_max=max(stand.reorg_depth_max, depth))

    def keep(self, fed: Fed) -> None:
        with self._transaction("indexer.keep"):
            self._advance(fed)
            for log, verdict in zip(fed.logs, fed.verdicts, strict=True):
                self.tables.logs.insert(log.at.key, (log, verdict))
            for child in fed.children:
                self.tables.children.insert(child.address, child)
            for number in [number for number in self.tables.headers if number <= fed.after.number]:
                self.tables.headers.drop(number)
            self._remember(fed.remembered)

    def deposits(self, escrow: str, investments: Collection[bytes]) -> list[PlacedLog]:
        return self._said("Deposited", escrow, lambda raw: raw.topics[1] in investments)

    def releases(self, escrow: str, payees: Collection[bytes]) -> list[PlacedLog]:
        return self._said("ReleaseRecorded", escrow, lambda raw: raw.data[32:64] in payees)

    def _said(self, kind: str, address: str, wanted: Callable[[RawLog], bool]) -> list[PlacedLog]:
        rows = self.tables.logs.values()
        found = [log for log, v in rows if v.kind == kind and log.raw.address == address and wanted(log.raw)]
        return sorted(found, key=lambda log: log.at)

    def _advance(self, fed: Fed) -> None:
        stand = self.tables.stand
        if stand is None or stand.block.hash != fed.before.hash:
            raise CheckpointMoved(f"the checkpoint is not at {fed.before.header} any more")
        after, verdicts = _bare(fed.after.header), fed.verdicts
        if after.number < stand.block.number or (after.number == stand.block.number and after.hash != stand.block.hash):
            raise psycopg.DatabaseError(f"the checkpoint may not go back from {stand.block} to {after}")
        self._change(
            block=after,
            logs=stand.logs + len(verdicts),
            confirmed=stand.confirmed + sum(isinstance(verdict, Confirmed) for verdict in verdicts),
            foreign_logs=stand.foreign_logs + sum(isinstance(verdict, Foreign) for verdict in verdicts),
            children=stand.children + len(fed.children),
        )

    def _remember(self, headers: Sequence[Header]) -> None:
        for header in headers:
            self.tables.headers.insert(header.number, header)

    def _change(self, **fields: object) -> None:
        stand = self.tables.stand
        if stand is not None:
            self.tables.checkpoint.put(ONE, msgspec.structs.replace(stand, **fields))


def _bare(header: Header) -> Header:
    """A header without its txs and its bloom filter."""
    return msgspec.structs.replace(header, tx_hashes=(), bloom=b"")
