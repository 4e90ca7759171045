"""An investor withdraws: the four grounds and their source, under each pack, and what becomes of the money."""

from __future__ import annotations

from datetime import timedelta

import pytest

from domain import commands as c
from domain.campaign import CommitmentReleased, FundingWithdrawn
from domain.investment import InvestmentCancelled, RefundOrdered
from domain.investment.state import Source
from domain.investor import CommitmentUncounted
from domain.values import Terms
from tests.unit.domain.acts import (
    CAMPAIGN,
    CHANGE,
    COMPLIANCE,
    DEADLINE,
    DEFAULT,
    DIGEST,
    EU,
    FIRST_COME,
    INDEXER,
    ISSUER,
    LOCAL,
    OTHER_COMPLIANCE,
    PROCESS,
    US,
    WEI,
    Stage,
    investment_id,
    investor_id,
    live,
    owner_of,
    wallet_of,
)
from tests.unit.domain.scenario import NOW, When

PACKS = {"default": DEFAULT, "local": LOCAL, "eu-ecspr": EU, "us-reg-cf": US}
AN_INSTANT = timedelta(microseconds=1)


def _cancel(stage: Stage, number: int = 1) -> When:
    command = c.CancelInvestment(investment_id=investment_id(number), reason="changed my mind")
    return stage.ask(command, by=owner_of(1))


@pytest.mark.parametrize("terms", PACKS.values(), ids=PACKS)
def test_without_money_a_commitment_binds_nobody_under_any_pack(terms: Terms) -> None:
    stage = live(terms)
    stage.commit(1, 20_000)
    stage.now = DEADLINE - AN_INSTANT
    _cancel(stage).then(
        InvestmentCancelled(campaign_id=CAMPAIGN, amount=20_000, reason="changed my mind"),
        CommitmentReleased(investment_id=investment_id(1), amount=20_000, reason="cancelled"),
        CommitmentUncounted(investment_id=investment_id(1)),
    )
    assert (stage.campaign().committed, stage.investment(1).status) == (0, "cancelled")


@pytest.mark.parametrize("terms", [DEFAULT, WEI], ids=["default", "default-coin"])
def test_the_default_packs_do_not_let_a_paid_commitment_be_cancelled(terms: Terms) -> None:
    stage = live(terms)
    stage.invest(1, terms.cap)
    _cancel(stage).then_refused("cancellation-closed")


def test_ecspr_article_22_lets_everybody_revoke_within_four_days_without_a_reason() -> None:
    stage = live(EU)
    stage.invest(1, 20_000)
    stage.now = NOW + timedelta(days=4) - AN_INSTANT
    _cancel(stage).then_topics(
        "investment.cancelled",
        "campaign.commitment_released",
        "campaign.funding_withdrawn",
        "investor.commitment_uncounted",
    )


def test_after_the_four_days_the_commitment_binds() -> None:
    stage = live(EU)
    stage.invest(1, 20_000)
    stage.now = NOW + timedelta(days=4)
    _cancel(stage).then_refused("cancellation-closed")


def test_ecspr_article_22_does_not_protect_the_sophisticated() -> None:
    stage = live(EU)
    classify = c.ClassifyInvestor(investor_id=investor_id(1), classification="sophisticated", evidence=DIGEST)
    stage.do(classify, by=COMPLIANCE)
    stage.invest(1, 20_000)
    _cancel(stage).then_refused("cancellation-closed")


def test_17_cfr_227_304_a_lets_investors_cancel_until_two_days_before_the_deadline() -> None:
    stage = live(US)
    stage.invest(1, 20_000)
    stage.invest(2, 20_000)
    stage.now = DEADLINE - timedelta(days=2) - AN_INSTANT
    _cancel(stage, 1).then_topics(
        "investment.cancelled",
        "campaign.commitment_released",
        "campaign.funding_withdrawn",
        "investor.commitment_uncounted",
    )
    stage.now = DEADLINE - timedelta(days=2)
    _cancel(stage, 2).then_refused("cancellation-closed")


def test_the_pack_for_demonstrations_lets_investors_cancel_until_the_deadline() -> None:
    stage = live(LOCAL)
    stage.invest(1, 20_000)
    stage.now = DEADLINE - AN_INSTANT
    _cancel(stage).then_topics(
        "investment.cancelled",
        "campaign.commitment_released",
        "campaign.funding_withdrawn",
        "investor.commitment_uncounted",
    )


