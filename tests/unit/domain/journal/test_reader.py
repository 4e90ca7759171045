"""Reading in order: everything after a position, one stream, one entry, by leaf, and waiting for what comes next."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import psycopg
import pytest

from domain.errors import JournalCorrupt
from domain.journal import JournalReader, Ledger, leaf_of
from tests.support.roles import as_room
from tests.unit.domain.journal.notes import CODEC, ContinueNote, WriteNote, asked, ledger_on, note_id

A, B = note_id("a"), note_id("b")


@pytest.fixture
def ledger(database: str) -> Iterator[Ledger]:
    """Five entries: a, b, a, b, a."""
    ledger = ledger_on(database)
    ledger.handle(asked(WriteNote(A, "one"), "k1"))
    ledger.handle(asked(WriteNote(B, "two"), "k2"))
    for place, stream in enumerate((A, B, A), start=3):
        ledger.handle(asked(ContinueNote(stream, str(place)), f"k{place}"))
    yield ledger
    ledger.close()


@pytest.fixture
def reader(ledger: Ledger, database: str) -> Iterator[JournalReader]:
    """As the least of the rooms: it may read, and no more."""
    assert ledger is not None
    reader = JournalReader(as_room(database, "book"), codec=CODEC)
    yield reader
    reader.close()


def test_entries_come_in_order_after_a_position_and_no_more_than_asked_for(reader: JournalReader) -> None:
    assert [entry.position for entry in reader.read(after=0, limit=100)] == [1, 2, 3, 4, 5]
    assert [entry.position for entry in reader.read(after=2, limit=2)] == [3, 4]
    assert reader.read(after=5, limit=10) == []
    assert reader.head() == 5


def test_entries_of_some_topics_only_may_leave_out_positions(reader: JournalReader) -> None:
    assert [e.position for e in reader.read(after=0, limit=10, topics=["note.continued"])] == [3, 4, 5]
    assert [e.position for e in reader.read(after=0, limit=10, topics=["note.written", "note.lost"])] == [1, 2]


def test_a_stream_is_read_by_its_own_versions(reader: JournalReader) -> None:
    assert [(entry.position, entry.version) for entry in reader.stream(A)] == [(1, 1), (3, 2), (5, 3)]
    assert reader.stream(note_id("nobody")) == []


def test_an_entry_is_found_by_its_position_and_by_its_leaf(reader: JournalReader) -> None:
    entry = reader.entry(4)
    assert entry is not None
    assert (entry.stream, entry.version) == (B, 2)
    assert entry.leaf == leaf_of(position=4, stream=B, version=2, topic=entry.topic, state=entry.state)
    assert reader.positions_of([entry.leaf, bytes(32)]) == {entry.leaf: 4}
    assert reader.entry(6) is None


def test_a_hole_in_the_journal_is_never_read_over(reader: JournalReader, database: str) -> None:
    with psycopg.connect(database, autocommit=True) as owner:
        owner.execute("ALTER TABLE journal.entries DISABLE TRIGGER refuse_change")
        owner.execute("DELETE FROM journal.entries WHERE notification_id = 2")
    with pytest.raises(JournalCorrupt, match="position 2 of the journal is missing"):
        reader.read(after=0, limit=10)
    with pytest.raises(JournalCorrupt, match="position 2"):
        reader.read(after=1, limit=10)


def test_waiting_ends_when_there_is_more_and_says_so_when_there_is_not(reader: JournalReader, ledger: Ledger) -> None:
    assert reader.wait(after=4, timeout_s=60)
    assert not reader.wait(after=5, timeout_s=0.01)
    writer = threading.Thread(target=lambda: ledger.handle(asked(ContinueNote(A, "six"), "k6")))
    writer.start()
    while not reader.wait(after=5, timeout_s=60):
        pass
    writer.join()
    assert reader.head() == 6
