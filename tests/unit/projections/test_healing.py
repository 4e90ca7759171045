"""The book's loop as a process runs it: a connection that was lost is made anew, and nothing is posted twice."""

from __future__ import annotations

import threading

import psycopg

from ops.processes import Loop
from ops.settings import Settings
from ops.wiring import Wiring
from tests.support.story import Story, ledger_on
from tests.support.wait import until
from tests.unit.projections.posted import empty, post, rows_hash


def test_the_book_goes_on_after_its_connections_were_lost(told: str) -> None:
    stop = threading.Event()
    ((name, build),) = Wiring(Settings(database_url=told), stop=stop).loops("projections")
    loop = Loop(name, build, stop=stop)
    thread = threading.Thread(target=loop.run)
    thread.start()
    try:
        until(lambda: _lag(told) == 0, "the book is posted")
        assert _lose_connections(told) >= 2
        with ledger_on(told) as ledger:
            Story(ledger, name="more").register_company()
        until(lambda: _lag(told) == 0, "the book is posted again")
    finally:
        stop.set()
        thread.join()
    assert loop.defect is None
    after = rows_hash(told)
    empty(told)
    post(told)
    assert rows_hash(told) == after


def _lag(dsn: str) -> int:
    with psycopg.connect(dsn) as connection:
        row = connection.execute("SELECT size - (SELECT position FROM book.progress) FROM journal.head").fetchone()
    assert row is not None
    return int(row[0])


def _lose_connections(dsn: str) -> int:
    """How many of the book's there were."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        return connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND application_name = 'tandem_book'"
        ).rowcount
