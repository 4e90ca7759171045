"""Investors: an opaque id, a wallet, a KYC level."""

from __future__ import annotations

from collections.abc import Sequence

from domain.investor import InvestorRegistered, KycApproved
from domain.journal import Entry
from projections.folding import Change, Ref, Sight, Table, View, changed
from projections.rows import Investor

TABLE = Table("investors", Investor, "id")


def _reads(entry: Entry) -> Sequence[Ref]:
    return [(TABLE, entry.stream)]


def _fold(sight: Sight, entry: Entry) -> Sequence[Change]:
    event = entry.event
    if isinstance(event, InvestorRegistered):
        row = Investor(
            id=entry.stream,
            position=entry.position,
            version=entry.version,
            registered_at=entry.meta.at,
            owner=event.owner,
            wallet=event.claimed_wallet or "",
            reference=event.reference,
        )
        return [(TABLE, row)]
    known = sight.find(Investor, TABLE, entry.stream)
    if known is None or not isinstance(event, KycApproved):
        return []
    return [(TABLE, changed(known, version=entry.version, level=event.level))]


INVESTORS = View(
    name="investors",
    version=1,
    tables=(TABLE,),
    topics=frozenset({InvestorRegistered.TOPIC, KycApproved.TOPIC}),
    reads=_reads,
    fold=_fold,
)
