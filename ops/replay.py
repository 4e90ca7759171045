"""`replay`: the journal read again, without effects: what was when, what has changed since, what followed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from domain.journal import Entry, JournalReader
from ops.errors import OperatorError
from ops.settings import Settings
from ops.wiring import reader_on
from projections.folding import Batch, View
from projections.rebuilding.plan import folded_in, read_by
from projections.views import VIEWS

ENTRIES_PER_READ = 5_000
ROOM = "book"

Fields = dict[str, Any]


class NothingFound(OperatorError):
    """What was asked for names nothing in the journal. The text says what was looked for."""


class Changed(msgspec.Struct, frozen=True, kw_only=True):
    """A field that is not the same at two positions; None where there was nothing yet."""

    name: str
    field: str
    before: Any
    after: Any


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """An entry, and which entry led to it: by its cause, or by what it confirms of the chain."""

    position: int
    at: datetime
    by: str
    stream: UUID
    version: int
    topic: str
    after: int | None


class Replayed(msgspec.Struct, frozen=True, kw_only=True):
    """Things by name as they stood at `position`; or, since another position, what changed and by which entries."""

    position: int
    since: int | None = None
    things: dict[str, Fields] = {}
    changes: tuple[Changed, ...] = ()
    steps: tuple[Step, ...] = ()


def stream(settings: Settings, stream_id: UUID, *, at: str | None, since: str | None) -> Replayed:
    """An aggregate's state. Raises NothingFound if it did not exist then."""
    with closing(reader_on(settings, ROOM)) as reader:
        position, start = _positions(reader, at, since)
        entries = [entry for entry in reader.stream(stream_id) if entry.position <= position]
        if not entries:
            raise NothingFound(f"there is no stream {stream_id} at position {position}")
        states = _states(entries, str(stream_id))
        before = _states([e for e in entries if e.position <= start], str(stream_id)) if start is not None else {}
    steps = [_step(entry) for entry in entries if start is not None and entry.position > start]
    return _answer(position, start, states, before, steps)


def view(settings: Settings, name: str, *, at: str | None, since: str | None, key: str | None) -> Replayed:
    """A view's rows, all or the one under a key. Raises NothingFound for a view or a key that is not there."""
    known = {one.name: one for one in VIEWS}
    if name not in known:
        raise NothingFound(f"there is no view {name!r}; there are: {', '.join(known)}")
    with closing(reader_on(settings, ROOM)) as reader:
        position, start = _positions(reader, at, since)
        rows = _rows(reader, known[name], key, to=position)
        before = _rows(reader, known[name], key, to=start) if start is not None else {}
    if key is not None and not rows and not before:
        raise NothingFound(f"view {name!r} has no row {key!r} at position {position}")
    return _answer(position, start, rows, before, [])


def correlation(settings: Settings, correlation_id: UUID) -> Replayed:
    """Everything that followed from a command: what has its correlation, what any of that caused, and what confirms
    it on the chain. Raises NothingFound."""
    found: dict[int, Step] = {}
    with closing(reader_on(settings, ROOM)) as reader:
        head = reader.head()
        for entry in _entries(reader, to=head):
            after = _follows(entry, found)
            if after is not None or entry.meta.correlation_id == correlation_id:
                found[entry.position] = _step(entry, after)
    if not found:
        raise NothingFound(f"no entry has the correlation {correlation_id}")
    return Replayed(position=head, steps=tuple(found.values()))


def position_of(reader: JournalReader, asked: str) -> int:
    """A position as it is written, or the last one that was recorded at or before a moment with a zone."""
    head = reader.head()
    if asked.isdigit():
        if int(asked) > head:
            raise NothingFound(f"the journal ends at position {head}: {asked} is beyond it")
        return int(asked)
    try:
        moment = datetime.fromisoformat(asked)
    except ValueError:
        raise NothingFound(f"{asked!r} is no position and no moment: write 17, or 2026-03-01T12:00:00+00:00") from None
    if moment.tzinfo is None:
        raise NothingFound(f"{asked!r} has no time zone: write {asked}+00:00 for UTC")
    return reader.position_at(moment)


def _positions(reader: JournalReader, at: str | None, since: str | None) -> tuple[int, int | None]:
    position = reader.head() if at is None else position_of(reader, at)
    start = None if since is None else position_of(reader, since)
    if start is not None and start > position:
        raise NothingFound(f"--since {start} is after {position}: turn them round")
    return position, start


def _answer(
    position: int, since: int | None, now: dict[str, Fields], before: dict[str, Fields], steps: Any
) -> Replayed:
    if since is None:
        return Replayed(position=position, things=now)
    return Replayed(position=position, since=since, changes=tuple(_changes(before, now)), steps=tuple(steps))


def _changes(before: dict[str, Fields], now: dict[str, Fields]) -> Iterator[Changed]:
    for name in dict.fromkeys([*before, *now]):
        old, new = before.get(name, {}), now.get(name, {})
        for field in dict.fromkeys([*old, *new]):
            if old.get(field) != new.get(field):
                yield Changed(name=name, field=field, before=old.get(field), after=new.get(field))


def _states(entries: list[Entry], name: str) -> dict[str, Fields]:
    state: Any = None
    for entry in entries:
        state = entry.event.apply(state)
    return {} if state is None else {name: {"version": entries[-1].version, **_plain(state)}}


def _rows(reader: JournalReader, one: View, key: str | None, *, to: int) -> dict[str, Fields]:
    read, batch = read_by([one]), Batch()
    for entry in _entries(reader, to=to, topics=(*read.apart, *read.whole)):
        batch.fold(folded_in([one]), [entry])
    own = {table.name for table in one.tables}
    rows = {f"{t.name}/{t.key_of(row)}": _plain(row) for t, row in batch.changes if t.name in own}
    return {name: row for name, row in rows.items() if key is None or name.partition("/")[2] == key}


def _plain(value: Any) -> Fields:
    plain: Fields = msgspec.to_builtins(value, str_keys=True)
    return plain


def _entries(reader: JournalReader, *, to: int, topics: tuple[str, ...] = ()) -> Iterator[Entry]:
    position = 0
    while entries := reader.read(after=position, limit=ENTRIES_PER_READ, topics=topics):
        yield from (entry for entry in entries if entry.position <= to)
        position = entries[-1].position
        if position >= to:
            return


def _follows(entry: Entry, found: dict[int, Step]) -> int | None:
    fact = getattr(entry.event, "on_chain", None)
    for position in (entry.meta.cause, getattr(fact, "entry_position", None)):
        if position in found:
            return position
    return None


def _step(entry: Entry, after: int | None = None) -> Step:
    return Step(
        position=entry.position,
        at=entry.meta.at,
        by=entry.meta.by,
        stream=entry.stream,
        version=entry.version,
        topic=entry.topic,
        after=entry.meta.cause if after is None else after,
    )
