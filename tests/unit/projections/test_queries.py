"""The questions to the book: waiting, pages, what is not there, and that asking changes nothing."""

from __future__ import annotations

import asyncio

import psycopg
import pytest

from projections.queries import Book
from projections.views import TABLES
from tests.support.story import named
from tests.unit.projections.posted import ask, post


def test_waiting_for_a_position_ends_when_it_is_posted_and_not_before(told: str) -> None:
    async def waits(book: Book) -> tuple[bool, bool]:
        early = await book.wait(10, timeout_s=0.01)
        waiting = asyncio.create_task(book.wait(10, timeout_s=30))
        await asyncio.get_running_loop().run_in_executor(None, post, told)
        return early, await waiting

    assert ask(told, waits) == (False, True)


def test_whoever_waits_hears_of_progress_after_the_connections_were_lost(told: str) -> None:
    async def waits(book: Book) -> bool:
        waiting = asyncio.create_task(book.wait(10, timeout_s=30))
        await book.wait(1, timeout_s=0.01)
        await asyncio.to_thread(_kill_all_others, told)
        await asyncio.to_thread(post, told)
        return await waiting

    assert ask(told, waits)


def _kill_all_others(dsn: str) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


def test_a_position_that_is_posted_already_is_not_waited_for(told: str) -> None:
    position = post(told)
    assert ask(told, lambda book: book.wait(position, timeout_s=0.0))


def test_a_question_changes_nothing(told: str) -> None:
    async def write(book: Book) -> None:
        async with book._pool.connection() as connection:
            await connection.execute("DELETE FROM book.lines")

    with pytest.raises((psycopg.errors.ReadOnlySqlTransaction, psycopg.errors.InsufficientPrivilege)):
        ask(told, write)


def test_pages_follow_each_other_without_gap(told: str) -> None:
    post(told)
    whole = ask(told, lambda book: book.investments(limit=10))
    first = ask(told, lambda book: book.investments(limit=2))
    rest = ask(told, lambda book: book.investments(after=first[-1].position, limit=10))
    assert [row.id for row in (*first, *rest)] == [row.id for row in whole]
    assert len(whole) == 5


def test_the_summary_counts_the_rows_of_every_table(told: str) -> None:
    position = post(told)
    summary = ask(told, lambda book: book.summary())
    assert summary.position == position
    assert set(summary.rows) == {table.name for table in TABLES}
    assert (summary.rows["companies"], summary.rows["investments"]) == (2, 5)


def test_what_is_not_there_is_answered_with_nothing(database: str) -> None:
    assert ask(database, lambda book: book.company(named("nobody"))) is None
    assert ask(database, lambda book: book.escrow(named("nobody"))) is None
    assert ask(database, lambda book: book.posting(1)) is None
    assert ask(database, lambda book: book.summary()).position == 0
