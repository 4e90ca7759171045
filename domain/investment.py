"""The investment: one investor in one campaign, from commitment over funding to certificate or refund."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

import msgspec

from domain.company import same_fact
from domain.errors import Refusal
from domain.journal.entries import Actor, Event
from domain.values import ChainFact, check_amount, check_text

UNAPPLIED_MAX = 20


class UnappliedPayment(msgspec.Struct, frozen=True):
    """Money that came too late to count, owed back to the investor until it is returned."""

    provider: str
    reference: str
    amount: int
    recorder: str
    returned: bool = False


class Investment(msgspec.Struct, frozen=True, kw_only=True):
    """State. `status`: committed, funded, allotted, certified, refunding, refunded, lapsed; chain facts beside it."""

    id: UUID
    campaign_id: UUID
    investor_id: UUID
    wallet: str
    amount: int
    shares: int
    status: str = "committed"
    payment: tuple[str, str] | None = None
    recorded: ChainFact | None = None
    certified: ChainFact | None = None
    refunded: ChainFact | None = None
    unapplied: tuple[UnappliedPayment, ...] = ()

    # Deciders: each refuses or returns the event.

    def fund(self, *, provider: str, reference: str, amount: int) -> Event | None:
        """Record the money received. None if this very payment (provider and reference) is recorded already."""
        check_text(provider, name="provider")
        check_text(reference, name="reference")
        if self.payment is not None:
            if self.payment == (provider, reference) and amount == self.amount:
                return None
            raise Refusal("already-funded", "another payment funded this investment", reference=self.payment[1])
        self._in("committed")
        if amount != self.amount:
            raise Refusal(
                "amount-differs", f"{self.amount} was committed, {amount} received", committed=str(self.amount)
            )
        return InvestmentFunded(
            campaign_id=self.campaign_id,
            wallet=self.wallet,
            provider=provider,
            reference=reference,
            amount=amount,
            shares=self.shares,
        )

    def set_aside(self, *, provider: str, reference: str, amount: int, by: Actor) -> Event | None:
        """Record money that came after the campaign had closed: it cannot count, and it must not be lost.

        None if this very payment is set aside already.
        """
        check_text(provider, name="provider")
        check_text(reference, name="reference")
        check_amount(amount, name="amount")
        known = self._unapplied(provider, reference)
        if known is not None:
            if known.amount == amount:
                return None
            raise Refusal("already-exists", f"payment {reference} is recorded with another amount", field="amount")
        if len(self.unapplied) >= UNAPPLIED_MAX:
            raise Refusal("too-many", f"an investment keeps at most {UNAPPLIED_MAX} payments that came too late")
        return PaymentUnapplied(
            campaign_id=self.campaign_id, provider=provider, reference=reference, amount=amount, recorder=by.id
        )

    def return_payment(self, *, provider: str, reference: str, return_reference: str, by: Actor) -> Event | None:
        """The money of a late payment has gone back; None if that is recorded already. Four eyes."""
        check_text(return_reference, name="return_reference")
        payment = self._unapplied(provider, reference)
        if payment is None:
            raise Refusal("not-found", f"no late payment {reference} is recorded", kind="payment", id=reference)
        if by.id == payment.recorder:
            raise Refusal("four-eyes", "another person than the one who recorded the payment must return it")
        if payment.returned:
            return None
        return PaymentReturned(
            campaign_id=self.campaign_id,
            provider=provider,
            reference=reference,
            amount=payment.amount,
            return_reference=return_reference,
        )

    def confirm_recording(self, fact: ChainFact) -> Event | None:
        if same_fact(self.recorded, fact):
            return None
        if self.payment is None:
            raise Refusal("not-obliged", "nothing obliged the recording of this investment")
        return RecordingConfirmed(on_chain=fact)

    def allot(self) -> Event | None:
        """Allot the shares of a funded investment; None if they are allotted already."""
        if self.status in {"allotted", "certified"}:
            return None
        self._in("funded")
        return SharesAllotted(campaign_id=self.campaign_id, wallet=self.wallet, shares=self.shares)

    def confirm_certificate(self, *, token_id: str, fact: ChainFact) -> Event | None:
        if same_fact(self.certified, fact):
            return None
        if self.status != "allotted":
            raise Refusal("not-obliged", "nothing obliged a certificate of this investment")
        return CertificateConfirmed(token_id=token_id, on_chain=fact)

    def order_refund(self, *, reason: str) -> Event | None:
        """Give the money back. Never blocked by the investor's KYC: it is their own money (seed rule 5)."""
        if self.status in {"refunding", "refunded"}:
            return None
        self._in("funded")
        return RefundOrdered(campaign_id=self.campaign_id, wallet=self.wallet, amount=self.amount, reason=reason)

    def confirm_refund(self, fact: ChainFact) -> Event | None:
        if same_fact(self.refunded, fact):
            return None
        if self.status != "refunding":
            raise Refusal("not-obliged", "nothing obliged a refund of this investment")
        return RefundConfirmed(campaign_id=self.campaign_id, on_chain=fact)

    def lapse(self, *, reason: str) -> Event | None:
        """An unfunded commitment ends with its campaign; None if it is not waiting for money."""
        if self.status != "committed":
            return None
        return CommitmentLapsed(campaign_id=self.campaign_id, amount=self.amount, reason=reason)

    def _unapplied(self, provider: str, reference: str) -> UnappliedPayment | None:
        return next((p for p in self.unapplied if (p.provider, p.reference) == (provider, reference)), None)

    def _in(self, status: str) -> None:
        if self.status != status:
            raise Refusal("wrong-status", f"the investment is {self.status}, not {status}", status=self.status)


