"""The scheduler on a real journal: whatever falls due happens once, not before its time, wherever the process dies."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from uuid import UUID

import pytest

from domain import commands as c
from domain.journal import Event
from domain.processes import POSTPONED_S
from ops.stack import Postgres
from tests.unit.domain.acts import (
    CAMPAIGN,
    CHANGE,
    COMPANY,
    COMPLIANCE,
    DAY_S,
    DEADLINE,
    DIGEST,
    EU,
    ISSUER,
    LOCAL,
    OPERATOR,
    WRITER,
    investment_id,
    investor_id,
    offer,
    owner_of,
)
from tests.unit.domain.house import (
    Crashing,
    House,
    due,
    fresh_house,
    played_with_every_crash,
    settle,
    through,
    watch,
)
from tests.unit.domain.scenario import NOW

LICENCE = UUID(int=0xD1)
AN_INSTANT = timedelta(microseconds=1)
A_YEAR = timedelta(days=365)
LONG_US = offer(currency="USD", rule_pack="us-reg-cf@1", success_threshold_bps=10_000, duration_s=60 * DAY_S)


@pytest.fixture
def house(postgres: Postgres) -> Iterator[House]:
    with fresh_house(postgres) as house:
        yield house


def at(house: House, moment: datetime) -> None:
    """It is this time now, and the scheduler runs."""
    house.now = moment
    watch(house)


def _attach(house: House, expires_at: datetime) -> None:
    attach = c.AttachDocument(
        company_id=COMPANY, document_id=LICENCE, kind="licence", sha256=DIGEST, expires_at=expires_at
    )
    house.do(attach, by=ISSUER)


# Each kind of what falls due.


def test_a_campaign_is_closed_when_its_deadline_has_passed_and_not_before(house: House) -> None:
    house.open_campaign()
    at(house, DEADLINE - AN_INSTANT)
    assert house.campaign().status == "live"
    at(house, DEADLINE)
    assert house.campaign().status == "failed"
    (closing,) = house.reader.read(after=0, limit=10, topics=["campaign.closed"])
    assert closing.meta.by == "process:scheduler"


def test_an_early_close_comes_when_it_was_announced(house: House) -> None:
    house.open_campaign(LONG_US)
    house.register_investor()
    house.declare_means(pack="us-reg-cf@1", income=100_000_000, net_worth=100_000_000)
    house.invest(1, 100_000)
    early = NOW + timedelta(days=40)
    house.do(c.AnnounceEarlyClose(campaign_id=CAMPAIGN, deadline=early), by=ISSUER)
    at(house, early - AN_INSTANT)
    assert house.campaign().status == "live"
    at(house, early)
    assert house.campaign().outcome == "successful"
    assert due(house, until=NOW + A_YEAR) == []


def test_an_early_close_below_the_threshold_lapses_and_the_deadline_stays(house: House) -> None:
    house.open_campaign(LONG_US)
    house.register_investor()
    house.declare_means(pack="us-reg-cf@1", income=100_000_000, net_worth=100_000_000)
    house.invest(1, 100_000)
    house.record_on_chain(1)
    early = NOW + timedelta(days=40)
    house.do(c.AnnounceEarlyClose(campaign_id=CAMPAIGN, deadline=early), by=ISSUER)
    house.cancel(1)
    house.confirm_refund(1)
    at(house, early)
    assert house.campaign().status == "live"
    assert due(house, until=NOW + A_YEAR) == [("deadline", CAMPAIGN)]
    at(house, NOW + timedelta(days=60))
    assert house.campaign().outcome == "failed"


def test_a_kyb_expires_when_its_time_is_over(house: House) -> None:
    until = NOW + A_YEAR
    house.register_company(valid_until=until)
    at(house, until - AN_INSTANT)
    assert house.company().kyb == "approved"
    at(house, until)
    assert house.company().kyb == "expired"
    assert due(house, until=until) == []


def test_a_renewed_kyb_is_valid_until_its_new_end(house: House) -> None:
    until = NOW + A_YEAR
    house.register_company(valid_until=until)
    _attach(house, until + A_YEAR)
    house.do(c.SubmitKyb(company_id=COMPANY), by=ISSUER)
    house.do(c.ApproveDocument(company_id=COMPANY, document_id=LICENCE), by=COMPLIANCE)
    renew = c.ApproveKyb(company_id=COMPANY, documents_hash=house.company().documents_hash, valid_until=until + A_YEAR)
    house.do(renew, by=COMPLIANCE)
    at(house, until)
    assert house.company().kyb == "approved"
    at(house, until + A_YEAR)
    assert house.company().kyb == "expired"


def test_a_document_expires_when_its_time_is_over(house: House) -> None:
    house.register_company()
    _attach(house, NOW + A_YEAR)
    at(house, NOW + A_YEAR - AN_INSTANT)
    assert house.company().documents[LICENCE].state == "pending"
    at(house, NOW + A_YEAR)
    assert house.company().documents[LICENCE].state == "expired"


def test_a_document_that_counts_no_longer_falls_due_without_an_entry(house: House) -> None:
    house.register_company()
    _attach(house, NOW + A_YEAR)
    house.do(c.RejectDocument(company_id=COMPANY, document_id=LICENCE, reason="unreadable"), by=COMPLIANCE)
    at(house, NOW + A_YEAR)
    assert house.company().documents[LICENCE].state == "rejected"
    assert due(house, until=NOW + A_YEAR) == []


def test_a_kyc_expires_when_its_time_is_over(house: House) -> None:
    house.register_investor()
    until = NOW + A_YEAR
    house.do(c.ApproveKyc(investor_id=investor_id(1), level="enhanced", valid_until=until), by=COMPLIANCE)
    at(house, until - AN_INSTANT)
    assert house.investor().kyc == "approved"
    at(house, until)
    assert house.investor().kyc == "expired"


def test_a_kyc_approved_without_an_end_falls_due_never(house: House) -> None:
    house.register_investor()
    until = NOW + A_YEAR
    approve = c.ApproveKyc(investor_id=investor_id(1), level="enhanced", valid_until=until)
    house.do(approve, by=COMPLIANCE)
    watch(house)
    house.do(c.ApproveKyc(investor_id=investor_id(1), level="enhanced"), by=COMPLIANCE)
    at(house, until)
    assert house.investor().kyc == "approved"
    assert due(house, until=until) == []


def _asked(house: House) -> datetime:
    """Three investments, one of which answers a material change; the time until which they may."""
    house.open_campaign()
    for number in (1, 2, 3):
        house.commit(number, 20_000, investor=number)
    house.pay(1, 20_000)
    house.declare_change()
    house.approve_change()
    house.do(c.ReconfirmInvestment(investment_id=investment_id(3), change_id=CHANGE), by=owner_of(3))
    change = house.campaign().change
    assert change is not None
    return change.reconfirm_by


def test_silence_after_a_material_change_cancels_each_who_was_silent(house: House) -> None:
    until = _asked(house)
    settle(house)
    at(house, until - AN_INSTANT)
    assert house.topics()["investment.cancelled"] == 0
    at(house, until)
    assert [house.investment(n).status for n in (1, 2, 3)] == ["refunding", "cancelled", "committed"]
    assert due(house, until=until) == []


def test_silence_is_taken_once_the_settlement_knows_all_who_were_asked(house: House) -> None:
    until = _asked(house)
    at(house, until)
    assert house.topics()["investment.cancelled"] == 0
    settle(house)
    watch(house)
    assert house.topics()["investment.cancelled"] == 2


# What cannot happen yet is asked again.


def test_a_closing_that_waits_for_answers_is_asked_for_again_a_minute_later(house: House) -> None:
    """ECSPR art. 22: the last four days of a campaign reach beyond its deadline."""
    house.open_campaign(EU)
    house.register_investor()
    house.pass_test()
    house.now = DEADLINE - timedelta(days=1)
    house.invest(1, 80_000)
    at(house, DEADLINE)
    assert house.campaign().status == "live"
    assert due(house, until=DEADLINE) == []
    assert due(house, until=DEADLINE + timedelta(seconds=POSTPONED_S)) == [("deadline", CAMPAIGN)]
    at(house, DEADLINE + timedelta(days=3))
    assert house.campaign().outcome == "successful"


def test_a_scheduler_ahead_of_the_ledgers_clock_asks_again_until_it_is_time(house: House) -> None:
    house.open_campaign()
    watch(house, clock=lambda: DEADLINE)
    assert house.campaign().status == "live"
    house.now = DEADLINE
    watch(house, clock=lambda: DEADLINE + timedelta(seconds=POSTPONED_S))
    assert house.campaign().status == "failed"


def test_a_closing_waits_for_silence_to_be_taken_in_the_same_step(house: House) -> None:
    until = _asked(house)
    settle(house)
    at(house, max(until, DEADLINE) + timedelta(hours=1))
    assert house.topics()["investment.cancelled"] == 2
    assert house.campaign().status in {"closing", "failed"}


# What others did before.


def test_a_campaign_that_somebody_closed_before_waits_no_longer(house: House) -> None:
    house.open_campaign(LOCAL)
    watch(house)
    house.do(c.CloseCampaign(campaign_id=CAMPAIGN, reason="the end"), by=OPERATOR)
    at(house, DEADLINE)
    assert house.topics()["campaign.closed"] == 1
    assert due(house, until=DEADLINE) == []


def test_an_extension_moves_the_deadline_that_the_scheduler_knows(house: House) -> None:
    house.open_campaign()
    watch(house)
    later = DEADLINE + timedelta(days=30)
    declare = c.DeclareChange(campaign_id=CAMPAIGN, change_id=CHANGE, kind="extension", digest=DIGEST, deadline=later)
    house.do(declare, by=ISSUER)
    house.approve_change()
    settle(house)
    at(house, DEADLINE)
    assert house.campaign().status == "live"
    at(house, later)
    assert house.campaign().status == "failed"


def test_a_rejected_posting_makes_nothing_fall_due(house: House) -> None:
    house.register_company()
    house.do(c.RejectPosting(stream=COMPANY, entry_position=7, code="reverted", reason="no"), by=WRITER)
    watch(house)
    assert due(house, until=NOW + A_YEAR) == []


# Crashes.


def everything(house: House, crashing: Crashing | None) -> None:
    """A KYC, a document, a material change with its silence, a deadline and a KYB fall due, one after the other."""
    watched = through(watch, house, crashing)
    house.register_company(valid_until=NOW + timedelta(days=90))
    house.register_investor(9)
    approve = c.ApproveKyc(investor_id=investor_id(9), level="enhanced", valid_until=NOW + timedelta(days=1))
    house.do(approve, by=COMPLIANCE)
    _attach(house, NOW + timedelta(days=2))
    until = _asked(house)
    settle(house)
    for moment in (NOW + timedelta(days=1), NOW + timedelta(days=2), until, DEADLINE, NOW + timedelta(days=90)):
        house.now = moment
        watched()


def test_a_scheduler_that_dies_anywhere_leaves_the_same_journal(postgres: Postgres) -> None:
    journal, places = played_with_every_crash(postgres, everything)
    assert _topics(journal, COMPANY)[-2:] == ["company.document_expired", "company.kyb_expired"]
    assert _topics(journal, investor_id(9))[-1] == "investor.kyc_expired"
    assert _topics(journal, investment_id(1))[-1] == "investment.cancelled"
    assert _topics(journal, investment_id(3))[-1] == "investment.reconfirmed"
    assert _topics(journal, CAMPAIGN)[-1] == "campaign.closing_started"
    assert places >= 20


def _topics(journal: dict[UUID, list[Event]], stream: UUID) -> list[str]:
    return [event.TOPIC for event in journal[stream]]
