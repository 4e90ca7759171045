"""Commands about what was posted to the chain: confirmed where no other command says so, rejected, released, abandoned.

One command for all aggregates: the stream says which one it is.
"""

from __future__ import annotations

from typing import Any

from domain import commands as c
from domain import postings
from domain.asking import Command, Handler, Work
from domain.campaign import events as campaigns
from domain.campaign import posting_events as of_campaign
from domain.campaign.state import Campaign
from domain.company import events as companies
from domain.company import posting_events as of_company
from domain.company.state import Company
from domain.errors import Refusal
from domain.eyes import same_fact
from domain.flows import complete_refunds_if_due, end_commitment, pay_back, unlock
from domain.investment import committing
from domain.investment import events as investments
from domain.investment import posting_events as of_investment
from domain.investment.state import Investment
from domain.journal.entries import Event
from domain.values import TEXT_CHARS_MAX, WEI

replace = postings.replace

REJECTED: dict[type[Any], Any] = {
    Company: companies.CompanyPostingRejected,
    Campaign: campaigns.CampaignPostingRejected,
    Investment: investments.InvestmentPostingRejected,
}
RELEASED: dict[type[Any], type[postings.PostingReleased]] = {
    Company: of_company.CompanyPostingReleased,
    Campaign: of_campaign.CampaignPostingReleased,
    Investment: of_investment.InvestmentPostingReleased,
}
PROPOSED: dict[type[Any], type[postings.AbandonmentProposed]] = {
    Company: of_company.CompanyAbandonmentProposed,
    Campaign: of_campaign.CampaignAbandonmentProposed,
    Investment: of_investment.InvestmentAbandonmentProposed,
}
WITHDRAWN: dict[type[Any], type[postings.AbandonmentWithdrawn]] = {
    Company: of_company.CompanyAbandonmentWithdrawn,
    Campaign: of_campaign.CampaignAbandonmentWithdrawn,
    Investment: of_investment.InvestmentAbandonmentWithdrawn,
}
ABANDONED: dict[type[Any], type[postings.PostingAbandoned]] = {
    Company: of_company.CompanyPostingAbandoned,
    Campaign: of_campaign.CampaignPostingAbandoned,
    Investment: of_investment.InvestmentPostingAbandoned,
}


def _load(command: Any, work: Work) -> Any:
    """The aggregate whose entry obliged the effect."""
    for kind in REJECTED:
        state = work.find(kind, command.stream)
        if state is not None:
            return state
    raise Refusal("not-found", f"there is no stream {command.stream}", kind="stream", id=str(command.stream))


def _reject(command: c.RejectPosting, work: Work) -> None:
    """Always recorded: a rejection of what the chain shows is a contradiction that people must see."""
    state = _load(command, work)
    rejected = REJECTED[
        type(state)
    ](
        entry_position=command.entry_position,
        code=command.code[:TEXT_CHARS_MAX],  # a node's words, however long
        reason=command.reason[:TEXT_CHARS_MAX],
        effect=command.effect if command.effect in postings.EFFECTS else "",
    )
    work.record(command.stream, rejected)


def _confirm(command: c.ConfirmPosting, work: Work) -> None:
    fact = command.on_chain
    company, campaign = work.find(Company, command.stream), work.find(Campaign, command.stream)
    if company is not None:
        if not same_fact(company.posted.get(fact.entry_position), fact):
            work.record(company.id, companies.CompanyPostingConfirmed(on_chain=fact))
    elif campaign is not None:
        if not same_fact(campaign.posted.get(fact.entry_position), fact):
            work.record(campaign.id, campaigns.CampaignPostingConfirmed(on_chain=fact))
    else:
        raise Refusal("not-found", f"there is no stream {command.stream}", kind="stream", id=str(command.stream))


def _release(command: c.ReleasePosting, work: Work) -> None:
    state = _load(command, work)
    event = postings.release(state, RELEASED[type(state)], position=command.entry_position, reason=command.reason)
    _check_wanted(state, command.entry_position)
    work.record(command.stream, event)


