"""Answers about money: payments, and what each campaign has, holds and owes."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from api.answers.answer import Amount, Answer, shown
from projections import rows


class Payment(Answer, frozen=True, kw_only=True):
    """Money that a provider reported: amount = applied + owed + returned + reversed.

    `state` is unmatched (nobody knows what it is for), applied, owed (some of it, to its payer), returned or reversed.
    Of coin in the chain's escrow, `depositor` paid it; `deposited_for` and `deposited_in` name the investment and the
    campaign as the log does: an id, or a word of 32 bytes where that is none.
    """

    id: UUID
    version: int
    position: int
    recorded_at: datetime
    provider: str
    reference: str
    currency: str
    amount: Amount
    recorder: str
    state: str
    investment_id: UUID | None
    campaign_id: UUID | None
    applied: Amount
    owed: Amount
    returned: Amount
    reversed: Amount
    matched_position: int | None
    freed_reason: str | None
    returned_position: int | None
    return_reference: str | None
    reversed_position: int | None
    reversed_reason: str | None
    depositor: str | None
    deposited_for: str | None
    deposited_in: str | None


class Escrow(Answer, frozen=True, kw_only=True):
    """A campaign's money: received = held + released + fee + refunded.

    `pending` is paid and does not count yet; `owed` goes back to its payers, `returned` has gone back; none of these is
    in `received`. `claimed` is what investors owe because a provider took money back too late for a refund.
    """

    campaign_id: UUID
    currency: str
    committed: Amount
    received: Amount
    held: Amount
    released: Amount
    fee: Amount
    refunded: Amount
    claimed: Amount
    pending: Amount
    owed: Amount
    returned: Amount


def payment(row: rows.Payment) -> Payment:
    return shown(Payment, row)


def escrow(campaign: rows.Campaign, row: rows.Escrow | None) -> Escrow:
    """The money of a campaign; all zero before its approval."""
    found = row or rows.Escrow(campaign_id=campaign.id, position=campaign.position, currency=campaign.currency)
    return shown(Escrow, found, committed=str(campaign.committed))
