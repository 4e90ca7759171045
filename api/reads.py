"""The answers to questions: one function a question, each asking for the right to see before it shows."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Generic, NoReturn, TypeVar
from uuid import UUID

import msgspec

from api import answers as a
from api.errors import Fault, NothingThere, RequestUnacceptable, RightMissing, TryAgain
from api.operations import Operation, operation_of_entry, operation_of_posting
from api.questions import BOOK_AFTER_S, Question, Sources
from api.requests import PAGE_ITEMS_MAX, path_position
from api.rights import Viewer
from domain.commands import ALLOWED
from projections import rows

SCAN_PAGES_MAX = 5  # of rows that are looked through for one page of those that a viewer may see

Item = TypeVar("Item")
RowKind = TypeVar("RowKind", rows.Company, rows.Campaign, rows.Investor, rows.Investment)


class Page(msgspec.Struct, Generic[Item], frozen=True, kw_only=True):
    """A part of a list. `next` is what to give as `after` for the next part, null at the end."""

    items: list[Item]
    next: int | None


def _page(found: Sequence[Any], show: Callable[[Any], Item], limit: int) -> Page[Item]:
    last = found[-1].position if len(found) == limit else None
    return Page(items=[show(row) for row in found], next=last)


def _nothing(kind: str, name: object) -> NoReturn:
    raise NothingThere("not-found", f"there is no {kind} {name}", fields={"kind": kind, "id": str(name)})


async def _own_page(
    read: Callable[..., Awaitable[list[RowKind]]], show: Callable[[RowKind], Item], question: Question
) -> Page[Item]:
    """The viewer's own things; everybody's for whoever sees all."""
    owner = None if question.viewer.sees_all else question.viewer.principal
    found = await read(owner=owner, after=question.after, limit=question.limit)
    return _page(found, show, question.limit)


# Companies.


async def companies(sources: Sources, question: Question) -> Page[a.Company]:
    return await _own_page(sources.book.companies, a.company, question)


async def company(sources: Sources, question: Question) -> a.Company:
    found = await sources.book.company(question.id)
    if found is None or not question.viewer.sees(found.owner):
        _nothing("company", question.id)
    return a.company(found)


# Campaigns.


async def _campaign(sources: Sources, question: Question, campaign_id: UUID) -> rows.Campaign:
    found = await sources.book.campaign(campaign_id)
    if found is None or not question.viewer.sees_campaign(found.owner, found.status):
        _nothing("campaign", campaign_id)
    return found


async def _own_campaign(sources: Sources, question: Question) -> rows.Campaign:
    """The campaign of the path for its issuer and whoever sees all. Others may know of it, but not who invested."""
    found = await _campaign(sources, question, question.id)
    if not question.viewer.sees(found.owner):
        raise RightMissing("not-yours", "who invested is for the campaign's issuer")
    return found


async def campaigns(sources: Sources, question: Question) -> Page[a.Campaign]:
    """Rows are looked through until the page is full; a page may be short where most of them are not the viewer's."""
    where = {"company_id": question.given.get("company_id"), "status": question.given.get("status")}
    if question.viewer.sees_all:
        found = await sources.book.campaigns(**where, after=question.after, limit=question.limit)
        return _page(found, a.campaign, question.limit)
    seen: list[a.Campaign] = []
    after = question.after
    for _ in range(SCAN_PAGES_MAX):
        found = await sources.book.campaigns(**where, after=after, limit=PAGE_ITEMS_MAX)
        for row in found:
            after = row.position
            if question.viewer.sees_campaign(row.owner, row.status):
                seen.append(a.campaign(row))
                if len(seen) == question.limit:
                    return Page(items=seen, next=after)
        if len(found) < PAGE_ITEMS_MAX:
            return Page(items=seen, next=None)
    return Page(items=seen, next=after)


async def campaign(sources: Sources, question: Question) -> a.Campaign:
    return a.campaign(await _campaign(sources, question, question.id))


async def campaign_investments(sources: Sources, question: Question) -> Page[a.Investment]:
    await _own_campaign(sources, question)
    found = await sources.book.investments(
        campaign_id=question.id,
        status=question.given.get("status"),
        after=question.after,
        limit=question.limit,
    )
    return _page(found, a.investment, question.limit)


async def cap_table(sources: Sources, question: Question) -> Page[a.Shareholding]:
    await _own_campaign(sources, question)
    found = await sources.book.cap_table(question.id, after=question.after, limit=question.limit)
    return _page(found, a.shareholding, question.limit)


async def escrow(sources: Sources, question: Question) -> a.Escrow:
    found = await _campaign(sources, question, question.id)
    return a.escrow(found, await sources.book.escrow(question.id))


# Investors and their investments.


async def investors(sources: Sources, question: Question) -> Page[a.Investor]:
    return await _own_page(sources.book.investors, a.investor, question)


