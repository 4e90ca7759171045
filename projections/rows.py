"""The rows of the book: one frozen value each, as the views fold them and the questions answer them.

`position` is that of the first entry of the row's stream: rows are listed in this order, and the last one's position
is the cursor to the next page. `version` is the stream's. Money is in minor units of the campaign's currency.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """The fields are the columns of the row's table, in order."""


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """A company's document by its hash."""

    id: UUID
    kind: str
    sha256: str
    approved: bool


class Company(Row, frozen=True, kw_only=True):
    """`kyb` is draft, submitted, approved or rejected. `locked_by` is the campaign that holds the exclusivity."""

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
    documents: list[Document] = []
    kyb: str = "draft"
    submitter: str | None = None
    documents_hash: str | None = None
    confirmed_position: int | None = None
    confirmed_tx_hash: str | None = None
    locked_by: UUID | None = None


class Campaign(Row, frozen=True, kw_only=True):
    """`status` is draft, submitted, approved, rejected, live, closed, settled or refunded."""

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
    threshold: int
    status: str = "draft"
    terms_hash: str | None = None
    submitter: str | None = None
    address: str | None = None
    deadline: datetime | None = None
    deployed_position: int | None = None
    deployed_tx_hash: str | None = None
    committed: int = 0
    raised: int = 0
    commitments: int = 0
    funded_investments: int = 0
    outcome: str | None = None
    closing_reason: str | None = None
    closed_position: int | None = None
    closing_confirmed_position: int | None = None
    release_id: UUID | None = None
    release_amount: int | None = None
    release_fee: int | None = None
    release_requester: str | None = None
    release_approved_position: int | None = None
    released_position: int | None = None
    released_tx_hash: str | None = None
    refunded_position: int | None = None


class Investor(Row, frozen=True, kw_only=True):
    """`level` is None until the KYC is approved."""

    id: UUID
    position: int
    version: int
    registered_at: datetime
    owner: str
    wallet: str
    reference: str
    level: str | None = None


class Investment(Row, frozen=True, kw_only=True):
    """`status` is committed, funded, allotted, certified, refunding, refunded or lapsed.

    `unapplied` is money that came too late to count and has not gone back yet.
    """

    id: UUID
    position: int
    version: int
    committed_at: datetime
    campaign_id: UUID
    investor_id: UUID
    wallet: str
    amount: int
    shares: int
    acknowledgement: str
    status: str = "committed"
    provider: str | None = None
    payment_reference: str | None = None
    funded_position: int | None = None
    recorded_position: int | None = None
    recorded_tx_hash: str | None = None
    recorded_block: int | None = None
    allotted_position: int | None = None
    token_id: str | None = None
    certified_position: int | None = None
    certified_tx_hash: str | None = None
    refund_position: int | None = None
    refunded_position: int | None = None
    refunded_tx_hash: str | None = None
    unapplied: int = 0


class Escrow(Row, frozen=True, kw_only=True):
    """The money of one campaign: received = held + released + fee + refunded, at every position.

    `unapplied` came too late, is no part of it, and goes back: late = unapplied + returned.
    """

    campaign_id: UUID
    position: int
    received: int = 0
    held: int = 0
    released: int = 0
    fee: int = 0
    refunded: int = 0
    late: int = 0
    unapplied: int = 0
    returned: int = 0
    release_amount: int = 0
    release_fee: int = 0


class Holding(Row, frozen=True, kw_only=True):
    """What was paid in for one investment, until it is refunded: what a refund gives back, whatever else is known."""

    investment_id: UUID
    campaign_id: UUID
    amount: int


class Line(Row, frozen=True, kw_only=True):
    """One side of a double entry. `id` is `position/account`; `amount` is above zero where money arrives, below it
    where money leaves, so that the lines of a position, and all lines together, sum to zero.
    """

    id: str
    position: int
    campaign_id: UUID
    account: str
    amount: int


class Posting(Row, frozen=True, kw_only=True):
    """What one entry obliges on the chain: `call` is to be made, `state` is waiting, confirmed or rejected.

    `stream` is the call's natural key on the chain: the id of the company, campaign or investment.
    """

    position: int
    stream: UUID
    topic: str
    call: str
    obliged_at: datetime
    correlation_id: UUID
    state: str = "waiting"
    confirmation_position: int | None = None
    confirmed_at: datetime | None = None
    chain_id: int | None = None
    block_number: int | None = None
    block_hash: str | None = None
    tx_hash: str | None = None
    log_index: int | None = None
    rejection_position: int | None = None
    rejection_code: str | None = None
    rejection_reason: str | None = None


class Shareholding(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a cap table: shares that a confirmed certificate stands for."""

    position: int
    investment_id: UUID
    investor_id: UUID
    wallet: str
    shares: int
    token_id: str
    certified_position: int


class Balance(msgspec.Struct, frozen=True, kw_only=True):
    """One account of the trial balance over all campaigns; the balances sum to zero."""

    account: str
    balance: int


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """How far the book is, and how many rows each table has."""

    position: int
    rows: dict[str, int]
