"""Investors in the book."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from projections.rows.row import Part, Row


class WalletChallenge(Part, frozen=True, kw_only=True):
    """What a wallet must sign to be bound, and until when."""

    wallet: str
    nonce: str
    domain: str
    chain_id: int
    expires_at: datetime


class Means(Part, frozen=True, kw_only=True):
    """What follows from an investor's declared means under a rule pack; the figures themselves are in no book."""

    pack: str
    yearly_limit: int
    warning_from: int
    declared_at: datetime


class RiskText(Part, frozen=True, kw_only=True):
    """A text that the investor acknowledged outside any commitment, by its hash."""

    kind: str
    sha256: str


class Investor(Row, frozen=True, kw_only=True):
    """`kyc`: none, submitted, approved, rejected, expired; `level` is None unless it is approved.

    `wallet` is the bound one; `challenge` waits for its signature, and is None once it is answered.
    """

    id: UUID
    position: int
    version: int
    registered_at: datetime
    owner: str
    reference: str
    wallet: str | None = None
    challenge: WalletChallenge | None = None
    kyc: str = "none"
    kyc_reason: str | None = None
    level: str | None = None
    kyc_until: datetime | None = None
    classification: str = "non_sophisticated"
    classified_until: datetime | None = None
    test_passed_until: datetime | None = None
    means: tuple[Means, ...] = ()
    acknowledged: tuple[RiskText, ...] = ()
    commitments: int = 0
    erased: bool = False
