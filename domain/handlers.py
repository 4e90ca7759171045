"""One command in, its events out: the right to ask, then the handler that loads, decides and records."""

from __future__ import annotations

from typing import Any

from domain import commands as c
from domain.asking import Command, Handler, Work
from domain.campaign import end_handlers as campaign_ends
from domain.campaign import handlers as campaigns
from domain.campaign.events import CampaignPostingConfirmed, CampaignPostingRejected
from domain.campaign.state import Campaign
from domain.company import handlers as companies
from domain.company.events import CompanyPostingConfirmed, CompanyPostingRejected
from domain.company.state import Company
from domain.errors import Refusal
from domain.eyes import same_fact
from domain.investment import handlers as investments
from domain.investment.events import InvestmentPostingRejected
from domain.investment.state import Investment
from domain.investor import handlers as investors
from domain.payment import handlers as payments
from domain.values import TEXT_CHARS_MAX


def decide(command: Any, work: Work) -> None:
    """Record the events of a command on `work`, or raise Refusal and record nothing."""
    roles = c.ALLOWED[type(command)]
    if work.actor.role not in roles:
        raise Refusal(
            "role-not-allowed",
            f"{type(command).__name__} is for {', '.join(sorted(roles))}, not for {work.actor.role}",
            role=work.actor.role,
        )
    HANDLERS[type(command)](command, work)


def _reject_posting(command: c.RejectPosting, work: Work) -> None:
    kinds = (
        (Company, CompanyPostingRejected),
        (Campaign, CampaignPostingRejected),
        (Investment, InvestmentPostingRejected),
    )
    for kind, event in kinds:
        if work.find(kind, command.stream) is not None:
            work.record(
                command.stream,
                event(
                    entry_position=command.entry_position,
                    code=command.code[:TEXT_CHARS_MAX],  # a node's words, however long
                    reason=command.reason[:TEXT_CHARS_MAX],
                ),
            )
            return
    raise Refusal("not-found", f"there is no stream {command.stream}", kind="stream", id=str(command.stream))


def _confirm_posting(command: c.ConfirmPosting, work: Work) -> None:
    fact = command.on_chain
    company, campaign = work.find(Company, command.stream), work.find(Campaign, command.stream)
    if company is not None:
        if not same_fact(company.posted.get(fact.entry_position), fact):
            work.record(company.id, CompanyPostingConfirmed(on_chain=fact))
    elif campaign is not None:
        if not same_fact(campaign.posted.get(fact.entry_position), fact):
            work.record(campaign.id, CampaignPostingConfirmed(on_chain=fact))
    else:
        raise Refusal("not-found", f"there is no stream {command.stream}", kind="stream", id=str(command.stream))


HANDLERS: dict[type[Command], Handler] = {
    **companies.HANDLERS,
    **campaigns.HANDLERS,
    **campaign_ends.HANDLERS,
    **investors.HANDLERS,
    **investments.HANDLERS,
    **payments.HANDLERS,
    c.RejectPosting: _reject_posting,
    c.ConfirmPosting: _confirm_posting,
}
