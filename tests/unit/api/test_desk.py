"""Blocking readers behind an event loop: each used by one question at a time, and made anew when it was lost."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator

import psycopg
import pytest

from api.desk import Desk


class Clerk:
    """A reader on a real connection, that counts itself and notices when two use it at once."""

    def __init__(self, dsn: str, opened: list[Clerk]) -> None:
        self._connection = psycopg.connect(dsn, autocommit=True)
        self._busy = threading.Lock()
        opened.append(self)

    @property
    def closed(self) -> bool:
        return self._connection.closed

    def pid(self) -> int:
        assert self._busy.acquire(blocking=False)
        try:
            row = self._connection.execute("SELECT pg_backend_pid()").fetchone()
            assert row is not None
            return int(row[0])
        finally:
            self._busy.release()

    def close(self) -> None:
        self._connection.close()


@pytest.fixture
def opened() -> list[Clerk]:
    return []


@pytest.fixture
def desk(database: str, opened: list[Clerk]) -> Iterator[Desk[Clerk]]:
    desk = Desk(lambda: Clerk(database, opened), seats=3, name="clerk")
    yield desk
    desk.close()
    assert all(clerk.closed for clerk in opened)


def test_nothing_is_opened_before_the_first_question_and_one_reader_serves_many(
    desk: Desk[Clerk], opened: list[Clerk]
) -> None:
    assert opened == []
    assert len({asyncio.run(desk.ask(Clerk.pid)) for _ in range(5)}) == 1
    assert len(opened) == 1


def test_no_reader_is_used_by_two_and_no_more_are_opened_than_there_are_seats(
    desk: Desk[Clerk], opened: list[Clerk]
) -> None:
    async def ask() -> list[int]:
        return await asyncio.gather(*(desk.ask(Clerk.pid) for _ in range(50)))

    assert len(asyncio.run(ask())) == 50
    assert len(opened) <= 3


def test_a_reader_that_lost_its_connection_is_replaced_without_a_word(
    desk: Desk[Clerk], opened: list[Clerk], database: str
) -> None:
    lost = asyncio.run(desk.ask(Clerk.pid))
    with psycopg.connect(database, autocommit=True) as owner:
        owner.execute("SELECT pg_terminate_backend(%s)", (lost,))
    assert asyncio.run(desk.ask(Clerk.pid)) != lost
    assert [clerk.closed for clerk in opened] == [True, False]


def test_a_question_that_is_at_fault_itself_is_not_put_twice(desk: Desk[Clerk], opened: list[Clerk]) -> None:
    asked = []

    def wrong(_: Clerk) -> None:
        asked.append(1)
        raise LookupError

    asyncio.run(desk.ask(Clerk.pid))
    with pytest.raises(LookupError):
        asyncio.run(desk.ask(wrong))
    assert len(asked) == 1
    assert opened[0].closed  # who knows what state it is in


def test_what_a_new_reader_cannot_answer_either_is_raised(database: str) -> None:
    desk = Desk(lambda: Clerk(database.replace("test_", "nowhere_"), []), seats=1, name="clerk")
    with pytest.raises(psycopg.OperationalError):
        asyncio.run(desk.ask(Clerk.pid))
    desk.close()
