"""Payments: every payment that a provider reported, what became of each part of it, and those that nobody matched."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from domain import payment as p
from domain.campaign import CampaignAmended, CampaignDrafted
from domain.investment import LatePaymentReturned, PaymentUnapplied
from domain.journal import Entry
from projections.folding import Change, Fields, Key, Ref, Sight, Table, View, changed, topics_of
from projections.rows import Campaign, Payment
from projections.views import campaigns

TABLE = Table("payments", Payment, "id")

Early = PaymentUnapplied | LatePaymentReturned  # of entries older than the streams of payments


def _key(entry: Entry) -> Key:
    if isinstance(entry.event, Early):
        return p.payment_id(entry.event.provider, entry.event.reference)
    return entry.stream


def _reads(entry: Entry) -> Sequence[Ref]:
    if isinstance(entry.event, PaymentUnapplied):
        return [(TABLE, _key(entry)), (campaigns.TABLE, entry.event.campaign_id)]
    return [(TABLE, _key(entry))]


def _fold(sight: Sight, entry: Entry) -> Sequence[Change]:
    match entry.event:
        case p.PaymentRecorded():
            return [(TABLE, _recorded(entry, entry.event))]
        case PaymentUnapplied():
            campaign = sight.find(Campaign, campaigns.TABLE, entry.event.campaign_id)
            return [(TABLE, _early(entry, entry.event, currency=campaign.currency if campaign else ""))]
        case _:
            row = sight.find(Payment, TABLE, _key(entry))
    if row is None:
        return []
    version = row.version if isinstance(entry.event, Early) else entry.version
    after = changed(row, version=version, **_after(row, entry))
    return [(TABLE, changed(after, state=_state_of(after)))]


def _recorded(entry: Entry, event: p.PaymentRecorded) -> Payment:
    row = Payment(
        id=entry.stream,
        position=entry.position,
        version=entry.version,
        recorded_at=entry.meta.at,
        provider=event.provider,
        reference=event.reference,
        currency=event.currency,
        amount=event.amount,
        recorder=event.recorder,
        state="",
        investment_id=event.investment_id,
        campaign_id=event.campaign_id,
        applied=event.applied,
        owed=event.amount - event.applied,
        depositor=event.deposit.depositor if event.deposit else None,
        deposited_for=event.deposit.investment if event.deposit else None,
        deposited_in=event.deposit.campaign if event.deposit else None,
    )
    return changed(row, state=_state_of(row))


def _early(entry: Entry, event: PaymentUnapplied, *, currency: str) -> Payment:
    """Late money of the time when payments had no streams: its version is 0."""
    return Payment(
        id=p.payment_id(event.provider, event.reference),
        position=entry.position,
        version=0,
        recorded_at=entry.meta.at,
        provider=event.provider,
        reference=event.reference,
        currency=currency,
        amount=event.amount,
        recorder=event.recorder,
        state="owed",
        investment_id=entry.stream,
        campaign_id=event.campaign_id,
        owed=event.amount,
    )


def _after(row: Payment, entry: Entry) -> Fields:
    event: Any = entry.event
    match event:
        case p.PaymentMatched(investment_id=investment_id, campaign_id=campaign_id, applied=applied):
            matched = {"investment_id": investment_id, "campaign_id": campaign_id, "applied": applied}
            return {**matched, "owed": row.owed - applied, "matched_position": entry.position}
        case p.PaymentFreed(amount=amount, reason=reason):
            return {"applied": row.applied - amount, "owed": row.owed + amount, "freed_reason": reason}
        case p.PaymentReturned(amount=amount) | LatePaymentReturned(amount=amount):
            back = {"owed": row.owed - amount, "returned": row.returned + amount}
            return {**back, "return_reference": event.return_reference, "returned_position": entry.position}
        case p.PaymentReclaimed(amount=amount):
            back = {"applied": row.applied - amount, "returned": row.returned + amount}
            back["reclaimed"] = row.reclaimed + amount
            return {**back, "return_reference": event.return_reference, "returned_position": entry.position}
        case p.PaymentReversed(applied=applied, owed=owed, reason=reason):
            gone = {"applied": row.applied - applied, "owed": row.owed - owed}
            why = {"reversed_reason": reason, "reversed_position": entry.position}
            return {**gone, **why, "reversed": row.reversed + applied + owed}
        case _:
            return {}


def _state_of(row: Payment) -> str:
    """One word: what is to be done about it comes first."""
    if row.owed:
        return "unmatched" if row.investment_id is None else "owed"
    if row.reversed:
        return "reversed"
    return "applied" if row.applied else "returned"


PAYMENTS = View(
    name="payments",
    version=3,
    tables=(TABLE,),
    topics=topics_of("payment") | {PaymentUnapplied.TOPIC, LatePaymentReturned.TOPIC},
    needs=(changed(campaigns.CAMPAIGNS, topics=frozenset({CampaignDrafted.TOPIC, CampaignAmended.TOPIC})),),
    differs=frozenset({"reclaimed"}),
    reads=_reads,
    fold=_fold,
)
