"""The company: registration, documents, KYB with four eyes, the chain's confirmation, and the exclusivity lock."""

from __future__ import annotations

from uuid import UUID

import pytest

from domain.commands import (
    ApproveDocument,
    ApproveKyb,
    AttachDocument,
    ConfirmCompanyRegistration,
    RegisterCompany,
    RejectKyb,
    RejectPosting,
    SubmitKyb,
)
from domain.company import (
    DOCUMENTS_MAX,
    SECTORS,
    Company,
    CompanyPostingRejected,
    CompanyRegistered,
    DocumentApproved,
    DocumentAttached,
    KybApproved,
    KybRejected,
    KybSubmitted,
    RegistrationConfirmed,
    company_id,
)
from domain.journal import Actor
from domain.values import TEXT_CHARS_MAX
from tests.unit.domain.examples import (
    ATTACHED,
    COMPANY,
    COMPLIANCE,
    DIGEST,
    DOCUMENT,
    DOCUMENTS_HASH,
    INDEXER,
    ISSUER,
    ISSUER_WALLET,
    KYB_APPROVED,
    KYB_SUBMITTED,
    ON_CHAIN,
    OTHER_ISSUER,
    REGISTERED,
    WRITER,
    fact,
)
from tests.unit.domain.scenario import given

# A person who wears both hats: never allowed to use the second on what was asked with the first.
SELF_APPROVER = Actor(ISSUER.id, "compliance")


def _register(**changes: object) -> RegisterCompany:
    fields: dict[str, object] = {
        "legal_name": "Selam Coffee PLC",
        "tax_number": "ET-0001",
        "sector": "agriculture",
        "registration_year": 2019,
        "wallet": ISSUER_WALLET,
    }
    return RegisterCompany(**{**fields, **changes})  # type: ignore[arg-type]


def test_a_company_is_registered_under_its_tax_number() -> None:
    after = given().when(_register(), by=ISSUER).then(*REGISTERED)
    assert after.state(Company).id == company_id("ET-0001")


def test_one_tax_number_is_one_company_however_it_is_written() -> None:
    assert company_id(" et-00 01") == COMPANY
    given(*REGISTERED).when(_register(tax_number="et-0001"), by=OTHER_ISSUER).then_refused("already-exists")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"legal_name": "  "}, "text-not-acceptable"),
        ({"legal_name": "x" * (TEXT_CHARS_MAX + 1)}, "text-not-acceptable"),
        ({"tax_number": ""}, "text-not-acceptable"),
        ({"sector": "gambling"}, "unknown-value"),
        ({"registration_year": 0}, "unknown-value"),
        ({"registration_year": 10_000}, "unknown-value"),
        ({"wallet": ""}, "wallet-not-acceptable"),
        ({"wallet": "0x" + "0" * 40}, "wallet-not-acceptable"),
        ({"wallet": "0x" + "g" * 40}, "wallet-not-acceptable"),
        ({"wallet": ISSUER_WALLET + "00"}, "wallet-not-acceptable"),
    ],
)
def test_a_company_that_makes_no_sense_is_refused(changes: dict[str, object], code: str) -> None:
    given().when(_register(**changes), by=ISSUER).then_refused(code)


@pytest.mark.parametrize("sector", sorted(SECTORS))
def test_every_known_sector_is_accepted(sector: str) -> None:
    given().when(_register(sector=sector), by=ISSUER).then_topics(CompanyRegistered.TOPIC)


ATTACH = AttachDocument(company_id=COMPANY, document_id=DOCUMENT, kind="licence", sha256=DIGEST)


def test_a_document_is_attached_by_its_hash() -> None:
    attached = DocumentAttached(document_id=DOCUMENT, kind="licence", sha256=DIGEST)
    given(*REGISTERED).when(ATTACH, by=ISSUER).then(attached)


def test_the_same_document_again_is_so_already() -> None:
    given(*ATTACHED).when(ATTACH, by=ISSUER).then_nothing()
    given(*KYB_SUBMITTED).when(ATTACH, by=ISSUER).then_nothing()


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"kind": ""}, "text-not-acceptable"),
        ({"sha256": "ab"}, "digest-not-acceptable"),
        ({"sha256": "AB" * 32}, "digest-not-acceptable"),
        ({"sha256": "ef" * 32}, "already-exists"),
        ({"kind": "statutes"}, "already-exists"),
    ],
)
def test_a_document_under_a_known_id_with_other_content_is_refused(changes: dict[str, str], code: str) -> None:
    fields = {"kind": "licence", "sha256": DIGEST, **changes}
    given(*ATTACHED).when(AttachDocument(company_id=COMPANY, document_id=DOCUMENT, **fields), by=ISSUER).then_refused(
        code
    )


def test_documents_are_attached_by_the_owner_only_while_the_kyb_is_open_and_within_a_limit() -> None:
    another = AttachDocument(company_id=COMPANY, document_id=UUID(int=1), kind="statutes", sha256=DIGEST)
    given(*ATTACHED).when(another, by=OTHER_ISSUER).then_refused("not-yours")
    given(*KYB_SUBMITTED).when(another, by=ISSUER).then_refused("kyb-closed")
    many = (DocumentAttached(document_id=UUID(int=n + 2), kind="k", sha256=DIGEST) for n in range(DOCUMENTS_MAX))
    given(*REGISTERED, *many).when(another, by=ISSUER).then_refused("too-many")


