"""Who an investor is: an opaque id, a KYC by other eyes that is valid for a while, and the right to be forgotten."""

from __future__ import annotations

from datetime import timedelta

import pytest

from domain.commands import (
    ApproveKyc,
    BindWallet,
    ChallengeWallet,
    ClassifyInvestor,
    Command,
    DeclareMeans,
    EraseInvestor,
    ExpireKyc,
    RecordEntryTest,
    RegisterInvestor,
    RejectKyc,
    RejectPosting,
    SubmitKyc,
)
from domain.investor import (
    KYC_LEVELS,
    Investor,
    InvestorErased,
    InvestorRegistered,
    KycApproved,
    KycExpired,
    KycRejected,
    KycSubmitted,
)
from domain.journal import Actor, Event
from domain.values import TEXT_CHARS_MAX
from tests.unit.domain.acts import COMPLIANCE, DIGEST, OTHER_DIGEST, PROCESS, WRITER, owner_of, wallet_of
from tests.unit.domain.examples import BOUND, ELIGIBLE, INVESTOR, INVESTOR_ID, KNOWN, LATER
from tests.unit.domain.scenario import NOW, given

SELF = Actor(INVESTOR.id, "compliance")  # wears both hats
SUBMITTED = (*KNOWN, KycSubmitted(evidence=DIGEST))
REJECTED = (*KNOWN, KycRejected(reason="no"))
EXPIRED = (*KNOWN, KycApproved(level="basic", valid_until=LATER), KycExpired(valid_until=LATER))


def _register(reference: str = "person-1") -> RegisterInvestor:
    return RegisterInvestor(investor_id=INVESTOR_ID, reference=reference)


def test_an_investor_is_registered_once_under_an_opaque_reference() -> None:
    """Who the person is never enters the journal: no name, no document, no unproved wallet."""
    after = given().when(_register(), by=INVESTOR).then(*KNOWN)
    assert (after.state(Investor).wallet, after.state(Investor).kyc) == (None, "none")
    after.when(_register(), by=INVESTOR).then_refused("already-exists")


@pytest.mark.parametrize("reference", ["", " ", "x" * (TEXT_CHARS_MAX + 1), "person\x007"])
def test_a_reference_is_a_text(reference: str) -> None:
    given().when(_register(reference), by=INVESTOR).then_refused("text-not-acceptable")


def test_the_wallet_that_an_old_entry_claimed_counts_as_bound() -> None:
    """Schema version 1 of `investor.registered` asked for nothing else (ops/docs/evolution.md)."""
    old = InvestorRegistered(investor_id=INVESTOR_ID, reference="p", owner=INVESTOR.id, claimed_wallet=wallet_of(1))
    assert given(old).state(Investor).wallet == wallet_of(1)


# KYC.


def test_evidence_is_submitted_by_the_investor_and_waits_for_a_decision() -> None:
    submit = SubmitKyc(investor_id=INVESTOR_ID, evidence=DIGEST)
    given(*KNOWN).when(submit, by=owner_of(2)).then_refused("not-yours")
    given(*KNOWN).when(SubmitKyc(investor_id=INVESTOR_ID, evidence="passport"), by=INVESTOR).then_refused(
        "digest-not-acceptable"
    )
    after = given(*KNOWN).when(submit, by=INVESTOR).then(KycSubmitted(evidence=DIGEST))
    another = SubmitKyc(investor_id=INVESTOR_ID, evidence=OTHER_DIGEST)
    after.when(another, by=INVESTOR).then_refused("already-requested")


@pytest.mark.parametrize("before", [REJECTED, EXPIRED, ELIGIBLE], ids=["rejected", "expired", "approved"])
def test_new_evidence_may_follow_a_decision_and_takes_the_approval_back(before: tuple[Event, ...]) -> None:
    submit = SubmitKyc(investor_id=INVESTOR_ID, evidence=OTHER_DIGEST)
    after = given(*before).when(submit, by=INVESTOR).then(KycSubmitted(evidence=OTHER_DIGEST))
    assert (after.state(Investor).kyc, after.state(Investor).level) == ("submitted", None)


@pytest.mark.parametrize("level", sorted(KYC_LEVELS))
@pytest.mark.parametrize(
    "before", [KNOWN, SUBMITTED, REJECTED, EXPIRED], ids=["none", "submitted", "rejected", "expired"]
)
def test_compliance_approves_the_kyc_at_a_level(level: str, before: tuple[Event, ...]) -> None:
    approve = ApproveKyc(investor_id=INVESTOR_ID, level=level)
    after = given(*before).when(approve, by=COMPLIANCE).then(KycApproved(level=level))
    assert (after.state(Investor).kyc, after.state(Investor).level) == ("approved", level)
    after.when(approve, by=COMPLIANCE).then_nothing()


def test_another_level_or_another_end_is_another_approval() -> None:
    for approve in (
        ApproveKyc(investor_id=INVESTOR_ID, level="premium"),
        ApproveKyc(investor_id=INVESTOR_ID, level="basic", valid_until=LATER),
    ):
        given(*ELIGIBLE).when(approve, by=COMPLIANCE).then_topics(KycApproved.TOPIC)


