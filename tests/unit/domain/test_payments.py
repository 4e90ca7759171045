"""Payments: exact, in parts, too much, too late, for nobody known, taken back; each once, and each santim somewhere."""

from __future__ import annotations

from uuid import UUID

import pytest

from domain import commands as c
from domain.campaign import ClaimRaised, FundingReceived
from domain.investment import InvestmentFunded, PaymentLost
from domain.investment.state import Source
from domain.journal import Actor
from domain.payment import PaymentMatched, PaymentRecorded, PaymentReturned, PaymentReversed, payment_id
from tests.unit.domain.acts import (
    CAMPAIGN,
    CHECKER,
    DEFAULT,
    INDEXER,
    LOCAL,
    MAKER,
    PRO_RATA,
    PROCESS,
    Stage,
    failed,
    investment_id,
    live,
    succeeded,
    wallet_of,
)
from tests.unit.domain.scenario import When


def _committed(amount: int = 80_000) -> Stage:
    stage = live()
    stage.commit(1, amount)
    return stage


def _reverse(stage: Stage, reference: str) -> When:
    return stage.ask(c.ReversePayment(payment_id=payment_id("bank", reference), reason="recall"), by=MAKER)


def _return(stage: Stage, reference: str, *, by: Actor = CHECKER) -> When:
    return stage.ask(c.ReturnPayment(payment_id=payment_id("bank", reference), return_reference="back-1"), by=by)


def test_the_exact_amount_funds_the_commitment_in_one_transaction() -> None:
    stage = _committed()
    source = Source(payment_id("bank", "tr-1"), "bank", "tr-1", 80_000)
    stage.ask(stage.paying(1, 80_000), by=MAKER).then(
        PaymentRecorded(
            provider="bank",
            reference="tr-1",
            amount=80_000,
            currency="ETB",
            recorder=MAKER.id,
            investment_id=investment_id(1),
            campaign_id=CAMPAIGN,
            applied=80_000,
        ),
        InvestmentFunded(
            campaign_id=CAMPAIGN,
            wallet=wallet_of(1),
            provider="bank",
            reference="tr-1",
            amount=80_000,
            shares=80,
            source=source,
        ),
        FundingReceived(investment_id=investment_id(1), amount=80_000),
    )
    campaign = stage.campaign()
    assert (campaign.raised, campaign.accounts.escrow, campaign.accounts.investors) == (80_000, 80_000, -80_000)


def test_parts_count_when_the_last_one_is_there() -> None:
    stage = _committed()
    stage.ask(stage.paying(1, 30_000, reference="a"), by=MAKER).then_topics(
        "payment.recorded", "investment.payment_received"
    )
    assert (stage.campaign().raised, stage.investment(1).due, stage.investment(1).status) == (0, 50_000, "committed")
    stage.ask(stage.paying(1, 50_000, reference="b"), by=MAKER).then_topics(
        "payment.recorded", "investment.funded", "campaign.funding_received"
    )
    assert (stage.campaign().raised, len(stage.investment(1).sources)) == (80_000, 2)


def test_what_is_too_much_is_owed_back_to_the_payer() -> None:
    stage = _committed()
    stage.pay(1, 80_500)
    payment = stage.payment("tr-1")
    assert (payment.applied, payment.owed, stage.campaign().raised) == (80_000, 500, 80_000)


def test_money_for_what_is_funded_already_is_owed_back_whole() -> None:
    stage = _committed()
    stage.pay(1, 80_000)
    stage.ask(stage.paying(1, 80_000, reference="again"), by=MAKER).then_topics("payment.recorded")
    assert (stage.payment("again").owed, stage.campaign().raised) == (80_000, 80_000)


def test_money_after_the_closing_is_owed_back() -> None:
    stage = _committed()
    stage.close()
    stage.ask(stage.paying(1, 80_000), by=MAKER).then_topics("payment.recorded")
    assert (stage.payment("tr-1").owed, stage.campaign().raised) == (80_000, 0)


def test_money_for_a_cancelled_commitment_is_owed_back() -> None:
    stage = _committed()
    stage.cancel(1)
    stage.ask(stage.paying(1, 80_000), by=MAKER).then_topics("payment.recorded")
    assert stage.payment("tr-1").owed == 80_000


