"""What an investor is found to be, knows and declares: classification, entry test, means, texts read.

What follows from it for a commitment is in `test_investment_limits`.
"""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import given as given_any
from hypothesis import strategies as st

from domain.commands import AcknowledgeRisk, ClassifyInvestor, DeclareMeans, RecordEntryTest
from domain.investor import (
    CLASSIFICATIONS,
    CommitmentCounted,
    CommitmentUncounted,
    EntryTestRecorded,
    Investor,
    InvestorClassified,
    MeansDeclared,
    RiskAcknowledged,
)
from domain.investor.state import TWELVE_MONTHS, Means
from domain.journal import Actor, Event, Meta
from domain.values import AMOUNT_MAX
from tests.unit.domain.acts import ALL_PACKS, CAMPAIGN, COMPLIANCE, DIGEST, OTHER_DIGEST, owner_of
from tests.unit.domain.examples import INVESTOR, INVESTOR_ID, KNOWN, LATER
from tests.unit.domain.scenario import CODEC, NOW, Given
from tests.unit.domain.scenario import given as given_with

SELF = Actor(INVESTOR.id, "compliance")


def given(*events: Event) -> Given:
    return given_with(*events, packs=ALL_PACKS)


# Classification.


@pytest.mark.parametrize("classification", sorted(CLASSIFICATIONS))
def test_compliance_classifies_an_investor_with_evidence(classification: str) -> None:
    classify = ClassifyInvestor(
        investor_id=INVESTOR_ID, classification=classification, evidence=DIGEST, valid_until=LATER
    )
    classified = InvestorClassified(classification=classification, evidence=DIGEST, valid_until=LATER)
    after = given(*KNOWN).when(classify, by=COMPLIANCE).then(classified)
    assert after.state(Investor).classification_at(NOW) == classification


def test_an_investor_is_not_sophisticated_until_found_so_and_no_longer_than_that_is_valid() -> None:
    """ECSPR annex II: the finding is valid for two years."""
    assert given(*KNOWN).state(Investor).classification_at(NOW) == "non_sophisticated"
    classified = InvestorClassified(classification="sophisticated", evidence=DIGEST, valid_until=LATER)
    investor = given(*KNOWN, classified).state(Investor)
    assert investor.classification_at(LATER - timedelta(microseconds=1)) == "sophisticated"
    assert investor.classification_at(LATER) == "non_sophisticated"


def test_a_classification_is_one_of_the_known_ones_by_other_eyes_until_a_later_time() -> None:
    def classify(classification: str = "accredited", evidence: str = DIGEST, **rest: object) -> ClassifyInvestor:
        fields = {"investor_id": INVESTOR_ID, "classification": classification, "evidence": evidence, **rest}
        return ClassifyInvestor(**fields)  # type: ignore[arg-type]

    given(*KNOWN).when(classify(), by=SELF).then_refused("four-eyes")
    given(*KNOWN).when(classify("rich"), by=COMPLIANCE).then_refused("unknown-value")
    given(*KNOWN).when(classify(evidence="a letter"), by=COMPLIANCE).then_refused("digest-not-acceptable")
    given(*KNOWN).when(classify(valid_until=NOW), by=COMPLIANCE).then_refused("time-not-acceptable")


# The entry knowledge test (ECSPR art. 21).


@pytest.mark.parametrize(("passed", "until"), [(True, LATER), (False, None)])
def test_a_test_counts_if_it_was_passed(*, passed: bool, until: object) -> None:
    record = RecordEntryTest(investor_id=INVESTOR_ID, passed=passed, evidence=DIGEST, valid_until=LATER)
    recorded = EntryTestRecorded(passed=passed, evidence=DIGEST, valid_until=LATER)
    after = given(*KNOWN).when(record, by=COMPLIANCE).then(recorded)
    assert after.state(Investor).test_passed_until == until


