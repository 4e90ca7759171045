"""Rehearsals: a command decided on what is recorded, and nothing recorded by it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest

from domain.errors import Refusal, StreamConflict
from domain.journal import Foreseen, JournalReader, Ledger, Rehearsed
from tests.unit.domain.journal.notes import CODEC, ContinueNote, CopyNote, Nothing, WriteNote, asked, ledger_on, note_id

A, B = note_id("a"), note_id("b")


@pytest.fixture
def ledger(database: str) -> Iterator[Ledger]:
    with closing(ledger_on(database)) as started:
        yield started


@pytest.fixture
def reader(database: str) -> Iterator[JournalReader]:
    with closing(JournalReader(database, codec=CODEC)) as opened:
        yield opened


def test_a_rehearsal_foresees_what_the_command_then_records(ledger: Ledger, reader: JournalReader) -> None:
    ledger.handle(asked(WriteNote(A, "first"), "k1"))
    command = asked(ContinueNote(A, "more", times=2), "k2")
    foreseen = ledger.rehearse(command, reader=reader)
    assert foreseen == Rehearsed(
        position=1,
        events=(
            Foreseen(stream=A, version=2, topic="note.continued"),
            Foreseen(stream=A, version=3, topic="note.continued"),
        ),
    )
    assert reader.head() == 1
    outcome = ledger.handle(command)
    assert not outcome.replayed
    assert [(e.stream, e.version, e.topic) for e in outcome.events] == [
        (e.stream, e.version, e.topic) for e in foreseen.events
    ]


def test_a_rehearsal_is_refused_as_the_command_would_be(ledger: Ledger, reader: JournalReader) -> None:
    with pytest.raises(Refusal, match="there is no note"):
        ledger.rehearse(asked(ContinueNote(A, "more"), "k1"), reader=reader)
    ledger.handle(asked(WriteNote(A, "first"), "k2"))
    with pytest.raises(Refusal, match="exists already"):
        ledger.rehearse(asked(WriteNote(A, "again"), "k3"), reader=reader)
    with pytest.raises(StreamConflict):
        ledger.rehearse(asked(ContinueNote(A, "more"), "k4", expected=(A, 7)), reader=reader)
    assert reader.head() == 1


def test_what_changes_nothing_foresees_nothing(ledger: Ledger, reader: JournalReader) -> None:
    assert ledger.rehearse(asked(Nothing(), "k1"), reader=reader) == Rehearsed(position=0, events=())


class Interrupted(JournalReader):
    """A reader between whose looks another command is recorded."""

    ledger: Ledger

    def head(self) -> int:
        position = super().head()
        self.ledger.handle(asked(ContinueNote(A, "meanwhile"), "between"))
        return position


def test_all_streams_are_seen_as_they_were_at_one_position(database: str, ledger: Ledger) -> None:
    ledger.handle(asked(WriteNote(A, "first"), "k1"))
    with closing(Interrupted(database, codec=CODEC)) as reader:
        reader.ledger = ledger
        foreseen = ledger.rehearse(asked(CopyNote(A, B), "k2", expected=(A, 1)), reader=reader)
    assert foreseen == Rehearsed(position=1, events=(Foreseen(stream=B, version=1, topic="note.written"),))
    assert ledger.load(A) is not None
