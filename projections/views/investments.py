"""Investments: from commitment over funding to certificate or refund, with every place on the chain."""

from __future__ import annotations

from collections.abc import Sequence

from domain import investment as i
from domain.journal import Entry
from projections.folding import Change, Ref, Sight, Table, View, changed
from projections.rows import Investment

TABLE = Table("investments", Investment, "id")


def _reads(entry: Entry) -> Sequence[Ref]:
    return [(TABLE, entry.stream)]


def _fold(sight: Sight, entry: Entry) -> Sequence[Change]:
    if isinstance(entry.event, i.InvestmentCommitted):
        return [(TABLE, _committed(entry, entry.event))]
    row = sight.find(Investment, TABLE, entry.stream)
    if row is None:
        return []
    after = _until_allotted(row, entry) or _until_refunded(row, entry) or _late(row, entry) or row
    return [(TABLE, changed(after, version=entry.version))]


def _committed(entry: Entry, event: i.InvestmentCommitted) -> Investment:
    return Investment(
        id=entry.stream,
        position=entry.position,
        version=entry.version,
        committed_at=entry.meta.at,
        campaign_id=event.campaign_id,
        investor_id=event.investor_id,
        wallet=event.wallet,
        amount=event.amount,
        shares=event.shares,
        acknowledgement=", ".join(a.text for a in event.acknowledgements),
    )


def _until_allotted(row: Investment, entry: Entry) -> Investment | None:
    match entry.event:
        case i.InvestmentFunded(provider=provider, reference=reference):
            payment = {"provider": provider, "payment_reference": reference, "funded_position": entry.position}
            return changed(row, status="funded", **payment)
        case i.RecordingConfirmed(on_chain=fact):
            place = {"recorded_tx_hash": fact.tx_hash, "recorded_block": fact.block_number}
            return changed(row, recorded_position=entry.position, **place)
        case i.SharesAllotted():
            return changed(row, status="allotted", allotted_position=entry.position)
        case i.CertificateConfirmed(token_id=token_id, on_chain=fact):
            place = {"certified_position": entry.position, "certified_tx_hash": fact.tx_hash}
            return changed(row, status="certified", token_id=token_id, **place)
        case _:
            return None


def _until_refunded(row: Investment, entry: Entry) -> Investment | None:
    match entry.event:
        case i.RefundOrdered():
            return changed(row, status="refunding", refund_position=entry.position)
        case i.RefundConfirmed(on_chain=fact):
            return changed(row, status="refunded", refunded_position=entry.position, refunded_tx_hash=fact.tx_hash)
        case i.CommitmentLapsed():
            return changed(row, status="lapsed")
        case _:
            return None


def _late(row: Investment, entry: Entry) -> Investment | None:
    match entry.event:
        case i.PaymentUnapplied(amount=amount):
            return changed(row, unapplied=row.unapplied + amount)
        case i.PaymentReturned(amount=amount):
            return changed(row, unapplied=row.unapplied - amount)
        case _:
            return None


INVESTMENTS = View(
    name="investments",
    version=1,
    tables=(TABLE,),
    topics=frozenset(
        event.TOPIC
        for event in (
            i.InvestmentCommitted,
            i.InvestmentFunded,
            i.RecordingConfirmed,
            i.SharesAllotted,
            i.CertificateConfirmed,
            i.RefundOrdered,
            i.RefundConfirmed,
            i.CommitmentLapsed,
            i.PaymentUnapplied,
            i.PaymentReturned,
            i.InvestmentPostingRejected,
        )
    ),
    reads=_reads,
    fold=_fold,
)
