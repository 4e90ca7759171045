"""What the tests of the book share: a runner on a journal, a question to the book, and a hash of every row."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from typing import Any

import psycopg

from domain.journal import JournalReader
from domain.topics import codec
from projections import runner as runner_module
from projections.queries import Book
from projections.runner import Runner
from projections.store import BookStore
from projections.views import TABLES
from tests.support.roles import as_room


@contextmanager
def runner_on(dsn: str) -> Iterator[Runner]:
    reader = JournalReader(as_room(dsn, "book"), codec=codec())
    store = BookStore(as_room(dsn, "book"))
    try:
        yield Runner(reader, store)
    finally:
        store.close()
        reader.close()


def post(dsn: str) -> int:
    """Post all that the journal has. The position reached."""
    with runner_on(dsn) as runner:
        while (progress := runner.step()).lag or progress.advanced:
            pass
        return progress.position


def ask(dsn: str, question: Callable[[Book], Awaitable[Any]]) -> Any:
    """Put a question to the book, as the API's role."""

    async def answered() -> Any:
        book = Book(as_room(dsn, "api"))
        await book.open()
        try:
            return await question(book)
        finally:
            await book.close()

    return asyncio.run(answered())


def rows_hash(dsn: str) -> str:
    """A hash over every row of the book and its position, in the order of their keys."""
    digest = sha256()
    with psycopg.connect(dsn, autocommit=True) as connection:
        for table in TABLES:
            digest.update(table.name.encode())
            for row in connection.execute(f"SELECT t::text FROM book.{table.name} AS t ORDER BY {table.key}"):
                digest.update(row[0].encode())
        digest.update(str(connection.execute("SELECT position FROM book.progress").fetchone()).encode())
    return digest.hexdigest()


def empty(dsn: str) -> None:
    """Throw the book away."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        for table in TABLES:
            connection.execute(f"TRUNCATE book.{table.name}")
        connection.execute("UPDATE book.progress SET position = 0")


__all__ = ["ask", "empty", "post", "rows_hash", "runner_module", "runner_on"]
