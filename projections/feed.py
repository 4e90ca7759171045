"""The question for what has happened, newest first."""

from __future__ import annotations

from uuid import UUID

from projections.rows import Activity
from projections.store import Ask, question, row_of


class Feed:
    """Asks by what the book's connections answer."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask

    async def activity(
        self,
        *,
        campaign_id: UUID | None = None,
        company_id: UUID | None = None,
        investor_id: UUID | None = None,
        public: bool,
        after: int = 0,
        limit: int,
    ) -> list[Activity]:
        """The items before the one at `after`, newest first; 0 begins with the newest. `public`: only what is so."""
        asked = {"campaign": campaign_id, "company": company_id, "investor": investor_id, "public": public}
        found = await self._ask(question("activity", Activity), {**asked, "after": after, "limit": limit})
        return [row_of(Activity, values) for values in found]
