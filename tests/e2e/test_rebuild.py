"""Rebuilding while people work, and rebuilding by a process that is killed: nobody sees it, and nothing is lost."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import msgspec
import psycopg
import pytest

from ops import rebuild
from ops.places import ROOT
from ops.rebuild import Report, Wish
from ops.rebuilt import Silent
from ops.settings import Settings
from projections.queries import Book
from projections.views import VIEWS
from tests.support.crowd import crowd, write
from tests.support.roles import as_room
from tests.support.wait import until
from tests.unit.projections.posted import empty, post, rows_hash, runner_on

pytestmark = [pytest.mark.slow, pytest.mark.parts]

ALL = tuple(view.name for view in VIEWS)
ENTRIES = 8_000
LATER = 100  # rows of the same campaigns that are asked for again and again
KILLS = 5
SEED = 20_261_126


@pytest.fixture
def posted(database: str) -> str:
    """A database with a crowd's journal, posted by a bulk rebuild of the empty book."""
    write(database, crowd(ENTRIES))
    assert _perform(database, ALL).outcome == "swapped"
    return database


def _perform(dsn: str, views: tuple[str, ...]) -> Report:
    return rebuild.perform(Settings(database_url=dsn), Wish(views=views, processes=2), watcher=Silent())


# While people work.


class Reader:
    """Asks the book without a pause, as the API does, and keeps what was wrong."""

    def __init__(self, dsn: str) -> None:
        self._dsn = as_room(dsn, "api")
        self.wrong: list[str] = []
        self.answers = 0

    def run(self, stop: threading.Event) -> None:
        asyncio.run(self._ask(stop))

    async def _ask(self, stop: threading.Event) -> None:
        book = Book(self._dsn)
        await book.open()
        try:
            known = await book.campaigns(limit=LATER)
            before = await book.summary()
            while not stop.is_set():
                now = await book.summary()
                self._check(now.position >= before.position, f"position {now.position} after {before.position}")
                for table, rows in before.rows.items():
                    self._check(now.rows[table] >= rows, f"{now.rows[table]} {table} after {rows}")
                self._check(sum(row.balance for row in await book.trial_balance()) == 0, "the balances' sum")
                for row in known[:: len(known) // 5 or 1]:
                    await self._look_at(book, row)
                before = now
        finally:
            await book.close()

    async def _look_at(self, book: Book, known: Any) -> None:
        row = await book.campaign(known.id)
        self._check(row == known, f"campaign {known.id}")
        held = await book.investments(campaign_id=known.id, limit=10_000)
        self._check(len(held) == known.funded_investments, f"{len(held)} investments of {known.id}")
        escrow = await book.escrow(known.id)
        self._check(escrow is not None and escrow.received == known.raised, f"the escrow of {known.id}")

    def _check(self, right: bool, what: str) -> None:  # noqa: FBT001  # read aloud: check this, what
        self.answers += 1
        if not right:
            self.wrong.append(what)


@contextmanager
def _beside(*works: Callable[[threading.Event], None]) -> Iterator[None]:
    """Works that go on beside the test until it ends; what one of them raises is raised here."""
    stop, raised = threading.Event(), list[BaseException]()

    def guarded(work: Callable[[threading.Event], None]) -> None:
        try:
            work(stop)
        except BaseException as error:
            raised.append(error)
            raise

    threads = [threading.Thread(target=guarded, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert raised == []


def _writer(dsn: str) -> Callable[[threading.Event], None]:
    """Whole campaigns, one commit each, without a pause."""

    def run(stop: threading.Event) -> None:
        for number in count():
            if stop.is_set():
                return
            write(dsn, crowd(1, name=f"load/{number}"))

    return run


def _poster(dsn: str) -> Callable[[threading.Event], None]:
    """The live runner."""

    def run(stop: threading.Event) -> None:
        with runner_on(dsn) as runner:
            while not stop.is_set():
                runner.step()

    return run


def test_a_reader_sees_nothing_of_a_rebuild_and_a_swap_while_writers_write(posted: str) -> None:
    reader = Reader(posted)
    with _beside(_writer(posted), _poster(posted), reader.run):
        until(lambda: reader.answers > 50, "the reader reads")
        first = _position(posted)
        reports = [_perform(posted, ALL), _perform(posted, ("investments", "escrow"))]
        until(lambda: _position(posted) > reports[-1].position, "the runner goes on after the swap")
    assert [report.outcome for report in reports] == ["swapped", "swapped"]
    assert all(one.same for report in reports for one in report.compared)
    assert {one.table for one in reports[0].compared} >= {"campaigns", "investments", "lines"}
    assert reports[0].position > first, "nobody wrote while it went on"
    assert reader.wrong == []
    post(posted)
    after = rows_hash(posted)
    empty(posted)
    _perform(posted, ALL)
    post(posted)
    assert rows_hash(posted) == after


def _position(dsn: str) -> int:
    with psycopg.connect(dsn) as connection:
        row = connection.execute("SELECT position FROM book.progress").fetchone()
    assert row is not None
    return int(row[0])


# Killed.


def test_a_rebuild_killed_at_random_moments_goes_on_and_ends_equal(posted: str, tmp_path: Path) -> None:
    expected, chance = rows_hash(posted), random.Random(SEED)
    killed = 0
    while killed < KILLS:
        process = _started(posted, tmp_path)
        # So many facts more than were there: a new rebuild, slices, indexes. Each is seen at a moment of its own.
        target = _facts(posted) + chance.randint(1, 2)
        until(lambda: _facts(posted) >= target or process.poll() is not None, "it advances")  # noqa: B023
        if process.poll() is None:
            killed += 1
        process.send_signal(signal.SIGKILL)
        process.communicate()
    out, err = _started(posted, tmp_path).communicate()
    report = msgspec.json.decode(out, type=Report)
    assert report.outcome == "swapped", err
    assert all(one.same for one in report.compared)
    assert rows_hash(posted) == expected


def _started(dsn: str, home: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "ops", "rebuild", "--all", "--json", "--processes", "4", "--home", str(home)]
    environment = {**os.environ, "DATABASE_URL": dsn}
    return subprocess.Popen(
        command, cwd=ROOT, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


def _facts(dsn: str) -> int:
    """How far all rebuilds together have come."""
    with psycopg.connect(dsn) as connection:
        row = connection.execute(
            "SELECT (SELECT count(*) FROM book.slices WHERE entries IS NOT NULL)"
            " + (SELECT coalesce(sum(CASE state WHEN 'loading' THEN 1 WHEN 'following' THEN 2 ELSE 3 END), 0)"
            " FROM book.rebuilds)"
        ).fetchone()
    assert row is not None
    return int(row[0])
