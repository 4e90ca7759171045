"""A unit of work: what one command may see and what it wants recorded, on the tentative state of its batch. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID, uuid5

from domain.errors import Refusal, StreamConflict
from domain.journal.encoding import Draft
from domain.journal.entries import Actor, CommandKey, Envelope, Event, Meta

COMMANDS = UUID("5f0c6d2e-9a54-5c0e-8f43-2d1b7a90c611")  # the namespace of command ids, for ever
NO_PACK = "-"  # the entry was judged by no rule pack

State = TypeVar("State")
Versioned = tuple[Any, int]


def command_id_of(key: CommandKey) -> UUID:
    """The id of a command, derived from its key, so that a retry is the same command."""
    return uuid5(COMMANDS, f"{key.scope}\n{key.key}")


def fold(events: Iterable[tuple[Event, int]], *, onto: Versioned | None = None) -> Versioned | None:
    """The state that events of one stream lead to, each given with its version; None if there are none at all.

    `onto` is what earlier events of the stream have led to.
    """
    state, version = onto or (None, 0)
    for event, version in events:  # noqa: B007  # the last one counts
        state = event.apply(state)
    return (state, version) if version else None


class Work:
    """Sees streams through `shown` (None: no such stream), keeps its own changes apart until the batch takes them.

    `careful` makes `create` look before it leaps: set when a batch has failed and commands are taken one by one.
    """

    def __init__(
        self,
        envelope: Envelope,
        *,
        now: datetime,
        packs: Any,
        shown: Callable[[UUID], Versioned | None],
        known: Callable[[UUID], bool],
        careful: bool,
    ) -> None:
        self.envelope = envelope
        self.actor: Actor = envelope.actor
        self.now = now
        self.packs = packs
        self.changes: dict[UUID, Versioned] = {}
        self.drafts: list[Draft] = []
        self._shown = shown
        self._known = known
        self._careful = careful
        self._meta: dict[str, Meta] = {}

    def find(self, kind: type[State], stream: UUID) -> State | None:
        """The state of a stream, None if there is none or if it is of another kind."""
        versioned = self._look(stream)
        if versioned is None or not isinstance(versioned[0], kind):
            return None
        return versioned[0]

    def load(self, kind: type[State], stream: UUID) -> State:
        """The state of a stream. Refuses with `not-found` if there is none of this kind."""
        state = self.find(kind, stream)
        if state is None:
            noun = kind.__name__.lower()
            raise Refusal("not-found", f"there is no {noun} {stream}", kind=noun, id=str(stream))
        return state

    def create(self, stream: UUID, event: Event, *, pack: str | None = None) -> None:
        """Record the first event of a new stream. Refuses with `already-exists` if the stream is there."""
        taken = self._look(stream) if self._careful or self._known(stream) else self.changes.get(stream)
        if taken is not None:
            raise Refusal("already-exists", f"{event.TOPIC.split('.')[0]} {stream} exists already", id=str(stream))
        self._add(stream, event, None, 1, pack)

    def record(self, stream: UUID, *events: Event, pack: str | None = None) -> None:
        """Record events after the ones a stream has. The stream must exist: decide on its state first."""
        for event in events:
            versioned = self._look(stream)
            assert versioned is not None, f"{event.TOPIC} recorded on stream {stream}, which does not exist"
            self._add(stream, event, versioned[0], versioned[1] + 1, pack)

    def expect(self) -> None:
        """Refuse with StreamConflict if the stream is not at the version on which the caller decided."""
        expected = self.envelope.expected_version
        if expected is None:
            return
        versioned = self._look(expected[0])
        actual = versioned[1] if versioned else 0
        if actual != expected[1]:
            raise StreamConflict(expected[0], expected=expected[1], actual=actual)

    def _look(self, stream: UUID) -> Versioned | None:
        return self.changes.get(stream) or self._shown(stream)

    def _add(self, stream: UUID, event: Event, state: Any, version: int, pack: str | None) -> None:
        after = event.apply(state)
        check = getattr(after, "check", None)
        if check is not None:
            check()  # what cannot happen: an event that breaks it is never recorded
        self.changes[stream] = (after, version)
        self.drafts.append(Draft(stream, version, event, self._made(pack or NO_PACK)))

    def _made(self, pack: str) -> Meta:
        meta = self._meta.get(pack)
        if meta is None:
            meta = self._meta[pack] = Meta(
                at=self.now,
                by=str(self.actor),
                command_id=command_id_of(self.envelope.key),
                correlation_id=self.envelope.correlation_id,
                cause=self.envelope.cause,
                pack=pack,
            )
        return meta
