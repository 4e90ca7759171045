"""What a view is: tables, topics, which rows an entry touches, and the pure fold that changes them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TypeVar
from uuid import UUID

import msgspec

from domain.journal import Entry, Unreadable
from domain.topics import EVENTS
from projections.rows import Row

Key = UUID | int | str
Fields = dict[str, Any]
Kind = TypeVar("Kind", bound=Row)
Changed = TypeVar("Changed", bound=msgspec.Struct)


class Table(msgspec.Struct, frozen=True):
    """A table of the book: its name in schema `book`, the row it holds, and the column that is its key.

    `appended`: each of its rows is written once and never read by a fold.
    """

    name: str
    row: type[Row]
    key: str
    appended: bool = False

    def key_of(self, row: Row) -> Key:
        key: Key = getattr(row, self.key)
        return key


Ref = tuple[Table, Key]
Change = tuple[Table, Row]
Rows = dict[str, dict[Key, Row]]  # by table and key


class Sight:
    """What a fold may see: the rows it said it would read, as they stand before its entry."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def find(self, kind: type[Kind], table: Table, key: Key) -> Kind | None:
        """The row under a key, None if there is none."""
        row = self._rows[table.name].get(key)
        assert row is None or isinstance(row, kind)
        return row


class View(msgspec.Struct, frozen=True, kw_only=True):
    """A view declares what it needs. `reads` names the rows that an entry touches; `fold` answers the rows it changes.

    Both are pure and total: an entry has happened, so a fold never refuses it. Raise `version` whenever the same
    entries would give other rows, and name in `differs` the columns whose values then differ from the version before
    (`*`: whole rows come or go).

    `local`: what an entry touches is touched by entries of its own stream alone, so that streams can be folded apart.
    `within`: of a view that is not, the kind of stream that all an entry touches belongs to: the entry's own stream, or
    the one that its event names (`campaign` by `campaign_id`). One that names none only appends rows.
    `needs`: folds whose rows this one reads and does not own. They listen to no more than what is read of them, and of
    that to what is the same in every later state of the row.
    """

    name: str
    version: int
    tables: tuple[Table, ...]
    topics: frozenset[str]
    reads: Callable[[Entry], Sequence[Ref]]
    fold: Callable[[Sight, Entry], Sequence[Change]]
    local: bool = True
    within: str | None = None
    needs: tuple[View, ...] = ()
    differs: frozenset[str] = frozenset()
    passed: frozenset[int] = frozenset()  # positions that people decided to pass over


class Parked(msgspec.Struct, frozen=True, kw_only=True):
    """An entry that a view has not folded. `error` says why, in one line; None for one that waits behind another of its
    stream."""

    view: str
    version: int
    position: int
    stream: UUID
    topic: str
    error: str | None = None


Apart = tuple[str, UUID]  # a view and a stream that is parked in it
ERROR_CHARS_MAX = 500


def parked_of(view: View, entry: Entry | Unreadable, *, error: str | None = None) -> Parked:
    """An entry as it is parked in a view."""
    return Parked(
        view=view.name,
        version=view.version,
        position=entry.position,
        stream=entry.stream,
        topic=entry.topic,
        error=None if error is None else error[:ERROR_CHARS_MAX],
    )


