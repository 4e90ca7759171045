"""What the database itself refuses, whoever asks: changes, holes, retreats, and rights that a room does not need."""

from __future__ import annotations

from uuid import uuid4

import psycopg
import pytest

from domain.journal import Draft, Journal, JournalReader, Meta
from tests.unit.domain.journal.notes import CODEC, NoteContinued, NoteWritten, WriteNote, asked, ledger_on, note_id


@pytest.fixture
def recorded(database: str) -> str:
    ledger = ledger_on(database)
    ledger.handle(asked(WriteNote(note_id("a"), "hello"), "k1"))
    ledger.close()
    return database


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE journal.entries SET topic = 'note.changed'",
        "DELETE FROM journal.entries",
        "TRUNCATE journal.entries",
        "UPDATE journal.commands SET events = 2",
        "DELETE FROM journal.commands",
        "UPDATE journal.head SET size = size - 1",
        "DELETE FROM journal.head",
    ],
)
def test_what_is_recorded_stays_even_for_the_owner(recorded: str, statement: str) -> None:
    with psycopg.connect(recorded) as owner, pytest.raises(psycopg.Error) as caught:
        owner.execute(statement)
    assert caught.value.sqlstate == "TD003"


def test_an_insert_by_hand_that_leaves_a_hole_is_refused(recorded: str) -> None:
    insert = (
        "INSERT INTO journal.entries (originator_id, originator_version, topic, state, notification_id, leaf)"
        " VALUES (%s, 1, 'note.written', '{}', %s, sha256('x'))"
    )
    for position in (2, 3, 7):
        with psycopg.connect(recorded) as owner, pytest.raises(psycopg.Error) as caught:
            owner.execute(insert, (uuid4(), position))
        assert caught.value.sqlstate == "TD002"


@pytest.mark.parametrize("room", ["api", "writer", "indexer", "book", "processes"])
def test_no_room_may_write_entries_but_through_append(recorded: str, room: str) -> None:
    for statement in (
        "INSERT INTO journal.entries SELECT * FROM journal.entries",
        "UPDATE journal.entries SET topic = topic",
        "DELETE FROM journal.entries",
        "UPDATE journal.head SET size = 9",
        "DELETE FROM journal.commands",
    ):
        with psycopg.connect(recorded) as connection:
            connection.execute(f"SET ROLE tandem_{room}")
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement)


def test_the_book_may_not_append(recorded: str) -> None:
    with psycopg.connect(recorded) as connection:
        connection.execute("SET ROLE tandem_book")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("SELECT journal.append(1, '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}')")


def test_maintenance_does_not_stop_appends(recorded: str) -> None:
    ledger = ledger_on(recorded)
    with psycopg.connect(recorded) as maintenance:
        maintenance.execute("LOCK TABLE journal.entries IN SHARE UPDATE EXCLUSIVE MODE")  # what VACUUM and CIC take
        outcome = ledger.handle(asked(WriteNote(note_id("b"), "hello"), "k2"))
    ledger.close()
    assert outcome.position == 2


def test_the_library_saves_and_reads_through_the_same_guards(recorded: str) -> None:
    stream = note_id("library")
    with Journal(recorded, codec=CODEC) as journal:
        entry = JournalReader(recorded, codec=CODEC)
        meta = entry.read(after=0, limit=1)[0].meta
        recordings = journal.save(
            Draft(stream, 1, NoteWritten(text="a"), meta), Draft(stream, 2, NoteContinued(text="b"), meta)
        )
        assert [r.notification.id for r in recordings] == [2, 3]
        assert [n.id for n in journal.notification_log.select(1, 10)] == [1, 2, 3]
        assert journal.load(stream) is not None
        assert [e.version for e in entry.stream(stream)] == [1, 2]
        entry.close()


def test_a_reader_waits_for_what_comes(recorded: str) -> None:
    reader = JournalReader(recorded, codec=CODEC)
    assert not reader.wait(after=1, timeout_s=0.01)
    ledger = ledger_on(recorded)
    ledger.handle(asked(WriteNote(note_id("b"), "hello"), "k2"))
    ledger.close()
    assert reader.wait(after=1, timeout_s=30)
    (entry,) = reader.read(after=1, limit=5)
    assert reader.positions_of([entry.leaf, b"\x00" * 32]) == {entry.leaf: 2}
    assert isinstance(entry.meta, Meta)
    reader.close()
