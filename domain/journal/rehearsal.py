"""A rehearsal: what a command would record, decided as it would be, on the journal up to one position."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from itertools import takewhile
from typing import Any
from uuid import UUID

import msgspec

from domain.journal.entries import Envelope
from domain.journal.reader import JournalReader
from domain.journal.work import Versioned, Work, fold


class Foreseen(msgspec.Struct, frozen=True, kw_only=True):
    """One event that would be recorded, and its place in its stream."""

    stream: UUID
    version: int
    topic: str


class Rehearsed(msgspec.Struct, frozen=True, kw_only=True):
    """What a command would have recorded right after this position; no events: it is so already."""

    position: int
    events: tuple[Foreseen, ...]


def rehearse(
    envelope: Envelope, *, reader: JournalReader, decide: Callable[[Any, Work], None], packs: Any, now: datetime
) -> Rehearsed:
    """Decide a command and record nothing; its key stays unused. Raises what the command would.

    Every stream is read as it was at that position: no two of them disagree about what happened meanwhile.
    """
    position = reader.head()
    found: dict[UUID, Versioned | None] = {}

    def shown(stream: UUID) -> Versioned | None:
        if stream not in found:
            found[stream] = _state(reader, stream, position)
        return found[stream]

    work = Work(envelope, now=now, packs=packs, shown=shown, known=lambda _: True, careful=True)
    work.expect()
    decide(envelope.command, work)
    events = (Foreseen(stream=d.originator_id, version=d.originator_version, topic=d.event.TOPIC) for d in work.drafts)
    return Rehearsed(position=position, events=tuple(events))


def _state(reader: JournalReader, stream: UUID, position: int) -> Versioned | None:
    entries = takewhile(lambda entry: entry.position <= position, reader.stream(stream))
    return fold((entry.event, entry.version) for entry in entries)
