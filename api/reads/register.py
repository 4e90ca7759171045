"""Answers from the register, at any position or moment: who holds what, who held it, and the certificates."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from api import answers as a
from api.errors import Fault, RequestUnacceptable, TryAgain
from api.questions import BOOK_AFTER_S, WAIT_S_MAX, Question, Sources
from api.reads.page import Page, PageAt, nothing, page, page_at
from api.reads.people import check_named
from api.reads.sight import own_campaign, own_company, sees_investment


async def cap_table(sources: Sources, question: Question) -> PageAt[a.Shareholding]:
    await own_campaign(sources, question)
    at = await as_of(sources, question)
    register = sources.book.register
    found = await register.cap_table(question.id, at=at, after=question.after, limit=question.limit)
    return page_at(found, a.shareholding, question.limit, at=at)


async def holders(sources: Sources, question: Question) -> PageAt[a.Holding]:
    await own_campaign(sources, question)
    return await _holdings(sources, question, campaign_id=question.id)


async def company_holders(sources: Sources, question: Question) -> PageAt[a.Holding]:
    """The register over all campaigns of a company."""
    await own_company(sources, question)
    return await _holdings(sources, question, company_id=question.id)


async def _holdings(sources: Sources, question: Question, **whose: UUID) -> PageAt[a.Holding]:
    at = await as_of(sources, question)
    asked: dict[str, Any] = {**whose, "standing": question.given.get("standing", False)}
    found = await sources.book.register.holdings(**asked, at=at, after=question.after, limit=question.limit)
    return page_at(found, a.holding, question.limit, at=at)


async def certificates(sources: Sources, question: Question) -> Page[a.Certificate]:
    """Everybody's for whoever sees all; others name an investor or a campaign of their own."""
    await check_named(sources, question)
    found = await sources.book.register.certificates(
        campaign_id=question.given.get("campaign_id"),
        investor_id=question.given.get("investor_id"),
        state=question.given.get("state"),
        after=question.after,
        limit=question.limit,
    )
    return page(found, a.certificate, question.limit)


async def certificate(sources: Sources, question: Question) -> a.Certificate:
    """For whoever may see its investment."""
    found = await sources.book.register.certificate(question.id)
    share = await sources.book.investment(question.id)
    if found is None or share is None or not await sees_investment(sources, question.viewer, share):
        nothing("certificate", question.id)
    return a.certificate(found)


async def as_of(sources: Sources, question: Question) -> int:
    """The position at which the question is to be answered: that of its `at`, or where the book stands.

    Raises RequestUnacceptable for a moment that is yet to come, TryAgain for what the book has not reached.
    """
    at: int | datetime | None = question.given.get("at")
    if at is None:
        return question.position
    if isinstance(at, datetime):
        if at > sources.clock():
            fault = Fault("at", "wrong-form", "this moment is yet to come: nobody knows what will stand then")
            raise RequestUnacceptable("parameter-not-acceptable", f"at: {fault.message}", faults=[fault])
        moment = at
        at = await sources.journal.ask(lambda reader: reader.position_at(moment))
        if at <= question.position or await sources.book.wait(at, timeout_s=WAIT_S_MAX):
            return at
    if at > question.position:
        detail = f"the book is at position {question.position}, not yet at {at}"
        fields = {"book_position": question.position, "min_position": at}
        raise TryAgain("book-behind", detail, after_s=BOOK_AFTER_S, fields=fields)
    return at
