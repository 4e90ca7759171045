"""The company: who it is, what it publishes, its documents one by one. KYB and exclusivity have their own files."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from domain.commands import (
    AmendDetails,
    ApproveDocument,
    AttachDocument,
    Command,
    ExpireDocument,
    PublishMemorandum,
    PublishProfile,
    RegisterCompany,
    RejectDocument,
    RejectPosting,
    SubmitKyb,
    WithdrawDocument,
)
from domain.company import (
    SECTORS,
    Company,
    CompanyPostingRejected,
    CompanyRegistered,
    DetailsAmended,
    DocumentApproved,
    DocumentAttached,
    DocumentExpired,
    DocumentRejected,
    DocumentWithdrawn,
    KybExpired,
    KybRejected,
    MemorandumPublished,
    Profile,
    ProfilePublished,
    company_id,
)
from domain.company.documents import DOCUMENT_KINDS, DOCUMENTS_MAX, EMPLOYEES_MAX
from domain.journal import Event
from domain.values import TEXT_CHARS_MAX
from tests.unit.domain.acts import (
    COMPANY,
    COMPLIANCE,
    DIGEST,
    DOCUMENT,
    ISSUER,
    ISSUER_WALLET,
    OTHER_DIGEST,
    PROCESS,
    WRITER,
)
from tests.unit.domain.examples import (
    ATTACHED,
    KYB_APPROVED,
    KYB_IN_REVIEW,
    KYB_SUBMITTED,
    LATER,
    ON_CHAIN,
    OTHER_ISSUER,
    REGISTERED,
    SELF_APPROVER,
)
from tests.unit.domain.scenario import NOW, given

CID = "QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWnPbdG"
OTHER_DOCUMENT = UUID(int=0xD1)


# Registration.


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
    company = after.state(Company)
    assert company.id == company_id("ET-0001")
    assert company.kyb == "draft"


def test_one_tax_number_is_one_company_however_it_is_written() -> None:
    assert company_id(" et-00 01") == COMPANY
    given(*REGISTERED).when(_register(tax_number="et-0001"), by=OTHER_ISSUER).then_refused("already-exists")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"legal_name": "  "}, "text-not-acceptable"),
        ({"legal_name": "x" * (TEXT_CHARS_MAX + 1)}, "text-not-acceptable"),
        ({"legal_name": "Sel\N{CYRILLIC SMALL LETTER A}m Coffee"}, "text-not-acceptable"),
        ({"legal_name": "Selam\N{RIGHT-TO-LEFT OVERRIDE} Coffee"}, "text-not-acceptable"),
        ({"tax_number": ""}, "text-not-acceptable"),
        ({"sector": "gambling"}, "unknown-value"),
        ({"registration_year": 0}, "unknown-value"),
        ({"registration_year": NOW.year + 1}, "unknown-value"),
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


@pytest.mark.parametrize("year", [1, NOW.year])
def test_a_company_of_any_year_up_to_this_one_is_registered(year: int) -> None:
    given().when(_register(registration_year=year), by=ISSUER).then_topics(CompanyRegistered.TOPIC)


@pytest.mark.parametrize(
    "command",
    [
        SubmitKyb(company_id=COMPANY),
        AmendDetails(company_id=COMPANY, legal_name="n", sector="retail"),
        PublishProfile(company_id=COMPANY, profile=Profile()),
        PublishMemorandum(company_id=COMPANY, sha256=DIGEST),
    ],
    ids=lambda command: type(command).__name__,
)
def test_a_command_about_a_company_that_is_not_there_or_another_issuers_is_refused(command: Command) -> None:
    given().when(command, by=ISSUER).then_refused("not-found")
    given(*ATTACHED).when(command, by=OTHER_ISSUER).then_refused("not-yours")


# Details, profile, memorandum.

AMEND = AmendDetails(company_id=COMPANY, legal_name="Selam Coffee & Tea PLC", sector="retail")


@pytest.mark.parametrize(
    "before", [ATTACHED, (*KYB_SUBMITTED, KybRejected(reason="no")), (*ON_CHAIN, KybExpired(valid_until=LATER))]
)
def test_name_and_sector_change_while_nobody_looks_at_them(before: tuple[Event, ...]) -> None:
    after = given(*before).when(AMEND, by=ISSUER).then(DetailsAmended(legal_name=AMEND.legal_name, sector="retail"))
    assert (after.state(Company).legal_name, after.state(Company).sector) == (AMEND.legal_name, "retail")
    after.when(AMEND, by=ISSUER).then_nothing()


@pytest.mark.parametrize("before", [KYB_SUBMITTED, KYB_IN_REVIEW, KYB_APPROVED])
def test_name_and_sector_stay_what_compliance_sees(before: tuple[Event, ...]) -> None:
    assert given(*before).when(AMEND, by=ISSUER).then_refused("kyb-closed").fields["status"]


def test_an_amendment_keeps_the_rules_of_a_registration() -> None:
    misleading = AmendDetails(company_id=COMPANY, legal_name="S\N{GREEK SMALL LETTER ALPHA}lam", sector="retail")
    given(*REGISTERED).when(misleading, by=ISSUER).then_refused("text-not-acceptable")
    gambling = AmendDetails(company_id=COMPANY, legal_name="Selam", sector="gambling")
    given(*REGISTERED).when(gambling, by=ISSUER).then_refused("unknown-value")


PROFILE = Profile(website="https://selam.example", city="Addis Ababa", country="ET", founded_year=2019, employees=12)


def test_a_profile_is_published_at_any_time_and_once() -> None:
    publish = PublishProfile(company_id=COMPANY, profile=PROFILE)
    after = given(*KYB_IN_REVIEW).when(publish, by=ISSUER).then(ProfilePublished(profile=PROFILE))
    assert after.state(Company).profile == PROFILE
    after.when(publish, by=ISSUER).then_nothing()
    given(*REGISTERED).when(PublishProfile(company_id=COMPANY, profile=Profile()), by=ISSUER).then_nothing()
    large = PublishProfile(company_id=COMPANY, profile=Profile(employees=EMPLOYEES_MAX))
    given(*REGISTERED).when(large, by=ISSUER).then_topics(ProfilePublished.TOPIC)


@pytest.mark.parametrize(
    ("profile", "field"),
    [
        (Profile(website="x" * (TEXT_CHARS_MAX + 1)), "website"),
        (Profile(city="\N{ZERO WIDTH SPACE}Addis"), "city"),
        (Profile(country="\t"), "country"),
        (Profile(description="a\x00b"), "description"),
        (Profile(founded_year=NOW.year + 1), "founded_year"),
        (Profile(employees=-1), "employees"),
        (Profile(employees=EMPLOYEES_MAX + 1), "employees"),
    ],
)
def test_a_profile_that_misleads_is_refused_by_the_name_of_its_field(profile: Profile, field: str) -> None:
    refusal = given(*REGISTERED).when(PublishProfile(company_id=COMPANY, profile=profile), by=ISSUER).refusal
    assert refusal is not None
    assert refusal.fields["field"] == field


def test_each_memorandum_has_the_next_number() -> None:
    """The registry of the platform replaced kept the memorandum's hash but never got one."""
    first = PublishMemorandum(company_id=COMPANY, sha256=DIGEST, cid=CID)
    after = given(*ON_CHAIN).when(first, by=ISSUER).then(MemorandumPublished(sha256=DIGEST, number=1, cid=CID))
    after.when(first, by=ISSUER).then_nothing()
    second = PublishMemorandum(company_id=COMPANY, sha256=OTHER_DIGEST)
    after = after.when(second, by=ISSUER).then(MemorandumPublished(sha256=OTHER_DIGEST, number=2))
    assert (after.state(Company).memorandum, after.state(Company).memorandum_version) == (OTHER_DIGEST, 2)