def test_money_counts_in_a_paused_campaign() -> None:
    stage = _committed()
    stage.do(c.PauseCampaign(campaign_id=CAMPAIGN, reason="a complaint"), by=Actor("operator-1", "operator"))
    stage.pay(1, 80_000)
    assert stage.campaign().raised == 80_000


# Once for each provider and reference.


def test_the_same_payment_recorded_again_is_the_same_payment() -> None:
    stage = _committed()
    stage.pay(1, 80_000)
    stage.ask(stage.paying(1, 80_000), by=Actor("treasury-9", "treasury_maker")).then_nothing()


def test_the_same_reference_with_another_amount_is_refused() -> None:
    stage = _committed()
    stage.pay(1, 30_000)
    refusal = stage.ask(stage.paying(1, 30_001), by=MAKER).then_refused("already-exists")
    assert refusal.fields["field"] == "amount"


def test_the_same_reference_for_another_investment_is_refused() -> None:
    stage = _committed(40_000)
    stage.commit(2, 40_000)
    stage.pay(1, 40_000, reference="a")
    stage.ask(stage.paying(2, 40_000, reference="a"), by=MAKER).then_refused("already-exists")


def test_the_same_reference_of_another_provider_is_another_payment() -> None:
    assert payment_id("bank", "1") != payment_id("telebirr", "1")
    stage = _committed()
    stage.pay(1, 40_000, reference="1")
    other = c.RecordPayment(
        provider="telebirr", reference="1", amount=40_000, currency="ETB", investment_id=investment_id(1)
    )
    stage.ask(other, by=MAKER).then_topics("payment.recorded", "investment.funded", "campaign.funding_received")


def test_another_currency_than_the_campaigns_is_refused() -> None:
    stage = _committed()
    refusal = stage.ask(stage.paying(1, 80_000, currency="EUR"), by=MAKER).then_refused("currency-differs")
    assert refusal.fields["currency"] == "ETB"


@pytest.mark.parametrize(("amount", "code"), [(0, "amount-not-positive"), (2**53, "amount-too-large")])
def test_an_amount_that_no_provider_reports_is_refused(amount: int, code: str) -> None:
    stage = _committed()
    stage.ask(stage.paying(1, amount), by=MAKER).then_refused(code)


def test_a_payment_for_an_investment_that_is_not_there_is_refused() -> None:
    stage = live()
    stage.ask(stage.paying(7, 1_000, currency="ETB"), by=MAKER).then_refused("not-found")


# For nobody known, and matched later.


def test_money_for_nobody_known_waits_to_be_matched() -> None:
    stage = _committed()
    stage.ask(stage.paying(None, 80_000, reference="x", currency="ETB"), by=MAKER).then_topics("payment.recorded")
    payment = stage.payment("x")
    assert (payment.investment_id, payment.owed) == (None, 80_000)
    match = c.MatchPayment(payment_id=payment.id, investment_id=investment_id(1))
    (matched, _, _) = stage.ask(match, by=MAKER).events
    assert matched == PaymentMatched(investment_id=investment_id(1), campaign_id=CAMPAIGN, applied=80_000)
    assert (stage.campaign().raised, stage.payment("x").owed) == (80_000, 0)
    stage.ask(match, by=MAKER).then_nothing()


def test_a_matched_payment_belongs_to_no_other_investment() -> None:
    stage = _committed(40_000)
    stage.commit(2, 40_000)
    stage.do(stage.paying(None, 40_000, reference="x", currency="ETB"), by=MAKER)
    stage.do(c.MatchPayment(payment_id=payment_id("bank", "x"), investment_id=investment_id(1)), by=MAKER)
    other = c.MatchPayment(payment_id=payment_id("bank", "x"), investment_id=investment_id(2))
    stage.ask(other, by=MAKER).then_refused("already-exists")


def test_money_that_went_back_is_matched_no_more() -> None:
    stage = _committed()
    stage.do(stage.paying(None, 80_000, reference="x", currency="ETB"), by=MAKER)
    _return(stage, "x").then_topics("payment.returned")
    match = c.MatchPayment(payment_id=payment_id("bank", "x"), investment_id=investment_id(1))
    stage.ask(match, by=MAKER).then_refused("nothing-owed")


