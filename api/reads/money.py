"""Answers to questions about money: payments, releases, and what each campaign has, holds and owes."""

from __future__ import annotations

from api import answers as a
from api.questions import Question, Sources
from api.reads.page import Page, nothing, page
from api.reads.register import as_of
from api.reads.sight import campaign_seen, investment_seen, own_campaign, sees_payment


async def payments(sources: Sources, question: Question) -> Page[a.Payment]:
    """Every payment, for whoever sees all; `state=unmatched` are those that nobody knows the purpose of."""
    found = await sources.book.payments(
        investment_id=question.given.get("investment_id"),
        campaign_id=question.given.get("campaign_id"),
        state=question.given.get("state"),
        after=question.after,
        limit=question.limit,
    )
    return page(found, a.payment, question.limit)


async def payment(sources: Sources, question: Question) -> a.Payment:
    found = await sources.book.payment(question.id)
    if found is None or not await sees_payment(sources, question.viewer, found):
        nothing("payment", question.id)
    return a.payment(found)


async def investment_payments(sources: Sources, question: Question) -> Page[a.Payment]:
    """What was paid for an investment, for whoever may see it."""
    await investment_seen(sources, question)
    found = await sources.book.payments(investment_id=question.id, after=question.after, limit=question.limit)
    return page(found, a.payment, question.limit)


async def releases(sources: Sources, question: Question) -> Page[a.Release]:
    """Every tranche of a campaign's money, for its issuer and whoever sees all."""
    await own_campaign(sources, question)
    found = await sources.book.releases(
        campaign_id=question.id, state=question.given.get("state"), after=question.after, limit=question.limit
    )
    return page(found, a.release, question.limit)


async def escrow(sources: Sources, question: Question) -> a.Escrow:
    found = await campaign_seen(sources, question)
    return a.escrow(found, await sources.book.escrow(question.id))


async def trial_balance(sources: Sources, question: Question) -> a.TrialBalance:
    """Over all campaigns, for whoever sees all."""
    at = await as_of(sources, question)
    return a.trial_balance(await sources.book.trial_balance(at=at), at=at)


async def campaign_trial_balance(sources: Sources, question: Question) -> a.TrialBalance:
    await campaign_seen(sources, question)
    at = await as_of(sources, question)
    return a.trial_balance(await sources.book.trial_balance(campaign_id=question.id, at=at), at=at)
