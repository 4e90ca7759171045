"""Investments: commitment, payment, allotment and chain, and the one status that follows from the four."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from domain import investment as i
from domain.journal import Entry, Event
from projections.folding import Change, Fields, Ref, Sight, Table, View, changed, topics_of
from projections.rows import Acknowledgement, CertificateRequest, Investment

TABLE = Table("investments", Investment, "id")


def _reads(entry: Entry) -> Sequence[Ref]:
    return [(TABLE, entry.stream)]


def _fold(sight: Sight, entry: Entry) -> Sequence[Change]:
    if isinstance(entry.event, i.InvestmentCommitted):
        return [(TABLE, _committed(entry, entry.event))]
    row = sight.find(Investment, TABLE, entry.stream)
    if row is None:
        return []
    part = PARTS.get(type(entry.event))
    fields = part(row, entry) if part is not None else {}
    after = changed(row, version=entry.version, **fields)
    status = status_of(after)
    return [(TABLE, after if status == after.status else changed(after, status=status))]


def status_of(row: Investment) -> str:
    """One word for the whole: the furthest that any facet has come."""
    if row.ended:
        return _status_of_end(row)
    if row.certified_position is not None:
        return "revoked" if row.revoked else "certified"
    if row.allotted_position is not None:
        return "allotted"
    if row.funded_position is not None:
        return "funded"
    if row.waiting:
        return "waiting"
    return "paid" if row.paid == row.amount else "committed"


def _status_of_end(row: Investment) -> str:
    if row.refunded_position is not None or row.repaid_position is not None:
        return "refunded"
    owed = row.cancelled_reason is not None and row.funded_position is not None
    if row.refund_position is not None or owed:
        return "refunding"
    return "lapsed" if row.cancelled_reason is None else "cancelled"


def _committed(entry: Entry, event: i.InvestmentCommitted) -> Investment:
    return Investment(
        id=entry.stream,
        position=entry.position,
        version=entry.version,
        committed_at=entry.meta.at,
        campaign_id=event.campaign_id,
        investor_id=event.investor_id,
        wallet=event.wallet,
        committed_amount=event.amount,
        committed_shares=event.shares,
        amount=event.amount,
        shares=event.shares,
        acknowledgements=tuple(Acknowledgement(kind=a.kind, text=a.text) for a in event.acknowledgements),
        documents_hash=event.documents_hash,
        status="waiting" if event.waiting else "committed",
        waiting=event.waiting,
        reflection_ends_at=event.reflection_ends_at,
        change_id=event.change_id,
    )


def _commitment(row: Investment, entry: Entry) -> Fields:
    match entry.event:
        case i.InvestmentAdmitted(change_id=change_id):
            return {"waiting": False, "change_id": change_id}
        case i.InvestmentReconfirmed(change_id=change_id):
            return {"change_id": change_id}
        case i.InvestmentCancelled(reason=reason):
            return {"cancelled_reason": reason, "paid": _kept(row)}
        case i.CommitmentLapsed(reason=reason):
            return {"lapsed_reason": reason, "paid": _kept(row)}
        case _:
            return {}


def _kept(row: Investment) -> int:
    """Money that did not count yet is its payers' again when the commitment ends."""
    return row.paid if row.funded_position is not None else 0


def _payment(row: Investment, entry: Entry) -> Fields:
    match entry.event:
        case i.PaymentReceived(source=source):
            return {"paid": row.paid + source.amount}
        case i.PaymentLost(amount=amount):
            return {"paid": row.paid - amount}
        case i.InvestmentScaledBack(amount=amount, shares=shares):
            return {"amount": amount, "shares": shares, "paid": amount, "scaled_position": entry.position}
        case i.InvestmentFunded(provider=provider, reference=reference):
            payment = {"provider": provider, "payment_reference": reference, "paid": row.amount}
            return {**payment, "funded_position": entry.position}
        case _:
            return {}


