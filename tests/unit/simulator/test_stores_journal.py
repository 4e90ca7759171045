"""The journal, in memory and in PostgreSQL: the same commands leave the same entries, and readers see them alike."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec
import psycopg
import pytest
from eventsourcing.persistence import StoredEvent

from domain.errors import JournalUnavailable, KeyReused, Refusal, StreamConflict
from domain.journal import Entry, JournalReader, Ledger, Meta, leaf_of
from domain.journal.recorder import CommandRecord, HeadMoved, Session
from domain.journal.sealer import Sealer
from tests.simulator.stores import JournalTables, MemoryDatabase, MemoryLedger, MemoryReader, MemorySession
from tests.support.roles import as_room
from tests.unit.domain.journal.notes import (
    CODEC,
    ContinueNote,
    CopyNote,
    Explode,
    Note,
    NoteContinued,
    NoteWritten,
    Nothing,
    WriteNote,
    asked,
    decide,
    note_id,
)

A, B = note_id("a"), note_id("b")
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
HELLO = WriteNote(A, "hello")


class Parts:
    """A journal with a ledger of one process, another of a second one, and a reader."""

    ledger: Any
    rival: Any
    reader: Any


class InMemory(Parts):
    def __init__(self) -> None:
        self.database = MemoryDatabase(lambda: NOON)
        self.ledger, self.rival = self._ledger(), self._ledger()
        self.reader = MemoryReader(self.database)

    def _ledger(self) -> MemoryLedger:
        return MemoryLedger(self.database, decide=decide, codec=CODEC, packs=None, clock=lambda: NOON)


class InPostgres(Parts):
    def __init__(self, dsn: str) -> None:
        self.ledger, self.rival = (
            Ledger(as_room(dsn, "api"), codec=CODEC, decide=decide, packs=None, clock=lambda: NOON) for _ in range(2)
        )
        self.ledger.start()
        self.rival.start()
        self.reader = JournalReader(as_room(dsn, "book"), codec=CODEC)


@contextmanager
def opened(parts: Parts) -> Iterator[Parts]:
    yield parts
    for part in (parts.reader, parts.ledger, parts.rival):
        part.close()


@pytest.fixture(params=["memory", pytest.param("postgres", marks=pytest.mark.parts)])
def journal(request: pytest.FixtureRequest) -> Iterator[Parts]:
    in_memory = request.param == "memory"
    with opened(InMemory() if in_memory else InPostgres(request.getfixturevalue("database"))) as parts:
        yield parts


def five(journal: Parts) -> list[Entry]:
    """Five entries: a, b, a, b, a."""
    journal.ledger.handle(asked(WriteNote(A, "one"), "k1"))
    journal.ledger.handle(asked(WriteNote(B, "two"), "k2"))
    for place, stream in enumerate((A, B, A), start=3):
        journal.ledger.handle(asked(ContinueNote(stream, str(place)), f"k{place}"))
    entries: list[Entry] = journal.reader.read(after=0, limit=100)
    return entries


# Commands.


def test_a_command_is_recorded_with_its_making_and_its_seal(journal: Parts) -> None:
    outcome = journal.ledger.handle(asked(HELLO, "k1"))
    (entry,) = journal.reader.read(after=0, limit=10)
    assert (entry.position, entry.stream, entry.version, entry.topic) == (1, A, 1, "note.written")
    assert (entry.meta.at, entry.meta.by, entry.meta.correlation_id) == (NOON, "issuer:a", note_id("k1"))
    assert entry.leaf == leaf_of(position=1, stream=A, version=1, topic=entry.topic, state=entry.state)
    assert (outcome.position, outcome.replayed) == (1, False)
    assert journal.ledger.load(A) == (Note("hello", 1), 1)
    assert journal.ledger.load(B) is None


def test_the_same_key_hears_the_first_answer_again_from_any_process(journal: Parts) -> None:
    first = journal.ledger.handle(asked(HELLO, "k1"))
    for ledger in (journal.ledger, journal.rival):
        again = ledger.handle(asked(HELLO, "k1"))
        assert again.replayed
        assert again.events == first.events
    assert journal.ledger.handle(asked(Nothing(), "k2")).position is None
    assert journal.rival.handle(asked(Nothing(), "k2")).replayed
    assert journal.reader.head() == 1


def test_the_same_key_with_another_request_is_refused_unless_it_is_of_another_scope(journal: Parts) -> None:
    journal.ledger.handle(asked(HELLO, "k1"))
    for ledger in (journal.ledger, journal.rival):
        with pytest.raises(KeyReused):
            ledger.handle(asked(WriteNote(B, "other"), "k1"))
    assert journal.reader.head() == 1
    assert not journal.ledger.handle(asked(WriteNote(B, "other"), "k1", scope="client:b")).replayed


def test_a_refusal_records_nothing_and_leaves_its_key_unused(journal: Parts) -> None:
    with pytest.raises(Refusal, match="there is no note"):
        journal.ledger.handle(asked(ContinueNote(A, "more"), "k1"))
    journal.rival.handle(asked(HELLO, "k2"))
    assert not journal.ledger.handle(asked(ContinueNote(A, "more"), "k1")).replayed
    with pytest.raises(Refusal, match="already"):
        journal.ledger.handle(asked(WriteNote(A, "again"), "k3"))
    assert journal.reader.head() == 2


def test_an_expected_version_that_moved_is_a_conflict(journal: Parts) -> None:
    journal.ledger.handle(asked(HELLO, "k1"))
    journal.rival.handle(asked(ContinueNote(A, "more"), "k2", expected=(A, 1)))
    with pytest.raises(StreamConflict) as caught:
        journal.ledger.handle(asked(ContinueNote(A, "late"), "k3", expected=(A, 1)))
    assert (caught.value.expected, caught.value.actual) == (1, 2)


def test_what_was_read_is_still_true_when_it_is_recorded(journal: Parts) -> None:
    journal.ledger.handle(asked(WriteNote(A, "old"), "k1"))
    journal.ledger.handle(asked(Nothing(), "k2"))
    journal.rival.handle(asked(ContinueNote(A, "new"), "k3"))
    journal.ledger.handle(asked(CopyNote(A, B), "k4"))
    assert journal.ledger.load(B) == (Note("new", 1), 1)
    assert journal.ledger.figures.redecided == 1


def test_what_cannot_be_recorded_is_told_to_its_asker_and_the_ledger_goes_on(journal: Parts) -> None:
    with pytest.raises(ZeroDivisionError):
        journal.ledger.handle(asked(Explode(), "k1"))
    with pytest.raises(psycopg.errors.CheckViolation):
        journal.ledger.handle(asked(WriteNote(A, "x" * 70_000), "k2"))
    assert journal.ledger.handle(asked(HELLO, "k2")).position == 1


@pytest.mark.parametrize("kind", ["memory", pytest.param("postgres", marks=pytest.mark.parts)])
def test_each_command_of_a_batch_is_known_by_its_own_events(kind: str, request: pytest.FixtureRequest) -> None:
    session: Any
    if kind == "memory":
        session = MemorySession(MemoryDatabase(lambda: NOON), CODEC)
    else:
        session = Session(as_room(request.getfixturevalue("database"), "api"))
    made = [stored(A, 1), stored(A, 2), stored(B, 1)]
    records = [CommandRecord("s", key, bytes(32), events) for key, events in (("k1", 2), ("k2", 0), ("k3", 1))]
    assert session.append(made, records, seen=0) == 0
    known = session.look(after=3, keys=[("s", "k1"), ("s", "k2"), ("s", "k3"), ("s", "k4")]).known
    assert {key: (one.position, one.events) for (_, key), one in known.items()} == {
        "k1": (1, 2),
        "k2": (None, 0),
        "k3": (3, 1),
    }
    with pytest.raises(HeadMoved):
        session.append([stored(B, 2)], [], seen=2)
    for wrong in (([stored(B, 1)], []), ([stored(B, 2)], records[2:])):
        with pytest.raises(psycopg.errors.UniqueViolation):
            session.append(*wrong, seen=3)
    assert (session.head(), len(session.stream(B)), session.lock()) == (3, 1, 3)
    session.close()


def stored(stream: UUID, version: int) -> StoredEvent:
    meta = Meta(at=NOON, by="issuer:a", command_id=A, correlation_id=A, cause=None, pack="-")
    event = NoteWritten(text="hello") if version == 1 else NoteContinued(text="more")
    state = CODEC.encode(event, meta)
    return StoredEvent(originator_id=stream, originator_version=version, topic=event.TOPIC, state=state)


# Reading.


def test_entries_come_in_order_after_a_position_and_of_some_topics_only(journal: Parts) -> None:
    entries = five(journal)
    read = journal.reader.read
    assert [entry.position for entry in entries] == [1, 2, 3, 4, 5]
    assert read(after=2, limit=2) == entries[2:4]
    assert read(after=5, limit=10) == []
    assert read(after=1, limit=2, topics=["note.continued"]) == entries[2:4]
    assert read(after=0, limit=10, topics=["note.lost"]) == []
    assert (journal.reader.head(), journal.reader.wait(after=4, timeout_s=0.01)) == (5, True)
    assert not journal.reader.wait(after=5, timeout_s=0.01)


def test_one_stream_is_read_in_pages_by_positions(journal: Parts) -> None:
    entries = five(journal)
    stream = journal.reader.stream
    assert stream(A) == [entries[0], entries[2], entries[4]]
    assert stream(A, limit=2) == [entries[0], entries[2]]
    assert stream(A, after=3) == [entries[4]]
    assert stream(note_id("nobody")) == []


def test_an_entry_is_found_by_its_position_and_by_its_leaf(journal: Parts) -> None:
    entries = five(journal)
    assert journal.reader.entry(4) == entries[3]
    assert (journal.reader.entry(6), journal.reader.entry(0)) == (None, None)
    assert journal.reader.positions_of([entries[3].leaf, bytes(32), entries[0].leaf]) == {
        entries[3].leaf: 4,
        entries[0].leaf: 1,
    }


def test_both_seal_the_same_bytes_under_the_same_root(database: str) -> None:
    memory = InMemory()
    with opened(InPostgres(database)) as postgres, opened(memory):
        assert five(memory) == five(postgres)
    sealer = Sealer(as_room(database, "processes"))
    sealer.step()
    tree = memory.database.room(JournalTables).tree()
    assert (tree.size, tree) == (5, sealer._tree)
    sealer.close()


# A connection that is lost, and others that come between: what only the one in memory can be told to do.


class Fate:
    """Raises at the n-th time that a point is met, or does something else there."""

    def __init__(self, point: str, *strikes: int) -> None:
        self._point = point
        self._strikes = strikes
        self._met = 0

    def __call__(self, point: str) -> None:
        if point == self._point:
            self._met += 1
            if self._met in self._strikes:
                self.strike()

    def strike(self) -> None:
        raise psycopg.OperationalError("the connection was lost")


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("strikes", [(1,), (1, 2)])
def test_a_connection_lost_around_a_commit_is_settled_by_the_record(when: str, strikes: tuple[int, ...]) -> None:
    journal = InMemory()
    journal.database.fate = Fate(f"{when} journal.append", *strikes)
    outcome = journal.ledger.handle(asked(HELLO, "k1"))
    assert (outcome.position, outcome.replayed, journal.reader.head()) == (1, False, 1)
    assert journal.ledger.figures.reconnects == (len(strikes) if when == "before" else 1)


def test_a_database_that_stays_away_is_told_to_the_asker() -> None:
    journal = InMemory()
    journal.database.fate = Fate("before journal.append", *range(100))
    with pytest.raises(JournalUnavailable, match="same key"):
        journal.ledger.handle(asked(HELLO, "k1"))
    assert journal.reader.head() == 0
    journal.database.fate = None
    assert journal.ledger.handle(asked(HELLO, "k1")).position == 1


def test_who_comes_between_a_decision_and_its_commit_makes_it_be_decided_again() -> None:
    journal = InMemory()
    journal.ledger.handle(asked(WriteNote(A, "old"), "k1"))

    class ComesBetween(Fate):
        def strike(self) -> None:
            journal.rival.handle(asked(ContinueNote(A, "new"), "k2"))

    journal.database.fate = ComesBetween("before journal.append", 1)
    journal.ledger.handle(asked(CopyNote(A, B), "k3"))
    assert journal.ledger.load(B) == (Note("new", 1), 1)
    assert journal.ledger.figures.redecided == 1


def test_a_process_that_dies_behind_its_commit_has_left_it_for_the_next() -> None:
    journal = InMemory()

    class Dies(Fate):
        def strike(self) -> None:
            raise KeyboardInterrupt

    journal.database.fate = Dies("after journal.append", 1)
    with pytest.raises(KeyboardInterrupt):
        journal.ledger.handle(asked(HELLO, "k1"))
    again = journal.rival.handle(asked(HELLO, "k1"))
    assert (again.position, again.replayed, journal.reader.head()) == (1, True, 1)


def test_every_entry_is_decoded_from_the_bytes_that_were_stored() -> None:
    journal = InMemory()
    for entry in five(journal):
        assert CODEC.decode(entry.topic, entry.state) == (entry.event, entry.meta)
        assert msgspec.json.decode(entry.state)["cmd"] == str(entry.meta.command_id)
