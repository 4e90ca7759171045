"""Questions to the register: who held which certificate, at any position, and the certificates themselves."""

from __future__ import annotations

from uuid import UUID

import msgspec

from projections.rows import Certificate, Holding, Shareholding
from projections.store import Ask, plain, question, row_of


class Register:
    """Asks by what the book's connections answer."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask

    async def holdings(
        self,
        *,
        campaign_id: UUID | None = None,
        company_id: UUID | None = None,
        at: int,
        standing: bool = False,
        after: int = 0,
        limit: int,
    ) -> list[Holding]:
        """The periods that had begun by a position, as they stood then; with `standing` those that had not ended."""
        asked = {"campaign": campaign_id, "company": company_id, "at": at, "standing": standing}
        found = await self._ask(question("holdings", Holding), {**asked, "after": after, "limit": limit})
        return [as_of(row_of(Holding, values), at) for values in found]

    async def cap_table(self, campaign_id: UUID, *, at: int, after: int = 0, limit: int) -> list[Shareholding]:
        """Who held what of a campaign at a position, as far as the chain had confirmed it."""
        asked = {"campaign": campaign_id, "at": at, "after": after, "limit": limit}
        names = Shareholding.__struct_fields__
        found = await self._ask(question("cap_table"), asked)
        return [Shareholding(**dict(zip(names, map(plain, row), strict=True))) for row in found]

    async def certificate(self, investment_id: UUID) -> Certificate | None:
        found = await self._ask(question("certificate", Certificate), {"id": investment_id})
        return next((row_of(Certificate, values) for values in found), None)

    async def certificates(
        self,
        *,
        campaign_id: UUID | None = None,
        investor_id: UUID | None = None,
        state: str | None = None,
        after: int = 0,
        limit: int,
    ) -> list[Certificate]:
        """Certificates in the order of their allotment."""
        asked = {"campaign": campaign_id, "investor": investor_id, "state": state, "after": after, "limit": limit}
        found = await self._ask(question("certificates", Certificate), asked)
        return [row_of(Certificate, values) for values in found]


def as_of(row: Holding, at: int) -> Holding:
    """A period as it stood at a position: of an end that came later nobody knew."""
    if row.to_position is None or row.to_position <= at:
        return row
    open_end = dict.fromkeys(("to_position", "to_at", "ended", "to_change", "to_tx_hash"))
    return msgspec.structs.replace(row, **open_end)
