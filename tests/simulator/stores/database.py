"""A database in memory: the tables of all rooms, a clock, and commits that may fail before or after.

What a process has of it is a connection, which is lost when a commit on it fails, as in life: locks end with it, and
whoever held it opens another.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Generic, TypeVar

import psycopg

Key = TypeVar("Key", bound=Hashable)
Row = TypeVar("Row")
Room = TypeVar("Room")


class Table(dict[Key, Row], Generic[Key, Row]):
    """Rows by their keys, written by `put` and `drop` inside a commit. A row is a frozen value: another replaces it."""

    def __init__(self, undo: list[tuple[Any, Any, Any]]) -> None:
        super().__init__()
        self._undo = undo

    def put(self, key: Key, row: Row) -> None:
        self._undo.append((self, key, self.get(key)))
        self[key] = row

    def insert(self, key: Key, row: Row) -> None:
        """A row that must be new."""
        if key in self:
            raise psycopg.errors.UniqueViolation(f"{key} is there already")
        self.put(key, row)

    def drop(self, key: Key) -> None:
        self._undo.append((self, key, self.pop(key)))


NewTable = Callable[[], Table[Any, Any]]
Snapshot = dict[type[Any], dict[str, dict[Any, Any]]]


class MemoryDatabase:
    """One PostgreSQL. A room is a class of tables: `room(WriterTables)` is where everybody finds those of the writer.

    `fate` is told of each commit twice, as in "before writer.allot" and "after writer.allot", and may raise there, most
    often psycopg.OperationalError. Raised before, nothing was written; raised after, it was, and whoever asked does not
    know. `clock` is what `now()` answers.
    """

    def __init__(self, clock: Callable[[], datetime], fate: Callable[[str], None] | None = None) -> None:
        self.clock = clock
        self.fate = fate
        self.starts = 1  # a connection ends with the start that it was opened in
        self.locks: dict[str, Connection] = {}
        self._undo: list[tuple[Any, Any, Any]] = []
        self._rooms: dict[type[Any], Any] = {}

    def room(self, kind: Callable[[NewTable], Room]) -> Room:
        """The tables of a room, empty when first asked for."""
        assert isinstance(kind, type)
        if kind not in self._rooms:
            self._rooms[kind] = kind(lambda: Table(self._undo))
        found: Room = self._rooms[kind]
        return found

    def restart(self) -> None:
        """Every connection is lost, and every lock with it."""
        self.starts += 1
        self.locks.clear()

    # Backups.

    def snapshot(self) -> Snapshot:
        """All tables as they are. Rows are shared: they never change."""
        return {kind: {name: dict(table) for name, table in vars(room).items()} for kind, room in self._rooms.items()}

    def restore(self, snapshot: Snapshot, *kinds: type[Any]) -> None:
        """Go back to a backup, with all rooms or with those named, and start again. Younger rooms become empty."""
        for kind in kinds or tuple(self._rooms):
            for name, table in vars(self.room(kind)).items():
                table.clear()
                table.update(snapshot.get(kind, {}).get(name, {}))
        self.restart()

    # Transactions.

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All that the body puts and drops, or nothing of it if it raises."""
        self._undo.clear()
        try:
            yield
        except BaseException:
            for table, key, row in reversed(self._undo):
                table.pop(key, None)
                if row is not None:
                    table[key] = row
            raise


class Connection:
    """What every store has. Raises psycopg.OperationalError once it is lost or closed."""

    def __init__(self, database: MemoryDatabase) -> None:
        self.database = database
        self._start = database.starts
        self._lost = False

    @property
    def lost(self) -> bool:
        return self._lost or self._start != self.database.starts

    def close(self) -> None:
        self._lost = True

    def _check(self) -> None:
        if self.lost:
            raise psycopg.OperationalError("the connection is closed")

    @contextmanager
    def _transaction(self, name: str) -> Iterator[None]:
        """Around the body of one transaction, whose name is its room's and its own: "writer.allot"."""
        self._check()
        self._meet(f"before {name}")
        with self.database.transaction():
            yield
        self._meet(f"after {name}")

    def _leads(self, name: str) -> bool:
        """Whether this connection holds an advisory lock; it takes one that nobody holds."""
        self._check()
        holder = self.database.locks.get(name)
        if holder is None or holder.lost:
            self.database.locks[name] = self
            return True
        return holder is self

    def _meet(self, point: str) -> None:
        if self.database.fate is None:
            return
        try:
            self.database.fate(point)
        except BaseException:
            self._lost = True
            raise
        self._check()  # fate may have let others run, and the database be started again