def test_a_memorandum_is_named_by_its_hash() -> None:
    no_digest = PublishMemorandum(company_id=COMPANY, sha256="ab")
    given(*REGISTERED).when(no_digest, by=ISSUER).then_refused("digest-not-acceptable")
    no_cid = PublishMemorandum(company_id=COMPANY, sha256=DIGEST, cid="Qm")
    given(*REGISTERED).when(no_cid, by=ISSUER).then_refused("cid-not-acceptable")


# Documents.


def _attach(**changes: object) -> AttachDocument:
    fields = {"company_id": COMPANY, "document_id": DOCUMENT, "kind": "licence", "sha256": DIGEST, **changes}
    return AttachDocument(**fields)  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", sorted(DOCUMENT_KINDS))
def test_a_document_is_attached_by_its_kind_and_hash(kind: str) -> None:
    attached = DocumentAttached(document_id=DOCUMENT, kind=kind, sha256=DIGEST, cid=CID, expires_at=LATER)
    after = given(*REGISTERED).when(_attach(kind=kind, cid=CID, expires_at=LATER), by=ISSUER).then(attached)
    assert after.state(Company).documents[DOCUMENT].state == "pending"


def test_the_same_document_again_is_so_already() -> None:
    given(*ATTACHED).when(_attach(), by=ISSUER).then_nothing()
    given(*KYB_IN_REVIEW).when(_attach(), by=ISSUER).then_nothing()


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"kind": "statutes"}, "unknown-value"),
        ({"sha256": "ab"}, "digest-not-acceptable"),
        ({"sha256": "AB" * 32}, "digest-not-acceptable"),
        ({"cid": "not a cid"}, "cid-not-acceptable"),
        ({"expires_at": NOW, "document_id": OTHER_DOCUMENT}, "time-not-acceptable"),
        ({"expires_at": datetime(2030, 1, 1), "document_id": OTHER_DOCUMENT}, "time-not-acceptable"),  # noqa: DTZ001
        ({"sha256": OTHER_DIGEST}, "already-exists"),
        ({"kind": "articles"}, "already-exists"),
    ],
)
def test_a_document_that_is_not_one_or_under_a_known_id_is_refused(changes: dict[str, object], code: str) -> None:
    given(*ATTACHED).when(_attach(**changes), by=ISSUER).then_refused(code)


