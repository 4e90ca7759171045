"""What entries oblige on the chain, and what falls due, in the book."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from projections.rows.row import Row


class Posting(Row, frozen=True, kw_only=True):
    """What one entry obliges on the chain: `call` is to be made. `state`: waiting, confirmed, rejected (for good),
    released (rejected and obliged anew), abandonment-proposed, abandoned. The last rejection, release and proposal are
    kept with who decided and why, whatever came later. `generation` is that of the chain ledger which confirmed it.

    `stream` is the entry's; `subject` is the call's natural key on the chain: the id of the company, campaign,
    investment, release or change of a certificate.
    """

    position: int
    stream: UUID
    subject: UUID
    topic: str
    call: str
    obliged_at: datetime
    correlation_id: UUID
    state: str = "waiting"
    confirmation_position: int | None = None
    confirmed_at: datetime | None = None
    generation: UUID | None = None
    chain_id: int | None = None
    block_number: int | None = None
    block_hash: str | None = None
    tx_hash: str | None = None
    log_index: int | None = None
    rejection_position: int | None = None
    rejection_code: str | None = None
    rejection_reason: str | None = None
    release_position: int | None = None
    released_by: str | None = None
    release_reason: str | None = None
    proposal_position: int | None = None
    proposed_by: str | None = None
    proposal_reason: str | None = None
    abandonment_position: int | None = None
    abandoned_by: str | None = None


class Due(Row, frozen=True, kw_only=True):
    """One thing that falls due at `at`: a deadline, early-close, reconfirmation, kyb, kyc or document.

    `item` names which, where a stream has several. `settled_position` is where the journal said that it falls due no
    longer. `number` tells apart what one entry makes fall due.
    """

    id: str
    number: int
    kind: str
    stream: UUID
    item: UUID | None
    at: datetime
    position: int
    settled_position: int | None = None
