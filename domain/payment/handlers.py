"""Commands of a payment: what the money is for decides what becomes of it, in one transaction."""

from __future__ import annotations

from domain.asking import Command, Handler, Work, record_if
from domain.campaign import running
from domain.campaign.money_events import ClaimRaised, FundingLost
from domain.campaign.state import Campaign
from domain.errors import Refusal
from domain.flows import end_commitment
from domain.investment import committing, funding
from domain.investment.state import Investment, Source
from domain.payment import coin_handlers, deposits, paying
from domain.payment import commands as c
from domain.payment.applying import apply
from domain.payment.state import Payment, payment_id


def _record(command: c.RecordPayment, work: Work) -> None:
    deposits.check_persons(provider=command.provider, currency=command.currency)
    stream = payment_id(command.provider, command.reference)
    known = work.find(Payment, stream)
    if known is not None and paying.is_recorded(
        known, investment_id=command.investment_id, amount=command.amount, currency=command.currency
    ):
        return
    paying.check_new(
        provider=command.provider, reference=command.reference, amount=command.amount, currency=command.currency
    )
    investment = work.load(Investment, command.investment_id) if command.investment_id else None
    applied = 0 if investment is None else _applicable(investment, command.amount, command.currency, work)
    event = paying.record(
        provider=command.provider,
        reference=command.reference,
        amount=command.amount,
        currency=command.currency,
        investment_id=command.investment_id,
        campaign_id=investment.campaign_id if investment else None,
        applied=applied,
        by=work.actor,
    )
    work.create(stream, event)
    if investment is not None and applied:
        apply(investment, Source(stream, command.provider, command.reference, applied), work)


def _match(command: c.MatchPayment, work: Work) -> None:
    payment = work.load(Payment, command.payment_id)
    if not paying.check_unmatched(payment, command.investment_id):
        return
    investment = work.load(Investment, command.investment_id)
    if payment.deposit is not None:
        deposits.check_match(payment, payment.deposit, investment)
    applied = _applicable(investment, payment.owed, payment.currency, work)
    matched = paying.match(payment, investment_id=investment.id, campaign_id=investment.campaign_id, applied=applied)
    work.record(payment.id, matched)
    if applied:
        apply(investment, Source(payment.id, payment.provider, payment.reference, applied), work)


def _applicable(investment: Investment, amount: int, currency: str, work: Work) -> int:
    """How much of an amount may count for an investment: nothing once its campaign is over, never more than is due."""
    campaign = work.load(Campaign, investment.campaign_id)
    if currency != campaign.terms.currency:
        text = f"the campaign settles in {campaign.terms.currency}, not in {currency}"
        raise Refusal("currency-differs", text, field="currency", currency=campaign.terms.currency)
    return min(amount, investment.due) if running.takes_money(campaign) else 0


def _return(command: c.ReturnPayment, work: Work) -> None:
    payment = work.load(Payment, command.payment_id)
    deposits.check_no_deposit(payment)
    event = paying.give_back(payment, return_reference=command.return_reference, by=work.actor)
    work.record(payment.id, event)


def _reverse(command: c.ReversePayment, work: Work) -> None:
    payment = work.load(Payment, command.payment_id)
    deposits.check_no_deposit(payment)
    event = paying.reverse(payment, reason=command.reason)
    if event is None:
        return
    lost, investment_id = payment.applied, payment.investment_id
    record_if(work, payment.id, event)
    if lost and investment_id is not None:
        _lose(work.load(Investment, investment_id), payment, lost, work)


def _lose(investment: Investment, payment: Payment, lost: int, work: Work) -> None:
    """What a reversal means for the investment that the money had counted for.

    1. The money did not count yet: the investor owes it again.
    2. It counted and the campaign is open: the investment is cancelled and undone on the chain.
    3. It is to be refunded, but that is not ordered yet: the refund leaves this payment out.
    4. The campaign is over, or the refund is on its way: the investor owes it.
    """
    campaign = work.load(Campaign, investment.campaign_id)
    if not investment.funded:
        if not investment.ended:
            source = Source(payment.id, payment.provider, payment.reference, lost)
            work.record(investment.id, funding.lose(investment, source))
            if investment.status == "paid":
                work.record(campaign.id, FundingLost(investment_id=investment.id))
    elif running.takes_money(campaign) and not investment.ended:
        event = committing.end(investment, reason="payment reversed")
        end_commitment(investment, event, reason="payment reversed", work=work)
    elif investment.refund_ordered or not _goes_back(investment, campaign):
        claim = ClaimRaised(investment_id=investment.id, payment_id=payment.id, amount=lost)
        work.record(campaign.id, claim)


def _goes_back(investment: Investment, campaign: Campaign) -> bool:
    """Whether the money of an investment is to be refunded, so that a payment which is back already is left out."""
    return investment.cancelled is not None or campaign.outcome in {"failed", "cancelled"}


HANDLERS: dict[type[Command], Handler] = {
    c.RecordPayment: _record,
    c.MatchPayment: _match,
    c.ReturnPayment: _return,
    c.ReversePayment: _reverse,
    **coin_handlers.HANDLERS,
}
