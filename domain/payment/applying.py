"""Money that counts for an investment: on the investment, and on its campaign."""

from __future__ import annotations

from domain.asking import Work
from domain.campaign import running
from domain.campaign.state import Campaign
from domain.investment import funding
from domain.investment.events import InvestmentFunded
from domain.investment.state import Investment, Source


def apply(investment: Investment, source: Source, work: Work) -> None:
    """Let a part of a payment, no more than is due, count for its investment."""
    campaign = work.load(Campaign, investment.campaign_id)
    pack = campaign.terms.rule_pack
    event = funding.receive(investment, source, counts_at_once=running.counts_at_once(campaign))
    work.record(investment.id, event, pack=pack)
    if isinstance(event, InvestmentFunded):
        received = running.receive(campaign, investment_id=investment.id, amount=investment.amount, held=False)
        work.record(campaign.id, received, pack=pack)
    elif source.amount == investment.due and not running.counts_at_once(campaign):
        work.record(campaign.id, running.hold(investment_id=investment.id, amount=investment.amount), pack=pack)
