"""What can have happened to a campaign on its way to its end. Applying never refuses: each of these is a fact."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

import msgspec

from domain.campaign.state import Campaign, Change, Document, Request
from domain.journal.entries import Event
from domain.postings import CREATE, rejected
from domain.values import ChainFact, Terms

replace = msgspec.structs.replace


def seconds_of(moment: datetime) -> int:
    """A moment as the chain keeps it: seconds since 1970, without fractions."""
    return int(moment.timestamp())


class CampaignDrafted(Event, frozen=True, kw_only=True):
    TOPIC: ClassVar[str] = "campaign.drafted"
    campaign_id: UUID
    company_id: UUID
    title: str
    terms: Terms
    owner: str

    def apply(self, state: Any) -> Campaign:
        return Campaign(
            id=self.campaign_id, company_id=self.company_id, owner=self.owner, title=self.title, terms=self.terms
        )


class CampaignAmended(Event, frozen=True, kw_only=True):
    TOPIC: ClassVar[str] = "campaign.amended"
    title: str
    terms: Terms

    def apply(self, state: Campaign) -> Campaign:
        return replace(state, title=self.title, terms=self.terms)


class CampaignDocumentAttached(Event, frozen=True, kw_only=True):
    TOPIC: ClassVar[str] = "campaign.document_attached"
    document_id: UUID
    kind: str
    sha256: str
    cid: str | None = None

    def apply(self, state: Campaign) -> Campaign:
        document = Document(self.kind, self.sha256, self.cid)
        return replace(state, documents={**state.documents, self.document_id: document})


class CampaignDocumentRemoved(Event, frozen=True, kw_only=True):
    TOPIC: ClassVar[str] = "campaign.document_removed"
    document_id: UUID

    def apply(self, state: Campaign) -> Campaign:
        rest = {key: document for key, document in state.documents.items() if key != self.document_id}
        return replace(state, documents=rest)


class UpdatePosted(Event, frozen=True, kw_only=True):
    """News for investors, by its hash. No material change: that has its own way."""

    TOPIC: ClassVar[str] = "campaign.update_posted"
    update_id: UUID
    title: str
    sha256: str
    cid: str | None = None

    def apply(self, state: Campaign) -> Campaign:
        return state


class CampaignSubmitted(Event, frozen=True, kw_only=True):
    TOPIC: ClassVar[str] = "campaign.submitted"
    terms_hash: str
    submitter: str

    def apply(self, state: Campaign) -> Campaign:
        return replace(state, status="submitted", terms_hash=self.terms_hash, submitter=self.submitter, reviewer=None)


class CampaignReviewStarted(Event, frozen=True, kw_only=True):
    TOPIC: ClassVar[str] = "campaign.review_started"
    reviewer: str

    def apply(self, state: Campaign) -> Campaign:
        return replace(state, status="in_review", reviewer=self.reviewer)


class ChangesRequested(Event, frozen=True, kw_only=True):
    TOPIC: ClassVar[str] = "campaign.changes_requested"
    reason: str

    def apply(self, state: Campaign) -> Campaign:
        return replace(state, status="changes_requested", reviewer=None)


class CampaignWithdrawn(Event, frozen=True, kw_only=True):
    """The issuer took the campaign back before it was approved."""

    TOPIC: ClassVar[str] = "campaign.withdrawn"
    reason: str

    def apply(self, state: Campaign) -> Campaign:
        return replace(state, status="draft", reviewer=None)


class CampaignApproved(Event, frozen=True, kw_only=True):
    """Obliges `CampaignFactory.createCampaign`."""

    TOPIC: ClassVar[str] = "campaign.approved"
    company_id: UUID
    wallet: str
    terms: Terms
    terms_hash: str

    def apply(self, state: Campaign) -> Campaign:
        return replace(state, status="deploying")


class CampaignRejected(Event, frozen=True, kw_only=True):
    TOPIC: ClassVar[str] = "campaign.rejected"
    reason: str

    def apply(self, state: Campaign) -> Campaign:
        return replace(state, status="rejected", reviewer=None)


class DeploymentConfirmed(Event, frozen=True, kw_only=True):
    """The campaign's contract stands. The deadline is the one the chain will enforce."""

    TOPIC: ClassVar[str] = "campaign.deployment_confirmed"
    address: str
    deadline: datetime
    on_chain: ChainFact
    opened_at: datetime | None = None

    def apply(self, state: Campaign) -> Campaign:
        return replace(state, status="live", deployed=self.on_chain, deadline=self.deadline, opened_at=self.opened_at)


class CampaignPaused(Event, frozen=True, kw_only=True):
    """Obliges `CampaignImplementation.setPaused`."""

    TOPIC: ClassVar[str] = "campaign.paused"
    reason: str
    pauser: str

    def apply(self, state: Campaign) -> Campaign:
        return replace(state, status="paused", pauser=self.pauser)


