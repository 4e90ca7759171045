"""What an investor may commit to: KYC, wallet, own campaign, and the limits of each jurisdiction with their source."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec.structs import replace

from domain import commands as c
from domain.journal import Actor
from tests.unit.domain.acts import (
    CAMPAIGN,
    COMPLIANCE,
    DEFAULT,
    DIGEST,
    EU,
    ISSUER,
    US,
    Stage,
    investor_id,
    live,
    offer,
    owner_of,
)
from tests.unit.domain.scenario import NOW

LARGE_US = offer(
    currency="USD", rule_pack="us-reg-cf@1", success_threshold_bps=10_000, funding_goal=100_000_000, cap=100_000_000
)


def test_a_commitment_needs_an_approved_kyc() -> None:
    """No step of the platform replaced asked for it."""
    stage = live()
    stage.do(c.RejectKyc(investor_id=investor_id(1), reason="a fake passport"), by=COMPLIANCE)
    stage.ask(stage.committing(1, 20_000), by=owner_of(1)).then_refused("kyc-missing")


def test_a_kyc_whose_time_is_over_must_be_approved_again() -> None:
    stage = live()
    until = NOW + timedelta(days=2)
    stage.do(c.ApproveKyc(investor_id=investor_id(1), level="enhanced", valid_until=until), by=COMPLIANCE)
    stage.commit(1, 20_000)
    stage.now = until
    stage.ask(stage.committing(2, 20_000), by=owner_of(1)).then_refused("kyc-expired")
    stage.do(c.ExpireKyc(investor_id=investor_id(1)), by=Actor("scheduler", "process"))
    stage.ask(stage.committing(2, 20_000), by=owner_of(1)).then_refused("kyc-expired")


def test_a_commitment_needs_a_wallet_that_has_signed() -> None:
    stage = Stage()
    stage.open_campaign()
    stage.do(c.RegisterInvestor(investor_id=investor_id(1), reference="person-1"), by=owner_of(1))
    stage.do(c.ApproveKyc(investor_id=investor_id(1), level="basic"), by=COMPLIANCE)
    stage.ask(stage.committing(1, 20_000), by=owner_of(1)).then_refused("wallet-not-bound")
    stage.bind_wallet(1)
    stage.commit(1, 20_000)
    assert stage.investment(1).status == "committed"


def test_the_issuer_may_not_invest_in_its_own_campaign() -> None:
    """The platform replaced refused it for coins only."""
    stage = Stage()
    stage.open_campaign()
    stage.register_investor()
    stage.world.states[investor_id(1)] = (replace(stage.investor(), owner=ISSUER.id), 9)
    stage.ask(stage.committing(1, 20_000), by=Actor(ISSUER.id, "investor")).then_refused("own-campaign")


def test_a_wallet_of_the_issuer_may_not_invest_in_its_campaign() -> None:
    stage = live()
    company = stage.company()
    wallet = stage.investor().wallet
    assert wallet is not None
    stage.do(c.RequestWalletRotation(company_id=company.id, wallet=wallet), by=ISSUER)
    stage.do(c.ApproveWalletRotation(company_id=company.id, wallet=wallet), by=COMPLIANCE)
    stage.ask(stage.committing(1, 20_000), by=owner_of(1)).then_refused("own-campaign")


def test_whose_data_is_erased_commits_to_nothing_more() -> None:
    stage = live()
    stage.do(c.EraseInvestor(investor_id=investor_id(1), reason="asked for it"), by=COMPLIANCE)
    stage.ask(stage.committing(1, 20_000), by=owner_of(1)).then_refused("erased")


# Europe: Regulation (EU) 2020/1503.


def test_ecspr_article_21_wants_the_entry_knowledge_test_of_those_who_are_not_sophisticated() -> None:
    stage = Stage()
    stage.open_campaign(EU)
    stage.register_investor()
    stage.ask(stage.committing(1, 20_000), by=owner_of(1)).then_refused("test-missing")
    stage.pass_test()
    stage.commit(1, 20_000)
    assert stage.investment(1).status == "committed"


def test_ecspr_article_21_wants_the_test_every_two_years() -> None:
    stage = live(EU)
    stage.do(
        c.RecordEntryTest(
            investor_id=investor_id(1), passed=True, evidence=DIGEST, valid_until=NOW + timedelta(days=1)
        ),
        by=COMPLIANCE,
    )
    stage.now = NOW + timedelta(days=1)
    stage.ask(stage.committing(1, 20_000), by=owner_of(1)).then_refused("test-missing")


def test_whoever_failed_the_test_commits_to_nothing() -> None:
    stage = live(EU)
    failed = c.RecordEntryTest(
        investor_id=investor_id(1), passed=False, evidence=DIGEST, valid_until=NOW + timedelta(days=1)
    )
    stage.do(failed, by=COMPLIANCE)
    stage.ask(stage.committing(1, 20_000), by=owner_of(1)).then_refused("test-missing")


def test_sophisticated_investors_need_no_test_as_long_as_they_are_classified() -> None:
    stage = Stage()
    stage.open_campaign(EU)
    stage.register_investor()
    until = NOW + timedelta(days=1)
    classify = c.ClassifyInvestor(
        investor_id=investor_id(1), classification="sophisticated", evidence=DIGEST, valid_until=until
    )
    stage.do(classify, by=COMPLIANCE)
    stage.commit(1, 20_000)
    assert stage.investment(1).reflection_ends_at is None
    stage.now = until
    stage.ask(stage.committing(2, 20_000), by=owner_of(1)).then_refused("test-missing")


def test_ecspr_article_23_wants_the_key_information_sheet_seen() -> None:
    stage = live(EU)
    refusal = stage.ask(stage.committing(1, 20_000, kinds=("risk",)), by=owner_of(1))
    assert refusal.then_refused("acknowledgement-missing").fields["kinds"] == ["key-document"]


@pytest.mark.parametrize(
    ("net_worth", "amount", "warned"),
    [(0, 100_000, False), (0, 101_000, True), (2_400_000, 120_000, False), (2_200_000, 120_000, True)],
)
def test_ecspr_article_21_7_warns_above_a_thousand_euros_or_a_twentieth_of_the_net_worth(
    net_worth: int, amount: int, *, warned: bool
) -> None:
    stage = live(EU)
    stage.declare_means(pack="eu-ecspr@1", income=0, net_worth=net_worth)
    asked = stage.ask(stage.committing(1, amount), by=owner_of(1))
    if warned:
        assert asked.then_refused("acknowledgement-missing").fields["kinds"] == ["large-investment"]
        kinds = ("risk", "key-document", "large-investment")
        asked = stage.ask(stage.committing(1, amount, kinds=kinds), by=owner_of(1))
    asked.then_topics("investment.committed", "campaign.commitment_accepted", "investor.commitment_counted")


def test_ecspr_article_22_gives_four_days_to_reflect() -> None:
    stage = live(EU)
    stage.commit(1, 20_000)
    assert stage.investment(1).reflection_ends_at == NOW + timedelta(days=4)
    assert stage.campaign().reflection_until == NOW + timedelta(days=4)


# The United States: 17 CFR part 227.


def test_17_cfr_227_100_a_2_wants_the_means_declared() -> None:
    stage = Stage()
    stage.open_campaign(US)
    stage.register_investor()
    stage.ask(stage.committing(1, 20_000), by=owner_of(1)).then_refused("means-missing")


@pytest.mark.parametrize(
    ("income", "net_worth", "limit"),
    [
        (3_000_000, 1_000_000, 250_000),  # the floor
        (12_399_999, 30_000_000, 1_500_000),  # 5 % of the greater, one of them below the breakpoint
        (12_400_000, 30_000_000, 3_000_000),  # 10 % of the greater
        (200_000_000, 200_000_000, 12_400_000),  # the ceiling
    ],
)
def test_17_cfr_227_100_a_2_limits_what_one_investor_commits_in_twelve_months(
    income: int, net_worth: int, limit: int
) -> None:
    stage = Stage()
    stage.open_campaign(LARGE_US)
    stage.register_investor()
    stage.declare_means(pack="us-reg-cf@1", income=income, net_worth=net_worth)
    stage.commit(1, limit)
    asked = stage.ask(stage.committing(2, 10_000), by=owner_of(1))
    assert asked.then_refused("yearly-limit").fields["available"] == "0"


def test_the_yearly_limit_forgets_what_is_a_year_old() -> None:
    stage = Stage()
    stage.open_campaign(replace(LARGE_US, duration_s=31_536_000))
    stage.register_investor()
    stage.declare_means(pack="us-reg-cf@1", income=0, net_worth=0)
    stage.do(c.AcknowledgeRisk(investor_id=investor_id(1), kind="risk", sha256=DIGEST), by=owner_of(1))
    stage.now = NOW + timedelta(seconds=1)
    stage.do(stage.committing(1, 200_000), by=owner_of(1))
    stage.now = NOW + timedelta(days=364)
    stage.ask(stage.committing(2, 51_000), by=owner_of(1)).then_refused("yearly-limit")
    assert stage.investor().committed_in_year("USD", NOW + timedelta(days=366)) == 0


def test_a_cancelled_commitment_counts_for_no_limit() -> None:
    stage = Stage()
    stage.open_campaign(LARGE_US)
    stage.register_investor()
    stage.declare_means(pack="us-reg-cf@1", income=0, net_worth=0)
    stage.commit(1, 250_000)
    stage.cancel(1)
    stage.commit(2, 250_000)
    assert stage.investor().committed_to(CAMPAIGN) == 250_000


def test_accredited_investors_have_no_yearly_limit() -> None:
    stage = Stage()
    stage.open_campaign(LARGE_US)
    stage.register_investor()
    classify = c.ClassifyInvestor(investor_id=investor_id(1), classification="accredited", evidence=DIGEST)
    stage.do(classify, by=COMPLIANCE)
    stage.commit(1, 50_000_000)
    assert stage.campaign().committed == 50_000_000


def test_17_cfr_227_302_b_wants_the_restrictions_acknowledged() -> None:
    stage = live(US)
    refusal = stage.ask(stage.committing(1, 20_000, kinds=("risk",)), by=owner_of(1))
    assert refusal.then_refused("acknowledgement-missing").fields["kinds"] == ["restrictions"]


def test_the_default_pack_asks_for_neither_test_nor_means() -> None:
    stage = live(DEFAULT)
    stage.commit(1, 120_000)
    assert stage.campaign().committed == 120_000
