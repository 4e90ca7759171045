"""The exclusivity of a company: one open campaign at a time, one a year, and so much money in twelve months."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from domain.campaign import CampaignDrafted, CampaignRejected, CampaignSubmitted
from domain.commands import (
    Command,
    GrantOverride,
    RejectCampaign,
    RequestCampaignChanges,
    RequestOverride,
    SubmitCampaign,
    WithdrawCampaign,
)
from domain.company import (
    Company,
    CompanySuspended,
    ExclusivityLocked,
    ExclusivityReleased,
    KybExpired,
    OverrideGranted,
    OverrideRequested,
)
from domain.company.exclusivity import OVERRIDES_MAX, TWELVE_MONTHS
from domain.journal import Actor, Event
from domain.values import Terms
from tests.unit.domain.acts import (
    ALL_PACKS,
    CAMPAIGN,
    COMPANY,
    COMPLIANCE,
    DEFAULT,
    EU,
    ISSUER,
    LOCAL,
    OTHER_COMPLIANCE,
    US,
)
from tests.unit.domain.examples import DRAFTED, KYB_APPROVED, LATER, ON_CHAIN, SELF_APPROVER, SUBMITTED, drafted
from tests.unit.domain.scenario import NOW, Given
from tests.unit.domain.scenario import given as given_with

SUBMIT = SubmitCampaign(campaign_id=CAMPAIGN)
BEFORE = UUID(int=0xCB)  # a campaign that was before
OVERRIDE = UUID(int=0x0E)
LOCKED = ExclusivityLocked(campaign_id=CAMPAIGN, year=NOW.year)
HAD_ONE = (
    ExclusivityLocked(campaign_id=BEFORE, year=NOW.year),
    ExclusivityReleased(campaign_id=BEFORE, reason="settled"),
)


def given(*events: Event) -> Given:
    return given_with(*events, packs=ALL_PACKS)


# The lock.


def test_the_exclusivity_is_taken_with_the_submission() -> None:
    """So that compliance never reviews two campaigns of which one must fail (ADR 0002, 2.3)."""
    after = given(*DRAFTED).when(SUBMIT, by=ISSUER).then_topics(CampaignSubmitted.TOPIC, ExclusivityLocked.TOPIC)
    assert after.state(Company).locked_by == CAMPAIGN
    assert after.state(Company).campaign_years == (NOW.year,)


@pytest.mark.parametrize("terms", [DEFAULT, LOCAL, EU, US], ids=lambda terms: terms.rule_pack)
def test_a_second_campaign_beside_an_open_one_is_refused_under_every_pack(terms: Terms) -> None:
    open_one = ExclusivityLocked(campaign_id=BEFORE, year=NOW.year - 1)
    refusal = given(*drafted(terms), open_one).when(SUBMIT, by=ISSUER).then_refused("exclusivity-locked")
    assert refusal.fields == {"campaign_id": str(BEFORE)}


def test_one_campaign_a_year() -> None:
    """Seed rule 1: the platform replaced counted campaigns a year in a column that nothing read."""
    refusal = given(*DRAFTED, *HAD_ONE).when(SUBMIT, by=ISSUER).then_refused("one-campaign-a-year")
    assert refusal.fields == {"year": NOW.year}
    last_year = (ExclusivityLocked(campaign_id=BEFORE, year=NOW.year - 1), HAD_ONE[1])
    given(*DRAFTED, *last_year).when(SUBMIT, by=ISSUER).then_topics(CampaignSubmitted.TOPIC, ExclusivityLocked.TOPIC)


def test_the_pack_for_demonstrations_lets_a_company_have_many_campaigns_a_year() -> None:
    after = given(*drafted(LOCAL), *HAD_ONE).when(SUBMIT, by=ISSUER)
    after.then_topics(CampaignSubmitted.TOPIC, ExclusivityLocked.TOPIC)


@pytest.mark.parametrize(
    ("company", "code"),
    [
        (KYB_APPROVED, "company-not-registered"),
        ((*ON_CHAIN, CompanySuspended(reason="a complaint", by=COMPLIANCE.id)), "company-suspended"),
        ((*ON_CHAIN, KybExpired(valid_until=LATER)), "kyb-expired"),
    ],
)
def test_only_a_company_in_good_standing_submits_a_campaign(company: tuple[Event, ...], code: str) -> None:
    given(*company, DRAFTED[-1]).when(SUBMIT, by=ISSUER).then_refused(code)


def test_a_kyb_whose_time_is_over_is_no_standing_although_nobody_has_said_so_yet() -> None:
    given(*DRAFTED).when(SUBMIT, by=ISSUER, now=LATER).then_refused("kyb-expired")
    in_time = LATER - timedelta(microseconds=1)
    given(*DRAFTED).when(SUBMIT, by=ISSUER, now=in_time).then_topics(CampaignSubmitted.TOPIC, ExclusivityLocked.TOPIC)


@pytest.mark.parametrize(
    ("command", "by", "reason"),
    [
        (WithdrawCampaign(campaign_id=CAMPAIGN, reason="a better plan"), ISSUER, "withdrawn"),
        (RejectCampaign(campaign_id=CAMPAIGN, reason="no"), COMPLIANCE, "rejected"),
        (RequestCampaignChanges(campaign_id=CAMPAIGN, reason="more"), COMPLIANCE, "changes requested"),
    ],
)
def test_a_campaign_that_investors_never_saw_gives_lock_and_year_back(command: Command, by: Actor, reason: str) -> None:
    released = ExclusivityReleased(campaign_id=CAMPAIGN, reason=reason, year_used=False)
    when = given(*SUBMITTED).when(command, by=by)
    assert when.events[1:] == (released,)
    assert (when.after.state(Company).locked_by, when.after.state(Company).campaign_years) == (None, ())
    when.after.when(SUBMIT, by=ISSUER).then_topics(CampaignSubmitted.TOPIC, ExclusivityLocked.TOPIC)


def test_a_campaign_that_holds_no_lock_gives_none_back() -> None:
    another_holds_it = (
        *DRAFTED,
        CampaignSubmitted(terms_hash="ab" * 32, submitter=ISSUER.id),
        ExclusivityLocked(campaign_id=BEFORE, year=NOW.year),
    )
    reject = RejectCampaign(campaign_id=CAMPAIGN, reason="no")
    after = given(*another_holds_it).when(reject, by=COMPLIANCE).then(CampaignRejected(reason="no"))
    assert after.state(Company).locked_by == BEFORE


# Overrides.


def _ask(override: UUID = OVERRIDE, *, year: int = NOW.year, reason: str = "a second harvest") -> RequestOverride:
    return RequestOverride(company_id=COMPANY, override_id=override, year=year, reason=reason)


ASKED = OverrideRequested(override_id=OVERRIDE, year=NOW.year, reason="a second harvest", requester=COMPLIANCE.id)
GRANT = GrantOverride(company_id=COMPANY, override_id=OVERRIDE)
GRANTED = OverrideGranted(override_id=OVERRIDE, year=NOW.year)


def test_an_override_is_asked_for_by_one_person_and_granted_by_another() -> None:
    asked = given(*DRAFTED, *HAD_ONE).when(_ask(), by=COMPLIANCE).then(ASKED)
    asked.when(SUBMIT, by=ISSUER).then_refused("one-campaign-a-year")
    for nobody in (COMPLIANCE, SELF_APPROVER):
        asked.when(GRANT, by=nobody).then_refused("four-eyes")
    granted = asked.when(GRANT, by=OTHER_COMPLIANCE).then(GRANTED)
    granted.when(GRANT, by=OTHER_COMPLIANCE).then_nothing()
    granted.when(SUBMIT, by=ISSUER).then_topics(CampaignSubmitted.TOPIC, ExclusivityLocked.TOPIC)


def test_an_override_allows_one_campaign_more_and_none_beside_an_open_one() -> None:
    beside = given(*DRAFTED, HAD_ONE[0], ASKED, GRANTED)
    beside.when(SUBMIT, by=ISSUER).then_refused("exclusivity-locked")
    two = given(*DRAFTED, *HAD_ONE, *HAD_ONE, ASKED, GRANTED)
    two.when(SUBMIT, by=ISSUER).then_refused("one-campaign-a-year")


def test_an_override_is_for_the_running_year_and_asked_for_once() -> None:
    for year in (NOW.year - 1, NOW.year + 1):
        given(*ON_CHAIN).when(_ask(year=year), by=COMPLIANCE).then_refused("unknown-value")
    given(*ON_CHAIN).when(_ask(reason=" "), by=COMPLIANCE).then_refused("text-not-acceptable")
    given(*ON_CHAIN, ASKED).when(_ask(), by=COMPLIANCE).then_refused("already-requested")
    given(*ON_CHAIN, ASKED).when(_ask(UUID(int=1)), by=COMPLIANCE).then_refused("already-requested")
    given(*ON_CHAIN, ASKED, GRANTED).when(_ask(), by=COMPLIANCE).then_refused("already-requested")
    given(*ON_CHAIN, ASKED, GRANTED).when(_ask(UUID(int=1)), by=COMPLIANCE).then_topics(OverrideRequested.TOPIC)
    given(*ON_CHAIN).when(GRANT, by=OTHER_COMPLIANCE).then_refused("not-requested")


def test_an_override_of_last_year_helps_no_more() -> None:
    last_year = (
        OverrideRequested(override_id=OVERRIDE, year=NOW.year - 1, reason="r", requester=COMPLIANCE.id),
        OverrideGranted(override_id=OVERRIDE, year=NOW.year - 1),
    )
    given(*DRAFTED, *HAD_ONE, *last_year).when(SUBMIT, by=ISSUER).then_refused("one-campaign-a-year")


def test_a_company_has_at_most_fifty_overrides() -> None:
    many: list[Event] = []
    for number in range(OVERRIDES_MAX):
        override = UUID(int=0x1000 + number)
        many += [
            OverrideRequested(override_id=override, year=NOW.year, reason="r", requester=COMPLIANCE.id),
            OverrideGranted(override_id=override, year=NOW.year),
        ]
    given(*ON_CHAIN, *many[:-2]).when(_ask(), by=COMPLIANCE).then_topics(OverrideRequested.TOPIC)
    given(*ON_CHAIN, *many).when(_ask(), by=COMPLIANCE).then_refused("too-many")


# What a company raises in twelve months: 17 CFR 227.100(a)(1), ECSPR art. 1(2)(c).


def _raised(amount: int, *, days_ago: int) -> tuple[Event, ...]:
    ended_at = NOW - timedelta(days=days_ago)
    return (
        ExclusivityLocked(campaign_id=BEFORE, year=NOW.year - 1),
        ExclusivityReleased(campaign_id=BEFORE, reason="settled", raised=amount, ended_at=ended_at),
    )


MAXIMUM = 500_000_000  # five million in minor units


@pytest.mark.parametrize("terms", [EU, US], ids=lambda terms: terms.rule_pack)
def test_what_was_raised_in_twelve_months_and_the_new_cap_stay_below_five_million(terms: Terms) -> None:
    fits = _raised(MAXIMUM - terms.cap, days_ago=100)
    given(*drafted(terms), *fits).when(SUBMIT, by=ISSUER).then_topics(CampaignSubmitted.TOPIC, ExclusivityLocked.TOPIC)
    over = _raised(MAXIMUM - terms.cap + 1, days_ago=100)
    refusal = given(*drafted(terms), *over).when(SUBMIT, by=ISSUER).then_refused("raised-in-twelve-months")
    assert refusal.fields == {"available": str(terms.cap - 1)}


def test_what_is_a_year_old_counts_no_more() -> None:
    days = TWELVE_MONTHS.days
    counts = _raised(MAXIMUM, days_ago=days - 1)
    given(*drafted(US), *counts).when(SUBMIT, by=ISSUER).then_refused("raised-in-twelve-months")
    old = _raised(MAXIMUM, days_ago=days)
    given(*drafted(US), *old).when(SUBMIT, by=ISSUER).then_topics(CampaignSubmitted.TOPIC, ExclusivityLocked.TOPIC)


def test_the_rules_of_the_platform_replaced_bound_no_sum() -> None:
    much = _raised(MAXIMUM * 100, days_ago=100)
    given(*DRAFTED, *much).when(SUBMIT, by=ISSUER).then_topics(CampaignSubmitted.TOPIC, ExclusivityLocked.TOPIC)


def test_a_campaign_of_another_issuer_is_not_submitted() -> None:
    drafted_by_another = (
        *ON_CHAIN,
        CampaignDrafted(campaign_id=CAMPAIGN, company_id=COMPANY, title="t", terms=DEFAULT, owner="abeba"),
    )
    for anybody in (Actor("abeba", "issuer"), ISSUER):
        given(*drafted_by_another).when(SUBMIT, by=anybody).then_refused("not-yours")
    given(*DRAFTED).when(SUBMIT, by=Actor("abeba", "issuer")).then_refused("not-yours")
