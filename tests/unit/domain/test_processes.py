"""Settlement and deadlines on a real journal: what a campaign's end obliges happens once, wherever a process dies."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid5

import psycopg
import pytest

from domain import commands as c
from domain import processes, topics
from domain.campaign import Campaign
from domain.errors import JournalCorrupt
from domain.handlers import decide
from domain.investment import Investment
from domain.journal import Actor, CommandKey, Envelope, JournalReader, Ledger, Outcome
from domain.processes import Deadlines, Settlement
from domain.rule_packs import load_packs
from domain.store import ProcessStore
from domain.values import Terms
from tests.support.roles import as_room
from tests.unit.domain.examples import (
    COMPANY,
    COMPLIANCE,
    DIGEST,
    DOCUMENT,
    INDEXER,
    INVESTOR,
    INVESTOR_ID,
    INVESTOR_WALLET,
    ISSUER,
    ISSUER_WALLET,
    OPERATOR,
    RISK_TEXT,
    TREASURY_MAKER,
    fact,
    terms,
)
from tests.unit.domain.scenario import NOW

CAMPAIGN = UUID(int=0xCA)
OFFER = terms(rule_pack="local@1")
DEADLINE = NOW + timedelta(days=30)


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


class House:
    """A ledger with one company on the chain and one eligible investor, and commands in short."""

    def __init__(self, dsn: str) -> None:
        self.dsn = as_room(dsn, "processes")
        self.clock = Clock()
        self.ledger = Ledger(
            self.dsn, codec=topics.codec(), decide=decide, packs=load_packs(["default", "local"]), clock=self.clock
        )
        self.ledger.start()
        self.reader = JournalReader(self.dsn, codec=topics.codec())
        self._count = 0

    def do(self, command: c.Command, *, by: Actor) -> Outcome:
        self._count += 1
        return self.ledger.handle(
            Envelope(
                command=command,
                actor=by,
                key=CommandKey(f"client:{by.id}", str(self._count)),
                fingerprint=sha256(repr(command).encode()).digest(),
                correlation_id=uuid5(COMPANY, str(self._count)),
            )
        )

    def live_campaign(self, campaign: UUID = CAMPAIGN, *, offer: Terms = OFFER) -> None:
        if self.ledger.load(COMPANY) is None:
            register = c.RegisterCompany(
                legal_name="Selam Coffee PLC",
                tax_number="ET-0001",
                sector="agriculture",
                registration_year=2019,
                wallet=ISSUER_WALLET,
            )
            self.do(register, by=ISSUER)
            self.do(
                c.AttachDocument(company_id=COMPANY, document_id=DOCUMENT, kind="licence", sha256=DIGEST), by=ISSUER
            )
            self.do(c.SubmitKyb(company_id=COMPANY), by=ISSUER)
            self.do(c.ApproveDocument(company_id=COMPANY, document_id=DOCUMENT), by=COMPLIANCE)
            self.do(c.ApproveKyb(company_id=COMPANY), by=COMPLIANCE)
            self.do(c.ConfirmCompanyRegistration(company_id=COMPANY, on_chain=fact(5)), by=INDEXER)
            self.do(
                c.RegisterInvestor(investor_id=INVESTOR_ID, wallet=INVESTOR_WALLET, reference="person-7"), by=INVESTOR
            )
            self.do(c.ApproveKyc(investor_id=INVESTOR_ID, level="basic"), by=COMPLIANCE)
        draft = c.DraftCampaign(campaign_id=campaign, company_id=COMPANY, title="Roastery", terms=offer)
        self.do(draft, by=ISSUER)
        self.do(c.SubmitCampaign(campaign_id=campaign), by=ISSUER)
        digest = self.campaign(campaign).terms_hash or ""
        self.do(c.ApproveCampaign(campaign_id=campaign, terms_hash=digest), by=COMPLIANCE)
        self.do(
            c.ConfirmDeployment(campaign_id=campaign, address="0x1", deadline=DEADLINE, on_chain=fact(9)), by=INDEXER
        )

    def invest(self, number: int, amount: int, *, paid: bool, campaign: UUID = CAMPAIGN) -> UUID:
        investment = UUID(int=number)
        commit = c.CommitInvestment(
            investment_id=investment,
            campaign_id=campaign,
            investor_id=INVESTOR_ID,
            amount=amount,
            acknowledgement=RISK_TEXT,
        )
        self.do(commit, by=INVESTOR)
        if paid:
            self.pay(investment, amount)
        return investment

    def pay(self, investment: UUID, amount: int) -> None:
        payment = c.RecordPayment(
            investment_id=investment, provider="bank", reference=str(investment.int), amount=amount
        )
        self.do(payment, by=TREASURY_MAKER)

    def close_campaign(self, campaign: UUID = CAMPAIGN) -> None:
        self.do(c.CloseCampaign(campaign_id=campaign, reason="the end"), by=OPERATOR)
        self.do(c.ConfirmClosing(campaign_id=campaign, on_chain=fact(20)), by=INDEXER)

    def campaign(self, campaign: UUID = CAMPAIGN) -> Campaign:
        loaded = self.ledger.load(campaign)
        assert loaded is not None
        state: Campaign = loaded[0]
        return state

    def investment(self, investment: UUID) -> Investment:
        loaded = self.ledger.load(investment)
        assert loaded is not None
        state: Investment = loaded[0]
        return state

    def topics(self) -> Counter[str]:
        return Counter(entry.topic for entry in self.reader.read(after=0, limit=1_000))

    def close(self) -> None:
        self.ledger.close()
        self.reader.close()


@pytest.fixture
def house(database: str) -> Iterator[House]:
    house = House(database)
    yield house
    house.close()


class Crash(Exception):
    """The process is gone, here and now."""


class Crashing:
    """Stands before the store and the ledger of a process and kills it around its n-th call, before or after it."""

    def __init__(self, *, at: int, after: bool) -> None:
        self._left = at
        self._after = after
        self.fired = False

    def around(self, target: Any, *names: str) -> Any:
        crashing = self

        class Wrapped:
            def __getattr__(self, name: str) -> Any:
                found = getattr(target, name)
                return crashing._counted(found) if name in names else found

        return Wrapped()

    def _counted(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*arguments: Any, **named: Any) -> Any:
            self._left -= 1
            if self._left == 0 and not self._after:
                self.fired = True
                raise Crash
            answer = call(*arguments, **named)
            if self._left == 0:
                if hasattr(answer, "result"):
                    answer.result()  # it was recorded, but its asker never heard
                self.fired = True
                raise Crash
            return answer

        return counted


def settle(house: House, crashing: Crashing | None = None) -> None:
    """Run a settlement, built from what is stored, until it has nothing to do. Raises Crash."""
    store = ProcessStore(house.dsn)
    try:
        if crashing is None:
            settlement = Settlement(house.reader, store, house.ledger)
        else:
            ledger = crashing.around(house.ledger, "submit")
            settlement = Settlement(house.reader, crashing.around(store, "advance"), ledger)
        while settlement.step().advanced:
            pass
    finally:
        store.close()


def confirm_refunds(house: House, *investments: UUID) -> None:
    for place, investment in enumerate(investments, start=30):
        house.do(c.ConfirmRefund(investment_id=investment, on_chain=fact(place)), by=INDEXER)


def test_a_success_allots_what_is_funded_and_lapses_what_is_not(house: House) -> None:
    house.live_campaign()
    paid = [house.invest(1, 40_000, paid=True), house.invest(2, 40_000, paid=True)]
    unpaid = house.invest(3, 20_000, paid=False)
    house.close_campaign()
    settle(house)
    assert [house.investment(i).status for i in (*paid, unpaid)] == ["allotted", "allotted", "lapsed"]
    assert house.campaign().committed == 80_000


def test_a_failure_refunds_what_is_funded_and_frees_the_company_when_all_have_their_money(house: House) -> None:
    house.live_campaign()
    paid = [house.invest(1, 20_000, paid=True), house.invest(2, 10_000, paid=True)]
    house.invest(3, 20_000, paid=False)
    house.close_campaign()
    settle(house)
    confirm_refunds(house, paid[0])
    settle(house)
    assert house.campaign().status == "closed"
    confirm_refunds(house, paid[1])
    settle(house)
    assert house.campaign().status == "refunded"
    assert house.topics()["company.exclusivity_released"] == 1


def test_a_failure_without_money_is_refunded_at_once(house: House) -> None:
    house.live_campaign()
    house.invest(1, 20_000, paid=False)
    house.close_campaign()
    settle(house)
    assert house.campaign().status == "refunded"


def test_a_payment_between_closing_and_settlement_is_set_aside_and_the_commitment_lapses(house: House) -> None:
    house.live_campaign()
    late = house.invest(1, 20_000, paid=False)
    house.close_campaign()
    house.pay(late, 20_000)
    settle(house)
    assert house.investment(late).status == "lapsed"
    assert [payment.amount for payment in house.investment(late).unapplied] == [20_000]
    assert house.campaign().status == "refunded"


def test_two_campaigns_that_end_one_after_the_other_are_each_settled_with_their_own(house: House) -> None:
    second = UUID(int=0xCB)
    house.live_campaign()
    lost = house.invest(1, 20_000, paid=True)
    house.close_campaign()
    settle(house)
    confirm_refunds(house, lost)
    settle(house)
    house.live_campaign(second)
    won = house.invest(2, 80_000, paid=True, campaign=second)
    house.close_campaign(second)
    settle(house)
    assert (house.investment(lost).status, house.investment(won).status) == ("refunded", "allotted")


def test_a_campaign_larger_than_a_step_and_a_chunk_is_settled_whole(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "ENTRIES_PER_STEP_MAX", 3)
    monkeypatch.setattr(processes, "INVESTMENTS_PER_CHUNK_MAX", 2)
    house.live_campaign()
    investments = [house.invest(n, 10_000, paid=n != 3) for n in range(1, 6)]
    house.close_campaign()
    settle(house)
    assert [house.investment(i).status for i in investments] == ["refunding"] * 2 + ["lapsed"] + ["refunding"] * 2
    confirm_refunds(house, *(i for i in investments if i.int != 3))
    settle(house)
    assert house.campaign().status == "refunded"


# Crashes. An undisturbed settlement of this story makes fewer calls than this.
CALLS_MAX = 16


def _story(house: House, crashing: Crashing | None) -> tuple[Counter[str], list[str]]:
    """A failure with two refunds and one lapse, settled by processes of which one dies where it is told."""

    def through() -> None:
        nonlocal crashing
        try:
            settle(house, crashing)
        except Crash:
            crashing = None
            settle(house)

    house.live_campaign()
    investments = [house.invest(n, 10_000, paid=n < 3) for n in (1, 2, 3)]
    house.close_campaign()
    through()
    confirm_refunds(house, *investments[:2])
    through()
    return house.topics(), [house.investment(i).status for i in investments] + [house.campaign().status]


UNDISTURBED = {
    "investment.refund_ordered": 2,
    "investment.refund_confirmed": 2,
    "investment.lapsed": 1,
    "campaign.commitment_released": 1,
    "campaign.refunds_completed": 1,
    "company.exclusivity_released": 1,
}


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("at", range(1, CALLS_MAX))
def test_a_settlement_that_dies_anywhere_is_finished_by_the_next_one(house: House, at: int, *, after: bool) -> None:
    counted, statuses = _story(house, Crashing(at=at, after=after))
    assert statuses == ["refunded", "refunded", "lapsed", "refunded"]
    assert {topic: counted[topic] for topic in UNDISTURBED} == UNDISTURBED


def test_the_crashes_above_reach_every_call_of_a_settlement(house: House) -> None:
    last = Crashing(at=CALLS_MAX, after=False)
    _story(house, last)
    assert not last.fired, "an undisturbed settlement makes more calls than CALLS_MAX: raise it"


def test_what_a_settlement_remembers_can_be_thrown_away_and_learnt_again(house: House, database: str) -> None:
    house.live_campaign()
    paid = house.invest(1, 20_000, paid=True)
    house.close_campaign()
    settle(house)
    confirm_refunds(house, paid)
    settle(house)
    before = house.topics()
    with psycopg.connect(database, autocommit=True) as owner:
        owner.execute("TRUNCATE journal.followers, journal.campaign_investments, journal.deadlines")
    settle(house)
    assert house.topics() == before


def test_a_journal_that_contradicts_itself_stops_the_settlement(house: House, database: str) -> None:
    house.live_campaign()
    paid = house.invest(1, 20_000, paid=True)
    house.close_campaign()
    settle(house)
    with psycopg.connect(database, autocommit=True) as owner:
        owner.execute("UPDATE journal.campaign_investments SET amount = amount + 1")
    confirm_refunds(house, paid)
    with pytest.raises(JournalCorrupt, match="sums-differ"):
        settle(house)


# Deadlines.


def watch(house: House, clock: Clock) -> int:
    """One deadline process, built from what is stored, until nothing is due. Returns how many steps it took."""
    store = ProcessStore(house.dsn)
    try:
        deadlines = Deadlines(house.reader, store, house.ledger, clock=clock)
        steps = 1
        while deadlines.step().advanced:
            steps += 1
        return steps
    finally:
        store.close()


def test_a_campaign_is_closed_when_its_deadline_has_passed_and_not_before(house: House) -> None:
    house.live_campaign()
    house.clock.now = DEADLINE - timedelta(microseconds=1)
    watch(house, house.clock)
    assert house.campaign().status == "live"
    house.clock.now = DEADLINE
    watch(house, house.clock)
    assert house.campaign().status == "closed"
    (closing,) = house.reader.read(after=0, limit=10, topics=["campaign.closed"])
    assert closing.meta.by == "process:deadlines"


def test_a_campaign_that_somebody_closed_before_waits_no_longer(house: House) -> None:
    house.live_campaign()
    watch(house, house.clock)
    house.invest(1, 80_000, paid=True)
    house.do(c.CloseCampaign(campaign_id=CAMPAIGN, reason="goal met"), by=OPERATOR)
    house.clock.now = DEADLINE
    watch(house, house.clock)
    assert house.topics()["campaign.closed"] == 1
    assert _waiting(house) == 0


def test_a_closing_that_overtakes_the_process_is_learnt_from_the_refusal(house: House) -> None:
    house.live_campaign()
    house.clock.now = DEADLINE
    store = ProcessStore(house.dsn)
    deadlines = Deadlines(house.reader, store, house.ledger, clock=house.clock)
    store.advance(Deadlines.NAME, 0, deadlines=[(CAMPAIGN, DEADLINE)])
    house.close_campaign()
    assert deadlines.step().advanced
    while deadlines.step().advanced:
        pass
    store.close()
    assert house.topics()["campaign.closed"] == 1
    assert _waiting(house) == 0


def test_a_deadline_process_ahead_of_the_ledgers_clock_tries_again_until_it_is_time(house: House) -> None:
    house.live_campaign(offer=terms(rule_pack="default@1"))
    ahead = Clock()
    ahead.now = DEADLINE
    watch(house, ahead)
    assert house.campaign().status == "live"
    house.clock.now = DEADLINE
    watch(house, ahead)
    assert house.campaign().status == "closed"


def test_a_deadline_process_that_dies_before_it_remembers_closes_no_campaign_twice(house: House) -> None:
    house.live_campaign()
    house.clock.now = DEADLINE
    for at in (1, 2, 3):
        for after in (False, True):
            store = ProcessStore(house.dsn)
            crashing = Crashing(at=at, after=after)
            ledger = crashing.around(house.ledger, "submit")
            deadlines = Deadlines(house.reader, crashing.around(store, "advance"), ledger, clock=house.clock)
            try:
                deadlines.step()
            except Crash:
                pass
            finally:
                store.close()
    watch(house, house.clock)
    assert house.topics()["campaign.closed"] == 1
    assert _waiting(house) == 0


def _waiting(house: House) -> int:
    store = ProcessStore(house.dsn)
    try:
        return len(store.due(DEADLINE + timedelta(days=1), limit=10))
    finally:
        store.close()