def test_documents_are_attached_by_the_owner_while_nobody_reviews_them() -> None:
    another = _attach(document_id=OTHER_DOCUMENT, kind="articles")
    given(*ATTACHED).when(another, by=OTHER_ISSUER).then_refused("not-yours")
    given(*KYB_SUBMITTED).when(another, by=ISSUER).then_refused("kyb-closed")
    given(*KYB_IN_REVIEW).when(another, by=ISSUER).then_refused("kyb-closed")
    given(*ON_CHAIN).when(another, by=ISSUER).then_topics(DocumentAttached.TOPIC)


def test_a_company_keeps_fifty_documents() -> None:
    def many(count: int) -> tuple[Event, ...]:
        return tuple(DocumentAttached(document_id=UUID(int=n + 2), kind="other", sha256=DIGEST) for n in range(count))

    another = _attach(document_id=UUID(int=1))
    given(*REGISTERED, *many(DOCUMENTS_MAX - 1)).when(another, by=ISSUER).then_topics(DocumentAttached.TOPIC)
    given(*REGISTERED, *many(DOCUMENTS_MAX)).when(another, by=ISSUER).then_refused("too-many")


def test_a_document_is_approved_once_by_somebody_else() -> None:
    approve = ApproveDocument(company_id=COMPANY, document_id=DOCUMENT)
    given(*ATTACHED).when(approve, by=SELF_APPROVER).then_refused("four-eyes")
    after = given(*ATTACHED).when(approve, by=COMPLIANCE).then(DocumentApproved(document_id=DOCUMENT))
    after.when(approve, by=COMPLIANCE).then_nothing()
    unknown = ApproveDocument(company_id=COMPANY, document_id=UUID(int=9))
    given(*ATTACHED).when(unknown, by=COMPLIANCE).then_refused("not-found")


