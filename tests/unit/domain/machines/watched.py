"""A world whose every entry is watched: what changed from which status to which, and whether the journal can tell it.

The same handlers, aggregates and unit of work as in production; only the journal is a dictionary.
"""

from __future__ import annotations

from collections import Counter
from typing import Any
from uuid import UUID

from domain import commands as c
from domain.campaign import Campaign
from domain.company import Company
from domain.errors import Refusal
from domain.handlers import decide
from domain.investment import Investment
from domain.investor import Investor
from domain.journal import Actor, CommandKey, Envelope, Event
from domain.journal.work import Versioned, Work
from domain.ledger import ChainLedger
from domain.payment import Payment
from domain.refusals import CODES
from tests.unit.domain.acts import ALL_PACKS, Acts
from tests.unit.domain.scenario import CODEC, NOW

Transition = tuple[str, str, str, str]  # kind, status before, topic, status after
NOTHING = "-"  # the status of what is not there yet


def status_of(state: Any) -> str:
    """One word for where an aggregate stands; of a payment, where its parts are."""
    match state:
        case None:
            return NOTHING
        case Company():
            return state.kyb
        case Campaign() | Investment() | ChainLedger():
            return state.status
        case Investor():
            return "erased" if state.erased else state.kyc
        case Payment():
            parts = ("applied", "owed", "returned", "reversed")
            return "+".join(part for part in parts if getattr(state, part))
    raise AssertionError(f"{type(state).__name__} has no status")


class Watched(Acts):
    """Keeps every stream's events, and counts every transition in `seen`."""

    def __init__(self, seen: Counter[Transition]) -> None:
        super().__init__(now=NOW)
        self.seen = seen
        self.states: dict[UUID, Versioned] = {}
        self.history: dict[UUID, tuple[Event, ...]] = {}
        self._commands = 0

    def clone(self) -> Watched:
        """The same world, to go on in another direction."""
        other = Watched(self.seen)
        other.now, other._places, other._commands = self.now, self._places, self._commands
        other.states, other.history = dict(self.states), dict(self.history)
        return other

    def find(self, stream: UUID) -> Any:
        versioned = self.states.get(stream)
        return versioned[0] if versioned else None

    def do(self, command: c.Command, *, by: Actor) -> None:
        code = self.attempt(command, by=by)
        assert code is None, f"{command} was refused: {code}"

    def attempt(self, command: c.Command, *, by: Actor) -> str | None:
        """Have a command handled; the code of its refusal, None if it was not refused."""
        self._commands += 1
        work = self._work(command, by)
        try:
            decide(command, work)
        except Refusal as refusal:
            return CODES[refusal.code].code  # every refusal is registered
        for draft in work.drafts:
            stored = CODEC.encode(draft.event, draft.meta)
            assert CODEC.decode(draft.event.TOPIC, stored) == (draft.event, draft.meta)
            self._append(draft.originator_id, draft.event)
        for stream, versioned in work.changes.items():
            assert self.states[stream] == versioned
        return None

    def _work(self, command: c.Command, by: Actor) -> Work:
        envelope = Envelope(
            command=command,
            actor=by,
            key=CommandKey(f"client:{by.id}", str(self._commands)),
            fingerprint=bytes(32),
            correlation_id=UUID(int=self._commands),
        )
        return Work(
            envelope,
            now=self.now,
            packs=ALL_PACKS,
            shown=self.states.get,
            known=self.states.__contains__,
            careful=True,
        )

    def _append(self, stream: UUID, event: Event) -> None:
        state, version = self.states.get(stream, (None, 0))
        after = event.apply(state)
        kind = event.TOPIC.partition(".")[0]
        self.seen[kind, status_of(state), event.TOPIC, status_of(after)] += 1
        self.states[stream] = (after, version + 1)
        self.history[stream] = (*self.history.get(stream, ()), event)

    def check_replay(self) -> None:
        """Every state is what its events lead to, from the first one on."""
        for stream, events in self.history.items():
            state: Any = None
            for event in events:
                state = event.apply(state)
            assert (state, len(events)) == self.states[stream]
