"""What can have happened to an investment. Applying never refuses: each of these is a fact."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

import msgspec

from domain.investment.state import Acknowledgement, ChangeRequest, Held, Investment, Source
from domain.journal.entries import Event
from domain.postings import rejected
from domain.values import ChainFact

replace = msgspec.structs.replace


class InvestmentCommitted(Event, frozen=True, kw_only=True):
    """Schema version 1 had one `acknowledgement`, a text; version 2 has a list of them by kind."""

    TOPIC: ClassVar[str] = "investment.committed"
    VERSION: ClassVar[int] = 2
    investment_id: UUID
    campaign_id: UUID
    investor_id: UUID
    wallet: str
    amount: int
    shares: int
    acknowledgements: tuple[Acknowledgement, ...]
    documents_hash: str | None = None
    reflection_ends_at: datetime | None = None
    change_id: UUID | None = None
    waiting: bool = False

    def apply(self, state: Any) -> Investment:
        return Investment(
            id=self.investment_id,
            campaign_id=self.campaign_id,
            investor_id=self.investor_id,
            wallet=self.wallet,
            amount=self.amount,
            shares=self.shares,
            waiting=self.waiting,
            reflection_ends_at=self.reflection_ends_at,
            change_id=self.change_id,
        )


class InvestmentAdmitted(Event, frozen=True, kw_only=True):
    """There is room now for a commitment that was waiting."""

    TOPIC: ClassVar[str] = "investment.admitted"
    campaign_id: UUID
    change_id: UUID | None = None

    def apply(self, state: Investment) -> Investment:
        return replace(state, waiting=False, change_id=self.change_id)


class InvestmentReconfirmed(Event, frozen=True, kw_only=True):
    TOPIC: ClassVar[str] = "investment.reconfirmed"
    campaign_id: UUID
    change_id: UUID

    def apply(self, state: Investment) -> Investment:
        return replace(state, change_id=self.change_id)


class InvestmentCancelled(Event, frozen=True, kw_only=True):
    """`funded`: the money counted, so that it is to be refunded and the chain's record of it undone."""

    TOPIC: ClassVar[str] = "investment.cancelled"
    campaign_id: UUID
    amount: int
    reason: str
    funded: bool = False
    waiting: bool = False

    def apply(self, state: Investment) -> Investment:
        return _ended(replace(state, cancelled=self.reason))


class CommitmentLapsed(Event, frozen=True, kw_only=True):
    TOPIC: ClassVar[str] = "investment.lapsed"
    campaign_id: UUID
    amount: int
    reason: str

    def apply(self, state: Investment) -> Investment:
        return _ended(replace(state, lapsed=self.reason))


def _ended(state: Investment) -> Investment:
    """Money that did not count yet is the payer's again: the payments' own streams say so."""
    return state if state.funded else replace(state, paid=0, sources=())


class PaymentReceived(Event, frozen=True, kw_only=True):
    """A part of what was committed, or all of it where it counts only once the campaign closes."""

    TOPIC: ClassVar[str] = "investment.payment_received"
    campaign_id: UUID
    source: Source
    full: bool = False

    def apply(self, state: Investment) -> Investment:
        return replace(state, paid=state.paid + self.source.amount, sources=(*state.sources, self.source))


class PaymentLost(Event, frozen=True, kw_only=True):
    """The provider took back a part before the whole counted."""

    TOPIC: ClassVar[str] = "investment.payment_lost"
    campaign_id: UUID
    payment_id: UUID
    amount: int
    full: bool = False

    def apply(self, state: Investment) -> Investment:
        sources = tuple(source for source in state.sources if source.payment_id != self.payment_id)
        return replace(state, paid=state.paid - self.amount, sources=sources)


class InvestmentScaledBack(Event, frozen=True, kw_only=True):
    """Fewer shares than committed: more was paid than the campaign can take. The excess is owed back."""

    TOPIC: ClassVar[str] = "investment.scaled_back"
    campaign_id: UUID
    amount: int
    shares: int
    excess: int

    def apply(self, state: Investment) -> Investment:
        sources = _less(state.sources, self.excess)
        return replace(state, amount=self.amount, shares=self.shares, paid=self.amount, sources=sources)


