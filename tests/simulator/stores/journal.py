"""The journal in memory: entries, known commands, and the production committer on its asker's thread."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import nullcontext
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg
from eventsourcing.persistence import StoredEvent

from domain.journal import Codec, Entry, Envelope, Outcome, Unreadable
from domain.journal.committer import Committer, Decide, Figures, Limits
from domain.journal.encoding import JournalMapper
from domain.journal.recorder import ENTRIES_PER_LOOK_MAX, CommandRecord, HeadMoved, Known, Look
from domain.journal.sealing import Tree, leaf_of
from domain.journal.tickets import Ticket
from domain.journal.work import Versioned, fold
from tests.simulator.stores.database import Connection, MemoryDatabase, NewTable, Table

STATE_BYTES_MAX = 65_536
PATIENCE = Limits(reconnect_pause_s=1e-9, unavailable_s=3e-9)  # counted in tries: nobody waits for a real second


class JournalTables:
    """Entries by position, decoded once from their stored bytes; places by (stream, version); positions by leaf."""

    def __init__(self, table: NewTable) -> None:
        self.entries: Table[int, Entry] = table()
        self.places: Table[tuple[UUID, int], int] = table()
        self.leaves: Table[bytes, int] = table()
        self.commands: Table[tuple[str, str], Known] = table()

    @property
    def head(self) -> int:
        return len(self.entries)

    def stream(self, stream: UUID, *, after: int = 0) -> list[Entry]:
        """The entries of a stream after a version."""
        found: list[Entry] = []
        while (position := self.places.get((stream, after + len(found) + 1))) is not None:
            found.append(self.entries[position])
        return found

    def tree(self) -> Tree:
        """The Merkle tree over all entries, as the sealer grows it."""
        return Tree().grown(self.entries[position].leaf for position in range(1, self.head + 1))


class MemoryReader(Connection):
    """As `domain.journal.JournalReader`."""

    def __init__(self, database: MemoryDatabase) -> None:
        super().__init__(database)
        self._tables = database.room(JournalTables)

    def read(self, *, after: int, limit: int, topics: Sequence[str] = ()) -> list[Entry]:
        self._check()
        entries, last = self._tables.entries, self._tables.head
        if not topics:
            return [entries[position] for position in range(after + 1, min(last, after + limit) + 1)]
        wanted = (entries[position] for position in range(after + 1, last + 1))
        return [entry for entry in wanted if entry.topic in topics][:limit]

    def read_any(self, *, after: int, limit: int) -> list[Entry | Unreadable]:
        """Every entry of the simulation can be read."""
        return [*self.read(after=after, limit=limit)]

    def head(self) -> int:
        self._check()
        return self._tables.head

    def entry(self, position: int) -> Entry | None:
        self._check()
        return self._tables.entries.get(position)

    def stream(self, stream: UUID, *, after: int = 0, limit: int | None = None) -> list[Entry]:
        self._check()
        found = [entry for entry in self._tables.stream(stream) if entry.position > after]
        return found[:limit]

    def positions_of(self, leaves: Sequence[bytes]) -> dict[bytes, int]:
        self._check()
        return {leaf: self._tables.leaves[leaf] for leaf in leaves if leaf in self._tables.leaves}

    def wait(self, *, after: int, timeout_s: float) -> bool:
        """Answers at once: time is the world's."""
        return self.head() > after


