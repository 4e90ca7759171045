"""The book's side: every row that the book answers with, and the positions between which it was read."""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from typing import Protocol, TypeVar

import msgspec

from projections.queries import Book
from projections.rows import Row

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
        campaigns = await _all(book.campaigns)
        rows: list[Row] = [*campaigns, *await _all(book.companies), *await _all(book.investors)]
        rows += [*await _all(book.investments), *await _all(book.payments), *await _all(book.releases)]
        rows += [*await _all(book.updates), *await _all(book.postings), *await _all(book.register.certificates)]
        escrows = [await book.escrow(campaign.id) for campaign in campaigns]
        rows += [escrow for escrow in escrows if escrow is not None]
        balances = {named(line.account, line.currency): line.balance for line in await book.trial_balance()}
        return BookSide(before=before, after=await book.position(), rows=rows, balances=balances)
    finally:
        await book.close()


def named(account: str, currency: str) -> str:
    """An account of one currency, for a report."""
    return f"{account} ({currency})"


async def _all(some: Pages[Listed_co]) -> list[Listed_co]:
    """Every page of a list; the position of the last row leads to the next one."""
    found: list[Listed_co] = []
    after = 0
    while page := await some(after=after, limit=ROWS_PER_PAGE):
        found.extend(page)
        after = page[-1].position
    return found
