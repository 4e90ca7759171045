"""The processes: they react to entries with commands, so that what a campaign's end obliges happens to everybody."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid5

import msgspec

from domain import commands as c
from domain.campaign import CampaignClosed, ClosingConfirmed, DeploymentConfirmed
from domain.errors import JournalCorrupt, Refusal
from domain.investment import (
    CommitmentLapsed,
    InvestmentCommitted,
    InvestmentFunded,
    RefundConfirmed,
    RefundOrdered,
    SharesAllotted,
)
from domain.journal.application import Ledger
from domain.journal.entries import Actor, CommandKey, Entry, Envelope, Event, Outcome
from domain.journal.reader import JournalReader
from domain.progress import Progress
from domain.store import Change, Held, ProcessStore

ENTRIES_PER_STEP_MAX = 500
INVESTMENTS_PER_CHUNK_MAX = 500
DEADLINES_PER_STEP_MAX = 50
PROCESSES = UUID("c2c4b1a4-52a1-5f0a-86ad-1f0f4c2f7b9e")

_encode = msgspec.json.Encoder().encode


def _envelope(name: str, command: c.Command, *, key: str, cause: Entry | None) -> Envelope:
    return Envelope(
        command=command,
        actor=Actor(name, "process"),
        key=CommandKey(f"process:{name}", key),
        fingerprint=sha256(_encode(command)).digest(),
        correlation_id=cause.meta.correlation_id if cause else uuid5(PROCESSES, key),
        cause=cause.position if cause else None,
    )


def _handle_all(ledger: Ledger, envelopes: list[Envelope]) -> list[Outcome | Refusal]:
    """Submit at once, so that they share commits, and wait for all. A refusal is an answer; anything else is raised."""
    futures = [ledger.submit(envelope) for envelope in envelopes]
    answers: list[Outcome | Refusal] = []
    for future in futures:
        try:
            answers.append(future.result())
        except Refusal as refusal:
            answers.append(refusal)
    return answers


class Settlement:
    """Follows the journal: a confirmed closing allots, refunds or lapses each investment of the campaign.

    Killed anywhere, it begins again at its position; its commands carry derived keys, so that none happens twice.
    """

    NAME = "settlement"

    def __init__(self, reader: JournalReader, store: ProcessStore, ledger: Ledger) -> None:
        self._reader = reader
        self._store = store
        self._ledger = ledger
        self._position = store.position(self.NAME)

    def step(self) -> Progress:
        """Read up to the next confirmed closing and see to it. The position moves once all of it has happened."""
        entries = _through_first_closing(self._reader.read(after=self._position, limit=ENTRIES_PER_STEP_MAX))
        if entries:
            changes = [change for entry in entries if (change := _learnt(entry)) is not None]
            self._store.advance(self.NAME, self._position, changes=changes)
            self._react(entries)
            self._position = entries[-1].position
            self._store.advance(self.NAME, self._position)
        lag = max(0, self._reader.head() - self._position)
        return Progress(advanced=len(entries), position=self._position, lag=lag)

    def _react(self, entries: list[Entry]) -> None:
        refunding: dict[UUID, Entry] = {}
        for entry in entries:
            match entry.event:
                case ClosingConfirmed(outcome=outcome):
                    self._end_investments(entry, successful=outcome == "successful")
                    if outcome == "failed":
                        refunding[entry.stream] = entry  # nobody may have paid: then the refunds are complete now
                case RefundConfirmed(campaign_id=campaign_id):
                    refunding[campaign_id] = entry
                case _:
                    pass
        for campaign_id, entry in refunding.items():
            self._complete_refunds(campaign_id, entry)

    def _end_investments(self, entry: Entry, *, successful: bool) -> None:
        after: UUID | None = None
        while chunk := self._store.held(entry.stream, after=after, limit=INVESTMENTS_PER_CHUNK_MAX):
            after = chunk[-1].investment_id
            commands = [self._end(held, successful=successful) for held in chunk]
            envelopes = [
                _envelope(self.NAME, command, key=f"{entry.position}:{command.investment_id}", cause=entry)
                for command in commands
                if command is not None
            ]
            self._obey(envelopes)

    @staticmethod
    def _end(held: Held, *, successful: bool) -> c.AllotShares | c.OrderRefund | c.LapseCommitment | None:
        match held.state:
            case "funded" if successful:
                return c.AllotShares(investment_id=held.investment_id)
            case "funded":
                return c.OrderRefund(investment_id=held.investment_id, reason="campaign failed")
            case "committed":
                return c.LapseCommitment(investment_id=held.investment_id, reason="campaign closed")
            case _:
                return None

    def _complete_refunds(self, campaign_id: UUID, entry: Entry) -> None:
        refunded, amount, waiting = self._store.refunds(campaign_id)
        if waiting:
            return
        command = c.CompleteRefunds(campaign_id=campaign_id, investments=refunded, amount=amount)
        self._obey([_envelope(self.NAME, command, key=f"{entry.position}:{campaign_id}", cause=entry)])

    def _obey(self, envelopes: list[Envelope]) -> None:
        """Have commands handled that no rule can refuse. A refusal means that the journal contradicts itself: stop."""
        for answer in _handle_all(self._ledger, envelopes):
            if isinstance(answer, Refusal):
                raise JournalCorrupt(f"the end of a campaign was refused: {answer.code}: {answer.text}") from answer


def _through_first_closing(entries: list[Entry]) -> list[Entry]:
    """The entries up to the first confirmed closing: what it ends must be known, and nothing later, when it is met."""
    for place, entry in enumerate(entries, start=1):
        if isinstance(entry.event, ClosingConfirmed):
            return entries[:place]
    return entries


_STATES: dict[type[Event], str] = {
    InvestmentCommitted: "committed",
    InvestmentFunded: "funded",
    SharesAllotted: "allotted",
    RefundOrdered: "refunding",
    CommitmentLapsed: "lapsed",
    RefundConfirmed: "refunded",
}


def _learnt(entry: Entry) -> Change | None:
    """What an entry says of an investment's place in its campaign."""
    event: Any = entry.event
    state = _STATES.get(type(event))
    if state is None:
        return None
    return Change(event.campaign_id, entry.stream, event.amount if state == "committed" else 0, state)


