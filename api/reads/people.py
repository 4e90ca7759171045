"""Answers to questions about investors and their investments."""

from __future__ import annotations

from uuid import UUID

from api import answers as a
from api.errors import RightMissing
from api.questions import Question, Sources
from api.reads.page import Page, name_one_of, nothing, own_page, page
from api.reads.sight import investment_seen
from api.rights import Viewer
from projections import rows


async def investors(sources: Sources, question: Question) -> Page[a.Investor]:
    return await own_page(sources.book.investors, a.investor, question)


async def investor(sources: Sources, question: Question) -> a.Investor:
    return a.investor(await _investor(sources, question))


async def portfolio(sources: Sources, question: Question) -> a.Portfolio:
    """What an investor has in all campaigns, for the investor and whoever sees all."""
    await _investor(sources, question)
    stakes = await sources.book.portfolios.of(question.id)
    rest = [stake for stake in stakes if stake.position > question.after]
    items = rest[: question.limit]
    more = items[-1].position if len(rest) > len(items) else None
    return a.portfolio(question.id, stakes, items=items, next_=more)


async def challenge(sources: Sources, question: Question) -> a.WalletChallenge:
    """What the investor's wallet is to sign; there is none before it was asked for, and once it was answered."""
    found = await _investor(sources, question)
    if found.challenge is None:
        nothing("challenge of investor", question.id)
    return a.challenge(found.id, found.challenge)


async def _investor(sources: Sources, question: Question) -> rows.Investor:
    found = await sources.book.investor(question.id)
    if found is None or not question.viewer.sees(found.owner):
        nothing("investor", question.id)
    return found


async def investments(sources: Sources, question: Question) -> Page[a.Investment]:
    """Everybody's for whoever sees all; others name an investor or a campaign of their own."""
    await check_named(sources, question)
    found = await sources.book.investments(
        campaign_id=question.given.get("campaign_id"),
        investor_id=question.given.get("investor_id"),
        status=question.given.get("status"),
        after=question.after,
        limit=question.limit,
    )
    return page(found, a.investment, question.limit)


async def check_named(sources: Sources, question: Question) -> None:
    """Refuse what neither names an investor or a campaign of the viewer's nor comes from whoever sees all."""
    viewer: Viewer = question.viewer
    campaign_id: UUID | None = question.given.get("campaign_id")
    investor_id: UUID | None = question.given.get("investor_id")
    if viewer.sees_all:
        return
    if campaign_id is None and investor_id is None:
        name_one_of("investor_id", "campaign_id", detail="name an investor or a campaign of yours")
    if investor_id is not None:
        person = await sources.book.investor(investor_id)
        if person is not None and viewer.sees(person.owner):
            return
    if campaign_id is not None:
        offering = await sources.book.campaign(campaign_id)
        if offering is not None and viewer.sees(offering.owner):
            return
    raise RightMissing("not-yours", "neither the investor nor the campaign is yours")


async def investment(sources: Sources, question: Question) -> a.Investment:
    return a.investment(await investment_seen(sources, question))
