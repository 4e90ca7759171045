"""Random stories against an independent model: what may happen, what may not, and where every santim is at any time.

The model knows no aggregate: only a bank's book of payments and a list of who opened what. After each command the
domain must have answered as the model expects, and its states must be those that its events lead to.
"""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
from hypothesis import given as random_story
from hypothesis import settings
from hypothesis.strategies import booleans, builds, integers, lists, sampled_from

from domain import commands as c
from domain.campaign import Campaign
from domain.investment import Investment
from domain.journal import Actor
from domain.values import ChainFact
from tests.unit.domain.examples import (
    COMPANY,
    COMPLIANCE,
    INDEXER,
    INVESTOR_WALLET,
    ISSUER,
    ON_CHAIN,
    OPERATOR,
    PROCESS,
    RISK_TEXT,
    TREASURY_CHECKER,
    TREASURY_MAKER,
    fact,
    terms,
)
from tests.unit.domain.scenario import NOW, Given, given, replayed

OFFER = terms(rule_pack="local@1", cap=120_000)
CAMPAIGNS = [UUID(int=0xC0 + n) for n in range(2)]
INVESTORS = [UUID(int=0x10 + n) for n in range(2)]
INVESTMENTS = [UUID(int=0x100 + n) for n in range(6)]
DURATION = timedelta(seconds=OFFER.duration_s)


class Story(msgspec.Struct):
    """What the model knows of one campaign."""

    stage: str = "none"  # none, draft, submitted, approved, live, closing, closed, requested, released, done
    outcome: str = ""
    hash: str = ""
    raised: int = 0


class Promise(msgspec.Struct):
    """What the model knows of one investment."""

    campaign: UUID
    amount: int
    paid: int = 0
    stage: str = "open"  # open, paid, lapsed, allotted, refunding, refunded


class Drawn(msgspec.Struct, frozen=True):
    """One step of a story: what is tried, and with what."""

    verb: str
    campaign: UUID
    investment: UUID
    investor: UUID
    shares: int
    off: int
    reference: str
    days: int
    last_day: bool


