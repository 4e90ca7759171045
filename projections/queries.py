"""The questions to the book: what API clients and operators ask, answered from the views alone."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, TypeVar
from uuid import UUID

import psycopg
from psycopg import sql
from psycopg_pool import AsyncConnectionPool

from projections.feed import Feed
from projections.folding import Table
from projections.portfolio import Portfolios
from projections.register import Register
from projections.rows import (
    Balance,
    Campaign,
    Company,
    Due,
    Escrow,
    Investment,
    Investor,
    Line,
    Payment,
    Posting,
    Release,
    Row,
    Summary,
    Update,
)
from projections.store import columns, place, plain, question, row_of
from projections.views import (
    TABLES,
    campaigns,
    companies,
    due,
    escrow,
    investments,
    investors,
    payments,
    postings,
    releases,
    updates,
)

POLL_S = 0.5  # the net under LISTEN: a lost notification costs at most this
RECONNECT_S = 0.5
CONNECT_S_MAX = 5.0  # how long a question waits for a connection

Kind = TypeVar("Kind", bound=Row)

# In the order of time; `after` names the last one seen by its number, wherever in time it stands.
DUE = sql.SQL("""
SELECT {columns} FROM book.due WHERE settled_position IS NULL
AND ({kind}::text IS NULL OR kind = {kind}) AND ({stream}::uuid IS NULL OR stream = {stream})
AND ({after} = 0 OR (at, number) > (SELECT at, number FROM book.due WHERE number = {after}))
ORDER BY at, number LIMIT {limit}
""").format(
    columns=columns(due.TABLE), **{name: sql.Placeholder(name) for name in ("kind", "stream", "after", "limit")}
)


class Book:
    """Read-only, for one event loop. `open` before use, `close` after; the database may be away at either.

    Raises psycopg.OperationalError (psycopg_pool.PoolTimeout is one) when the database cannot be reached.
    """

    def __init__(self, dsn: str, *, pool_size: int = 4) -> None:
        self._dsn = dsn
        self._pool = AsyncConnectionPool(
            dsn,
            min_size=1,
            max_size=pool_size,
            open=False,
            timeout=CONNECT_S_MAX,
            kwargs={"autocommit": True, "options": _read_only(dsn)},
            check=AsyncConnectionPool.check_connection,
        )
        self.register = Register(self._rows)
        self.feed = Feed(self._rows)
        self.portfolios = Portfolios(self._rows)
        self._seen = 0
        self._moved = asyncio.Condition()
        self._closing = asyncio.Event()
        self._listening: asyncio.Task[None] | None = None

    async def open(self) -> None:
        await self._pool.open(wait=False)
        self._listening = asyncio.create_task(self._listen(), name="book-position")

    async def close(self) -> None:
        self._closing.set()
        if self._listening is not None:
            self._listening.cancel()
            with suppress(asyncio.CancelledError):
                await self._listening
        await self._pool.close()

    # Where the book stands.

    async def position(self) -> int:
        """How far the book is posted."""
        (row,) = await self._rows(sql.SQL("SELECT position FROM book.progress"), ())
        return int(row[0])

    async def wait(self, position: int, *, timeout_s: float) -> bool:
        """Wait until the book has reached a position, at most so long. True if it has."""
        if self._seen >= position or await self.position() >= position:
            return True
        async with self._moved:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._moved.wait_for(lambda: self._seen >= position), timeout_s)
        # The listening connection may have been away: the last word is the book's own.
        return self._seen >= position or await self.position() >= position

    async def summary(self) -> Summary:
        """The position and the number of rows of each table."""
        # One statement, so that the counts are those of the position.
        counts = sql.SQL(" UNION ALL ").join(
            sql.SQL("SELECT {}, count(*) FROM {}").format(sql.Literal(table.name), place(table.name))
            for table in TABLES
        )
        query = sql.SQL("SELECT position, counts.* FROM book.progress, ({}) AS counts").format(counts)
        rows = await self._rows(query, ())
        return Summary(position=rows[0][0], rows={table: count for _, table, count in rows})

    async def trial_balance(self, *, campaign_id: UUID | None = None, at: int | None = None) -> list[Balance]:
        """Every account with what it holds, by currency: over all or one campaign, at a position or now. Their sum in
        each currency is zero, or the book is wrong.
        """
        names = Balance.__struct_fields__
        found = await self._rows(question("trial_balance"), {"campaign": campaign_id, "at": at})
        return [Balance(**dict(zip(names, map(plain, row), strict=True))) for row in found]

    # Things. A list is ordered by position; `after` is the position of the last one seen.

    async def company(self, company_id: UUID) -> Company | None:
        return await self._one(Company, companies.TABLE, company_id)

    async def companies(self, *, owner: str | None = None, after: int = 0, limit: int) -> list[Company]:
        return await self._list(Company, companies.TABLE, {"owner": owner}, after, limit)

    async def campaign(self, campaign_id: UUID) -> Campaign | None:
        return await self._one(Campaign, campaigns.TABLE, campaign_id)

    async def campaigns(
        self,
        *,
        company_id: UUID | None = None,
        status: str | None = None,
        owner: str | None = None,
        after: int = 0,
        limit: int,
    ) -> list[Campaign]:
        where = {"company_id": company_id, "status": status, "owner": owner}
        return await self._list(Campaign, campaigns.TABLE, where, after, limit)

    async def releases(
        self, *, campaign_id: UUID | None = None, state: str | None = None, after: int = 0, limit: int
    ) -> list[Release]:
        where = {"campaign_id": campaign_id, "state": state}
        return await self._list(Release, releases.TABLE, where, after, limit)

    async def release(self, campaign_id: UUID, release_id: UUID) -> Release | None:
        return await self._one(Release, releases.TABLE, releases.key_of(campaign_id, release_id))

    async def updates(self, *, campaign_id: UUID | None = None, after: int = 0, limit: int) -> list[Update]:
        return await self._list(Update, updates.TABLE, {"campaign_id": campaign_id}, after, limit)

    async def investor(self, investor_id: UUID) -> Investor | None:
        return await self._one(Investor, investors.TABLE, investor_id)

    async def investors(self, *, owner: str | None = None, after: int = 0, limit: int) -> list[Investor]:
        return await self._list(Investor, investors.TABLE, {"owner": owner}, after, limit)

    async def investment(self, investment_id: UUID) -> Investment | None:
        return await self._one(Investment, investments.TABLE, investment_id)

    async def investments(
        self,
        *,
        campaign_id: UUID | None = None,
        investor_id: UUID | None = None,
        status: str | None = None,
        after: int = 0,
        limit: int,
    ) -> list[Investment]:
        where = {"campaign_id": campaign_id, "investor_id": investor_id, "status": status}
        return await self._list(Investment, investments.TABLE, where, after, limit)

    async def payment(self, payment_id: UUID) -> Payment | None:
        return await self._one(Payment, payments.TABLE, payment_id)

    async def payments(
        self,
        *,
        investment_id: UUID | None = None,
        campaign_id: UUID | None = None,
        state: str | None = None,
        after: int = 0,
        limit: int,
    ) -> list[Payment]:
        """Payments; those of state `unmatched` are the ones that nobody knows the purpose of."""
        where = {"investment_id": investment_id, "campaign_id": campaign_id, "state": state}
        return await self._list(Payment, payments.TABLE, where, after, limit)

    async def escrow(self, campaign_id: UUID) -> Escrow | None:
        """A campaign's money; None before its approval."""
        return await self._one(Escrow, escrow.ESCROWS, campaign_id)

    async def lines(self, *, campaign_id: UUID | None = None, after: int = 0, limit: int) -> list[Line]:
        """The movements of money, of one campaign or all."""
        return await self._list(Line, escrow.LINES, {"campaign_id": campaign_id}, after, limit)

    async def due(
        self, *, kind: str | None = None, stream: UUID | None = None, after: int = 0, limit: int
    ) -> list[Due]:
        """What falls due, in the order of time; `after` is the number of the last one seen."""
        asked = {"kind": kind, "stream": stream, "after": after, "limit": limit}
        return [row_of(Due, values) for values in await self._rows(DUE, asked)]

    async def posting(self, position: int) -> Posting | None:
        """What the entry at this position obliges on the chain; None if it obliges nothing."""
        return await self._one(Posting, postings.TABLE, position)

    async def postings(
        self, *, stream: UUID | None = None, state: str | None = None, after: int = 0, limit: int
    ) -> list[Posting]:
        return await self._list(Posting, postings.TABLE, {"stream": stream, "state": state}, after, limit)

    # How they are asked.

    async def _one(self, kind: type[Kind], table: Table, key: UUID | int | str) -> Kind | None:
        query = sql.SQL("SELECT {} FROM {} WHERE {} = %s").format(
            columns(table), place(table.name), sql.Identifier(table.key)
        )
        for values in await self._rows(query, (key,)):
            row = row_of(kind, values)
            assert isinstance(row, kind)
            return row
        return None

    async def _list(self, kind: type[Kind], table: Table, where: dict[str, Any], after: int, limit: int) -> list[Kind]:
        asked = {name: value for name, value in where.items() if value is not None}
        conditions = [sql.SQL("{} = %s").format(sql.Identifier(name)) for name in asked]
        query = sql.SQL("SELECT {} FROM {} WHERE {} ORDER BY position LIMIT %s").format(
            columns(table), place(table.name), sql.SQL(" AND ").join([*conditions, sql.SQL("position > %s")])
        )
        return [row_of(kind, values) for values in await self._rows(query, (*asked.values(), after, limit))]

    async def _rows(
        self, query: sql.SQL | sql.Composed, parameters: Sequence[Any] | Mapping[str, Any]
    ) -> list[tuple[Any, ...]]:
        async with self._pool.connection() as connection, connection.cursor(binary=True) as rows:
            await rows.execute(query, parameters)
            return await rows.fetchall()

    # Hearing of progress.

    async def _listen(self) -> None:
        """One connection listens for all who wait. Losing it costs them a moment: it is made anew."""
        while not self._closing.is_set():
            try:
                async with await psycopg.AsyncConnection.connect(self._dsn, autocommit=True) as connection:
                    await connection.execute("LISTEN book_position")
                    while not self._closing.is_set():
                        await self._hear(await _position(connection))
                        async for note in connection.notifies(timeout=POLL_S):
                            await self._hear(int(note.payload))
            except psycopg.OperationalError:
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._closing.wait(), RECONNECT_S)

    async def _hear(self, position: int) -> None:
        if position == self._seen:
            return
        async with self._moved:
            self._seen = position  # it may go back: a book that is posted again begins at 0
            self._moved.notify_all()


async def _position(connection: psycopg.AsyncConnection[Any]) -> int:
    rows = await connection.execute("SELECT position FROM book.progress")
    row = await rows.fetchone()
    assert row is not None
    return int(row[0])


def _read_only(dsn: str) -> str:
    """The connection's options, with every transaction read-only: a question changes nothing."""
    given = psycopg.conninfo.conninfo_to_dict(dsn).get("options")
    return f"{given or ''} -c default_transaction_read_only=on".strip()
