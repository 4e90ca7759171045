"""The processes' store in memory: each method means what that of `domain.store.ProcessStore` means."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

import msgspec

from domain.due import Due, Settled
from domain.store import Change, Held
from tests.simulator.stores.database import Connection, MemoryDatabase, NewTable, Table


class ProcessTables:
    """Positions by process, investments by (campaign, investment), what falls due by (kind, stream, item)."""

    def __init__(self, table: NewTable) -> None:
        self.followers: Table[str, int] = table()
        self.investments: Table[tuple[UUID, UUID], Held] = table()
        self.deadlines: Table[tuple[str, UUID, UUID], Due] = table()


class MemoryProcesses(Connection):
    """One connection, for Settlement or for Scheduler."""

    def __init__(self, database: MemoryDatabase) -> None:
        super().__init__(database)
        self._tables = database.room(ProcessTables)

    @property
    def tables(self) -> ProcessTables:
        self._check()
        return self._tables

    def position(self, name: str) -> int:
        return self.tables.followers.get(name, 0)

    def advance(
        self, name: str, position: int, *, changes: Iterable[Change] = (), news: Iterable[Due | Settled] = ()
    ) -> None:
        with self._transaction("processes.advance"):
            for change in changes:
                self._change(change)
            for one in news:
                key = (one.kind, one.stream, one.item)
                if isinstance(one, Due):
                    self.tables.deadlines.put(key, one)
                elif key in self.tables.deadlines:
                    self.tables.deadlines.drop(key)
            self.tables.followers.put(name, max(position, self.tables.followers.get(name, 0)))

    def _change(self, change: Change) -> None:
        key = (change.campaign_id, change.investment_id)
        known = self.tables.investments.get(key)
        if known is None and change.amount:
            held = Held(change.investment_id, change.amount, change.state, change.position)
            self.tables.investments.put(key, held)
        elif known is not None and not change.amount:
            self.tables.investments.put(key, msgspec.structs.replace(known, state=change.state))

    def postpone(self, due: Due, *, until: datetime) -> None:
        with self._transaction("processes.postpone"):
            key = (due.kind, due.stream, due.item)
            known = self.tables.deadlines.get(key)
            if known is not None:
                self.tables.deadlines.put(key, msgspec.structs.replace(known, at=until))

    def held(self, campaign_id: UUID, *, after: UUID | None, limit: int) -> list[Held]:
        found = [one for one in self._of(campaign_id) if after is None or one.investment_id > after]
        return sorted(found, key=lambda one: one.investment_id)[:limit]

    def in_state(self, campaign_id: UUID, state: str, *, limit: int | None = None) -> list[Held]:
        found = [one for one in self._of(campaign_id) if one.state == state]
        return sorted(found, key=lambda one: one.position)[:limit]

    def due(self, now: datetime, *, limit: int) -> list[Due]:
        found = [one for one in self.tables.deadlines.values() if one.at <= now]
        found.sort(key=lambda one: one.kind, reverse=True)
        return sorted(found, key=lambda one: one.at)[:limit]

    def _of(self, campaign_id: UUID) -> list[Held]:
        return [held for (campaign, _), held in self.tables.investments.items() if campaign == campaign_id]
