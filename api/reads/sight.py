"""Whose a thing is, as the book knows it: what decides whether a viewer may see it."""

from __future__ import annotations

from uuid import UUID

from api.errors import RightMissing
from api.questions import Question, Sources
from api.reads.page import nothing
from api.rights import Viewer
from projections import rows


async def campaign_seen(sources: Sources, question: Question) -> rows.Campaign:
    """The campaign of the path, for whoever may see it."""
    found = await sources.book.campaign(question.id)
    if found is None or not question.viewer.sees_campaign(found.owner, found.status):
        nothing("campaign", question.id)
    return found


async def own_campaign(sources: Sources, question: Question) -> rows.Campaign:
    """The campaign of the path for its issuer and whoever sees all. Others may know of it, but not who invested."""
    found = await campaign_seen(sources, question)
    if not question.viewer.sees(found.owner):
        raise RightMissing("not-yours", "who invested is for the campaign's issuer")
    return found


async def own_company(sources: Sources, question: Question) -> rows.Company:
    """The company of the path, for its issuer and whoever sees all."""
    found = await sources.book.company(question.id)
    if found is None or not question.viewer.sees(found.owner):
        nothing("company", question.id)
    return found


async def investment_seen(sources: Sources, question: Question) -> rows.Investment:
    """The investment of the path, for whoever may see it."""
    found = await sources.book.investment(question.id)
    if found is None or not await sees_investment(sources, question.viewer, found):
        nothing("investment", question.id)
    return found


async def sees_investment(sources: Sources, viewer: Viewer, found: rows.Investment) -> bool:
    """An investment is its investor's and its campaign's issuer's."""
    if viewer.sees_all:
        return True
    person = await sources.book.investor(found.investor_id)
    offering = await sources.book.campaign(found.campaign_id)
    return viewer.sees(person.owner if person else None, offering.owner if offering else None)


async def sees_payment(sources: Sources, viewer: Viewer, found: rows.Payment) -> bool:
    """A payment is for whoever may see its investment; one that nobody has matched is nobody's yet."""
    if viewer.sees_all:
        return True
    share = await sources.book.investment(found.investment_id) if found.investment_id is not None else None
    return share is not None and await sees_investment(sources, viewer, share)


async def sees_stream(sources: Sources, viewer: Viewer, stream: UUID) -> bool:
    """Whether a stream is the viewer's own, whatever it is a stream of."""
    if viewer.sees_all:
        return True
    for read in (sources.book.company, sources.book.campaign, sources.book.investor):
        found = await read(stream)
        if found is not None:
            return viewer.sees(found.owner)
    share = await sources.book.investment(stream)
    if share is not None:
        return await sees_investment(sources, viewer, share)
    money = await sources.book.payment(stream)
    return money is not None and await sees_payment(sources, viewer, money)
