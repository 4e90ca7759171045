"""What may be asked of an investor, and by whom."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from domain.asking import Command


class RegisterInvestor(Command, frozen=True, kw_only=True):
    investor_id: UUID
    reference: str


class ChallengeWallet(Command, frozen=True, kw_only=True):
    """`domain` and `chain_id` are the platform's own; `nonce` is derived from the request, so that a retry is one."""

    investor_id: UUID
    wallet: str
    nonce: str
    domain: str
    chain_id: int


class BindWallet(Command, frozen=True, kw_only=True):
    investor_id: UUID
    nonce: str
    scheme: str
    signature: str


class SubmitKyc(Command, frozen=True, kw_only=True):
    investor_id: UUID
    evidence: str


class ApproveKyc(Command, frozen=True, kw_only=True):
    investor_id: UUID
    level: str
    valid_until: datetime | None = None


class RejectKyc(Command, frozen=True, kw_only=True):
    investor_id: UUID
    reason: str


class ExpireKyc(Command, frozen=True, kw_only=True):
    investor_id: UUID


class ClassifyInvestor(Command, frozen=True, kw_only=True):
    investor_id: UUID
    classification: str
    evidence: str
    valid_until: datetime | None = None


class RecordEntryTest(Command, frozen=True, kw_only=True):
    investor_id: UUID
    passed: bool
    evidence: str
    valid_until: datetime


class DeclareMeans(Command, frozen=True, kw_only=True):
    investor_id: UUID
    rule_pack: str
    income: int
    net_worth: int


class AcknowledgeRisk(Command, frozen=True, kw_only=True):
    investor_id: UUID
    kind: str
    sha256: str


class EraseInvestor(Command, frozen=True, kw_only=True):
    investor_id: UUID
    reason: str


_INVESTOR, _COMPLIANCE = frozenset({"investor"}), frozenset({"compliance"})

ALLOWED: dict[type[Command], frozenset[str]] = {
    RegisterInvestor: _INVESTOR,
    ChallengeWallet: _INVESTOR,
    BindWallet: _INVESTOR,
    SubmitKyc: _INVESTOR,
    ApproveKyc: _COMPLIANCE,
    RejectKyc: _COMPLIANCE,
    ExpireKyc: frozenset({"process"}),
    ClassifyInvestor: _COMPLIANCE,
    RecordEntryTest: _COMPLIANCE,
    DeclareMeans: _INVESTOR,
    AcknowledgeRisk: _INVESTOR,
    EraseInvestor: _COMPLIANCE,
}