def test_a_match_in_another_currency_is_refused() -> None:
    stage = _committed()
    stage.do(stage.paying(None, 80_000, reference="x", currency="EUR"), by=MAKER)
    match = c.MatchPayment(payment_id=payment_id("bank", "x"), investment_id=investment_id(1))
    stage.ask(match, by=MAKER).then_refused("currency-differs")


def test_a_payment_that_is_not_there_can_be_neither_matched_nor_returned_nor_reversed() -> None:
    stage = _committed()
    nowhere = UUID(int=1)
    commands = [
        (c.MatchPayment(payment_id=nowhere, investment_id=investment_id(1)), MAKER),
        (c.ReturnPayment(payment_id=nowhere, return_reference="back"), CHECKER),
        (c.ReversePayment(payment_id=nowhere, reason="recall"), MAKER),
    ]
    for command, by in commands:
        stage.ask(command, by=by).then_refused("not-found")


# What is owed goes back.


def test_what_is_owed_goes_back_once_by_another_person_than_the_one_who_recorded_it() -> None:
    stage = _committed()
    stage.pay(1, 80_500)
    _return(stage, "tr-1", by=Actor(MAKER.id, "treasury_checker")).then_refused("four-eyes")
    _return(stage, "tr-1").then(PaymentReturned(amount=500, return_reference="back-1", campaign_id=CAMPAIGN))
    _return(stage, "tr-1").then_refused("nothing-owed")
    payment = stage.payment("tr-1")
    assert (payment.applied, payment.owed, payment.returned) == (80_000, 0, 500)


def test_money_that_counts_is_not_returned_as_if_it_were_owed() -> None:
    stage = _committed()
    stage.pay(1, 80_000)
    _return(stage, "tr-1").then_refused("nothing-owed")


# The provider takes it back.


def test_a_reversal_before_the_money_counts_makes_the_investor_owe_it_again() -> None:
    stage = _committed()
    stage.pay(1, 30_000, reference="a")
    stage.pay(1, 20_000, reference="b")
    _reverse(stage, "a").then(
        PaymentReversed(applied=30_000, owed=0, reason="recall", campaign_id=CAMPAIGN),
        PaymentLost(campaign_id=CAMPAIGN, payment_id=payment_id("bank", "a"), amount=30_000),
    )
    assert (stage.investment(1).paid, stage.investment(1).due) == (20_000, 60_000)
    stage.pay(1, 60_000, reference="c")
    assert stage.campaign().raised == 80_000


def test_a_reversal_of_what_was_held_until_the_closing_is_held_no_longer() -> None:
    stage = live(PRO_RATA)
    stage.invest(1, 80_000)
    _reverse(stage, "tr-1").then_topics("payment.reversed", "investment.payment_lost", "campaign.funding_lost")
    assert (stage.campaign().held_investments, stage.investment(1).status) == (0, "committed")


def test_a_reversal_in_an_open_campaign_cancels_the_investment_and_undoes_it_on_the_chain() -> None:
    stage = _committed()
    stage.pay(1, 80_000)
    stage.record_on_chain(1)
    events = _reverse(stage, "tr-1").then_topics(
        "payment.reversed",
        "investment.cancelled",
        "campaign.commitment_released",
        "campaign.funding_withdrawn",
        "investment.refund_ordered",
        "investor.commitment_uncounted",
    )
    assert (stage.campaign().raised, stage.campaign().committed, events is stage.world) == (0, 0, True)


def test_the_undoing_of_a_reversal_pays_nobody_again() -> None:
    """The refund on the chain takes the investment out of the record; the bank has its money already."""
    stage = _committed()
    stage.pay(1, 30_000, reference="a")
    stage.pay(1, 50_000, reference="b")
    stage.record_on_chain(1)
    ordered = _reverse(stage, "a").events[4]
    assert ordered.sources == (Source(payment_id("bank", "b"), "bank", "b", 50_000),)  # type: ignore[attr-defined]