class Stories:
    def __init__(self) -> None:
        self.world: Given = given(*ON_CHAIN, now=NOW)
        self.recorded: dict[UUID, list[Any]] = {COMPANY: list(ON_CHAIN)}
        self.now = NOW
        self.stories = {campaign: Story() for campaign in CAMPAIGNS}
        self.promises: dict[UUID, Promise] = {}
        self.late: dict[tuple[UUID, str], int] = {}
        self.returned: set[tuple[UUID, str]] = set()
        self.bank: Counter[str] = Counter()  # received, released, fees, refunded, returned
        self.deadline: dict[UUID, Any] = {}
        self.places = 100
        for number, investor in enumerate(INVESTORS):
            owner = Actor(f"investor-{number}", "investor")
            wallet = INVESTOR_WALLET[:-1] + str(number)
            register = c.RegisterInvestor(investor_id=investor, wallet=wallet, reference=f"person-{number}")
            self._do(register, by=owner, expected=True)
            self._do(c.ApproveKyc(investor_id=investor, level="basic"), by=COMPLIANCE, expected=True)

    def _do(self, command: c.Command, *, by: Actor, expected: bool) -> bool:
        before = {stream: version for stream, (_, version) in self.world.states.items()}
        done = self.world.when(command, by=by, now=self.now)
        refused = done.refusal.code if done.refusal else "nothing"
        assert (done.refusal is None) == expected, f"{command} at stage expected {expected}, refused: {refused}"
        # Spread the events over their streams by the versions that grew, in the order of recording.
        grown = {s: v - before.get(s, 0) for s, (_, v) in self.world.states.items() if v != before.get(s, 0)}
        assert sum(grown.values()) == len(done.events)
        for event in done.events:
            stream = self._stream_of(event, grown)
            grown[stream] -= 1
            self.recorded.setdefault(stream, []).append(event)
        return done.refusal is None

    @staticmethod
    def _stream_of(event: Any, grown: dict[UUID, int]) -> UUID:
        kind = event.TOPIC.partition(".")[0]
        own = {"company": [COMPANY], "campaign": CAMPAIGNS, "investment": INVESTMENTS, "investor": INVESTORS}[kind]
        (stream,) = [stream for stream, more in grown.items() if more and stream in own]
        return stream

    def _fact(self) -> ChainFact:
        self.places += 1
        return fact(self.places)

    # The straight road, so that stories get far; the rules below stray from it.

    def go_on(self, drawn: Drawn) -> None:
        """The next step of a campaign."""
        story = self.stories[drawn.campaign]
        steps = {
            "none": self.draft,
            "draft": self.submit,
            "submitted": self.approve,
            "approved": self.deploy,
            "live": self.close if drawn.days > 15 else self.invest,
            "closing": self.confirm_closing,
            "closed": self.request_release if story.outcome == "successful" else self.complete_refunds,
            "requested": self.approve_release,
            "released": self.confirm_release,
        }
        if story.stage in steps:
            steps[story.stage](drawn)

    def invest(self, drawn: Drawn) -> None:
        """A commitment to a campaign that is live, and its money."""
        free = [investment for investment in INVESTMENTS if investment not in self.promises]
        if free and self.stories[drawn.campaign].stage == "live":
            ours = msgspec.structs.replace(drawn, investment=free[0])
            self.commit(ours)
            if not ours.off:
                self.pay(ours)

    def pay_what_is_owed(self, drawn: Drawn) -> None:
        """Also of campaigns that have closed in the meantime."""
        for investment, promise in self.promises.items():
            if not promise.paid:
                self.pay(msgspec.structs.replace(drawn, investment=investment))

    def give_all_back(self, drawn: Drawn) -> None:
        for investment, reference in self.late:
            self.give_back(msgspec.structs.replace(drawn, investment=investment, reference=reference))

    def settle_all(self, drawn: Drawn) -> None:
        for investment in INVESTMENTS:
            self.settle(msgspec.structs.replace(drawn, investment=investment))

    def refund_all(self, drawn: Drawn) -> None:
        for investment in INVESTMENTS:
            self.confirm_refund(msgspec.structs.replace(drawn, investment=investment))

    # What people do.

    def draft(self, drawn: Drawn) -> None:
        campaign = drawn.campaign
        story = self.stories[campaign]
        command = c.DraftCampaign(campaign_id=campaign, company_id=COMPANY, title="Roastery", terms=OFFER)
        if self._do(command, by=ISSUER, expected=story.stage == "none"):
            story.stage = "draft"

    def submit(self, drawn: Drawn) -> None:
        campaign = drawn.campaign
        story = self.stories[campaign]
        nobody_open = not any(self._is_open(other) for other in self.stories.values())
        expected = story.stage == "draft" and nobody_open
        if self._do(c.SubmitCampaign(campaign_id=campaign), by=ISSUER, expected=expected):
            story.stage = "submitted"
            story.hash = self._campaign(campaign).terms_hash or ""

    def approve(self, drawn: Drawn) -> None:
        story = self.stories[drawn.campaign]
        command = c.ApproveCampaign(campaign_id=drawn.campaign, terms_hash=story.hash)
        if self._do(command, by=COMPLIANCE, expected=story.stage == "submitted"):
            story.stage = "approved"

    def reject(self, drawn: Drawn) -> None:
        story = self.stories[drawn.campaign]
        command = c.RejectCampaign(campaign_id=drawn.campaign, reason="not now")
        if self._do(command, by=COMPLIANCE, expected=story.stage == "submitted"):
            story.stage = "draft"

    def deploy(self, drawn: Drawn) -> None:
        campaign = drawn.campaign
        story = self.stories[campaign]
        deadline = self.now + DURATION
        command = c.ConfirmDeployment(campaign_id=campaign, address="0x", deadline=deadline, on_chain=self._fact())
        if self._do(command, by=INDEXER, expected=story.stage == "approved"):
            story.stage = "live"
            self.deadline[campaign] = deadline

    def commit(self, drawn: Drawn) -> None:
        campaign, investment, investor = drawn.campaign, drawn.investment, drawn.investor
        amount = drawn.shares * OFFER.share_price
        promised = sum(p.amount for p in self.promises.values() if p.campaign == campaign and p.stage != "lapsed")
        expected = (
            self.stories[campaign].stage == "live"
            and self.now < self.deadline[campaign]
            and amount >= OFFER.minimum
            and promised + amount <= OFFER.cap
            and investment not in self.promises
        )
        command = c.CommitInvestment(
            investment_id=investment,
            campaign_id=campaign,
            investor_id=investor,
            amount=amount,
            acknowledgement=RISK_TEXT,
        )
        owner = Actor(f"investor-{INVESTORS.index(investor)}", "investor")
        if self._do(command, by=owner, expected=expected):
            self.promises[investment] = Promise(campaign, amount)

    def pay(self, drawn: Drawn) -> None:
        investment, reference, off = drawn.investment, drawn.reference, drawn.off
        promise = self.promises.get(investment)
        amount = (promise.amount if promise else 1_000) + off
        name = f"{investment}:{reference}"
        command = c.RecordPayment(investment_id=investment, provider="bank", reference=name, amount=amount)
        if promise is None:
            self._do(command, by=TREASURY_MAKER, expected=False)
        elif promise.paid:
            same = self._investment(investment).payment == ("bank", name) and not off
            self._do(command, by=TREASURY_MAKER, expected=same)
        elif self.stories[promise.campaign].outcome:
            known = self.late.get((investment, reference))
            if self._do(command, by=TREASURY_MAKER, expected=known in (None, amount)) and known is None:
                self.late[investment, reference] = amount
                self.bank["received"] += amount
        elif self._do(command, by=TREASURY_MAKER, expected=not off):
            promise.paid, promise.stage = amount, "paid"
            self.stories[promise.campaign].raised += amount
            self.bank["received"] += amount

    def give_back(self, drawn: Drawn) -> None:
        investment, reference = drawn.investment, drawn.reference
        amount = self.late.get((investment, reference))
        command = c.ReturnPayment(
            investment_id=investment, provider="bank", reference=f"{investment}:{reference}", return_reference="back"
        )
        again = (investment, reference) in self.returned
        if self._do(command, by=TREASURY_CHECKER, expected=amount is not None) and amount and not again:
            self.bank["returned"] += amount
            self.returned.add((investment, reference))

    def time_passes(self, drawn: Drawn) -> None:
        self.now += timedelta(days=drawn.days)

    # How it ends.

    def close(self, drawn: Drawn) -> None:
        campaign = drawn.campaign
        story = self.stories[campaign]
        if drawn.last_day and story.stage == "live":
            self.now = max(self.now, self.deadline[campaign])
        command = c.CloseCampaign(campaign_id=campaign, reason="the end")
        if self._do(command, by=OPERATOR, expected=story.stage == "live"):
            story.stage = "closing"
            story.outcome = "successful" if story.raised * 4 >= OFFER.funding_goal * 3 else "failed"
            assert self._campaign(campaign).outcome == story.outcome

    def confirm_closing(self, drawn: Drawn) -> None:
        campaign = drawn.campaign
        story = self.stories[campaign]
        command = c.ConfirmClosing(campaign_id=campaign, on_chain=self._fact())
        if self._do(command, by=INDEXER, expected=story.stage == "closing"):
            story.stage = "closed"

    def settle(self, drawn: Drawn) -> None:
        investment = drawn.investment
        promise = self.promises.get(investment)
        if promise is None or self.stories[promise.campaign].stage not in ("closed", "requested", "released", "done"):
            return
        outcome = self.stories[promise.campaign].outcome
        paid = promise.stage not in ("open", "lapsed")
        allot = c.AllotShares(investment_id=investment)
        refund = c.OrderRefund(investment_id=investment, reason="campaign failed")
        self._do(allot, by=PROCESS, expected=paid and outcome == "successful")
        self._do(refund, by=PROCESS, expected=paid and outcome == "failed")
        self._do(c.LapseCommitment(investment_id=investment, reason="campaign closed"), by=PROCESS, expected=True)
        after = {"open": "lapsed", "paid": "allotted" if outcome == "successful" else "refunding"}
        promise.stage = after.get(promise.stage, promise.stage)

    def confirm_refund(self, drawn: Drawn) -> None:
        investment = drawn.investment
        promise = self.promises.get(investment)
        expected = promise is not None and promise.stage == "refunding"
        command = c.ConfirmRefund(investment_id=investment, on_chain=self._fact())
        if self._do(command, by=INDEXER, expected=expected) and promise:
            promise.stage = "refunded"
            self.bank["refunded"] += promise.paid

    def complete_refunds(self, drawn: Drawn) -> None:
        campaign = drawn.campaign
        story = self.stories[campaign]
        back = [p.paid for p in self.promises.values() if p.campaign == campaign and p.stage == "refunded"]
        command = c.CompleteRefunds(campaign_id=campaign, investments=len(back), amount=sum(back))
        failed = story.outcome == "failed" and story.stage in ("closed", "done")
        if self._do(command, by=PROCESS, expected=failed and sum(back) == story.raised):
            story.stage = "done"

    def request_release(self, drawn: Drawn) -> None:
        campaign = drawn.campaign
        story = self.stories[campaign]
        command = c.RequestRelease(campaign_id=campaign, release_id=UUID(int=1))
        expected = story.stage == "closed" and story.outcome == "successful"
        if self._do(command, by=TREASURY_MAKER, expected=expected):
            story.stage = "requested"

    def approve_release(self, drawn: Drawn) -> None:
        campaign = drawn.campaign
        story = self.stories[campaign]
        command = c.ApproveRelease(campaign_id=campaign)
        if self._do(command, by=TREASURY_CHECKER, expected=story.stage == "requested"):
            story.stage = "released"

    def confirm_release(self, drawn: Drawn) -> None:
        campaign = drawn.campaign
        story = self.stories[campaign]
        command = c.ConfirmRelease(campaign_id=campaign, on_chain=self._fact())
        if self._do(command, by=INDEXER, expected=story.stage == "released"):
            story.stage = "done"
            fee = story.raised * OFFER.fee_bps // 10_000
            self.bank["fees"] += fee
            self.bank["released"] += story.raised - fee

    # What always holds.

    def check(self) -> None:
        self.no_two_campaigns_of_a_company_are_open()
        self.commitments_stay_below_the_cap_and_add_up()
        self.money_is_conserved()
        self.states_are_what_their_events_lead_to()

    def no_two_campaigns_of_a_company_are_open(self) -> None:
        assert sum(self._is_open(story) for story in self.stories.values()) <= 1

    def commitments_stay_below_the_cap_and_add_up(self) -> None:
        for campaign, story in self.stories.items():
            if story.stage == "none":
                continue
            promised = [p.amount for p in self.promises.values() if p.campaign == campaign and p.stage != "lapsed"]
            state = self._campaign(campaign)
            assert state.committed == sum(promised) <= OFFER.cap
            assert state.raised == story.raised

    def money_is_conserved(self) -> None:
        held = waiting = 0
        for investment in self.promises:
            state = self._investment(investment)
            waiting += sum(payment.amount for payment in state.unapplied if not payment.returned)
            if state.status in ("funded", "allotted", "refunding"):
                held += state.amount
        gone = self.bank["released"] + self.bank["fees"]
        assert self.bank["received"] == held + waiting + self.bank["refunded"] + self.bank["returned"]
        assert gone <= held  # what was released is the money of investments that became shares

    def states_are_what_their_events_lead_to(self) -> None:
        for stream, events in self.recorded.items():
            assert self.world.states[stream] == (replayed(events), len(events))

    @staticmethod
    def _is_open(story: Story) -> bool:
        return story.stage not in ("none", "draft", "done")

    def _campaign(self, campaign: UUID) -> Campaign:
        state: Campaign = self.world.states[campaign][0]
        return state

    def _investment(self, investment: UUID) -> Investment:
        state: Investment = self.world.states[investment][0]
        return state


VERBS = [
    *["go_on"] * 12,
    *["invest"] * 8,
    *["settle_all", "refund_all", "pay_what_is_owed", "give_all_back"] * 3,
    *["draft", "submit", "approve", "reject", "deploy", "commit", "pay", "pay", "give_back", "time_passes"],
    *["close", "confirm_closing", "settle", "confirm_refund", "complete_refunds"],
    *["request_release", "approve_release", "confirm_release"],
]
draws = builds(
    Drawn,
    verb=sampled_from(VERBS),
    campaign=sampled_from(CAMPAIGNS),
    investment=sampled_from(INVESTMENTS),
    investor=sampled_from(INVESTORS),
    shares=sampled_from([5, 10, 40, 40, 80, 90]),
    off=sampled_from([0, 0, 1]),
    reference=sampled_from(["a", "b"]),
    days=integers(1, 20),
    last_day=booleans(),
)


@settings(max_examples=200, deadline=None)
@random_story(lists(draws, min_size=40, max_size=80))
def test_no_story_leads_where_the_model_does_not(story: list[Drawn]) -> None:
    stories = Stories()
    for drawn in story:
        getattr(stories, drawn.verb)(drawn)
        stories.check()