def test_a_document_is_rejected_once_by_somebody_else_and_for_a_reason() -> None:
    reject = RejectDocument(company_id=COMPANY, document_id=DOCUMENT, reason="it cannot be read")
    given(*ATTACHED).when(reject, by=SELF_APPROVER).then_refused("four-eyes")
    wordless = RejectDocument(company_id=COMPANY, document_id=DOCUMENT, reason="")
    given(*ATTACHED).when(wordless, by=COMPLIANCE).then_refused("text-not-acceptable")
    rejected = DocumentRejected(document_id=DOCUMENT, reason="it cannot be read")
    given(*ATTACHED).when(reject, by=COMPLIANCE).then(rejected).when(reject, by=COMPLIANCE).then_nothing()


@pytest.mark.parametrize(
    ("became", "decide"),
    [
        (DocumentRejected(document_id=DOCUMENT, reason="no"), ApproveDocument),
        (DocumentWithdrawn(document_id=DOCUMENT), ApproveDocument),
        (DocumentExpired(document_id=DOCUMENT, expires_at=NOW), ApproveDocument),
        (DocumentApproved(document_id=DOCUMENT), RejectDocument),
        (DocumentWithdrawn(document_id=DOCUMENT), RejectDocument),
    ],
)
def test_only_a_pending_document_is_decided_on(became: Event, decide: type[Command]) -> None:
    reason = {"reason": "no"} if decide is RejectDocument else {}
    command = decide(company_id=COMPANY, document_id=DOCUMENT, **reason)
    given(*ATTACHED, became).when(command, by=COMPLIANCE).then_refused("wrong-status")


WITHDRAW = WithdrawDocument(company_id=COMPANY, document_id=DOCUMENT)


def test_an_issuer_takes_back_a_document_that_nobody_has_approved() -> None:
    given(*ATTACHED).when(WITHDRAW, by=OTHER_ISSUER).then_refused("not-yours")
    after = given(*ATTACHED).when(WITHDRAW, by=ISSUER).then(DocumentWithdrawn(document_id=DOCUMENT))
    after.when(WITHDRAW, by=ISSUER).then_nothing()
    after.when(SubmitKyb(company_id=COMPANY), by=ISSUER).then_refused("documents-missing")


@pytest.mark.parametrize(
    "before", [KYB_SUBMITTED, KYB_IN_REVIEW, KYB_APPROVED, (*ATTACHED, DocumentApproved(document_id=DOCUMENT))]
)
def test_a_document_that_is_looked_at_or_approved_stays(before: tuple[Event, ...]) -> None:
    given(*before).when(WITHDRAW, by=ISSUER).then_refused("kyb-closed")


EXPIRING = (
    *REGISTERED,
    DocumentAttached(document_id=DOCUMENT, kind="licence", sha256=DIGEST, expires_at=NOW + timedelta(days=1)),
)


def test_a_document_expires_at_its_time_and_not_before() -> None:
    expire = ExpireDocument(company_id=COMPANY, document_id=DOCUMENT)
    at = NOW + timedelta(days=1)
    given(*EXPIRING).when(expire, by=PROCESS, now=at - timedelta(microseconds=1)).then_refused("not-due")
    after = given(*EXPIRING).when(expire, by=PROCESS, now=at).then(DocumentExpired(document_id=DOCUMENT, expires_at=at))
    after.when(expire, by=PROCESS, now=at).then_nothing()
    given(*ATTACHED).when(expire, by=PROCESS, now=datetime(9000, 1, 1, tzinfo=UTC)).then_refused("not-due")


def test_what_the_chain_refused_for_good_is_kept_in_so_many_words() -> None:
    rejection = RejectPosting(stream=COMPANY, entry_position=4, code="c" * 900, reason="r" * 9_000)
    kept = CompanyPostingRejected(entry_position=4, code="c" * TEXT_CHARS_MAX, reason="r" * TEXT_CHARS_MAX)
    given(*KYB_APPROVED).when(rejection, by=WRITER).then(kept)
