"""Every request to the domain, in the business's words, and the roles that may make it."""

from __future__ import annotations

from uuid import UUID

from domain.asking import Command
from domain.campaign import commands as campaigns
from domain.campaign.commands import (
    AmendCampaign,
    AnnounceEarlyClose,
    ApproveCampaign,
    ApproveCancellation,
    ApproveChange,
    ApproveRelease,
    AttachCampaignDocument,
    CloseCampaign,
    CompleteClosing,
    ConfirmClosing,
    ConfirmDeployment,
    ConfirmRelease,
    DeclareChange,
    DeclineCancellation,
    DeclineChange,
    DeclineRelease,
    DraftCampaign,
    PauseCampaign,
    PostUpdate,
    RecordEmergency,
    RecordWithdrawal,
    RejectCampaign,
    ReleaseName,
    RemoveCampaignDocument,
    RequestCampaignChanges,
    RequestCancellation,
    RequestRelease,
    ResumeCampaign,
    StartCampaignReview,
    SubmitCampaign,
    WithdrawCampaign,
)
from domain.company import commands as companies
from domain.company.commands import (
    AmendDetails,
    ApproveDocument,
    ApproveKyb,
    ApproveWalletRotation,
    AttachDocument,
    ConfirmCompanyRegistration,
    ExpireDocument,
    ExpireKyb,
    GrantOverride,
    PublishMemorandum,
    PublishProfile,
    RegisterCompany,
    ReinstateCompany,
    RejectDocument,
    RejectKyb,
    RequestKybInformation,
    RequestOverride,
    RequestWalletRotation,
    StartKybReview,
    SubmitKyb,
    SuspendCompany,
    WithdrawDocument,
)
from domain.investment import commands as investments
from domain.investment.commands import (
    AdmitInvestment,
    AllotCommitment,
    AllotShares,
    ApproveCertificateChange,
    CancelInvestment,
    CancelUnconfirmed,
    CommitInvestment,
    ConfirmCertificate,
    ConfirmCertificateChange,
    ConfirmRecording,
    ConfirmRefund,
    DeclineCertificateChange,
    LapseCommitment,
    OrderRefund,
    ReconfirmInvestment,
    RecordTransfer,
    RequestCertificateChange,
)
from domain.investor import commands as investors
from domain.investor.commands import (
    AcknowledgeRisk,
    ApproveKyc,
    BindWallet,
    ChallengeWallet,
    ClassifyInvestor,
    DeclareMeans,
    EraseInvestor,
    ExpireKyc,
    RecordEntryTest,
    RegisterInvestor,
    RejectKyc,
    SubmitKyc,
)
from domain.ledger import commands as ledger
from domain.ledger.commands import ApprovePromotion, ProposePromotion, WithdrawPromotion
from domain.payment import commands as payments
from domain.payment.commands import (
    MatchPayment,
    RecordDeposit,
    RecordPayment,
    RecordReclaim,
    ReturnPayment,
    ReversePayment,
)
from domain.values import ChainFact

