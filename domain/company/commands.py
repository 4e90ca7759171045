"""What may be asked of a company, and by whom."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from domain.asking import Command
from domain.company.state import Profile
from domain.values import ChainFact


class RegisterCompany(Command, frozen=True, kw_only=True):
    legal_name: str
    tax_number: str
    sector: str
    registration_year: int
    wallet: str


class AmendDetails(Command, frozen=True, kw_only=True):
    company_id: UUID
    legal_name: str
    sector: str


class PublishProfile(Command, frozen=True, kw_only=True):
    company_id: UUID
    profile: Profile


class PublishMemorandum(Command, frozen=True, kw_only=True):
    company_id: UUID
    sha256: str
    cid: str | None = None


class AttachDocument(Command, frozen=True, kw_only=True):
    company_id: UUID
    document_id: UUID
    kind: str
    sha256: str
    cid: str | None = None
    expires_at: datetime | None = None


class WithdrawDocument(Command, frozen=True, kw_only=True):
    company_id: UUID
    document_id: UUID


class ApproveDocument(Command, frozen=True, kw_only=True):
    company_id: UUID
    document_id: UUID


class RejectDocument(Command, frozen=True, kw_only=True):
    company_id: UUID
    document_id: UUID
    reason: str


class ExpireDocument(Command, frozen=True, kw_only=True):
    company_id: UUID
    document_id: UUID


class SubmitKyb(Command, frozen=True, kw_only=True):
    company_id: UUID


class StartKybReview(Command, frozen=True, kw_only=True):
    company_id: UUID


class RequestKybInformation(Command, frozen=True, kw_only=True):
    company_id: UUID
    reason: str


class ApproveKyb(Command, frozen=True, kw_only=True):
    company_id: UUID
    documents_hash: str
    valid_until: datetime | None = None


class RejectKyb(Command, frozen=True, kw_only=True):
    company_id: UUID
    reason: str


class ExpireKyb(Command, frozen=True, kw_only=True):
    company_id: UUID


class SuspendCompany(Command, frozen=True, kw_only=True):
    company_id: UUID
    reason: str


class ReinstateCompany(Command, frozen=True, kw_only=True):
    company_id: UUID
    reason: str


class RequestWalletRotation(Command, frozen=True, kw_only=True):
    company_id: UUID
    wallet: str


class ApproveWalletRotation(Command, frozen=True, kw_only=True):
    company_id: UUID
    wallet: str


class RequestOverride(Command, frozen=True, kw_only=True):
    company_id: UUID
    override_id: UUID
    year: int
    reason: str


class GrantOverride(Command, frozen=True, kw_only=True):
    company_id: UUID
    override_id: UUID


class ConfirmCompanyRegistration(Command, frozen=True, kw_only=True):
    company_id: UUID
    on_chain: ChainFact


_ISSUER, _COMPLIANCE, _PROCESS = frozenset({"issuer"}), frozenset({"compliance"}), frozenset({"process"})

ALLOWED: dict[type[Command], frozenset[str]] = {
    RegisterCompany: _ISSUER,
    AmendDetails: _ISSUER,
    PublishProfile: _ISSUER,
    PublishMemorandum: _ISSUER,
    AttachDocument: _ISSUER,
    WithdrawDocument: _ISSUER,
    ApproveDocument: _COMPLIANCE,
    RejectDocument: _COMPLIANCE,
    ExpireDocument: _PROCESS,
    SubmitKyb: _ISSUER,
    StartKybReview: _COMPLIANCE,
    RequestKybInformation: _COMPLIANCE,
    ApproveKyb: _COMPLIANCE,
    RejectKyb: _COMPLIANCE,
    ExpireKyb: _PROCESS,
    SuspendCompany: _COMPLIANCE,
    ReinstateCompany: _COMPLIANCE,
    RequestWalletRotation: _ISSUER,
    ApproveWalletRotation: _COMPLIANCE,
    RequestOverride: _COMPLIANCE,
    GrantOverride: _COMPLIANCE,
    ConfirmCompanyRegistration: frozenset({"indexer"}),
}
