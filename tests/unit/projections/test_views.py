"""What the book says of whole stories."""

from __future__ import annotations

import psycopg
import pytest

from abis.artifacts import abi_of
from domain import commands as c
from domain.topics import EVENTS
from projections.views import VIEWS
from projections.views.postings import CALLS
from tests.support.story import CHECKER, CLONE, HOLDER, WALLET, WRITER, Story, fail, ledger_on, succeed
from tests.unit.projections.posted import ask, post, runner_module, runner_on


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


def test_a_rejection_after_the_confirmation_is_kept_and_changes_nothing(database: str) -> None:
    with ledger_on(database) as ledger:
        story = Story(ledger)
        story.register_company()
        story.open_campaign()
        investment = story.commit("one", 100_000)
        position = story.pay(investment, 100_000).events[0].position
        said = c.RejectPosting(stream=investment, entry_position=position, code="Conflict", reason="other content")
        story.do(said, WRITER)
    post(database)
    posting = ask(database, lambda book: book.posting(position))
    assert (posting.state, posting.rejection_code) == ("confirmed", "Conflict")
    assert posting.rejection_position > posting.confirmation_position > position


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


def test_every_row_has_the_version_of_its_stream(told: str) -> None:
    post(told)
    with psycopg.connect(told, autocommit=True) as connection:
        streams = dict(
            connection.execute(
                "SELECT originator_id, max(originator_version) FROM journal.entries GROUP BY 1"
            ).fetchall()
        )
        rows = dict(
            connection.execute(
                "SELECT id, version FROM book.companies UNION ALL SELECT id, version FROM book.campaigns"
                " UNION ALL SELECT id, version FROM book.investors UNION ALL SELECT id, version FROM book.investments"
            ).fetchall()
        )
    assert rows == streams


def test_every_topic_of_the_journal_is_in_a_view() -> None:
    assert frozenset().union(*(view.topics for view in VIEWS)) == frozenset(EVENTS)


def test_every_call_of_a_posting_is_a_function_of_its_contract() -> None:
    for call in CALLS.values():
        contract, name = call.split(".")
        assert name in {part["name"] for part in abi_of(contract) if part["type"] == "function"}