def _check_wanted(state: Any, position: int) -> None:
    """Refuse to oblige anew what its aggregate waits for no longer."""
    effect = state.postings[position].effect
    match state:
        case Company() if effect == postings.REGISTER and state.registration != "refused":
            raise Refusal("wrong-status", "another approval obliged the registration", status=state.registration)
        case Campaign() if effect == postings.CREATE:
            state.check_in("deploying")
        case Investment(repaid=True) if effect in {postings.RECORD, postings.REFUND}:
            raise Refusal("wrong-status", "its money has gone back already", status=state.status)
        case _:
            return


def _propose(command: c.ProposeAbandonment, work: Work) -> None:
    state = _load(command, work)
    event = postings.propose(
        state, PROPOSED[type(state)], position=command.entry_position, reason=command.reason, by=work.actor
    )
    _check_possible(state, state.postings[command.entry_position].effect, work)
    work.record(command.stream, event)


def _withdraw(command: c.WithdrawAbandonment, work: Work) -> None:
    state = _load(command, work)
    event = postings.withdraw(state, WITHDRAWN[type(state)], position=command.entry_position, reason=command.reason)
    work.record(command.stream, event)


def _approve(command: c.ApproveAbandonment, work: Work) -> None:
    state = _load(command, work)
    event = postings.abandon(state, ABANDONED[type(state)], position=command.entry_position, by=work.actor)
    assert isinstance(event, postings.PostingAbandoned)
    _check_possible(state, event.effect, work)
    match state:
        case Campaign():
            _abandon_of_campaign(state, event, work)
        case Investment():
            _abandon_of_investment(state, event, work)
        case _:
            work.record(command.stream, event)


def _check_possible(state: Any, effect: str, work: Work) -> None:
    """Refuse where going on without the chain would leave money behind.

    1. Coin lies in the chain's escrow: only the chain can give it back.
    2. A closing that is under way counts the recording; without it the sums would never agree.
    """
    if not isinstance(state, Investment) or effect not in {postings.RECORD, postings.REFUND}:
        return
    campaign = work.load(Campaign, state.campaign_id)
    if campaign.terms.currency == WEI:
        raise Refusal("coin-on-chain", "the coin lies in the chain's escrow: mend the reason and release the effect")
    counted = campaign.ended and not campaign.ended_for_good and not state.refund_ordered
    if effect == postings.RECORD and counted:
        text = "the closing counts this recording: release it, or abandon the closing first"
        raise Refusal("wrong-status", text, status=campaign.status)


def _abandon_of_campaign(campaign: Campaign, event: Event, work: Work) -> None:
    assert isinstance(event, of_campaign.CampaignPostingAbandoned)
    if event.effect == postings.RELEASE:
        waiting = campaign.waiting_release
        event = replace(event, release_id=waiting.id if waiting is not None and waiting.approved else None)
    work.record(campaign.id, event)
    complete_refunds_if_due(campaign, work=work)  # a closing was abandoned, and nobody had paid
    if event.effect == postings.CREATE and campaign.status == "deploying":
        work.record(campaign.id, campaigns.CampaignAbandoned(reason=event.reason))
        unlock(campaign, reason="abandoned", year_used=False, raised=0, work=work)


def _abandon_of_investment(investment: Investment, event: Event, work: Work) -> None:
    assert isinstance(event, of_investment.InvestmentPostingAbandoned)
    campaign = work.load(Campaign, investment.campaign_id)
    if event.effect in postings.CHANGES and investment.changing is not None:
        event = replace(event, change_id=investment.changing, held=investment.before or investment.held)
    counts = event.effect == postings.RECORD and investment.funded and not campaign.ended
    refunds = event.effect == postings.REFUND and investment.refund_ordered
    back = (counts or refunds) and not investment.repaid
    if counts and investment.cancelled is None:
        ended = committing.end(investment, reason=event.reason)
        end_commitment(investment, ended, reason="cancelled", work=work)
    work.record(investment.id, replace(event, repaid=back))
    if back:
        pay_back(work.load(Investment, investment.id), amount=investment.amount, work=work)


HANDLERS: dict[type[Command], Handler] = {
    c.RejectPosting: _reject,
    c.ConfirmPosting: _confirm,
    c.ReleasePosting: _release,
    c.ProposeAbandonment: _propose,
    c.WithdrawAbandonment: _withdraw,
    c.ApproveAbandonment: _approve,
}
