"""Deciders about a payment. Each refuses, or returns the event; None: it is so already."""

from __future__ import annotations

from uuid import UUID

from domain.errors import Refusal
from domain.eyes import check_other_eyes
from domain.journal.entries import Actor, Event
from domain.payment.events import PaymentFreed, PaymentMatched, PaymentRecorded, PaymentReturned, PaymentReversed
from domain.payment.state import Payment
from domain.values import amount_max, check_amount, check_text


def check_new(*, provider: str, reference: str, amount: int, currency: str) -> None:
    """Refuse what no provider can have reported."""
    check_text(provider, name="provider")
    check_text(reference, name="reference")
    check_text(currency, name="currency")
    check_amount(amount, name="amount", maximum=amount_max(currency))


def is_recorded(payment: Payment, *, investment_id: UUID | None, amount: int, currency: str) -> bool:
    """Whether this is the very payment; refuses one that says other things under the same provider and reference."""
    if (payment.amount, payment.currency) != (amount, currency):
        text = f"payment {payment.reference} of {payment.provider} is recorded with another amount"
        raise Refusal("already-exists", text, field="amount")
    if investment_id is not None and payment.investment_id != investment_id:
        text = f"payment {payment.reference} of {payment.provider} is recorded for something else"
        raise Refusal("already-exists", text, field="reference", payment_id=str(payment.id))
    return True


def record(  # a payment is what it is
    *,
    provider: str,
    reference: str,
    amount: int,
    currency: str,
    investment_id: UUID | None,
    campaign_id: UUID | None,
    applied: int,
    by: Actor,
) -> Event:
    assert 0 <= applied <= amount
    return PaymentRecorded(
        provider=provider,
        reference=reference,
        amount=amount,
        currency=currency,
        recorder=by.id,
        investment_id=investment_id,
        campaign_id=campaign_id,
        applied=applied,
    )


def match(payment: Payment, *, investment_id: UUID, campaign_id: UUID, applied: int) -> Event:
    assert 0 <= applied <= payment.owed
    return PaymentMatched(investment_id=investment_id, campaign_id=campaign_id, applied=applied)


def check_unmatched(payment: Payment, investment_id: UUID) -> bool:
    """True if the payment waits to be matched; False if it is matched to this investment already."""
    if payment.investment_id == investment_id:
        return False
    if payment.investment_id is not None:
        text = "the payment belongs to another investment"
        raise Refusal("already-exists", text, investment_id=str(payment.investment_id))
    if payment.owed == 0:
        raise Refusal("nothing-owed", "the money of this payment has gone back")
    return True


def free(payment: Payment, *, amount: int, reason: str) -> Event:
    assert 0 < amount <= payment.applied
    return PaymentFreed(amount=amount, reason=reason, campaign_id=payment.campaign_id)


def give_back(payment: Payment, *, return_reference: str, by: Actor) -> Event:
    """What is owed has gone back to its source. Four eyes: not by whoever recorded the payment."""
    check_text(return_reference, name="return_reference")
    check_other_eyes(by, payment.recorder)
    if payment.owed == 0:
        raise Refusal("nothing-owed", "nothing of this payment is owed back")
    return PaymentReturned(amount=payment.owed, return_reference=return_reference, campaign_id=payment.campaign_id)


def reverse(payment: Payment, *, reason: str) -> Event | None:
    """The provider took back all that it had brought and that has not gone back; None if that is recorded already."""
    check_text(reason, name="reason")
    if payment.reversed:
        return None
    if payment.applied + payment.owed == 0:
        raise Refusal("nothing-owed", "the money of this payment has gone back already")
    return PaymentReversed(applied=payment.applied, owed=payment.owed, reason=reason, campaign_id=payment.campaign_id)
