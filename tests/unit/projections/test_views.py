"""What the book says of whole stories."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import psycopg
import pytest

from abis.artifacts import abi_of
from domain import commands as c
from domain.journal import Outcome
from domain.topics import EVENTS
from projections.views import VIEWS
from projections.views.postings import CALLS
from tests.support.story import (
    CHECKER,
    CLONE,
    COMPLIANCE,
    HOLDER,
    ISSUER,
    MAKER,
    TERMS,
    WALLET,
    WRITER,
    Story,
    fail,
    ledger_on,
    named,
    succeed,
)
from tests.unit.projections.posted import ask, post, runner_module, runner_on


def test_a_successful_campaign_is_shown_from_draft_to_settlement(database: str) -> None:
    with ledger_on(database) as ledger:
        story = succeed(ledger)
    position = post(database)
    campaign = ask(database, lambda book: book.campaign(story.campaign))
    assert (campaign.status, campaign.outcome, campaign.address) == ("settled", "successful", CLONE)
    assert (campaign.committed, campaign.raised, campaign.funded_investments) == (800_000, 800_000, 2)
    assert campaign.threshold == 750_000
    (release,) = ask(database, lambda book: book.releases(campaign_id=story.campaign, limit=10))
    assert (release.amount, release.fee, release.state, release.wallet) == (780_000, 20_000, "confirmed", WALLET)
    assert (campaign.release_id, campaign.releases_confirmed) == (release.release_id, 1)
    assert campaign.position < campaign.deployed_position < campaign.closed_position < release.confirmed_position
    company = ask(database, lambda book: book.company(story.company))
    assert (company.kyb, company.wallet, company.locked_by) == ("approved", WALLET, None)
    assert [(d.kind, d.state) for d in company.documents] == [("licence", "approved")]
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
    shares = ask(database, lambda book: book.register.cap_table(story.campaign, at=1_000, limit=10))
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


def _funded(paid: Outcome) -> int:
    """The position of the entry that obliges the investment's record."""
    return next(event.position for event in paid.events if event.topic == "investment.funded")


def test_every_posting_is_waiting_confirmed_or_rejected(database: str) -> None:
    with ledger_on(database) as ledger:
        story = Story(ledger)
        story.register_company()
        story.open_campaign()
        first, second = story.commit("one", 100_000), story.commit("two", 200_000)
        story.pay(first, 100_000)
        waiting = _funded(story.pay(second, 200_000, confirmed=False))
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
        position = _funded(story.pay(investment, 100_000))
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
    accounts = {(row.account, row.currency): row.balance for row in ask(database, lambda book: book.trial_balance())}
    assert accounts == {
        ("escrow", "ETB"): 0,
        ("fees", "ETB"): 20_000,
        ("investors", "ETB"): -800_000,
        ("issuer", "ETB"): 780_000,
        ("payers", "ETB"): 0,
        ("pending", "ETB"): 0,
    }


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
        owed = ask(database, lambda book: book.payments(state="owed", limit=10))
        assert [(row.investment_id, row.owed, row.applied) for row in owed] == [(late, 100_000, 0)]
        story.do(c.ReturnPayment(payment_id=owed[0].id, return_reference="back 1"), CHECKER)
    post(database)
    payment = ask(database, lambda book: book.payment(owed[0].id))
    assert (payment.state, payment.owed, payment.returned) == ("returned", 0, 100_000)
    assert payment.return_reference == "back 1"
    money = ask(database, lambda book: book.escrow(story.campaign))
    assert (money.received, money.owed, money.returned) == (800_000, 0, 100_000)


def test_money_that_nobody_knows_the_purpose_of_is_found_and_matched(database: str) -> None:
    with ledger_on(database) as ledger:
        story = Story(ledger)
        story.register_company()
        story.open_campaign()
        investment = story.commit("one", 100_000)
        record = c.RecordPayment(provider="bank", reference="?", amount=110_000, currency="ETB", investment_id=None)
        story.do(record, MAKER)
        post(database)
        (unmatched,) = ask(database, lambda book: book.payments(state="unmatched", limit=10))
        assert (unmatched.owed, unmatched.campaign_id) == (110_000, None)
        story.do(c.MatchPayment(payment_id=unmatched.id, investment_id=investment), MAKER)
    post(database)
    matched = ask(database, lambda book: book.payment(unmatched.id))
    assert (matched.state, matched.applied, matched.owed) == ("owed", 100_000, 10_000)
    assert ask(database, lambda book: book.payments(state="unmatched", limit=10)) == []
    lines = ask(database, lambda book: book.lines(limit=100))
    nobodys = [line.amount for line in lines if line.campaign_id is None and line.account == "owed"]
    assert nobodys == [110_000, -110_000]
    money = ask(database, lambda book: book.escrow(story.campaign))
    assert (money.received, money.pending, money.owed) == (100_000, 0, 10_000)


