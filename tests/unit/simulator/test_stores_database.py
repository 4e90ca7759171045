"""The database in memory: commits that are whole or nothing, locks that end with their connection, backups."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from chain_writer.errors import GuardBroken
from chain_writer.intents import SlotState
from tests.simulator.stores import (
    IndexerTables,
    MemoryBook,
    MemoryDatabase,
    MemoryIndexerStore,
    MemoryWriterStore,
    WriterTables,
)
from tests.unit.simulator.stores_at_hand import GENERATION, LANE, NAME, allot, begin, mine, obligation

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def fresh(fate: Callable[[str], None] | None = None) -> MemoryDatabase:
    return MemoryDatabase(lambda: NOON, fate)


def away(point: str) -> Callable[[str], None]:
    """The connection breaks at this point."""

    def fate(met: str) -> None:
        if met == point:
            raise psycopg.OperationalError("the connection was lost")

    return fate


def test_fate_is_told_of_each_commit_before_and_after_it() -> None:
    met: list[str] = []
    begin(MemoryWriterStore(fresh(met.append)))
    names = ["position", "promise", "open_lane", "acquire"]
    assert met == [f"{when} writer.{name}" for name in names for when in ("before", "after")]


@pytest.mark.parametrize(("when", "written"), [("before", False), ("after", True)])
def test_a_commit_that_breaks_before_wrote_nothing_and_one_that_breaks_behind_wrote_all(
    when: str, *, written: bool
) -> None:
    database = fresh()
    store = MemoryWriterStore(database)
    lease = begin(store, obligation(1))
    database.fate = away(f"{when} writer.allot")
    with pytest.raises(psycopg.OperationalError):
        allot(store, lease, 5, 1)
    with pytest.raises(psycopg.OperationalError):
        store.lane(LANE)
    another = MemoryWriterStore(database)
    assert [slot.nonce for slot in another.open_slots(LANE)] == ([5] if written else [])
    assert bool(another.ready(GENERATION, NAME, head=0, limit=1)) is not written


def test_what_a_refused_commit_had_written_is_taken_back() -> None:
    database = fresh()
    store = MemoryWriterStore(database)
    lease = begin(store, obligation(1))
    before = database.snapshot()
    with pytest.raises(GuardBroken):
        allot(store, lease, 5, 1, 2)
    assert database.snapshot() == before
    assert store.ready(GENERATION, NAME, head=0, limit=1)  # and the connection lives


def test_a_lock_is_free_once_its_connection_is_gone() -> None:
    database = fresh()
    first, second, third = (MemoryIndexerStore(database) for _ in range(3))
    assert [store.lead() for store in (first, second, first)] == [True, False, True]
    assert MemoryBook(database).lead()  # another lock
    first.close()
    assert second.lead()
    database.fate = away("before indexer.remember")
    with pytest.raises(psycopg.OperationalError):
        second.remember([])
    assert third.lead()


def test_a_database_that_was_restored_knows_nothing_of_what_came_after_and_has_no_connections() -> None:
    database = fresh()
    store = MemoryWriterStore(database)
    lease = begin(store, obligation(1))
    allot(store, lease, 5, 1)
    backup = database.snapshot()
    mine(store, lease, 5)
    database.restore(backup)
    with pytest.raises(psycopg.OperationalError):
        store.lane(LANE)
    (slot,) = MemoryWriterStore(database).open_slots(LANE)
    assert slot.state is SlotState.LIVE
    assert database.snapshot() == backup


def test_one_room_may_be_restored_alone_and_one_younger_than_its_backup_becomes_empty() -> None:
    database = fresh()
    backup = database.snapshot()
    begin(MemoryWriterStore(database))
    book = MemoryBook(database)
    book.adopt([])
    book.commit([], before=0, position=3)
    database.restore(backup, WriterTables)
    assert MemoryWriterStore(database).lane(LANE) is None
    assert MemoryBook(database).position() == 3
    database.restore(backup)
    assert MemoryBook(database).position() == 0
    assert database.room(IndexerTables).stand is None


def test_a_lease_runs_out_by_the_clock_of_the_database() -> None:
    now = [NOON]
    database = MemoryDatabase(lambda: now[0])
    store = MemoryWriterStore(database)
    begin(store)
    now[0] += timedelta(seconds=60)
    assert store.acquire(LANE, owner="rival", lease_s=60) is None
    now[0] += timedelta(microseconds=1)
    assert store.acquire(LANE, owner="rival", lease_s=60) is not None