@pytest.mark.parametrize("terms", PACKS.values(), ids=PACKS)
def test_17_cfr_227_304_c_lets_investors_cancel_after_a_material_change_under_any_pack(terms: Terms) -> None:
    stage = live(terms)
    stage.invest(1, 20_000)
    stage.now = DEADLINE - timedelta(days=1)
    stage.declare_change()
    stage.approve_change()
    _cancel(stage).then_topics(
        "investment.cancelled",
        "campaign.commitment_released",
        "campaign.funding_withdrawn",
        "investor.commitment_uncounted",
    )
    assert stage.campaign().unconfirmed == 0


def test_whoever_has_reconfirmed_is_bound_again() -> None:
    stage = live()
    stage.invest(1, 20_000)
    stage.declare_change()
    stage.approve_change()
    stage.do(c.ReconfirmInvestment(investment_id=investment_id(1), change_id=CHANGE), by=owner_of(1))
    _cancel(stage).then_refused("cancellation-closed")


def test_whoever_committed_after_the_change_knew_it() -> None:
    stage = live()
    stage.declare_change()
    stage.approve_change()
    stage.invest(1, 20_000)
    _cancel(stage).then_refused("cancellation-closed")


def test_a_cancellation_repeated_is_the_same_cancellation() -> None:
    stage = live()
    stage.commit(1, 20_000)
    stage.cancel(1)
    _cancel(stage).then_nothing()


def test_nobody_cancels_for_somebody_else() -> None:
    stage = live()
    stage.commit(1, 20_000)
    command = c.CancelInvestment(investment_id=investment_id(1), reason="spite")
    stage.ask(command, by=owner_of(2)).then_refused("not-yours")


def test_a_cancellation_says_why() -> None:
    stage = live()
    stage.commit(1, 20_000)
    stage.ask(c.CancelInvestment(investment_id=investment_id(1), reason=" "), by=owner_of(1)).then_refused(
        "text-not-acceptable"
    )


def test_a_paused_campaign_does_not_hold_investors_back() -> None:
    stage = live(LOCAL)
    stage.invest(1, 20_000)
    stage.do(c.PauseCampaign(campaign_id=CAMPAIGN, reason="a complaint"), by=COMPLIANCE)
    stage.cancel(1)
    assert stage.investment(1).status == "refunding"


def test_after_the_closing_nobody_cancels() -> None:
    stage = live(LOCAL)
    stage.invest(1, 20_000)
    stage.close()
    _cancel(stage).then_refused("wrong-status")


# What becomes of the money.


def test_parts_that_were_paid_are_owed_back_to_their_payers() -> None:
    stage = live(LOCAL)
    stage.commit(1, 20_000)
    stage.pay(1, 5_000, reference="a")
    stage.pay(1, 7_000, reference="b")
    stage.cancel(1)
    assert [(stage.payment(r).applied, stage.payment(r).owed) for r in "ab"] == [(0, 5_000), (0, 7_000)]
    assert (stage.investment(1).paid, stage.investment(1).sources) == (0, ())


def test_money_that_counted_counts_no_longer_and_its_refund_waits_for_the_chain() -> None:
    """Cancelled before the chain recorded it: the refund is ordered when it has."""
    stage = live(LOCAL)
    stage.invest(1, 20_000)
    events = _cancel(stage).events
    assert FundingWithdrawn(investment_id=investment_id(1), amount=20_000) in events
    campaign = stage.campaign()
    assert (campaign.raised, campaign.committed, campaign.unwinding, campaign.accounts.escrow) == (0, 0, 1, 20_000)
    confirm = c.ConfirmRecording(investment_id=investment_id(1), on_chain=stage.fact())
    stage.ask(confirm, by=INDEXER).then_topics("investment.recording_confirmed", "investment.refund_ordered")


def test_money_that_the_chain_has_recorded_is_refunded_at_once_to_its_sources() -> None:
    stage = live(LOCAL)
    stage.commit(1, 20_000)
    stage.pay(1, 5_000, reference="a")
    stage.pay(1, 15_000, reference="b")
    stage.record_on_chain(1)
    events = _cancel(stage).events
    parts = (("a", 5_000), ("b", 15_000))
    sources = tuple(Source(stage.payment(name).id, "bank", name, amount) for name, amount in parts)
    assert events[3] == RefundOrdered(
        campaign_id=CAMPAIGN,
        wallet=wallet_of(1),
        amount=20_000,
        reason="changed my mind",
        live=True,
        sources=sources,
    )


