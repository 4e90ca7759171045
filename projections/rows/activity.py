"""What has happened, for people: the items of the activity feed, and whose an investment is."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from projections.rows.row import Row


class Activity(Row, frozen=True, kw_only=True):
    """One item. `kind` is a word for what happened; `public` may be seen by whoever may see the campaign.

    No text that people wrote is in it, so that no personal data can be.
    """

    position: int
    at: datetime
    kind: str
    public: bool
    company_id: UUID | None = None
    campaign_id: UUID | None = None
    investor_id: UUID | None = None
    investment_id: UUID | None = None
    amount: int | None = None
    shares: int | None = None


class Party(Row, frozen=True, kw_only=True):
    """Whose an investment is, and in which campaign: its later entries do not say."""

    id: UUID
    campaign_id: UUID
    investor_id: UUID
