"""What may be asked of a campaign, and by whom."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from domain.asking import Command
from domain.values import ChainFact, ChainPlace, Terms


class DraftCampaign(Command, frozen=True, kw_only=True):
    campaign_id: UUID
    company_id: UUID
    title: str
    terms: Terms


class AmendCampaign(Command, frozen=True, kw_only=True):
    campaign_id: UUID
    title: str
    terms: Terms


class AttachCampaignDocument(Command, frozen=True, kw_only=True):
    campaign_id: UUID
    document_id: UUID
    kind: str
    sha256: str
    cid: str | None = None


class RemoveCampaignDocument(Command, frozen=True, kw_only=True):
    campaign_id: UUID
    document_id: UUID


class PostUpdate(Command, frozen=True, kw_only=True):
    campaign_id: UUID
    update_id: UUID
    title: str
    sha256: str
    cid: str | None = None


class SubmitCampaign(Command, frozen=True, kw_only=True):
    campaign_id: UUID


class WithdrawCampaign(Command, frozen=True, kw_only=True):
    campaign_id: UUID
    reason: str


class StartCampaignReview(Command, frozen=True, kw_only=True):
    campaign_id: UUID


class RequestCampaignChanges(Command, frozen=True, kw_only=True):
    campaign_id: UUID
    reason: str


class ApproveCampaign(Command, frozen=True, kw_only=True):
    campaign_id: UUID
    terms_hash: str


class RejectCampaign(Command, frozen=True, kw_only=True):
    campaign_id: UUID
    reason: str


class ConfirmDeployment(Command, frozen=True, kw_only=True):
    campaign_id: UUID
    address: str
    deadline: datetime
    on_chain: ChainFact


class PauseCampaign(Command, frozen=True, kw_only=True):
    campaign_id: UUID
    reason: str


class ResumeCampaign(Command, frozen=True, kw_only=True):
    campaign_id: UUID
    reason: str


class DeclareChange(Command, frozen=True, kw_only=True):
    """`kind` is documents, terms or extension; only an extension names a deadline."""

    campaign_id: UUID
    change_id: UUID
    kind: str
    digest: str
    deadline: datetime | None = None


class ApproveChange(Command, frozen=True, kw_only=True):
    campaign_id: UUID
    change_id: UUID
    digest: str


class DeclineChange(Command, frozen=True, kw_only=True):
    campaign_id: UUID
    change_id: UUID
    reason: str


class AnnounceEarlyClose(Command, frozen=True, kw_only=True):
    campaign_id: UUID
    deadline: datetime


class RequestCancellation(Command, frozen=True, kw_only=True):
    campaign_id: UUID
    reason: str


class ApproveCancellation(Command, frozen=True, kw_only=True):
    campaign_id: UUID


class DeclineCancellation(Command, frozen=True, kw_only=True):
    campaign_id: UUID
    reason: str


class CloseCampaign(Command, frozen=True, kw_only=True):
    campaign_id: UUID
    reason: str


class CompleteClosing(Command, frozen=True, kw_only=True):
    """Every commitment has its allotment: the campaign can close."""

    campaign_id: UUID


class ConfirmClosing(Command, frozen=True, kw_only=True):
    campaign_id: UUID
    on_chain: ChainFact


class RequestRelease(Command, frozen=True, kw_only=True):
    campaign_id: UUID
    release_id: UUID


class ApproveRelease(Command, frozen=True, kw_only=True):
    campaign_id: UUID
    release_id: UUID


class DeclineRelease(Command, frozen=True, kw_only=True):
    campaign_id: UUID
    release_id: UUID
    reason: str


class ConfirmRelease(Command, frozen=True, kw_only=True):
    campaign_id: UUID
    release_id: UUID
    on_chain: ChainFact


_ISSUER, _COMPLIANCE = frozenset({"issuer"}), frozenset({"compliance"})
_PROCESS, _INDEXER = frozenset({"process"}), frozenset({"indexer"})
_CHECKER = frozenset({"treasury_checker"})


class ReleaseName(msgspec.Struct, frozen=True):
    """A release id counts within one campaign."""

    campaign_id: UUID
    release_id: UUID


class RecordWithdrawal(Command, frozen=True, kw_only=True):
    """The chain shows that a payee took all its credit out of the escrow: these releases, if they stood there."""

    releases: tuple[ReleaseName, ...]
    payee: str
    amount: int
    place: ChainPlace


class RecordEmergency(Command, frozen=True, kw_only=True):
    """The chain shows that the escrow's admin announced an emergency, or took it back (`begins_at` None)."""

    campaign_id: UUID
    begins_at: datetime | None
    place: ChainPlace


ALLOWED: dict[type[Command], frozenset[str]] = {
    DraftCampaign: _ISSUER,
    AmendCampaign: _ISSUER,
    AttachCampaignDocument: _ISSUER,
    RemoveCampaignDocument: _ISSUER,
    PostUpdate: _ISSUER,
    SubmitCampaign: _ISSUER,
    WithdrawCampaign: _ISSUER,
    StartCampaignReview: _COMPLIANCE,
    RequestCampaignChanges: _COMPLIANCE,
    ApproveCampaign: _COMPLIANCE,
    RejectCampaign: _COMPLIANCE,
    ConfirmDeployment: _INDEXER,
    PauseCampaign: frozenset({"compliance", "operator"}),
    ResumeCampaign: _COMPLIANCE,
    DeclareChange: _ISSUER,
    ApproveChange: _COMPLIANCE,
    DeclineChange: _COMPLIANCE,
    AnnounceEarlyClose: _ISSUER,
    RequestCancellation: frozenset({"issuer", "compliance"}),
    ApproveCancellation: _COMPLIANCE,
    DeclineCancellation: _COMPLIANCE,
    CloseCampaign: frozenset({"operator", "process"}),
    CompleteClosing: _PROCESS,
    ConfirmClosing: _INDEXER,
    RequestRelease: frozenset({"treasury_maker"}),
    ApproveRelease: _CHECKER,
    DeclineRelease: _CHECKER,
    ConfirmRelease: _INDEXER,
    RecordWithdrawal: _INDEXER,
    RecordEmergency: _INDEXER,
}
