"""Answers about campaigns, their releases, their news, and who waits for room in them."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from api.answers.answer import Amount, Answer, shown
from projections import rows

WHOLE_BPS = 10_000


class Milestone(Answer, frozen=True, kw_only=True):
    """A part of the raised money that is released on its own, in basis points of the whole."""

    name: str
    bps: int


class Terms(Answer, frozen=True, kw_only=True):
    """What a campaign offers; the duration in seconds, shares of a whole in basis points.

    `investor_maximum` is 0 where there is no limit for one investor. `oversubscription` is reject, first_come (with a
    waiting list) or pro_rata. Without milestones the money is released whole.
    """

    currency: str
    funding_goal: Amount
    minimum: Amount
    cap: Amount
    share_price: Amount
    duration_s: int
    success_threshold_bps: int
    fee_bps: int
    rule_pack: str
    investor_maximum: Amount
    opens_at: datetime | None
    oversubscription: str
    milestones: list[Milestone]


class CampaignDocument(Answer, frozen=True, kw_only=True):
    """A document that investors see, by its hash."""

    id: UUID
    kind: str
    sha256: str
    cid: str | None


class CampaignChange(Answer, frozen=True, kw_only=True):
    """A material change. Once it is `approved`, each investor who had committed reconfirms before `reconfirm_by`, or
    the commitment is cancelled. `kind` is documents, extension or terms; `digest` is the hash of its description.
    """

    id: UUID
    kind: str
    digest: str
    declarer: str
    deadline: datetime
    reconfirm_by: datetime
    approved: bool


class Progress(Answer, frozen=True, kw_only=True):
    """How far a campaign has come, in basis points of its funding goal, rounded down: what is raised, and what is
    committed. While it is open, `ends_at` is its deadline or an announced earlier end, and `time_left_s` the whole
    seconds until then, 0 from then on; both are null before and after.
    """

    raised_bps: int
    committed_bps: int
    threshold_reached: bool
    ends_at: datetime | None
    time_left_s: int | None


class Campaign(Answer, frozen=True, kw_only=True):
    """`status` is draft, submitted, in_review, changes_requested, rejected, deploying, live, paused, closing,
    successful, settling, settled, failed, cancelled, refunding, refunded or abandoned.

    `documents_hash` is what a commitment must name, null where there are no documents; `terms_hash` what an approval
    names. `committed` lies within the cap, `waiting` behind it, `raised` is what counts. `held_investments` are paid
    and count at the closing, `unwinding` were cancelled after they counted, `unconfirmed` have not answered a change.
    `outcome` is successful, failed or cancelled. `release_id` is the release under way, or the last one. From
    `emergency_at` on, coin in the chain's escrow only goes back to its depositors.
    """

    id: UUID
    version: int
    position: int
    drafted_at: datetime
    company_id: UUID
    owner: str
    title: str
    terms: Terms
    threshold: Amount
    progress: Progress
    documents: list[CampaignDocument]
    documents_hash: str | None
    updates: int
    status: str
    terms_hash: str | None
    submitter: str | None
    reviewer: str | None
    review_reason: str | None
    address: str | None
    opened_at: datetime | None
    deadline: datetime | None
    early_deadline: datetime | None
    deployed_position: int | None
    deployed_tx_hash: str | None
    deployment_rejected: bool
    pauser: str | None
    pause_reason: str | None
    change: CampaignChange | None
    cancellation_requester: str | None
    cancellation_reason: str | None
    committed: Amount
    waiting: Amount
    raised: Amount
    commitments: int
    funded_investments: int
    held_investments: int
    unwinding: int
    unconfirmed: int
    reflection_until: datetime | None
    closing_position: int | None
    closing_reason: str | None
    outcome: str | None
    closed_position: int | None
    closing_confirmed_position: int | None
    release_id: UUID | None
    releases_confirmed: int
    refunded_investments: int
    refunded_position: int | None
    emergency_at: datetime | None


class Release(Answer, frozen=True, kw_only=True):
    """A release of a successful campaign's money: `state` is requested, approved, confirmed, declined, or withdrawn
    (the issuer has taken the coin of it out of the chain's escrow).

    `tranche` counts the milestones from 0. The amount goes to `wallet`, the fee to the platform.
    """

    position: int
    campaign_id: UUID
    release_id: UUID
    tranche: int
    amount: Amount
    fee: Amount
    requester: str
    requested_at: datetime
    state: str
    wallet: str | None
    approved_position: int | None
    confirmed_position: int | None
    confirmed_tx_hash: str | None
    withdrawn_position: int | None
    withdrawn_tx_hash: str | None
    declined_position: int | None
    declined_reason: str | None


class Update(Answer, frozen=True, kw_only=True):
    """News for a campaign's investors, by its hash."""

    position: int
    campaign_id: UUID
    update_id: UUID
    title: str
    sha256: str
    cid: str | None
    posted_at: datetime


class Waiting(Answer, frozen=True, kw_only=True):
    """A commitment on the list behind a full campaign; the list is admitted from its front."""

    position: int
    investment_id: UUID
    investor_id: UUID
    amount: Amount
    shares: int
    committed_at: datetime


OPEN = frozenset({"live", "paused"})


def campaign(row: rows.Campaign, *, now: datetime) -> Campaign:
    return shown(Campaign, row, terms=shown(Terms, row), progress=progress(row, now=now))


def progress(row: rows.Campaign, *, now: datetime) -> Progress:
    ends = [at for at in (row.deadline, row.early_deadline) if at is not None]
    ends_at = min(ends) if ends and row.status in OPEN else None
    return Progress(
        raised_bps=row.raised * WHOLE_BPS // row.funding_goal,
        committed_bps=row.committed * WHOLE_BPS // row.funding_goal,
        threshold_reached=row.raised >= row.threshold,
        ends_at=ends_at,
        time_left_s=None if ends_at is None else max(0, int((ends_at - now).total_seconds())),
    )


def release(row: rows.Release) -> Release:
    return shown(Release, row)


def update(row: rows.Update) -> Update:
    return shown(Update, row)


def waiting(row: rows.Investment) -> Waiting:
    return shown(Waiting, row, investment_id=row.id)
