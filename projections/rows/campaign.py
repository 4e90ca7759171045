"""Campaigns in the book, with their releases and updates."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from projections.rows.row import Part, Row


class CampaignDocument(Part, frozen=True, kw_only=True):
    """A document that investors see, by its hash."""

    id: UUID
    kind: str
    sha256: str
    cid: str | None = None


class Milestone(Part, frozen=True, kw_only=True):
    """A part of the raised money that is released on its own."""

    name: str
    bps: int


class CampaignChange(Part, frozen=True, kw_only=True):
    """A material change: declared by the issuer, and once it is `approved`, to be reconfirmed by each investor."""

    id: UUID
    kind: str
    digest: str
    declarer: str
    deadline: datetime
    reconfirm_by: datetime
    approved: bool = False


class Campaign(Row, frozen=True, kw_only=True):
    """`status`: draft, submitted, in_review, changes_requested, rejected, deploying, live, paused, closing,
    successful, settling, settled, failed, cancelled, refunding, refunded, abandoned.

    Sums: `committed` within the cap, `waiting` behind it, `raised` what counts; `held_investments` are paid and count
    at the closing, `unwinding` were cancelled after they counted and are on their way back, `unconfirmed` have not
    answered a material change.
    """

    id: UUID
    position: int
    version: int
    drafted_at: datetime
    company_id: UUID
    owner: str
    title: str
    currency: str
    funding_goal: int
    minimum: int
    cap: int
    share_price: int
    duration_s: int
    success_threshold_bps: int
    fee_bps: int
    rule_pack: str
    investor_maximum: int
    opens_at: datetime | None
    oversubscription: str
    milestones: tuple[Milestone, ...]
    threshold: int
    documents: tuple[CampaignDocument, ...] = ()
    documents_hash: str | None = None
    updates: int = 0
    status: str = "draft"
    terms_hash: str | None = None
    submitter: str | None = None
    reviewer: str | None = None
    review_reason: str | None = None
    address: str | None = None
    opened_at: datetime | None = None
    deadline: datetime | None = None
    early_deadline: datetime | None = None
    deployed_position: int | None = None
    deployed_tx_hash: str | None = None
    deployment_rejected: bool = False
    pauser: str | None = None
    pause_reason: str | None = None
    change: CampaignChange | None = None
    cancellation_requester: str | None = None
    cancellation_reason: str | None = None
    committed: int = 0
    waiting: int = 0
    raised: int = 0
    commitments: int = 0
    funded_investments: int = 0
    held_investments: int = 0
    unwinding: int = 0
    unconfirmed: int = 0
    reflection_until: datetime | None = None
    closing_position: int | None = None
    closing_reason: str | None = None
    outcome: str | None = None
    closed_position: int | None = None
    closing_confirmed_position: int | None = None
    release_id: UUID | None = None
    releases_confirmed: int = 0
    refunded_investments: int = 0
    refunded_position: int | None = None
    emergency_at: datetime | None = None


class Release(Row, frozen=True, kw_only=True):
    """A release of raised money, whole or for a milestone. `id` is `campaign/release`: a release id counts within one
    campaign. `state`: requested, approved, confirmed, declined, abandoned; withdrawn once the issuer took its coin.
    """

    id: str
    position: int
    campaign_id: UUID
    release_id: UUID
    tranche: int
    amount: int
    fee: int
    requester: str
    requested_at: datetime
    state: str = "requested"
    wallet: str | None = None
    approved_position: int | None = None
    confirmed_position: int | None = None
    confirmed_tx_hash: str | None = None
    withdrawn_position: int | None = None
    withdrawn_tx_hash: str | None = None
    declined_position: int | None = None
    declined_reason: str | None = None


class Update(Row, frozen=True, kw_only=True):
    """News for a campaign's investors, by its hash."""

    position: int
    campaign_id: UUID
    update_id: UUID
    title: str
    sha256: str
    cid: str | None
    posted_at: datetime
