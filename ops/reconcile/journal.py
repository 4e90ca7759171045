"""The journal's side: every entry folded by the domain, with what each obliged and what confirmed or rejected it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import msgspec

from abis import Generation
from domain.campaign import CampaignPostingRejected
from domain.company import CompanyPostingRejected
from domain.investment import CertificateTransferred, InvestmentPostingRejected
from domain.journal import Entry, Event, JournalReader
from domain.ledger import LedgerPromoted, generation_id
from domain.payment import Deposit, PaymentReclaimed, PaymentRecorded, PaymentReturned
from domain.postings import PostingAbandoned, PostingReleased
from domain.values import ChainFact, ChainPlace
from ops.reconcile.obligations import Obligation, obligation_of

ENTRIES_PER_READ = 1_000
POSITIONS_SHOWN_MAX = 12


class Confirmation(msgspec.Struct, frozen=True):
    """An entry that says where on the chain an obligation was met."""

    position: int
    stream: UUID
    event: Event
    fact: ChainFact


class CoinFact(msgspec.Struct, frozen=True):
    """An entry that says what others did with coin at the escrow. `block_number` is 0 where only the log's name is
    told."""

    position: int
    stream: UUID
    event: Event
    reference: str
    block_number: int = 0


class Rejection(msgspec.Struct, frozen=True):
    """An entry that says that the chain refused an obligation for good, or that people went on without it."""

    position: int
    code: str
    reason: str


class Stream(msgspec.Struct):
    """One aggregate: its state, the positions that made it, and what of its events no state keeps."""

    kind: str
    state: Any
    positions: list[int]
    first: Entry

    @property
    def shown(self) -> tuple[int, ...]:
        """Its positions for a report; of a long stream the first and the last ones."""
        if len(self.positions) <= POSITIONS_SHOWN_MAX:
            return tuple(self.positions)
        half = POSITIONS_SHOWN_MAX // 2
        return (*self.positions[:half], *self.positions[-half:])


class JournalSide:
    """All that the journal says, taken in entry by entry."""

    def __init__(self, generation: Generation) -> None:
        self.position = 0
        self.streams: dict[UUID, Stream] = {}
        self.obligations: dict[int, Obligation] = {}
        self.leaves: dict[bytes, int] = {}
        self.confirmations: dict[int, Confirmation] = {}  # by the position of the obligation
        self.transfers: dict[int, Confirmation] = {}  # by the position of the approval
        self.elsewhere: set[int] = set()  # obligations that another generation has confirmed
        self.rejections: dict[int, Rejection] = {}  # that no release has come after
        self.abandonments: dict[int, Rejection] = {}
        self.coin: dict[str, list[CoinFact]] = {}  # by the name of the log: one log may say several things
        self.ended: int | None = None  # where the generation ended, if it has: nothing behind that is posted there
        self._generation = generation
        self._named = generation_id(generation)

    def read(self, reader: JournalReader, *, through: int | None = None) -> Iterator[Entry]:
        """Take in what is there, up to a position or to the end, and pass it on."""
        while entries := reader.read(after=self.position, limit=ENTRIES_PER_READ):
            for entry in entries:
                if through is not None and entry.position > through:
                    return
                self.take(entry)
                yield entry

    def take(self, entry: Entry) -> None:
        assert entry.position == self.position + 1
        self.position = entry.position
        known = self.streams.get(entry.stream)
        if known is None:
            state = entry.event.apply(None)
            self.streams[entry.stream] = Stream(entry.topic.partition(".")[0], state, [entry.position], entry)
        else:
            known.state = entry.event.apply(known.state)
            known.positions.append(entry.position)
        self._post(entry)
        self._keep_coin(entry)

    def _keep_coin(self, entry: Entry) -> None:
        place, state = getattr(entry.event, "place", None), self.streams[entry.stream].state
        match entry.event:
            case PaymentRecorded(deposit=Deposit(place=place)):
                pass
            case PaymentReturned() | PaymentReclaimed() as event if state.deposit is not None:
                self._know(CoinFact(entry.position, entry.stream, event, event.return_reference))
            case _:
                pass
        if isinstance(place, ChainPlace):
            self._know(CoinFact(entry.position, entry.stream, entry.event, place.reference, place.block_number))

    def _know(self, fact: CoinFact) -> None:
        if self.ended is None:
            self.coin.setdefault(fact.reference, []).append(fact)

    def _post(self, entry: Entry) -> None:
        obligation = obligation_of(entry, self._generation) if self.ended is None else None
        if obligation is not None:
            self.obligations[entry.position] = obligation
            self.leaves[entry.leaf] = entry.position
        fact = getattr(entry.event, "on_chain", None)
        if isinstance(fact, ChainFact):
            self._confirm(entry, fact)
        match entry.event:
            case LedgerPromoted(generation=promoted, previous=previous):
                self._switch(entry.position, promoted.id, previous)
            case (
                CompanyPostingRejected(entry_position=place, code=code, reason=reason)
                | CampaignPostingRejected(entry_position=place, code=code, reason=reason)
                | InvestmentPostingRejected(entry_position=place, code=code, reason=reason)
            ):
                self.rejections[place] = Rejection(entry.position, code, reason)
            case PostingReleased(entry_position=place):
                self.rejections.pop(place, None)  # it is on its way again
            case PostingAbandoned(entry_position=place, reason=reason):
                self.abandonments[place] = Rejection(entry.position, "abandoned", reason)
            case _:
                pass

    def _confirm(self, entry: Entry, fact: ChainFact) -> None:
        """Where something stands is known of the generation that confirmed it; of the others only that it was."""
        if fact.generation not in {None, self._named}:
            self.elsewhere.add(fact.entry_position)
            return
        known = self.transfers if isinstance(entry.event, CertificateTransferred) else self.confirmations
        known[fact.entry_position] = Confirmation(entry.position, entry.stream, entry.event, fact)

    def _switch(self, position: int, promoted: UUID, previous: UUID) -> None:
        """A promotion: this generation ends, or it begins to live, and what was known of places is of another one."""
        if previous == self._named:
            self.ended = position
        elif promoted == self._named:
            self.forget_places(named=self._named)

    def forget_places(self, *, named: UUID | None = None) -> None:
        """Of confirmations, transfers and coin, keep what the generation of this id confirmed by name, or nothing."""
        for known in (self.confirmations, self.transfers):
            others = [place for place, one in known.items() if named is None or one.fact.generation != named]
            for place in others:
                del known[place]
            self.elsewhere.update(others)
        self.coin.clear()
