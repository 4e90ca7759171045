"""Answers about certificates, and who holds or held what."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from api.answers.answer import Answer, shown
from projections import rows


class CertificateChange(Answer, frozen=True, kw_only=True):
    """A change that two people decided. `kind` is revoke, reissue or transfer; `state` is decided, confirmed (the chain
    shows it), made (the holder has made the approved transfer) or given_up.
    """

    id: UUID
    kind: str
    wallet: str | None
    reason: str
    evidence: str
    decided_position: int
    state: str
    confirmed_position: int | None


class Holder(Answer, frozen=True, kw_only=True):
    """Who holds a certificate, and since which position and time. `began` is issued, reissued or transferred."""

    position: int
    at: datetime
    wallet: str
    began: str
    change_id: UUID | None
    tx_hash: str


class Certificate(Answer, frozen=True, kw_only=True):
    """The certificate of an investment, whose id it has. `state` is allotted (the chain does not show it yet), active,
    revoked, or abandoned (the shares are without a token).

    `wallet` is that to which the shares were allotted, `held` who holds the certificate as the chain shows it.
    """

    id: UUID
    position: int
    campaign_id: UUID
    wallet: str
    shares: int
    allotted_at: datetime
    state: str
    token_id: str | None
    certified_position: int | None
    certified_at: datetime | None
    certified_tx_hash: str | None
    held: Holder | None
    changes: list[CertificateChange]


class Holding(Answer, frozen=True, kw_only=True):
    """A period in which a wallet held a certificate: from `position` on, and before `to_position` if it has ended.

    `began` is issued, reissued or transferred; `ended` is revoked, reissued, transferred, or null. Periods begin and
    end where the chain shows it; the changes that led there are those of the certificate.
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
    to_position: int | None
    to_at: datetime | None
    ended: str | None
    to_change: UUID | None
    to_tx_hash: str | None


class Shareholding(Answer, frozen=True, kw_only=True):
    """One line of a cap table: shares that a confirmed certificate stands for, and the wallet that holds it.

    `investor_id` is whose investment they come from: after a transfer the wallet may be another person's.
    """

    position: int
    investment_id: UUID
    investor_id: UUID
    wallet: str
    shares: int
    token_id: str
    certified_position: int
    held_since: datetime


def certificate(row: rows.Certificate) -> Certificate:
    return shown(Certificate, row)


def holding(row: rows.Holding) -> Holding:
    return shown(Holding, row)


def shareholding(row: rows.Shareholding) -> Shareholding:
    return shown(Shareholding, row)
