"""What an investor has: in each campaign, and in sum of each currency. Made of other rows when asked for."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

import msgspec


class Stake(msgspec.Struct, frozen=True, kw_only=True):
    """`received` is all that was paid: `pending` does not count yet, `counted` does, `refunded` did; `owed` goes back,
    `returned` has gone back, `reversed` the provider took. Reversed after the closing it is counted still, and owed by
    the investor.

    `certificates` are those that the chain shows and that were never transferred, `shares_held` their shares.
    """

    currency: str
    investments: int
    committed: int
    waiting: int
    received: int
    pending: int
    counted: int
    refunded: int
    owed: int
    returned: int
    reversed: int
    shares_allotted: int
    shares_held: int
    certificates: int


class CampaignStake(Stake, frozen=True, kw_only=True):
    """The same of one campaign; `position` is that of the investor's first commitment in it."""

    position: int
    campaign_id: UUID
    company_id: UUID
    title: str
    status: str


SUMMED = tuple(name for name in Stake.__struct_fields__ if name != "currency")


def sums_of(stakes: Iterable[CampaignStake]) -> list[Stake]:
    """The sums of each currency, never mixed, in the order of their names."""
    by_currency: dict[str, dict[str, int]] = {}
    for stake in stakes:
        sums = by_currency.setdefault(stake.currency, dict.fromkeys(SUMMED, 0))
        for name in SUMMED:
            sums[name] += getattr(stake, name)
    return [Stake(currency=currency, **sums) for currency, sums in sorted(by_currency.items())]
