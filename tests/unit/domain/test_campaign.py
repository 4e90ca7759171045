"""The campaign: terms within their pack, exclusivity, four eyes, closing, release and refunds."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest

from domain.campaign import (
    Campaign,
    CampaignApproved,
    CampaignClosed,
    CampaignPostingRejected,
    CampaignRejected,
    CampaignSubmitted,
    ClosingConfirmed,
    DeploymentConfirmed,
    RefundsCompleted,
    ReleaseApproved,
    ReleaseConfirmed,
    ReleaseRequested,
)
from domain.commands import (
    ApproveCampaign,
    ApproveRelease,
    CloseCampaign,
    CompleteRefunds,
    ConfirmClosing,
    ConfirmDeployment,
    ConfirmRelease,
    DraftCampaign,
    RejectCampaign,
    RejectPosting,
    RequestRelease,
    SubmitCampaign,
)
from domain.company import Company, ExclusivityLocked, ExclusivityReleased
from domain.journal import Actor
from domain.rule_packs import RulePacks, load_packs
from domain.values import AMOUNT_MAX, terms_hash
from tests.unit.domain.examples import (
    APPROVED,
    CAMPAIGN,
    COMMITTED,
    COMPANY,
    COMPLIANCE,
    DEADLINE,
    DRAFTED,
    FAILED,
    FUNDED,
    INDEXER,
    ISSUER,
    ISSUER_WALLET,
    KYB_APPROVED,
    LIVE,
    ON_CHAIN,
    OPERATOR,
    OTHER_ISSUER,
    PROCESS,
    RELEASE,
    RELEASE_APPROVED,
    RELEASE_REQUESTED,
    SUBMITTED,
    SUCCEEDED,
    TERMS,
    TERMS_HASH,
    TREASURY_CHECKER,
    TREASURY_MAKER,
    WRITER,
    closed,
    fact,
    funded,
    live,
    terms,
)
from tests.unit.domain.scenario import NOW, given

SELF_APPROVER = Actor(ISSUER.id, "compliance")
SECOND = UUID(int=0xCB)


def _draft(*, campaign_id: UUID = CAMPAIGN, title: str = "Roastery", **changes: Any) -> DraftCampaign:
    return DraftCampaign(campaign_id=campaign_id, company_id=COMPANY, title=title, terms=terms(**changes))


# Drafting: seed rules 3 and 4 bound the terms.


def test_a_campaign_is_drafted_by_its_company_within_the_rules_of_its_pack() -> None:
    given(*ON_CHAIN).when(_draft(), by=ISSUER).then(DRAFTED[-1])
    given(*ON_CHAIN).when(_draft(), by=OTHER_ISSUER).then_refused("not-yours")
    given(*DRAFTED).when(_draft(), by=ISSUER).then_refused("already-exists")
    given().when(_draft(), by=ISSUER).then_refused("not-found")
    given(*ON_CHAIN).when(_draft(title=""), by=ISSUER).then_refused("text-not-acceptable")


DAY_S = 86_400


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        # Seed rule 3: a goal of 1,000 to 5,000,000 ETB, 30 to 180 days, investments from 100 ETB.
        ({"funding_goal": 99_999}, "terms-outside-rules"),
        ({"funding_goal": 500_000_001, "cap": 500_000_001}, "terms-outside-rules"),
        ({"duration_s": 30 * DAY_S - 1}, "terms-outside-rules"),
        ({"duration_s": 180 * DAY_S + 1}, "terms-outside-rules"),
        ({"minimum": 9_999}, "terms-outside-rules"),
        ({"minimum": 121_000}, "terms-outside-rules"),
        ({"cap": 99_000}, "terms-outside-rules"),
        ({"cap": 500_001_000}, "terms-outside-rules"),
        # Seed rule 4: success from 75 % of the goal, a fee of at most 10 %.
        ({"success_threshold_bps": 7_499}, "terms-outside-rules"),
        ({"success_threshold_bps": 10_001}, "terms-outside-rules"),
        ({"fee_bps": -1}, "terms-outside-rules"),
        ({"fee_bps": 1_001}, "terms-outside-rules"),
        # Seed rule 7: one rule for shares, whole ones.
        ({"minimum": 10_500}, "not-whole-shares"),
        ({"cap": 120_500}, "not-whole-shares"),
        ({"share_price": 7_000}, "not-whole-shares"),
        ({"currency": "EUR"}, "unknown-value"),
        ({"rule_pack": "default@99"}, "unknown-value"),
        ({"share_price": 0}, "amount-not-positive"),
        ({"funding_goal": -1}, "amount-not-positive"),
        ({"cap": AMOUNT_MAX + 1}, "amount-too-large"),
    ],
)
def test_terms_outside_the_rules_are_refused(changes: dict[str, Any], code: str) -> None:
    given(*ON_CHAIN).when(_draft(**changes), by=ISSUER).then_refused(code)


@pytest.mark.parametrize(
    "changes",
    [
        {"funding_goal": 500_000_000, "cap": 500_000_000},
        {"duration_s": 180 * DAY_S},
        {"cap": 100_000},
        {"success_threshold_bps": 10_000},
        {"fee_bps": 0},
        {"fee_bps": 1_000},
    ],
)
def test_terms_at_the_bounds_are_accepted(changes: dict[str, Any]) -> None:
    given(*ON_CHAIN).when(_draft(**changes), by=ISSUER).then_topics("campaign.drafted")


# Submitting: seed rule 1, exclusivity.

SUBMIT = SubmitCampaign(campaign_id=CAMPAIGN)


def test_submitting_fixes_the_terms_and_takes_the_exclusivity() -> None:
    submitted = CampaignSubmitted(terms_hash=TERMS_HASH, submitter=ISSUER.id)
    locked = ExclusivityLocked(campaign_id=CAMPAIGN, year=NOW.year)
    given(*DRAFTED).when(SUBMIT, by=ISSUER).then(submitted, locked)


def test_a_campaign_is_submitted_by_its_owner_and_once() -> None:
    given(*DRAFTED).when(SUBMIT, by=OTHER_ISSUER).then_refused("not-yours")
    given(*SUBMITTED).when(SUBMIT, by=ISSUER).then_refused("wrong-status")


def test_a_company_that_is_not_registered_on_the_chain_submits_no_campaign() -> None:
    given(*KYB_APPROVED, DRAFTED[-1]).when(SUBMIT, by=ISSUER).then_refused("company-not-registered")


def test_a_company_has_one_open_campaign_at_a_time() -> None:
    second = given(*SUBMITTED).when(_draft(campaign_id=SECOND), by=ISSUER).then_topics("campaign.drafted")
    refusal = second.when(SubmitCampaign(campaign_id=SECOND), by=ISSUER).then_refused("exclusivity-locked")
    assert refusal.fields == {"campaign_id": str(CAMPAIGN)}


def test_a_company_has_one_campaign_a_calendar_year() -> None:
    settled = given(
        *RELEASE_APPROVED,
        ReleaseConfirmed(release_id=RELEASE, on_chain=fact(30)),
        ExclusivityReleased(campaign_id=CAMPAIGN, reason="settled"),
    )
    second = settled.when(_draft(campaign_id=SECOND), by=ISSUER).then_topics("campaign.drafted")
    submit = SubmitCampaign(campaign_id=SECOND)
    second.when(submit, by=ISSUER).then_refused("one-campaign-a-year")
    next_year = NOW.replace(year=NOW.year + 1)
    second.when(submit, by=ISSUER, now=next_year).then_topics("campaign.submitted", "company.exclusivity_locked")


# Approving: seed rule 2, compliance decides before deployment.

APPROVE = ApproveCampaign(campaign_id=CAMPAIGN, terms_hash=TERMS_HASH)
REJECT = RejectCampaign(campaign_id=CAMPAIGN, reason="the roastery has no licence")


def test_compliance_approves_exactly_what_was_submitted() -> None:
    approved = CampaignApproved(company_id=COMPANY, wallet=ISSUER_WALLET, terms=TERMS, terms_hash=TERMS_HASH)
    given(*SUBMITTED).when(APPROVE, by=COMPLIANCE).then(approved)
    other = ApproveCampaign(campaign_id=CAMPAIGN, terms_hash="00" * 32)
    assert given(*SUBMITTED).when(other, by=COMPLIANCE).then_refused("approved-otherwise").fields == {
        "terms_hash": TERMS_HASH
    }


def test_a_campaign_is_decided_by_other_eyes_and_while_it_is_submitted() -> None:
    for decision in (APPROVE, REJECT):
        given(*SUBMITTED).when(decision, by=SELF_APPROVER).then_refused("four-eyes")
        given(*DRAFTED).when(decision, by=COMPLIANCE).then_refused("wrong-status")
        given(*APPROVED).when(decision, by=COMPLIANCE).then_refused("wrong-status")
    no_reason = RejectCampaign(campaign_id=CAMPAIGN, reason="")
    given(*SUBMITTED).when(no_reason, by=COMPLIANCE).then_refused("text-not-acceptable")


def test_a_rejected_campaign_gives_back_the_exclusivity_and_the_year() -> None:
    rejected = CampaignRejected(reason="the roastery has no licence")
    released = ExclusivityReleased(campaign_id=CAMPAIGN, reason="rejected", year_used=False)
    after = given(*SUBMITTED).when(REJECT, by=COMPLIANCE).then(rejected, released)
    assert (after.state(Company).locked_by, after.state(Company).campaign_years) == (None, ())
    again = after.when(SUBMIT, by=ISSUER).then_topics("campaign.submitted", "company.exclusivity_locked")
    again.when(APPROVE, by=COMPLIANCE).then_topics("campaign.approved")


def test_what_is_approved_is_what_the_hash_says_whatever_changes() -> None:
    base = {"company_id": COMPANY, "title": "Roastery", "terms": TERMS}
    hashes = {terms_hash(**base)}
    for field in msgspec.structs.fields(type(TERMS)):
        value = getattr(TERMS, field.name)
        changed = terms(**{field.name: value + 1 if isinstance(value, int) else value + "x"})
        hashes.add(terms_hash(company_id=COMPANY, title="Roastery", terms=changed))
    hashes.add(terms_hash(company_id=COMPANY, title="Bakery", terms=TERMS))
    hashes.add(terms_hash(company_id=SECOND, title="Roastery", terms=TERMS))
    assert len(hashes) == 1 + len(msgspec.structs.fields(type(TERMS))) + 2


# Going live.

ADDRESS = "0x" + "c1" * 20


def test_the_chains_log_makes_the_campaign_live_with_the_deadline_that_the_chain_keeps() -> None:
    confirm = ConfirmDeployment(campaign_id=CAMPAIGN, address=ADDRESS, deadline=DEADLINE, on_chain=fact(9))
    confirmed = DeploymentConfirmed(address=ADDRESS, deadline=DEADLINE, on_chain=fact(9))
    after = given(*APPROVED).when(confirm, by=INDEXER).then(confirmed)
    assert (after.state(Campaign).status, after.state(Campaign).deadline) == ("live", DEADLINE)
    after.when(confirm, by=INDEXER).then_nothing()
    given(*SUBMITTED).when(confirm, by=INDEXER).then_refused("not-obliged")
    other = msgspec.structs.replace(confirm, on_chain=fact(8))
    after.when(other, by=INDEXER).then_refused("confirmed-otherwise")


# Closing: seed rule 4, success from the threshold.

CLOSE = CloseCampaign(campaign_id=CAMPAIGN, reason="deadline")


@pytest.mark.parametrize(("raised", "outcome"), [(74_000, "failed"), (75_000, "successful"), (120_000, "successful")])
def test_at_its_deadline_a_campaign_succeeds_from_its_threshold_on(raised: int, outcome: str) -> None:
    state = given(*LIVE, *funded(raised))
    closing = CampaignClosed(outcome=outcome, raised=raised, reason="deadline")
    state.when(CLOSE, by=PROCESS, now=DEADLINE).then(closing)


def test_commitments_without_money_do_not_make_a_success() -> None:
    closing = CampaignClosed(outcome="failed", raised=0, reason="deadline")
    given(*COMMITTED).when(CLOSE, by=PROCESS, now=DEADLINE).then(closing)


def test_the_threshold_is_rounded_up_so_that_a_success_is_never_below_its_part_of_the_goal() -> None:
    assert terms(funding_goal=100_001, success_threshold_bps=7_500).threshold == 75_001


def test_before_its_deadline_a_campaign_closes_only_at_its_threshold() -> None:
    early = DEADLINE - timedelta(microseconds=1)
    given(*FUNDED).when(CLOSE, by=OPERATOR, now=early).then_topics("campaign.closed")
    given(*COMMITTED).when(CLOSE, by=OPERATOR, now=early).then_refused("still-open")
    local = live(terms(rule_pack="local@1"))
    given(*local).when(CLOSE, by=OPERATOR, now=early).then_topics("campaign.closed")


def test_a_campaign_closes_once_and_with_a_reason() -> None:
    given(*SUCCEEDED).when(CLOSE, by=OPERATOR, now=DEADLINE).then_refused("wrong-status")
    given(*APPROVED).when(CLOSE, by=OPERATOR, now=DEADLINE).then_refused("wrong-status")
    wordless = CloseCampaign(campaign_id=CAMPAIGN, reason="")
    given(*FUNDED).when(wordless, by=OPERATOR, now=DEADLINE).then_refused("text-not-acceptable")


def test_a_campaign_ends_although_its_rule_pack_is_in_use_no_longer() -> None:
    later = given(*FUNDED, packs=RulePacks([]))
    later.when(CLOSE, by=PROCESS, now=DEADLINE).then_topics("campaign.closed")
    with pytest.raises(FileNotFoundError):
        load_packs(["unheard-of"])


def test_the_chains_log_confirms_the_closing_once() -> None:
    confirm = ConfirmClosing(campaign_id=CAMPAIGN, on_chain=fact(20))
    closing = closed("successful", 80_000, on_chain=False)
    after = given(*FUNDED, *closing).when(confirm, by=INDEXER)
    after.then(ClosingConfirmed(outcome="successful", on_chain=fact(20))).when(confirm, by=INDEXER).then_nothing()
    given(*FUNDED).when(confirm, by=INDEXER).then_refused("not-obliged")
    other = ConfirmClosing(campaign_id=CAMPAIGN, on_chain=fact(21))
    given(*SUCCEEDED).when(other, by=INDEXER).then_refused("confirmed-otherwise")


# Release: maker and checker, the fee rounded down (seed rule 4).

REQUEST = RequestRelease(campaign_id=CAMPAIGN, release_id=RELEASE)
APPROVE_RELEASE = ApproveRelease(campaign_id=CAMPAIGN)


def test_a_release_is_the_raised_sum_less_the_fee() -> None:
    requested = ReleaseRequested(release_id=RELEASE, amount=78_000, fee=2_000, requester=TREASURY_MAKER.id)
    given(*SUCCEEDED).when(REQUEST, by=TREASURY_MAKER).then(requested)


def test_the_fee_is_rounded_down_and_nothing_is_lost_between_fee_and_amount() -> None:
    odd = terms(fee_bps=333)
    state = given(*live(odd), *funded(101_000), *closed("successful", 101_000))
    requested = ReleaseRequested(release_id=RELEASE, amount=97_637, fee=3_363, requester=TREASURY_MAKER.id)
    state.when(REQUEST, by=TREASURY_MAKER).then(requested)


def test_only_a_campaign_closed_as_successful_on_the_chain_releases_its_money_and_once() -> None:
    given(*FUNDED).when(REQUEST, by=TREASURY_MAKER).then_refused("wrong-status")
    unconfirmed = (*FUNDED, *closed("successful", 80_000, on_chain=False))
    given(*unconfirmed).when(REQUEST, by=TREASURY_MAKER).then_refused("not-successful")
    given(*FAILED).when(REQUEST, by=TREASURY_MAKER).then_refused("not-successful")
    given(*RELEASE_REQUESTED).when(REQUEST, by=TREASURY_MAKER).then_refused("already-requested")


def test_a_release_is_approved_by_another_person_and_once() -> None:
    approved = ReleaseApproved(release_id=RELEASE, amount=78_000, fee=2_000, wallet=ISSUER_WALLET)
    given(*RELEASE_REQUESTED).when(APPROVE_RELEASE, by=TREASURY_CHECKER).then(approved)
    maker_as_checker = Actor(TREASURY_MAKER.id, "treasury_checker")
    given(*RELEASE_REQUESTED).when(APPROVE_RELEASE, by=maker_as_checker).then_refused("four-eyes")
    given(*SUCCEEDED).when(APPROVE_RELEASE, by=TREASURY_CHECKER).then_refused("not-requested")
    given(*RELEASE_APPROVED).when(APPROVE_RELEASE, by=TREASURY_CHECKER).then_refused("already-approved")


def test_the_chains_log_settles_the_campaign_and_frees_the_company() -> None:
    confirm = ConfirmRelease(campaign_id=CAMPAIGN, on_chain=fact(30))
    confirmed = ReleaseConfirmed(release_id=RELEASE, on_chain=fact(30))
    released = ExclusivityReleased(campaign_id=CAMPAIGN, reason="settled")
    after = given(*RELEASE_APPROVED).when(confirm, by=INDEXER).then(confirmed, released)
    assert after.state(Campaign).status == "settled"
    after.when(confirm, by=INDEXER).then_nothing()
    given(*RELEASE_REQUESTED).when(confirm, by=INDEXER).then_refused("not-obliged")
    other = ConfirmRelease(campaign_id=CAMPAIGN, on_chain=fact(31))
    after.when(other, by=INDEXER).then_refused("confirmed-otherwise")


# Refunds: seed rule 5.


def _complete(investments: int, amount: int) -> CompleteRefunds:
    return CompleteRefunds(campaign_id=CAMPAIGN, investments=investments, amount=amount)


def test_refunds_are_complete_when_counts_and_sums_are_the_campaigns_own() -> None:
    completed = RefundsCompleted(investments=1, amount=20_000)
    released = ExclusivityReleased(campaign_id=CAMPAIGN, reason="refunded")
    after = given(*FAILED).when(_complete(1, 20_000), by=PROCESS).then(completed, released)
    assert after.state(Campaign).status == "refunded"
    after.when(_complete(1, 20_000), by=PROCESS).then_nothing()


def test_every_funded_investment_counts_towards_the_refunds() -> None:
    two = (*LIVE, *funded(20_000), *funded(30_000, investment_id=UUID(int=0x18)), *closed("failed", 50_000))
    given(*two).when(_complete(1, 50_000), by=PROCESS).then_refused("sums-differ")
    given(*two).when(_complete(2, 50_000), by=PROCESS).then_topics(
        "campaign.refunds_completed", "company.exclusivity_released"
    )


def test_refunds_that_do_not_add_up_or_of_a_campaign_that_did_not_fail_are_refused() -> None:
    given(*FAILED).when(_complete(1, 19_000), by=PROCESS).then_refused("sums-differ")
    given(*FAILED).when(_complete(2, 20_000), by=PROCESS).then_refused("sums-differ")
    given(*SUCCEEDED).when(_complete(1, 80_000), by=PROCESS).then_refused("not-failed")
    given(*FUNDED).when(_complete(1, 80_000), by=PROCESS).then_refused("wrong-status")


def test_what_the_chain_refused_for_good_changes_no_state() -> None:
    rejection = RejectPosting(stream=CAMPAIGN, entry_position=9, code="IssuerUnknown", reason="IssuerUnknown(0x…)")
    kept = CampaignPostingRejected(entry_position=9, code="IssuerUnknown", reason="IssuerUnknown(0x…)")
    before = given(*APPROVED)
    assert before.when(rejection, by=WRITER).then(kept).state(Campaign) == given(*APPROVED).state(Campaign)
