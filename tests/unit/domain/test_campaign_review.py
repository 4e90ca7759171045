"""A campaign before it is approved: terms within the rules, documents, submission, review by other eyes, approval."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from domain.campaign import (
    Campaign,
    CampaignAmended,
    CampaignApproved,
    CampaignDocumentAttached,
    CampaignDocumentRemoved,
    CampaignDrafted,
    CampaignPostingRejected,
    CampaignRejected,
    CampaignReviewStarted,
    CampaignSubmitted,
    CampaignWithdrawn,
    ChangesRequested,
)
from domain.campaign.review import DOCUMENTS_MAX
from domain.commands import (
    AmendCampaign,
    ApproveCampaign,
    AttachCampaignDocument,
    Command,
    DraftCampaign,
    RejectCampaign,
    RejectPosting,
    RemoveCampaignDocument,
    RequestCampaignChanges,
    StartCampaignReview,
    SubmitCampaign,
    WithdrawCampaign,
)
from domain.company import CompanySuspended, ExclusivityLocked, ExclusivityReleased, WalletRotated
from domain.journal import Actor, Event
from domain.rule_packs import RulePack, RulePacks
from domain.values import Terms, terms_hash
from tests.unit.domain.acts import (
    ALL_PACKS,
    CAMPAIGN,
    COMPANY,
    COMPLIANCE,
    DEFAULT,
    DIGEST,
    EU,
    FIRST_COME,
    ISSUER,
    ISSUER_WALLET,
    LOCAL,
    MILESTONES,
    OTHER_COMPLIANCE,
    OTHER_DIGEST,
    PRO_RATA,
    US,
    WEI,
    WRITER,
    offer,
)
from tests.unit.domain.examples import (
    APPROVED,
    DEPLOYED,
    DOCUMENTS_HASH,
    DRAFTED,
    IN_REVIEW,
    KYB_APPROVED,
    ON_CHAIN,
    OTHER_ISSUER,
    REGISTERED,
    SELF_APPROVER,
    SUBMITTED,
    TERMS_HASH,
)
from tests.unit.domain.scenario import NOW, Given
from tests.unit.domain.scenario import given as given_with

DOCUMENT = UUID(int=0xD7)
SUBMIT = SubmitCampaign(campaign_id=CAMPAIGN)
RELEASED = ExclusivityReleased(campaign_id=CAMPAIGN, reason="changes requested", year_used=False)
CHANGES_REQUESTED = (*IN_REVIEW, ChangesRequested(reason="more"), RELEASED)
REJECTED = (*IN_REVIEW, CampaignRejected(reason="no"), RELEASED)
BEFORE_APPROVAL = [DRAFTED, CHANGES_REQUESTED, REJECTED]
UNDER_REVIEW_OR_LATER = [SUBMITTED, IN_REVIEW, APPROVED, DEPLOYED]


def given(*events: Event, packs: RulePacks = ALL_PACKS) -> Given:
    return given_with(*events, packs=packs)


# Drafting and amending.


def _draft(terms: Terms = DEFAULT, *, title: str = "Roastery") -> DraftCampaign:
    return DraftCampaign(campaign_id=CAMPAIGN, company_id=COMPANY, title=title, terms=terms)


@pytest.mark.parametrize(
    "terms",
    [DEFAULT, LOCAL, EU, US, WEI, FIRST_COME, PRO_RATA, MILESTONES, offer(investor_maximum=50_000)],
    ids=["default", "local", "eu", "us", "wei", "first come", "pro rata", "milestones", "investor maximum"],
)
def test_a_campaign_is_drafted_under_the_rules_of_its_pack(terms: Terms) -> None:
    drafted = CampaignDrafted(campaign_id=CAMPAIGN, company_id=COMPANY, title="Roastery", terms=terms, owner=ISSUER.id)
    after = given(*ON_CHAIN).when(_draft(terms), by=ISSUER).then(drafted)
    assert after.state(Campaign).status == "draft"
    after.when(_draft(terms), by=ISSUER).then_refused("already-exists")


@pytest.mark.parametrize("company", [REGISTERED, KYB_APPROVED])
def test_a_company_may_draft_before_it_is_approved(company: tuple[Event, ...]) -> None:
    given(*company).when(_draft(), by=ISSUER).then_topics(CampaignDrafted.TOPIC)


def test_a_campaign_is_drafted_by_the_owner_of_its_company_alone() -> None:
    given().when(_draft(), by=ISSUER).then_refused("not-found")
    given(*ON_CHAIN).when(_draft(), by=OTHER_ISSUER).then_refused("not-yours")


@pytest.mark.parametrize(
    "title", ["", " ", "x" * 501, "Ro\N{CYRILLIC SMALL LETTER A}stery", "Roast\N{ZERO WIDTH JOINER}ery"]
)
def test_a_title_that_misleads_is_refused(title: str) -> None:
    given(*ON_CHAIN).when(_draft(title=title), by=ISSUER).then_refused("text-not-acceptable")
    amend = AmendCampaign(campaign_id=CAMPAIGN, title=title, terms=DEFAULT)
    given(*DRAFTED).when(amend, by=ISSUER).then_refused("text-not-acceptable")


def test_a_campaign_opens_in_the_future_if_it_says_when() -> None:
    given(*ON_CHAIN).when(_draft(offer(opens_at=NOW)), by=ISSUER).then_refused("time-not-acceptable")
    without_zone = offer(opens_at=(NOW + timedelta(days=1)).replace(tzinfo=None))
    given(*ON_CHAIN).when(_draft(without_zone), by=ISSUER).then_refused("time-not-acceptable")
    given(*ON_CHAIN).when(_draft(offer(opens_at=NOW + timedelta(days=1))), by=ISSUER).then_topics(CampaignDrafted.TOPIC)


def test_new_terms_are_drafted_under_the_newest_version_of_their_pack() -> None:
    first = ALL_PACKS.get("default@1")
    second = RulePack(**{name: getattr(first, name) for name in RulePack.__struct_fields__} | {"version": 2})
    packs = RulePacks([first, second])
    refusal = given(*ON_CHAIN, packs=packs).when(_draft(), by=ISSUER).then_refused("unknown-value")
    assert refusal.text == "default@1 has a newer version: use default@2"
    given(*DRAFTED, packs=packs).when(SUBMIT, by=ISSUER).then_refused("unknown-value")
    newest = _draft(offer(rule_pack="default@2"))
    given(*ON_CHAIN, packs=packs).when(newest, by=ISSUER).then_topics(CampaignDrafted.TOPIC)
    given(*IN_REVIEW, packs=packs).when(_approve(), by=COMPLIANCE).then_topics(CampaignApproved.TOPIC)


NEW_TERMS = offer(funding_goal=110_000)
AMEND = AmendCampaign(campaign_id=CAMPAIGN, title="Roastery and mill", terms=NEW_TERMS)


@pytest.mark.parametrize("before", BEFORE_APPROVAL, ids=["draft", "changes requested", "rejected"])
def test_terms_change_until_somebody_looks_at_them(before: tuple[Event, ...]) -> None:
    amended = CampaignAmended(title="Roastery and mill", terms=NEW_TERMS)
    after = given(*before).when(AMEND, by=ISSUER).then(amended).when(AMEND, by=ISSUER).then_nothing()
    assert (after.state(Campaign).title, after.state(Campaign).terms) == ("Roastery and mill", NEW_TERMS)


@pytest.mark.parametrize("before", UNDER_REVIEW_OR_LATER, ids=["submitted", "in review", "approved", "live"])
def test_terms_never_change_under_review_or_later(before: tuple[Event, ...]) -> None:
    given(*before).when(AMEND, by=ISSUER).then_refused("wrong-status")


def test_an_amendment_keeps_the_rules() -> None:
    given(*DRAFTED).when(AMEND, by=OTHER_ISSUER).then_refused("not-yours")
    over = AmendCampaign(campaign_id=CAMPAIGN, title="t", terms=offer(fee_bps=1_001))
    given(*DRAFTED).when(over, by=ISSUER).then_refused("terms-outside-rules")


# Documents.


def _attach(**changes: object) -> AttachCampaignDocument:
    fields = {"campaign_id": CAMPAIGN, "document_id": DOCUMENT, "kind": "business plan", "sha256": DIGEST, **changes}
    return AttachCampaignDocument(**fields)  # type: ignore[arg-type]


ATTACHED = CampaignDocumentAttached(document_id=DOCUMENT, kind="business plan", sha256=DIGEST)


def test_documents_are_part_of_what_is_approved() -> None:
    after = given(*DRAFTED).when(_attach(), by=ISSUER).then(ATTACHED).when(_attach(), by=ISSUER).then_nothing()
    hash_with = terms_hash(company_id=COMPANY, title="Roastery", terms=DEFAULT, documents={str(DOCUMENT): DIGEST})
    assert after.state(Campaign).content_hash == hash_with != TERMS_HASH
    submitted = CampaignSubmitted(terms_hash=hash_with, submitter=ISSUER.id)
    after.when(SUBMIT, by=ISSUER).then(submitted, ExclusivityLocked(campaign_id=CAMPAIGN, year=NOW.year))


def test_another_content_takes_the_place_of_a_document() -> None:
    renewed = given(*DRAFTED, ATTACHED).when(_attach(sha256=OTHER_DIGEST), by=ISSUER)
    after = renewed.then(CampaignDocumentAttached(document_id=DOCUMENT, kind="business plan", sha256=OTHER_DIGEST))
    assert [document.sha256 for document in after.state(Campaign).documents.values()] == [OTHER_DIGEST]


def test_a_document_is_removed_once() -> None:
    remove = RemoveCampaignDocument(campaign_id=CAMPAIGN, document_id=DOCUMENT)
    after = given(*DRAFTED, ATTACHED).when(remove, by=ISSUER).then(CampaignDocumentRemoved(document_id=DOCUMENT))
    after.when(remove, by=ISSUER).then_nothing()
    assert after.state(Campaign).content_hash == TERMS_HASH
    given(*DRAFTED, ATTACHED).when(remove, by=OTHER_ISSUER).then_refused("not-yours")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"kind": ""}, "text-not-acceptable"),
        ({"sha256": "ab"}, "digest-not-acceptable"),
        ({"cid": "Qm"}, "cid-not-acceptable"),
    ],
)
def test_a_document_that_is_none_is_refused(changes: dict[str, object], code: str) -> None:
    given(*DRAFTED).when(_attach(**changes), by=ISSUER).then_refused(code)
    given(*DRAFTED).when(_attach(), by=OTHER_ISSUER).then_refused("not-yours")


@pytest.mark.parametrize("before", UNDER_REVIEW_OR_LATER, ids=["submitted", "in review", "approved", "live"])
def test_documents_never_change_under_review_or_later(before: tuple[Event, ...]) -> None:
    given(*before).when(_attach(), by=ISSUER).then_refused("wrong-status")
    remove = RemoveCampaignDocument(campaign_id=CAMPAIGN, document_id=DOCUMENT)
    given(*before).when(remove, by=ISSUER).then_refused("wrong-status")


def test_a_campaign_keeps_fifty_documents() -> None:
    many = [
        CampaignDocumentAttached(document_id=UUID(int=n), kind="other", sha256=DIGEST) for n in range(DOCUMENTS_MAX)
    ]
    given(*DRAFTED, *many).when(_attach(), by=ISSUER).then_refused("too-many")
    given(*DRAFTED, *many[1:]).when(_attach(), by=ISSUER).then(ATTACHED)
    another_content = _attach(document_id=UUID(int=1), kind="other", sha256=OTHER_DIGEST)
    given(*DRAFTED, *many).when(another_content, by=ISSUER).then_topics(CampaignDocumentAttached.TOPIC)


# Submission and withdrawal.


@pytest.mark.parametrize("before", BEFORE_APPROVAL, ids=["draft", "changes requested", "rejected"])
def test_a_campaign_is_submitted_with_the_hash_of_what_it_offers(before: tuple[Event, ...]) -> None:
    submitted = CampaignSubmitted(terms_hash=TERMS_HASH, submitter=ISSUER.id)
    locked = ExclusivityLocked(campaign_id=CAMPAIGN, year=NOW.year)
    after = given(*before).when(SUBMIT, by=ISSUER).then(submitted, locked)
    assert after.state(Campaign).reviewer is None


@pytest.mark.parametrize("before", UNDER_REVIEW_OR_LATER, ids=["submitted", "in review", "approved", "live"])
def test_a_campaign_is_submitted_once(before: tuple[Event, ...]) -> None:
    given(*before).when(SUBMIT, by=ISSUER).then_refused("wrong-status")


@pytest.mark.parametrize("before", [SUBMITTED, IN_REVIEW], ids=["submitted", "in review"])
def test_an_issuer_takes_a_campaign_back_before_it_is_approved(before: tuple[Event, ...]) -> None:
    withdraw = WithdrawCampaign(campaign_id=CAMPAIGN, reason="a better plan")
    given(*before).when(withdraw, by=OTHER_ISSUER).then_refused("not-yours")
    released = ExclusivityReleased(campaign_id=CAMPAIGN, reason="withdrawn", year_used=False)
    after = given(*before).when(withdraw, by=ISSUER).then(CampaignWithdrawn(reason="a better plan"), released)
    after.when(AMEND, by=ISSUER).then_topics(CampaignAmended.TOPIC)


@pytest.mark.parametrize("before", [DRAFTED, APPROVED, DEPLOYED], ids=["draft", "approved", "live"])
def test_only_what_is_under_review_is_taken_back(before: tuple[Event, ...]) -> None:
    withdraw = WithdrawCampaign(campaign_id=CAMPAIGN, reason="a better plan")
    given(*before).when(withdraw, by=ISSUER).then_refused("wrong-status")


# Review.


def _approve(approved_hash: str = TERMS_HASH) -> ApproveCampaign:
    return ApproveCampaign(campaign_id=CAMPAIGN, terms_hash=approved_hash)


DECISIONS: list[Command] = [
    StartCampaignReview(campaign_id=CAMPAIGN),
    RequestCampaignChanges(campaign_id=CAMPAIGN, reason="more"),
    _approve(),
    RejectCampaign(campaign_id=CAMPAIGN, reason="no"),
]


@pytest.mark.parametrize("command", DECISIONS, ids=lambda command: type(command).__name__)
def test_a_campaign_is_decided_by_other_eyes_and_only_once_it_is_submitted(command: Command) -> None:
    given(*SUBMITTED).when(command, by=SELF_APPROVER).then_refused("four-eyes")
    for before in (DRAFTED, APPROVED, DEPLOYED):
        given(*before).when(command, by=COMPLIANCE).then_refused("wrong-status")


@pytest.mark.parametrize("command", DECISIONS, ids=lambda command: type(command).__name__)
def test_whoever_takes_the_review_decides_it(command: Command) -> None:
    refusal = given(*IN_REVIEW).when(command, by=OTHER_COMPLIANCE).then_refused("in-other-hands")
    assert refusal.fields == {"reviewer": COMPLIANCE.id}


def test_whoever_submitted_in_another_name_does_not_decide() -> None:
    submitted = (*DRAFTED, CampaignSubmitted(terms_hash=TERMS_HASH, submitter="clerk"))
    given(*submitted).when(_approve(), by=Actor("clerk", "compliance")).then_refused("four-eyes")


def test_a_review_is_taken_once() -> None:
    start = StartCampaignReview(campaign_id=CAMPAIGN)
    after = given(*SUBMITTED).when(start, by=COMPLIANCE).then(CampaignReviewStarted(reviewer=COMPLIANCE.id))
    after.when(start, by=COMPLIANCE).then_nothing()


@pytest.mark.parametrize("before", [SUBMITTED, IN_REVIEW], ids=["submitted", "in review"])
def test_an_approval_carries_what_the_chain_needs(before: tuple[Event, ...]) -> None:
    approved = CampaignApproved(company_id=COMPANY, wallet=ISSUER_WALLET, terms=DEFAULT, terms_hash=TERMS_HASH)
    after = given(*before).when(_approve(), by=COMPLIANCE).then(approved)
    assert after.state(Campaign).status == "deploying"


def test_an_approval_names_exactly_what_was_submitted() -> None:
    """The platform replaced approved whatever stood in its database at that moment."""
    refusal = given(*IN_REVIEW).when(_approve("ab" * 32), by=COMPLIANCE).then_refused("approved-otherwise")
    assert refusal.fields == {"terms_hash": TERMS_HASH}


def test_an_approval_pays_to_the_wallet_that_the_company_has_then() -> None:
    rotated = WalletRotated(wallet="0x" + "d4" * 20, previous=ISSUER_WALLET, documents_hash=DOCUMENTS_HASH)
    (approved,) = given(*IN_REVIEW, rotated).when(_approve(), by=COMPLIANCE).events
    assert isinstance(approved, CampaignApproved)
    assert approved.wallet == "0x" + "d4" * 20


def test_a_campaign_of_a_suspended_company_is_not_approved() -> None:
    suspended = CompanySuspended(reason="a complaint", by=COMPLIANCE.id)
    given(*IN_REVIEW, suspended).when(_approve(), by=COMPLIANCE).then_refused("company-suspended")


def test_changes_are_asked_for_and_the_campaign_is_submitted_again() -> None:
    ask = RequestCampaignChanges(campaign_id=CAMPAIGN, reason="say what the mill costs")
    asked = (
        given(*IN_REVIEW).when(ask, by=COMPLIANCE).then(ChangesRequested(reason="say what the mill costs"), RELEASED)
    )
    amended = asked.when(AMEND, by=ISSUER).then_topics(CampaignAmended.TOPIC)
    again = amended.when(SUBMIT, by=ISSUER).then_topics(CampaignSubmitted.TOPIC, ExclusivityLocked.TOPIC)
    again.when(_approve(), by=OTHER_COMPLIANCE).then_refused("approved-otherwise")
    new_hash = again.state(Campaign).content_hash
    again.when(_approve(new_hash), by=OTHER_COMPLIANCE).then_topics(CampaignApproved.TOPIC)


@pytest.mark.parametrize("kind", [RequestCampaignChanges, RejectCampaign, WithdrawCampaign])
def test_who_refuses_or_takes_back_says_why(kind: type[Command]) -> None:
    by = ISSUER if kind is WithdrawCampaign else COMPLIANCE
    given(*IN_REVIEW).when(kind(campaign_id=CAMPAIGN, reason="\n"), by=by).then_refused("text-not-acceptable")


def test_a_rejected_campaign_may_be_mended() -> None:
    released = ExclusivityReleased(campaign_id=CAMPAIGN, reason="rejected", year_used=False)
    reject = RejectCampaign(campaign_id=CAMPAIGN, reason="no")
    after = given(*IN_REVIEW).when(reject, by=COMPLIANCE).then(CampaignRejected(reason="no"), released)
    after.when(AMEND, by=ISSUER).then_topics(CampaignAmended.TOPIC)


def test_what_the_chain_refused_of_an_approved_campaign_is_kept() -> None:
    reject = RejectPosting(stream=CAMPAIGN, entry_position=9, code="IssuerUnknown", reason="IssuerUnknown(0x1f)")
    kept = CampaignPostingRejected(entry_position=9, code="IssuerUnknown", reason="IssuerUnknown(0x1f)")
    after = given(*APPROVED).when(reject, by=WRITER).then(kept)
    assert after.state(Campaign).deployment_rejected
    assert not given(*DEPLOYED).when(reject, by=WRITER).then(kept).state(Campaign).deployment_rejected
