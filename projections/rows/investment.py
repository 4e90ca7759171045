"""Investments in the book."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from projections.rows.row import Part, Row


class Acknowledgement(Part, frozen=True, kw_only=True):
    """A text that the investor acknowledged: its kind, and its hash or the name of its version."""

    kind: str
    text: str


class CertificateRequest(Part, frozen=True, kw_only=True):
    """A change of a certificate that waits for another person: revoke, reissue or transfer."""

    id: UUID
    kind: str
    wallet: str | None
    reason: str
    evidence: str
    requester: str


class Investment(Row, frozen=True, kw_only=True):
    """`status`: waiting, committed, paid, funded, allotted, certified, revoked, refunding, refunded, cancelled,
    lapsed. It follows from the facets: the furthest that any of them has come.

    `amount` and `shares` are what counts; `committed_amount` and `committed_shares` what was asked for before a
    scaling back. `changing` is the certificate's change under way, `transfer_to` where an approved transfer may go.
    """

    id: UUID
    position: int
    version: int
    committed_at: datetime
    campaign_id: UUID
    investor_id: UUID
    wallet: str
    committed_amount: int
    committed_shares: int
    amount: int
    shares: int
    acknowledgements: tuple[Acknowledgement, ...]
    documents_hash: str | None
    status: str
    waiting: bool
    reflection_ends_at: datetime | None
    change_id: UUID | None
    cancelled_reason: str | None = None
    lapsed_reason: str | None = None
    paid: int = 0
    provider: str | None = None
    payment_reference: str | None = None
    scaled_position: int | None = None
    funded_position: int | None = None
    recorded_position: int | None = None
    recorded_tx_hash: str | None = None
    recorded_block: int | None = None
    allotted: int | None = None
    allotted_position: int | None = None
    token_id: str | None = None
    certified_position: int | None = None
    certified_tx_hash: str | None = None
    holder: str | None = None
    revoked: bool = False
    request: CertificateRequest | None = None
    changing: UUID | None = None
    transfer_to: str | None = None
    refund_position: int | None = None
    refund_live: bool = False
    refunded_position: int | None = None
    refunded_tx_hash: str | None = None
    repaid_position: int | None = None

    @property
    def ended(self) -> bool:
        """Whether it leads to no shares any more."""
        return not (
            self.cancelled_reason is None
            and self.lapsed_reason is None
            and self.refund_position is None
            and self.refunded_position is None
        )