def test_a_document_is_approved_once_by_somebody_else() -> None:
    approve = ApproveDocument(company_id=COMPANY, document_id=DOCUMENT)
    given(*ATTACHED).when(approve, by=SELF_APPROVER).then_refused("four-eyes")
    after = given(*ATTACHED).when(approve, by=COMPLIANCE).then(DocumentApproved(document_id=DOCUMENT))
    after.when(approve, by=COMPLIANCE).then_nothing()
    unknown = ApproveDocument(company_id=COMPANY, document_id=UUID(int=9))
    given(*ATTACHED).when(unknown, by=COMPLIANCE).then_refused("not-found")


def test_the_kyb_is_submitted_with_the_hash_of_all_documents() -> None:
    submitted = KybSubmitted(documents_hash=DOCUMENTS_HASH, submitter=ISSUER.id)
    given(*ATTACHED).when(SubmitKyb(company_id=COMPANY), by=ISSUER).then(submitted)


def test_the_kyb_is_submitted_by_the_owner_with_documents_and_once() -> None:
    submit = SubmitKyb(company_id=COMPANY)
    given(*REGISTERED).when(submit, by=ISSUER).then_refused("documents-missing")
    given(*ATTACHED).when(submit, by=OTHER_ISSUER).then_refused("not-yours")
    given(*KYB_SUBMITTED).when(submit, by=ISSUER).then_refused("kyb-closed")


def test_compliance_approves_the_kyb_and_the_approval_carries_what_the_chain_needs() -> None:
    approved = KybApproved(wallet=ISSUER_WALLET, documents_hash=DOCUMENTS_HASH)
    ready = given(*KYB_SUBMITTED, DocumentApproved(document_id=DOCUMENT))
    ready.when(ApproveKyb(company_id=COMPANY), by=COMPLIANCE).then(approved)


def test_the_kyb_is_not_approved_by_its_submitter_nor_unsubmitted_nor_with_unapproved_documents() -> None:
    approve = ApproveKyb(company_id=COMPANY)
    given(*KYB_SUBMITTED).when(approve, by=SELF_APPROVER).then_refused("four-eyes")
    given(*ATTACHED).when(approve, by=COMPLIANCE).then_refused("kyb-not-submitted")
    given(*KYB_APPROVED).when(approve, by=COMPLIANCE).then_refused("kyb-not-submitted")
    refusal = given(*KYB_SUBMITTED).when(approve, by=COMPLIANCE).then_refused("documents-unapproved")
    assert refusal.fields == {"documents": [str(DOCUMENT)]}


def test_a_rejected_kyb_may_be_mended_and_submitted_again() -> None:
    reject = RejectKyb(company_id=COMPANY, reason="the licence has expired")
    given(*KYB_SUBMITTED).when(reject, by=SELF_APPROVER).then_refused("four-eyes")
    given(*ATTACHED).when(reject, by=COMPLIANCE).then_refused("kyb-not-submitted")
    given(*KYB_SUBMITTED).when(RejectKyb(company_id=COMPANY, reason=" "), by=COMPLIANCE).then_refused(
        "text-not-acceptable"
    )
    after = given(*KYB_SUBMITTED).when(reject, by=COMPLIANCE).then(KybRejected(reason="the licence has expired"))
    renewed = AttachDocument(company_id=COMPANY, document_id=UUID(int=1), kind="licence", sha256="ef" * 32)
    after.when(renewed, by=ISSUER).then_topics(DocumentAttached.TOPIC)
    after.when(SubmitKyb(company_id=COMPANY), by=ISSUER).then_topics(KybSubmitted.TOPIC)


CONFIRM = ConfirmCompanyRegistration(company_id=COMPANY, on_chain=fact(5))


def test_the_chains_log_confirms_the_registration_once() -> None:
    given(*KYB_APPROVED).when(CONFIRM, by=INDEXER).then(RegistrationConfirmed(on_chain=fact(5)))
    given(*ON_CHAIN).when(CONFIRM, by=INDEXER).then_nothing()


def test_a_registration_that_nothing_obliged_or_that_another_log_confirmed_is_refused() -> None:
    given(*KYB_SUBMITTED).when(CONFIRM, by=INDEXER).then_refused("not-obliged")
    other = ConfirmCompanyRegistration(company_id=COMPANY, on_chain=fact(5, log_index=1))
    given(*ON_CHAIN).when(other, by=INDEXER).then_refused("confirmed-otherwise")


def test_what_the_chain_refused_for_good_is_kept_in_so_many_words() -> None:
    rejection = RejectPosting(stream=COMPANY, entry_position=4, code="WalletMissing", reason="r" * 9_000)
    kept = CompanyPostingRejected(entry_position=4, code="WalletMissing", reason="r" * TEXT_CHARS_MAX)
    given(*KYB_APPROVED).when(rejection, by=WRITER).then(kept)


def test_a_command_about_a_company_that_is_not_there_is_refused() -> None:
    given().when(SubmitKyb(company_id=COMPANY), by=ISSUER).then_refused("not-found")
    nobody = RejectPosting(stream=COMPANY, entry_position=1, code="c", reason="r")
    given().when(nobody, by=WRITER).then_refused("not-found")
