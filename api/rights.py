"""Who may read what. Pure: a viewer and the owners of a thing in, yes or no out."""

from __future__ import annotations

import msgspec

# Whoever reviews, handles money, runs or audits the platform sees everything; issuers and investors see their own.
ALL_SEEING = frozenset({"compliance", "treasury_maker", "treasury_checker", "operator", "auditor", "admin"})
EVERYBODY = ALL_SEEING | {"issuer", "investor"}

# Once a campaign has been open to investors, every key may look at it.
PUBLIC_STATUSES = frozenset(
    {
        "live",
        "paused",
        "closing",
        "successful",
        "settling",
        "settled",
        "failed",
        "cancelled",
        "refunding",
        "refunded",
    }
)


class Viewer(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks."""

    principal: str
    roles: frozenset[str]

    @property
    def sees_all(self) -> bool:
        return not ALL_SEEING.isdisjoint(self.roles)

    def sees(self, *owners: str | None) -> bool:
        """Whether a thing of these owners may be shown: to them, and to whoever sees all."""
        return self.sees_all or self.principal in owners

    def sees_campaign(self, owner: str, status: str) -> bool:
        """A campaign is its issuer's until it is live, and public from then on."""
        return status in PUBLIC_STATUSES or self.sees(owner)
