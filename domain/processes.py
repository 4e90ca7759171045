"""The processes: they react to entries and to time with commands, so that what must happen happens to everybody."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid5

import msgspec

from domain import commands as c
from domain.allotment import Wanted, pro_rata
from domain.asking import Command
from domain.campaign.money_events import ClosingConfirmed, ClosingStarted, CommitmentReleased, WaitingLeft
from domain.campaign.posting_events import CampaignPostingAbandoned
from domain.campaign.state import Campaign
from domain.due import Due, Settled, command_of, learnt
from domain.errors import JournalCorrupt, Refusal
from domain.investment.events import (
    CommitmentLapsed,
    DepositReclaimed,
    InvestmentAdmitted,
    InvestmentCancelled,
    InvestmentCommitted,
    InvestmentFunded,
    PaymentLost,
    PaymentReceived,
    RefundConfirmed,
    RefundOrdered,
    SharesAllotted,
)
from domain.journal.application import Ledger
from domain.journal.entries import Actor, CommandKey, Entry, Envelope, Outcome
from domain.journal.reader import JournalReader
from domain.progress import Progress
from domain.store import Change, Held, ProcessStore
from domain.values import Terms

ENTRIES_PER_STEP_MAX = 500
INVESTMENTS_PER_CHUNK_MAX = 500
DUE_PER_STEP_MAX = 50
POSTPONED_S = 60
PROCESSES = UUID("c2c4b1a4-52a1-5f0a-86ad-1f0f4c2f7b9e")
NOT_YET = frozenset({"answers-awaited", "not-due", "still-open"})

_encode = msgspec.json.Encoder().encode


def _envelope(name: str, command: Command, *, key: str, cause: Entry | None) -> Envelope:
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
    """Follows the journal: what a campaign's end, and room in a full campaign, mean for each of its investments.

    1. A closing begins where everybody gets a part: each paid commitment is allotted its part, then the closing ends.
    2. A closing, confirmed or abandoned, allots, refunds or lapses each investment of the campaign.
    3. A commitment ends early, or leaves the waiting list: the next one on the list may have room.

    Killed anywhere, it begins again at its position; its commands carry derived keys, so that none happens twice.
    """

    NAME = "settlement"

    def __init__(self, reader: JournalReader, store: ProcessStore, ledger: Ledger) -> None:
        self._reader = reader
        self._store = store
        self._ledger = ledger
        self._terms: dict[UUID, Terms] = {}
        self._position = store.position(self.NAME)

    def step(self) -> Progress:
        """Read up to the next thing to see to, and see to it. The position moves once all of it has happened.

        What it concerns must be known, and nothing later, when it is met: so the entries are learnt up to it first.
        """
        entries: list[Entry] = []
        reaction: Callable[[Entry], None] | None = None
        for entry in self._reader.read(after=self._position, limit=ENTRIES_PER_STEP_MAX):
            entries.append(entry)
            if (reaction := self._reaction(entry)) is not None:
                break
        if entries:
            changes = [change for entry in entries if (change := _learnt(entry)) is not None]
            if reaction is not None:
                self._store.advance(self.NAME, self._position, changes=changes)
                reaction(entries[-1])
                changes = []
            self._position = entries[-1].position
            self._store.advance(self.NAME, self._position, changes=changes)
        lag = max(0, self._reader.head() - self._position)
        return Progress(advanced=len(entries), position=self._position, lag=lag)

    def _reaction(self, entry: Entry) -> Callable[[Entry], None] | None:
        """What an entry asks for; None if nothing."""
        match entry.event:
            case ClosingConfirmed() | CampaignPostingAbandoned(effect="close"):
                return self._end_investments
            case ClosingStarted(cancelled=False) if self._terms_of(entry.stream).oversubscription == "pro_rata":
                return self._allot_parts
            case CommitmentReleased() | WaitingLeft(reason="cancelled"):
                return self._admit if self._terms_of(entry.stream).oversubscription == "first_come" else None
            case _:
                return None

    def _end_investments(self, entry: Entry) -> None:
        # A closing that was abandoned ends the campaign without success, whatever it was to say.
        successful = isinstance(entry.event, ClosingConfirmed) and entry.event.outcome == "successful"
        after: UUID | None = None
        while chunk := self._store.held(entry.stream, after=after, limit=INVESTMENTS_PER_CHUNK_MAX):
            after = chunk[-1].investment_id
            commands = [self._end(held, successful=successful) for held in chunk]
            self._obey(entry, [command for command in commands if command is not None])

    @staticmethod
    def _end(held: Held, *, successful: bool) -> c.AllotShares | c.OrderRefund | c.LapseCommitment | None:
        match held.state:
            case "funded" if successful:
                return c.AllotShares(investment_id=held.investment_id)
            case "funded":
                return c.OrderRefund(investment_id=held.investment_id, reason="campaign failed")
            case "committed" | "waiting" | "paid":
                return c.LapseCommitment(investment_id=held.investment_id, reason="campaign closed")
            case _:
                return None

    def _allot_parts(self, entry: Entry) -> None:
        """Work out everybody's part from the journal alone, so that an auditor gets the same."""
        terms = self._terms_of(entry.stream)
        price = terms.share_price
        paid = self._store.in_state(entry.stream, "paid")
        wanted = [Wanted(held.investment_id, held.amount // price) for held in paid]
        parts = pro_rata(wanted, available=terms.cap // price)
        commands = [c.AllotCommitment(investment_id=key, shares=shares) for key, shares in parts.items()]
        for first in range(0, len(commands), INVESTMENTS_PER_CHUNK_MAX):
            self._obey(entry, commands[first : first + INVESTMENTS_PER_CHUNK_MAX])
        self._obey(entry, [c.CompleteClosing(campaign_id=entry.stream)])

    def _admit(self, entry: Entry) -> None:
        """Nobody overtakes: the list is admitted from its front until there is no room."""
        for held in self._store.in_state(entry.stream, "waiting"):
            command = c.AdmitInvestment(investment_id=held.investment_id)
            key = f"{entry.position}:{held.investment_id}"
            (answer,) = _handle_all(self._ledger, [_envelope(self.NAME, command, key=key, cause=entry)])
            if isinstance(answer, Refusal):
                return

    def _terms_of(self, stream: UUID) -> Terms:
        """The terms of a campaign that is open or was: they change no more."""
        terms = self._terms.get(stream)
        if terms is None:
            versioned = self._ledger.load(stream)
            assert versioned is not None
            assert isinstance(versioned[0], Campaign)
            terms = self._terms[stream] = versioned[0].terms
        return terms

    def _obey(self, entry: Entry, commands: list[Any]) -> None:
        """Have commands handled that no rule can refuse. A refusal means that the journal contradicts itself: stop."""
        envelopes = [
            _envelope(self.NAME, command, key=f"{entry.position}:{_subject(command)}", cause=entry)
            for command in commands
        ]
        for answer in _handle_all(self._ledger, envelopes):
            if isinstance(answer, Refusal):
                raise JournalCorrupt(f"the end of a campaign was refused: {answer.code}: {answer.text}") from answer


def _subject(command: Any) -> UUID:
    subject: UUID = command.campaign_id if isinstance(command, c.CompleteClosing) else command.investment_id
    return subject


def _learnt(entry: Entry) -> Change | None:
    """What an entry says of an investment's place in its campaign."""
    event: Any = entry.event
    match entry.event:
        case InvestmentCommitted(amount=amount, waiting=waiting):
            state = "waiting" if waiting else "committed"
            return Change(event.campaign_id, entry.stream, amount, state, entry.position)
        case InvestmentAdmitted() | PaymentLost(full=True):
            state = "committed"
        case PaymentReceived(full=True):
            state = "paid"
        case InvestmentFunded():
            state = "funded"
        case SharesAllotted():
            state = "allotted"
        case InvestmentCancelled():
            state = "cancelled"
        case CommitmentLapsed():
            state = "lapsed"
        case RefundOrdered():
            state = "refunding"
        case RefundConfirmed() | DepositReclaimed():
            state = "refunded"
        case _:
            return None
    return Change(event.campaign_id, entry.stream, 0, state, 0)


class Scheduler:
    """Sees to what falls due by the clock it is given: deadlines, expiries, and silence after a material change."""

    NAME = "scheduler"

    def __init__(
        self, reader: JournalReader, store: ProcessStore, ledger: Ledger, *, clock: Callable[[], datetime]
    ) -> None:
        self._reader = reader
        self._store = store
        self._ledger = ledger
        self._clock = clock
        self._position = store.position(self.NAME)

    def step(self) -> Progress:
        """Learn what falls due and what no longer, then see to what is due. What cannot happen yet is asked again."""
        entries = self._reader.read(after=self._position, limit=ENTRIES_PER_STEP_MAX)
        if entries:
            news = [one for entry in entries for what in learnt(entry) for one in what]
            self._position = entries[-1].position
            self._store.advance(self.NAME, self._position, news=news)
        done = self._see_to(self._store.due(self._clock(), limit=DUE_PER_STEP_MAX))
        lag = max(0, self._reader.head() - self._position)
        return Progress(advanced=len(entries) + done, position=self._position, lag=lag)

    def _see_to(self, due: list[Due]) -> int:
        simple = [one for one in due if one.kind != "reconfirmation"]
        envelopes = [_envelope(self.NAME, command_of(one), key=one.key, cause=None) for one in simple]
        # Silence first: a campaign closes only once everybody has answered.
        done = sum(self._take_silence(one) for one in due if one.kind == "reconfirmation")
        for one, answer in zip(simple, _handle_all(self._ledger, envelopes), strict=True):
            done += self._done(one, answer)
        return done

    def _done(self, due: Due, answer: Outcome | Refusal) -> bool:
        """It has happened, now or before, or can never happen: it falls due no longer. Otherwise it is asked again."""
        if isinstance(answer, Refusal) and answer.code in NOT_YET:
            self._store.postpone(due, until=self._clock() + timedelta(seconds=POSTPONED_S))
            return False
        self._store.advance(self.NAME, self._position, news=[Settled(due.kind, due.stream, due.item)])
        return True

    def _take_silence(self, due: Due) -> bool:
        """Cancel every commitment whose investor has not answered a material change, once all of them are known."""
        if self._store.position(Settlement.NAME) < due.position:
            return False
        after: UUID | None = None
        while chunk := self._store.held(due.stream, after=after, limit=INVESTMENTS_PER_CHUNK_MAX):
            after = chunk[-1].investment_id
            envelopes = [
                _envelope(
                    self.NAME,
                    c.CancelUnconfirmed(investment_id=held.investment_id, change_id=due.item),
                    key=f"{due.item}:{held.investment_id}",
                    cause=None,
                )
                for held in chunk
                if held.state in {"committed", "paid", "funded"}
            ]
            for answer in _handle_all(self._ledger, envelopes):
                if isinstance(answer, Refusal):
                    return self._done(due, answer)
        return self._done(due, Outcome(events=(), replayed=False))
