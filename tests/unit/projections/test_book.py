"""What the book says of whole stories, and that it says the same however it was posted."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Coroutine
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain import commands as c
from domain.journal import JournalReader
from domain.topics import codec
from projections.errors import BookOvertaken, ViewOutdated
from projections.queries import Book
from projections.runner import Runner
from projections.store import BookStore
from projections.views.escrow import ESCROW
from tests.support.roles import as_room
from tests.support.story import CHECKER, CLONE, HOLDER, WALLET, WRITER, Story, fail, ledger_on, named, succeed
from tests.unit.projections.posted import empty, post, rows_hash, runner_module, runner_on

Answer = Callable[[Book], Coroutine[Any, Any, Any]]


def ask(dsn: str, question: Answer) -> Any:
    """Put a question to the book, as the API's role."""

    async def answered() -> Any:
        book = Book(as_room(dsn, "api"))
        await book.open()
        try:
            return await question(book)
        finally:
            await book.close()

    return asyncio.run(answered())


def test_a_successful_campaign_is_shown_from_draft_to_settlement(database: str) -> None:
    with ledger_on(database) as ledger:
        story = succeed(ledger)
    position = post(database)
    campaign = ask(database, lambda book: book.campaign(story.campaign))
    assert (campaign.status, campaign.outcome, campaign.address) == ("settled", "successful", CLONE)
    assert (campaign.committed, campaign.raised, campaign.funded_investments) == (800_000, 800_000, 2)
    assert (campaign.release_amount, campaign.release_fee) == (780_000, 20_000)
    assert campaign.threshold == 750_000
    assert campaign.position < campaign.deployed_position < campaign.closed_position < campaign.released_position
    company = ask(database, lambda book: book.company(story.company))
    assert (company.kyb, company.wallet, company.locked_by) == ("approved", WALLET, None)
    assert [(d.kind, d.approved) for d in company.documents] == [("licence", True)]
    assert ask(database, lambda book: book.position()) == position


def test_each_investment_names_its_places_on_the_chain(database: str) -> None:
    with ledger_on(database) as ledger:
        story = succeed(ledger)
    post(database)
    rows = ask(database, lambda book: book.investments(campaign_id=story.campaign, limit=10))
    assert [row.status for row in rows] == ["certified", "certified", "lapsed"]
    certified = rows[0]
    assert certified.token_id == str(certified.id.int)
    assert certified.funded_position < certified.recorded_position < certified.certified_position
    assert certified.recorded_tx_hash != certified.certified_tx_hash
    shares = ask(database, lambda book: book.cap_table(story.campaign, limit=10))
    assert [(line.wallet, line.shares) for line in shares] == [(HOLDER, 500), (HOLDER, 300)]


def test_a_failed_campaign_shows_every_refund(database: str) -> None:
    with ledger_on(database) as ledger:
        story = fail(ledger)
    post(database)
    campaign = ask(database, lambda book: book.campaign(story.campaign))
    assert (campaign.status, campaign.outcome) == ("refunded", "failed")
    rows = ask(database, lambda book: book.investments(campaign_id=story.campaign, status="refunded", limit=10))
    assert [row.amount for row in rows] == [50_000, 20_000]
    money = ask(database, lambda book: book.escrow(story.campaign))
    assert (money.received, money.held, money.refunded) == (70_000, 0, 70_000)


def test_every_posting_is_waiting_confirmed_or_rejected(database: str) -> None:
    with ledger_on(database) as ledger:
        story = Story(ledger)
        story.register_company()
        story.open_campaign()
        first, second = story.commit("one", 100_000), story.commit("two", 200_000)
        story.pay(first, 100_000)
        waiting = story.pay(second, 200_000, confirmed=False).events[0].position
        rejected = c.RejectPosting(stream=second, entry_position=waiting, code="CapExceeded", reason="over the cap")
        post(database)
        assert ask(database, lambda book: book.posting(waiting)).state == "waiting"
        story.do(rejected, WRITER)
    post(database)
    posting = ask(database, lambda book: book.posting(waiting))
    assert (posting.state, posting.rejection_code) == ("rejected", "CapExceeded")
    confirmed = ask(database, lambda book: book.postings(state="confirmed", limit=10))
    assert [p.call for p in confirmed] == [
        "IssuerRegistry.register",
        "CampaignFactory.createCampaign",
        "CampaignImplementation.recordInvestments",
    ]
    assert all(p.confirmation_position > p.position and p.tx_hash.startswith("0x") for p in confirmed)


