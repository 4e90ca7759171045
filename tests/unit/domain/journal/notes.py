"""A small aggregate for tests of the journal itself: notes that are written, continued and may be refused."""

from __future__ import annotations

from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, ClassVar
from uuid import UUID, uuid5

import msgspec

from domain.errors import Refusal
from domain.journal import Actor, Codec, CommandKey, Envelope, Event, Ledger, Limits
from domain.journal.work import Work

NOTES = UUID("7a1d7c8e-35c4-5a52-9a30-9d1cbf3a6b11")


class Note(msgspec.Struct, frozen=True):
    text: str
    lines: int


class NoteWritten(Event, frozen=True, kw_only=True):
    TOPIC: ClassVar[str] = "note.written"
    text: str

    def apply(self, state: Any) -> Note:
        return Note(self.text, 1)


class NoteContinued(Event, frozen=True, kw_only=True):
    TOPIC: ClassVar[str] = "note.continued"
    text: str

    def apply(self, state: Note) -> Note:
        return Note(self.text, state.lines + 1)


class WriteNote(msgspec.Struct, frozen=True):
    stream: UUID
    text: str


class ContinueNote(msgspec.Struct, frozen=True):
    stream: UUID
    text: str
    times: int = 1


class CopyNote(msgspec.Struct, frozen=True):
    """Reads one stream and writes another: what it read must still be true when it is recorded."""

    source: UUID
    target: UUID


class Explode(msgspec.Struct, frozen=True):
    """A command whose decider has a defect."""


class Nothing(msgspec.Struct, frozen=True):
    """A command that changes nothing."""


CODEC = Codec({NoteWritten.TOPIC: NoteWritten, NoteContinued.TOPIC: NoteContinued})


def decide(command: Any, work: Work) -> None:
    match command:
        case WriteNote(stream, text):
            work.create(stream, NoteWritten(text=text))
        case ContinueNote(stream, text, times):
            work.load(Note, stream)
            if text == "refuse me":
                raise Refusal("refused", "this text is refused")
            for _ in range(times):
                work.record(stream, NoteContinued(text=text))
        case CopyNote(source, target):
            work.create(target, NoteWritten(text=work.load(Note, source).text))
        case Nothing():
            pass
        case Explode():
            raise ZeroDivisionError


def note_id(name: str) -> UUID:
    return uuid5(NOTES, name)


def asked(command: Any, key: str, *, scope: str = "client:a", expected: tuple[UUID, int] | None = None) -> Envelope:
    return Envelope(
        command=command,
        actor=Actor("a", "issuer"),
        key=CommandKey(scope, key),
        fingerprint=sha256(repr(command).encode()).digest(),
        correlation_id=note_id(key),
        expected_version=expected,
    )


def ledger_on(dsn: str, **limits: Any) -> Ledger:
    ledger = Ledger(
        dsn, codec=CODEC, decide=decide, packs=None, clock=lambda: datetime.now(UTC), limits=Limits(**limits)
    )
    ledger.start()
    return ledger
