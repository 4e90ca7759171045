"""Deciders about a campaign that is open: commitments, funding, pauses, updates. None: it is so already."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from domain.campaign.events import (
    CampaignPaused,
    CampaignPostingConfirmed,
    CampaignResumed,
    DeploymentConfirmed,
    UpdatePosted,
)
from domain.campaign.money_events import (
    CommitmentAccepted,
    CommitmentReleased,
    CommitmentWaitlisted,
    FundingHeld,
    FundingReceived,
    WaitingLeft,
)
from domain.campaign.state import Campaign
from domain.errors import Refusal
from domain.eyes import check_other_eyes, same_fact
from domain.journal.entries import Actor, Event
from domain.rule_packs import RulePack
from domain.values import ChainFact, check_cid, check_digest, check_text

OVERSUBSCRIBED_MAX = 10  # times the cap that commitments and waiting list may reach


def confirm_deployment(campaign: Campaign, *, address: str, deadline: datetime, fact: ChainFact) -> Event | None:
    """The contract stands. Investors may commit from now on, or from the start that the terms name."""
    if same_fact(campaign.deployed, fact):
        return None
    if campaign.status == "abandoned":  # the chain has it after all; what it shows is kept, and nobody goes back
        known = campaign.posted.get(fact.entry_position)
        return None if same_fact(known, fact) else CampaignPostingConfirmed(on_chain=fact)
    if campaign.status != "deploying":
        raise Refusal("not-obliged", "nothing obliged the deployment of this campaign")
    opened_at = deadline - timedelta(seconds=campaign.terms.duration_s)
    return DeploymentConfirmed(address=address, deadline=deadline, on_chain=fact, opened_at=opened_at)


def accept(
    campaign: Campaign,
    *,
    investment_id: UUID,
    investor_id: UUID,
    amount: int,
    documents_hash: str | None,
    reflection_ends_at: datetime | None,
    now: datetime,
    pack: RulePack,
) -> Event:
    """Accept a commitment within the minimum and the cap, or put it on the list behind the cap."""
    _open(campaign, now)
    if campaign.documents_hash != documents_hash:
        text = "the commitment must name the documents as they are now"
        raise Refusal("documents-differ", text, field="documents_hash", documents_hash=campaign.documents_hash)
    minimum = max(campaign.terms.minimum, pack.investment_minimum)
    if amount < minimum:
        raise Refusal("below-minimum", f"the minimum is {minimum}", field="amount", minimum=str(minimum))
    if waits(campaign, amount):
        return CommitmentWaitlisted(investment_id=investment_id, investor_id=investor_id, amount=amount)
    _check_room(campaign, amount)
    return CommitmentAccepted(
        investment_id=investment_id, investor_id=investor_id, amount=amount, reflection_ends_at=reflection_ends_at
    )


def waits(campaign: Campaign, amount: int) -> bool:
    """Whether a commitment of this amount goes to the waiting list: it never overtakes one that waits."""
    if campaign.terms.oversubscription != "first_come":
        return False
    full = campaign.committed + amount > campaign.terms.cap
    return full or campaign.waiting > 0


def admit(campaign: Campaign, *, investment_id: UUID, investor_id: UUID, amount: int) -> tuple[Event, Event] | None:
    """Take a commitment from the waiting list if there is room for it now; None if there is not."""
    if campaign.status not in {"live", "paused"} or campaign.committed + amount > campaign.terms.cap:
        return None
    left = WaitingLeft(investment_id=investment_id, amount=amount, reason="admitted")
    return left, CommitmentAccepted(investment_id=investment_id, investor_id=investor_id, amount=amount)


def takes_money(campaign: Campaign) -> bool:
    """Whether money that comes now may count for a commitment."""
    return campaign.status in {"live", "paused"}


def counts_at_once(campaign: Campaign) -> bool:
    """Where everybody gets a part of what is there, nothing counts before the closing."""
    return campaign.terms.oversubscription != "pro_rata"


def receive(campaign: Campaign, *, investment_id: UUID, amount: int, held: bool, excess: int = 0) -> Event:
    """Count the money of a commitment that is paid in full."""
    if campaign.raised + amount > campaign.terms.cap:
        rest = campaign.terms.cap - campaign.raised
        raise Refusal("cap-exceeded", f"only {rest} can still be raised", available=str(rest))
    return FundingReceived(investment_id=investment_id, amount=amount, held=held, excess=excess)


def hold(*, investment_id: UUID, amount: int) -> Event:
    return FundingHeld(investment_id=investment_id, amount=amount)


def let_go(
    campaign: Campaign, *, investment_id: UUID, amount: int, reason: str, seen: UUID | None, held: bool
) -> Event:
    """A commitment is one no longer. `seen` is the material change that its investor knew."""
    unconfirmed = campaign.open_change is not None and seen != campaign.open_change
    return CommitmentReleased(
        investment_id=investment_id, amount=amount, reason=reason, unconfirmed=unconfirmed, held=held
    )


def pause(campaign: Campaign, *, reason: str, by: Actor) -> Event | None:
    """Stop commitments for now. The deadline goes on."""
    if campaign.status == "paused":
        return None
    campaign.check_in("live")
    check_text(reason, name="reason")
    check_other_eyes(by, campaign.owner)
    return CampaignPaused(reason=reason, pauser=by.id)


def resume(campaign: Campaign, *, reason: str, by: Actor) -> Event | None:
    """By another person than the one who paused it."""
    if campaign.status == "live":
        return None
    campaign.check_in("paused")
    check_text(reason, name="reason")
    check_other_eyes(by, campaign.owner, campaign.pauser)
    return CampaignResumed(reason=reason)


def post_update(campaign: Campaign, *, update_id: UUID, title: str, sha256: str, cid: str | None, by: Actor) -> Event:
    campaign.check_owned(by)
    if campaign.deployed is None:
        raise Refusal("wrong-status", f"the campaign is {campaign.status}, not open yet", status=campaign.status)
    check_text(title, name="title")
    check_digest(sha256, name="sha256")
    check_cid(cid)
    return UpdatePosted(update_id=update_id, title=title, sha256=sha256, cid=cid)


def _open(campaign: Campaign, now: datetime) -> None:
    campaign.check_in("live")
    assert campaign.deadline is not None
    if campaign.terms.opens_at is not None and now < campaign.terms.opens_at:
        opens_at = str(campaign.terms.opens_at)
        raise Refusal("not-open-yet", f"the campaign opens at {opens_at}", opens_at=opens_at)
    if now >= campaign.deadline:
        raise Refusal("deadline-passed", "commitments ended at the deadline", deadline=str(campaign.deadline))


def _check_room(campaign: Campaign, amount: int) -> None:
    times = OVERSUBSCRIBED_MAX if campaign.terms.oversubscription == "pro_rata" else 1
    rest = campaign.terms.cap * times - campaign.committed
    if amount > rest:
        raise Refusal("cap-exceeded", f"only {rest} can still be committed", field="amount", available=str(rest))
