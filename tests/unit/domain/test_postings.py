"""What the chain refuses for good is released or, by two people, abandoned; each effect then goes its own way on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from msgspec.structs import replace

from chain_writer.intents import Kind
from domain import commands as c
from domain import postings
from domain.values import ChainFact
from tests.unit.domain.acts import (
    CAMPAIGN,
    CHANGE,
    CHECKER,
    COIN,
    COMPANY,
    COMPLIANCE,
    DIGEST,
    INDEXER,
    ISSUER,
    LOCAL,
    OPERATOR,
    OTHER_COMPLIANCE,
    PROCESS,
    RELEASE,
    WEI,
    WRITER,
    Stage,
    investment_id,
    live,
    offer,
)

PLACE = 7  # the position of the entry whose effect is refused
INVESTMENT = investment_id(1)
NEW_WALLET = "0x00000000000000000000000000000000000000C7"
FAILING = offer(rule_pack="local@1", funding_goal=200_000, cap=200_000)


def reject(stage: Stage, stream: UUID, effect: str, *, place: int = PLACE) -> None:
    command = c.RejectPosting(
        stream=stream, entry_position=place, code="NotWriter", reason="NotWriter()", effect=effect
    )
    stage.do(command, by=WRITER)


def release(stream: UUID) -> c.ReleasePosting:
    return c.ReleasePosting(stream=stream, entry_position=PLACE, reason="the role is granted again")


def propose(stream: UUID) -> c.ProposeAbandonment:
    return c.ProposeAbandonment(stream=stream, entry_position=PLACE, reason="it can never be written")


def approve(stream: UUID) -> c.ApproveAbandonment:
    return c.ApproveAbandonment(stream=stream, entry_position=PLACE)


def withdraw(stream: UUID) -> c.WithdrawAbandonment:
    return c.WithdrawAbandonment(stream=stream, entry_position=PLACE, reason="a way was found")


def abandon(stage: Stage, stream: UUID) -> Any:
    """By two people; what came of it."""
    stage.do(propose(stream), by=OPERATOR)
    return stage.ask(approve(stream), by=COMPLIANCE)


def fact_of(stage: Stage, place: int = PLACE) -> ChainFact:
    return replace(stage.fact(), entry_position=place)


def posting(stage: Stage, stream: UUID) -> postings.Posting:
    found: postings.Posting = stage.find(stream).postings[PLACE]
    return found


def test_the_domain_names_effects_in_the_words_of_the_writer() -> None:
    assert {kind.value for kind in Kind} == postings.EFFECTS


@pytest.mark.parametrize("stream", [COMPANY, CAMPAIGN, INVESTMENT])
def test_a_rejected_effect_is_released_and_if_rejected_again_released_again(stream: UUID) -> None:
    stage = live()
    stage.invest(1, 20_000)
    effect = {COMPANY: "update", CAMPAIGN: "set-paused", INVESTMENT: "record-investment"}[stream]
    reject(stage, stream, effect)
    kind = {COMPANY: "company", CAMPAIGN: "campaign", INVESTMENT: "investment"}[stream]
    stage.ask(release(stream), by=OPERATOR).then_topics(f"{kind}.posting_released")
    assert posting(stage, stream) == postings.Posting(effect, "released")
    stage.ask(release(stream), by=OPERATOR).then_refused("wrong-status")

    reject(stage, stream, effect)
    assert posting(stage, stream).state == "rejected"
    stage.ask(release(stream), by=OPERATOR).then_topics(f"{kind}.posting_released")


@pytest.mark.parametrize("stream", [COMPANY, CAMPAIGN, INVESTMENT])
def test_an_effect_is_abandoned_by_two_people_and_until_then_the_wish_may_be_withdrawn(stream: UUID) -> None:
    stage = live()
    stage.invest(1, 20_000)
    effect = {COMPANY: "lock", CAMPAIGN: "set-deadline", INVESTMENT: "issue-certificate"}[stream]
    reject(stage, stream, effect)
    stage.ask(approve(stream), by=COMPLIANCE).then_refused("not-requested")
    stage.do(propose(stream), by=OPERATOR)
    assert posting(stage, stream).proposer == OPERATOR.id
    stage.ask(propose(stream), by=COMPLIANCE).then_refused("already-requested")
    stage.ask(release(stream), by=OPERATOR).then_refused("already-requested")
    stage.ask(approve(stream), by=OPERATOR).then_refused("four-eyes")
    stage.do(withdraw(stream), by=OPERATOR)
    assert posting(stage, stream) == postings.Posting(effect)

    before = stage.find(stream)
    abandon(stage, stream)
    after = stage.find(stream)
    assert after.postings[PLACE].state == "abandoned"
    assert replace(after, postings={}) == replace(before, postings={})  # nothing waited for these
    stage.ask(release(stream), by=OPERATOR).then_refused("wrong-status")
    stage.ask(propose(stream), by=OPERATOR).then_refused("wrong-status")


@pytest.mark.parametrize("ask", [release, propose, withdraw, approve])
def test_only_what_was_rejected_can_be_decided(ask: Callable[[UUID], c.Command]) -> None:
    stage = live()
    code = "not-obliged"
    stage.ask(ask(CAMPAIGN), by=OPERATOR).then_refused(code)
    stage.ask(ask(UUID(int=9)), by=OPERATOR).then_refused("not-found")


def test_what_an_effect_is_must_be_known_to_abandon_it() -> None:
    stage = live()
    reject(stage, CAMPAIGN, "something-else")
    assert posting(stage, CAMPAIGN).effect == ""
    stage.ask(propose(CAMPAIGN), by=OPERATOR).then_refused("wrong-status")
    stage.ask(release(CAMPAIGN), by=OPERATOR).then_topics("campaign.posting_released")


def test_a_rejection_of_what_the_chain_shows_is_recorded_and_changes_nothing() -> None:
    stage = live()
    stage.do(c.ConfirmPosting(stream=CAMPAIGN, on_chain=fact_of(stage)), by=INDEXER)
    before = stage.campaign()
    reject(stage, CAMPAIGN, "set-paused")
    assert stage.campaign() == before
    stage.ask(release(CAMPAIGN), by=OPERATOR).then_refused("wrong-status")


@pytest.mark.parametrize("decided", ["rejected", "released", "proposed", "abandoned"])
def test_a_confirmation_that_comes_later_is_never_lost(decided: str) -> None:
    stage = live()
    stage.invest(1, 20_000)
    stage.record_on_chain(1)
    reject(stage, CAMPAIGN, "set-paused")
    if decided == "released":
        stage.do(release(CAMPAIGN), by=OPERATOR)
    if decided in {"proposed", "abandoned"}:
        stage.do(propose(CAMPAIGN), by=OPERATOR)
    if decided == "abandoned":
        stage.do(approve(CAMPAIGN), by=COMPLIANCE)
    confirm = c.ConfirmPosting(stream=CAMPAIGN, on_chain=fact_of(stage))
    stage.ask(confirm, by=INDEXER).then_topics("campaign.posting_confirmed")
    stage.ask(approve(CAMPAIGN), by=COMPLIANCE).then_refused("wrong-status")


# A registration.


def approved() -> Stage:
    """A company whose registration is on its way."""
    stage = Stage()
    stage.register_company()
    company = replace(stage.company(), registration="obliged", registered=None, posted={})
    stage.world.states[COMPANY] = (company, stage.world.states[COMPANY][1])
    reject(stage, COMPANY, "register")
    return stage


def test_a_released_registration_is_on_its_way_again() -> None:
    stage = approved()
    assert stage.company().registration == "refused"
    stage.do(release(COMPANY), by=OPERATOR)
    assert stage.company().registration == "obliged"
    stage.ask(c.ConfirmCompanyRegistration(company_id=COMPANY, on_chain=fact_of(stage)), by=INDEXER).then_topics(
        "company.registration_confirmed"
    )
    assert PLACE in stage.company().on_chain


def test_without_its_registration_a_company_submits_its_kyb_anew() -> None:
    stage = approved()
    abandon(stage, COMPANY).then_topics("company.posting_abandoned")
    assert stage.company().kyb == "info_required"
    stage.do(c.SubmitKyb(company_id=COMPANY), by=ISSUER)
    hash_ = stage.company().documents_hash
    stage.ask(c.ApproveKyb(company_id=COMPANY, documents_hash=hash_), by=COMPLIANCE).then_topics("company.kyb_approved")
    # The chain shows the first one after all: it is the registration.
    stage.do(c.ConfirmCompanyRegistration(company_id=COMPANY, on_chain=fact_of(stage)), by=INDEXER)
    assert stage.company().registration == "confirmed"


def test_a_registration_that_another_approval_obliged_is_not_released() -> None:
    stage = approved()
    company = replace(stage.company(), registration="obliged")
    stage.world.states[COMPANY] = (company, stage.world.states[COMPANY][1])
    stage.ask(release(COMPANY), by=OPERATOR).then_refused("wrong-status")


# A creation.


def deploying() -> Stage:
    stage = Stage()
    stage.register_company()
    stage.draft()
    stage.approve()
    reject(stage, CAMPAIGN, "create-campaign")
    assert stage.campaign().deployment_rejected
    return stage


def test_a_released_creation_waits_for_its_contract_again() -> None:
    stage = deploying()
    stage.do(release(CAMPAIGN), by=OPERATOR)
    assert not stage.campaign().deployment_rejected
    stage.deploy()
    assert stage.campaign().status == "live"


def test_an_abandoned_creation_abandons_the_campaign_and_frees_its_company() -> None:
    stage = deploying()
    abandon(stage, CAMPAIGN).then_topics(
        "campaign.posting_abandoned", "campaign.abandoned", "company.exclusivity_released"
    )
    assert (stage.campaign().status, stage.company().locked_by) == ("abandoned", None)

    # The chain has it after all: that is kept, and the campaign stays what it is.
    deadline = stage.now
    late = c.ConfirmDeployment(campaign_id=CAMPAIGN, address="0x1", deadline=deadline, on_chain=fact_of(stage))
    stage.ask(late, by=INDEXER).then_topics("campaign.posting_confirmed")
    stage.ask(late, by=INDEXER).then_nothing()
    assert stage.campaign().status == "abandoned"


def test_a_creation_is_not_released_once_its_campaign_is_over() -> None:
    stage = deploying()
    stage.call_off()
    stage.ask(release(CAMPAIGN), by=OPERATOR).then_refused("wrong-status")


# A recording.


def test_the_money_of_an_abandoned_recording_goes_back_and_the_campaign_goes_on_without_it() -> None:
    stage = live(investors=2)
    stage.invest(1, 20_000)
    stage.invest(2, 20_000, investor=2)
    reject(stage, INVESTMENT, "record-investment")
    abandon(stage, INVESTMENT).then_topics(
        "investment.cancelled",
        "campaign.commitment_released",
        "campaign.funding_withdrawn",
        "investor.commitment_uncounted",
        "investment.posting_abandoned",
        "campaign.refund_paid",
    )
    campaign = stage.campaign()
    assert stage.investment(1).status == "refunded"
    assert (campaign.raised, campaign.committed, campaign.unwinding) == (20_000, 20_000, 0)
    assert (campaign.accounts.escrow, campaign.accounts.investors) == (20_000, -20_000)
    campaign.check()


def test_a_recording_that_comes_after_all_is_taken_back_on_the_chain_and_paid_back_once() -> None:
    stage = live(investors=2)
    stage.invest(1, 20_000)
    reject(stage, INVESTMENT, "record-investment")
    abandon(stage, INVESTMENT)
    late = c.ConfirmRecording(investment_id=INVESTMENT, on_chain=fact_of(stage))
    stage.ask(late, by=INDEXER).then_topics("investment.recording_confirmed", "investment.refund_ordered")
    back = c.ConfirmRefund(investment_id=INVESTMENT, on_chain=stage.fact())
    stage.ask(back, by=INDEXER).then_topics("investment.refund_confirmed")
    assert stage.campaign().accounts.escrow == 0


def test_an_investor_who_cancelled_has_the_money_back_when_the_recording_is_abandoned() -> None:
    stage = live(LOCAL)
    stage.invest(1, 20_000)
    stage.cancel(1)
    reject(stage, INVESTMENT, "record-investment")
    abandon(stage, INVESTMENT).then_topics("investment.posting_abandoned", "campaign.refund_paid")
    assert (stage.investment(1).status, stage.campaign().unwinding) == ("refunded", 0)


def test_a_recording_that_a_closing_counts_is_not_abandoned() -> None:
    stage = live()
    stage.invest(1, 20_000)
    reject(stage, INVESTMENT, "record-investment")
    stage.close()
    assert stage.campaign().ended
    stage.ask(propose(INVESTMENT), by=OPERATOR).then_refused("wrong-status")
    stage.ask(release(INVESTMENT), by=OPERATOR).then_topics("investment.posting_released")


@pytest.mark.parametrize("effect", ["record-investment", "record-refund"])
def test_coin_is_never_given_up(effect: str) -> None:
    stage = live(WEI)
    stage.invest(1, 200 * COIN)
    reject(stage, INVESTMENT, effect)
    stage.ask(propose(INVESTMENT), by=OPERATOR).then_refused("coin-on-chain")
    stage.ask(release(INVESTMENT), by=OPERATOR).then_topics("investment.posting_released")


# A closing.


def test_an_abandoned_closing_ends_the_campaign_without_success_and_all_money_goes_back() -> None:
    stage = live()
    stage.invest(1, 90_000)
    stage.record_on_chain(1)
    stage.close()
    assert stage.campaign().outcome == "successful"
    reject(stage, CAMPAIGN, "close")
    abandon(stage, CAMPAIGN).then_topics("campaign.posting_abandoned")
    assert (stage.campaign().outcome, stage.campaign().status) == ("cancelled", "refunding")
    stage.ask(c.AllotShares(investment_id=INVESTMENT), by=PROCESS).then_refused("not-successful")

    # The contract is open still, so it takes each investment out of its record.
    order = c.OrderRefund(investment_id=INVESTMENT, reason="campaign failed")
    (ordered,) = stage.ask(order, by=PROCESS).events
    assert ordered.live  # type: ignore[attr-defined]
    stage.confirm_refund(1)
    assert (stage.campaign().status, stage.company().locked_by) == ("refunded", None)

    # The chain shows the closing after all: kept beside, nobody goes back.
    late = c.ConfirmClosing(campaign_id=CAMPAIGN, on_chain=fact_of(stage))
    stage.ask(late, by=INDEXER).then_topics("campaign.posting_confirmed")
    stage.ask(late, by=INDEXER).then_nothing()
    assert stage.campaign().status == "refunded"


def test_an_abandoned_closing_of_a_campaign_that_nobody_paid_ends_it_at_once() -> None:
    stage = live()
    stage.close()
    reject(stage, CAMPAIGN, "close")
    abandon(stage, CAMPAIGN).then_topics(
        "campaign.posting_abandoned", "campaign.refunds_completed", "company.exclusivity_released"
    )
    assert stage.campaign().status == "refunded"


def test_a_recording_under_an_abandoned_closing_is_given_up_with_its_refund() -> None:
    stage = live()
    stage.invest(1, 90_000)
    reject(stage, INVESTMENT, "record-investment")
    stage.close()
    reject(stage, CAMPAIGN, "close")
    abandon(stage, CAMPAIGN)
    stage.do(c.OrderRefund(investment_id=INVESTMENT, reason="campaign failed"), by=PROCESS)
    abandon(stage, INVESTMENT).then_topics("investment.posting_abandoned")
    assert stage.investment(1).status == "refunding"


# A release.


def settling() -> Stage:
    stage = live()
    stage.invest(1, 90_000)
    stage.close()
    stage.confirm_closing()
    stage.request_release()
    stage.approve_release()
    reject(stage, CAMPAIGN, "record-release")
    return stage


def test_an_abandoned_release_leaves_the_money_in_escrow_and_may_be_asked_for_again() -> None:
    stage = settling()
    abandon(stage, CAMPAIGN).then_topics("campaign.posting_abandoned")
    assert stage.campaign().accounts.escrow == 90_000
    again = UUID(int=0x4F)
    stage.request_release(again)
    stage.approve_release(again)
    stage.confirm_release(again)
    campaign = stage.campaign()
    assert (campaign.status, campaign.accounts.escrow) == ("settled", 0)
    assert campaign.accounts.issuer + campaign.accounts.fees == 90_000


def test_an_abandoned_release_that_the_chain_shows_after_all_is_paid_and_not_again() -> None:
    stage = settling()
    abandon(stage, CAMPAIGN)
    again = UUID(int=0x4F)
    stage.request_release(again)
    late = c.ConfirmRelease(campaign_id=CAMPAIGN, release_id=RELEASE, on_chain=fact_of(stage))
    stage.ask(late, by=INDEXER).then_topics("campaign.release_confirmed", "company.exclusivity_released")
    assert stage.campaign().accounts.escrow == 0
    stage.ask(c.ApproveRelease(campaign_id=CAMPAIGN, release_id=again), by=CHECKER).then_refused("already-approved")


# A refund.


def test_an_abandoned_refund_is_paid_without_the_chain_and_once() -> None:
    stage = live(FAILING)
    stage.invest(1, 20_000)
    stage.close()
    stage.confirm_closing()
    stage.do(c.OrderRefund(investment_id=INVESTMENT, reason="campaign failed"), by=PROCESS)
    reject(stage, INVESTMENT, "record-refund")
    abandon(stage, INVESTMENT).then_topics(
        "investment.posting_abandoned",
        "campaign.refund_paid",
        "campaign.refunds_completed",
        "company.exclusivity_released",
        "investor.commitment_uncounted",
    )
    assert (stage.investment(1).status, stage.campaign().status) == ("refunded", "refunded")
    late = c.ConfirmRefund(investment_id=INVESTMENT, on_chain=fact_of(stage))
    stage.ask(late, by=INDEXER).then_topics("investment.refund_confirmed")
    assert stage.campaign().accounts.escrow == 0


# A change of a certificate.


def certified() -> Stage:
    stage = live()
    stage.invest(1, 90_000)
    stage.close()
    stage.confirm_closing()
    stage.allot(1)
    stage.certify(1)
    return stage


@pytest.mark.parametrize(("kind", "wallet"), [("revoke", None), ("reissue", NEW_WALLET), ("transfer", NEW_WALLET)])
def test_an_abandoned_change_of_a_certificate_has_not_happened_until_the_chain_shows_it(
    kind: str, wallet: str | None
) -> None:
    stage = certified()
    before = stage.investment(1).held
    ask = c.RequestCertificateChange(
        investment_id=INVESTMENT, change_id=CHANGE, kind=kind, wallet=wallet, reason="a lost key", evidence=DIGEST
    )
    stage.do(ask, by=COMPLIANCE)
    stage.do(c.ApproveCertificateChange(investment_id=INVESTMENT, change_id=CHANGE), by=OTHER_COMPLIANCE)
    changed = stage.investment(1).held
    effect = {"revoke": "revoke-certificate", "reissue": "reissue-certificate", "transfer": "approve-transfer"}[kind]
    reject(stage, INVESTMENT, effect)
    abandon(stage, INVESTMENT).then_topics("investment.posting_abandoned")
    assert (stage.investment(1).held, stage.investment(1).changing) == (before, None)

    late = c.ConfirmCertificateChange(investment_id=INVESTMENT, change_id=CHANGE, on_chain=fact_of(stage))
    stage.ask(late, by=INDEXER).then_topics("investment.certificate_change_confirmed")
    stage.ask(late, by=INDEXER).then_nothing()
    assert stage.investment(1).held == changed
    other = replace(ask, change_id=UUID(int=0xC5), kind="revoke" if kind != "revoke" else "reissue")
    asked = replace(other, wallet=None if other.kind == "revoke" else NEW_WALLET)
    stage.ask(asked, by=COMPLIANCE).then_topics("investment.certificate_change_requested")
