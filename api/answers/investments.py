"""Answers about investments."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from api.answers.answer import Amount, Answer, shown
from projections import rows


class Acknowledgement(Answer, frozen=True, kw_only=True):
    """A text that the investor acknowledged: its kind, and its hash or the name of its version."""

    kind: str
    text: str


class CertificateRequest(Answer, frozen=True, kw_only=True):
    """A change of the certificate that waits for another person; `kind` is revoke, reissue or transfer."""

    id: UUID
    kind: str
    wallet: str | None
    reason: str
    evidence: str
    requester: str


class Investment(Answer, frozen=True, kw_only=True):
    """`status` is waiting, committed, paid, funded, allotted, certified, revoked, refunding, refunded, cancelled or
    lapsed: the furthest that commitment, payment, allotment and chain have come.

    `amount` and `shares` are what counts, `committed_amount` and `committed_shares` what was asked for. `change_id` is
    the material change that the investor knows. `holder` has the certificate now, `changing` is its change under way,
    `transfer_to` the wallet to which it may be transferred.
    """

    id: UUID
    version: int
    position: int
    committed_at: datetime
    campaign_id: UUID
    investor_id: UUID
    wallet: str
    committed_amount: Amount
    committed_shares: int
    amount: Amount
    shares: int
    acknowledgements: list[Acknowledgement]
    documents_hash: str | None
    status: str
    waiting: bool
    reflection_ends_at: datetime | None
    change_id: UUID | None
    cancelled_reason: str | None
    lapsed_reason: str | None
    paid: Amount
    provider: str | None
    payment_reference: str | None
    scaled_position: int | None
    funded_position: int | None
    recorded_position: int | None
    recorded_tx_hash: str | None
    allotted: int | None
    allotted_position: int | None
    token_id: str | None
    certified_position: int | None
    certified_tx_hash: str | None
    holder: str | None
    revoked: bool
    request: CertificateRequest | None
    changing: UUID | None
    transfer_to: str | None
    refund_position: int | None
    refunded_position: int | None
    refunded_tx_hash: str | None
    repaid_position: int | None


def investment(row: rows.Investment) -> Investment:
    return shown(Investment, row)
