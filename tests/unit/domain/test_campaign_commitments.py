"""A commitment meets its campaign: minimum, cap, waiting list, everybody's part, documents, start and deadline."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import msgspec
import pytest

from domain import commands as c
from domain.allotment import Wanted, pro_rata
from domain.campaign import CommitmentAccepted, CommitmentReleased, CommitmentWaitlisted, WaitingLeft
from domain.errors import Refusal
from domain.investment import InvestmentAdmitted, InvestmentCommitted
from domain.investment.state import Acknowledgement
from domain.investor import CommitmentCounted
from tests.unit.domain.acts import (
    ALL_PACKS,
    CAMPAIGN,
    COIN,
    COMPLIANCE,
    DEADLINE,
    DIGEST,
    DOCUMENT,
    FIRST_COME,
    ISSUER,
    MAKER,
    PRO_RATA,
    PROCESS,
    RISK,
    WEI,
    Stage,
    investment_id,
    investor_id,
    live,
    offer,
    owner_of,
    wallet_of,
)
from tests.unit.domain.scenario import NOW


def _refused(stage: Stage, code: str, number: int, amount: int, *, investor: int = 1) -> Refusal:
    asked = stage.committing(number, amount, investor=investor)
    return stage.ask(asked, by=owner_of(investor)).then_refused(code)


def test_a_commitment_is_recorded_with_its_investor_its_campaign_and_its_shares() -> None:
    stage = live()
    stage.ask(stage.committing(1, 40_000), by=owner_of(1)).then(
        InvestmentCommitted(
            investment_id=investment_id(1),
            campaign_id=CAMPAIGN,
            investor_id=investor_id(1),
            wallet=wallet_of(1),
            amount=40_000,
            shares=40,
            acknowledgements=(Acknowledgement("risk", RISK),),
        ),
        CommitmentAccepted(investment_id=investment_id(1), investor_id=investor_id(1), amount=40_000),
        CommitmentCounted(investment_id=investment_id(1), campaign_id=CAMPAIGN, currency="ETB", amount=40_000, at=NOW),
    )
    assert (stage.campaign().committed, stage.campaign().commitments) == (40_000, 1)


def test_a_commitment_confirms_no_money() -> None:
    """The platform replaced stored each investment as confirmed before anything was paid."""
    stage = live()
    stage.commit(1, 40_000)
    assert (stage.campaign().raised, stage.investment(1).status, stage.investment(1).due) == (0, "committed", 40_000)


def test_an_investment_below_the_minimum_is_refused() -> None:
    refusal = _refused(live(), "below-minimum", 1, 9_000)
    assert refusal.fields == {"field": "amount", "minimum": "10000"}


@pytest.mark.parametrize(("amount", "code"), [(0, "amount-not-positive"), (-1_000, "amount-not-positive")])
def test_an_amount_that_is_none_is_refused(amount: int, code: str) -> None:
    _refused(live(), code, 1, amount)


def test_an_amount_beyond_what_minor_units_hold_is_refused() -> None:
    _refused(live(), "amount-too-large", 1, 2**53)


def test_only_whole_shares_are_committed() -> None:
    """The platform replaced had three rules for shares; one gave none for a small amount."""
    _refused(live(), "not-whole-shares", 1, 10_500)


def test_the_cap_is_never_exceeded() -> None:
    stage = live()
    stage.commit(1, 80_000)
    assert _refused(stage, "cap-exceeded", 2, 41_000).fields["available"] == "40000"
    stage.commit(2, 40_000)
    assert stage.campaign().committed == 120_000


def test_an_investor_commits_no_more_than_the_campaign_allows_one() -> None:
    stage = live(offer(investor_maximum=50_000), investors=2)
    stage.commit(1, 30_000)
    assert _refused(stage, "investor-limit", 2, 21_000).fields["available"] == "20000"
    stage.commit(2, 20_000)
    stage.commit(3, 50_000, investor=2)
    assert stage.campaign().committed == 100_000


def test_a_cancelled_commitment_leaves_its_investor_and_the_campaign_room() -> None:
    stage = live(offer(investor_maximum=50_000))
    stage.commit(1, 50_000)
    stage.cancel(1)
    stage.commit(2, 50_000)
    assert stage.campaign().committed == 50_000


def test_the_same_investment_is_not_committed_twice() -> None:
    stage = live()
    stage.commit(1, 20_000)
    _refused(stage, "already-exists", 1, 20_000)


def test_nothing_is_accepted_at_the_deadline() -> None:
    stage = live()
    stage.now = DEADLINE
    _refused(stage, "deadline-passed", 1, 20_000)


def test_nothing_is_accepted_before_the_start_that_the_terms_name() -> None:
    opens_at = NOW + timedelta(days=2)
    stage = live(offer(opens_at=opens_at))
    _refused(stage, "not-open-yet", 1, 20_000)
    stage.now = opens_at
    stage.commit(1, 20_000)
    assert stage.campaign().committed == 20_000


def test_nothing_is_accepted_for_a_campaign_whose_contract_does_not_stand() -> None:
    stage = Stage()
    stage.register_company()
    stage.register_investor()
    stage.draft()
    _refused(stage, "wrong-status", 1, 20_000)
    stage.approve()
    _refused(stage, "wrong-status", 1, 20_000)


def test_nothing_is_accepted_for_a_suspended_company() -> None:
    stage = live()
    stage.do(c.SuspendCompany(company_id=stage.company().id, reason="a complaint"), by=COMPLIANCE)
    _refused(stage, "company-suspended", 1, 20_000)


def test_the_commitment_names_the_documents_that_the_investor_saw() -> None:
    stage = Stage()
    stage.open_campaign(documents=[DOCUMENT])
    stage.register_investor()
    shown = stage.campaign().documents_hash
    assert _refused(stage, "documents-differ", 1, 20_000).fields["documents_hash"] == shown
    stage.do(stage.committing(1, 20_000, documents_hash=shown), by=owner_of(1))
    assert stage.investment(1).status == "committed"


def test_documents_that_are_not_there_cannot_have_been_seen() -> None:
    stage = live()
    stage.ask(stage.committing(1, 20_000, documents_hash=DIGEST), by=owner_of(1)).then_refused("documents-differ")


def test_the_risk_is_acknowledged_with_the_commitment() -> None:
    stage = live()
    refusal = stage.ask(stage.committing(1, 20_000, kinds=()), by=owner_of(1)).then_refused("acknowledgement-missing")
    assert refusal.fields["kinds"] == ["risk"]


def test_an_acknowledgement_without_a_text_is_none() -> None:
    stage = live()
    empty = msgspec.structs.replace(stage.committing(1, 20_000), acknowledgements=(Acknowledgement("risk", " "),))
    stage.ask(empty, by=owner_of(1)).then_refused("text-not-acceptable")


def test_a_commitment_carries_no_endless_list_of_acknowledgements() -> None:
    stage = live()
    kinds = ["risk", *(f"text-{n}" for n in range(20))]
    stage.ask(stage.committing(1, 20_000, kinds=kinds), by=owner_of(1)).then_refused("too-many")


def test_nobody_commits_for_somebody_else() -> None:
    stage = live()
    stage.ask(stage.committing(1, 20_000), by=owner_of(2)).then_refused("not-yours")


def test_wei_beyond_what_json_readers_hold_are_committed_exactly() -> None:
    stage = live(WEI)
    stage.invest(1, 330 * COIN)
    assert (stage.investment(1).shares, stage.campaign().raised) == (33, 330 * COIN)
    assert stage.campaign().accounts.escrow == 330_000_000_000_000_000_000


# The waiting list (`first_come`).


def _full() -> Stage:
    stage = live(FIRST_COME, investors=3)
    stage.commit(1, 80_000)
    stage.commit(2, 40_000, investor=2)
    return stage


def test_behind_a_full_campaign_commitments_wait_in_their_order() -> None:
    stage = _full()
    asked = stage.committing(3, 20_000, investor=3)
    (committed, waits, _) = stage.ask(asked, by=owner_of(3)).events
    assert isinstance(committed, InvestmentCommitted)
    assert committed.waiting
    assert waits == CommitmentWaitlisted(investment_id=investment_id(3), investor_id=investor_id(3), amount=20_000)
    assert (stage.campaign().committed, stage.campaign().waiting) == (120_000, 20_000)
    assert (stage.investment(3).status, stage.investment(3).due) == ("waiting", 0)


def test_a_small_commitment_does_not_overtake_one_that_waits() -> None:
    stage = live(FIRST_COME, investors=3)
    stage.commit(1, 100_000)
    stage.commit(2, 40_000, investor=2)
    stage.commit(3, 10_000, investor=3)
    assert [stage.investment(n).status for n in (1, 2, 3)] == ["committed", "waiting", "waiting"]


def test_room_in_the_campaign_is_for_the_next_on_the_list() -> None:
    stage = _full()
    stage.commit(3, 20_000, investor=3)
    admit = c.AdmitInvestment(investment_id=investment_id(3))
    stage.ask(admit, by=PROCESS).then_refused("cap-exceeded")
    stage.cancel(2, investor=2)
    stage.ask(admit, by=PROCESS).then(
        InvestmentAdmitted(campaign_id=CAMPAIGN),
        WaitingLeft(investment_id=investment_id(3), amount=20_000, reason="admitted"),
        CommitmentAccepted(investment_id=investment_id(3), investor_id=investor_id(3), amount=20_000),
    )
    assert (stage.campaign().committed, stage.campaign().waiting) == (100_000, 0)
    stage.ask(admit, by=PROCESS).then_nothing()


def test_money_for_a_commitment_that_waits_is_owed_back() -> None:
    stage = _full()
    stage.commit(3, 20_000, investor=3)
    stage.pay(3, 20_000)
    assert (stage.payment("tr-3").owed, stage.investment(3).paid) == (20_000, 0)


def test_whoever_waits_may_leave_the_list() -> None:
    stage = _full()
    stage.commit(3, 20_000, investor=3)
    stage.cancel(3, investor=3)
    assert (stage.campaign().waiting, stage.investment(3).status) == (0, "cancelled")


def test_what_waits_when_the_campaign_closes_lapses() -> None:
    stage = _full()
    stage.commit(3, 20_000, investor=3)
    stage.close()
    stage.ask(c.AdmitInvestment(investment_id=investment_id(3)), by=PROCESS).then_refused("cap-exceeded")
    lapse = c.LapseCommitment(investment_id=investment_id(3), reason="campaign closed")
    stage.ask(lapse, by=PROCESS).then_topics(
        "investment.lapsed", "campaign.waiting_left", "investor.commitment_uncounted"
    )


# Everybody gets a part (`pro_rata`).


def test_a_campaign_that_shares_out_takes_ten_times_its_cap_and_no_more() -> None:
    stage = live(PRO_RATA, investors=2)
    for number in range(1, 11):
        stage.commit(number, 120_000)
    _refused(stage, "cap-exceeded", 11, 10_000)
    assert stage.campaign().committed == 1_200_000


def test_money_counts_only_at_the_closing_where_everybody_gets_a_part() -> None:
    stage = live(PRO_RATA)
    stage.commit(1, 80_000)
    stage.ask(stage.paying(1, 80_000), by=MAKER).then_topics(
        "payment.recorded", "investment.payment_received", "campaign.funding_held"
    )
    assert (stage.campaign().raised, stage.campaign().held_investments) == (0, 1)
    assert stage.investment(1).status == "paid"


def _shared_out() -> Stage:
    """Three commitments of 120,000 in all for 100 shares too few, closing."""
    stage = live(PRO_RATA, investors=3)
    for number, amount in enumerate((100_000, 70_000, 70_000), start=1):
        stage.invest(number, amount, investor=number)
    stage.close()
    return stage


def test_a_closing_waits_until_everybody_has_their_part() -> None:
    stage = _shared_out()
    assert stage.campaign().status == "closing"
    complete = c.CompleteClosing(campaign_id=CAMPAIGN)
    stage.ask(complete, by=PROCESS).then_refused("answers-awaited")
    for number, shares in ((1, 50), (2, 35), (3, 35)):
        stage.do(c.AllotCommitment(investment_id=investment_id(number), shares=shares), by=PROCESS)
    stage.ask(complete, by=PROCESS).then_topics("campaign.closed")
    assert (stage.campaign().raised, stage.campaign().committed) == (120_000, 120_000)
    stage.ask(complete, by=PROCESS).then_nothing()


def test_whoever_gets_fewer_shares_gets_the_rest_of_the_money_back() -> None:
    stage = _shared_out()
    stage.ask(c.AllotCommitment(investment_id=investment_id(1), shares=50), by=PROCESS).then_topics(
        "investment.scaled_back",
        "payment.freed",
        "investment.funded",
        "campaign.funding_received",
        "investor.commitment_counted",
    )
    assert (stage.payment("tr-1").applied, stage.payment("tr-1").owed) == (50_000, 50_000)
    assert (stage.investment(1).amount, stage.investment(1).shares) == (50_000, 50)


def test_the_excess_is_taken_from_the_last_payments() -> None:
    stage = live(PRO_RATA)
    stage.commit(1, 120_000)
    for reference, amount in (("a", 60_000), ("b", 40_000), ("c", 20_000)):
        stage.pay(1, amount, reference=reference)
    stage.close()
    stage.do(c.AllotCommitment(investment_id=investment_id(1), shares=90), by=PROCESS)
    owed = {reference: stage.payment(reference).owed for reference in "abc"}
    assert owed == {"a": 0, "b": 10_000, "c": 20_000}
    assert [(source.reference, source.amount) for source in stage.investment(1).sources] == [
        ("a", 60_000),
        ("b", 30_000),
    ]


def test_whoever_gets_no_share_gets_all_the_money_back() -> None:
    stage = _shared_out()
    stage.ask(c.AllotCommitment(investment_id=investment_id(2), shares=0), by=PROCESS).then_topics(
        "investment.lapsed", "campaign.commitment_released", "payment.freed", "investor.commitment_uncounted"
    )
    assert (stage.payment("tr-2").owed, stage.campaign().held_investments) == (70_000, 2)


def test_nobody_gets_more_shares_than_they_asked_for() -> None:
    stage = _shared_out()
    stage.ask(c.AllotCommitment(investment_id=investment_id(1), shares=101), by=PROCESS).then_refused("sums-differ")


def test_an_allotment_repeated_is_the_same_allotment() -> None:
    stage = _shared_out()
    allot = c.AllotCommitment(investment_id=investment_id(1), shares=50)
    stage.do(allot, by=PROCESS)
    stage.ask(allot, by=PROCESS).then_nothing()


def test_money_that_its_provider_took_back_before_the_allotment_gets_no_part() -> None:
    stage = _shared_out()
    stage.do(c.ReversePayment(payment_id=stage.payment("tr-1").id, reason="recall"), by=MAKER)
    stage.ask(c.AllotCommitment(investment_id=investment_id(1), shares=50), by=PROCESS).then_nothing()
    for number in (2, 3):
        stage.do(c.AllotCommitment(investment_id=investment_id(number), shares=35), by=PROCESS)
    stage.ask(c.CompleteClosing(campaign_id=CAMPAIGN), by=PROCESS).then_topics("campaign.closed")
    assert (stage.campaign().raised, stage.campaign().outcome) == (70_000, "failed")


def test_a_held_commitment_that_is_cancelled_is_held_no_longer() -> None:
    stage = live(PRO_RATA)
    stage.invest(1, 80_000)
    stage.declare_change()
    stage.approve_change()
    cancel = c.CancelInvestment(investment_id=investment_id(1), reason="changed")
    events = stage.ask(cancel, by=owner_of(1)).events
    assert events[1] == CommitmentReleased(
        investment_id=investment_id(1), amount=80_000, reason="cancelled", unconfirmed=True, held=True
    )
    assert (stage.campaign().held_investments, stage.campaign().unconfirmed, stage.payment("tr-1").owed) == (
        0,
        0,
        80_000,
    )


def test_the_parts_of_an_allotment_are_whole_shares_and_add_up() -> None:
    wanted = [Wanted(UUID(int=n), shares) for n, shares in enumerate((7, 5, 5, 1), start=1)]
    assert list(pro_rata(wanted, available=10).values()) == [4, 3, 3, 0]


def test_a_pack_that_has_no_such_list_takes_no_such_terms() -> None:
    stage = Stage()
    stage.register_company()
    draft = c.DraftCampaign(
        campaign_id=CAMPAIGN, company_id=stage.company().id, title="Roastery", terms=offer(oversubscription="lottery")
    )
    stage.ask(draft, by=ISSUER).then_refused("unknown-value")
    assert ALL_PACKS.get("default@1").oversubscription == ("reject", "first_come", "pro_rata")