def test_whoever_fails_later_has_not_passed_any_more() -> None:
    passed = EntryTestRecorded(passed=True, evidence=DIGEST, valid_until=LATER)
    fail = RecordEntryTest(investor_id=INVESTOR_ID, passed=False, evidence=DIGEST, valid_until=LATER)
    after = given(*KNOWN, passed).when(fail, by=COMPLIANCE).then_topics(EntryTestRecorded.TOPIC)
    assert after.state(Investor).test_passed_until is None


def test_nobody_marks_their_own_test() -> None:
    record = RecordEntryTest(investor_id=INVESTOR_ID, passed=True, evidence=DIGEST, valid_until=LATER)
    given(*KNOWN).when(record, by=SELF).then_refused("four-eyes")
    past = RecordEntryTest(investor_id=INVESTOR_ID, passed=True, evidence=DIGEST, valid_until=NOW)
    given(*KNOWN).when(past, by=COMPLIANCE).then_refused("time-not-acceptable")
    no_evidence = RecordEntryTest(investor_id=INVESTOR_ID, passed=True, evidence="", valid_until=LATER)
    given(*KNOWN).when(no_evidence, by=COMPLIANCE).then_refused("digest-not-acceptable")


# Means.

DOLLAR = 100


def _declare(pack: str, *, income: int, net_worth: int) -> DeclareMeans:
    return DeclareMeans(investor_id=INVESTOR_ID, rule_pack=pack, income=income, net_worth=net_worth)


@pytest.mark.parametrize(
    ("income", "net_worth", "limit"),
    [
        (0, 0, 2_500),
        (40_000, 40_000, 2_500),
        (60_000, 40_000, 3_000),
        (150_000, 80_000, 7_500),
        (123_999, 500_000, 25_000),
        (124_000, 124_000, 12_400),
        (500_000, 900_000, 90_000),
        (2_000_000, 1_000_000, 124_000),
    ],
)
def test_17_cfr_227_100_a_2_works_the_yearly_limit_out(income: int, net_worth: int, limit: int) -> None:
    """The greater of 2,500 or 5 % of the greater; from 124,000 in both on 10 %, at most 124,000 (2022 adjustment)."""
    declare = _declare("us-reg-cf@1", income=income * DOLLAR, net_worth=net_worth * DOLLAR)
    means = Means(pack="us-reg-cf@1", yearly_limit=limit * DOLLAR, warning_from=0, declared_at=NOW)
    given(*KNOWN).when(declare, by=INVESTOR).then(MeansDeclared(means=means))


@pytest.mark.parametrize(("net_worth", "warning_from"), [(0, 1_000), (20_000, 1_000), (20_020, 1_001), (90_000, 4_500)])
def test_ecspr_article_21_7_works_out_from_when_a_warning_is_due(net_worth: int, warning_from: int) -> None:
    """The higher of 1,000 euros or 5 % of the net worth."""
    declare = _declare("eu-ecspr@1", income=0, net_worth=net_worth * 100)
    means = Means(pack="eu-ecspr@1", yearly_limit=0, warning_from=warning_from * 100, declared_at=NOW)
    given(*KNOWN).when(declare, by=INVESTOR).then(MeansDeclared(means=means))


def test_a_pack_without_limits_makes_none() -> None:
    means = Means(pack="default@1", yearly_limit=0, warning_from=0, declared_at=NOW)
    given(*KNOWN).when(_declare("default@1", income=5, net_worth=5), by=INVESTOR).then(MeansDeclared(means=means))


@given_any(st.integers(10**9, AMOUNT_MAX), st.integers(10**9, AMOUNT_MAX))
def test_income_and_net_worth_are_kept_nowhere_in_the_journal(income: int, net_worth: int) -> None:
    """Only what follows from them: a breach of the journal tells nobody what somebody earns."""
    when = given(*KNOWN).when(_declare("us-reg-cf@1", income=income, net_worth=net_worth), by=INVESTOR)
    (event,) = when.events
    stored = CODEC.encode(event, _meta()).decode()
    assert str(income) not in stored
    assert str(net_worth) not in stored


