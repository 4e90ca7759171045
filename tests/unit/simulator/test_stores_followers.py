"""What follows the journal, on memory and on PostgreSQL: whole stories leave the same entries, rows and dues."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest

from domain import topics
from domain.due import Due, Settled
from domain.handlers import decide
from domain.store import Change, ProcessStore
from ops.stack import Postgres
from projections.errors import BookOvertaken, ViewOutdated
from projections.folding import View
from projections.runner import Runner
from projections.store import BookStore
from projections.views import TABLES, VIEWS
from tests.simulator.stores import (
    JournalTables,
    MemoryBook,
    MemoryDatabase,
    MemoryLedger,
    MemoryProcesses,
    MemoryReader,
    ProcessTables,
)
from tests.support.roles import as_room
from tests.support.wait import until
from tests.unit.domain import house as houses
from tests.unit.domain import test_processes_settlement as settlements
from tests.unit.domain.acts import ALL_PACKS, DEADLINE, Acts
from tests.unit.domain.house import House, fresh_house, settle, watch
from tests.unit.projections.rich import tell
from tests.unit.simulator.stores_at_hand import named

A_YEAR = timedelta(days=365)


class MemoryHouse(House):
    """The same acts, commands and processes on a database in memory."""

    def __init__(self) -> None:
        Acts.__init__(self)
        self.database = MemoryDatabase(lambda: datetime.now(UTC))
        self.dsn: Any = self.database
        self.ledger: Any = MemoryLedger(
            self.database, decide=decide, codec=topics.codec(), packs=ALL_PACKS, clock=lambda: self.now
        )
        self.reader: Any = MemoryReader(self.database)
        self._count = 0


Story = Callable[[House], None]


def time_passes(house: House) -> None:
    """A deadline closes a campaign, then documents and checks of people expire."""
    offer_shares(house)
    watch(house)
    house.now = DEADLINE
    watch(house)
    settle(house)
    house.now += 2 * A_YEAR
    watch(house)


def offer_shares(house: House) -> None:
    house.register_company(valid_until=house.now + A_YEAR)
    house.open_campaign()
    for number in (1, 2):
        house.commit(number, 20_000)


def undisturbed(story: Callable[[House, None], None]) -> Story:
    return lambda house: story(house, None)


STORIES: dict[str, Story] = {
    "rich": tell,
    "time passes": time_passes,
    **{story.__name__: undisturbed(story) for story in settlements.STORIES},
}


@pytest.fixture
def memory_is_a_database(monkeypatch: pytest.MonkeyPatch) -> None:
    """A house's processes open the store that its database has."""

    def opened(dsn: Any) -> Any:
        return MemoryProcesses(dsn) if isinstance(dsn, MemoryDatabase) else ProcessStore(dsn)

    monkeypatch.setattr(houses, "ProcessStore", opened)


@pytest.mark.usefixtures("memory_is_a_database")
@pytest.mark.parametrize("name", STORIES)
@pytest.mark.parts
def test_a_story_leaves_the_same_journal_book_and_dues(name: str, postgres: Postgres) -> None:
    memory = MemoryHouse()
    STORIES[name](memory)
    with fresh_house(postgres) as house:
        STORIES[name](house)
        assert memory.reader.read(after=0, limit=1_000) == house.reader.read(after=0, limit=1_000)
        owner = postgres.dsn(str(psycopg.conninfo.conninfo_to_dict(house.dsn)["dbname"]))
        assert process_rows(memory.database) == stored_process_rows(owner)
        assert booked(memory) == stored_book(owner, house)


def booked(house: MemoryHouse) -> dict[Any, Any]:
    """Every row of the book, posted by the production runner."""
    book = MemoryBook(house.database)
    store: Any = book
    while Runner(house.reader, store).step().advanced:
        pass
    assert book.position() == house.reader.head()
    assert book.rows() == book.rebuilt()
    return book.rows()


def stored_book(owner: str, house: House) -> dict[Any, Any]:
    store = BookStore(as_room(owner, "book"))
    while Runner(house.reader, store).step().advanced:
        pass
    found: dict[Any, Any] = {}
    with psycopg.connect(owner) as connection:
        for table in TABLES:
            keys = {row[0] for row in connection.execute(f"SELECT {table.key} FROM book.{table.name}")}
            found |= {(table.name, table.key_of(row)): row for _, row in store.load({table.name: (table, keys)})}
    store.close()
    return found


def process_rows(database: MemoryDatabase) -> tuple[Any, ...]:
    tables = database.room(ProcessTables)
    investments = {
        (campaign, held.investment_id, held.amount, held.state, held.position)
        for (campaign, _), held in tables.investments.items()
    }
    dues = {(one.kind, one.stream, one.item, one.at, one.position) for one in tables.deadlines.values()}
    return set(tables.followers.items()), investments, dues


def stored_process_rows(owner: str) -> tuple[Any, ...]:
    names = ("followers", "campaign_investments", "deadlines")
    with psycopg.connect(owner) as connection:
        return tuple(set(connection.execute(f"SELECT * FROM journal.{name}")) for name in names)


# The processes' store by itself.


@pytest.fixture(params=["memory", pytest.param("postgres", marks=pytest.mark.parts)])
def processes(request: pytest.FixtureRequest) -> Iterator[Any]:
    store: Any
    if request.param == "memory":
        store = MemoryProcesses(MemoryDatabase(lambda: datetime.now(UTC)))
    else:
        store = ProcessStore(as_room(request.getfixturevalue("database"), "processes"))
    yield store
    store.close()


