"""What an investment is at a moment: four facets, and the one status that follows from them."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from domain.errors import Refusal
from domain.postings import Posting
from domain.values import ChainFact


class Acknowledgement(msgspec.Struct, frozen=True):
    """A text that the investor acknowledged: its kind, and its hash or the name of its version."""

    kind: str
    text: str


class Source(msgspec.Struct, frozen=True):
    """Where money came from, and how much of it counts: refunds go back there."""

    payment_id: UUID
    provider: str
    reference: str
    amount: int


class ChangeRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A change of a certificate, asked for by one person: revoke, reissue (to a new wallet) or transfer."""

    id: UUID
    kind: str
    wallet: str | None
    reason: str
    evidence: str
    requester: str


class Held(msgspec.Struct, frozen=True):
    """Who holds a certificate, whether it is revoked, and to whom a transfer is approved."""

    holder: str | None
    revoked: bool = False
    transfer_to: str | None = None


class Investment(msgspec.Struct, frozen=True, kw_only=True):
    """State, in four facets.

    Commitment: `waiting` (on the list behind a full campaign), `cancelled` or `lapsed` with a reason.
    Payment: `paid` of `amount` so far, from `sources`; `funded` once it counts.
    Allotment: `allotted` shares, None before.
    Chain: what the chain has confirmed, the holder of the certificate, and the change under way; `reclaimed`: its
    investor took the coin out of the escrow, without a refund; `repaid`: the money went back without the chain.
    `before`: what the certificate was before the change under way; `given_up`: what abandoned changes would make it.
    """

    id: UUID
    campaign_id: UUID
    investor_id: UUID
    wallet: str
    amount: int
    shares: int
    waiting: bool = False
    reflection_ends_at: datetime | None = None
    change_id: UUID | None = None
    cancelled: str | None = None
    lapsed: str | None = None
    paid: int = 0
    sources: tuple[Source, ...] = ()
    funded: bool = False
    allotted: int | None = None
    refund_ordered: bool = False
    recorded: ChainFact | None = None
    certified: ChainFact | None = None
    refunded: ChainFact | None = None
    reclaimed: bool = False
    holder: str | None = None
    revoked: bool = False
    request: ChangeRequest | None = None
    changing: UUID | None = None
    transfer_to: str | None = None
    changes: dict[UUID, ChainFact] = {}
    before: Held | None = None
    given_up: dict[UUID, Held] = {}
    repaid: bool = False
    postings: dict[int, Posting] = {}

    @property
    def on_chain(self) -> frozenset[int]:
        """The positions of the entries whose effects the chain shows."""
        facts = (self.recorded, self.certified, self.refunded, *self.changes.values())
        return frozenset(fact.entry_position for fact in facts if fact is not None)

    @property
    def held(self) -> Held:
        return Held(self.holder, self.revoked, self.transfer_to)

    @property
    def status(self) -> str:
        """One word for the whole: the furthest that any facet has come."""
        if self.ended:
            return self._status_of_end()
        if self.certified is not None:
            return "revoked" if self.revoked else "certified"
        if self.allotted is not None:
            return "allotted"
        if self.funded:
            return "funded"
        if self.waiting:
            return "waiting"
        return "paid" if self.paid == self.amount else "committed"

    def _status_of_end(self) -> str:
        if self.refunded is not None or self.reclaimed or self.repaid:
            return "refunded"
        if self.refund_ordered or (self.cancelled is not None and self.funded):
            return "refunding"
        return "lapsed" if self.cancelled is None else "cancelled"

    @property
    def ended(self) -> bool:
        """Whether it leads to no shares any more."""
        return self.cancelled is not None or self.lapsed is not None or self.refund_ordered or self.reclaimed

    @property
    def due(self) -> int:
        """What the investor has still to pay."""
        return 0 if self.ended or self.waiting else self.amount - self.paid

    def check(self) -> None:
        """What cannot happen: money without a source, more than was committed, or shares without money."""
        assert sum(source.amount for source in self.sources) == self.paid or self.funded
        assert 0 <= self.paid <= self.amount
        assert not self.funded or self.paid == self.amount
        assert self.allotted is None or self.funded

    def check_status(self, *statuses: str) -> None:
        if self.status not in statuses:
            raise Refusal(
                "wrong-status", f"the investment is {self.status}, not {' or '.join(statuses)}", status=self.status
            )
