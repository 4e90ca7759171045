"""The book's side: every row that the book answers with, and the positions between which it was read."""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from typing import Protocol, TypeVar

import msgspec

from projections.queries import Book
from projections.rows import Campaign, Company, Investment, Investor, Posting, Row

ROWS_PER_PAGE = 1_000


class Placed(Protocol):
    @property
    def position(self) -> int: ...


Listed_co = TypeVar("Listed_co", bound=Placed, covariant=True)


class Pages(Protocol[Listed_co]):
    """A list that the book answers page by page."""

    def __call__(self, *, after: int, limit: int) -> Awaitable[Sequence[Listed_co]]: ...


class BookSide(msgspec.Struct, frozen=True, kw_only=True):
    """`before` and `after` are where the book stood when its reading began and ended."""

    before: int
    after: int
    rows: list[Row]
    balances: dict[str, int]


async def read_book(dsn: str) -> BookSide:
    """Read it all. Raises psycopg.OperationalError while the database is away."""
    book = Book(dsn, pool_size=1)
    await book.open()
    try:
        before = await book.position()
        companies: list[Company] = await _all(book.companies)
        campaigns: list[Campaign] = await _all(book.campaigns)
        investors: list[Investor] = await _all(book.investors)
        investments: list[Investment] = await _all(book.investments)
        postings: list[Posting] = await _all(book.postings)
        escrows = [await book.escrow(campaign.id) for campaign in campaigns]
        balances = {line.account: line.balance for line in await book.trial_balance()}
        rows = [*companies, *campaigns, *investors, *investments, *postings]
        rows += [escrow for escrow in escrows if escrow is not None]
        return BookSide(before=before, after=await book.position(), rows=rows, balances=balances)
    finally:
        await book.close()


async def _all(some: Pages[Listed_co]) -> list[Listed_co]:
    """Every page of a list; the position of the last row leads to the next one."""
    found: list[Listed_co] = []
    after = 0
    while page := await some(after=after, limit=ROWS_PER_PAGE):
        found.extend(page)
        after = page[-1].position
    return found