def commit(
    *,
    investment_id: UUID,
    campaign_id: UUID,
    investor_id: UUID,
    wallet: str,
    amount: int,
    share_price: int,
    acknowledgement: str,
) -> Event:
    """Decide on a new investment: whole shares only, and the risk text that the investor saw, by its hash."""
    check_amount(amount, name="amount")
    check_text(acknowledgement, name="acknowledgement")
    shares, rest = divmod(amount, share_price)
    if rest:
        raise Refusal("not-whole-shares", f"the amount must be a multiple of {share_price}", field="amount")
    return InvestmentCommitted(
        investment_id=investment_id,
        campaign_id=campaign_id,
        investor_id=investor_id,
        wallet=wallet,
        amount=amount,
        shares=shares,
        acknowledgement=acknowledgement,
    )


class InvestmentCommitted(Event, frozen=True, kw_only=True):
    TOPIC: ClassVar[str] = "investment.committed"
    investment_id: UUID
    campaign_id: UUID
    investor_id: UUID
    wallet: str
    amount: int
    shares: int
    acknowledgement: str

    def apply(self, state: Any) -> Investment:
        return Investment(
            id=self.investment_id,
            campaign_id=self.campaign_id,
            investor_id=self.investor_id,
            wallet=self.wallet,
            amount=self.amount,
            shares=self.shares,
        )


class InvestmentFunded(Event, frozen=True, kw_only=True):
    """Obliges a member of `CampaignImplementation.recordInvestments`."""

    TOPIC: ClassVar[str] = "investment.funded"
    campaign_id: UUID
    wallet: str
    provider: str
    reference: str
    amount: int
    shares: int

    def apply(self, state: Investment) -> Investment:
        return msgspec.structs.replace(state, status="funded", payment=(self.provider, self.reference))


class PaymentUnapplied(Event, frozen=True, kw_only=True):
    """Money came after the campaign had closed. It goes back outside the chain, which never heard of it."""

    TOPIC: ClassVar[str] = "investment.payment_unapplied"
    campaign_id: UUID
    provider: str
    reference: str
    amount: int
    recorder: str

    def apply(self, state: Investment) -> Investment:
        payment = UnappliedPayment(self.provider, self.reference, self.amount, self.recorder)
        return msgspec.structs.replace(state, unapplied=(*state.unapplied, payment))


class PaymentReturned(Event, frozen=True, kw_only=True):
    TOPIC: ClassVar[str] = "investment.payment_returned"
    campaign_id: UUID
    provider: str
    reference: str
    amount: int
    return_reference: str

    def apply(self, state: Investment) -> Investment:
        name = (self.provider, self.reference)
        payments = (
            msgspec.structs.replace(p, returned=True) if (p.provider, p.reference) == name else p
            for p in state.unapplied
        )
        return msgspec.structs.replace(state, unapplied=tuple(payments))


class RecordingConfirmed(Event, frozen=True, kw_only=True):
    TOPIC: ClassVar[str] = "investment.recording_confirmed"
    on_chain: ChainFact

    def apply(self, state: Investment) -> Investment:
        return msgspec.structs.replace(state, recorded=self.on_chain)


class SharesAllotted(Event, frozen=True, kw_only=True):
    """Obliges a member of `NFTShareCertificate.issueCertificates`."""

    TOPIC: ClassVar[str] = "investment.allotted"
    campaign_id: UUID
    wallet: str
    shares: int

    def apply(self, state: Investment) -> Investment:
        return msgspec.structs.replace(state, status="allotted")


class CertificateConfirmed(Event, frozen=True, kw_only=True):
    TOPIC: ClassVar[str] = "investment.certificate_confirmed"
    token_id: str
    on_chain: ChainFact

    def apply(self, state: Investment) -> Investment:
        return msgspec.structs.replace(state, status="certified", certified=self.on_chain)


class RefundOrdered(Event, frozen=True, kw_only=True):
    """Obliges a member of `FundEscrow.recordRefunds`."""

    TOPIC: ClassVar[str] = "investment.refund_ordered"
    campaign_id: UUID
    wallet: str
    amount: int
    reason: str

    def apply(self, state: Investment) -> Investment:
        return msgspec.structs.replace(state, status="refunding")


class RefundConfirmed(Event, frozen=True, kw_only=True):
    TOPIC: ClassVar[str] = "investment.refund_confirmed"
    campaign_id: UUID
    on_chain: ChainFact

    def apply(self, state: Investment) -> Investment:
        return msgspec.structs.replace(state, status="refunded", refunded=self.on_chain)


class CommitmentLapsed(Event, frozen=True, kw_only=True):
    TOPIC: ClassVar[str] = "investment.lapsed"
    campaign_id: UUID
    amount: int
    reason: str

    def apply(self, state: Investment) -> Investment:
        return msgspec.structs.replace(state, status="lapsed")


class InvestmentPostingRejected(Event, frozen=True, kw_only=True):
    """The chain refused for good what an entry of this investment obliged. An operator decides what happens next."""

    TOPIC: ClassVar[str] = "investment.posting_rejected"
    entry_position: int
    code: str
    reason: str

    def apply(self, state: Investment) -> Investment:
        return state
