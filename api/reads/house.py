"""Answers to questions about the journal, what became of its entries, what falls due, and the rules of the house."""

from __future__ import annotations

from uuid import UUID

from api import answers as a
from api.errors import TryAgain
from api.operations import Operation, operation_of_entry, operation_of_posting
from api.questions import BOOK_AFTER_S, Question, Sources
from api.reads.page import Page, name_one_of, nothing, page
from api.reads.sight import sees_stream
from api.requests import path_position
from domain.commands import ALLOWED


async def timeline(sources: Sources, question: Question) -> Page[a.Entry]:
    """One page of a stream's history. A stream that is there, but has nothing after `after`, ends in an empty page."""
    stream, after, limit = question.id, question.after, question.limit
    if not await sees_stream(sources, question.viewer, stream):
        nothing("stream", stream)
    entries = await sources.journal.ask(lambda reader: reader.stream(stream, after=after, limit=limit))
    if not entries and not await sources.journal.ask(lambda reader: reader.stream(stream, limit=1)):
        nothing("stream", stream)
    return page(entries, a.entry, limit)


async def events(sources: Sources, question: Question) -> Page[a.Entry]:
    entries = await sources.journal.ask(lambda reader: reader.read(after=question.after, limit=question.limit))
    return page(entries, a.entry, question.limit)


async def operation(sources: Sources, question: Question) -> Operation:
    position = path_position(question.segments["position"])
    entry = await sources.journal.ask(lambda reader: reader.entry(position))
    if entry is None:
        nothing("entry at position", position)
    if question.position < position:
        detail = f"the book is at position {question.position}, not yet at {position}"
        fields = {"book_position": question.position, "min_position": position}
        raise TryAgain("book-behind", detail, after_s=BOOK_AFTER_S, fields=fields)
    if not await sees_stream(sources, question.viewer, entry.stream):
        nothing("entry at position", position)
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
    stream = await _named_stream(sources, question)
    found = await sources.book.postings(
        stream=stream, state=question.given.get("state"), after=question.after, limit=question.limit
    )
    return page(found, operation_of_posting, question.limit)


async def due(sources: Sources, question: Question) -> Page[a.Due]:
    """What falls due, soonest first; `next` is no position here, only what to give as `after`."""
    stream, limit = await _named_stream(sources, question), question.limit
    kind = question.given.get("kind")
    found = await sources.book.due(
        kind=kind.replace("_", "-") if kind else None, stream=stream, after=question.after, limit=limit
    )
    return Page(items=[a.due(row) for row in found], next=found[-1].number if len(found) == limit else None)


async def _named_stream(sources: Sources, question: Question) -> UUID | None:
    """The stream that is asked about; None for all of them, which only some may see."""
    stream: UUID | None = question.given.get("stream")
    if stream is None and not question.viewer.sees_all:
        name_one_of("stream", detail="name a stream of yours")
    if stream is not None and not await sees_stream(sources, question.viewer, stream):
        nothing("stream", stream)
    return stream


async def rule_packs(sources: Sources, _: Question) -> a.RulePackList:
    packs = sources.packs.every()
    newest = frozenset(pack.id for pack in packs if sources.packs.is_newest(pack))
    return a.rule_packs(packs, newest=newest)


async def refusals(_: Sources, __: Question) -> a.RefusalList:
    return a.refusals()


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
