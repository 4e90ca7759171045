"""The KYB of a company: submitted, reviewed by other eyes, valid until a day; its standing, wallet and registration."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from domain.commands import (
    ApproveKyb,
    ApproveWalletRotation,
    ConfirmCompanyRegistration,
    ExpireKyb,
    ReinstateCompany,
    RejectKyb,
    RequestKybInformation,
    RequestWalletRotation,
    StartKybReview,
    SubmitKyb,
    SuspendCompany,
)
from domain.company import (
    Company,
    CompanyPostingRejected,
    CompanyReinstated,
    CompanySuspended,
    DocumentApproved,
    DocumentAttached,
    DocumentExpired,
    DocumentRejected,
    KybApproved,
    KybExpired,
    KybInformationRequested,
    KybRejected,
    KybRenewed,
    KybReviewStarted,
    KybSubmitted,
    RegistrationConfirmed,
    WalletRotated,
    WalletRotationRequested,
)
from domain.journal import Actor, Event
from domain.values import documents_hash
from tests.unit.domain.acts import (
    COMPANY,
    COMPLIANCE,
    DIGEST,
    DOCUMENT,
    INDEXER,
    ISSUER,
    ISSUER_WALLET,
    OTHER_COMPLIANCE,
    OTHER_DIGEST,
    PROCESS,
    chain_fact,
)
from tests.unit.domain.examples import (
    ATTACHED,
    DOCUMENTS_HASH,
    KYB_APPROVED,
    KYB_IN_REVIEW,
    KYB_READY,
    KYB_SUBMITTED,
    LATER,
    ON_CHAIN,
    OTHER_ISSUER,
    REGISTERED,
    SELF_APPROVER,
)
from tests.unit.domain.scenario import NOW, given

SUBMIT = SubmitKyb(company_id=COMPANY)
APPROVE = ApproveKyb(company_id=COMPANY, documents_hash=DOCUMENTS_HASH)
NEW_DOCUMENT = UUID(int=0xD1)
RENEWING = (*ON_CHAIN, DocumentAttached(document_id=NEW_DOCUMENT, kind="licence", sha256=OTHER_DIGEST))
BOTH_HASH = documents_hash({str(DOCUMENT): DIGEST, str(NEW_DOCUMENT): OTHER_DIGEST})


# Submission.


def test_the_kyb_is_submitted_with_the_hash_of_all_documents() -> None:
    submitted = KybSubmitted(documents_hash=DOCUMENTS_HASH, submitter=ISSUER.id)
    given(*ATTACHED).when(SUBMIT, by=ISSUER).then(submitted)


def test_the_kyb_is_submitted_by_the_owner_with_documents_and_once() -> None:
    given(*REGISTERED).when(SUBMIT, by=ISSUER).then_refused("documents-missing")
    given(*ATTACHED).when(SUBMIT, by=OTHER_ISSUER).then_refused("not-yours")
    given(*KYB_SUBMITTED).when(SUBMIT, by=ISSUER).then_refused("kyb-closed")
    given(*KYB_IN_REVIEW).when(SUBMIT, by=ISSUER).then_refused("kyb-closed")
    given(*KYB_APPROVED).when(SUBMIT, by=ISSUER).then_refused("kyb-closed")
    given(*ON_CHAIN).when(SUBMIT, by=ISSUER).then_refused("kyb-closed")  # nothing new to look at


def test_documents_that_count_no_more_are_no_documents() -> None:
    rejected = (*ATTACHED, DocumentRejected(document_id=DOCUMENT, reason="no"))
    given(*rejected).when(SUBMIT, by=ISSUER).then_refused("documents-missing")
    another = (*rejected, DocumentAttached(document_id=NEW_DOCUMENT, kind="licence", sha256=OTHER_DIGEST))
    hash_of_one = documents_hash({str(NEW_DOCUMENT): OTHER_DIGEST})
    given(*another).when(SUBMIT, by=ISSUER).then(KybSubmitted(documents_hash=hash_of_one, submitter=ISSUER.id))


# Review.


def test_whoever_takes_the_review_decides_it() -> None:
    start = StartKybReview(company_id=COMPANY)
    given(*KYB_SUBMITTED).when(start, by=SELF_APPROVER).then_refused("four-eyes")
    given(*ATTACHED).when(start, by=COMPLIANCE).then_refused("kyb-not-submitted")
    after = given(*KYB_SUBMITTED).when(start, by=COMPLIANCE).then(KybReviewStarted(reviewer=COMPLIANCE.id))
    after.when(start, by=COMPLIANCE).then_nothing()
    refusal = after.when(start, by=OTHER_COMPLIANCE).then_refused("in-other-hands")
    assert refusal.fields == {"reviewer": COMPLIANCE.id}
    for command in (
        APPROVE,
        RejectKyb(company_id=COMPANY, reason="no"),
        RequestKybInformation(company_id=COMPANY, reason="who owns the other half?"),
    ):
        after.when(command, by=OTHER_COMPLIANCE).then_refused("in-other-hands")


def test_compliance_asks_for_more_and_the_issuer_submits_again() -> None:
    ask = RequestKybInformation(company_id=COMPANY, reason="who owns the other half?")
    given(*ATTACHED).when(ask, by=COMPLIANCE).then_refused("kyb-not-submitted")
    wordless = RequestKybInformation(company_id=COMPANY, reason=" ")
    given(*KYB_IN_REVIEW).when(wordless, by=COMPLIANCE).then_refused("text-not-acceptable")
    asked = KybInformationRequested(reason="who owns the other half?")
    after = given(*KYB_IN_REVIEW).when(ask, by=COMPLIANCE).then(asked)
    after = after.when(SUBMIT, by=ISSUER).then_topics(KybSubmitted.TOPIC)
    after.when(StartKybReview(company_id=COMPANY), by=OTHER_COMPLIANCE).then_topics(KybReviewStarted.TOPIC)


@pytest.mark.parametrize("until", [None, LATER])
def test_an_approval_carries_what_the_chain_needs_and_how_long_it_is_valid(until: object) -> None:
    approve = ApproveKyb(company_id=COMPANY, documents_hash=DOCUMENTS_HASH, valid_until=until)  # type: ignore[arg-type]
    approved = KybApproved(wallet=ISSUER_WALLET, documents_hash=DOCUMENTS_HASH, valid_until=until)  # type: ignore[arg-type]
    after = given(*KYB_READY).when(approve, by=COMPLIANCE).then(approved)
    assert after.state(Company).kyb == "approved"


def test_the_kyb_may_be_decided_without_taking_the_review_first() -> None:
    ready = given(*KYB_SUBMITTED, DocumentApproved(document_id=DOCUMENT))
    ready.when(APPROVE, by=COMPLIANCE).then_topics(KybApproved.TOPIC)


def test_the_kyb_is_not_approved_by_its_submitter_nor_unsubmitted_nor_with_unapproved_documents() -> None:
    given(*KYB_SUBMITTED).when(APPROVE, by=SELF_APPROVER).then_refused("four-eyes")
    given(*ATTACHED).when(APPROVE, by=COMPLIANCE).then_refused("kyb-not-submitted")
    given(*KYB_APPROVED).when(APPROVE, by=COMPLIANCE).then_refused("kyb-not-submitted")
    refusal = given(*KYB_SUBMITTED).when(APPROVE, by=COMPLIANCE).then_refused("documents-unapproved")
    assert refusal.fields == {"documents": [str(DOCUMENT)]}


def test_an_approval_names_exactly_the_documents_that_are_there() -> None:
    seen_before = ApproveKyb(company_id=COMPANY, documents_hash=documents_hash({}))
    refusal = given(*KYB_READY).when(seen_before, by=COMPLIANCE).then_refused("approved-otherwise")
    assert refusal.fields == {"documents_hash": DOCUMENTS_HASH}


@pytest.mark.parametrize(
    "became",
    [DocumentRejected(document_id=DOCUMENT, reason="no"), DocumentExpired(document_id=DOCUMENT, expires_at=NOW)],
)
def test_nothing_is_approved_without_an_approved_document(became: Event) -> None:
    nothing = ApproveKyb(company_id=COMPANY, documents_hash=documents_hash({}))
    given(*KYB_IN_REVIEW, became).when(nothing, by=COMPLIANCE).then_refused("documents-missing")


def test_an_approval_is_not_valid_until_the_past() -> None:
    past = ApproveKyb(company_id=COMPANY, documents_hash=DOCUMENTS_HASH, valid_until=NOW)
    given(*KYB_READY).when(past, by=COMPLIANCE).then_refused("time-not-acceptable")


def test_a_rejected_kyb_may_be_mended_and_submitted_again() -> None:
    reject = RejectKyb(company_id=COMPANY, reason="the licence has expired")
    given(*KYB_SUBMITTED).when(reject, by=SELF_APPROVER).then_refused("four-eyes")
    given(*ATTACHED).when(reject, by=COMPLIANCE).then_refused("kyb-not-submitted")
    wordless = RejectKyb(company_id=COMPANY, reason=" ")
    given(*KYB_SUBMITTED).when(wordless, by=COMPLIANCE).then_refused("text-not-acceptable")
    after = given(*KYB_IN_REVIEW).when(reject, by=COMPLIANCE).then(KybRejected(reason="the licence has expired"))
    after.when(SUBMIT, by=ISSUER).then_topics(KybSubmitted.TOPIC)


# Validity and renewal.


def test_an_approval_expires_at_its_time_and_not_before() -> None:
    expire = ExpireKyb(company_id=COMPANY)
    given(*ON_CHAIN).when(expire, by=PROCESS, now=LATER - timedelta(microseconds=1)).then_refused("not-due")
    after = given(*ON_CHAIN).when(expire, by=PROCESS, now=LATER).then(KybExpired(valid_until=LATER))
    after.when(expire, by=PROCESS, now=LATER).then_nothing()
    for_ever = (*KYB_READY, KybApproved(wallet=ISSUER_WALLET, documents_hash=DOCUMENTS_HASH))
    given(*for_ever).when(expire, by=PROCESS, now=LATER).then_refused("not-due")
    given(*ATTACHED).when(expire, by=PROCESS, now=LATER).then_nothing()


def test_a_company_that_the_chain_knows_is_renewed_not_registered_again() -> None:
    renewing = (
        given(*RENEWING).when(SUBMIT, by=ISSUER).then(KybSubmitted(documents_hash=BOTH_HASH, submitter=ISSUER.id))
    )
    renewing = renewing.and_given(DocumentApproved(document_id=NEW_DOCUMENT))
    approve = ApproveKyb(company_id=COMPANY, documents_hash=BOTH_HASH, valid_until=LATER + timedelta(days=365))
    renewed = KybRenewed(wallet=ISSUER_WALLET, documents_hash=BOTH_HASH, valid_until=LATER + timedelta(days=365))
    renewing.when(approve, by=COMPLIANCE).then(renewed)


def test_an_expired_company_is_renewed() -> None:
    expired = given(*ON_CHAIN, KybExpired(valid_until=LATER), now=LATER).when(SUBMIT, by=ISSUER)
    after = expired.then_topics(KybSubmitted.TOPIC).when(APPROVE, by=COMPLIANCE).then_topics(KybRenewed.TOPIC)
    assert after.state(Company).kyb == "approved"


def test_a_company_whose_registration_is_on_its_way_is_never_registered_twice() -> None:
    """A second registration with other documents would be a conflict on the chain; an update comes behind the first."""
    on_its_way = (*KYB_APPROVED, *RENEWING[len(ON_CHAIN) :])
    given(*on_its_way).when(SUBMIT, by=ISSUER).then_refused("kyb-closed")
    expired = given(*on_its_way, KybExpired(valid_until=LATER), now=LATER)
    submitted = expired.when(SUBMIT, by=ISSUER).then_topics(KybSubmitted.TOPIC)
    submitted = submitted.and_given(DocumentApproved(document_id=NEW_DOCUMENT))
    approve = ApproveKyb(company_id=COMPANY, documents_hash=BOTH_HASH)
    submitted.when(approve, by=COMPLIANCE).then_topics(KybRenewed.TOPIC)


def test_a_company_whose_registration_the_chain_refused_is_registered_by_the_next_approval() -> None:
    refused = CompanyPostingRejected(entry_position=5, code="WalletMissing", reason="WalletMissing()")
    mended = (*KYB_APPROVED, refused, *RENEWING[len(ON_CHAIN) :])
    submitted = given(*mended).when(SUBMIT, by=ISSUER).then_topics(KybSubmitted.TOPIC)
    submitted = submitted.and_given(DocumentApproved(document_id=NEW_DOCUMENT))
    approve = ApproveKyb(company_id=COMPANY, documents_hash=BOTH_HASH)
    submitted.when(approve, by=COMPLIANCE).then_topics(KybApproved.TOPIC)


# The chain's word.

CONFIRM = ConfirmCompanyRegistration(company_id=COMPANY, on_chain=chain_fact(5))


def test_the_chains_log_confirms_the_registration_once() -> None:
    given(*KYB_APPROVED).when(CONFIRM, by=INDEXER).then(RegistrationConfirmed(on_chain=chain_fact(5)))
    given(*ON_CHAIN).when(CONFIRM, by=INDEXER).then_nothing()


@pytest.mark.parametrize(
    "before", [REGISTERED, KYB_SUBMITTED, KYB_IN_REVIEW, (*KYB_IN_REVIEW, KybRejected(reason="no"))]
)
def test_a_registration_that_nothing_obliged_is_refused(before: tuple[Event, ...]) -> None:
    given(*before).when(CONFIRM, by=INDEXER).then_refused("not-obliged")


def test_a_registration_is_confirmed_whatever_happened_to_the_kyb_meanwhile() -> None:
    on_its_way = (
        *KYB_APPROVED,
        *RENEWING[len(ON_CHAIN) :],
        KybSubmitted(documents_hash=BOTH_HASH, submitter=ISSUER.id),
    )
    given(*on_its_way).when(CONFIRM, by=INDEXER).then_topics(RegistrationConfirmed.TOPIC)
    given(*on_its_way, KybRejected(reason="no")).when(CONFIRM, by=INDEXER).then_topics(RegistrationConfirmed.TOPIC)


def test_a_registration_that_another_log_confirmed_is_refused() -> None:
    other = ConfirmCompanyRegistration(company_id=COMPANY, on_chain=chain_fact(6))
    given(*ON_CHAIN).when(other, by=INDEXER).then_refused("confirmed-otherwise")


# Standing.


def test_compliance_suspends_a_company_and_another_person_reinstates_it() -> None:
    suspend = SuspendCompany(company_id=COMPANY, reason="a complaint")
    reinstate = ReinstateCompany(company_id=COMPANY, reason="unfounded")
    given(*ON_CHAIN).when(reinstate, by=COMPLIANCE).then_nothing()
    given(*ON_CHAIN).when(suspend, by=SELF_APPROVER).then_refused("four-eyes")
    after = given(*ON_CHAIN).when(suspend, by=COMPLIANCE).then(CompanySuspended(reason="a complaint", by=COMPLIANCE.id))
    after.when(suspend, by=OTHER_COMPLIANCE).then_nothing()
    for nobody in (COMPLIANCE, SELF_APPROVER):
        after.when(reinstate, by=nobody).then_refused("four-eyes")
    after.when(reinstate, by=OTHER_COMPLIANCE).then(CompanyReinstated(reason="unfounded"))


def test_a_suspension_and_its_end_have_a_reason() -> None:
    given(*ON_CHAIN).when(SuspendCompany(company_id=COMPANY, reason=""), by=COMPLIANCE).then_refused(
        "text-not-acceptable"
    )
    wordless = ReinstateCompany(company_id=COMPANY, reason="")
    given(*ON_CHAIN).when(wordless, by=COMPLIANCE).then_refused("text-not-acceptable")


# The wallet.

NEW_WALLET = "0x00000000000000000000000000000000000000A9"
ASK = RequestWalletRotation(company_id=COMPANY, wallet=NEW_WALLET)
ASKED = (*ON_CHAIN, WalletRotationRequested(wallet=NEW_WALLET, requester=ISSUER.id))


def test_another_wallet_is_asked_for_by_the_issuer_and_one_at_a_time() -> None:
    given(*ON_CHAIN).when(ASK, by=OTHER_ISSUER).then_refused("not-yours")
    given(*ON_CHAIN).when(ASK, by=ISSUER).then(ASKED[-1]).when(ASK, by=ISSUER).then_nothing()
    same = RequestWalletRotation(company_id=COMPANY, wallet=ISSUER_WALLET)
    given(*ON_CHAIN).when(same, by=ISSUER).then_nothing()
    third = RequestWalletRotation(company_id=COMPANY, wallet="0x" + "d4" * 20)
    given(*ASKED).when(third, by=ISSUER).then_refused("already-requested")
    none = RequestWalletRotation(company_id=COMPANY, wallet="0x" + "0" * 40)
    given(*ON_CHAIN).when(none, by=ISSUER).then_refused("wallet-not-acceptable")


def test_a_wallet_is_replaced_once_another_person_approves_exactly_this_one() -> None:
    approve = ApproveWalletRotation(company_id=COMPANY, wallet=NEW_WALLET)
    given(*ON_CHAIN).when(approve, by=COMPLIANCE).then_refused("not-requested")
    given(*ASKED).when(approve, by=SELF_APPROVER).then_refused("four-eyes")
    other = ApproveWalletRotation(company_id=COMPANY, wallet="0x" + "d4" * 20)
    refusal = given(*ASKED).when(other, by=COMPLIANCE).then_refused("approved-otherwise")
    assert refusal.fields == {"wallet": NEW_WALLET}
    rotated = WalletRotated(wallet=NEW_WALLET, previous=ISSUER_WALLET, documents_hash=DOCUMENTS_HASH, registered=True)
    after = given(*ASKED).when(approve, by=COMPLIANCE).then(rotated)
    assert after.state(Company).wallet == NEW_WALLET
    after.when(approve, by=COMPLIANCE).then_refused("not-requested")


def test_whoever_asked_for_a_wallet_in_another_role_does_not_approve_it() -> None:
    asked = (*ON_CHAIN, WalletRotationRequested(wallet=NEW_WALLET, requester="somebody"))
    approve = ApproveWalletRotation(company_id=COMPANY, wallet=NEW_WALLET)
    given(*asked).when(approve, by=Actor("somebody", "compliance")).then_refused("four-eyes")
