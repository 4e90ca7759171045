"""Answers about investors, and what a wallet is to sign."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from api.answers.answer import Amount, Answer, shown
from domain import wallets
from projections import rows


class Means(Answer, frozen=True, kw_only=True):
    """What follows from declared means under a rule pack: the limit over twelve months (0 for none), and the amount
    from which a commitment needs a warning acknowledged.
    """

    pack: str
    yearly_limit: Amount
    warning_from: Amount
    declared_at: datetime


class RiskText(Answer, frozen=True, kw_only=True):
    """A text that the investor acknowledged outside any commitment, by its hash."""

    kind: str
    sha256: str


class Investor(Answer, frozen=True, kw_only=True):
    """`kyc` is none, submitted, approved, rejected or expired; `level` is null unless it is approved.

    `wallet` is the bound one; `challenge_expires_at` says that another waits for its signature. `classification` is
    non_sophisticated, sophisticated, accredited or professional.
    """

    id: UUID
    version: int
    position: int
    registered_at: datetime
    owner: str
    reference: str
    wallet: str | None
    challenge_expires_at: datetime | None
    kyc: str
    kyc_reason: str | None
    level: str | None
    kyc_until: datetime | None
    classification: str
    classified_until: datetime | None
    test_passed_until: datetime | None
    means: list[Means]
    acknowledged: list[RiskText]
    commitments: int
    erased: bool


class WalletChallenge(Answer, frozen=True, kw_only=True):
    """What the wallet signs to be bound: `statement` by EIP-191 (personal_sign), or `typed_data` by EIP-712."""

    investor_id: UUID
    wallet: str
    nonce: str
    domain: str
    chain_id: int
    expires_at: datetime
    statement: str
    typed_data: dict[str, Any]


def investor(row: rows.Investor) -> Investor:
    return shown(Investor, row, challenge_expires_at=row.challenge.expires_at if row.challenge else None)


def challenge(investor_id: UUID, row: rows.WalletChallenge) -> WalletChallenge:
    """The texts are made from the challenge as the journal has it: byte for byte what `bind-wallet` checks."""
    signed = wallets.Challenge(**msgspec.structs.asdict(row))
    return shown(
        WalletChallenge,
        row,
        investor_id=investor_id,
        statement=wallets.statement(investor_id, signed),
        typed_data=wallets.typed_data(investor_id, signed),
    )