def test_the_trial_balance_is_zero_after_every_entry(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with ledger_on(database) as ledger:
        succeed(ledger)
        fail(ledger)
    monkeypatch.setattr(runner_module, "ENTRIES_PER_STEP_MAX", 1)
    with runner_on(database) as runner, psycopg.connect(database, autocommit=True) as connection:
        while runner.step().advanced:
            total = connection.execute("SELECT coalesce(sum(amount), 0) FROM book.lines").fetchone()
            assert total == (0,)
    accounts = {row.account: row.balance for row in ask(database, lambda book: book.trial_balance())}
    assert accounts == {"escrow": 0, "fees": 20_000, "investors": -800_000, "issuers": 780_000}


def test_money_that_came_too_late_is_shown_until_it_has_gone_back(database: str) -> None:
    with ledger_on(database) as ledger:
        story = Story(ledger)
        story.register_company()
        story.open_campaign()
        first, late = story.commit("one", 800_000), story.commit("late", 100_000)
        story.pay(first, 800_000)
        story.close()
        story.pay(late, 100_000, confirmed=False)
        post(database)
        assert ask(database, lambda book: book.investment(late)).unapplied == 100_000
        back = c.ReturnPayment(investment_id=late, provider="bank", reference=f"ref {late}", return_reference="back 1")
        story.do(back, CHECKER)
    post(database)
    assert ask(database, lambda book: book.investment(late)).unapplied == 0
    money = ask(database, lambda book: book.escrow(story.campaign))
    assert (money.received, money.late, money.unapplied, money.returned) == (800_000, 100_000, 0, 100_000)


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


@pytest.fixture
def told(database: str) -> str:
    with ledger_on(database) as ledger:
        succeed(ledger)
        fail(ledger)
    return database


def _at_once(dsn: str) -> str:
    empty(dsn)
    post(dsn)
    return rows_hash(dsn)


def test_a_runner_that_dies_before_its_commit_loses_nothing(told: str, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = _at_once(told)
    empty(told)

    class Killed(BaseException):
        pass

    def die(*_: object, **__: object) -> None:
        raise Killed

    with runner_on(told) as runner, monkeypatch.context() as patched:
        patched.setattr(BookStore, "commit", die)
        with pytest.raises(Killed):
            runner.step()
    post(told)
    assert rows_hash(told) == expected


def test_a_second_runner_stands_by_and_takes_over(told: str) -> None:
    with runner_on(told) as standby:
        with runner_on(told) as leader:
            assert leader.step().advanced > 0
            with ledger_on(told) as ledger:
                Story(ledger, name="more").register_company()
            assert standby.step().advanced == 0
            assert standby.step().lag > 0
        assert standby.step().advanced > 0


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
    newer = type(ESCROW)(
        name=ESCROW.name,
        version=ESCROW.version + 1,
        tables=ESCROW.tables,
        topics=ESCROW.topics,
        reads=ESCROW.reads,
        fold=ESCROW.fold,
    )
    try:
        with pytest.raises(ViewOutdated, match="escrow"):
            Runner(reader, store, views=[newer])
    finally:
        store.close()
        reader.close()


def test_waiting_for_a_position_ends_when_it_is_posted_and_not_before(told: str) -> None:
    async def waits(book: Book) -> tuple[bool, bool]:
        early = await book.wait(10, timeout_s=0.01)
        waiting = asyncio.create_task(book.wait(10, timeout_s=30))
        await asyncio.get_running_loop().run_in_executor(None, post, told)
        return early, await waiting

    assert ask(told, waits) == (False, True)


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


def test_what_is_not_there_is_answered_with_nothing(database: str) -> None:
    assert ask(database, lambda book: book.company(named("nobody"))) is None
    assert ask(database, lambda book: book.escrow(named("nobody"))) is None
    assert ask(database, lambda book: book.posting(1)) is None
    assert ask(database, lambda book: book.summary()).position == 0
