"""How soon a question sees what was just recorded: from the return of a command to the answer at its position."""

from __future__ import annotations

import asyncio
import statistics
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from domain import commands as c
from domain.journal import Ledger
from ops.processes import Loop
from ops.settings import Settings
from ops.wiring import Wiring
from projections.queries import Book
from tests.support.roles import as_room
from tests.support.story import ISSUER, Story, ledger_on

COMMANDS = 200
WAIT_S_MAX = 30.0


def visible_ms(dsn: str) -> dict[str, float]:
    """p50 and p99 in milliseconds, of a book that stands at the journal's head, posted by the loop of its process."""
    with _posting(dsn):
        taken = sorted(asyncio.run(_asked(dsn)))
    return {"visible_p50_ms": statistics.median(taken), "visible_p99_ms": taken[int(len(taken) * 0.99)]}


@contextmanager
def _posting(dsn: str) -> Iterator[None]:
    stop = threading.Event()
    ((name, build),) = Wiring(Settings(database_url=dsn), stop=stop).loops("projections")
    thread = threading.Thread(target=Loop(name, build, stop=stop).run)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


async def _asked(dsn: str) -> list[float]:
    taken: list[float] = []
    book = Book(as_room(dsn, "api"))
    await book.open()
    try:
        with ledger_on(dsn) as ledger:
            for number in range(COMMANDS):
                position = await asyncio.to_thread(_recorded, ledger, number)
                began = time.perf_counter()
                assert await book.wait(position, timeout_s=WAIT_S_MAX), "the book does not come"
                taken.append((time.perf_counter() - began) * 1000)
    finally:
        await book.close()
    return taken


def _recorded(ledger: Ledger, number: int) -> int:
    """A company is registered. The position of the last entry."""
    story = Story(ledger, name=f"visible/{number}")
    outcome = story.do(
        c.RegisterCompany(
            legal_name=story.name,
            tax_number=story.name,
            sector="energy",
            registration_year=2020,
            wallet="0x00000000000000000000000000000000000000A1",
        ),
        ISSUER,
    )
    assert outcome.position is not None
    return outcome.position
