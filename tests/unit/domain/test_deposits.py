"""Coin at the chain's escrow: what of it counts, what is owed, what has gone back, and who may say so."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest

from domain import commands as c
from domain.campaign import EmergencyAnnounced, FundingReceived, RefundPaid, ReleaseWithdrawn
from domain.investment import DepositReclaimed, InvestmentFunded
from domain.investment.state import Source
from domain.payment import CHAIN, Payment, PaymentReclaimed, PaymentRecorded, PaymentReturned
from domain.values import DEPOSIT_MAX
from tests.unit.domain.acts import (
    CAMPAIGN,
    CHECKER,
    COIN,
    INDEXER,
    ISSUER,
    ISSUER_WALLET,
    LOCAL_COIN,
    MAKER,
    PROCESS,
    RELEASE,
    WEI,
    Stage,
    deposit_id,
    investment_id,
    live,
    offer,
    wallet_of,
)
from tests.unit.domain.scenario import When

FIRST_COME = offer(currency="wei", rule_pack="local-coin@1", oversubscription="first_come")


def _committed(amount: int = 330 * COIN) -> Stage:
    stage = live(WEI, investors=2)
    stage.commit(1, amount)
    return stage


def _parts(payment: Payment) -> tuple[int, int, int]:
    return payment.applied, payment.owed, payment.returned


def _reclaim(stage: Stage, amount: int, *, investor: int = 1) -> When:
    return stage.ask(stage.reclaiming(1, amount, investor=investor), by=INDEXER)


def test_the_exact_amount_from_the_investors_own_wallet_counts_in_one_transaction() -> None:
    stage = _committed()
    command = stage.depositing(1, 330 * COIN)
    reference = command.deposit.place.reference
    stage.ask(command, by=INDEXER).then(
        PaymentRecorded(
            provider=CHAIN,
            reference=reference,
            amount=330 * COIN,
            currency="wei",
            recorder=INDEXER.id,
            investment_id=investment_id(1),
            campaign_id=CAMPAIGN,
            applied=330 * COIN,
            deposit=command.deposit,
        ),
        InvestmentFunded(
            campaign_id=CAMPAIGN,
            wallet=wallet_of(1),
            provider=CHAIN,
            reference=reference,
            amount=330 * COIN,
            shares=33,
            source=Source(deposit_id(1), CHAIN, reference, 330 * COIN),
        ),
        FundingReceived(investment_id=investment_id(1), amount=330 * COIN),
    )


def test_the_same_deposit_again_is_recorded_once_and_another_content_at_its_place_is_refused() -> None:
    stage = _committed()
    command = stage.depositing(1, 330 * COIN)
    stage.do(command, by=INDEXER)
    stage.ask(command, by=INDEXER).then_nothing()
    stage.ask(msgspec.structs.replace(command, amount=1), by=INDEXER).then_refused("already-exists")


@pytest.mark.parametrize("amount", [1, 330 * COIN - 1, 330 * COIN + 1, DEPOSIT_MAX])
def test_any_other_amount_is_its_depositors(amount: int) -> None:
    stage = _committed()
    stage.ask(stage.depositing(1, amount), by=INDEXER).then_topics("payment.recorded")
    assert _parts(stage.deposited(1)) == (0, amount, 0)


@pytest.mark.parametrize(("amount", "code"), [(0, "amount-not-positive"), (DEPOSIT_MAX + 1, "amount-too-large")])
def test_what_no_escrow_takes_is_refused(amount: int, code: str) -> None:
    stage = _committed()
    stage.ask(stage.depositing(1, amount), by=INDEXER).then_refused(code)


def test_a_strangers_deposit_stands_in_nobodys_way() -> None:
    stage = _committed()
    stage.deposit(1, 330 * COIN, investor=2)
    assert (_parts(stage.deposited(1, 2)), stage.investment(1).due) == ((0, 330 * COIN, 0), 330 * COIN)
    stage.deposit(1, 330 * COIN)
    assert _parts(stage.deposited(1)) == (330 * COIN, 0, 0)


def test_a_deposit_for_a_fiat_campaign_or_for_none_is_nobodys() -> None:
    stage = live()
    stage.commit(1, 80_000)
    stage.deposit(1, 80_000)
    stage.deposit(2, 80_000)
    for number in (1, 2):
        payment = stage.deposited(number)
        assert (payment.investment_id, _parts(payment)) == (None, (0, 80_000, 0))


def test_a_deposit_that_waits_for_room_is_matched_once_there_is_some() -> None:
    stage = live(FIRST_COME, investors=2)
    stage.commit(1, FIRST_COME.cap)
    stage.commit(2, 20_000, investor=2)
    stage.deposit(2, 20_000, investor=2)
    match = c.MatchPayment(payment_id=deposit_id(2, 2), investment_id=investment_id(2))
    assert stage.deposited(2, 2).investment_id is None
    stage.cancel(1)
    stage.do(c.AdmitInvestment(investment_id=investment_id(2)), by=PROCESS)
    stage.ask(match, by=MAKER).then_topics("payment.matched", "investment.funded", "campaign.funding_received")


def test_a_deposit_is_matched_only_to_what_its_contract_could_record_it_for() -> None:
    stage = live(LOCAL_COIN, investors=2)
    for number, amount in ((1, 30_000), (2, 40_000), (3, 30_000)):  # too little, another's, before their commitments
        stage.deposit(number, amount - (number == 1), investor=1 + (number == 2))
        stage.commit(number, amount)
    for number, named, by in ((1, 1, 1), (2, 2, 2), (3, 1, 1)):
        match = c.MatchPayment(payment_id=deposit_id(number, by), investment_id=investment_id(named))
        stage.ask(match, by=MAKER).then_refused("deposit-differs")


def test_a_deposit_after_the_end_is_owed_and_returned_when_it_is_taken_back() -> None:
    stage = _committed()
    stage.close()
    stage.deposit(1, 330 * COIN)
    assert _parts(stage.deposited(1)) == (0, 330 * COIN, 0)
    command = stage.reclaiming(1, 330 * COIN)
    returned = PaymentReturned(amount=330 * COIN, return_reference=command.place.reference, campaign_id=CAMPAIGN)
    stage.ask(command, by=INDEXER).then(returned)
    _reclaim(stage, 330 * COIN).then_refused("sums-differ")


def test_a_refund_that_is_pulled_says_so_of_its_payment_alone() -> None:
    stage = _committed()
    stage.deposit(1, 330 * COIN)
    stage.record_on_chain(1)
    stage.close()
    stage.confirm_closing()
    stage.do(c.OrderRefund(investment_id=investment_id(1), reason="failed"), by=PROCESS)
    stage.confirm_refund(1)
    command = stage.reclaiming(1, 330 * COIN)
    stage.ask(command, by=INDEXER).then(
        PaymentReclaimed(amount=330 * COIN, return_reference=command.place.reference, campaign_id=CAMPAIGN)
    )
    assert _parts(stage.deposited(1)) == (0, 0, 330 * COIN)


def test_coin_that_is_taken_out_of_an_open_campaign_ends_its_investment_without_a_refund() -> None:
    stage = _committed(1_000 * COIN)
    stage.deposit(1, 1_000 * COIN)
    stage.record_on_chain(1)
    _reclaim(stage, 1_000 * COIN).then_topics(
        "payment.reclaimed", "investment.deposit_reclaimed", "campaign.refund_paid", "investor.commitment_uncounted"
    )
    assert (stage.investment(1).status, stage.campaign().raised) == ("refunded", 1_000 * COIN)
    stage.close()
    assert stage.campaign().outcome == "failed"  # what was raised is not there
    stage.confirm_closing()
    assert stage.campaign().status == "refunded"
    stage.ask(c.OrderRefund(investment_id=investment_id(1), reason="failed"), by=PROCESS).then_nothing()


def test_coin_that_the_chain_never_recorded_counts_no_more_once_it_is_taken_back() -> None:
    stage = _committed(1_000 * COIN)
    stage.deposit(1, 1_000 * COIN)
    when = _reclaim(stage, 1_000 * COIN)
    assert when.events[-2:] == (
        DepositReclaimed(campaign_id=CAMPAIGN, payment_id=deposit_id(1), amount=1_000 * COIN),
        RefundPaid(investment_id=investment_id(1), amount=1_000 * COIN, withdrawn=True),
    )
    campaign = stage.campaign()
    assert (campaign.raised, campaign.unwinding, campaign.accounts.escrow) == (0, 0, 0)


def _succeeded() -> Stage:
    stage = _committed(1_000 * COIN)
    stage.deposit(1, 1_000 * COIN)
    stage.record_on_chain(1)
    stage.close()
    stage.confirm_closing()
    stage.allot(1)
    return stage


def test_coin_taken_out_after_the_allotment_leaves_the_shares() -> None:
    stage = _succeeded()
    _reclaim(stage, 400 * COIN).then_topics("payment.reclaimed", "campaign.refund_paid")
    campaign = stage.campaign()
    assert (campaign.accounts.escrow, campaign.refunded_investments) == (600 * COIN, 0)
    assert (stage.investment(1).status, _parts(stage.deposited(1))) == ("allotted", (600 * COIN, 0, 400 * COIN))
    stage.request_release()
    stage.approve_release()
    confirm = c.ConfirmRelease(campaign_id=CAMPAIGN, release_id=RELEASE, on_chain=stage.fact())
    stage.ask(confirm, by=INDEXER).then_refused("sums-differ")  # no escrow can have paid that out


def test_a_withdrawal_takes_every_release_that_stood_there_once() -> None:
    stage = _succeeded()
    names = (c.ReleaseName(CAMPAIGN, RELEASE), c.ReleaseName(investment_id(1), RELEASE))
    place = stage.place()
    take = c.RecordWithdrawal(releases=names, payee=ISSUER_WALLET, amount=975 * COIN, place=place)
    stage.ask(take, by=INDEXER).then_nothing()
    stage.request_release()
    stage.approve_release()
    stage.ask(take, by=INDEXER).then_nothing()
    stage.confirm_release()
    stage.ask(take, by=INDEXER).then(ReleaseWithdrawn(release_id=RELEASE, payee=ISSUER_WALLET, place=place))
    stage.ask(take, by=INDEXER).then_nothing()


def test_once_an_emergency_has_begun_nothing_is_released() -> None:
    stage = _succeeded()
    begins_at, place = stage.now + timedelta(days=30), stage.place()
    announce = c.RecordEmergency(campaign_id=CAMPAIGN, begins_at=begins_at, place=place)
    stage.ask(announce, by=INDEXER).then(EmergencyAnnounced(begins_at=begins_at, place=place))
    stage.ask(announce, by=INDEXER).then_nothing()
    stage.request_release()
    stage.now = begins_at
    approve = c.ApproveRelease(campaign_id=CAMPAIGN, release_id=RELEASE)
    stage.ask(approve, by=CHECKER).then_refused("wrong-status")
    call_off = c.RecordEmergency(campaign_id=CAMPAIGN, begins_at=None, place=place)
    stage.ask(call_off, by=INDEXER).then_topics("campaign.emergency_cancelled")
    stage.ask(call_off, by=INDEXER).then_nothing()
    stage.approve_release()


def test_a_fiat_campaign_has_no_emergency() -> None:
    stage = live()
    announce = c.RecordEmergency(campaign_id=CAMPAIGN, begins_at=stage.now, place=stage.place())
    stage.ask(announce, by=INDEXER).then_refused("currency-differs")


def test_only_the_indexer_speaks_for_the_escrow_and_for_nothing_else() -> None:
    stage = _committed()
    stage.deposit(1, 5)
    for provider, currency in ((CHAIN, "wei"), ("bank", "wei"), (CHAIN, "ETB")):
        command = c.RecordPayment(provider=provider, reference="x", amount=1, currency=currency)
        stage.ask(command, by=MAKER).then_refused("role-not-allowed")
    held = deposit_id(1)
    stage.ask(c.ReturnPayment(payment_id=held, return_reference="x"), by=CHECKER).then_refused("role-not-allowed")
    stage.ask(c.ReversePayment(payment_id=held, reason="recall"), by=MAKER).then_refused("role-not-allowed")
    stage.ask(stage.depositing(2, 5), by=MAKER).then_refused("role-not-allowed")
    stage.ask(stage.reclaiming(1, 5), by=MAKER).then_refused("role-not-allowed")
    fiat = c.RecordPayment(provider="bank", reference="x", amount=1, currency="ETB")
    stage.ask(fiat, by=INDEXER).then_refused("role-not-allowed")


def test_coin_is_not_shared_out_in_parts() -> None:
    """The campaign's contract records whole deposits."""
    stage = Stage()
    stage.register_company()
    terms = offer(currency="wei", rule_pack="local-coin@1", oversubscription="pro_rata")
    draft = c.DraftCampaign(campaign_id=CAMPAIGN, company_id=stage.company().id, title="Roastery", terms=terms)
    assert stage.ask(draft, by=ISSUER).then_refused("unknown-value").fields["field"] == "oversubscription"
    coin = msgspec.structs.replace(draft, terms=msgspec.structs.replace(WEI, oversubscription="pro_rata"))
    assert stage.ask(coin, by=ISSUER).then_refused("terms-outside-rules").fields["field"] == "oversubscription"
