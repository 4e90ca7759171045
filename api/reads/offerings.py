"""Answers to questions about companies and campaigns, each asking for the right to see before it shows."""

from __future__ import annotations

from functools import partial

from api import answers as a
from api.questions import Question, Sources
from api.reads.page import Page, own_page, page
from api.reads.sight import campaign_seen, own_campaign, own_company
from api.requests import PAGE_ITEMS_MAX

SCAN_PAGES_MAX = 5  # of rows that are looked through for one page of those that a viewer may see


async def companies(sources: Sources, question: Question) -> Page[a.Company]:
    return await own_page(sources.book.companies, a.company, question)


async def company(sources: Sources, question: Question) -> a.Company:
    return a.company(await own_company(sources, question))


async def campaigns(sources: Sources, question: Question) -> Page[a.Campaign]:
    """Rows are looked through until the page is full; a page may be short where most of them are not the viewer's."""
    where = {"company_id": question.given.get("company_id"), "status": question.given.get("status")}
    show = partial(a.campaign, now=sources.clock())
    if question.viewer.sees_all:
        found = await sources.book.campaigns(**where, after=question.after, limit=question.limit)
        return page(found, show, question.limit)
    seen: list[a.Campaign] = []
    after = question.after
    for _ in range(SCAN_PAGES_MAX):
        found = await sources.book.campaigns(**where, after=after, limit=PAGE_ITEMS_MAX)
        for row in found:
            after = row.position
            if question.viewer.sees_campaign(row.owner, row.status):
                seen.append(show(row))
                if len(seen) == question.limit:
                    return Page(items=seen, next=after)
        if len(found) < PAGE_ITEMS_MAX:
            return Page(items=seen, next=None)
    return Page(items=seen, next=after)


async def campaign(sources: Sources, question: Question) -> a.Campaign:
    return a.campaign(await campaign_seen(sources, question), now=sources.clock())


async def campaign_investments(sources: Sources, question: Question) -> Page[a.Investment]:
    await own_campaign(sources, question)
    found = await sources.book.investments(
        campaign_id=question.id,
        status=question.given.get("status"),
        after=question.after,
        limit=question.limit,
    )
    return page(found, a.investment, question.limit)


async def waiting_list(sources: Sources, question: Question) -> Page[a.Waiting]:
    """Who waits for room, in the order in which they will be admitted."""
    await own_campaign(sources, question)
    found = await sources.book.investments(
        campaign_id=question.id, status="waiting", after=question.after, limit=question.limit
    )
    return page(found, a.waiting, question.limit)


async def updates(sources: Sources, question: Question) -> Page[a.Update]:
    """The news of a campaign, for whoever may look at it."""
    await campaign_seen(sources, question)
    found = await sources.book.updates(campaign_id=question.id, after=question.after, limit=question.limit)
    return page(found, a.update, question.limit)
