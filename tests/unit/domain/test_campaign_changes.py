"""What changes while a campaign is open: pauses, material changes, an early close, a cancellation by two people."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from domain import commands as c
from domain.campaign import CampaignPaused, CampaignResumed, ChangeApproved, ChangeDeclared, UpdatePosted
from domain.journal import Actor
from domain.money import business_days_after
from tests.unit.domain.acts import (
    CAMPAIGN,
    CHANGE,
    COMPANY,
    COMPLIANCE,
    DAY_S,
    DEADLINE,
    DEFAULT,
    DIGEST,
    INDEXER,
    ISSUER,
    LOCAL,
    OPERATOR,
    OTHER_COMPLIANCE,
    OTHER_DIGEST,
    PROCESS,
    US,
    WRITER,
    Stage,
    investment_id,
    live,
    offer,
    owner_of,
)
from tests.unit.domain.scenario import NOW, When

OTHER_CHANGE = UUID(int=0xC5)
LONG_US = offer(currency="USD", rule_pack="us-reg-cf@1", success_threshold_bps=10_000, duration_s=60 * DAY_S)


# Pause and resume.


def test_a_paused_campaign_takes_no_commitments_until_another_person_resumes_it() -> None:
    stage = live()
    pause = c.PauseCampaign(campaign_id=CAMPAIGN, reason="a complaint")
    stage.ask(pause, by=COMPLIANCE).then(CampaignPaused(reason="a complaint", pauser=COMPLIANCE.id))
    stage.ask(pause, by=OPERATOR).then_nothing()
    stage.ask(stage.committing(1, 20_000), by=owner_of(1)).then_refused("wrong-status")
    resume = c.ResumeCampaign(campaign_id=CAMPAIGN, reason="unfounded")
    stage.ask(resume, by=COMPLIANCE).then_refused("four-eyes")
    stage.ask(resume, by=OTHER_COMPLIANCE).then(CampaignResumed(reason="unfounded"))
    stage.ask(resume, by=OTHER_COMPLIANCE).then_nothing()
    stage.commit(1, 20_000)
    assert stage.campaign().status == "live"


def test_a_campaign_of_a_suspended_company_is_not_resumed() -> None:
    stage = live()
    stage.do(c.PauseCampaign(campaign_id=CAMPAIGN, reason="a complaint"), by=OPERATOR)
    stage.do(c.SuspendCompany(company_id=COMPANY, reason="a complaint"), by=COMPLIANCE)
    resume = c.ResumeCampaign(campaign_id=CAMPAIGN, reason="unfounded")
    stage.ask(resume, by=OTHER_COMPLIANCE).then_refused("company-suspended")


def test_the_deadline_goes_on_while_a_campaign_is_paused() -> None:
    stage = live()
    stage.do(c.PauseCampaign(campaign_id=CAMPAIGN, reason="a complaint"), by=OPERATOR)
    stage.close()
    assert stage.campaign().status == "failed"


def test_only_an_open_campaign_is_paused() -> None:
    stage = live()
    stage.close()
    stage.ask(c.PauseCampaign(campaign_id=CAMPAIGN, reason="late"), by=OPERATOR).then_refused("wrong-status")


def test_news_for_investors_are_recorded_by_their_hash() -> None:
    stage = live()
    update = c.PostUpdate(campaign_id=CAMPAIGN, update_id=UUID(int=1), title="The roaster is here", sha256=DIGEST)
    stage.ask(update, by=ISSUER).then(UpdatePosted(update_id=UUID(int=1), title="The roaster is here", sha256=DIGEST))
    stage.ask(update, by=Actor("abeba", "issuer")).then_refused("not-yours")


def test_there_are_no_news_of_a_campaign_that_is_not_open_yet() -> None:
    stage = Stage()
    stage.register_company()
    stage.draft()
    update = c.PostUpdate(campaign_id=CAMPAIGN, update_id=UUID(int=1), title="Soon", sha256=DIGEST)
    stage.ask(update, by=ISSUER).then_refused("wrong-status")


# Material changes (17 CFR 227.304(c)).


def _declare(stage: Stage, **fields: object) -> When:
    values: dict[str, object] = {"kind": "documents", "digest": DIGEST, **fields}
    command = c.DeclareChange(campaign_id=CAMPAIGN, change_id=CHANGE, **values)  # type: ignore[arg-type]
    return stage.ask(command, by=ISSUER)


def test_business_days_leave_out_the_weekends() -> None:
    friday = datetime(2026, 3, 6, 17, 30, tzinfo=UTC)
    assert business_days_after(friday, 1) == datetime(2026, 3, 9, 17, 30, tzinfo=UTC)
    assert business_days_after(friday, 5) == datetime(2026, 3, 13, 17, 30, tzinfo=UTC)


def test_a_material_change_gives_investors_five_business_days() -> None:
    stage = live()
    _declare(stage).then(
        ChangeDeclared(
            change_id=CHANGE,
            kind="documents",
            digest=DIGEST,
            declarer=ISSUER.id,
            deadline=DEADLINE,
            reconfirm_by=business_days_after(NOW, 5),
        )
    )
    stage.now = NOW + timedelta(days=1)
    approve = c.ApproveChange(campaign_id=CAMPAIGN, change_id=CHANGE, digest=DIGEST)
    stage.ask(approve, by=COMPLIANCE).then(
        ChangeApproved(
            change_id=CHANGE,
            digest=DIGEST,
            deadline=DEADLINE,
            reconfirm_by=business_days_after(stage.now, 5),
            previous_deadline=DEADLINE,
        )
    )


def test_the_time_to_reconfirm_begins_with_the_approval_however_long_that_took() -> None:
    stage = live()
    stage.commit(1, 10_000)
    stage.declare_change()
    stage.now = NOW + timedelta(days=6)
    stage.approve_change()
    stage.now = business_days_after(NOW, 5)
    silence = c.CancelUnconfirmed(investment_id=investment_id(1), change_id=CHANGE)
    stage.ask(silence, by=PROCESS).then_refused("not-due")
    answer = c.ReconfirmInvestment(investment_id=investment_id(1), change_id=CHANGE)
    stage.now = NOW + timedelta(days=7)
    stage.ask(answer, by=owner_of(1)).then_topics("investment.reconfirmed", "campaign.commitment_reconfirmed")


def test_the_deadline_never_comes_before_everybody_could_answer() -> None:
    stage = live()
    stage.now = DEADLINE - timedelta(days=1)
    stage.declare_change()
    stage.approve_change()
    change = stage.campaign().change
    assert change is not None
    assert stage.campaign().deadline == change.reconfirm_by + timedelta(hours=1) > DEADLINE


def test_an_extension_is_a_material_change_within_the_longest_duration() -> None:
    stage = live()
    later = DEADLINE + timedelta(days=30)
    _declare(stage, kind="extension").then_refused("unknown-value")
    _declare(stage, deadline=later).then_refused("unknown-value")
    _declare(stage, kind="extension", deadline=DEADLINE).then_refused("time-not-acceptable")
    too_late = NOW + timedelta(days=181)
    _declare(stage, kind="extension", deadline=too_late).then_refused("terms-outside-rules")
    _declare(stage, kind="extension", deadline=later).then_topics("campaign.change_declared")
    stage.approve_change()
    assert stage.campaign().deadline == later


def test_a_change_is_one_of_the_known_kinds_and_named_by_a_hash() -> None:
    stage = live()
    _declare(stage, kind="mood").then_refused("unknown-value")
    _declare(stage, digest="none").then_refused("digest-not-acceptable")


def test_a_change_is_approved_by_another_person_and_exactly_as_declared() -> None:
    stage = live()
    stage.declare_change()
    approve = c.ApproveChange(campaign_id=CAMPAIGN, change_id=CHANGE, digest=OTHER_DIGEST)
    stage.ask(approve, by=COMPLIANCE).then_refused("approved-otherwise")
    approve = c.ApproveChange(campaign_id=CAMPAIGN, change_id=CHANGE, digest=DIGEST)
    stage.ask(approve, by=Actor(ISSUER.id, "compliance")).then_refused("four-eyes")
    other = c.ApproveChange(campaign_id=CAMPAIGN, change_id=OTHER_CHANGE, digest=DIGEST)
    stage.ask(other, by=COMPLIANCE).then_refused("not-requested")
    stage.ask(approve, by=COMPLIANCE).then_topics("campaign.change_approved")
    stage.ask(approve, by=COMPLIANCE).then_refused("already-approved")


def test_one_change_after_the_other() -> None:
    stage = live()
    stage.commit(1, 20_000)
    stage.declare_change()
    second = c.DeclareChange(campaign_id=CAMPAIGN, change_id=OTHER_CHANGE, kind="terms", digest=DIGEST)
    stage.ask(second, by=ISSUER).then_refused("already-requested")
    stage.approve_change()
    stage.ask(second, by=ISSUER).then_refused("already-requested")
    stage.do(c.ReconfirmInvestment(investment_id=investment_id(1), change_id=CHANGE), by=owner_of(1))
    stage.ask(second, by=ISSUER).then_topics("campaign.change_declared")


def test_a_campaign_does_not_close_before_everybody_has_answered() -> None:
    stage = live()
    stage.invest(1, 80_000)
    stage.declare_change()
    stage.approve_change()
    stage.now = DEADLINE + timedelta(days=1)
    close = c.CloseCampaign(campaign_id=CAMPAIGN, reason="deadline")
    stage.ask(close, by=PROCESS).then_refused("answers-awaited")
    stage.do(c.CancelUnconfirmed(investment_id=investment_id(1), change_id=CHANGE), by=PROCESS)
    stage.ask(close, by=PROCESS).then_topics("campaign.closing_started")
    assert stage.campaign().unwinding == 1


def test_terms_and_documents_do_not_change_while_a_campaign_is_open() -> None:
    """Any logged-in client of the platform replaced could write threshold, goal and deadline of an open campaign."""
    stage = live()
    amend = c.AmendCampaign(campaign_id=CAMPAIGN, title="Roastery", terms=offer(success_threshold_bps=10_000))
    stage.ask(amend, by=ISSUER).then_refused("wrong-status")
    attach = c.AttachCampaignDocument(campaign_id=CAMPAIGN, document_id=UUID(int=1), kind="plan", sha256=DIGEST)
    stage.ask(attach, by=ISSUER).then_refused("wrong-status")
    remove = c.RemoveCampaignDocument(campaign_id=CAMPAIGN, document_id=UUID(int=1))
    stage.ask(remove, by=ISSUER).then_refused("wrong-status")


# An early close (17 CFR 227.304(b)).


def _announce(stage: Stage, deadline: datetime) -> When:
    return stage.ask(c.AnnounceEarlyClose(campaign_id=CAMPAIGN, deadline=deadline), by=ISSUER)


def _at_threshold() -> Stage:
    """A campaign of 60 days, 30 days old, whose goal is reached."""
    stage = live(LONG_US)
    stage.invest(1, 100_000)
    stage.record_on_chain(1)
    stage.now = NOW + timedelta(days=30)
    return stage


def test_an_early_close_has_five_business_days_of_notice() -> None:
    stage = _at_threshold()
    earliest = business_days_after(stage.now, 5)
    _announce(stage, earliest - timedelta(seconds=1)).then_refused("terms-outside-rules")
    _announce(stage, earliest).then_topics("campaign.early_close_announced")
    _announce(stage, earliest).then_nothing()


def test_an_early_close_leaves_the_campaign_open_for_twenty_one_days() -> None:
    stage = live(LONG_US)
    stage.invest(1, 100_000)
    _announce(stage, NOW + timedelta(days=20)).then_refused("terms-outside-rules")
    _announce(stage, NOW + timedelta(days=21)).then_topics("campaign.early_close_announced")


def test_an_early_close_is_before_the_deadline_and_at_the_threshold() -> None:
    stage = live(LONG_US)
    _announce(stage, NOW + timedelta(days=60)).then_refused("terms-outside-rules")
    _announce(stage, NOW + timedelta(days=21)).then_refused("still-open")
    _announce(stage, NOW).then_refused("time-not-acceptable")


def test_the_announced_close_comes_in_its_time() -> None:
    stage = _at_threshold()
    early = NOW + timedelta(days=40)
    _announce(stage, early).then_topics("campaign.early_close_announced")
    close = c.CloseCampaign(campaign_id=CAMPAIGN, reason="early close")
    stage.now = early - timedelta(seconds=1)
    stage.ask(close, by=PROCESS).then_refused("still-open")
    stage.now = early
    stage.ask(close, by=PROCESS).then_topics("campaign.closing_started", "campaign.closed")
    assert stage.campaign().outcome == "successful"


def test_an_early_close_below_the_threshold_lapses() -> None:
    stage = _at_threshold()
    early = NOW + timedelta(days=40)
    _announce(stage, early).then_topics("campaign.early_close_announced")
    stage.cancel(1)
    stage.now = early
    close = c.CloseCampaign(campaign_id=CAMPAIGN, reason="early close")
    stage.ask(close, by=PROCESS).then_topics("campaign.early_close_lapsed")
    assert (stage.campaign().status, stage.campaign().early_deadline) == ("live", None)


def test_a_material_change_takes_the_early_close_back() -> None:
    stage = _at_threshold()
    _announce(stage, NOW + timedelta(days=40)).then_topics("campaign.early_close_announced")
    stage.declare_change()
    stage.approve_change()
    assert stage.campaign().early_deadline is None


# A cancellation by two people.


def _request(stage: Stage, by: Actor) -> When:
    return stage.ask(c.RequestCancellation(campaign_id=CAMPAIGN, reason="fraud"), by=by)


@pytest.mark.parametrize("asker", [ISSUER, COMPLIANCE], ids=["issuer", "compliance"])
def test_two_people_cancel_a_campaign_and_its_money_goes_back(asker: Actor) -> None:
    stage = live()
    stage.invest(1, 100_000)
    _request(stage, asker).then_topics("campaign.cancellation_requested")
    approve = c.ApproveCancellation(campaign_id=CAMPAIGN)
    stage.ask(approve, by=Actor(asker.id, "compliance")).then_refused("four-eyes")
    stage.ask(approve, by=OTHER_COMPLIANCE).then_topics("campaign.closing_started", "campaign.closed")
    assert stage.campaign().outcome == "cancelled"
    stage.confirm_closing()
    assert stage.campaign().status == "refunding"


def test_only_its_own_issuer_or_compliance_asks_for_a_cancellation_and_once() -> None:
    stage = live()
    _request(stage, Actor("abeba", "issuer")).then_refused("not-yours")
    _request(stage, ISSUER).then_topics("campaign.cancellation_requested")
    _request(stage, COMPLIANCE).then_refused("already-requested")


def test_a_declined_cancellation_leaves_the_campaign_open() -> None:
    stage = live()
    decline = c.DeclineCancellation(campaign_id=CAMPAIGN, reason="unfounded")
    stage.ask(decline, by=COMPLIANCE).then_refused("not-requested")
    stage.ask(c.ApproveCancellation(campaign_id=CAMPAIGN), by=COMPLIANCE).then_refused("not-requested")
    _request(stage, ISSUER).then_topics("campaign.cancellation_requested")
    stage.ask(decline, by=COMPLIANCE).then_topics("campaign.cancellation_declined")
    assert (stage.campaign().status, stage.campaign().cancellation) == ("live", None)


def test_a_cancelled_campaign_waits_for_no_allotment_and_no_answers() -> None:
    stage = live(offer(oversubscription="pro_rata"))
    stage.invest(1, 80_000)
    stage.declare_change()
    stage.approve_change()
    stage.call_off()
    assert (stage.campaign().status, stage.campaign().raised) == ("cancelled", 0)
    stage.do(c.LapseCommitment(investment_id=investment_id(1), reason="campaign closed"), by=PROCESS)
    assert (stage.payment("tr-1").owed, stage.campaign().held_investments) == (80_000, 0)


def test_a_campaign_whose_contract_is_on_its_way_is_not_abandoned() -> None:
    stage = Stage()
    stage.register_company()
    stage.draft()
    stage.approve()
    _request(stage, ISSUER).then_topics("campaign.cancellation_requested")
    stage.ask(c.ApproveCancellation(campaign_id=CAMPAIGN), by=COMPLIANCE).then_refused("wrong-status")


def test_a_campaign_that_the_chain_refused_is_abandoned_and_gives_the_year_back() -> None:
    stage = Stage()
    stage.register_company()
    stage.draft()
    stage.approve()
    stage.do(c.RejectPosting(stream=CAMPAIGN, entry_position=9, code="reverted", reason="no"), by=WRITER)
    _request(stage, ISSUER).then_topics("campaign.cancellation_requested")
    stage.ask(c.ApproveCancellation(campaign_id=CAMPAIGN), by=COMPLIANCE).then_topics(
        "campaign.abandoned", "company.exclusivity_released"
    )
    assert (stage.campaign().status, stage.company().campaign_years) == ("abandoned", ())


def test_only_the_chain_says_that_a_contract_stands() -> None:
    stage = live()
    again = c.ConfirmDeployment(campaign_id=CAMPAIGN, address="0x2", deadline=DEADLINE, on_chain=stage.fact())
    stage.ask(again, by=INDEXER).then_refused("confirmed-otherwise")
    fresh = Stage()
    fresh.register_company()
    fresh.draft()
    confirm = c.ConfirmDeployment(campaign_id=CAMPAIGN, address="0x2", deadline=DEADLINE, on_chain=fresh.fact())
    fresh.ask(confirm, by=INDEXER).then_refused("not-obliged")


def test_the_packs_differ_in_what_an_early_close_needs() -> None:
    """The default pack has no notice: at the threshold an operator closes at once; below it nobody does."""
    for terms, code in ((DEFAULT, ""), (LOCAL, ""), (US, "still-open")):
        stage = live(terms)
        stage.invest(1, 100_000)
        asked = stage.ask(c.CloseCampaign(campaign_id=CAMPAIGN, reason="goal met"), by=OPERATOR)
        if code:
            asked.then_refused(code)
        else:
            asked.then_topics("campaign.closing_started", "campaign.closed")