def _chain(row: Investment, entry: Entry) -> Fields:
    match entry.event:
        case i.RecordingConfirmed(on_chain=fact):
            place = {"recorded_tx_hash": fact.tx_hash, "recorded_block": fact.block_number}
            return {"recorded_position": entry.position, **place}
        case i.SharesAllotted(shares=shares):
            return {"allotted": shares, "allotted_position": entry.position}
        case i.CertificateConfirmed(token_id=token_id, on_chain=fact):
            place = {"certified_position": entry.position, "certified_tx_hash": fact.tx_hash}
            return {"token_id": token_id, "holder": row.wallet, **place}
        case _:
            return {}


def _refund(_: Investment, entry: Entry) -> Fields:
    match entry.event:
        case i.RefundOrdered(live=live):
            return {"refund_position": entry.position, "refund_live": live}
        case i.RefundConfirmed(on_chain=fact):
            return {"refunded_position": entry.position, "refunded_tx_hash": fact.tx_hash}
        case i.InvestmentPostingAbandoned(repaid=True):
            return {"repaid_position": entry.position}
        case i.DepositReclaimed():
            return {"refunded_position": entry.position}
        case _:
            return {}


def _asked(_: Investment, entry: Entry) -> Fields:
    """After a change of the certificate was asked for, or declined."""
    match entry.event:
        case i.CertificateChangeRequested(request=request):
            return {"request": CertificateRequest(**msgspec.structs.asdict(request))}
        case i.CertificateChangeDeclined():
            return {"request": None}
        case _:
            return {}


def _certificate(row: Investment, entry: Entry) -> Fields:  # noqa: PLR0911  # one line an event
    """After a change of the certificate was approved, or the chain shows it."""
    match entry.event:
        case i.CertificateRevoked(change_id=change_id):
            return {"revoked": True, "request": None, "changing": change_id}
        case i.CertificateReissued(change_id=change_id, wallet=wallet):
            return {"revoked": False, "request": None, "changing": change_id, "holder": wallet}
        case i.TransferApproved(change_id=change_id, new_wallet=wallet):
            return {"request": None, "changing": change_id, "transfer_to": wallet}
        case i.InvestmentPostingAbandoned(held=i.Held() as held):
            return {**msgspec.structs.asdict(held), "changing": None}
        case i.CertificateChangeConfirmed(change_id=change_id, held=i.Held() as held):
            changing = change_id if held.transfer_to is not None else row.changing
            return {**msgspec.structs.asdict(held), "changing": changing}
        case i.CertificateChangeConfirmed():
            # An approved transfer is over once the holder has made it.
            return {"changing": row.changing if row.transfer_to is not None else None}
        case i.CertificateTransferred(to_wallet=wallet):
            return {"holder": wallet, "changing": None, "transfer_to": None}
        case _:
            return {}


def _abandoned(row: Investment, entry: Entry) -> Fields:
    return _refund(row, entry) or _certificate(row, entry)


# Which part of the row an event tells about: a dozen comparisons fewer for each of very many entries.
Part = Callable[[Investment, Entry], Fields]
PARTS: dict[type[Event], Part] = {
    **dict.fromkeys((i.InvestmentAdmitted, i.InvestmentReconfirmed), _commitment),
    **dict.fromkeys((i.InvestmentCancelled, i.CommitmentLapsed), _commitment),
    **dict.fromkeys((i.PaymentReceived, i.PaymentLost, i.InvestmentScaledBack, i.InvestmentFunded), _payment),
    **dict.fromkeys((i.RecordingConfirmed, i.SharesAllotted, i.CertificateConfirmed), _chain),
    **dict.fromkeys((i.RefundOrdered, i.RefundConfirmed, i.DepositReclaimed), _refund),
    **dict.fromkeys((i.CertificateChangeRequested, i.CertificateChangeDeclined), _asked),
    **dict.fromkeys((i.CertificateRevoked, i.CertificateReissued, i.TransferApproved), _certificate),
    **dict.fromkeys((i.CertificateChangeConfirmed, i.CertificateTransferred), _certificate),
    i.InvestmentPostingAbandoned: _abandoned,
}

INVESTMENTS = View(
    name="investments", version=3, tables=(TABLE,), topics=topics_of("investment"), reads=_reads, fold=_fold
)
