"""Companies in the book."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from projections.rows.row import Part, Row


class Document(Part, frozen=True, kw_only=True):
    """A company's document by its hash. `state`: pending, approved, rejected, expired, withdrawn."""

    id: UUID
    kind: str
    sha256: str
    state: str = "pending"
    cid: str | None = None
    expires_at: datetime | None = None
    reason: str | None = None


class Profile(Part, frozen=True, kw_only=True):
    """What a company says of itself in public; empty where it says nothing."""

    website: str = ""
    city: str = ""
    country: str = ""
    description: str = ""
    founded_year: int = 0
    employees: int = 0


class Override(Part, frozen=True, kw_only=True):
    """A further campaign in a year that has had its own: asked for by one person, granted by another."""

    id: UUID
    year: int
    reason: str
    requester: str
    granted: bool = False


class Raise(Part, frozen=True, kw_only=True):
    """What a campaign of the company raised, and when it ended."""

    ended_at: datetime
    amount: int


class Company(Row, frozen=True, kw_only=True):
    """`kyb`: draft, submitted, in_review, info_required, approved, rejected, expired.

    `documents_hash` is over the documents that count now; `submitted_hash` over those that were submitted.
    `registration` on the chain: none, obliged, confirmed, refused. `locked_by` is the campaign that holds the
    exclusivity.
    """

    id: UUID
    position: int
    version: int
    registered_at: datetime
    owner: str
    legal_name: str
    tax_number: str
    sector: str
    registration_year: int
    wallet: str
    profile: Profile = Profile()
    documents: tuple[Document, ...] = ()
    documents_hash: str | None = None
    kyb: str = "draft"
    kyb_reason: str | None = None
    submitter: str | None = None
    submitted_hash: str | None = None
    reviewer: str | None = None
    valid_until: datetime | None = None
    suspended_by: str | None = None
    suspended_reason: str | None = None
    rotation_wallet: str | None = None
    rotation_requester: str | None = None
    memorandum: str | None = None
    memorandum_number: int = 0
    memorandum_cid: str | None = None
    registration: str = "none"
    confirmed_position: int | None = None
    confirmed_tx_hash: str | None = None
    locked_by: UUID | None = None
    campaign_years: tuple[int, ...] = ()
    overrides: tuple[Override, ...] = ()
    raises: tuple[Raise, ...] = ()
