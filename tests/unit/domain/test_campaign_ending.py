"""How a campaign ends: closing, what is on its way back, releases whole and by milestones, refunds."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from uuid import UUID

import pytest

from domain import commands as c
from domain.campaign import CampaignClosed, ReleaseApproved, ReleaseRequested
from domain.company import ExclusivityReleased
from domain.investment import RefundOrdered
from domain.investment.state import Source
from domain.journal import Actor
from domain.money import fee_of, part_of
from domain.payment import payment_id
from domain.rule_packs import RulePacks, load_packs
from domain.values import Terms
from tests.unit.domain.acts import (
    ALL_PACKS,
    CAMPAIGN,
    CHECKER,
    COMPANY,
    COMPLIANCE,
    DEADLINE,
    DEFAULT,
    EU,
    INDEXER,
    ISSUER,
    ISSUER_WALLET,
    LOCAL,
    MAKER,
    MILESTONES,
    OPERATOR,
    OTHER_COMPLIANCE,
    PRO_RATA,
    PROCESS,
    RELEASE,
    Stage,
    failed,
    investment_id,
    investor_id,
    live,
    offer,
    succeeded,
    wallet_of,
)
from tests.unit.domain.scenario import NOW, When

CLOSE = c.CloseCampaign(campaign_id=CAMPAIGN, reason="the end")


# Closing.


@pytest.mark.parametrize(("raised", "outcome"), [(75_000, "successful"), (74_000, "failed")])
def test_three_quarters_of_the_goal_make_a_success(raised: int, outcome: str) -> None:
    """Rule 4 of the platform replaced. Nothing there ever evaluated it."""
    stage = live()
    stage.invest(1, raised)
    stage.now = DEADLINE
    (_, closed) = stage.ask(CLOSE, by=PROCESS).events
    assert closed == CampaignClosed(outcome=outcome, raised=raised, reason="the end")


def test_a_campaign_closes_at_its_deadline_and_once() -> None:
    stage = live()
    stage.now = DEADLINE - timedelta(microseconds=1)
    stage.ask(CLOSE, by=PROCESS).then_refused("still-open")
    stage.now = DEADLINE
    stage.ask(CLOSE, by=PROCESS).then_topics("campaign.closing_started", "campaign.closed")
    stage.ask(CLOSE, by=PROCESS).then_refused("wrong-status")


def test_before_its_deadline_an_operator_closes_only_what_succeeds() -> None:
    stage = live()
    stage.invest(1, 74_000)
    stage.ask(CLOSE, by=OPERATOR).then_refused("still-open")
    stage.commit(2, 10_000)
    stage.ask(CLOSE, by=OPERATOR).then_refused("still-open")
    stage.pay(2, 10_000)
    stage.ask(CLOSE, by=OPERATOR).then_topics("campaign.closing_started", "campaign.closed")


def test_the_pack_for_demonstrations_lets_an_operator_end_a_failure() -> None:
    stage = live(LOCAL)
    stage.ask(CLOSE, by=OPERATOR).then_topics("campaign.closing_started", "campaign.closed")
    assert stage.campaign().outcome == "failed"


def test_what_is_committed_counts_where_everybody_gets_a_part() -> None:
    stage = live(PRO_RATA)
    stage.invest(1, 80_000)
    stage.ask(CLOSE, by=OPERATOR).then_topics("campaign.closing_started")


def test_a_closing_waits_for_those_who_may_still_withdraw_without_a_reason() -> None:
    """ECSPR art. 22."""
    stage = live(EU)
    stage.now = DEADLINE - timedelta(days=1)
    stage.invest(1, 80_000)
    stage.now = DEADLINE
    stage.ask(CLOSE, by=PROCESS).then_refused("answers-awaited")
    stage.now = DEADLINE + timedelta(days=3)
    stage.ask(CLOSE, by=PROCESS).then_topics("campaign.closing_started", "campaign.closed")


def test_a_closing_says_why() -> None:
    stage = live()
    stage.now = DEADLINE
    stage.ask(c.CloseCampaign(campaign_id=CAMPAIGN, reason=""), by=OPERATOR).then_refused("text-not-acceptable")


def test_a_campaign_ends_although_its_pack_is_in_use_no_longer() -> None:
    """An installation that drops a pack must still be able to end what began under it."""
    stage = live(LOCAL)
    stage.invest(1, 20_000)
    fewer: RulePacks = load_packs(["default"])
    stage.world._packs = fewer
    stage.ask(CLOSE, by=OPERATOR).then_refused("still-open")
    stage.now = DEADLINE
    stage.ask(CLOSE, by=PROCESS).then_topics("campaign.closing_started", "campaign.closed")


def test_the_chain_confirms_a_closing_once_and_by_one_log() -> None:
    stage = live()
    confirm = c.ConfirmClosing(campaign_id=CAMPAIGN, on_chain=stage.fact())
    stage.ask(confirm, by=INDEXER).then_refused("not-obliged")
    stage.invest(1, 80_000)
    stage.close()
    stage.ask(confirm, by=INDEXER).then_topics("campaign.closing_confirmed")
    stage.ask(confirm, by=INDEXER).then_nothing()
    other = c.ConfirmClosing(campaign_id=CAMPAIGN, on_chain=stage.fact())
    stage.ask(other, by=INDEXER).then_refused("confirmed-otherwise")


def test_a_commitment_without_money_lapses_with_its_campaign_and_not_before() -> None:
    stage = live()
    stage.commit(1, 20_000)
    stage.pay(1, 5_000)
    lapse = c.LapseCommitment(investment_id=investment_id(1), reason="campaign closed")
    stage.ask(lapse, by=PROCESS).then_refused("still-open")
    stage.close()
    stage.ask(lapse, by=PROCESS).then_topics(
        "investment.lapsed", "campaign.commitment_released", "payment.freed", "investor.commitment_uncounted"
    )
    stage.ask(lapse, by=PROCESS).then_nothing()
    assert (stage.payment("tr-1").owed, stage.campaign().committed) == (5_000, 0)


# Unwinding: a closing waits for what is on its way back.


def _unwinding(*, recorded: bool) -> Stage:
    stage = live(LOCAL)
    stage.invest(1, 80_000)
    stage.invest(2, 20_000)
    if recorded:
        stage.record_on_chain(2)
    stage.cancel(2)
    return stage


@pytest.mark.parametrize("recorded", [True, False], ids=["recorded before", "recorded after"])
def test_a_closing_waits_for_the_refunds_of_those_who_cancelled(*, recorded: bool) -> None:
    stage = _unwinding(recorded=recorded)
    stage.now = DEADLINE
    stage.ask(CLOSE, by=PROCESS).then_topics("campaign.closing_started")
    assert stage.campaign().status == "closing"
    if not recorded:
        stage.record_on_chain(2)
    confirm = c.ConfirmRefund(investment_id=investment_id(2), on_chain=stage.fact())
    stage.ask(confirm, by=INDEXER).then_topics("investment.refund_confirmed", "campaign.refund_paid", "campaign.closed")
    assert (stage.campaign().raised, stage.campaign().outcome, stage.campaign().accounts.escrow) == (
        80_000,
        "successful",
        80_000,
    )


def test_a_refund_that_comes_before_the_closing_holds_nothing_up() -> None:
    stage = _unwinding(recorded=True)
    stage.confirm_refund(2)
    stage.now = DEADLINE
    stage.ask(CLOSE, by=PROCESS).then_topics("campaign.closing_started", "campaign.closed")


def test_while_a_campaign_closes_nothing_is_accepted_any_more() -> None:
    stage = _unwinding(recorded=True)
    stage.close()
    stage.ask(stage.committing(3, 20_000), by=Actor("investor-1", "investor")).then_refused("wrong-status")
    stage.ask(stage.paying(1, 80_000, reference="again"), by=MAKER).then_topics("payment.recorded")
    cancel = c.CancelInvestment(investment_id=investment_id(1), reason="late")
    stage.ask(cancel, by=Actor("investor-1", "investor")).then_refused("wrong-status")
    stage.ask(c.CompleteClosing(campaign_id=CAMPAIGN), by=PROCESS).then_nothing()
    assert stage.campaign().status == "closing"


def test_no_closing_is_completed_that_has_not_begun() -> None:
    live().ask(c.CompleteClosing(campaign_id=CAMPAIGN), by=PROCESS).then_refused("wrong-status")


# Releases: two people, the fee apart, the company in good standing.


def test_the_money_of_a_success_is_released_less_the_fee() -> None:
    stage = succeeded()
    request = c.RequestRelease(campaign_id=CAMPAIGN, release_id=RELEASE)
    stage.ask(request, by=MAKER).then(
        ReleaseRequested(release_id=RELEASE, amount=117_000, fee=3_000, requester=MAKER.id)
    )
    approve = c.ApproveRelease(campaign_id=CAMPAIGN, release_id=RELEASE)
    stage.ask(approve, by=Actor(MAKER.id, "treasury_checker")).then_refused("four-eyes")
    stage.ask(approve, by=CHECKER).then(
        ReleaseApproved(release_id=RELEASE, amount=117_000, fee=3_000, wallet=ISSUER_WALLET)
    )
    stage.ask(approve, by=CHECKER).then_refused("already-approved")
    confirm = c.ConfirmRelease(campaign_id=CAMPAIGN, release_id=RELEASE, on_chain=stage.fact())
    (_, released) = stage.ask(confirm, by=INDEXER).events
    assert released == ExclusivityReleased(
        campaign_id=CAMPAIGN, reason="settled", year_used=True, raised=120_000, ended_at=DEADLINE
    )
    campaign = stage.campaign()
    assert (campaign.status, campaign.accounts.issuer, campaign.accounts.fees) == ("settled", 117_000, 3_000)
    assert (campaign.accounts.escrow, campaign.accounts.investors) == (0, -120_000)
    stage.ask(confirm, by=INDEXER).then_nothing()
    assert stage.company().locked_by is None


def test_milestones_release_part_after_part_and_add_up_to_the_last_santim() -> None:
    stage = live(offer(cap=101_000, milestones=MILESTONES.milestones, fee_bps=333))
    stage.invest(1, 101_000)
    stage.close()
    stage.confirm_closing()
    for number in (1, 2, 3):
        release = UUID(int=number)
        stage.request_release(release)
        assert stage.campaign().releases[-1].tranche == number - 1
        stage.approve_release(release)
        stage.confirm_release(release)
        assert stage.campaign().status == ("settled" if number == 3 else "settling")
    releases = stage.campaign().releases
    assert [(r.amount, r.fee) for r in releases] == [(32_543, 1_120), (32_542, 1_121), (32_552, 1_122)]
    assert sum(r.amount + r.fee for r in releases) == 101_000
    assert stage.campaign().accounts.fees == fee_of(101_000, bps=333) == 3_363


@pytest.mark.parametrize("amount", [1, 99, 100_001, 2**53 - 1])
def test_parts_that_follow_each_other_add_up_whatever_the_amount(amount: int) -> None:
    bounds = [0, 1, 3_333, 6_666, 9_999, 10_000]
    parts = [part_of(amount, upto_bps=b, before_bps=a) for a, b in pairwise(bounds)]
    assert sum(parts) == amount
    assert min(parts) >= 0


def test_one_release_after_the_other() -> None:
    stage = succeeded(MILESTONES)
    stage.request_release(UUID(int=1))
    second = c.RequestRelease(campaign_id=CAMPAIGN, release_id=UUID(int=2))
    stage.ask(second, by=MAKER).then_refused("already-requested")
    stage.approve_release(UUID(int=1))
    stage.ask(second, by=MAKER).then_refused("already-requested")
    stage.confirm_release(UUID(int=1))
    again = c.RequestRelease(campaign_id=CAMPAIGN, release_id=UUID(int=1))
    stage.ask(again, by=MAKER).then_refused("already-exists")
    stage.ask(second, by=MAKER).then_topics("campaign.release_requested")


def test_a_declined_release_can_be_asked_for_again() -> None:
    stage = succeeded()
    stage.request_release()
    decline = c.DeclineRelease(campaign_id=CAMPAIGN, release_id=RELEASE, reason="no invoice")
    stage.ask(decline, by=Actor(MAKER.id, "treasury_checker")).then_refused("four-eyes")
    stage.ask(decline, by=CHECKER).then_topics("campaign.release_declined")
    stage.ask(decline, by=CHECKER).then_refused("not-requested")
    stage.request_release(UUID(int=2))
    assert [(r.id, r.tranche) for r in stage.campaign().releases] == [(UUID(int=2), 0)]


def test_an_approval_names_the_release_that_waits() -> None:
    stage = succeeded()
    stage.request_release()
    other = c.ApproveRelease(campaign_id=CAMPAIGN, release_id=UUID(int=2))
    stage.ask(other, by=CHECKER).then_refused("not-requested")


def test_a_suspended_company_gets_no_money() -> None:
    stage = succeeded()
    suspend = c.SuspendCompany(company_id=COMPANY, reason="a complaint")
    stage.do(suspend, by=COMPLIANCE)
    request = c.RequestRelease(campaign_id=CAMPAIGN, release_id=RELEASE)
    stage.ask(request, by=MAKER).then_refused("company-suspended")
    stage.do(c.ReinstateCompany(company_id=COMPANY, reason="unfounded"), by=OTHER_COMPLIANCE)
    stage.request_release()
    stage.do(suspend, by=COMPLIANCE)
    approve = c.ApproveRelease(campaign_id=CAMPAIGN, release_id=RELEASE)
    stage.ask(approve, by=CHECKER).then_refused("company-suspended")


def test_a_release_that_nobody_approved_is_not_confirmed() -> None:
    stage = succeeded()
    stage.request_release()
    confirm = c.ConfirmRelease(campaign_id=CAMPAIGN, release_id=RELEASE, on_chain=stage.fact())
    stage.ask(confirm, by=INDEXER).then_refused("not-obliged")


def test_a_failure_releases_nothing_and_a_success_refunds_nothing() -> None:
    request = c.RequestRelease(campaign_id=CAMPAIGN, release_id=RELEASE)
    failed().ask(request, by=MAKER).then_refused("wrong-status")
    refund = c.OrderRefund(investment_id=investment_id(1), reason="please")
    succeeded().ask(refund, by=PROCESS).then_refused("not-failed")
    allot = c.AllotShares(investment_id=investment_id(1))
    failed().ask(allot, by=PROCESS).then_refused("not-successful")


def test_nothing_is_released_before_the_chain_has_confirmed_the_closing() -> None:
    stage = live()
    stage.invest(1, 80_000)
    stage.close()
    request = c.RequestRelease(campaign_id=CAMPAIGN, release_id=RELEASE)
    stage.ask(request, by=MAKER).then_refused("not-successful")
    stage.ask(c.AllotShares(investment_id=investment_id(1)), by=PROCESS).then_refused("not-successful")


# Refunds.


def _order(stage: Stage, number: int = 1) -> When:
    return stage.ask(c.OrderRefund(investment_id=investment_id(number), reason="campaign failed"), by=PROCESS)


def test_a_failure_gives_the_money_back_to_where_it_came_from() -> None:
    stage = live()
    stage.commit(1, 20_000)
    stage.pay(1, 12_000, reference="a")
    stage.pay(1, 8_000, reference="b")
    stage.close()
    _order(stage).then_refused("not-failed")
    stage.confirm_closing()
    parts = (("a", 12_000), ("b", 8_000))
    _order(stage).then(
        RefundOrdered(
            campaign_id=CAMPAIGN,
            wallet=wallet_of(1),
            amount=20_000,
            reason="campaign failed",
            sources=tuple(Source(payment_id("bank", name), "bank", name, amount) for name, amount in parts),
        )
    )
    _order(stage).then_nothing()


def test_a_refund_needs_no_kyc_for_the_money_is_the_investors_own() -> None:
    """Rule 5 of the platform replaced: refund if failed or cancelled."""
    stage = failed()
    stage.do(c.RejectKyc(investor_id=investor_id(1), reason="lapsed"), by=COMPLIANCE)
    stage.do(c.EraseInvestor(investor_id=investor_id(1), reason="asked for it"), by=COMPLIANCE)
    _order(stage).then_topics("investment.refund_ordered")
    stage.confirm_refund(1)
    assert stage.campaign().accounts.investors == 0


def test_the_last_refund_ends_a_failure_and_frees_the_company() -> None:
    stage = live()
    for number in (1, 2):
        stage.invest(number, 20_000)
    stage.close()
    stage.confirm_closing()
    for number in (1, 2):
        _order(stage, number).then_topics("investment.refund_ordered")
    confirm = c.ConfirmRefund(investment_id=investment_id(1), on_chain=stage.fact())
    stage.ask(confirm, by=INDEXER).then_topics(
        "investment.refund_confirmed", "campaign.refund_paid", "investor.commitment_uncounted"
    )
    assert stage.campaign().status == "refunding"
    confirm = c.ConfirmRefund(investment_id=investment_id(2), on_chain=stage.fact())
    stage.ask(confirm, by=INDEXER).then_topics(
        "investment.refund_confirmed",
        "campaign.refund_paid",
        "campaign.refunds_completed",
        "company.exclusivity_released",
        "investor.commitment_uncounted",
    )
    assert (stage.campaign().status, stage.campaign().accounts.escrow) == ("refunded", 0)
    assert (stage.company().locked_by, stage.company().campaign_years) == (None, (NOW.year,))


def test_a_failure_without_money_is_over_with_its_closing() -> None:
    stage = live()
    stage.close()
    confirm = c.ConfirmClosing(campaign_id=CAMPAIGN, on_chain=stage.fact())
    stage.ask(confirm, by=INDEXER).then_topics(
        "campaign.closing_confirmed", "campaign.refunds_completed", "company.exclusivity_released"
    )


def test_a_refund_that_nobody_ordered_is_not_confirmed() -> None:
    stage = failed()
    confirm = c.ConfirmRefund(investment_id=investment_id(1), on_chain=stage.fact())
    stage.ask(confirm, by=INDEXER).then_refused("not-obliged")


def test_what_was_never_paid_is_not_refunded() -> None:
    stage = live()
    stage.commit(1, 20_000)
    stage.close()
    stage.confirm_closing()
    _order(stage).then_refused("wrong-status")


@pytest.mark.parametrize("terms", [DEFAULT, MILESTONES], ids=["whole", "milestones"])
def test_one_campaign_a_year_and_none_beside_it(terms: Terms) -> None:
    """Rule 1 of the platform replaced, which kept it in columns that nothing read."""
    other = UUID(int=0xCB)
    stage = succeeded(terms)
    stage.draft(campaign=other)
    submit = c.SubmitCampaign(campaign_id=other)
    stage.ask(submit, by=ISSUER).then_refused("exclusivity-locked")
    for number in range(len(terms.milestones) or 1):
        release = UUID(int=number + 1)
        stage.request_release(release)
        stage.ask(submit, by=ISSUER).then_refused("exclusivity-locked")
        stage.approve_release(release)
        stage.confirm_release(release)
    stage.ask(submit, by=ISSUER).then_refused("one-campaign-a-year")
    assert ALL_PACKS.get(terms.rule_pack).campaigns_per_year == 1
