"""Questions out: how each is let in, waits for the book, is answered from it, and says how far the book had come."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from api.desk import Desk
from api.errors import RightMissing, TryAgain
from api.keys import Key
from api.requests import MIN_POSITION, PAGE_ITEMS, Parameter, parameters, path_ids
from api.rights import EVERYBODY, Viewer
from chain_indexer.questions import Questions as IndexerQuestions
from chain_writer.questions import Questions as WriterQuestions
from domain.journal import JournalReader
from domain.rule_packs import RulePacks
from projections.queries import Book

QUESTION_S_MAX = 15.0
WAIT_S_MAX = 5.0  # for the book to reach a position
WAITS_MAX = 256  # questions that wait for a position at the same time
BOOK_AFTER_S = 1


class Sources(msgspec.Struct, frozen=True, kw_only=True):
    """Whom the questions are put to."""

    book: Book
    journal: Desk[JournalReader]
    writer: Desk[WriterQuestions]
    indexer: Desk[IndexerQuestions]
    packs: RulePacks
    clock: Callable[[], datetime]


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """What a client asks, read and checked. `position` is where the book stood when it was asked."""

    key: Key
    viewer: Viewer
    segments: dict[str, str]
    ids: dict[str, UUID]
    given: dict[str, Any]
    position: int

    @property
    def id(self) -> UUID:
        """The id of the path."""
        return self.ids["id"]

    @property
    def after(self) -> int:
        after: int = self.given.get("after", 0)
        return after

    @property
    def limit(self) -> int:
        limit: int = self.given.get("limit", PAGE_ITEMS)
        return limit


Ask = Callable[[Sources, Question], Awaitable[msgspec.Struct]]


class QuestionRoute(msgspec.Struct, frozen=True, kw_only=True):
    """One question as a route. The answer of a `versioned` one is one thing, whose version becomes the ETag."""

    path: str
    name: str
    summary: str
    ask: Ask
    answer: Any
    parameters: tuple[Parameter, ...] = ()
    roles: frozenset[str] = EVERYBODY
    versioned: bool = False


class Questions:
    """Answers every question of the route table."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources
        self._waits = 0

    async def take(self, route: QuestionRoute, request: Request, key: Key) -> Response:
        """Read and answer one question. Raises what `api.problems` knows to tell."""
        if route.roles.isdisjoint(key.roles):
            raise RightMissing(
                "role-not-allowed",
                f"this question is for {', '.join(sorted(route.roles))}; the key has {', '.join(key.roles)}",
                fields={"roles": sorted(route.roles)},
            )
        segments = request.path_params
        ids = path_ids({name: given for name, given in segments.items() if name != "position"})
        given = parameters(request, (*route.parameters, MIN_POSITION))
        try:
            async with asyncio.timeout(QUESTION_S_MAX):
                position = await self._reached(given.get("min_position", 0))
                question = Question(
                    key=key,
                    viewer=Viewer(principal=key.principal, roles=frozenset(key.roles)),
                    segments=segments,
                    ids=ids,
                    given=given,
                    position=position,
                )
                answer = await route.ask(self._sources, question)
        except TimeoutError:
            detail = f"there was no answer within {QUESTION_S_MAX:.0f} s"
            raise TryAgain("answer-late", detail, after_s=BOOK_AFTER_S) from None
        headers = {"Ledger-Position": str(position)}
        if route.versioned:
            version: int = getattr(answer, "version")  # noqa: B009  # the table promises it
            headers["ETag"] = f'"v{version}"'
        return Response(msgspec.json.encode(answer), media_type="application/json", headers=headers)

    async def _reached(self, wanted: int) -> int:
        """Where the book stands, once that is at least as far as wanted. Read before the answer: it knows that much."""
        position = await self._sources.book.position()
        if position >= wanted:
            return position
        if self._waits >= WAITS_MAX:
            detail = f"{WAITS_MAX} questions wait for the book already"
            raise TryAgain("too-many-waiting", detail, after_s=BOOK_AFTER_S)
        self._waits += 1
        try:
            reached = await self._sources.book.wait(wanted, timeout_s=WAIT_S_MAX)
        finally:
            self._waits -= 1
        position = await self._sources.book.position()
        if not reached or position < wanted:
            detail = f"the book is at position {position}, not yet at {wanted}"
            fields = {"book_position": position, "min_position": wanted}
            raise TryAgain("book-behind", detail, after_s=BOOK_AFTER_S, fields=fields)
        return position