class Batch:
    """The rows of one batch in memory: those that were loaded, and those that the folds have changed."""

    def __init__(self, loaded: Iterable[Change] = ()) -> None:
        self._rows: Rows = defaultdict(dict)
        self._changed: dict[str, tuple[Table, dict[Key, Row]]] = {}
        for table, row in loaded:
            self._rows[table.name][table.key_of(row)] = row

    def fold(self, views: Iterable[View], entries: Iterable[Entry]) -> None:
        """Fold entries in order into the views that listen to them."""
        listening, sight = _by_topic(views), Sight(self._rows)
        for entry in entries:
            for view in listening.get(entry.topic, ()):
                self._keep(view.fold(sight, entry))

    def _keep(self, changes: Iterable[Change]) -> None:
        for table, row in changes:
            name, key = table.name, getattr(row, table.key)
            self._rows[name][key] = row
            if name not in self._changed:
                self._changed[name] = (table, {})
            self._changed[name][1][key] = row

    def fold_apart(
        self, views: Sequence[View], entries: Iterable[Entry | Unreadable], parked: set[Apart]
    ) -> list[Parked]:
        """As `fold`, but an entry that cannot be read, or that a view cannot fold, parks its stream in that view, and
        what follows in the stream waits behind it. `parked` are the streams that are so already; it grows. Returns the
        entries parked now.
        """
        found: list[Parked] = []
        sight, listening = Sight(self._rows), _by_topic(views)
        for entry in entries:
            if isinstance(entry, Unreadable):
                found += _set_apart(views, entry, parked)
                continue
            for view in listening.get(entry.topic, ()):
                if parked and (view.name, entry.stream) in parked:
                    found.append(parked_of(view, entry))
                    continue
                try:
                    self._keep(view.fold(sight, entry))
                except Exception as error:  # noqa: BLE001  # whatever a fold breaks on is a defect of it: others go on
                    parked.add((view.name, entry.stream))
                    found.append(parked_of(view, entry, error=f"{type(error).__name__}: {error}"))
        return found

    @property
    def changes(self) -> list[Change]:
        """The last state of every changed row, table by table, in the order of first change."""
        return [(table, row) for table, rows in self._changed.values() for row in rows.values()]


class Bulk(Batch):
    """The rows of very many entries from the first one on: nothing was loaded, so each of them is changed."""

    def _keep(self, changes: Iterable[Change]) -> None:
        for table, row in changes:
            self._rows[table.name][getattr(row, table.key)] = row

    def take(self, table: Table) -> list[Row]:
        """The rows of a table, which leave the memory: no fold may read them after this."""
        return list(self._rows.pop(table.name, {}).values())


def _by_topic(views: Iterable[View]) -> dict[str, list[View]]:
    """The views that listen to each topic, in their order."""
    listening: dict[str, list[View]] = {}
    for view in views:
        for topic in view.topics:
            listening.setdefault(topic, []).append(view)
    return listening


def _set_apart(views: Iterable[View], entry: Unreadable, parked: set[Apart]) -> Iterator[Parked]:
    """Park an entry that cannot be read, in every view that it concerns and that was not told to pass it over."""
    for view in views:
        if _concerns(entry.topic, view) and entry.position not in view.passed:
            waits = (view.name, entry.stream) in parked
            parked.add((view.name, entry.stream))
            yield parked_of(view, entry, error=None if waits else entry.error)


def _concerns(topic: str, view: View) -> bool:
    """Whether a view must be told of a topic. What one means that this release does not know, nobody can say: it
    concerns the views of its kind of stream, and every view if there is none."""
    if topic in EVENTS:
        return topic in view.topics
    kind = _kind_of(topic)
    return kind in map(_kind_of, view.topics) or kind not in map(_kind_of, EVENTS)


def _kind_of(topic: str) -> str:
    return topic.partition(".")[0]


def passing_over(view: View, positions: frozenset[int]) -> View:
    """The view without what people decided to pass over."""
    if not positions:
        return view
    return changed(
        view,
        fold=lambda sight, entry: () if entry.position in positions else view.fold(sight, entry),
        passed=positions,
    )


def refs_of(views: Iterable[View], entries: Iterable[Entry | Unreadable]) -> dict[str, tuple[Table, set[Key]]]:
    """The rows that a batch touches, by table: what must be loaded before it is folded."""
    wanted: dict[str, tuple[Table, set[Key]]] = {}
    listening = list(views)
    for entry in entries:
        if isinstance(entry, Unreadable):
            continue
        for view in listening:
            if entry.topic in view.topics:
                for table, key in view.reads(entry):
                    wanted.setdefault(table.name, (table, set()))[1].add(key)
    return wanted


def topics_of(kind: str) -> frozenset[str]:
    """Every topic of one kind of stream: a row carries its stream's version, so its view hears of all of them."""
    return frozenset(topic for topic in EVENTS if topic.startswith(f"{kind}."))


def changed(row: Changed, **fields: Any) -> Changed:
    """The row, or another value, with some fields replaced."""
    return msgspec.structs.replace(row, **fields)
