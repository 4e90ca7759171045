"""The escrow by double entry: every movement of money as lines that sum to zero, and each campaign's totals.

Accounts outside: `payers` (who paid what does not count), `investors` (whose money counts), `issuer`, `fees` (the
platform's), `claims` (what investors owe). Accounts inside: `escrow` (counts, held), `pending` (paid, does not count
yet), `owed` (goes back to its payers). A commitment is no money and moves nothing. Money leaves the escrow when the
chain ledger shows it: at the confirmation of the release or of the refund. Coin is its payee's own from then on,
although it lies in the chain's escrow until it is taken: that moves nothing here (`payments` and `releases` tell it).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from domain import campaign as c
from domain import payment as p
from domain.investment import LatePaymentReturned, PaymentLost, PaymentUnapplied
from domain.journal import Entry
from projections.folding import Change, Ref, Sight, Table, View, changed
from projections.rows import Escrow, Line, Payment, Release
from projections.views import payments, releases

ESCROWS = Table("escrows", Escrow, "campaign_id")
LINES = Table("lines", Line, "id", appended=True)

Moves = dict[str, int]


def campaign_of(entry: Entry) -> UUID | None:
    """The campaign whose money it is; None for money that nobody has matched."""
    event: Any = entry.event
    if entry.topic.startswith("campaign."):
        return entry.stream
    campaign_id: UUID | None = event.campaign_id
    return campaign_id


def _reads(entry: Entry) -> Sequence[Ref]:
    campaign_id = campaign_of(entry)
    refs: list[Ref] = [] if campaign_id is None else [(ESCROWS, campaign_id)]
    if entry.topic.startswith("payment."):
        refs.append((payments.TABLE, entry.stream))
    if isinstance(entry.event, c.ReleaseConfirmed):
        refs.append((releases.TABLE, releases.key_of(entry.stream, entry.event.release_id)))
    return refs


def _fold(sight: Sight, entry: Entry) -> Sequence[Change]:
    event, campaign_id = entry.event, campaign_of(entry)
    if isinstance(event, c.CampaignApproved):
        opened = Escrow(campaign_id=entry.stream, position=entry.position, currency=event.terms.currency)
        return [(ESCROWS, opened)]
    if campaign_id is None:
        return _nobodys(sight, entry)
    escrow = sight.find(Escrow, ESCROWS, campaign_id)
    if escrow is None:
        return []
    if isinstance(event, c.ReleaseConfirmed):
        return _released(sight, entry, escrow)
    found: list[Change] = []
    if isinstance(event, p.PaymentMatched):
        found += _found(sight, entry)
    moves = _counted(escrow, event) or _paid(sight, entry)
    after = changed(escrow, **_totals(escrow, event, moves))
    return [*found, *_moved(entry, after, moves)]


def _counted(escrow: Escrow, event: Any) -> Moves:
    """Money that counts for the campaign: its own accounts, as the campaign itself keeps them."""
    match event:
        case c.FundingReceived(amount=amount):
            # Of entries older than the streams of payments nothing was pending: that money came straight in.
            waited = min(escrow.pending, amount)
            return {"pending": -waited, "payers": waited, "investors": -amount, "escrow": amount}
        case c.RefundPaid(amount=amount):
            return {"escrow": -amount, "investors": amount}
        case c.ClaimRaised(amount=amount):
            return {"claims": -amount, "investors": amount}
        case _:
            return {}


def _paid(sight: Sight, entry: Entry) -> Moves:  # noqa: PLR0911  # one line an event
    """Money that does not count (yet): between its payers and what is pending or owed."""
    match entry.event:
        case p.PaymentRecorded(amount=amount, applied=applied):
            return {"payers": -amount, "pending": applied, "owed": amount - applied}
        case p.PaymentMatched(applied=applied):
            amount = _amount_of(sight, entry)
            return {"payers": -amount, "pending": applied, "owed": amount - applied}
        case p.PaymentFreed(amount=amount):
            return {"pending": -amount, "owed": amount}
        case p.PaymentReturned(amount=amount) | LatePaymentReturned(amount=amount):
            return {"owed": -amount, "payers": amount}
        case p.PaymentReversed(owed=owed):
            return {"owed": -owed, "payers": owed}  # what was applied is told by the investment, or by a claim
        case PaymentLost(amount=amount):
            return {"pending": -amount, "payers": amount}
        case PaymentUnapplied(amount=amount):
            return {"payers": -amount, "owed": amount}
        case _:
            return {}


def _amount_of(sight: Sight, entry: Entry) -> int:
    """The amount of a payment, which is the same at any time. All of an unmatched one is there when it is matched."""
    row = sight.find(Payment, payments.TABLE, entry.stream)
    return row.amount if row is not None else 0


def _nobodys(sight: Sight, entry: Entry) -> Sequence[Change]:
    row = sight.find(Payment, payments.TABLE, entry.stream)
    currency = row.currency if row is not None else ""
    if isinstance(entry.event, p.PaymentRecorded):
        currency = entry.event.currency
    return _lines(entry, _paid(sight, entry), campaign_id=None, currency=currency)


def _found(sight: Sight, entry: Entry) -> Sequence[Change]:
    """A payment is matched: it is nobody's no longer."""
    row = sight.find(Payment, payments.TABLE, entry.stream)
    if row is None:
        return []
    return _lines(entry, {"owed": -row.amount, "payers": row.amount}, campaign_id=None, currency=row.currency)