__all__ = [
    "ALLOWED",
    "MACHINE_ROLES",
    "ROLES",
    "AcknowledgeRisk",
    "AdmitInvestment",
    "AllotCommitment",
    "AllotShares",
    "AmendCampaign",
    "AmendDetails",
    "AnnounceEarlyClose",
    "ApproveAbandonment",
    "ApproveCampaign",
    "ApproveCancellation",
    "ApproveCertificateChange",
    "ApproveChange",
    "ApproveDocument",
    "ApproveKyb",
    "ApproveKyc",
    "ApprovePromotion",
    "ApproveRelease",
    "ApproveWalletRotation",
    "AttachCampaignDocument",
    "AttachDocument",
    "BindWallet",
    "CancelInvestment",
    "CancelUnconfirmed",
    "ChallengeWallet",
    "ClassifyInvestor",
    "CloseCampaign",
    "Command",
    "CommitInvestment",
    "CompleteClosing",
    "ConfirmCertificate",
    "ConfirmCertificateChange",
    "ConfirmClosing",
    "ConfirmCompanyRegistration",
    "ConfirmDeployment",
    "ConfirmPosting",
    "ConfirmRecording",
    "ConfirmRefund",
    "ConfirmRelease",
    "DeclareChange",
    "DeclareMeans",
    "DeclineCancellation",
    "DeclineCertificateChange",
    "DeclineChange",
    "DeclineRelease",
    "DraftCampaign",
    "EraseInvestor",
    "ExpireDocument",
    "ExpireKyb",
    "ExpireKyc",
    "GrantOverride",
    "LapseCommitment",
    "MatchPayment",
    "OrderRefund",
    "PauseCampaign",
    "PostUpdate",
    "ProposeAbandonment",
    "ProposePromotion",
    "PublishMemorandum",
    "PublishProfile",
    "ReconfirmInvestment",
    "RecordDeposit",
    "RecordEmergency",
    "RecordEntryTest",
    "RecordPayment",
    "RecordReclaim",
    "RecordTransfer",
    "RecordWithdrawal",
    "RegisterCompany",
    "RegisterInvestor",
    "ReinstateCompany",
    "RejectCampaign",
    "RejectDocument",
    "RejectKyb",
    "RejectKyc",
    "RejectPosting",
    "ReleaseName",
    "ReleasePosting",
    "RemoveCampaignDocument",
    "RequestCampaignChanges",
    "RequestCancellation",
    "RequestCertificateChange",
    "RequestKybInformation",
    "RequestOverride",
    "RequestRelease",
    "RequestWalletRotation",
    "ResumeCampaign",
    "ReturnPayment",
    "ReversePayment",
    "StartCampaignReview",
    "StartKybReview",
    "SubmitCampaign",
    "SubmitKyb",
    "SubmitKyc",
    "SuspendCompany",
    "WithdrawAbandonment",
    "WithdrawCampaign",
    "WithdrawDocument",
    "WithdrawPromotion",
]


class RejectPosting(Command, frozen=True, kw_only=True):
    """The writer's word that the chain refused for good what the entry at this position obliged."""

    stream: UUID
    entry_position: int
    code: str
    reason: str
    effect: str = ""


class ReleasePosting(Command, frozen=True, kw_only=True):
    """What made the chain refuse the effect of the entry at this position is mended: post it anew."""

    stream: UUID
    entry_position: int
    reason: str


class ProposeAbandonment(Command, frozen=True, kw_only=True):
    """Go on without a refused effect; another person must approve it."""

    stream: UUID
    entry_position: int
    reason: str


class WithdrawAbandonment(Command, frozen=True, kw_only=True):
    stream: UUID
    entry_position: int
    reason: str


class ApproveAbandonment(Command, frozen=True, kw_only=True):
    stream: UUID
    entry_position: int


class ConfirmPosting(Command, frozen=True, kw_only=True):
    """The chain shows what an entry of this company or campaign obliged, where no other command says so."""

    stream: UUID
    on_chain: ChainFact


ROLES = frozenset(
    {"issuer", "investor", "compliance", "treasury_maker", "treasury_checker", "operator", "auditor", "admin"}
)
MACHINE_ROLES = frozenset({"indexer", "writer", "process"})

ALLOWED: dict[type[Command], frozenset[str]] = {
    **companies.ALLOWED,
    **campaigns.ALLOWED,
    **investors.ALLOWED,
    **investments.ALLOWED,
    **payments.ALLOWED,
    **ledger.ALLOWED,
    RejectPosting: frozenset({"writer"}),
    ReleasePosting: frozenset({"operator"}),
    ProposeAbandonment: frozenset({"operator", "compliance"}),
    WithdrawAbandonment: frozenset({"operator", "compliance"}),
    ApproveAbandonment: frozenset({"operator", "compliance"}),
    ConfirmPosting: frozenset({"indexer"}),
}