def test_a_reversal_after_a_cancellation_and_before_its_refund_is_ordered_is_no_claim() -> None:
    stage = live(LOCAL)
    stage.invest(1, 20_000)
    stage.cancel(1)
    _reverse(stage, "tr-1").then_topics("payment.reversed")
    stage.record_on_chain(1)
    stage.confirm_refund(1)
    assert stage.campaign().accounts.claims == 0
    assert (stage.campaign().accounts.investors, stage.campaign().accounts.escrow) == (0, 0)


def test_a_reversal_when_the_refund_is_on_its_way_is_a_claim() -> None:
    stage = live(LOCAL)
    stage.invest(1, 20_000)
    stage.record_on_chain(1)
    stage.cancel(1)
    _reverse(stage, "tr-1").then_topics("payment.reversed", "campaign.claim_raised")
    assert stage.campaign().accounts.claims == -20_000


def test_a_reversal_after_the_closing_is_a_claim_against_the_investor() -> None:
    stage = succeeded()
    _reverse(stage, "tr-1").then(
        PaymentReversed(applied=120_000, owed=0, reason="recall", campaign_id=CAMPAIGN),
        ClaimRaised(investment_id=investment_id(1), payment_id=payment_id("bank", "tr-1"), amount=120_000),
    )
    accounts = stage.campaign().accounts
    assert (accounts.escrow, accounts.claims, accounts.investors) == (120_000, -120_000, 0)
    assert stage.investment(1).status == "funded"


def test_a_reversal_of_what_was_refunded_is_a_claim_too() -> None:
    stage = failed()
    stage.do(c.OrderRefund(investment_id=investment_id(1), reason="campaign failed"), by=PROCESS)
    stage.confirm_refund(1)
    _reverse(stage, "tr-1").then_topics("payment.reversed", "campaign.claim_raised")
    assert stage.campaign().accounts.claims == -20_000


def test_a_reversal_of_money_that_was_owed_takes_what_is_owed() -> None:
    stage = _committed()
    stage.pay(1, 80_500)
    stage.record_on_chain(1)
    stage.do(c.ReturnPayment(payment_id=payment_id("bank", "tr-1"), return_reference="back"), by=CHECKER)
    (event, *_) = _reverse(stage, "tr-1").events
    assert event == PaymentReversed(applied=80_000, owed=0, reason="recall", campaign_id=CAMPAIGN)
    payment = stage.payment("tr-1")
    assert (payment.reversed, payment.returned, payment.amount) == (80_000, 500, 80_500)


def test_a_reversal_of_an_unmatched_payment_touches_nothing_else() -> None:
    stage = live(DEFAULT)
    stage.do(stage.paying(None, 500, reference="x", currency="ETB"), by=MAKER)
    _reverse(stage, "x").then(PaymentReversed(applied=0, owed=500, reason="recall"))
    _reverse(stage, "x").then_nothing()


def test_money_that_has_gone_back_cannot_be_taken_back() -> None:
    stage = live()
    stage.do(stage.paying(None, 500, reference="x", currency="ETB"), by=MAKER)
    _return(stage, "x").then_topics("payment.returned")
    _reverse(stage, "x").then_refused("nothing-owed")


def test_a_reversal_says_why() -> None:
    stage = _committed()
    stage.pay(1, 30_000)
    stage.ask(c.ReversePayment(payment_id=payment_id("bank", "tr-1"), reason=""), by=MAKER).then_refused(
        "text-not-acceptable"
    )


def test_the_chain_confirms_a_recording_once_and_by_one_log() -> None:
    stage = _committed()
    confirm = c.ConfirmRecording(investment_id=investment_id(1), on_chain=stage.fact())
    stage.ask(confirm, by=INDEXER).then_refused("not-obliged")
    stage.pay(1, 80_000)
    stage.ask(confirm, by=INDEXER).then_topics("investment.recording_confirmed")
    stage.ask(confirm, by=INDEXER).then_nothing()
    other = c.ConfirmRecording(investment_id=investment_id(1), on_chain=stage.fact())
    stage.ask(other, by=INDEXER).then_refused("confirmed-otherwise")
