"""Deciders about the exclusivity lock: one open campaign a company, so many a calendar year.

The rule is of the platform replaced, which kept it in columns that nothing read; its legal root is that an issuer uses
one intermediary at a time (17 CFR 227.100(a)(3)).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from domain.company.events import ExclusivityLocked, ExclusivityReleased, OverrideGranted, OverrideRequested
from domain.company.state import Company
from domain.errors import Refusal
from domain.eyes import check_other_eyes
from domain.journal.entries import Actor, Event
from domain.rule_packs import RulePack
from domain.values import check_text

OVERRIDES_MAX = 50
TWELVE_MONTHS = timedelta(days=365)


def lock(company: Company, *, campaign_id: UUID, cap: int, pack: RulePack, now: datetime, by: Actor) -> Event:
    """Take the exclusivity. An override lets a further campaign follow in the year, never a second one beside it."""
    company.check_owned(by)
    company.check_standing(now)
    if company.locked_by is not None:
        raise Refusal("exclusivity-locked", "the company has an open campaign", campaign_id=str(company.locked_by))
    allowed = pack.campaigns_per_year + sum(o.granted and o.year == now.year for o in company.overrides)
    if company.campaign_years.count(now.year) >= allowed:
        raise Refusal("one-campaign-a-year", f"the company had its campaign of {now.year}", year=now.year)
    _check_raised(company, cap=cap, maximum=pack.raised_in_12_months_maximum, now=now)
    return ExclusivityLocked(campaign_id=campaign_id, year=now.year)


def _check_raised(company: Company, *, cap: int, maximum: int, now: datetime) -> None:
    """17 CFR 227.100(a)(1), ECSPR art. 1(2)(c): so much a company in twelve months; 0 is no bound."""
    raised = sum(r.amount for r in company.raises if r.ended_at > now - TWELVE_MONTHS)
    if maximum and raised + cap > maximum:
        rest = max(0, maximum - raised)
        text = f"with what was raised in twelve months the cap may be {rest} at most"
        raise Refusal("raised-in-twelve-months", text, available=str(rest))


def release(
    company: Company, *, campaign_id: UUID, reason: str, year_used: bool, raised: int = 0, now: datetime | None = None
) -> Event | None:
    """Give the exclusivity back; None if this campaign does not hold it.

    `year_used`: the campaign was open to investors, so the company has had one of its campaigns of the year.
    """
    if company.locked_by != campaign_id:
        return None
    ended_at = now if raised else None
    return ExclusivityReleased(
        campaign_id=campaign_id, reason=reason, year_used=year_used, raised=raised, ended_at=ended_at
    )


def request_override(company: Company, *, override_id: UUID, year: int, reason: str, now: datetime, by: Actor) -> Event:
    """Ask that the company may have a further campaign in this year."""
    check_text(reason, name="reason")
    if year != now.year:
        raise Refusal("unknown-value", f"an override is for the running year, {now.year}", field="year")
    if any(o.id == override_id for o in company.overrides):
        raise Refusal("already-requested", "this override has been asked for", override_id=str(override_id))
    if any(not o.granted and o.year == year for o in company.overrides):
        raise Refusal("already-requested", f"an override for {year} is waiting")
    if len(company.overrides) >= OVERRIDES_MAX:
        raise Refusal("too-many", f"a company has at most {OVERRIDES_MAX} overrides")
    return OverrideRequested(override_id=override_id, year=year, reason=reason, requester=by.id)


def grant_override(company: Company, *, override_id: UUID, by: Actor) -> Event | None:
    """By another person than the one who asked for it, and not by the company's own."""
    override = next((o for o in company.overrides if o.id == override_id), None)
    if override is None:
        raise Refusal("not-requested", f"no override {override_id} was asked for")
    check_other_eyes(by, company.owner, override.requester)
    return None if override.granted else OverrideGranted(override_id=override_id, year=override.year)