class CampaignResumed(Event, frozen=True, kw_only=True):
    """Obliges `CampaignImplementation.setPaused`."""

    TOPIC: ClassVar[str] = "campaign.resumed"
    reason: str

    def apply(self, state: Campaign) -> Campaign:
        return replace(state, status="live", pauser=None)


class ChangeDeclared(Event, frozen=True, kw_only=True):
    """A material change, or an extension (which is one), as the issuer declares it. It counts once approved."""

    TOPIC: ClassVar[str] = "campaign.change_declared"
    change_id: UUID
    kind: str
    digest: str
    declarer: str
    deadline: datetime
    reconfirm_by: datetime

    def apply(self, state: Campaign) -> Campaign:
        change = Change(
            id=self.change_id,
            kind=self.kind,
            digest=self.digest,
            declarer=self.declarer,
            deadline=self.deadline,
            reconfirm_by=self.reconfirm_by,
        )
        return replace(state, change=change)


class ChangeApproved(Event, frozen=True, kw_only=True):
    """From now on each investor who committed before must reconfirm, or the commitment is cancelled.

    Obliges `CampaignImplementation.setDeadline` if the deadline moved: the chain's is in whole seconds.
    """

    TOPIC: ClassVar[str] = "campaign.change_approved"
    change_id: UUID
    digest: str
    deadline: datetime
    reconfirm_by: datetime
    previous_deadline: datetime | None = None

    @property
    def new_deadline_s(self) -> int | None:
        """The chain's new deadline in seconds since 1970; None where it did not move."""
        moved = self.previous_deadline is not None and seconds_of(self.deadline) > seconds_of(self.previous_deadline)
        return seconds_of(self.deadline) if moved else None

    def apply(self, state: Campaign) -> Campaign:
        assert state.change is not None
        # The time to reconfirm begins with the approval: later than was declared, if that took its time.
        change = replace(state.change, approved=True, deadline=self.deadline, reconfirm_by=self.reconfirm_by)
        return replace(
            state,
            change=change,
            deadline=self.deadline,
            early_deadline=None,
            unconfirmed=state.commitments,
        )


class ChangeDeclined(Event, frozen=True, kw_only=True):
    TOPIC: ClassVar[str] = "campaign.change_declined"
    change_id: UUID
    reason: str

    def apply(self, state: Campaign) -> Campaign:
        return replace(state, change=None)


class CommitmentReconfirmed(Event, frozen=True, kw_only=True):
    TOPIC: ClassVar[str] = "campaign.commitment_reconfirmed"
    investment_id: UUID
    change_id: UUID

    def apply(self, state: Campaign) -> Campaign:
        return replace(state, unconfirmed=state.unconfirmed - 1)


class EarlyCloseAnnounced(Event, frozen=True, kw_only=True):
    TOPIC: ClassVar[str] = "campaign.early_close_announced"
    deadline: datetime

    def apply(self, state: Campaign) -> Campaign:
        return replace(state, early_deadline=self.deadline)


class EarlyCloseLapsed(Event, frozen=True, kw_only=True):
    """When its time came the threshold was not met any more: the campaign stays open until its deadline."""

    TOPIC: ClassVar[str] = "campaign.early_close_lapsed"
    deadline: datetime

    def apply(self, state: Campaign) -> Campaign:
        return replace(state, early_deadline=None)


class CancellationRequested(Event, frozen=True, kw_only=True):
    TOPIC: ClassVar[str] = "campaign.cancellation_requested"
    reason: str
    requester: str

    def apply(self, state: Campaign) -> Campaign:
        return replace(state, cancellation=Request(self.reason, self.requester))


class CancellationDeclined(Event, frozen=True, kw_only=True):
    TOPIC: ClassVar[str] = "campaign.cancellation_declined"
    reason: str

    def apply(self, state: Campaign) -> Campaign:
        return replace(state, cancellation=None)


class CampaignAbandoned(Event, frozen=True, kw_only=True):
    """It never came to stand on the chain: the end of a campaign whose deployment was refused for good."""

    TOPIC: ClassVar[str] = "campaign.abandoned"
    reason: str

    def apply(self, state: Campaign) -> Campaign:
        return replace(state, status="abandoned")


class CampaignPostingRejected(Event, frozen=True, kw_only=True):
    """The chain refused for good what an entry of this campaign obliged. An operator decides what happens next."""

    TOPIC: ClassVar[str] = "campaign.posting_rejected"
    entry_position: int
    code: str
    reason: str
    effect: str = ""

    def apply(self, state: Campaign) -> Campaign:
        after: Campaign = rejected(state, self.entry_position, self.effect)
        refused = state.status == "deploying" and self.effect in {"", CREATE}
        return replace(after, deployment_rejected=True) if refused else after


class CampaignPostingConfirmed(Event, frozen=True, kw_only=True):
    """The chain shows what an entry of this campaign obliged, where no other event says so."""

    TOPIC: ClassVar[str] = "campaign.posting_confirmed"
    on_chain: ChainFact

    def apply(self, state: Campaign) -> Campaign:
        return replace(state, posted={**state.posted, self.on_chain.entry_position: self.on_chain})