async def investor(sources: Sources, question: Question) -> a.Investor:
    found = await sources.book.investor(question.id)
    if found is None or not question.viewer.sees(found.owner):
        _nothing("investor", question.id)
    return a.investor(found)


async def investments(sources: Sources, question: Question) -> Page[a.Investment]:
    """Everybody's for whoever sees all; others name an investor or a campaign of their own."""
    campaign_id, investor_id = question.given.get("campaign_id"), question.given.get("investor_id")
    if not question.viewer.sees_all:
        await _check_named(sources, question.viewer, campaign_id, investor_id)
    found = await sources.book.investments(
        campaign_id=campaign_id,
        investor_id=investor_id,
        status=question.given.get("status"),
        after=question.after,
        limit=question.limit,
    )
    return _page(found, a.investment, question.limit)


async def _check_named(sources: Sources, viewer: Viewer, campaign_id: UUID | None, investor_id: UUID | None) -> None:
    if campaign_id is None and investor_id is None:
        raise RequestUnacceptable(
            "parameter-not-acceptable",
            "name an investor or a campaign of yours",
            faults=[Fault(name, "missing", "one of the two is needed") for name in ("investor_id", "campaign_id")],
        )
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
    found = await sources.book.investment(question.id)
    if found is None or not await _sees_investment(sources, question.viewer, found):
        _nothing("investment", question.id)
    return a.investment(found)


async def _sees_investment(sources: Sources, viewer: Viewer, found: rows.Investment) -> bool:
    """An investment is its investor's and its campaign's issuer's."""
    if viewer.sees_all:
        return True
    person = await sources.book.investor(found.investor_id)
    offering = await sources.book.campaign(found.campaign_id)
    return viewer.sees(person.owner if person else None, offering.owner if offering else None)


# The journal, and what became of its entries.


async def _sees_stream(sources: Sources, viewer: Viewer, stream: UUID) -> bool:
    """Whether a stream is the viewer's own, whatever it is a stream of."""
    if viewer.sees_all:
        return True
    for read in (sources.book.company, sources.book.campaign, sources.book.investor):
        found = await read(stream)
        if found is not None:
            return viewer.sees(found.owner)
    share = await sources.book.investment(stream)
    return share is not None and await _sees_investment(sources, viewer, share)


async def timeline(sources: Sources, question: Question) -> Page[a.Entry]:
    if not await _sees_stream(sources, question.viewer, question.id):
        _nothing("stream", question.id)
    entries = await sources.journal.ask(lambda reader: reader.stream(question.id))
    if not entries:
        _nothing("stream", question.id)
    later = [entry for entry in entries if entry.position > question.after]
    return _page(later[: question.limit], a.entry, question.limit)


async def events(sources: Sources, question: Question) -> Page[a.Entry]:
    entries = await sources.journal.ask(lambda reader: reader.read(after=question.after, limit=question.limit))
    return _page(entries, a.entry, question.limit)


async def operation(sources: Sources, question: Question) -> Operation:
    position = path_position(question.segments["position"])
    entry = await sources.journal.ask(lambda reader: reader.entry(position))
    if entry is None:
        _nothing("entry at position", position)
    if question.position < position:
        detail = f"the book is at position {question.position}, not yet at {position}"
        fields = {"book_position": question.position, "min_position": position}
        raise TryAgain("book-behind", detail, after_s=BOOK_AFTER_S, fields=fields)
    if not await _sees_stream(sources, question.viewer, entry.stream):
        _nothing("entry at position", position)
    posting = await sources.book.posting(position)
    story = standing = None
    if posting is not None:
        story = await sources.writer.ask(lambda questions: questions.story(position))
        standing = await sources.indexer.ask(lambda questions: questions.standing())
    return operation_of_entry(
        position=position,
        topic=entry.topic,
        stream=entry.stream,
        posting=posting,
        story=story,
        standing=standing,
    )


async def operations(sources: Sources, question: Question) -> Page[Operation]:
    stream: UUID | None = question.given.get("stream")
    if stream is None and not question.viewer.sees_all:
        raise RequestUnacceptable(
            "parameter-not-acceptable",
            "name a stream of yours",
            faults=[Fault("stream", "missing", "this parameter is needed with this key")],
        )
    if stream is not None and not await _sees_stream(sources, question.viewer, stream):
        _nothing("stream", stream)
    found = await sources.book.postings(
        stream=stream, state=question.given.get("state"), after=question.after, limit=question.limit
    )
    return _page(found, operation_of_posting, question.limit)


async def me(_: Sources, question: Question) -> a.Me:
    key = question.key
    commands = sorted(command.__name__ for command, roles in ALLOWED.items() if not roles.isdisjoint(key.roles))
    return a.Me(
        principal=key.principal,
        key_id=key.id,
        roles=list(key.roles),
        expires_at=key.expires_at,
        commands=commands,
    )