def _less(sources: tuple[Source, ...], excess: int) -> tuple[Source, ...]:
    """The sources after an excess went back, from the last one on."""
    kept: list[Source] = []
    for source in reversed(sources):
        taken = min(excess, source.amount)
        excess -= taken
        if source.amount > taken:
            kept.append(replace(source, amount=source.amount - taken))
    return tuple(reversed(kept))


class InvestmentFunded(Event, frozen=True, kw_only=True):
    """All of the money is there and counts. Obliges a member of `CampaignImplementation.recordInvestments`.

    `provider` and `reference` are of the payment that made it whole; `last` is its part, where there were others.
    """

    TOPIC: ClassVar[str] = "investment.funded"
    campaign_id: UUID
    wallet: str
    provider: str
    reference: str
    amount: int
    shares: int
    source: Source | None = None

    def apply(self, state: Investment) -> Investment:
        sources = state.sources if self.source is None else (*state.sources, self.source)
        return replace(state, funded=True, paid=self.amount, sources=sources)


class PaymentUnapplied(Event, frozen=True, kw_only=True):
    """Money came after the campaign had closed. No command makes this any more: the payment's own stream says it."""

    TOPIC: ClassVar[str] = "investment.payment_unapplied"
    campaign_id: UUID
    provider: str
    reference: str
    amount: int
    recorder: str

    def apply(self, state: Investment) -> Investment:
        return state


class LatePaymentReturned(Event, frozen=True, kw_only=True):
    """Such money went back. No command makes this any more: the payment's own stream says it."""

    TOPIC: ClassVar[str] = "investment.payment_returned"
    campaign_id: UUID
    provider: str
    reference: str
    amount: int
    return_reference: str

    def apply(self, state: Investment) -> Investment:
        return state


class RecordingConfirmed(Event, frozen=True, kw_only=True):
    TOPIC: ClassVar[str] = "investment.recording_confirmed"
    on_chain: ChainFact

    def apply(self, state: Investment) -> Investment:
        return replace(state, recorded=self.on_chain)


class SharesAllotted(Event, frozen=True, kw_only=True):
    """Obliges a member of `NFTShareCertificate.issueCertificates`."""

    TOPIC: ClassVar[str] = "investment.allotted"
    campaign_id: UUID
    wallet: str
    shares: int

    def apply(self, state: Investment) -> Investment:
        return replace(state, allotted=self.shares)


class CertificateConfirmed(Event, frozen=True, kw_only=True):
    TOPIC: ClassVar[str] = "investment.certificate_confirmed"
    token_id: str
    on_chain: ChainFact

    def apply(self, state: Investment) -> Investment:
        return replace(state, certified=self.on_chain, holder=state.wallet)


class RefundOrdered(Event, frozen=True, kw_only=True):
    """Obliges a member of `FundEscrow.recordRefunds`. `sources` says where the money goes back to.

    `live`: the campaign is open still, so that the refund takes the investment out of its record.
    """

    TOPIC: ClassVar[str] = "investment.refund_ordered"
    campaign_id: UUID
    wallet: str
    amount: int
    reason: str
    live: bool = False
    sources: tuple[Source, ...] = ()

    def apply(self, state: Investment) -> Investment:
        return replace(state, refund_ordered=True)


class RefundConfirmed(Event, frozen=True, kw_only=True):
    TOPIC: ClassVar[str] = "investment.refund_confirmed"
    campaign_id: UUID
    on_chain: ChainFact

    def apply(self, state: Investment) -> Investment:
        return replace(state, refunded=self.on_chain)


class DepositReclaimed(Event, frozen=True, kw_only=True):
    """The investor took the coin of this investment out of the chain's escrow, without a refund: it is over."""

    TOPIC: ClassVar[str] = "investment.deposit_reclaimed"
    campaign_id: UUID
    payment_id: UUID
    amount: int

    def apply(self, state: Investment) -> Investment:
        return replace(state, reclaimed=True)


