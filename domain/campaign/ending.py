"""Deciders about the end of a campaign: closing, releases, refunds. None: it is so already."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from domain.campaign.events import CampaignAbandoned, CampaignPostingConfirmed, EarlyCloseLapsed
from domain.campaign.money_events import (
    CampaignClosed,
    ClosingConfirmed,
    ClosingStarted,
    RefundPaid,
    RefundsCompleted,
    ReleaseApproved,
    ReleaseConfirmed,
    ReleaseDeclined,
    ReleaseRequested,
)
from domain.campaign.state import Campaign, Release
from domain.errors import Refusal
from domain.eyes import check_other_eyes, same_fact
from domain.journal.entries import Actor, Event
from domain.money import fee_of, part_of
from domain.rule_packs import RulePack
from domain.values import BPS, ChainFact, check_text


def start_closing(campaign: Campaign, *, reason: str, now: datetime, pack: RulePack | None) -> Event:
    """End the campaign: at its deadline; before it only as its rules allow.

    1. The deadline has passed: always, once everybody who may still withdraw or must reconfirm has had the time.
    2. An early close that was announced has come: at the threshold; below it the announcement lapses.
    3. The threshold is reached and the pack asks for no notice of an early close.
    4. The pack lets an operator end a campaign that fails.
    """
    campaign.check_in("live", "paused")
    check_text(reason, name="reason")
    _check_answers(campaign, now)
    assert campaign.deadline is not None
    if now >= campaign.deadline:
        return ClosingStarted(reason=reason)
    reached = campaign.expected >= campaign.terms.threshold
    if campaign.early_deadline is not None and now >= campaign.early_deadline:
        return ClosingStarted(reason=reason) if reached else EarlyCloseLapsed(deadline=campaign.early_deadline)
    at_once = pack is not None and not pack.early_close_notice_days and not pack.open_s_minimum
    if (reached and at_once) or (pack is not None and pack.early_failure):
        return ClosingStarted(reason=reason)
    raise Refusal(
        "still-open", "before its deadline a campaign closes only as its rules say", deadline=str(campaign.deadline)
    )


def cancel(campaign: Campaign, *, reason: str) -> Event:
    """End the campaign without success, whatever it has raised. One that never came to stand is abandoned."""
    if campaign.status == "deploying":
        if not campaign.deployment_rejected:
            raise Refusal("wrong-status", "the campaign's contract is on its way: wait for it", status=campaign.status)
        return CampaignAbandoned(reason=reason)
    campaign.check_in("live", "paused")
    return ClosingStarted(reason=reason, cancelled=True)


def close(campaign: Campaign) -> Event | None:
    """Decide the outcome, once nothing is on its way back and nothing waits for its allotment; None before."""
    waits = campaign.unwinding or (campaign.held_investments and not campaign.cancelling)
    if campaign.status != "closing" or waits:
        return None
    if campaign.cancelling:
        outcome = "cancelled"
    else:
        # Coin that depositors took back in an emergency is not there to be released.
        reached = campaign.raised >= campaign.terms.threshold and not campaign.refunded_investments
        outcome = "successful" if reached else "failed"
    return CampaignClosed(outcome=outcome, raised=campaign.raised, reason=campaign.closing_reason)


def confirm_closing(campaign: Campaign, fact: ChainFact) -> Event | None:
    if same_fact(campaign.closing, fact):
        return None
    if campaign.outcome is None:
        raise Refusal("not-obliged", "nothing obliged the closing of this campaign")
    if campaign.closing_waived:  # it ended otherwise meanwhile; what the chain shows is kept beside that
        known = campaign.posted.get(fact.entry_position)
        return None if same_fact(known, fact) else CampaignPostingConfirmed(on_chain=fact)
    return ClosingConfirmed(outcome=campaign.outcome, on_chain=fact)


def request_release(campaign: Campaign, *, release_id: UUID, by: Actor) -> Event:
    """Ask for the next part of the money: the whole, or the next milestone, less the fee's part (seed rule 4).

    The fee is a part of all that was raised, rounded down; amounts and fees of all tranches add up to it exactly.
    """
    campaign.check_in("successful", "settling")
    campaign.check_ended("successful")
    waiting = campaign.waiting_release
    if waiting is not None:
        raise Refusal("already-requested", "a release is under way", release_id=str(waiting.id))
    if any(r.id == release_id for r in campaign.releases):
        raise Refusal("already-exists", "a release of this id was made before", release_id=str(release_id))
    tranche = sum(not release.abandoned for release in campaign.releases)
    shares = [milestone.bps for milestone in campaign.terms.milestones] or [BPS]
    before, upto = sum(shares[:tranche]), sum(shares[: tranche + 1])
    fee = part_of(fee_of(campaign.raised, bps=campaign.terms.fee_bps), upto_bps=upto, before_bps=before)
    amount = part_of(campaign.raised, upto_bps=upto, before_bps=before) - fee
    return ReleaseRequested(release_id=release_id, amount=amount, fee=fee, requester=by.id, tranche=tranche)


def approve_release(campaign: Campaign, *, release_id: UUID, wallet: str, by: Actor) -> Event:
    """Approve exactly the release that waits, by its id. Four eyes."""
    release = _waiting(campaign, release_id)
    check_other_eyes(by, release.requester)
    if any(r.tranche == release.tranche and r.confirmed is not None for r in campaign.releases):
        raise Refusal(
            "already-approved", "the chain shows a release of this part that had been abandoned: decline this"
        )
    return ReleaseApproved(release_id=release.id, amount=release.amount, fee=release.fee, wallet=wallet)


def decline_release(campaign: Campaign, *, release_id: UUID, reason: str, by: Actor) -> Event:
    release = _waiting(campaign, release_id)
    check_other_eyes(by, release.requester)
    check_text(reason, name="reason")
    return ReleaseDeclined(release_id=release.id, reason=reason)


def confirm_release(campaign: Campaign, *, release_id: UUID, fact: ChainFact) -> Event | None:
    release = next((r for r in campaign.releases if r.id == release_id), None)
    if release is None or not release.approved:
        raise Refusal("not-obliged", "nothing obliged this release", release_id=str(release_id))
    if same_fact(release.confirmed, fact):
        return None
    check_held(campaign, amount=release.amount + release.fee)
    return ReleaseConfirmed(release_id=release_id, on_chain=fact)


def check_held(campaign: Campaign, *, amount: int) -> None:
    """Refuse a log of more money than the campaign has: an escrow that pays it out twice is not ours to follow."""
    if amount > campaign.accounts.escrow:
        text = f"{amount} cannot have left an escrow of {campaign.accounts.escrow}"
        raise Refusal("sums-differ", text, held=str(campaign.accounts.escrow))


def pay_refund(*, investment_id: UUID, amount: int, withdrawn: bool) -> Event:
    return RefundPaid(investment_id=investment_id, amount=amount, withdrawn=withdrawn)


def complete_refunds(campaign: Campaign) -> Event | None:
    """Every funded investment has its money back: only then is the campaign over. None before, and after."""
    if campaign.status != "refunding" or campaign.refunded_investments < campaign.funded_investments:
        return None
    return RefundsCompleted(investments=campaign.funded_investments, amount=campaign.raised)


def _check_answers(campaign: Campaign, now: datetime) -> None:
    """Refuse to close while investors may withdraw without reason, or have not answered a change (silence cancels)."""
    if campaign.unconfirmed:
        raise Refusal("answers-awaited", "investors have not answered a material change yet")
    if campaign.reflection_until is not None and now < campaign.reflection_until:
        until = str(campaign.reflection_until)
        raise Refusal("answers-awaited", "investors may withdraw without reason still", until=until)


def _waiting(campaign: Campaign, release_id: UUID) -> Release:
    release = campaign.waiting_release
    if release is None or release.id != release_id:
        raise Refusal("not-requested", "no such release has been requested")
    if release.approved:
        raise Refusal("already-approved", "the release is approved already", release_id=str(release.id))
    return release
