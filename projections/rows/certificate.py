"""Certificates in the book, and the register: who held each of them from when to when."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from projections.rows.row import Part, Row


class CertificateChange(Part, frozen=True, kw_only=True):
    """A change that two people decided. `kind`: revoke, reissue, transfer. `state`: decided, confirmed (the chain shows
    it), made (the holder has made the approved transfer), given_up.
    """

    id: UUID
    kind: str
    wallet: str | None
    reason: str
    evidence: str
    decided_position: int
    state: str = "decided"
    confirmed_position: int | None = None


class Holder(Part, frozen=True, kw_only=True):
    """Who holds a certificate now, and since when and why: as its period in the register begins."""

    position: int
    at: datetime
    wallet: str
    began: str
    change_id: UUID | None
    tx_hash: str


class Certificate(Row, frozen=True, kw_only=True):
    """`state`: allotted (the chain does not show it yet), active, revoked, abandoned (the shares are without a token).

    `wallet` is that to which it was allotted, `held` who holds it as the chain shows it.
    """

    id: UUID
    position: int
    campaign_id: UUID
    wallet: str
    shares: int
    allotted_at: datetime
    state: str = "allotted"
    token_id: str | None = None
    certified_position: int | None = None
    certified_at: datetime | None = None
    certified_tx_hash: str | None = None
    held: Holder | None = None
    changes: tuple[CertificateChange, ...] = ()


class Holding(Row, frozen=True, kw_only=True):
    """A period in which a wallet held a certificate: from `position` on, and before `to_position`, if it has ended.

    Periods begin and end as the chain shows them, not as people decide. `began`: issued, reissued, transferred;
    `ended`: revoked, reissued, transferred.
    """

    position: int
    investment_id: UUID
    campaign_id: UUID
    wallet: str
    shares: int
    token_id: str
    from_at: datetime
    began: str
    from_change: UUID | None
    from_tx_hash: str
    to_position: int | None = None
    to_at: datetime | None = None
    ended: str | None = None
    to_change: UUID | None = None
    to_tx_hash: str | None = None


class Shareholding(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a cap table: shares that a confirmed certificate stands for. `wallet` holds it."""

    position: int
    investment_id: UUID
    investor_id: UUID
    wallet: str
    shares: int
    token_id: str
    certified_position: int
    held_since: datetime
