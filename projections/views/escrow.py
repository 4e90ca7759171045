"""The escrow by double entry: every movement of money as lines that sum to zero, and each campaign's totals.

Accounts: `investors` (who paid in and got back), `escrow` (held), `issuers` (released to), `fees` (kept by the
platform), `unapplied` (came too late, goes back). A commitment is no money and moves nothing. Money leaves the escrow
when the chain ledger shows it: at the confirmation of the release or of the refund.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from domain.campaign import ReleaseApproved, ReleaseConfirmed
from domain.investment import InvestmentFunded, LatePaymentReturned, PaymentUnapplied, RefundConfirmed
from domain.journal import Entry
from projections.folding import Change, Ref, Sight, Table, View, changed
from projections.rows import Escrow, Holding, Line

ESCROWS = Table("escrows", Escrow, "campaign_id")
HOLDINGS = Table("holdings", Holding, "investment_id")
LINES = Table("lines", Line, "id")


def _campaign_of(entry: Entry) -> UUID:
    match entry.event:
        case InvestmentFunded() | PaymentUnapplied() | LatePaymentReturned() | RefundConfirmed():
            return entry.event.campaign_id
        case _:
            return entry.stream


def _reads(entry: Entry) -> Sequence[Ref]:
    escrow: Ref = (ESCROWS, _campaign_of(entry))
    if isinstance(entry.event, InvestmentFunded | RefundConfirmed):
        return [escrow, (HOLDINGS, entry.stream)]
    return [escrow]


def _fold(sight: Sight, entry: Entry) -> Sequence[Change]:
    campaign_id = _campaign_of(entry)
    escrow = sight.find(Escrow, ESCROWS, campaign_id) or Escrow(campaign_id=campaign_id, position=entry.position)
    match entry.event:
        case InvestmentFunded(amount=amount):
            holding = Holding(investment_id=entry.stream, campaign_id=campaign_id, amount=amount)
            after = changed(escrow, received=escrow.received + amount, held=escrow.held + amount)
            return [(HOLDINGS, holding), *_moved(entry, after, investors=-amount, escrow=amount)]
        case RefundConfirmed():
            return _refunded(entry, escrow, sight.find(Holding, HOLDINGS, entry.stream))
        case ReleaseApproved(amount=amount, fee=fee):
            return [(ESCROWS, changed(escrow, release_amount=amount, release_fee=fee))]
        case ReleaseConfirmed():
            return _released(entry, escrow)
        case _:
            return _late(entry, escrow)


def _late(entry: Entry, escrow: Escrow) -> Sequence[Change]:
    match entry.event:
        case PaymentUnapplied(amount=amount):
            after = changed(escrow, late=escrow.late + amount, unapplied=escrow.unapplied + amount)
            return _moved(entry, after, investors=-amount, unapplied=amount)
        case LatePaymentReturned(amount=amount):
            after = changed(escrow, unapplied=escrow.unapplied - amount, returned=escrow.returned + amount)
            return _moved(entry, after, unapplied=-amount, investors=amount)
        case _:
            return []


def _refunded(entry: Entry, escrow: Escrow, holding: Holding | None) -> Sequence[Change]:
    if holding is None:
        return []
    amount = holding.amount
    after = changed(escrow, held=escrow.held - amount, refunded=escrow.refunded + amount)
    return [(HOLDINGS, changed(holding, amount=0)), *_moved(entry, after, escrow=-amount, investors=amount)]


def _released(entry: Entry, escrow: Escrow) -> Sequence[Change]:
    amount, fee = escrow.release_amount, escrow.release_fee
    after = changed(escrow, held=escrow.held - amount - fee, released=escrow.released + amount, fee=escrow.fee + fee)
    return _moved(entry, after, escrow=-amount - fee, issuers=amount, fees=fee)


def _moved(entry: Entry, after: Escrow, **accounts: int) -> list[Change]:
    """The campaign's new totals and the lines of one movement. Both sides are checked here, at run time."""
    assert sum(accounts.values()) == 0
    assert after.received == after.held + after.released + after.fee + after.refunded
    assert after.late == after.unapplied + after.returned
    lines: list[Change] = [
        (
            LINES,
            Line(
                id=f"{entry.position}/{account}",
                position=entry.position,
                campaign_id=after.campaign_id,
                account=account,
                amount=amount,
            ),
        )
        for account, amount in accounts.items()
        if amount
    ]
    return [(ESCROWS, after), *lines]


ESCROW = View(
    name="escrow",
    version=1,
    tables=(ESCROWS, HOLDINGS, LINES),
    topics=frozenset(
        event.TOPIC
        for event in (
            InvestmentFunded,
            RefundConfirmed,
            ReleaseApproved,
            ReleaseConfirmed,
            PaymentUnapplied,
            LatePaymentReturned,
        )
    ),
    reads=_reads,
    fold=_fold,
)
