"""Deciders about a campaign's coin: what others did at the chain's escrow. None: it is so already."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from domain.campaign.coin_events import EmergencyAnnounced, EmergencyCancelled, ReleaseWithdrawn
from domain.campaign.state import Campaign
from domain.errors import Refusal
from domain.journal.entries import Event
from domain.values import WEI, ChainPlace


def withdraw(campaign: Campaign, *, release_id: UUID, payee: str, place: ChainPlace) -> Event | None:
    """A payee takes all credit at once: a release that is not confirmed, or was taken before, is none of it."""
    release = next((r for r in campaign.releases if r.id == release_id), None)
    if release is None or release.confirmed is None or release.withdrawn is not None:
        return None
    return ReleaseWithdrawn(release_id=release_id, payee=payee, place=place)


def announce_emergency(campaign: Campaign, *, begins_at: datetime, place: ChainPlace) -> Event | None:
    _check_coin(campaign)
    return None if campaign.emergency_at == begins_at else EmergencyAnnounced(begins_at=begins_at, place=place)


def cancel_emergency(campaign: Campaign, *, place: ChainPlace) -> Event | None:
    _check_coin(campaign)
    return None if campaign.emergency_at is None else EmergencyCancelled(place=place)


def check_no_emergency(campaign: Campaign, *, now: datetime) -> None:
    """Refuse a release that the escrow would refuse."""
    begins_at = campaign.emergency_at
    if begins_at is not None and now >= begins_at:
        text = f"the emergency of this campaign began at {begins_at}: its coin only goes back to its depositors"
        raise Refusal("wrong-status", text, status=campaign.status, emergency_at=str(begins_at))


def _check_coin(campaign: Campaign) -> None:
    if campaign.terms.currency != WEI:
        text = f"the campaign settles in {campaign.terms.currency}: it has no coin in the escrow"
        raise Refusal("currency-differs", text, currency=campaign.terms.currency)
