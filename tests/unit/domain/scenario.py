"""Given what happened, when a command comes, then these events follow, or this refusal: the grammar of domain tests.

The same handlers, aggregates and unit of work as in production; only the journal is a dictionary. Every event that a
scenario records also goes through the codec and must come back the same.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec

from domain import topics
from domain.campaign import CampaignDrafted
from domain.commands import Command
from domain.company import CompanyRegistered, company_id
from domain.errors import Refusal
from domain.handlers import decide
from domain.investment import InvestmentCommitted
from domain.investor import InvestorRegistered
from domain.journal import Actor, CommandKey, Envelope, Event
from domain.journal.work import Versioned, Work
from domain.payment import PaymentRecorded, payment_id
from domain.rule_packs import RulePacks, load_packs

NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
CODEC = topics.codec()
PACKS = load_packs(["default", "local"])


def given(*events: Event, now: datetime = NOW, packs: RulePacks = PACKS) -> Given:
    """What happened before. A first event opens a stream; later events of its kind belong to the stream opened last."""
    return Given(now=now, packs=packs).and_given(*events)


class Given:
    def __init__(self, *, now: datetime, packs: RulePacks) -> None:
        self.now = now
        self.states: dict[UUID, Versioned] = {}
        self._packs = packs
        self._open: dict[str, UUID] = {}
        self._count = 0

    def and_given(self, *events: Event) -> Given:
        for event in events:
            kind = event.TOPIC.partition(".")[0]
            first = _first_stream(event)
            stream = self._open[kind] = first or self._open[kind]
            state, version = (None, 0) if first else self.states[stream]
            self.states[stream] = (event.apply(state), version + 1)
        return self

    def when(self, command: Command, *, by: Actor, now: datetime | None = None) -> When:
        self._count += 1
        work = Work(
            Envelope(
                command=command,
                actor=by,
                key=CommandKey(f"client:{by.id}", str(self._count)),
                fingerprint=bytes(32),
                correlation_id=UUID(int=self._count),
            ),
            now=now or self.now,
            packs=self._packs,
            shown=self.states.get,
            known=self.states.__contains__,
            careful=True,
        )
        try:
            decide(command, work)
        except Refusal as refusal:
            return When(self, (), refusal)
        self.states.update(work.changes)
        for draft in work.drafts:
            assert CODEC.decode(draft.event.TOPIC, CODEC.encode(draft.event, draft.meta)) == (draft.event, draft.meta)
        return When(self, tuple(draft.event for draft in work.drafts), None)

    def state(self, kind: type[Any]) -> Any:
        """The state of the one aggregate of this kind."""
        (found,) = [state for state, _ in self.states.values() if isinstance(state, kind)]
        return found


class When(msgspec.Struct, frozen=True):
    """What a command came to: its events, or its refusal."""

    after: Given
    events: tuple[Event, ...]
    refusal: Refusal | None

    def then(self, *events: Event) -> Given:
        assert self.refusal is None, f"refused: {self.refusal.code}: {self.refusal.text}"
        assert self.events == events
        return self.after

    def then_topics(self, *topics: str) -> Given:
        """The same, where only the kinds of the events matter."""
        assert self.refusal is None, f"refused: {self.refusal.code}: {self.refusal.text}"
        assert tuple(event.TOPIC for event in self.events) == topics
        return self.after

    def then_nothing(self) -> Given:
        """It is so already: nothing was recorded, and nothing refused."""
        return self.then()

    def then_refused(self, code: str) -> Refusal:
        assert self.refusal is not None, f"recorded {[event.TOPIC for event in self.events]} instead of refusing"
        assert self.refusal.code == code, f"refused as {self.refusal.code}: {self.refusal.text}"
        return self.refusal


def _first_stream(event: Event) -> UUID | None:
    """The stream that an event opens; None if it belongs to one that is open."""
    match event:
        case CompanyRegistered(tax_number=tax_number):
            return company_id(tax_number)
        case CampaignDrafted(campaign_id=stream):
            return stream
        case InvestmentCommitted(investment_id=stream) | InvestorRegistered(investor_id=stream):
            return stream
        case PaymentRecorded(provider=provider, reference=reference):
            return payment_id(provider, reference)
        case _:
            return None


def replayed(events: Iterable[Event]) -> Any:
    """The state that events of one stream lead to."""
    state = None
    for event in events:
        state = event.apply(state)
    return state