ONE, TWO, OTHER = UUID(int=1), UUID(int=2), UUID(int=3)
CAMPAIGN = named("campaign")
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def test_investments_are_learnt_once_and_read_in_the_order_asked_for(processes: Any) -> None:
    first = Change(CAMPAIGN, TWO, 500, "committed", 3)
    second = Change(CAMPAIGN, ONE, 700, "committed", 4)
    strangers = Change(named("another"), OTHER, 900, "committed", 5)
    processes.advance("settlement", 5, changes=[first, second, strangers])
    processes.advance("settlement", 4, changes=[Change(CAMPAIGN, TWO, 9, "waiting", 9)])  # learnt again: stays
    processes.advance("settlement", 6, changes=[Change(CAMPAIGN, OTHER, 0, "paid", 0)])  # of nothing known
    assert processes.position("settlement") == 6
    assert processes.position("scheduler") == 0
    assert [one.investment_id for one in processes.held(CAMPAIGN, after=None, limit=9)] == [ONE, TWO]
    assert [one.investment_id for one in processes.held(CAMPAIGN, after=ONE, limit=9)] == [TWO]
    assert [one.investment_id for one in processes.held(CAMPAIGN, after=None, limit=1)] == [ONE]
    assert [one.amount for one in processes.in_state(CAMPAIGN, "committed")] == [500, 700]
    assert [one.amount for one in processes.in_state(CAMPAIGN, "committed", limit=1)] == [500]
    processes.advance("settlement", 7, changes=[Change(CAMPAIGN, TWO, 0, "paid", 0)])
    assert [(one.amount, one.position) for one in processes.in_state(CAMPAIGN, "paid")] == [(500, 3)]


def test_what_falls_due_is_named_once_moved_postponed_and_settled(processes: Any) -> None:
    deadline = Due("deadline", CAMPAIGN, OTHER, NOON, 3)
    silence = Due("reconfirmation", CAMPAIGN, ONE, NOON, 4)
    kyc = Due("kyc", ONE, OTHER, NOON - A_YEAR, 5)
    processes.advance("scheduler", 5, news=[deadline, silence, kyc])
    assert processes.due(NOON, limit=9) == [kyc, silence, deadline]
    assert processes.due(NOON - timedelta(microseconds=1), limit=9) == [kyc]
    assert processes.due(NOON, limit=1) == [kyc]
    moved = Due("deadline", CAMPAIGN, OTHER, NOON + A_YEAR, 6)
    settled = Settled("kyc", ONE, OTHER)
    processes.advance("scheduler", 6, news=[moved, settled, settled])
    processes.postpone(silence, until=NOON + A_YEAR)
    processes.postpone(kyc, until=NOON)  # settled: falls due no longer
    assert processes.due(NOON, limit=9) == []
    later = Due("reconfirmation", CAMPAIGN, ONE, NOON + A_YEAR, 4)
    assert processes.due(NOON + A_YEAR, limit=9) == [later, moved]


# The book's store by itself.


@contextmanager
def two_books(kind: str, request: pytest.FixtureRequest) -> Iterator[tuple[Any, Any]]:
    books: tuple[Any, Any]
    if kind == "memory":
        database = MemoryDatabase(lambda: NOON)
        books = MemoryBook(database), MemoryBook(database)
    else:
        room = as_room(request.getfixturevalue("database"), "book")
        books = BookStore(room), BookStore(room)
    yield books
    for book in books:
        book.close()


@pytest.fixture(params=["memory", pytest.param("postgres", marks=pytest.mark.parts)])
def books(request: pytest.FixtureRequest) -> Iterator[tuple[Any, Any]]:
    with two_books(request.param, request) as opened:
        yield opened


def of_version(view: View, version: int) -> View:
    return View(
        name=view.name, version=version, tables=view.tables, topics=view.topics, reads=view.reads, fold=view.fold
    )


def test_one_of_two_books_is_posted_and_who_was_overtaken_writes_nothing(books: tuple[Any, Any]) -> None:
    first, second = books
    assert [book.lead() for book in (first, second, first)] == [True, False, True]
    first.commit([], before=0, position=4)
    with pytest.raises(BookOvertaken):
        second.commit([], before=0, position=9)
    assert second.position() == 4
    first.close()
    until(second.lead, "the other one leads")


def test_rows_that_other_views_folded_are_refused(books: tuple[Any, Any]) -> None:
    first, second = books
    first.adopt(VIEWS[:2])
    first.adopt(VIEWS)  # an empty book may learn of more
    first.commit([], before=0, position=1)
    second.adopt(VIEWS)
    with pytest.raises(ViewOutdated):
        second.adopt([of_version(VIEWS[0], VIEWS[0].version + 1)])


def test_a_view_that_comes_late_is_refused(books: tuple[Any, Any]) -> None:
    first, _ = books
    first.adopt(VIEWS[:2])
    first.commit([], before=0, position=1)
    with pytest.raises(ViewOutdated):
        first.adopt(VIEWS)


def test_a_journal_in_memory_that_tells_the_rich_story_fills_every_table() -> None:
    house = MemoryHouse()
    tell(house)
    assert {name for name, _ in booked(house)} == {table.name for table in TABLES}
    assert house.database.room(JournalTables).tree().size == house.reader.head()
