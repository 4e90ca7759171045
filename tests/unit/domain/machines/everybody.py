"""Everybody at once: two companies, four campaigns, three investors, their banks, the chain, against a bookkeeper."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any, ClassVar
from uuid import UUID

from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from hypothesis.strategies import booleans, integers, runner, sampled_from

from domain import commands as c
from domain.company import company_id
from domain.journal import Actor
from domain.payment import payment_id
from domain.values import Milestone, Terms
from tests.unit.domain.acts import (
    CHECKER,
    COMPLIANCE,
    DIGEST,
    INDEXER,
    ISSUER_WALLET,
    MAKER,
    OPERATOR,
    OTHER_COMPLIANCE,
    PROCESS,
    chain_fact,
    investment_id,
    investor_id,
    offer,
    owner_of,
)
from tests.unit.domain.machines.model import CAP, FREE, PRICE, Model, Promise
from tests.unit.domain.machines.watched import Transition, Watched

ISSUERS = (Actor("selam", "issuer"), Actor("abeba", "issuer"))
COMPANIES = (company_id("ET-0001"), company_id("ET-0002"))
CAMPAIGNS = tuple(UUID(int=0xC0 + number) for number in range(4))

# What is under way is drawn more often than what is not, so that stories get far.
campaigns = runner().flatmap(lambda machine: sampled_from(machine.likely_campaigns()))
numbers = runner().flatmap(lambda machine: sampled_from(machine.likely_promises()))
references = sampled_from(["a", "b", "c", "d", "e", "f", "g", "h"])


def change_id(number: int) -> UUID:
    return UUID(int=0xC400 + number)


class Everybody(RuleBasedStateMachine):
    """Each rule is somebody's act; the bookkeeper says whether it is accepted, and what the books say after it."""

    seen: ClassVar[Counter[Transition]] = Counter()
    examples: ClassVar[Counter[str]] = Counter()
    codes: ClassVar[Counter[str]] = Counter()

    def __init__(self) -> None:
        super().__init__()
        self.examples["everybody"] += 1
        self.world = Watched(self.seen)
        self.model = Model()
        self.changes = 0
        for place, issuer in enumerate(ISSUERS):
            self._register(place, issuer)
        for number in (1, 2, 3):
            self.world.register_investor(number)

    @initialize(first=sampled_from([0, 2, None]), second=sampled_from([1, 3]))
    def some_campaigns_are_open(self, first: int | None, second: int) -> None:
        for n in (first, second):
            for _ in range(4 if n is not None else 0):
                self.a_campaign_goes_on(n or 0)

    def likely_campaigns(self) -> list[int]:
        going = [n for n, campaign in self.model.campaigns.items() if campaign.status not in FREE]
        return going * 4 + list(range(4))

    def likely_promises(self) -> list[int]:
        return list(self.model.promises) * 3 + list(range(8))

    def _register(self, place: int, issuer: Actor) -> None:
        company, document, do = COMPANIES[place], UUID(int=0xD0), self.world.do
        register = c.RegisterCompany(
            legal_name=f"Company {place}",
            tax_number=f"ET-000{place + 1}",
            sector="energy",
            registration_year=2019,
            wallet=ISSUER_WALLET[:-1] + str(place),
        )
        do(register, by=issuer)
        do(c.AttachDocument(company_id=company, document_id=document, kind="licence", sha256=DIGEST), by=issuer)
        do(c.SubmitKyb(company_id=company), by=issuer)
        do(c.ApproveDocument(company_id=company, document_id=document), by=COMPLIANCE)
        digest = self.world.find(company).documents_hash
        do(c.ApproveKyb(company_id=company, documents_hash=digest), by=COMPLIANCE)
        do(c.ConfirmCompanyRegistration(company_id=company, on_chain=chain_fact(1 + place)), by=INDEXER)

    def ask(self, command: c.Command, *, by: Actor, expected: bool) -> bool:
        code = self.world.attempt(command, by=by)
        assert (code is None) == expected, f"{command}: {code or 'accepted'}, the books say {expected}"
        if code is not None:
            self.codes[code] += 1
        return expected

    def issuer(self, campaign: int) -> Actor:
        return ISSUERS[self.model.campaigns[campaign].company]

    def terms(self, campaign: int) -> Terms:
        ours = self.model.campaigns[campaign]
        milestones = tuple(Milestone(name=str(bps), bps=bps) for bps in ours.milestones)
        return offer(
            rule_pack="local@1",
            oversubscription=ours.kind,
            investor_maximum=ours.investor_maximum,
            milestones=milestones if len(milestones) > 1 else (),
        )

    # Issuers and compliance.

    @rule(n=campaigns)
    def an_issuer_drafts(self, n: int) -> None:
        company = COMPANIES[self.model.campaigns[n].company]
        draft = c.DraftCampaign(campaign_id=CAMPAIGNS[n], company_id=company, title="Roastery", terms=self.terms(n))
        self.ask(draft, by=self.issuer(n), expected=self.model.go(n, before={"none"}, after="draft"))

    @rule(n=campaigns)
    def an_issuer_submits(self, n: int) -> None:
        submit = c.SubmitCampaign(campaign_id=CAMPAIGNS[n])
        self.ask(submit, by=self.issuer(n), expected=self.model.submit(n))

    @rule(n=campaigns, approved=sampled_from([True, True, True, False]))
    def compliance_decides(self, n: int, *, approved: bool) -> None:
        campaign = self.world.find(CAMPAIGNS[n])
        digest = campaign.content_hash if campaign else DIGEST
        command: c.Command = c.RejectCampaign(campaign_id=CAMPAIGNS[n], reason="no")
        if approved:
            command = c.ApproveCampaign(campaign_id=CAMPAIGNS[n], terms_hash=digest)
        after = "deploying" if approved else "rejected"
        self.ask(command, by=COMPLIANCE, expected=self.model.go(n, before={"submitted"}, after=after))

    @rule(n=campaigns)
    def the_chain_deploys(self, n: int) -> None:
        deadline = self.world.now + timedelta(days=30)
        on_chain = self.world.fact()
        confirm = c.ConfirmDeployment(campaign_id=CAMPAIGNS[n], address="0x1", deadline=deadline, on_chain=on_chain)
        known = self.model.campaigns[n].deadline
        expected = self.model.deploy(n, self.world.now)
        if not expected:
            self.model.campaigns[n].deadline = known
        self.ask(confirm, by=INDEXER, expected=expected)

    @rule(n=campaigns)
    def a_campaign_goes_on(self, n: int) -> None:
        """The straight road, so that stories get far."""
        status = self.model.campaigns[n].status
        steps = {
            "none": self.an_issuer_drafts,
            "draft": self.an_issuer_submits,
            "deploying": self.the_chain_deploys,
            "live": self.an_operator_closes,
            "paused": self.compliance_resumes,
            "successful": self.the_chain_confirms_the_closing,
            "failed": self.the_chain_confirms_the_closing,
            "cancelled": self.the_chain_confirms_the_closing,
            "closing": self.the_process_shares_out,
            "settling": self.the_chain_confirms_a_release,
        }
        if status == "submitted":
            self.compliance_decides(n, approved=True)
        elif self.model.campaigns[n].confirmed and status == "successful":
            self.treasury_asks_for_a_release(n)
            self.treasury_approves_a_release(n)
        elif status in steps:
            steps[status](n)

    @rule(n=campaigns)
    def an_operator_pauses(self, n: int) -> None:
        pause = c.PauseCampaign(campaign_id=CAMPAIGNS[n], reason="a complaint")
        self.ask(pause, by=OPERATOR, expected=self.model.go(n, before={"live", "paused"}, after="paused"))

    @rule(n=campaigns)
    def compliance_resumes(self, n: int) -> None:
        resume = c.ResumeCampaign(campaign_id=CAMPAIGNS[n], reason="unfounded")
        self.ask(resume, by=COMPLIANCE, expected=self.model.go(n, before={"live", "paused"}, after="live"))

    @rule(n=campaigns)
    def something_material_changes(self, n: int) -> None:
        self.changes += 1
        change = change_id(self.changes)
        declare = c.DeclareChange(campaign_id=CAMPAIGNS[n], change_id=change, kind="terms", digest=DIGEST)
        expected = self.model.change(n, self.changes, self.world.now)
        if self.ask(declare, by=self.issuer(n), expected=expected):
            approve = c.ApproveChange(campaign_id=CAMPAIGNS[n], change_id=change, digest=DIGEST)
            self.ask(approve, by=COMPLIANCE, expected=True)

    @rule(n=campaigns)
    def two_people_call_it_off(self, n: int) -> None:
        if self.model.campaigns[n].status == "deploying":
            return
        expected = self.model.close(n, cancelling=True)
        request = c.RequestCancellation(campaign_id=CAMPAIGNS[n], reason="fraud")
        if self.ask(request, by=COMPLIANCE, expected=expected):
            self.ask(c.ApproveCancellation(campaign_id=CAMPAIGNS[n]), by=OTHER_COMPLIANCE, expected=True)

    @rule(n=campaigns)
    def an_operator_closes(self, n: int) -> None:
        close = c.CloseCampaign(campaign_id=CAMPAIGNS[n], reason="the end")
        self.ask(close, by=OPERATOR, expected=self.model.close(n))

    # Investors.

    @rule(number=numbers, n=campaigns, investor=integers(1, 3), shares=sampled_from([5, 10, 40, 40, 75, 90, 130]))
    def an_investor_commits(self, number: int, n: int, investor: int, shares: int) -> None:
        amount = shares * PRICE
        self.world.now += timedelta(seconds=1)
        expected = self.model.commit(number, Promise(n, investor, amount), self.world.now)
        if self.world.find(CAMPAIGNS[n]) is None:
            return
        command = self.world.committing(number, amount, investor=investor, campaign=CAMPAIGNS[n])
        self.ask(command, by=owner_of(investor), expected=expected)

    @rule(number=numbers, shares=sampled_from([40, 75, 90]), investor=integers(1, 3))
    def an_investor_finds_an_open_campaign_and_pays(self, number: int, shares: int, investor: int) -> None:
        live = [n for n, campaign in self.model.campaigns.items() if campaign.status == "live"]
        if live and number not in self.model.promises:
            self.an_investor_commits(number, live[0], investor, shares)
            self.money_comes(f"own-{number}", number, shares * PRICE)

    def _owner(self, number: int) -> Actor:
        promise = self.model.promises.get(number)
        return owner_of(promise.investor if promise else 1)

    @rule(number=numbers)
    def an_investor_cancels(self, number: int) -> None:
        expected = self.model.cancel(number, self.world.now)
        command = c.CancelInvestment(investment_id=investment_id(number), reason="changed my mind")
        self.ask(command, by=self._owner(number), expected=expected)

    @rule(number=numbers)
    def an_investor_answers(self, number: int) -> None:
        promise = self.model.promises.get(number)
        change = (self.model.campaigns[promise.campaign].change if promise else None) or 0
        expected = self.model.reconfirm(number, change, self.world.now)
        command = c.ReconfirmInvestment(investment_id=investment_id(number), change_id=change_id(change))
        self.ask(command, by=self._owner(number), expected=expected)

    @rule(number=numbers)
    def somebody_else_cancels_or_answers(self, number: int) -> None:
        stranger = Actor("stranger", "investor")
        for command in (
            c.CancelInvestment(investment_id=investment_id(number), reason="spite"),
            c.ReconfirmInvestment(investment_id=investment_id(number), change_id=change_id(1)),
        ):
            self.ask(command, by=stranger, expected=False)

    # Banks.

    @rule(reference=references, number=numbers, off=sampled_from([-5_000, -1, 0, 0, 0, 1]))
    def a_payment_comes(self, reference: str, number: int, off: int) -> None:
        promise = self.model.promises.get(number)
        self.money_comes(reference, number, (promise.amount if promise else 1_000) + off)

    @rule(reference=references, amount=sampled_from([1, 40_000, 90_000]))
    def money_comes_for_nobody_known(self, reference: str, amount: int) -> None:
        self.money_comes(reference, None, amount)

    def money_comes(self, reference: str, number: int | None, amount: int) -> None:
        target = None if number is None else investment_id(number)
        command = c.RecordPayment(
            provider="bank", reference=reference, amount=amount, currency="ETB", investment_id=target
        )
        self.ask(command, by=MAKER, expected=self.model.pay(reference, number, amount))

    @rule(reference=references, number=numbers)
    def treasury_matches(self, reference: str, number: int) -> None:
        match = c.MatchPayment(payment_id=payment_id("bank", reference), investment_id=investment_id(number))
        self.ask(match, by=MAKER, expected=self.model.match(reference, number))

    def _some_payment(self, place: int) -> str:
        known = list(self.model.payments)
        return known[place % len(known)] if known else "a"

    @rule(place=integers(0, 9))
    def treasury_returns(self, place: int) -> None:
        reference = self._some_payment(place)
        back = c.ReturnPayment(payment_id=payment_id("bank", reference), return_reference="back")
        self.ask(back, by=CHECKER, expected=self.model.give_back(reference))

    @rule(place=integers(0, 9))
    def a_bank_takes_money_back(self, place: int) -> None:
        reference = self._some_payment(place)
        reverse = c.ReversePayment(payment_id=payment_id("bank", reference), reason="recall")
        self.ask(reverse, by=MAKER, expected=self.model.reverse(reference))

    # The chain and the processes.

    @rule(number=numbers)
    def the_chain_records(self, number: int) -> None:
        confirm = c.ConfirmRecording(investment_id=investment_id(number), on_chain=chain_fact(1_000 + number))
        self.ask(confirm, by=INDEXER, expected=self.model.record(number))

    @rule(number=numbers)
    def the_chain_confirms_a_refund(self, number: int) -> None:
        confirm = c.ConfirmRefund(investment_id=investment_id(number), on_chain=chain_fact(2_000 + number))
        self.ask(confirm, by=INDEXER, expected=self.model.confirm_refund(number))

    @rule(n=campaigns)
    def the_chain_confirms_the_closing(self, n: int) -> None:
        confirm = c.ConfirmClosing(campaign_id=CAMPAIGNS[n], on_chain=chain_fact(3_000 + n))
        self.ask(confirm, by=INDEXER, expected=self.model.confirm_closing(n))

    @rule(number=numbers)
    def the_process_admits(self, number: int) -> None:
        admit = c.AdmitInvestment(investment_id=investment_id(number))
        self.ask(admit, by=PROCESS, expected=self.model.admit(number))

    @rule(number=numbers)
    def the_process_takes_silence(self, number: int) -> None:
        promise = self.model.promises.get(number)
        change = (self.model.campaigns[promise.campaign].change if promise else None) or 0
        expected = self.model.take_silence(number, change, self.world.now)
        command = c.CancelUnconfirmed(investment_id=investment_id(number), change_id=change_id(change))
        self.ask(command, by=PROCESS, expected=expected)

    @rule(n=campaigns)
    def the_process_shares_out(self, n: int) -> None:
        ours = self.model.campaigns[n]
        if ours.status != "closing" or ours.cancelling or ours.kind != "pro_rata":
            return
        for number, shares in self.model.parts_of(n).items():
            give = c.AllotCommitment(investment_id=investment_id(number), shares=shares)
            self.model.give(number, shares)
            self.ask(give, by=PROCESS, expected=True)
        self.model.close_if_nothing_is_on_its_way(n)
        self.ask(c.CompleteClosing(campaign_id=CAMPAIGNS[n]), by=PROCESS, expected=True)

    @rule(number=numbers)
    def the_process_settles(self, number: int) -> None:
        stream = investment_id(number)
        self.ask(c.AllotShares(investment_id=stream), by=PROCESS, expected=self.model.allot(number))
        refund = c.OrderRefund(investment_id=stream, reason="campaign failed")
        self.ask(refund, by=PROCESS, expected=self.model.order_refund(number))
        lapse = c.LapseCommitment(investment_id=stream, reason="campaign closed")
        self.ask(lapse, by=PROCESS, expected=self.model.lapse(number))

    @rule(again=booleans())
    def the_process_settles_everybody(self, *, again: bool) -> None:
        for number in self.model.promises:
            self.the_process_settles(number)
            if again:
                self.the_process_settles(number)

    # Treasury.

    def _release(self, n: int) -> UUID:
        return UUID(int=0x4E00 + 16 * n + self.model.campaigns[n].tranches)

    @rule(n=campaigns)
    def treasury_asks_for_a_release(self, n: int) -> None:
        command = c.RequestRelease(campaign_id=CAMPAIGNS[n], release_id=self._release(n))
        self.ask(command, by=MAKER, expected=self.model.request_release(n))

    @rule(n=campaigns)
    def treasury_approves_a_release(self, n: int) -> None:
        command = c.ApproveRelease(campaign_id=CAMPAIGNS[n], release_id=self._release(n))
        self.ask(command, by=CHECKER, expected=self.model.approve_release(n))

    @rule(n=campaigns)
    def the_chain_confirms_a_release(self, n: int) -> None:
        on_chain = chain_fact(4_000 + 16 * n + self.model.campaigns[n].tranches)
        command = c.ConfirmRelease(campaign_id=CAMPAIGNS[n], release_id=self._release(n), on_chain=on_chain)
        self.ask(command, by=INDEXER, expected=self.model.confirm_release(n))

    @rule(days=sampled_from([1, 1, 3, 8, 31]))
    def time_passes(self, days: int) -> None:
        self.world.now += timedelta(days=days)

    # What always holds.

    @invariant()
    def no_company_has_two_open_campaigns(self) -> None:
        for place, company in enumerate(COMPANIES):
            opened = self.model.open_of(place)
            assert len(opened) <= 1
            locked_by = self.world.find(company).locked_by
            assert locked_by == (CAMPAIGNS[opened[0]] if opened else None)

    @invariant()
    def the_books_of_every_campaign_agree(self) -> None:
        for n, ours in self.model.campaigns.items():
            theirs: Any = self.world.find(CAMPAIGNS[n])
            if theirs is None:
                assert ours.status == "none"
                continue
            assert (theirs.status, theirs.outcome) == (ours.status, ours.outcome)
            sums = (theirs.committed, theirs.waiting, theirs.raised)
            assert sums == (self.model.committed(n), self.model.waiting(n), self.model.raised(n))
            counts = (theirs.held_investments, theirs.unwinding, theirs.unconfirmed)
            assert counts == (self.model.held(n), self.model.unwinding(n), self.model.unanswered(n))
            assert theirs.raised <= CAP
            assert ours.kind == "pro_rata" or theirs.committed <= CAP

    @invariant()
    def nobody_is_above_their_limit(self) -> None:
        for investor in (1, 2, 3):
            mine = self.world.investor(investor)
            for n, ours in self.model.campaigns.items():
                committed = mine.committed_to(CAMPAIGNS[n])
                assert not ours.investor_maximum or committed <= ours.investor_maximum
        assert self.world.find(investor_id(1)) is not None

    @invariant()
    def money_is_conserved(self) -> None:
        for n, ours in self.model.campaigns.items():
            theirs: Any = self.world.find(CAMPAIGNS[n])
            if theirs is not None:
                accounts = theirs.accounts
                there = (accounts.escrow, accounts.issuer, accounts.fees, accounts.claims)
                assert there == (self.model.escrow(n), ours.released, ours.fees, -ours.claims)
        for reference, payment in self.model.payments.items():
            theirs = self.world.payment(reference)
            parts = (payment.applied, payment.owed, payment.returned, payment.reversed)
            assert (theirs.applied, theirs.owed, theirs.returned, theirs.reversed) == parts
            assert payment.amount == sum(parts)

    @invariant()
    def every_promise_stands_where_the_books_say(self) -> None:
        for number, promise in self.model.promises.items():
            theirs = self.world.investment(number)
            assert (theirs.amount, theirs.waiting, theirs.funded) == (
                promise.amount,
                promise.waiting,
                promise.counts,
            )
            assert theirs.paid == promise.paid
            assert (theirs.cancelled is not None, theirs.lapsed is not None) == (promise.cancelled, promise.lapsed)
            assert (theirs.refund_ordered, theirs.refunded is not None) == (promise.refund_ordered, promise.refunded)
            assert (theirs.allotted is not None) == promise.allotted

    def teardown(self) -> None:
        self.world.check_replay()
