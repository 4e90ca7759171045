"""Every request to the domain, in the business's words, and the roles that may make it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from domain.values import ChainFact, Terms


class Command(msgspec.Struct, frozen=True, kw_only=True):
    """A request: handled or refused, never recorded itself."""


class RegisterCompany(Command, frozen=True, kw_only=True):
    legal_name: str
    tax_number: str
    sector: str
    registration_year: int
    wallet: str


class AttachDocument(Command, frozen=True, kw_only=True):
    company_id: UUID
    document_id: UUID
    kind: str
    sha256: str


class ApproveDocument(Command, frozen=True, kw_only=True):
    company_id: UUID
    document_id: UUID


class SubmitKyb(Command, frozen=True, kw_only=True):
    company_id: UUID


class ApproveKyb(Command, frozen=True, kw_only=True):
    company_id: UUID


class RejectKyb(Command, frozen=True, kw_only=True):
    company_id: UUID
    reason: str


class ConfirmCompanyRegistration(Command, frozen=True, kw_only=True):
    company_id: UUID
    on_chain: ChainFact


class DraftCampaign(Command, frozen=True, kw_only=True):
    campaign_id: UUID
    company_id: UUID
    title: str
    terms: Terms


class SubmitCampaign(Command, frozen=True, kw_only=True):
    campaign_id: UUID


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


class CloseCampaign(Command, frozen=True, kw_only=True):
    campaign_id: UUID
    reason: str


class ConfirmClosing(Command, frozen=True, kw_only=True):
    campaign_id: UUID
    on_chain: ChainFact


class RequestRelease(Command, frozen=True, kw_only=True):
    campaign_id: UUID
    release_id: UUID


class ApproveRelease(Command, frozen=True, kw_only=True):
    campaign_id: UUID


class ConfirmRelease(Command, frozen=True, kw_only=True):
    campaign_id: UUID
    on_chain: ChainFact


class CompleteRefunds(Command, frozen=True, kw_only=True):
    campaign_id: UUID
    investments: int
    amount: int


class RegisterInvestor(Command, frozen=True, kw_only=True):
    investor_id: UUID
    wallet: str
    reference: str


class ApproveKyc(Command, frozen=True, kw_only=True):
    investor_id: UUID
    level: str


class CommitInvestment(Command, frozen=True, kw_only=True):
    investment_id: UUID
    campaign_id: UUID
    investor_id: UUID
    amount: int
    acknowledgement: str


class RecordPayment(Command, frozen=True, kw_only=True):
    investment_id: UUID
    provider: str
    reference: str
    amount: int


class ReturnPayment(Command, frozen=True, kw_only=True):
    """The money of a payment that came too late has gone back; `return_reference` is the provider's name for that."""

    investment_id: UUID
    provider: str
    reference: str
    return_reference: str


class ConfirmRecording(Command, frozen=True, kw_only=True):
    investment_id: UUID
    on_chain: ChainFact


class AllotShares(Command, frozen=True, kw_only=True):
    investment_id: UUID


class ConfirmCertificate(Command, frozen=True, kw_only=True):
    investment_id: UUID
    token_id: str
    on_chain: ChainFact


class OrderRefund(Command, frozen=True, kw_only=True):
    investment_id: UUID
    reason: str


class ConfirmRefund(Command, frozen=True, kw_only=True):
    investment_id: UUID
    on_chain: ChainFact


class LapseCommitment(Command, frozen=True, kw_only=True):
    investment_id: UUID
    reason: str


class RejectPosting(Command, frozen=True, kw_only=True):
    """The writer's word that the chain refused for good what the entry at this position obliged."""

    stream: UUID
    entry_position: int
    code: str
    reason: str


ROLES = frozenset(
    {"issuer", "investor", "compliance", "treasury_maker", "treasury_checker", "operator", "auditor", "admin"}
)
MACHINE_ROLES = frozenset({"indexer", "writer", "process"})

ALLOWED: dict[type[Command], frozenset[str]] = {
    RegisterCompany: frozenset({"issuer"}),
    AttachDocument: frozenset({"issuer"}),
    ApproveDocument: frozenset({"compliance"}),
    SubmitKyb: frozenset({"issuer"}),
    ApproveKyb: frozenset({"compliance"}),
    RejectKyb: frozenset({"compliance"}),
    ConfirmCompanyRegistration: frozenset({"indexer"}),
    DraftCampaign: frozenset({"issuer"}),
    SubmitCampaign: frozenset({"issuer"}),
    ApproveCampaign: frozenset({"compliance"}),
    RejectCampaign: frozenset({"compliance"}),
    ConfirmDeployment: frozenset({"indexer"}),
    CloseCampaign: frozenset({"operator", "process"}),
    ConfirmClosing: frozenset({"indexer"}),
    RequestRelease: frozenset({"treasury_maker"}),
    ApproveRelease: frozenset({"treasury_checker"}),
    ConfirmRelease: frozenset({"indexer"}),
    CompleteRefunds: frozenset({"process"}),
    RegisterInvestor: frozenset({"investor"}),
    ApproveKyc: frozenset({"compliance"}),
    CommitInvestment: frozenset({"investor"}),
    RecordPayment: frozenset({"treasury_maker"}),
    ReturnPayment: frozenset({"treasury_checker"}),
    ConfirmRecording: frozenset({"indexer"}),
    AllotShares: frozenset({"process"}),
    ConfirmCertificate: frozenset({"indexer"}),
    OrderRefund: frozenset({"process"}),
    ConfirmRefund: frozenset({"indexer"}),
    LapseCommitment: frozenset({"process"}),
    RejectPosting: frozenset({"writer"}),
}