def _totals(escrow: Escrow, event: Any, moves: Moves) -> dict[str, int]:
    """The campaign's totals after these moves."""
    totals = {
        "held": escrow.held + moves.get("escrow", 0),
        "pending": escrow.pending + moves.get("pending", 0),
        "owed": escrow.owed + moves.get("owed", 0),
    }
    match event:
        case c.FundingReceived(amount=amount):
            return {**totals, "received": escrow.received + amount}
        case c.RefundPaid(amount=amount):
            return {**totals, "refunded": escrow.refunded + amount}
        case c.ClaimRaised(amount=amount):
            return {**totals, "claimed": escrow.claimed + amount}
        case p.PaymentReturned(amount=amount) | LatePaymentReturned(amount=amount):
            return {**totals, "returned": escrow.returned + amount}
        case _:
            return totals


def _released(sight: Sight, entry: Entry, escrow: Escrow) -> Sequence[Change]:
    assert isinstance(entry.event, c.ReleaseConfirmed)
    release = sight.find(Release, releases.TABLE, releases.key_of(entry.stream, entry.event.release_id))
    if release is None:
        return []
    amount, fee = release.amount, release.fee
    after = changed(escrow, held=escrow.held - amount - fee, released=escrow.released + amount, fee=escrow.fee + fee)
    return _moved(entry, after, {"escrow": -amount - fee, "issuer": amount, "fees": fee})


def _moved(entry: Entry, after: Escrow, moves: Moves) -> list[Change]:
    """The campaign's new totals and the lines of one movement. The sums are checked here, at run time."""
    assert after.received == after.held + after.released + after.fee + after.refunded
    assert min(after.held, after.pending, after.owed) >= 0
    return [(ESCROWS, after), *_lines(entry, moves, campaign_id=after.campaign_id, currency=after.currency)]


def _lines(entry: Entry, moves: Moves, *, campaign_id: UUID | None, currency: str) -> list[Change]:
    assert sum(moves.values()) == 0
    place = f"{entry.position}" if campaign_id is not None else f"{entry.position}/unmatched"
    return [
        (
            LINES,
            Line(
                id=f"{place}/{account}",
                position=entry.position,
                campaign_id=campaign_id,
                currency=currency,
                account=account,
                amount=amount,
            ),
        )
        for account, amount in moves.items()
        if amount
    ]


def _unmatched(sight: Sight, entry: Entry) -> Sequence[Change]:
    """Payments of which nobody knew the purpose when they came: amount and currency of no other are asked for."""
    assert isinstance(entry.event, p.PaymentRecorded)
    return payments.PAYMENTS.fold(sight, entry) if entry.event.campaign_id is None else []


ESCROW = View(
    name="escrow",
    version=2,
    tables=(ESCROWS, LINES),
    local=False,
    within="campaign",
    needs=(
        changed(payments.PAYMENTS, topics=frozenset({p.PaymentRecorded.TOPIC}), fold=_unmatched),
        changed(releases.RELEASES, topics=frozenset({c.ReleaseRequested.TOPIC})),
    ),
    topics=frozenset(
        event.TOPIC
        for event in (
            c.CampaignApproved,
            c.FundingReceived,
            c.RefundPaid,
            c.ClaimRaised,
            c.ReleaseConfirmed,
            p.PaymentRecorded,
            p.PaymentMatched,
            p.PaymentFreed,
            p.PaymentReturned,
            p.PaymentReversed,
            PaymentLost,
            PaymentUnapplied,
            LatePaymentReturned,
        )
    ),
    reads=_reads,
    fold=_fold,
)
