"""What a view is: tables, topics, which rows an entry touches, and the pure fold that changes them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar
from uuid import UUID

import msgspec

from domain.journal import Entry
from domain.topics import EVENTS
from projections.rows import Row

Key = UUID | int | str
Fields = dict[str, Any]
Kind = TypeVar("Kind", bound=Row)


class Table(msgspec.Struct, frozen=True):
    """A table of the book: its name in schema `book`, the row it holds, and the column that is its key."""

    name: str
    row: type[Row]
    key: str

    def key_of(self, row: Row) -> Key:
        key: Key = getattr(row, self.key)
        return key


Ref = tuple[Table, Key]
Change = tuple[Table, Row]


class Sight:
    """What a fold may see: the rows it said it would read, as they stand before its entry."""

    def __init__(self, rows: dict[tuple[str, Key], Row]) -> None:
        self._rows = rows

    def find(self, kind: type[Kind], table: Table, key: Key) -> Kind | None:
        """The row under a key, None if there is none."""
        row = self._rows.get((table.name, key))
        assert row is None or isinstance(row, kind)
        return row


class View(msgspec.Struct, frozen=True, kw_only=True):
    """A view declares what it needs. `reads` names the rows that an entry touches; `fold` answers the rows it changes.

    Both are pure and total: an entry has happened, so a fold never refuses it. Raise `version` whenever the same
    entries would give other rows.
    """

    name: str
    version: int
    tables: tuple[Table, ...]
    topics: frozenset[str]
    reads: Callable[[Entry], Sequence[Ref]]
    fold: Callable[[Sight, Entry], Sequence[Change]]


class Batch:
    """The rows of one batch in memory: those that were loaded, and those that the folds have changed."""

    def __init__(self, loaded: Iterable[Change] = ()) -> None:
        self._rows: dict[tuple[str, Key], Row] = {(t.name, t.key_of(row)): row for t, row in loaded}
        self._changed: dict[tuple[str, Key], Change] = {}

    def fold(self, views: Iterable[View], entries: Iterable[Entry]) -> None:
        """Fold entries in order into the views that listen to them."""
        listening = list(views)
        sight = Sight(self._rows)
        for entry in entries:
            for view in listening:
                if entry.topic in view.topics:
                    for table, row in view.fold(sight, entry):
                        place = table.name, table.key_of(row)
                        self._rows[place] = row
                        self._changed[place] = (table, row)

    @property
    def changes(self) -> list[Change]:
        """The last state of every changed row, in the order of first change."""
        return list(self._changed.values())


def refs_of(views: Iterable[View], entries: Iterable[Entry]) -> dict[str, tuple[Table, set[Key]]]:
    """The rows that a batch touches, by table: what must be loaded before it is folded."""
    wanted: dict[str, tuple[Table, set[Key]]] = {}
    listening = list(views)
    for entry in entries:
        for view in listening:
            if entry.topic in view.topics:
                for table, key in view.reads(entry):
                    wanted.setdefault(table.name, (table, set()))[1].add(key)
    return wanted


def topics_of(kind: str) -> frozenset[str]:
    """Every topic of one kind of stream: a row carries its stream's version, so its view hears of all of them."""
    return frozenset(topic for topic in EVENTS if topic.startswith(f"{kind}."))


def changed(row: Kind, **fields: Any) -> Kind:
    """The row with some fields replaced."""
    return msgspec.structs.replace(row, **fields)