def _meta() -> Meta:
    return Meta(at=NOW, by="b", command_id=UUID(int=1), correlation_id=UUID(int=2), cause=None, pack="-")


@pytest.mark.parametrize(("income", "net_worth"), [(-1, 0), (0, -1), (AMOUNT_MAX + 1, 0), (0, AMOUNT_MAX + 1)])
def test_means_are_amounts(income: int, net_worth: int) -> None:
    declare = _declare("us-reg-cf@1", income=income, net_worth=net_worth)
    given(*KNOWN).when(declare, by=INVESTOR).then_refused("amount-too-large")


def test_means_are_declared_by_the_investor_under_a_pack_in_use() -> None:
    given(*KNOWN).when(_declare("us-reg-cf@1", income=1, net_worth=1), by=owner_of(2)).then_refused("not-yours")
    given(*KNOWN).when(_declare("us-reg-cf@9", income=1, net_worth=1), by=INVESTOR).then_refused("unknown-value")


def test_means_of_one_pack_leave_those_of_another() -> None:
    after = given(*KNOWN).when(_declare("us-reg-cf@1", income=1, net_worth=1), by=INVESTOR).after
    after = after.when(_declare("eu-ecspr@1", income=1, net_worth=1), by=INVESTOR).after
    assert set(after.state(Investor).means) == {"us-reg-cf@1", "eu-ecspr@1"}


# Texts that were read.


def test_a_text_is_acknowledged_by_its_kind_and_hash() -> None:
    read = AcknowledgeRisk(investor_id=INVESTOR_ID, kind="risk", sha256=DIGEST)
    after = given(*KNOWN).when(read, by=INVESTOR).then(RiskAcknowledged(kind="risk", sha256=DIGEST))
    after.when(read, by=INVESTOR).then_nothing()
    newer = AcknowledgeRisk(investor_id=INVESTOR_ID, kind="risk", sha256=OTHER_DIGEST)
    after = after.when(newer, by=INVESTOR).then(RiskAcknowledged(kind="risk", sha256=OTHER_DIGEST))
    assert after.state(Investor).acknowledged == {"risk": OTHER_DIGEST}


def test_nobody_reads_for_somebody_else() -> None:
    read = AcknowledgeRisk(investor_id=INVESTOR_ID, kind="risk", sha256=DIGEST)
    given(*KNOWN).when(read, by=owner_of(2)).then_refused("not-yours")
    kindless = AcknowledgeRisk(investor_id=INVESTOR_ID, kind="", sha256=DIGEST)
    given(*KNOWN).when(kindless, by=INVESTOR).then_refused("text-not-acceptable")
    no_digest = AcknowledgeRisk(investor_id=INVESTOR_ID, kind="risk", sha256="ab")
    given(*KNOWN).when(no_digest, by=INVESTOR).then_refused("digest-not-acceptable")


# What counts.


def _counted(number: int, *, campaign: UUID = CAMPAIGN, currency: str = "USD", days_ago: int = 0) -> CommitmentCounted:
    return CommitmentCounted(
        investment_id=UUID(int=number),
        campaign_id=campaign,
        currency=currency,
        amount=10**number,
        at=NOW - timedelta(days=days_ago),
    )


def test_commitments_count_by_campaign_and_by_year() -> None:
    other_campaign = UUID(int=0xCB)
    investor = given(
        *KNOWN,
        _counted(1),
        _counted(2, campaign=other_campaign),
        _counted(3, currency="EUR"),
        _counted(4, days_ago=TWELVE_MONTHS.days - 1),
        _counted(5, days_ago=TWELVE_MONTHS.days),
        _counted(6),
        CommitmentUncounted(investment_id=UUID(int=6)),
    ).state(Investor)
    assert investor.committed_to(CAMPAIGN) == 10 + 1_000 + 10_000 + 100_000
    assert investor.committed_to(other_campaign) == 100
    assert investor.committed_in_year("USD", NOW) == 10 + 100 + 10_000
    assert investor.committed_in_year("EUR", NOW) == 1_000
