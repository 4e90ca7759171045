"""Campaigns: terms, documents, review, what changes while one is open, and how it ends. Its sums: see `sums`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec

from domain import campaign as c
from domain.journal import Entry
from domain.values import Terms, documents_hash
from projections.folding import Change, Fields, Ref, Sight, Table, View, changed, topics_of
from projections.rows import Campaign, CampaignChange, CampaignDocument, Milestone
from projections.views.sums import summed

TABLE = Table("campaigns", Campaign, "id")
Documents = tuple[CampaignDocument, ...]


def _reads(entry: Entry) -> Sequence[Ref]:
    return [(TABLE, entry.stream)]


def _fold(sight: Sight, entry: Entry) -> Sequence[Change]:
    if isinstance(entry.event, c.CampaignDrafted):
        return [(TABLE, _drafted(entry, entry.event))]
    row = sight.find(Campaign, TABLE, entry.stream)
    if row is None:
        return []
    fields = (
        summed(row, entry.event)
        or _content(row, entry.event)
        or _reviewed(entry.event)
        or _open(row, entry)
        or _changing(row, entry.event)
        or _ended(row, entry)
        or _released(row, entry.event)
    )
    return [(TABLE, changed(row, version=entry.version, **fields))]


def _drafted(entry: Entry, event: c.CampaignDrafted) -> Campaign:
    return Campaign(
        id=entry.stream,
        position=entry.position,
        version=entry.version,
        drafted_at=entry.meta.at,
        company_id=event.company_id,
        owner=event.owner,
        title=event.title,
        **_terms(event.terms),
    )


def _terms(terms: Terms) -> Fields:
    milestones = tuple(Milestone(name=milestone.name, bps=milestone.bps) for milestone in terms.milestones)
    return {**msgspec.structs.asdict(terms), "milestones": milestones, "threshold": terms.threshold}


def _content(row: Campaign, event: Any) -> Fields:
    """What the campaign offers and shows."""
    match event:
        case c.CampaignAmended(title=title, terms=terms):
            return {"title": title, **_terms(terms)}
        case c.CampaignDocumentAttached(document_id=id_, kind=kind, sha256=sha256, cid=cid):
            return _kept(_put(row.documents, CampaignDocument(id=id_, kind=kind, sha256=sha256, cid=cid)))
        case c.CampaignDocumentRemoved(document_id=id_):
            return _kept(tuple(document for document in row.documents if document.id != id_))
        case c.UpdatePosted():
            return {"updates": row.updates + 1}
        case _:
            return {}


def _put(documents: Documents, document: CampaignDocument) -> Documents:
    """Other content takes the place of a document of the same id."""
    if all(known.id != document.id for known in documents):
        return (*documents, document)
    return tuple(document if known.id == document.id else known for known in documents)


def _kept(documents: Documents) -> Fields:
    hashes = {str(document.id): document.sha256 for document in documents}
    return {"documents": documents, "documents_hash": documents_hash(hashes) if hashes else None}


def _reviewed(event: Any) -> Fields:  # noqa: PLR0911  # one line an event
    match event:
        case c.CampaignSubmitted(terms_hash=hash_, submitter=by):
            begun = {"terms_hash": hash_, "submitter": by, "reviewer": None, "review_reason": None}
            return {"status": "submitted", **begun}
        case c.CampaignReviewStarted(reviewer=reviewer):
            return {"status": "in_review", "reviewer": reviewer}
        case c.ChangesRequested(reason=reason):
            return {"status": "changes_requested", "reviewer": None, "review_reason": reason}
        case c.CampaignWithdrawn(reason=reason):
            return {"status": "draft", "reviewer": None, "review_reason": reason}
        case c.CampaignRejected(reason=reason):
            return {"status": "rejected", "reviewer": None, "review_reason": reason}
        case c.CampaignApproved():
            return {"status": "deploying"}
        case _:
            return {}


def _open(row: Campaign, entry: Entry) -> Fields:
    match entry.event:
        case c.DeploymentConfirmed(address=address, deadline=deadline, opened_at=opened_at, on_chain=fact):
            place = {"deployed_position": entry.position, "deployed_tx_hash": fact.tx_hash}
            return {"status": "live", "address": address, "deadline": deadline, "opened_at": opened_at, **place}
        case c.CampaignPostingRejected(effect="" | "create-campaign") if row.status == "deploying":
            return {"deployment_rejected": True}
        case c.CampaignPostingReleased(effect="create-campaign"):
            return {"deployment_rejected": False}
        case c.CampaignPaused(reason=reason, pauser=pauser):
            return {"status": "paused", "pauser": pauser, "pause_reason": reason}
        case c.CampaignResumed():
            return {"status": "live", "pauser": None, "pause_reason": None}
        case _:
            return {}


def _changing(row: Campaign, event: Any) -> Fields:  # noqa: PLR0911  # one line an event
    """A material change, an early close or a cancellation, from the wish to the decision."""
    match event:
        case c.ChangeDeclared():
            return {"change": _declared(event)}
        case c.ChangeApproved(deadline=deadline, reconfirm_by=reconfirm_by):
            assert row.change is not None
            change = msgspec.structs.replace(row.change, approved=True, deadline=deadline, reconfirm_by=reconfirm_by)
            moved = {"deadline": deadline, "early_deadline": None, "unconfirmed": row.commitments}
            return {"change": change, **moved}
        case c.ChangeDeclined():
            return {"change": None}
        case c.EarlyCloseAnnounced(deadline=deadline):
            return {"early_deadline": deadline}
        case c.EarlyCloseLapsed():
            return {"early_deadline": None}
        case c.CancellationRequested(reason=reason, requester=requester):
            return {"cancellation_requester": requester, "cancellation_reason": reason}
        case c.CancellationDeclined():
            return {"cancellation_requester": None, "cancellation_reason": None}
        case _:
            return {}


def _declared(event: c.ChangeDeclared) -> CampaignChange:
    return CampaignChange(
        id=event.change_id,
        kind=event.kind,
        digest=event.digest,
        declarer=event.declarer,
        deadline=event.deadline,
        reconfirm_by=event.reconfirm_by,
    )


def _ended(row: Campaign, entry: Entry) -> Fields:  # noqa: PLR0911  # one line an event
    match entry.event:
        case c.ClosingStarted(reason=reason):
            return {"status": "closing", "closing_reason": reason, "closing_position": entry.position}
        case c.CampaignClosed(outcome=outcome, reason=reason):
            closed = {"outcome": outcome, "closing_reason": reason, "closed_position": entry.position}
            return {"status": outcome, **closed}
        case c.ClosingConfirmed(outcome=outcome):
            status = row.status if outcome == "successful" else "refunding"
            return {"status": status, "closing_confirmed_position": entry.position}
        case c.CampaignPostingAbandoned(effect="close"):
            return {"status": "refunding", "outcome": "cancelled"}
        case c.CampaignAbandoned(reason=reason):
            return {"status": "abandoned", "closing_reason": reason}
        case c.RefundsCompleted():
            return {"status": "refunded", "refunded_position": entry.position}
        case _:
            return {}


def _released(row: Campaign, event: Any) -> Fields:
    """`release_id` is the release that is under way, or the last one that was confirmed."""
    match event:
        case c.ReleaseRequested(release_id=release_id):
            return {"status": "settling", "release_id": release_id}
        case c.ReleaseDeclined() | c.CampaignPostingAbandoned(release_id=UUID()):
            return {"release_id": None}
        case c.ReleaseConfirmed():
            confirmed = row.releases_confirmed + 1
            done = confirmed == (len(row.milestones) or 1)
            return {"releases_confirmed": confirmed, "status": "settled" if done else row.status}
        case c.EmergencyAnnounced(begins_at=begins_at):
            return {"emergency_at": begins_at}
        case c.EmergencyCancelled():
            return {"emergency_at": None}
        case _:
            return {}


CAMPAIGNS = View(name="campaigns", version=3, tables=(TABLE,), topics=topics_of("campaign"), reads=_reads, fold=_fold)
