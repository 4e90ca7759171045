"""Deciders about what changes while a campaign is open: material changes, an early close, a cancellation."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from domain.campaign.events import (
    CancellationDeclined,
    CancellationRequested,
    ChangeApproved,
    ChangeDeclared,
    ChangeDeclined,
    CommitmentReconfirmed,
    EarlyCloseAnnounced,
)
from domain.campaign.state import Campaign, Change
from domain.errors import Refusal
from domain.eyes import check_other_eyes
from domain.journal.entries import Actor, Event
from domain.money import business_days_after
from domain.rule_packs import RulePack
from domain.values import check_digest, check_later, check_text

CHANGE_KINDS = frozenset({"documents", "extension", "terms"})
AFTER_RECONFIRMATION = timedelta(hours=1)  # the deadline is never before everybody could answer


def declare(
    campaign: Campaign,
    *,
    change_id: UUID,
    kind: str,
    digest: str,
    deadline: datetime | None,
    pack: RulePack,
    now: datetime,
    by: Actor,
) -> Event:
    """Declare a material change, by the hash of its description; an extension is one (17 CFR 227.304(c)).

    Terms do not change while a campaign is open: what changes is what investors are told, and the deadline.
    """
    campaign.check_owned(by)
    campaign.check_in("live", "paused")
    if kind not in CHANGE_KINDS:
        raise Refusal("unknown-value", f"kind must be one of {', '.join(sorted(CHANGE_KINDS))}", field="kind")
    check_digest(digest, name="digest")
    _no_other(campaign)
    assert campaign.deadline is not None
    if (deadline is None) == (kind == "extension"):
        raise Refusal("unknown-value", "an extension names its deadline, another change does not", field="deadline")
    if deadline is not None:
        check_later(deadline, than=campaign.deadline, name="deadline")
        _check_duration(campaign, deadline, pack)
    reconfirm_by = business_days_after(now, pack.reconfirmation_days)
    after = max(deadline or campaign.deadline, reconfirm_by + AFTER_RECONFIRMATION)
    return ChangeDeclared(
        change_id=change_id, kind=kind, digest=digest, declarer=by.id, deadline=after, reconfirm_by=reconfirm_by
    )


def approve(campaign: Campaign, *, change_id: UUID, digest: str, pack: RulePack, now: datetime, by: Actor) -> Event:
    """Approve exactly what was declared. The time to reconfirm begins now."""
    campaign.check_in("live", "paused")
    change = _declared(campaign, change_id)
    check_other_eyes(by, campaign.owner, change.declarer)
    if digest != change.digest:
        raise Refusal("approved-otherwise", "the digest is not that of the declared change", digest=change.digest)
    reconfirm_by = business_days_after(now, pack.reconfirmation_days)
    deadline = max(change.deadline, reconfirm_by + AFTER_RECONFIRMATION)
    return ChangeApproved(
        change_id=change_id,
        digest=digest,
        deadline=deadline,
        reconfirm_by=reconfirm_by,
        previous_deadline=campaign.deadline,
    )


def decline(campaign: Campaign, *, change_id: UUID, reason: str, by: Actor) -> Event:
    change = _declared(campaign, change_id)
    check_other_eyes(by, campaign.owner, change.declarer)
    check_text(reason, name="reason")
    return ChangeDeclined(change_id=change_id, reason=reason)


def reconfirm(campaign: Campaign, *, change_id: UUID, investment_id: UUID, now: datetime) -> Event:
    """An investor stands by the commitment after a material change, in time."""
    change = campaign.change
    if change is None or change.id != change_id or not change.approved:
        raise Refusal("not-requested", "there is no such change to reconfirm", change_id=str(change_id))
    if now >= change.reconfirm_by or campaign.status not in {"live", "paused"}:
        raise Refusal("deadline-passed", "the time to reconfirm is over", deadline=str(change.reconfirm_by))
    return CommitmentReconfirmed(investment_id=investment_id, change_id=change_id)


def check_silence(campaign: Campaign, *, change_id: UUID, now: datetime) -> None:
    """Refuse to take silence for an answer before its time."""
    change = campaign.change
    if change is None or change.id != change_id or not change.approved or now < change.reconfirm_by:
        raise Refusal("not-due", "investors have time to answer still", change_id=str(change_id))


def announce_early_close(
    campaign: Campaign, *, deadline: datetime, pack: RulePack, now: datetime, by: Actor
) -> Event | None:
    """Close before the deadline, with notice: only at the threshold, and open long enough (17 CFR 227.304(b))."""
    campaign.check_owned(by)
    campaign.check_in("live")
    assert campaign.deadline is not None
    assert campaign.opened_at is not None
    if campaign.early_deadline == deadline:
        return None
    check_later(deadline, than=now, name="deadline")
    earliest = max(
        business_days_after(now, pack.early_close_notice_days),
        campaign.opened_at + timedelta(seconds=pack.open_s_minimum),
    )
    if not earliest <= deadline < campaign.deadline:
        text = f"an early close lies between {earliest.isoformat()} and the deadline ({pack.id})"
        raise Refusal("terms-outside-rules", text, field="deadline", earliest=str(earliest))
    if campaign.expected < campaign.terms.threshold:
        text = "the campaign is below its threshold"
        raise Refusal("still-open", text, threshold=str(campaign.terms.threshold), raised=str(campaign.expected))
    return EarlyCloseAnnounced(deadline=deadline)


def request_cancellation(campaign: Campaign, *, reason: str, by: Actor) -> Event:
    """Ask to cancel: the issuer its own campaign, or compliance any."""
    if by.role == "issuer":
        campaign.check_owned(by)
    campaign.check_in("live", "paused", "deploying")
    check_text(reason, name="reason")
    if campaign.cancellation is not None:
        raise Refusal("already-requested", "a cancellation is waiting for approval")
    return CancellationRequested(reason=reason, requester=by.id)


def check_cancellation(campaign: Campaign, *, by: Actor) -> str:
    """The reason of a cancellation that this person may approve."""
    if campaign.cancellation is None:
        raise Refusal("not-requested", "no cancellation was asked for")
    check_other_eyes(by, campaign.owner, campaign.cancellation.requester)
    return campaign.cancellation.reason


def decline_cancellation(campaign: Campaign, *, reason: str, by: Actor) -> Event:
    campaign.check_in("live", "paused", "deploying")
    check_cancellation(campaign, by=by)
    check_text(reason, name="reason")
    return CancellationDeclined(reason=reason)


def _declared(campaign: Campaign, change_id: UUID) -> Change:
    change = campaign.change
    if change is None or change.id != change_id:
        raise Refusal("not-requested", "there is no such change", change_id=str(change_id))
    if change.approved:
        raise Refusal("already-approved", "the change is approved already", change_id=str(change_id))
    return change


def _no_other(campaign: Campaign) -> None:
    change = campaign.change
    if change is not None and (not change.approved or campaign.unconfirmed):
        raise Refusal("already-requested", "another change is under way", change_id=str(change.id))


def _check_duration(campaign: Campaign, deadline: datetime, pack: RulePack) -> None:
    assert campaign.opened_at is not None
    latest = campaign.opened_at + timedelta(seconds=pack.duration_s_maximum)
    if deadline > latest:
        text = f"the deadline may be {latest.isoformat()} at the latest ({pack.id})"
        raise Refusal("terms-outside-rules", text, field="deadline", latest=str(latest))
