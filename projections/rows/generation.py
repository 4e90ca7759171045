"""Generations of the chain ledger in the book."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from projections.rows.row import Row


class Generation(Row, frozen=True, kw_only=True):
    """A generation as the journal decided about it. `state`: proposed, withdrawn, living, ended.

    Of the one that the journal began with, nothing is known but its id and its end. `position` is that of the entry
    that named it first.
    """

    id: UUID
    position: int
    state: str
    chain_id: int | None = None
    genesis_hash: str | None = None
    start_block: int | None = None
    compared_position: int | None = None
    report_hash: str | None = None
    proposed_position: int | None = None
    proposed_at: datetime | None = None
    proposed_by: str | None = None
    withdrawn_reason: str | None = None
    promoted_position: int | None = None
    promoted_at: datetime | None = None
    promoted_by: str | None = None
    ended_position: int | None = None