def test_amounts_beyond_what_a_machine_word_holds_come_back_exactly(database: str) -> None:
    coin = 10**18
    terms = msgspec.structs.replace(
        TERMS,
        currency="wei",
        rule_pack="default-coin@1",
        funding_goal=1_000_000 * coin,
        minimum=100 * coin,
        cap=1_000_000 * coin + coin,
        share_price=coin,
        duration_s=30 * 86_400,
    )
    with ledger_on(database, packs=("default-coin",)) as ledger:
        story = Story(ledger)
        story.register_company()
        story.open_campaign(terms)
        investment = story.commit("one", 999_999 * coin)
    post(database)
    campaign = ask(database, lambda book: book.campaign(story.campaign))
    assert (campaign.cap, campaign.committed) == (1_000_001 * coin, 999_999 * coin)
    row = ask(database, lambda book: book.investment(investment))
    assert (row.amount, type(row.amount), row.shares) == (999_999 * coin, int, 999_999)


def test_what_falls_due_is_told_soonest_first_until_it_is_settled(database: str) -> None:
    valid_until = datetime.now(UTC) + timedelta(hours=6)
    expires_at = datetime.now(UTC) + timedelta(days=400)
    with ledger_on(database) as ledger:
        story = Story(ledger)
        story.register_company()
        story.open_campaign()
        document = c.AttachDocument(
            company_id=story.company,
            document_id=named("passport"),
            kind="passport",
            sha256="ab" * 32,
            expires_at=expires_at,
        )
        story.do(document, ISSUER)
        investor = named("a/investor/one")
        story.commit("one", 800_000)
        story.do(c.ApproveKyc(investor_id=investor, level="basic", valid_until=valid_until), COMPLIANCE)
        post(database)
        due = ask(database, lambda book: book.due(limit=10))
        assert [(row.kind, row.stream) for row in due] == [
            ("kyc", investor),
            ("deadline", story.campaign),
            ("document", story.company),
        ]
        assert (due[0].at, due[2].item) == (valid_until, named("passport"))
        rest = ask(database, lambda book: book.due(after=due[0].number, limit=10))
        assert [row.kind for row in rest] == ["deadline", "document"]
        assert ask(database, lambda book: book.due(kind="document", stream=story.campaign, limit=10)) == []
        story.pay(named("a/investment/one"), 800_000)
        story.close()
    post(database)
    assert [row.kind for row in ask(database, lambda book: book.due(limit=10))] == ["kyc", "document"]


def test_every_row_has_the_version_of_its_stream(told: str) -> None:
    post(told)
    with psycopg.connect(told, autocommit=True) as connection:
        streams: dict[Any, Any] = dict(
            connection.execute(
                "SELECT originator_id, max(originator_version) FROM journal.entries GROUP BY 1"
            ).fetchall()
        )
        rows: dict[Any, Any] = dict(
            connection.execute(
                "SELECT id, version FROM book.companies UNION ALL SELECT id, version FROM book.campaigns"
                " UNION ALL SELECT id, version FROM book.investors UNION ALL SELECT id, version FROM book.investments"
                " UNION ALL SELECT id, version FROM book.payments"
            ).fetchall()
        )
    assert rows == streams


def test_every_topic_of_the_journal_is_in_a_view() -> None:
    assert frozenset().union(*(view.topics for view in VIEWS)) == frozenset(EVENTS)


def test_every_call_of_a_posting_is_a_function_of_its_contract() -> None:
    for call in CALLS.values():
        contract, name = call.split(".")
        assert name in {part["name"] for part in abi_of(contract) if part["type"] == "function"}
