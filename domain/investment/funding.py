"""Deciders about the money of an investment: received, lost, allotted, refunded. None: it is so already."""

from __future__ import annotations

from domain.errors import Refusal
from domain.eyes import same_fact
from domain.investment.events import (
    InvestmentFunded,
    InvestmentScaledBack,
    PaymentLost,
    PaymentReceived,
    RecordingConfirmed,
    RefundConfirmed,
    RefundOrdered,
    SharesAllotted,
)
from domain.investment.state import Investment, Source
from domain.journal.entries import Event
from domain.values import ChainFact


def receive(investment: Investment, source: Source, *, counts_at_once: bool) -> Event:
    """Money for this investment, no more than is due. It counts when all of it is there, at once or at the closing."""
    assert 0 < source.amount <= investment.due
    full = source.amount == investment.due
    if full and counts_at_once:
        return InvestmentFunded(
            campaign_id=investment.campaign_id,
            wallet=investment.wallet,
            provider=source.provider,
            reference=source.reference,
            amount=investment.amount,
            shares=investment.shares,
            source=source,
        )
    return PaymentReceived(campaign_id=investment.campaign_id, source=source, full=full)


def lose(investment: Investment, source: Source) -> Event:
    """A part went back to the provider before the whole counted."""
    full = investment.paid == investment.amount
    return PaymentLost(
        campaign_id=investment.campaign_id, payment_id=source.payment_id, amount=source.amount, full=full
    )


def scale_back(investment: Investment, *, shares: int, share_price: int) -> Event | None:
    """Fewer shares than committed, at the closing of an over-subscribed campaign; None if it gets all."""
    assert 0 < shares <= investment.shares
    if shares == investment.shares:
        return None
    amount = shares * share_price
    return InvestmentScaledBack(
        campaign_id=investment.campaign_id, amount=amount, shares=shares, excess=investment.amount - amount
    )


def fund(investment: Investment) -> Event:
    """Let money count that was there before."""
    assert investment.status == "paid"
    last = investment.sources[-1]
    return InvestmentFunded(
        campaign_id=investment.campaign_id,
        wallet=investment.wallet,
        provider=last.provider,
        reference=last.reference,
        amount=investment.amount,
        shares=investment.shares,
    )


def confirm_recording(investment: Investment, fact: ChainFact) -> Event | None:
    if same_fact(investment.recorded, fact):
        return None
    if not investment.funded:
        raise Refusal("not-obliged", "nothing obliged the recording of this investment")
    return RecordingConfirmed(on_chain=fact)


def allot(investment: Investment) -> Event | None:
    """Allot the shares of a funded investment; None if they are allotted already, or its money was taken back."""
    if investment.allotted is not None or investment.reclaimed:
        return None
    investment.check_status("funded")
    return SharesAllotted(campaign_id=investment.campaign_id, wallet=investment.wallet, shares=investment.shares)


def order_refund(investment: Investment, *, reason: str, live: bool, sources: tuple[Source, ...]) -> Event | None:
    """Give the money back, to its sources. Never blocked by KYC: it is the investor's own (seed rule 5)."""
    if investment.refund_ordered or investment.reclaimed:
        return None
    if not investment.funded or investment.allotted is not None:
        raise Refusal("wrong-status", f"the investment is {investment.status}, not funded", status=investment.status)
    return RefundOrdered(
        campaign_id=investment.campaign_id,
        wallet=investment.wallet,
        amount=investment.amount,
        reason=reason,
        live=live,
        sources=sources,
    )


def confirm_refund(investment: Investment, fact: ChainFact) -> Event | None:
    if same_fact(investment.refunded, fact):
        return None
    if not investment.refund_ordered:
        raise Refusal("not-obliged", "nothing obliged a refund of this investment")
    return RefundConfirmed(campaign_id=investment.campaign_id, on_chain=fact)
