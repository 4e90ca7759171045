"""Releases: every tranche of every campaign, from the request over the approval to the chain, and out of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from domain.campaign import (
    CampaignPostingAbandoned,
    ReleaseApproved,
    ReleaseConfirmed,
    ReleaseDeclined,
    ReleaseRequested,
    ReleaseWithdrawn,
)
from domain.journal import Entry
from projections.folding import Change, Fields, Ref, Sight, Table, View, changed
from projections.rows import Release

TABLE = Table("releases", Release, "id")


def key_of(campaign_id: UUID, release_id: UUID) -> str:
    """A release id counts within one campaign."""
    return f"{campaign_id}/{release_id}"


def _place(entry: Entry) -> str:
    event: Any = entry.event
    return key_of(entry.stream, event.release_id)


def _reads(entry: Entry) -> Sequence[Ref]:
    event: Any = entry.event
    return [(TABLE, _place(entry))] if event.release_id is not None else []


def _fold(sight: Sight, entry: Entry) -> Sequence[Change]:
    if isinstance(entry.event, ReleaseRequested):
        return [(TABLE, _requested(entry, entry.event))]
    event: Any = entry.event
    row = sight.find(Release, TABLE, _place(entry)) if event.release_id is not None else None
    return [(TABLE, changed(row, **_after(entry)))] if row is not None else []


def _requested(entry: Entry, event: ReleaseRequested) -> Release:
    return Release(
        id=_place(entry),
        position=entry.position,
        campaign_id=entry.stream,
        release_id=event.release_id,
        tranche=event.tranche,
        amount=event.amount,
        fee=event.fee,
        requester=event.requester,
        requested_at=entry.meta.at,
    )


def _after(entry: Entry) -> Fields:
    match entry.event:
        case ReleaseApproved(wallet=wallet):
            return {"state": "approved", "wallet": wallet, "approved_position": entry.position}
        case ReleaseDeclined(reason=reason):
            return {"state": "declined", "declined_reason": reason, "declined_position": entry.position}
        case CampaignPostingAbandoned():
            return {"state": "abandoned"}
        case ReleaseConfirmed(on_chain=fact):
            place = {"confirmed_position": entry.position, "confirmed_tx_hash": fact.tx_hash}
            return {"state": "confirmed", **place}
        case ReleaseWithdrawn(place=at):
            return {"state": "withdrawn", "withdrawn_position": entry.position, "withdrawn_tx_hash": at.tx_hash}
        case _:
            return {}


RELEASING = (
    ReleaseRequested,
    ReleaseApproved,
    ReleaseDeclined,
    ReleaseConfirmed,
    ReleaseWithdrawn,
    CampaignPostingAbandoned,
)
RELEASES = View(
    name="releases",
    version=2,
    tables=(TABLE,),
    topics=frozenset(e.TOPIC for e in RELEASING),
    reads=_reads,
    fold=_fold,
)
