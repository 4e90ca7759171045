"""The investor: an opaque id, a wallet, KYC and eligibility. Who the person is never enters the journal."""

from domain.investor.events import (
    CommitmentCounted,
    CommitmentUncounted,
    EntryTestRecorded,
    InvestorClassified,
    InvestorErased,
    InvestorRegistered,
    KycApproved,
    KycExpired,
    KycRejected,
    KycSubmitted,
    MeansDeclared,
    RiskAcknowledged,
    WalletBound,
    WalletChallenged,
)
from domain.investor.state import CLASSIFICATIONS, KYC_LEVELS, Investor

__all__ = [
    "CLASSIFICATIONS",
    "KYC_LEVELS",
    "CommitmentCounted",
    "CommitmentUncounted",
    "EntryTestRecorded",
    "Investor",
    "InvestorClassified",
    "InvestorErased",
    "InvestorRegistered",
    "KycApproved",
    "KycExpired",
    "KycRejected",
    "KycSubmitted",
    "MeansDeclared",
    "RiskAcknowledged",
    "WalletBound",
    "WalletChallenged",
]
