"""The runner: whatever the batches, restarts, crashes and rivals, the same rows."""

from __future__ import annotations

import itertools
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import msgspec
import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.journal import JournalReader
from domain.topics import codec
from projections.errors import BookOvertaken, ViewOutdated
from projections.runner import Runner
from projections.store import BookStore
from projections.views.escrow import ESCROW
from tests.support.roles import as_room
from tests.support.story import Story, ledger_on
from tests.support.wait import until
from tests.unit.projections.posted import empty, post, rows_hash, runner_module, runner_on


@given(sizes=st.lists(st.integers(1, 40), min_size=1, max_size=12), restarts=st.sets(st.integers(0, 60), max_size=4))
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_batches_and_any_restarts_give_the_same_rows(
    told: str, monkeypatch: pytest.MonkeyPatch, sizes: list[int], restarts: set[int]
) -> None:
    expected = _at_once(told)
    empty(told)
    pace = itertools.cycle(sizes)
    steps, done = itertools.count(), False
    while not done:
        with runner_on(told) as runner:
            for step in steps:
                monkeypatch.setattr(runner_module, "ENTRIES_PER_STEP_MAX", next(pace))
                done = not runner.step().advanced
                if done or step in restarts:
                    break
    assert rows_hash(told) == expected


def _at_once(dsn: str) -> str:
    empty(dsn)
    post(dsn)
    return rows_hash(dsn)


def test_a_runner_that_dies_while_it_commits_loses_nothing(told: str) -> None:
    expected = _at_once(told)
    empty(told)
    with psycopg.connect(told) as holder, runner_on(told) as runner, ThreadPoolExecutor(1) as thread:
        # The lines are written last: whoever holds them stops the commit when all other rows are written.
        holder.execute("LOCK TABLE book.lines IN EXCLUSIVE MODE")
        stepping = thread.submit(runner.step)
        until(lambda: _kill_who_waits_for(holder), "the runner waits for the lines")
        with pytest.raises(psycopg.OperationalError):
            stepping.result()
        assert holder.execute("SELECT position FROM book.progress").fetchone() == (0,)
        assert holder.execute("SELECT count(*) FROM book.companies").fetchone() == (0,)
    post(told)
    assert rows_hash(told) == expected


def _kill_who_waits_for(holder: psycopg.Connection[tuple[Any, ...]]) -> bool:
    """Kill the server's process that waits for a lock of this connection's. Whether there was one."""
    return bool(
        holder.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pg_backend_pid() = ANY(pg_blocking_pids(pid))"
        ).fetchall()
    )


def test_a_second_runner_stands_by_and_takes_over(told: str) -> None:
    with runner_on(told) as standby:
        with runner_on(told) as leader:
            assert leader.step().advanced > 0
            with ledger_on(told) as ledger:
                Story(ledger, name="more").register_company()
            assert standby.step().advanced == 0
            assert standby.step().lag > 0
        until(lambda: standby.step().advanced > 0, "the lock of the leader's connection is free")


def test_a_batch_posted_by_another_is_not_posted_again(told: str) -> None:
    post(told)
    before = rows_hash(told)
    store = BookStore(as_room(told, "book"))
    try:
        with pytest.raises(BookOvertaken):
            store.commit([], before=0, position=5)
    finally:
        store.close()
    assert rows_hash(told) == before


def test_rows_of_another_version_of_a_view_are_refused(told: str) -> None:
    post(told)
    reader = JournalReader(as_room(told, "book"), codec=codec())
    store = BookStore(as_room(told, "book"))
    newer = msgspec.structs.replace(ESCROW, version=ESCROW.version + 1)
    try:
        with pytest.raises(ViewOutdated, match="escrow"):
            Runner(reader, store, views=[newer])
    finally:
        store.close()
        reader.close()


def test_a_view_that_came_later_is_refused_over_a_book_that_has_rows(told: str) -> None:
    post(told)
    with psycopg.connect(told, autocommit=True) as connection:
        connection.execute("DELETE FROM book.views WHERE name = 'escrow'")
    with pytest.raises(ViewOutdated, match="escrow"), runner_on(told):
        pass