class MemorySession(Connection):
    """As `domain.journal.recorder.Session`: what the committer does on one connection."""

    def __init__(self, database: MemoryDatabase, codec: Codec) -> None:
        super().__init__(database)
        self.connection = self  # its transactions are those of `append`: nothing else of them is written
        self._tables = database.room(JournalTables)
        self._codec = codec

    def transaction(self) -> Any:
        return nullcontext()

    def check_guards(self) -> None:
        """They stand in `append`."""

    def head(self) -> int:
        self._check()
        return self._tables.head

    def lock(self) -> int:
        """Holds nothing: whoever is let in between is met with HeadMoved, and decides once more."""
        return self.head()

    def look(self, *, after: int, keys: Sequence[tuple[str, str]]) -> Look:
        last = min(self.head(), after + ENTRIES_PER_LOOK_MAX)
        rows = [_row(self._tables.entries[position]) for position in range(after + 1, last + 1)]
        return Look(rows, {key: self._tables.commands[key] for key in keys if key in self._tables.commands})

    def stream(self, stream: UUID, *, after: int = 0) -> list[tuple[int, UUID, int, str, bytes]]:
        self._check()
        return [_row(entry) for entry in self._tables.stream(stream, after=after)]

    def range(self, *, first: int, last: int) -> list[tuple[int, UUID, int, str]]:
        self._check()
        found = [self._tables.entries[position] for position in range(first, last + 1)]
        return [(entry.position, entry.stream, entry.version, entry.topic) for entry in found]

    def append(self, stored: Sequence[StoredEvent], records: Sequence[CommandRecord], *, seen: int) -> int:
        with self._transaction("journal.append"):
            if self._tables.head != seen:
                raise HeadMoved(f"decided at position {seen}, the head is at {self._tables.head}")
            for position, event in enumerate(stored, start=seen + 1):
                self._add(position, event)
            first = seen + 1
            for record in records:
                self._record(record, first if record.events else None)
                first += record.events
        return seen

    def _add(self, position: int, event: StoredEvent) -> None:
        stream, version, topic, state = event.originator_id, event.originator_version, event.topic, event.state
        assert isinstance(stream, UUID)
        if len(state) > STATE_BYTES_MAX:
            raise psycopg.errors.CheckViolation(f"{topic} takes {len(state)} bytes")
        assert version == 1 or (stream, version - 1) in self._tables.places, f"stream {stream} lacks {version - 1}"
        leaf = leaf_of(position=position, stream=stream, version=version, topic=topic, state=state)
        self._tables.places.insert((stream, version), position)
        self._tables.entries.put(position, self._codec.entry((position, stream, version, topic, state, leaf)))
        self._tables.leaves.put(leaf, position)

    def _record(self, record: CommandRecord, position: int | None) -> None:
        known = Known(record.fingerprint, position, record.events)
        self._tables.commands.insert((record.scope, record.key), known)


class _Inline(Committer):
    """The committer without its thread: what is submitted is committed before `submit` returns."""

    def open(self) -> None:
        self._open()

    def _put(self, ticket: Ticket) -> None:
        self._commit([ticket])


class MemoryLedger:
    """As `domain.journal.Ledger`, one for each process; its futures are done. Its commit is named "journal.append".

    It opens its connections itself, as in life: a lost one is a matter of the committer, not of whoever holds this.
    """

    def __init__(
        self,
        database: MemoryDatabase,
        *,
        decide: Decide,
        codec: Codec,
        packs: Any,
        clock: Callable[[], datetime],
    ) -> None:
        self.packs = packs
        self._database = database
        self._tables = database.room(JournalTables)
        self._loaded: dict[UUID, Versioned] = {}
        self._loaded_at_start = database.starts
        self._committer = _Inline(
            connect=lambda: MemorySession(database, codec),  # type: ignore[arg-type, return-value]
            codec=codec,
            encode=JournalMapper(codec).to_stored_event,
            decide=decide,
            packs=packs,
            clock=clock,
            limits=PATIENCE,
        )
        self._committer.open()

    @property
    def figures(self) -> Figures:
        return self._committer.figures

    def submit(self, envelope: Envelope) -> Future[Outcome]:
        return self._committer.submit(envelope)

    def handle(self, envelope: Envelope) -> Outcome:
        return self.submit(envelope).result()

    def load(self, stream: UUID) -> Versioned | None:
        """Folds only what came since it was asked last, in this start of the database."""
        if self._loaded_at_start != self._database.starts:
            self._loaded.clear()
            self._loaded_at_start = self._database.starts
        kept = self._loaded.get(stream)
        news = self._tables.stream(stream, after=kept[1] if kept else 0)
        versioned = fold(((entry.event, entry.version) for entry in news), onto=kept)
        if versioned is not None:
            self._loaded[stream] = versioned
        return versioned

    def close(self) -> None:
        self._committer.close()


def _row(entry: Entry) -> tuple[int, UUID, int, str, bytes]:
    return entry.position, entry.stream, entry.version, entry.topic, entry.state
