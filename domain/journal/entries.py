"""The nouns of the journal: events, the envelope a command comes in, and the entries that are kept."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

import msgspec


class Event(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A fact in the domain's words. Subclasses carry the data; `TOPIC` is their stored name for ever.

    `apply` is total and silent: it never refuses, because the fact has happened. It takes the state before (None for
    the first event of a stream) and returns the state after.
    """

    TOPIC: ClassVar[str]
    VERSION: ClassVar[int] = 1

    def apply(self, state: Any) -> Any:
        raise NotImplementedError


class Actor(msgspec.Struct, frozen=True):
    """Who asks. `id` names a principal (an API key, a process), `role` the hat it wears for this command."""

    id: str
    role: str

    def __str__(self) -> str:
        return f"{self.role}:{self.id}"


class CommandKey(msgspec.Struct, frozen=True):
    """The name under which a command is recorded once: `scope` says whose names these are, `key` is the name."""

    scope: str
    key: str


class Envelope(msgspec.Struct, frozen=True, kw_only=True):
    """A command and all that is known about its asking.

    `fingerprint` is a SHA-256 over what was asked: the same key with another fingerprint is refused.
    `cause` is the position of the entry that led to this command, None where a client simply asked.
    `expected_version` is (stream, version) where the caller decided on a version.
    """

    command: msgspec.Struct
    actor: Actor
    key: CommandKey
    fingerprint: bytes
    correlation_id: UUID
    cause: int | None = None
    expected_version: tuple[UUID, int] | None = None


class Meta(msgspec.Struct, frozen=True, kw_only=True):
    """What every entry says about its making. `by` is the actor's text form, `cause` a position or None."""

    at: datetime
    by: str
    command_id: UUID
    correlation_id: UUID
    cause: int | None
    pack: str


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One recorded event: its place in the journal and in its stream, its making, and the hash that seals it.

    `state` holds the stored bytes themselves: whoever checks the leaf hashes these, never a re-serialisation.
    """

    position: int
    stream: UUID
    version: int
    topic: str
    event: Event
    meta: Meta
    leaf: bytes
    state: bytes


class Unreadable(msgspec.Struct, frozen=True, kw_only=True):
    """An entry in the place where it stands, of which this release cannot read the event; `error` says why."""

    position: int
    stream: UUID
    version: int
    topic: str
    error: str


class Recorded(msgspec.Struct, frozen=True, kw_only=True):
    """Where one event of a command came to stand."""

    stream: UUID
    version: int
    topic: str
    position: int


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What a command left in the journal; `replayed` when it had been recorded before under the same key."""

    events: tuple[Recorded, ...]
    replayed: bool

    @property
    def position(self) -> int | None:
        """The last position this command made, None when it changed nothing."""
        return self.events[-1].position if self.events else None
