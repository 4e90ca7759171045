"""Answers about money: payments, and what each campaign has, holds and owes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from api.answers.answer import Amount, Answer, shown
from projections import rows


class Payment(Answer, frozen=True, kw_only=True):
    """Money that a provider reported: amount = applied + owed + returned + reversed.

    `state` is unmatched (nobody knows what it is for), applied, owed (some of it, to its payer), returned or reversed.
    Of coin in the chain's escrow, `depositor` paid it; `deposited_for` and `deposited_in` name the investment and the
    campaign as the log does: an id, or a word of 32 bytes where that is none. `reclaimed` of the returned had counted.
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
    reclaimed: Amount
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


class Account(Answer, frozen=True, kw_only=True):
    """One account: what came to it (`debits`), what left it (`credits`), and what that leaves, on one of two sides."""

    account: str
    currency: str
    debits: Amount
    credits: Amount
    debit_balance: Amount
    credit_balance: Amount


class Total(Answer, frozen=True, kw_only=True):
    """The sums over the accounts of one currency; each pair is equal, or the book is wrong."""

    currency: str
    debits: Amount
    credits: Amount
    debit_balance: Amount
    credit_balance: Amount


class TrialBalance(Answer, frozen=True, kw_only=True):
    """Every account by double entry, as it stood at a position. `balanced`: in each currency both sides are equal.

    Accounts outside are payers (who paid what does not count), investors, issuer, fees (the platform's) and claims
    (what investors owe); accounts inside are escrow (counts, held), pending (paid, does not count yet) and owed (goes
    back).
    """

    at_position: int
    balanced: bool
    accounts: list[Account]
    totals: list[Total]


def payment(row: rows.Payment) -> Payment:
    return shown(Payment, row)


def escrow(campaign: rows.Campaign, row: rows.Escrow | None) -> Escrow:
    """The money of a campaign; all zero before its approval."""
    found = row or rows.Escrow(campaign_id=campaign.id, position=campaign.position, currency=campaign.currency)
    return shown(Escrow, found, committed=str(campaign.committed))


SIDES = ("debits", "credits", "debit_balance", "credit_balance")


def trial_balance(found: Sequence[rows.Balance], *, at: int) -> TrialBalance:
    accounts: list[Account] = []
    sums: dict[str, Counter[str]] = {}
    for row in found:
        sides = (row.debits, row.credits, max(row.balance, 0), max(-row.balance, 0))
        values = dict(zip(SIDES, sides, strict=True))
        sums.setdefault(row.currency, Counter()).update(values)
        accounts.append(Account(account=row.account, currency=row.currency, **_amounts(values)))
    totals = [Total(currency=currency, **_amounts(values)) for currency, values in sums.items()]
    balanced = all(one.debits == one.credits and one.debit_balance == one.credit_balance for one in totals)
    return TrialBalance(at_position=at, balanced=balanced, accounts=accounts, totals=totals)


def _amounts(values: Mapping[str, int]) -> dict[str, str]:
    return {name: str(values[name]) for name in SIDES}
