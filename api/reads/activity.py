"""Answers about what has happened: everything for whoever sees all, one's own, and what is public of a campaign."""

from __future__ import annotations

from api import answers as a
from api.questions import Question, Sources
from api.reads.page import Page, name_one_of, nothing, page


async def activity(sources: Sources, question: Question) -> Page[a.Activity]:
    """Newest first: `after` is the position of the last item seen, and what was before it follows."""
    named = {name: question.given.get(name) for name in ("campaign_id", "company_id", "investor_id")}
    public = not question.viewer.sees_all and not await _owns(sources, question)
    found = await sources.book.feed.activity(**named, public=public, after=question.after, limit=question.limit)
    return page(found, a.activity, question.limit)


async def _owns(sources: Sources, question: Question) -> bool:
    """Whether one of the things named is the viewer's: nothing is told then but of it. Else a campaign must be named
    that the viewer may see. Refuses what names neither."""
    given, viewer, book = question.given, question.viewer, sources.book
    owners: list[str | None] = []
    if "campaign_id" in given:
        campaign = await book.campaign(given["campaign_id"])
        if campaign is None or not viewer.sees_campaign(campaign.owner, campaign.status):
            nothing("campaign", given["campaign_id"])
        owners.append(campaign.owner)
    for name, read in (("company_id", book.company), ("investor_id", book.investor)):
        if name in given:
            found = await read(given[name])
            if found is None or not viewer.sees(found.owner):
                nothing(name.removesuffix("_id"), given[name])
            owners.append(found.owner)
    if not owners:
        name_one_of("campaign_id", "company_id", "investor_id", detail="name a campaign, company or investor")
    return viewer.sees(*owners)
