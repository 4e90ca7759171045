"""What the contracts of the platform replaced logged: each kind a frozen value, its fields in the log's own order.

Their amounts are birr times 10^18, or wei where an investor paid in the chain's coin: the log does not say which.
Their campaign ids are texts, a UUID in lower case as a rule, and any text as an exception.
"""

from __future__ import annotations

import msgspec

from abis.hashing import keccak
from abis.logs import Log


class HashedText(msgspec.Struct, frozen=True):
    """A text that a log may hold by its Keccak-256 alone, as Solidity does with an indexed one. None: unknown."""

    digest: bytes
    text: str | None = None

    @classmethod
    def of(cls, text: str) -> HashedText:
        return cls(keccak(text.encode()), text)

    def is_of(self, text: str) -> bool:
        """Whether this is that text: told by the hash, so that it does not matter which layout the log had."""
        return self.digest == keccak(text.encode())


# IssuerRegistry.


class IssuerRegistered(Log, frozen=True, kw_only=True):
    issuer: str
    vc_hash: str
    ipfs_hash: str
    registered_at_s: int


class IssuerDeactivated(Log, frozen=True, kw_only=True):
    issuer: str
    deactivated_at_s: int


class ExclusivityLockSet(Log, frozen=True, kw_only=True):
    """Both when the lock is set and when it is released."""

    issuer: str
    locked: bool


class InformationMemorandumUpdated(Log, frozen=True, kw_only=True):
    issuer: str
    ipfs_hash: str


# CampaignFactory.


class CampaignCreated(Log, frozen=True, kw_only=True):
    """Anybody may create one under any id: whose it is, `creator` tells, and it was the platform's key as a rule."""

    campaign: str
    creator: str
    campaign_id: str
    company_name: str
    funding_goal: int
    deadline_at_s: int


class FactoryCampaignCompleted(Log, frozen=True, kw_only=True):
    """`CampaignCompleted` of the factory."""

    campaign: str
    campaign_id: str
    raised: int
    successful: bool


class ImplementationUpdated(Log, frozen=True, kw_only=True):
    implementation: str


class PlatformFeeUpdated(Log, frozen=True, kw_only=True):
    fee_bps: int


class FeeRecipientUpdated(Log, frozen=True, kw_only=True):
    recipient: str


# CampaignImplementation: the contract of one campaign.


class InvestmentMade(Log, frozen=True, kw_only=True):
    """`reference` was the id of the investment, or the hash of a tx, or empty for a payment in coin."""

    investor: str
    amount: int
    payment_method: str
    reference: str


class CampaignFundsReleased(Log, frozen=True, kw_only=True):
    """`FundsReleased` of a campaign: at three quarters of the goal, by itself."""

    amount: int
    fee: int


class RefundIssued(Log, frozen=True, kw_only=True):
    """It names the whole investment; what was paid back was nothing."""

    investor: str
    amount: int


class CampaignCompleted(Log, frozen=True, kw_only=True):
    """`CampaignCompleted` of a campaign."""

    successful: bool
    raised: int


class Initialized(Log, frozen=True, kw_only=True):
    version: int


# NFTShareCertificate.


class CertificateIssued(Log, frozen=True, kw_only=True):
    token_id: int
    holder: str
    campaign_id: str
    amount: int
    shares: int


class CertificateRevoked(Log, frozen=True, kw_only=True):
    token_id: int
    reason: str


class BaseUriUpdated(Log, frozen=True, kw_only=True):
    base_uri: str


class Approval(Log, frozen=True, kw_only=True):
    holder: str
    approved: str
    token_id: int


class ApprovalForAll(Log, frozen=True, kw_only=True):
    holder: str
    operator: str
    approved: bool


class MetadataUpdate(Log, frozen=True, kw_only=True):
    token_id: int


# FundEscrow.


class FundsDeposited(Log, frozen=True, kw_only=True):
    """`escrowed` is what the escrow holds for the campaign after it."""

    campaign_id: HashedText
    investor: str
    amount: int
    escrowed: int


class EscrowFundsReleased(Log, frozen=True, kw_only=True):
    """`FundsReleased` of the escrow."""

    campaign_id: HashedText
    issuer: str
    principal: int
    interest: int


class RefundProcessed(Log, frozen=True, kw_only=True):
    campaign_id: HashedText
    investor: str
    principal: int
    interest: int


class YieldGenerated(Log, frozen=True, kw_only=True):
    campaign_id: HashedText
    total: int
    investors_part: int
    issuer_part: int
    platform_part: int


class YieldFarmingToggled(Log, frozen=True, kw_only=True):
    enabled: bool


# DAOGovernance.


class ProposalCreated(Log, frozen=True, kw_only=True):
    """`kind` is 0 to 3: campaign, platform, treasury, governance."""

    proposal_id: int
    proposer: str
    kind: int
    title: str
    starts_at_s: int
    ends_at_s: int


class VoteCast(Log, frozen=True, kw_only=True):
    proposal_id: int
    voter: str
    support: bool
    voting_power: int


class ProposalExecuted(Log, frozen=True, kw_only=True):
    proposal_id: int


class ProposalCancelled(Log, frozen=True, kw_only=True):
    proposal_id: int


class QuorumUpdated(Log, frozen=True, kw_only=True):
    quorum: int


class VotingPeriodUpdated(Log, frozen=True, kw_only=True):
    period_s: int


# All that keep roles.


class RoleAdminChanged(Log, frozen=True, kw_only=True):
    role: bytes
    previous: bytes
    admin: bytes
