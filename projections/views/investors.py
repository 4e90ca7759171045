"""Investors: an opaque id, a bound wallet, KYC, and what they may invest."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from domain import investor as i
from domain.journal import Entry
from projections.folding import Change, Fields, Ref, Sight, Table, View, changed, topics_of
from projections.rows import Investor, Means, RiskText, WalletChallenge

TABLE = Table("investors", Investor, "id")


def _reads(entry: Entry) -> Sequence[Ref]:
    return [(TABLE, entry.stream)]


def _fold(sight: Sight, entry: Entry) -> Sequence[Change]:
    if isinstance(entry.event, i.InvestorRegistered):
        return [(TABLE, _registered(entry, entry.event))]
    row = sight.find(Investor, TABLE, entry.stream)
    if row is None:
        return []
    fields = _wallet(entry.event) or _known(entry.event) or _eligible(row, entry.event)
    return [(TABLE, changed(row, version=entry.version, **fields))]


def _registered(entry: Entry, event: i.InvestorRegistered) -> Investor:
    return Investor(
        id=entry.stream,
        position=entry.position,
        version=entry.version,
        registered_at=entry.meta.at,
        owner=event.owner,
        reference=event.reference,
        wallet=event.claimed_wallet,
    )


def _wallet(event: Any) -> Fields:
    match event:
        case i.WalletChallenged(challenge=challenge):
            return {"challenge": WalletChallenge(**msgspec.structs.asdict(challenge))}
        case i.WalletBound(wallet=wallet):
            return {"wallet": wallet, "challenge": None}
        case _:
            return {}


def _known(event: Any) -> Fields:
    """Whether the platform knows who this is."""
    match event:
        case i.KycSubmitted():
            return {"kyc": "submitted", "level": None, "kyc_reason": None}
        case i.KycApproved(level=level, valid_until=until):
            return {"kyc": "approved", "level": level, "kyc_until": until, "kyc_reason": None}
        case i.KycRejected(reason=reason):
            return {"kyc": "rejected", "level": None, "kyc_reason": reason}
        case i.KycExpired():
            return {"kyc": "expired", "level": None}
        case i.InvestorErased():
            return {"erased": True}
        case _:
            return {}


def _eligible(row: Investor, event: Any) -> Fields:  # noqa: PLR0911  # one line an event
    match event:
        case i.InvestorClassified(classification=classification, valid_until=until):
            return {"classification": classification, "classified_until": until}
        case i.EntryTestRecorded(passed=passed, valid_until=until):
            return {"test_passed_until": until if passed else None}
        case i.MeansDeclared(means=means):
            others = (known for known in row.means if known.pack != means.pack)
            return {"means": (*others, Means(**msgspec.structs.asdict(means)))}
        case i.RiskAcknowledged(kind=kind, sha256=sha256):
            texts = (known for known in row.acknowledged if known.kind != kind)
            return {"acknowledged": (*texts, RiskText(kind=kind, sha256=sha256))}
        case i.CommitmentCounted():
            return {"commitments": row.commitments + 1}
        case i.CommitmentUncounted():
            return {"commitments": row.commitments - 1}
        case _:
            return {}


INVESTORS = View(name="investors", version=2, tables=(TABLE,), topics=topics_of("investor"), reads=_reads, fold=_fold)
