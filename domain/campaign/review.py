"""Deciders about a campaign before it is approved. Each refuses, or returns the event; None: it is so already."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from domain.campaign.events import (
    CampaignAmended,
    CampaignApproved,
    CampaignDocumentAttached,
    CampaignDocumentRemoved,
    CampaignDrafted,
    CampaignRejected,
    CampaignReviewStarted,
    CampaignSubmitted,
    CampaignWithdrawn,
    ChangesRequested,
)
from domain.campaign.state import BEFORE_APPROVAL, Campaign
from domain.errors import Refusal
from domain.eyes import check_other_eyes, check_own_hands
from domain.journal.entries import Actor, Event
from domain.rule_packs import RulePack
from domain.values import Terms, check_cid, check_digest, check_later, check_name, check_text

DOCUMENTS_MAX = 50


def draft(
    *, campaign_id: UUID, company_id: UUID, title: str, terms: Terms, pack: RulePack, now: datetime, by: Actor
) -> Event:
    """Decide on a new campaign: its terms must keep the rules of their pack."""
    _check_content(title, terms, pack, now)
    return CampaignDrafted(campaign_id=campaign_id, company_id=company_id, title=title, terms=terms, owner=by.id)


def amend(campaign: Campaign, *, title: str, terms: Terms, pack: RulePack, now: datetime, by: Actor) -> Event | None:
    """Terms may change until somebody looks at them, never after the approval."""
    campaign.check_owned(by)
    campaign.check_in(*BEFORE_APPROVAL)
    _check_content(title, terms, pack, now)
    return None if (title, terms) == (campaign.title, campaign.terms) else CampaignAmended(title=title, terms=terms)


def attach(
    campaign: Campaign, *, document_id: UUID, kind: str, sha256: str, cid: str | None, by: Actor
) -> Event | None:
    """Attach a document, or put another content in the place of one; None if exactly this one is there."""
    campaign.check_owned(by)
    campaign.check_in(*BEFORE_APPROVAL)
    check_text(kind, name="kind")
    check_digest(sha256, name="sha256")
    check_cid(cid)
    known = campaign.documents.get(document_id)
    if known is not None and (known.kind, known.sha256, known.cid) == (kind, sha256, cid):
        return None
    if known is None and len(campaign.documents) >= DOCUMENTS_MAX:
        raise Refusal("too-many", f"a campaign keeps at most {DOCUMENTS_MAX} documents")
    return CampaignDocumentAttached(document_id=document_id, kind=kind, sha256=sha256, cid=cid)


def remove(campaign: Campaign, *, document_id: UUID, by: Actor) -> Event | None:
    """None if it is not there (any more)."""
    campaign.check_owned(by)
    campaign.check_in(*BEFORE_APPROVAL)
    return CampaignDocumentRemoved(document_id=document_id) if document_id in campaign.documents else None


def submit(campaign: Campaign, *, by: Actor) -> Event:
    campaign.check_owned(by)
    campaign.check_in(*BEFORE_APPROVAL)
    return CampaignSubmitted(terms_hash=campaign.content_hash, submitter=by.id)


def withdraw(campaign: Campaign, *, reason: str, by: Actor) -> Event:
    """The issuer takes the campaign back before it is approved."""
    campaign.check_owned(by)
    campaign.check_in("submitted", "in_review")
    check_text(reason, name="reason")
    return CampaignWithdrawn(reason=reason)


def start_review(campaign: Campaign, *, by: Actor) -> Event | None:
    """Take the campaign for review; from then on it is this reviewer who decides."""
    if campaign.status == "in_review" and campaign.reviewer == by.id:
        return None
    _reviewable(campaign, by)
    return CampaignReviewStarted(reviewer=by.id)


def request_changes(campaign: Campaign, *, reason: str, by: Actor) -> Event:
    _reviewable(campaign, by)
    check_text(reason, name="reason")
    return ChangesRequested(reason=reason)


def approve(campaign: Campaign, *, approved_hash: str, wallet: str, by: Actor) -> Event:
    """Approve exactly what was submitted: the approver names its hash. Four eyes."""
    _reviewable(campaign, by)
    assert campaign.terms_hash is not None
    if approved_hash != campaign.terms_hash:
        text = "the hash is not that of the submitted terms"
        raise Refusal("approved-otherwise", text, terms_hash=campaign.terms_hash)
    return CampaignApproved(
        company_id=campaign.company_id, wallet=wallet, terms=campaign.terms, terms_hash=campaign.terms_hash
    )


def reject(campaign: Campaign, *, reason: str, by: Actor) -> Event:
    _reviewable(campaign, by)
    check_text(reason, name="reason")
    return CampaignRejected(reason=reason)


def _check_content(title: str, terms: Terms, pack: RulePack, now: datetime) -> None:
    check_name(title, name="title")
    pack.check(terms)
    check_later(terms.opens_at, than=now, name="opens_at")


def _reviewable(campaign: Campaign, by: Actor) -> None:
    """Refuse unless the campaign waits for a decision that is this person's to make."""
    campaign.check_in("submitted", "in_review")
    check_other_eyes(by, campaign.owner, campaign.submitter)
    check_own_hands(by, campaign.reviewer)
