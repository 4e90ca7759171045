"""Money in the book: payments, each campaign's totals, and the lines that they add up from."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from projections.rows.row import Row


class Payment(Row, frozen=True, kw_only=True):
    """Money that a provider reported: amount = applied + owed + returned + reversed.

    `state`: unmatched (nobody knows what it is for), applied, owed (some of it, to the payer), returned, reversed.
    Coin in the chain's escrow has its `depositor`, and what it was deposited for, in the log's words; `reclaimed` is
    what of the returned had counted.
    """

    id: UUID
    position: int
    version: int
    recorded_at: datetime
    provider: str
    reference: str
    currency: str
    amount: int
    recorder: str
    state: str
    investment_id: UUID | None = None
    campaign_id: UUID | None = None
    applied: int = 0
    owed: int = 0
    returned: int = 0
    reversed: int = 0
    reclaimed: int = 0
    matched_position: int | None = None
    freed_reason: str | None = None
    returned_position: int | None = None
    return_reference: str | None = None
    reversed_position: int | None = None
    reversed_reason: str | None = None
    depositor: str | None = None
    deposited_for: str | None = None
    deposited_in: str | None = None


class Escrow(Row, frozen=True, kw_only=True):
    """The money of one campaign: received = held + released + fee + refunded, at every position.

    `claimed` is what investors owe because a provider took money back too late for a refund. `pending` is paid and
    does not count yet, `owed` goes back to its payers, `returned` has gone: none of these is in `received`.
    """

    campaign_id: UUID
    position: int
    currency: str
    received: int = 0
    held: int = 0
    released: int = 0
    fee: int = 0
    refunded: int = 0
    claimed: int = 0
    pending: int = 0
    owed: int = 0
    returned: int = 0


class Line(Row, frozen=True, kw_only=True):
    """One side of a double entry; the lines of a position, and all lines together, sum to zero in each currency.

    `amount` is above zero where money arrives, below it where it leaves. `campaign_id` is None for money that nobody
    has matched.
    """

    id: str
    position: int
    campaign_id: UUID | None
    currency: str
    account: str
    amount: int


class Balance(msgspec.Struct, frozen=True, kw_only=True):
    """One account of a trial balance: balance = debits - credits; the balances of a currency sum to zero."""

    account: str
    currency: str
    balance: int
    debits: int
    credits: int