class CertificateChangeRequested(Event, frozen=True, kw_only=True):
    TOPIC: ClassVar[str] = "investment.certificate_change_requested"
    request: ChangeRequest

    def apply(self, state: Investment) -> Investment:
        return replace(state, request=self.request)


class CertificateChangeDeclined(Event, frozen=True, kw_only=True):
    TOPIC: ClassVar[str] = "investment.certificate_change_declined"
    change_id: UUID
    reason: str

    def apply(self, state: Investment) -> Investment:
        return replace(state, request=None)


class CertificateRevoked(Event, frozen=True, kw_only=True):
    """Obliges `NFTShareCertificate.revoke`. `evidence` is the SHA-256 of what the decision rests on."""

    TOPIC: ClassVar[str] = "investment.certificate_revoked"
    change_id: UUID
    campaign_id: UUID
    wallet: str
    shares: int
    reason: str
    evidence: str

    def apply(self, state: Investment) -> Investment:
        before = state.held
        return replace(state, revoked=True, request=None, changing=self.change_id, transfer_to=None, before=before)


class CertificateReissued(Event, frozen=True, kw_only=True):
    """Obliges `NFTShareCertificate.reissue`: the same token to another wallet (a lost key, a death, a judgement)."""

    TOPIC: ClassVar[str] = "investment.certificate_reissued"
    change_id: UUID
    campaign_id: UUID
    wallet: str
    previous_wallet: str
    shares: int
    reason: str
    evidence: str

    def apply(self, state: Investment) -> Investment:
        after = replace(state, revoked=False, request=None, changing=self.change_id, holder=self.wallet)
        return replace(after, transfer_to=None, before=state.held)


class TransferApproved(Event, frozen=True, kw_only=True):
    """Obliges `NFTShareCertificate.approveTransfer`; the holder then transfers the token itself."""

    TOPIC: ClassVar[str] = "investment.transfer_approved"
    change_id: UUID
    campaign_id: UUID
    wallet: str
    new_wallet: str
    reason: str
    evidence: str

    def apply(self, state: Investment) -> Investment:
        before = state.held
        return replace(state, request=None, changing=self.change_id, transfer_to=self.new_wallet, before=before)


class CertificateChangeConfirmed(Event, frozen=True, kw_only=True):
    """The chain shows a change. `held`: it had been given up meanwhile, and this is what it makes the certificate."""

    TOPIC: ClassVar[str] = "investment.certificate_change_confirmed"
    change_id: UUID
    on_chain: ChainFact
    held: Held | None = None

    def apply(self, state: Investment) -> Investment:
        changes = {**state.changes, self.change_id: self.on_chain}
        if self.held is not None:
            return self._after_all(state, self.held, changes)
        waits = state.transfer_to is not None  # an approved transfer is over once the holder has made it
        return replace(state, changes=changes, changing=state.changing if waits else None, before=None)

    def _after_all(self, state: Investment, held: Held, changes: dict[UUID, ChainFact]) -> Investment:
        given_up = {change: what for change, what in state.given_up.items() if change != self.change_id}
        changing = self.change_id if held.transfer_to is not None else state.changing
        made = replace(state, holder=held.holder, revoked=held.revoked, transfer_to=held.transfer_to)
        return replace(made, changes=changes, given_up=given_up, changing=changing)


class CertificateTransferred(Event, frozen=True, kw_only=True):
    """The chain shows a transfer that was approved."""

    TOPIC: ClassVar[str] = "investment.certificate_transferred"
    change_id: UUID
    from_wallet: str
    to_wallet: str
    on_chain: ChainFact

    def apply(self, state: Investment) -> Investment:
        return replace(state, holder=self.to_wallet, changing=None, transfer_to=None)


class InvestmentPostingRejected(Event, frozen=True, kw_only=True):
    """The chain refused for good what an entry of this investment obliged. An operator decides what happens next."""

    TOPIC: ClassVar[str] = "investment.posting_rejected"
    entry_position: int
    code: str
    reason: str
    effect: str = ""

    def apply(self, state: Investment) -> Investment:
        after: Investment = rejected(state, self.entry_position, self.effect)
        return after
