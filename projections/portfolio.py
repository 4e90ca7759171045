"""The question for an investor's portfolio."""

from __future__ import annotations

from uuid import UUID

from projections.rows import CampaignStake
from projections.store import Ask, plain, question

# In the order in which the statement answers.
MEMBERS = (
    *("position", "campaign_id", "company_id", "title", "status", "currency", "investments", "committed", "waiting"),
    *("received", "pending", "counted", "refunded", "owed", "returned", "reversed"),
    *("shares_allotted", "shares_held", "certificates"),
)


class Portfolios:
    """Asks by what the book's connections answer."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask

    async def of(self, investor_id: UUID) -> list[CampaignStake]:
        """What an investor has in each campaign, in the order of the first commitments."""
        found = await self._ask(question("portfolio"), {"investor": investor_id})
        return [CampaignStake(**dict(zip(MEMBERS, map(plain, row), strict=True))) for row in found]
