"""Answers about what an investor has."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from api.answers.answer import Amount, Answer, shown
from projections import rows


class Stake(Answer, frozen=True, kw_only=True):
    """The sums of one currency. `committed` is what stands, `waiting` what is behind full campaigns.

    `received` is all that was paid: `pending` does not count yet, `counted` does, `refunded` did; `owed` goes back,
    `returned` has gone back, `reversed` the provider took. `certificates` are those that the chain shows and that were
    never transferred, `shares_held` their shares; what came by a transfer is told by the register alone.
    """

    currency: str
    investments: int
    committed: Amount
    waiting: Amount
    received: Amount
    pending: Amount
    counted: Amount
    refunded: Amount
    owed: Amount
    returned: Amount
    reversed: Amount
    shares_allotted: int
    shares_held: int
    certificates: int


class CampaignStake(Stake, frozen=True, kw_only=True):
    """The same of one campaign; `position` is that of the investor's first commitment, `status` the campaign's."""

    position: int
    campaign_id: UUID
    company_id: UUID
    title: str
    status: str


class Portfolio(Answer, frozen=True, kw_only=True):
    """What an investor has: in sum of each currency, and campaign by campaign. `next` is for the next of these."""

    investor_id: UUID
    sums: list[Stake]
    items: list[CampaignStake]
    next: int | None


def portfolio(
    investor_id: UUID, stakes: Sequence[rows.CampaignStake], *, items: Sequence[rows.CampaignStake], next_: int | None
) -> Portfolio:
    sums = [shown(Stake, one) for one in rows.sums_of(stakes)]
    return Portfolio(investor_id=investor_id, sums=sums, items=[shown(CampaignStake, one) for one in items], next=next_)
