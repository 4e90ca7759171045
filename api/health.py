"""Whether this process can serve: the database answers, and the book is near the journal's head."""

from __future__ import annotations

import asyncio

import msgspec

from api.desk import Desk
from api.store import DATABASE_AWAY
from domain.journal import JournalReader
from projections.queries import Book

LOOK_S_MAX = 3.0
AWAY_OR_LATE: tuple[type[Exception], ...] = (*DATABASE_AWAY, TimeoutError)


class Readiness(msgspec.Struct, frozen=True, kw_only=True):
    """`reasons` says in sentences why this process is not ready; empty when it is. Unknown figures are null."""

    ready: bool
    reasons: list[str]
    journal_position: int | None
    book_position: int | None
    book_lag: int | None


class Health:
    """`lag_max` counts journal positions: a book further behind than that answers nobody well."""

    def __init__(self, book: Book, journal: Desk[JournalReader], *, lag_max: int) -> None:
        self._book = book
        self._journal = journal
        self._lag_max = lag_max

    async def readiness(self) -> Readiness:
        """Look once. Never raises for a database that is away: that is an answer."""
        try:
            async with asyncio.timeout(LOOK_S_MAX):
                position = await self._book.position()
                head = await self._journal.ask(lambda reader: reader.head())
        except AWAY_OR_LATE:
            return Readiness(
                ready=False,
                reasons=["the database cannot be reached"],
                journal_position=None,
                book_position=None,
                book_lag=None,
            )
        lag = max(0, head - position)
        reasons = []
        if lag > self._lag_max:
            reasons.append(f"the book is {lag} positions behind the journal, more than {self._lag_max}")
        return Readiness(
            ready=not reasons, reasons=reasons, journal_position=head, book_position=position, book_lag=lag
        )
