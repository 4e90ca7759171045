"""Commands about a campaign's end: closing, cancelling, releasing its money."""

from __future__ import annotations

from domain.asking import Command, Handler, Work, record_if
from domain.campaign import changing, coin, ending
from domain.campaign import commands as c
from domain.campaign.events import CampaignAbandoned
from domain.campaign.money_events import ClosingStarted
from domain.campaign.state import Campaign
from domain.company.state import Company
from domain.errors import Refusal
from domain.flows import close_if_due, complete_refunds_if_due, unlock


def _request_cancellation(command: c.RequestCancellation, work: Work) -> None:
    campaign = work.load(Campaign, command.campaign_id)
    work.record(campaign.id, changing.request_cancellation(campaign, reason=command.reason, by=work.actor))


def _approve_cancellation(command: c.ApproveCancellation, work: Work) -> None:
    campaign = work.load(Campaign, command.campaign_id)
    event = ending.cancel(campaign, reason=changing.check_cancellation(campaign, by=work.actor))
    work.record(campaign.id, event, pack=campaign.terms.rule_pack)
    if isinstance(event, CampaignAbandoned):
        unlock(campaign, reason="abandoned", year_used=False, raised=0, work=work)
    else:
        close_if_due(campaign, work=work)


def _decline_cancellation(command: c.DeclineCancellation, work: Work) -> None:
    campaign = work.load(Campaign, command.campaign_id)
    work.record(campaign.id, changing.decline_cancellation(campaign, reason=command.reason, by=work.actor))


def _close(command: c.CloseCampaign, work: Work) -> None:
    campaign = work.load(Campaign, command.campaign_id)
    # A campaign must be able to end although its pack is in use no longer.
    pack = work.packs.find(campaign.terms.rule_pack)
    event = ending.start_closing(campaign, reason=command.reason, now=work.now, pack=pack)
    work.record(campaign.id, event, pack=campaign.terms.rule_pack)
    if isinstance(event, ClosingStarted):
        close_if_due(campaign, work=work)


def _complete_closing(command: c.CompleteClosing, work: Work) -> None:
    campaign = work.load(Campaign, command.campaign_id)
    if campaign.ended:
        return
    campaign.check_in("closing")
    if campaign.held_investments:
        raise Refusal("answers-awaited", f"{campaign.held_investments} commitments have no allotment yet")
    close_if_due(campaign, work=work)


def _confirm_closing(command: c.ConfirmClosing, work: Work) -> None:
    campaign = work.load(Campaign, command.campaign_id)
    event = ending.confirm_closing(campaign, command.on_chain)
    if event is not None:
        work.record(campaign.id, event)
        complete_refunds_if_due(campaign, work=work)  # nobody may have paid: then it is over now


def _request_release(command: c.RequestRelease, work: Work) -> None:
    campaign = work.load(Campaign, command.campaign_id)
    event = ending.request_release(campaign, release_id=command.release_id, by=work.actor)
    coin.check_no_emergency(campaign, now=work.now)
    work.load(Company, campaign.company_id).check_standing(work.now)
    work.record(campaign.id, event, pack=campaign.terms.rule_pack)


def _approve_release(command: c.ApproveRelease, work: Work) -> None:
    campaign = work.load(Campaign, command.campaign_id)
    company = work.load(Company, campaign.company_id)
    event = ending.approve_release(campaign, release_id=command.release_id, wallet=company.wallet, by=work.actor)
    coin.check_no_emergency(campaign, now=work.now)
    company.check_standing(work.now)
    work.record(campaign.id, event)


def _decline_release(command: c.DeclineRelease, work: Work) -> None:
    campaign = work.load(Campaign, command.campaign_id)
    event = ending.decline_release(campaign, release_id=command.release_id, reason=command.reason, by=work.actor)
    work.record(campaign.id, event)


def _confirm_release(command: c.ConfirmRelease, work: Work) -> None:
    campaign = work.load(Campaign, command.campaign_id)
    event = ending.confirm_release(campaign, release_id=command.release_id, fact=command.on_chain)
    if event is None:
        return
    work.record(campaign.id, event)
    if work.load(Campaign, campaign.id).status == "settled":
        unlock(campaign, reason="settled", year_used=True, raised=campaign.raised, work=work)


def _record_withdrawal(command: c.RecordWithdrawal, work: Work) -> None:
    for name in command.releases:
        campaign = work.find(Campaign, name.campaign_id)
        if campaign is not None:
            event = coin.withdraw(campaign, release_id=name.release_id, payee=command.payee, place=command.place)
            record_if(work, campaign.id, event)


def _record_emergency(command: c.RecordEmergency, work: Work) -> None:
    campaign = work.load(Campaign, command.campaign_id)
    if command.begins_at is None:
        event = coin.cancel_emergency(campaign, place=command.place)
    else:
        event = coin.announce_emergency(campaign, begins_at=command.begins_at, place=command.place)
    record_if(work, campaign.id, event)


HANDLERS: dict[type[Command], Handler] = {
    c.RequestCancellation: _request_cancellation,
    c.ApproveCancellation: _approve_cancellation,
    c.DeclineCancellation: _decline_cancellation,
    c.CloseCampaign: _close,
    c.CompleteClosing: _complete_closing,
    c.ConfirmClosing: _confirm_closing,
    c.RequestRelease: _request_release,
    c.ApproveRelease: _approve_release,
    c.DeclineRelease: _decline_release,
    c.ConfirmRelease: _confirm_release,
    c.RecordWithdrawal: _record_withdrawal,
    c.RecordEmergency: _record_emergency,
}
