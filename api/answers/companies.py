"""Answers about companies."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from api.answers.answer import Amount, Answer, shown
from projections import rows


class Document(Answer, frozen=True, kw_only=True):
    """A company's document by its hash. `state` is pending, approved, rejected, expired or withdrawn; `reason` says
    why it was rejected.
    """

    id: UUID
    kind: str
    sha256: str
    state: str
    cid: str | None
    expires_at: datetime | None
    reason: str | None


class Profile(Answer, frozen=True, kw_only=True):
    """What a company says of itself in public: empty texts and zeros where it says nothing."""

    website: str
    city: str
    country: str
    description: str
    founded_year: int
    employees: int


class Override(Answer, frozen=True, kw_only=True):
    """A further campaign in a year that has had its own: asked for by one person, granted by another."""

    id: UUID
    year: int
    reason: str
    requester: str
    granted: bool


class Raise(Answer, frozen=True, kw_only=True):
    """What a campaign of the company raised, and when it ended: rule packs bound the sum over twelve months."""

    ended_at: datetime
    amount: Amount


class Company(Answer, frozen=True, kw_only=True):
    """`kyb` is draft, submitted, in_review, info_required, approved, rejected or expired.

    `documents_hash` is what an approval of the KYB must name: the hash over the documents that count now;
    `submitted_hash` is that of the documents which were submitted. `suspended_by` is null unless the company is
    suspended; `rotation_wallet` is a wallet that waits for approval. `registration` on the chain is none, obliged,
    confirmed (at `confirmed_position`) or refused.
    """

    id: UUID
    version: int
    position: int
    registered_at: datetime
    owner: str
    legal_name: str
    tax_number: str
    sector: str
    registration_year: int
    wallet: str
    profile: Profile
    documents: list[Document]
    documents_hash: str | None
    kyb: str
    kyb_reason: str | None
    submitter: str | None
    submitted_hash: str | None
    reviewer: str | None
    valid_until: datetime | None
    suspended_by: str | None
    suspended_reason: str | None
    rotation_wallet: str | None
    rotation_requester: str | None
    memorandum: str | None
    memorandum_number: int
    memorandum_cid: str | None
    registration: str
    confirmed_position: int | None
    confirmed_tx_hash: str | None
    locked_by: UUID | None
    campaign_years: list[int]
    overrides: list[Override]
    raises: list[Raise]


def company(row: rows.Company) -> Company:
    return shown(Company, row)
