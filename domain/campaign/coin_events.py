"""What can have happened to a campaign's coin in the chain's escrow by other hands than the journal's."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar
from uuid import UUID

import msgspec

from domain.campaign.state import Campaign
from domain.journal.entries import Event
from domain.values import ChainPlace

replace = msgspec.structs.replace


class ReleaseWithdrawn(Event, frozen=True, kw_only=True):
    """The issuer has taken the coin of a release out of the escrow."""

    TOPIC: ClassVar[str] = "campaign.release_withdrawn"
    release_id: UUID
    payee: str
    place: ChainPlace

    def apply(self, state: Campaign) -> Campaign:
        releases = (replace(r, withdrawn=self.place) if r.id == self.release_id else r for r in state.releases)
        return replace(state, releases=tuple(releases))


class EmergencyAnnounced(Event, frozen=True, kw_only=True):
    """The escrow's admin says that from then on coin of this campaign only goes back to its depositors."""

    TOPIC: ClassVar[str] = "campaign.emergency_announced"
    begins_at: datetime
    place: ChainPlace

    def apply(self, state: Campaign) -> Campaign:
        return replace(state, emergency_at=self.begins_at)


class EmergencyCancelled(Event, frozen=True, kw_only=True):
    """Before it began, the escrow's admin took the announcement back."""

    TOPIC: ClassVar[str] = "campaign.emergency_cancelled"
    place: ChainPlace

    def apply(self, state: Campaign) -> Campaign:
        return replace(state, emergency_at=None)