def test_the_refund_of_a_cancelled_investment_leaves_the_escrow() -> None:
    stage = live(LOCAL)
    stage.invest(1, 20_000)
    stage.record_on_chain(1)
    stage.cancel(1)
    confirm = c.ConfirmRefund(investment_id=investment_id(1), on_chain=stage.fact())
    stage.ask(confirm, by=INDEXER).then_topics("investment.refund_confirmed", "campaign.refund_paid")
    campaign = stage.campaign()
    assert (campaign.unwinding, campaign.accounts.escrow, campaign.accounts.investors) == (0, 0, 0)
    assert stage.investment(1).status == "refunded"
    stage.ask(confirm, by=INDEXER).then_nothing()


# Silence after a material change.


def _silent() -> Stage:
    """Investments 1 (paid, recorded), 2 (paid in part) and 3 (who answers) when the time to answer is over."""
    stage = live(investors=3)
    stage.invest(1, 20_000)
    stage.record_on_chain(1)
    stage.commit(2, 20_000, investor=2)
    stage.pay(2, 5_000)
    stage.commit(3, 20_000, investor=3)
    stage.declare_change()
    stage.approve_change()
    stage.do(c.ReconfirmInvestment(investment_id=investment_id(3), change_id=CHANGE), by=owner_of(3))
    return stage


def _take_silence(stage: Stage, number: int) -> When:
    return stage.ask(c.CancelUnconfirmed(investment_id=investment_id(number), change_id=CHANGE), by=PROCESS)


def test_silence_is_no_answer_before_its_time() -> None:
    _take_silence(_silent(), 1).then_refused("not-due")


def test_17_cfr_227_304_c_takes_silence_for_a_cancellation() -> None:
    stage = _silent()
    assert stage.campaign().unconfirmed == 2
    change = stage.campaign().change
    assert change is not None
    stage.now = change.reconfirm_by
    _take_silence(stage, 1).then_topics(
        "investment.cancelled",
        "campaign.commitment_released",
        "campaign.funding_withdrawn",
        "investment.refund_ordered",
        "investor.commitment_uncounted",
    )
    _take_silence(stage, 2).then_topics(
        "investment.cancelled", "campaign.commitment_released", "payment.freed", "investor.commitment_uncounted"
    )
    _take_silence(stage, 3).then_nothing()
    assert (stage.campaign().unconfirmed, stage.campaign().committed) == (0, 20_000)


def test_an_answer_after_its_time_is_none() -> None:
    stage = _silent()
    change = stage.campaign().change
    assert change is not None
    stage.now = change.reconfirm_by
    answer = c.ReconfirmInvestment(investment_id=investment_id(1), change_id=CHANGE)
    stage.ask(answer, by=owner_of(1)).then_refused("deadline-passed")


def test_only_the_change_that_there_is_can_be_reconfirmed() -> None:
    stage = live()
    stage.invest(1, 20_000)
    answer = c.ReconfirmInvestment(investment_id=investment_id(1), change_id=CHANGE)
    stage.ask(answer, by=owner_of(1)).then_refused("not-requested")
    stage.declare_change()
    stage.ask(answer, by=owner_of(1)).then_refused("not-requested")
    stage.approve_change()
    stage.ask(answer, by=owner_of(1)).then_topics("investment.reconfirmed", "campaign.commitment_reconfirmed")
    stage.ask(answer, by=owner_of(1)).then_nothing()


def test_a_cancelled_investment_is_not_reconfirmed() -> None:
    stage = live()
    stage.commit(1, 20_000)
    stage.declare_change()
    stage.approve_change()
    stage.cancel(1)
    answer = c.ReconfirmInvestment(investment_id=investment_id(1), change_id=CHANGE)
    stage.ask(answer, by=owner_of(1)).then_refused("wrong-status")


def test_whoever_is_admitted_from_the_list_is_told_of_the_change() -> None:
    stage = live(FIRST_COME, investors=2)
    stage.commit(1, 120_000)
    stage.commit(2, 20_000, investor=2)
    stage.declare_change()
    stage.approve_change()
    stage.cancel(1)
    stage.do(c.AdmitInvestment(investment_id=investment_id(2)), by=PROCESS)
    assert (stage.investment(2).change_id, stage.campaign().unconfirmed) == (CHANGE, 0)


def test_a_declined_change_asks_nobody() -> None:
    stage = live()
    stage.commit(1, 20_000)
    stage.declare_change()
    stage.do(c.DeclineChange(campaign_id=CAMPAIGN, change_id=CHANGE, reason="unclear"), by=OTHER_COMPLIANCE)
    assert (stage.campaign().unconfirmed, stage.campaign().change) == (0, None)
    stage.ask(c.DeclineChange(campaign_id=CAMPAIGN, change_id=CHANGE, reason="unclear"), by=ISSUER).then_refused(
        "role-not-allowed"
    )