def test_the_kyc_is_not_approved_by_the_investor_nor_at_an_unknown_level_nor_until_the_past() -> None:
    approve = ApproveKyc(investor_id=INVESTOR_ID, level="basic")
    given(*KNOWN).when(approve, by=SELF).then_refused("four-eyes")
    given(*KNOWN).when(ApproveKyc(investor_id=INVESTOR_ID, level="gold"), by=COMPLIANCE).then_refused("unknown-value")
    past = ApproveKyc(investor_id=INVESTOR_ID, level="basic", valid_until=NOW)
    given(*KNOWN).when(past, by=COMPLIANCE).then_refused("time-not-acceptable")
    given().when(approve, by=COMPLIANCE).then_refused("not-found")


@pytest.mark.parametrize("before", [KNOWN, SUBMITTED, ELIGIBLE], ids=["none", "submitted", "approved"])
def test_a_rejection_has_a_reason_and_takes_back_what_was_approved(before: tuple[Event, ...]) -> None:
    reject = RejectKyc(investor_id=INVESTOR_ID, reason="the passport has expired")
    given(*before).when(reject, by=SELF).then_refused("four-eyes")
    wordless = RejectKyc(investor_id=INVESTOR_ID, reason="")
    given(*before).when(wordless, by=COMPLIANCE).then_refused("text-not-acceptable")
    after = given(*before).when(reject, by=COMPLIANCE).then(KycRejected(reason="the passport has expired"))
    assert after.state(Investor).level is None
    after.when(reject, by=COMPLIANCE).then_nothing()


def test_a_kyc_expires_at_its_time_and_not_before() -> None:
    expire = ExpireKyc(investor_id=INVESTOR_ID)
    approved = (*KNOWN, KycApproved(level="basic", valid_until=LATER))
    early = LATER - timedelta(microseconds=1)
    given(*approved).when(expire, by=PROCESS, now=early).then_refused("not-due")
    after = given(*approved).when(expire, by=PROCESS, now=LATER).then(KycExpired(valid_until=LATER))
    assert (after.state(Investor).kyc, after.state(Investor).level) == ("expired", None)
    after.when(expire, by=PROCESS, now=LATER).then_nothing()
    given(*ELIGIBLE).when(expire, by=PROCESS, now=LATER).then_refused("not-due")
    given(*REJECTED).when(expire, by=PROCESS, now=LATER).then_nothing()


# Erasure: the right to be forgotten (Regulation (EU) 2016/679, art. 17).


def test_an_investor_is_erased_once_by_compliance_for_a_reason() -> None:
    erase = EraseInvestor(investor_id=INVESTOR_ID, reason="asked for by the person")
    given(*ELIGIBLE).when(erase, by=SELF).then_refused("four-eyes")
    wordless = EraseInvestor(investor_id=INVESTOR_ID, reason=" ")
    given(*ELIGIBLE).when(wordless, by=COMPLIANCE).then_refused("text-not-acceptable")
    after = given(*ELIGIBLE).when(erase, by=COMPLIANCE).then(InvestorErased(reason="asked for by the person"))
    after.when(erase, by=COMPLIANCE).then_nothing()


def test_erasure_leaves_the_wallet_to_which_shares_and_refunds_belong() -> None:
    after = given(*ELIGIBLE, InvestorErased(reason="asked"))
    assert after.state(Investor).wallet == wallet_of(1)


@pytest.mark.parametrize(
    ("command", "by"),
    [
        (SubmitKyc(investor_id=INVESTOR_ID, evidence=DIGEST), INVESTOR),
        (ApproveKyc(investor_id=INVESTOR_ID, level="basic"), COMPLIANCE),
        (
            ChallengeWallet(
                investor_id=INVESTOR_ID, wallet=wallet_of(1), nonce="n", domain="tandem.example", chain_id=100
            ),
            INVESTOR,
        ),
        (BindWallet(investor_id=INVESTOR_ID, nonce="n", scheme="eip191", signature="0x"), INVESTOR),
        (ClassifyInvestor(investor_id=INVESTOR_ID, classification="accredited", evidence=DIGEST), COMPLIANCE),
        (RecordEntryTest(investor_id=INVESTOR_ID, passed=True, evidence=DIGEST, valid_until=LATER), COMPLIANCE),
        (DeclareMeans(investor_id=INVESTOR_ID, rule_pack="default@1", income=1, net_worth=1), INVESTOR),
    ],
    ids=lambda value: type(value).__name__,
)
def test_nothing_more_is_kept_of_a_person_whose_data_is_erased(command: Command, by: Actor) -> None:
    given(*BOUND, InvestorErased(reason="asked")).when(command, by=by).then_refused("erased")


def test_an_investor_obliges_no_posting_so_none_can_be_rejected() -> None:
    rejection = RejectPosting(stream=INVESTOR_ID, entry_position=1, code="c", reason="r")
    given(*ELIGIBLE).when(rejection, by=WRITER).then_refused("not-found")
