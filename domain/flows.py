"""What several aggregates do together in one transaction: a commitment ends, money is freed, a campaign closes."""

from __future__ import annotations

from collections.abc import Iterable

from domain.asking import Work, record_if
from domain.campaign import ending, running
from domain.campaign.money_events import FundingWithdrawn, WaitingLeft
from domain.campaign.state import Campaign
from domain.company import exclusivity
from domain.company.state import Company
from domain.investment import funding
from domain.investment.state import Investment, Source
from domain.investor import eligibility
from domain.investor.state import Investor
from domain.journal.entries import Event
from domain.payment import paying
from domain.payment.state import Payment


def end_commitment(investment: Investment, ended: Event, *, reason: str, work: Work) -> None:
    """A commitment ends before its campaign, or with it: room for others, money to its payers, limits relieved.

    Money that counted is unwound: the chain drops the investment, then the refund is confirmed. That is ordered at
    once if the chain has the investment, else when it has (`confirm_recording`).
    """
    campaign = work.load(Campaign, investment.campaign_id)
    pack = campaign.terms.rule_pack
    work.record(investment.id, ended, pack=pack)
    work.record(campaign.id, _room(campaign, investment, reason=reason), pack=pack)
    if investment.funded:
        withdrawn = FundingWithdrawn(investment_id=investment.id, amount=investment.amount)
        work.record(campaign.id, withdrawn, pack=pack)
        if investment.recorded is not None:
            order_unwinding(work.load(Investment, investment.id), work=work)
    else:
        free(investment.sources, reason=reason, work=work)
    investor = work.load(Investor, investment.investor_id)
    record_if(work, investor.id, eligibility.uncount(investor, investment.id))


def _room(campaign: Campaign, investment: Investment, *, reason: str) -> Event:
    if investment.waiting:
        return WaitingLeft(investment_id=investment.id, amount=investment.amount, reason=reason)
    return running.let_go(
        campaign,
        investment_id=investment.id,
        amount=investment.amount,
        reason=reason,
        seen=investment.change_id,
        held=investment.status == "paid",
    )


def order_unwinding(investment: Investment, *, work: Work) -> None:
    """Refund an investment that was cancelled after its money counted, out of a campaign that is open."""
    assert investment.cancelled is not None
    sources = sources_there(investment, work=work)
    ordered = funding.order_refund(investment, reason=investment.cancelled, live=True, sources=sources)
    record_if(work, investment.id, ordered)


def sources_there(investment: Investment, *, work: Work) -> tuple[Source, ...]:
    """Where the money is to go back to: a payment that the provider took back needs no refund."""
    return tuple(source for source in investment.sources if _is_there(source, work))


def _is_there(source: Source, work: Work) -> bool:
    payment = work.find(Payment, source.payment_id)
    return payment is None or payment.applied > 0


def free(sources: Iterable[Source], *, reason: str, work: Work) -> None:
    """Money that did not count is owed back to its payers."""
    for source in sources:
        payment = work.find(Payment, source.payment_id)
        if payment is not None and payment.applied:  # of entries older than payments there is no stream
            amount = min(source.amount, payment.applied)
            work.record(payment.id, paying.free(payment, amount=amount, reason=reason))


def close_if_due(campaign: Campaign, *, work: Work) -> None:
    """Close a campaign that was only waiting for what is on its way."""
    closed = ending.close(work.load(Campaign, campaign.id))
    record_if(work, campaign.id, closed, pack=campaign.terms.rule_pack)


def complete_refunds_if_due(campaign: Campaign, *, work: Work) -> None:
    """End a failed campaign with its last refund; its company is free again."""
    completed = ending.complete_refunds(work.load(Campaign, campaign.id))
    if completed is not None:
        work.record(campaign.id, completed)
        unlock(campaign, reason="refunded", year_used=True, raised=0, work=work)


def pay_back(investment: Investment, *, amount: int, work: Work) -> None:
    """The money of an investment has gone back: its campaign may have waited for just that."""
    campaign = work.load(Campaign, investment.campaign_id)
    ending.check_held(campaign, amount=amount)
    withdrawn = investment.cancelled is not None
    work.record(campaign.id, ending.pay_refund(investment_id=investment.id, amount=amount, withdrawn=withdrawn))
    if withdrawn:
        close_if_due(campaign, work=work)
    else:
        complete_refunds_if_due(campaign, work=work)
        investor = work.load(Investor, investment.investor_id)
        record_if(work, investor.id, eligibility.uncount(investor, investment.id))


def unlock(campaign: Campaign, *, reason: str, year_used: bool, raised: int, work: Work) -> None:
    company = work.load(Company, campaign.company_id)
    event = exclusivity.release(
        company, campaign_id=campaign.id, reason=reason, year_used=year_used, raised=raised, now=work.now
    )
    record_if(work, company.id, event)
