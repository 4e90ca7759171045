"""What people decided about effects of a campaign that the chain refused for good."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

import msgspec

from domain.campaign.state import Campaign
from domain.postings import (
    CLOSE,
    CREATE,
    AbandonmentProposed,
    AbandonmentWithdrawn,
    PostingAbandoned,
    PostingReleased,
)

replace = msgspec.structs.replace


class CampaignPostingReleased(PostingReleased, frozen=True, kw_only=True):
    TOPIC: ClassVar[str] = "campaign.posting_released"

    def apply(self, state: Campaign) -> Campaign:
        after: Campaign = PostingReleased.apply(self, state)
        return replace(after, deployment_rejected=False) if self.effect == CREATE else after


class CampaignAbandonmentProposed(AbandonmentProposed, frozen=True, kw_only=True):
    TOPIC: ClassVar[str] = "campaign.posting_abandonment_proposed"


class CampaignAbandonmentWithdrawn(AbandonmentWithdrawn, frozen=True, kw_only=True):
    TOPIC: ClassVar[str] = "campaign.posting_abandonment_withdrawn"


class CampaignPostingAbandoned(PostingAbandoned, frozen=True, kw_only=True):
    """What follows from the effect:

    1. A creation: the campaign is abandoned; an event of its own says so.
    2. A closing: nobody gets shares that no register shows. The campaign ends as cancelled and all money goes back.
    3. A release: the money stays in escrow and may be asked for again; `release_id` names it.
    4. A pause or a deadline: nothing waited for it.
    """

    TOPIC: ClassVar[str] = "campaign.posting_abandoned"
    release_id: UUID | None = None

    def apply(self, state: Campaign) -> Campaign:
        after: Campaign = PostingAbandoned.apply(self, state)
        if self.effect == CLOSE:
            return replace(after, outcome="cancelled", status="refunding", closing_waived=True)
        if self.release_id is not None:
            releases = (replace(r, abandoned=True) if r.id == self.release_id else r for r in after.releases)
            return replace(after, releases=tuple(releases))
        return after