class Deadlines:
    """Closes campaigns whose deadline has passed by the clock it is given."""

    NAME = "deadlines"

    def __init__(
        self, reader: JournalReader, store: ProcessStore, ledger: Ledger, *, clock: Callable[[], datetime]
    ) -> None:
        self._reader = reader
        self._store = store
        self._ledger = ledger
        self._clock = clock
        self._position = store.position(self.NAME)

    def step(self) -> Progress:
        """Learn of new deadlines and of closed campaigns, then close what is due."""
        entries = self._reader.read(after=self._position, limit=ENTRIES_PER_STEP_MAX)
        if entries:
            self._position = entries[-1].position
            self._store.advance(
                self.NAME,
                self._position,
                deadlines=[(e.stream, e.event.deadline) for e in entries if isinstance(e.event, DeploymentConfirmed)],
                passed=[e.stream for e in entries if isinstance(e.event, CampaignClosed)],
            )
        due = self._store.due(self._clock(), limit=DEADLINES_PER_STEP_MAX)
        envelopes = [
            _envelope(
                self.NAME, c.CloseCampaign(campaign_id=campaign_id, reason="deadline"), key=str(campaign_id), cause=None
            )
            for campaign_id in due
        ]
        answers = _handle_all(self._ledger, envelopes)
        # Closed now, or by somebody else before: it waits no longer either way.
        done = [
            campaign_id
            for campaign_id, answer in zip(due, answers, strict=True)
            if isinstance(answer, Outcome) or answer.code == "wrong-status"
        ]
        if done:
            self._store.advance(self.NAME, self._position, passed=done)
        lag = max(0, self._reader.head() - self._position)
        return Progress(advanced=len(entries) + len(done), position=self._position, lag=lag)
