"""What may be asked of an investment, and by whom."""

from __future__ import annotations

from uuid import UUID

from domain.asking import Command
from domain.investment.state import Acknowledgement
from domain.values import ChainFact


class CommitInvestment(Command, frozen=True, kw_only=True):
    investment_id: UUID
    campaign_id: UUID
    investor_id: UUID
    amount: int
    acknowledgements: tuple[Acknowledgement, ...]
    documents_hash: str | None = None


class AdmitInvestment(Command, frozen=True, kw_only=True):
    investment_id: UUID


class ReconfirmInvestment(Command, frozen=True, kw_only=True):
    investment_id: UUID
    change_id: UUID


class CancelInvestment(Command, frozen=True, kw_only=True):
    investment_id: UUID
    reason: str


class CancelUnconfirmed(Command, frozen=True, kw_only=True):
    """Silence after a material change cancels."""

    investment_id: UUID
    change_id: UUID


class AllotCommitment(Command, frozen=True, kw_only=True):
    """What an over-subscribed campaign gives to one commitment at its closing."""

    investment_id: UUID
    shares: int


class AllotShares(Command, frozen=True, kw_only=True):
    investment_id: UUID


class OrderRefund(Command, frozen=True, kw_only=True):
    investment_id: UUID
    reason: str


class LapseCommitment(Command, frozen=True, kw_only=True):
    investment_id: UUID
    reason: str


class RequestCertificateChange(Command, frozen=True, kw_only=True):
    """`kind` is revoke, reissue or transfer; the latter two name the new wallet."""

    investment_id: UUID
    change_id: UUID
    kind: str
    reason: str
    evidence: str
    wallet: str | None = None


class ApproveCertificateChange(Command, frozen=True, kw_only=True):
    investment_id: UUID
    change_id: UUID


class DeclineCertificateChange(Command, frozen=True, kw_only=True):
    investment_id: UUID
    change_id: UUID
    reason: str


class ConfirmRecording(Command, frozen=True, kw_only=True):
    investment_id: UUID
    on_chain: ChainFact


class ConfirmCertificate(Command, frozen=True, kw_only=True):
    investment_id: UUID
    token_id: str
    on_chain: ChainFact


class ConfirmRefund(Command, frozen=True, kw_only=True):
    investment_id: UUID
    on_chain: ChainFact


class ConfirmCertificateChange(Command, frozen=True, kw_only=True):
    investment_id: UUID
    change_id: UUID
    on_chain: ChainFact


class RecordTransfer(Command, frozen=True, kw_only=True):
    investment_id: UUID
    change_id: UUID
    sender: str
    receiver: str
    on_chain: ChainFact


_INVESTOR, _COMPLIANCE = frozenset({"investor"}), frozenset({"compliance"})
_PROCESS, _INDEXER = frozenset({"process"}), frozenset({"indexer"})

ALLOWED: dict[type[Command], frozenset[str]] = {
    CommitInvestment: _INVESTOR,
    AdmitInvestment: _PROCESS,
    ReconfirmInvestment: _INVESTOR,
    CancelInvestment: _INVESTOR,
    CancelUnconfirmed: _PROCESS,
    AllotCommitment: _PROCESS,
    AllotShares: _PROCESS,
    OrderRefund: _PROCESS,
    LapseCommitment: _PROCESS,
    RequestCertificateChange: _COMPLIANCE,
    ApproveCertificateChange: _COMPLIANCE,
    DeclineCertificateChange: _COMPLIANCE,
    ConfirmRecording: _INDEXER,
    ConfirmCertificate: _INDEXER,
    ConfirmRefund: _INDEXER,
    ConfirmCertificateChange: _INDEXER,
    RecordTransfer: _INDEXER,
}
