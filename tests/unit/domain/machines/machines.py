"""Hypothesis state machines, one for each aggregate: any move at any time, and what must hold after each of them.

What holds is worked out from the journal's entries alone; no aggregate is asked what it thinks of itself.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from hypothesis.strategies import integers, sampled_from

from domain.journal import Actor, Event
from domain.payment import payment_id
from tests.unit.domain.acts import CAMPAIGN, COMPANY, COMPLIANCE, ISSUER, MAKER, investment_id, investor_id, owner_of
from tests.unit.domain.machines.moves import (
    AMOUNT,
    COMPANY_MOVES,
    ENDING_MOVES,
    INVESTOR_MOVES,
    REVIEW_MOVES,
    RUNNING_MOVES,
    Move,
    a_day_passes,
    a_week_passes,
    of_investment,
    of_payment,
    the_deadline_comes,
    try_move,
)
from tests.unit.domain.machines.situations import FIRST_COME, PRO_RATA, SUCCESS, opened, some
from tests.unit.domain.machines.watched import Transition, Watched

EXAMPLES = int(os.environ.get("TANDEM_EXAMPLES", "300"))
STEPS = 60
# Without TANDEM_EXAMPLES every run is the same; with it, each run looks elsewhere.
STORIES = settings(
    max_examples=EXAMPLES,
    stateful_step_count=STEPS,
    deadline=None,
    derandomize="TANDEM_EXAMPLES" not in os.environ,
    suppress_health_check=list(HealthCheck),
    database=None,
)


class Machine(RuleBasedStateMachine):
    """A world, the moves that are tried on it, and the decisions that nobody may make about their own."""

    seen: ClassVar[Counter[Transition]] = Counter()
    examples: ClassVar[Counter[str]] = Counter()

    def __init__(self) -> None:
        super().__init__()
        self.examples[type(self).__name__] += 1
        self.world = Watched(self.seen)

    def move(self, moves: Mapping[str, Move], name: str) -> str | None:
        return try_move(self.world, moves[name])

    def go_along(self, moves: Mapping[str, Move], road: Sequence[str]) -> None:
        """Along the straight road, so that stories begin everywhere on it."""
        for name in road:
            self.move(moves, name)

    def decide_about_their_own(self, moves: Mapping[str, Move], name: str, asker: Actor) -> None:
        """The one who asked wears the hat of the one who decides: refused, or it was so already."""
        asked = moves[name](self.world)
        if asked is not None:
            before = self.versions()
            self.world.attempt(asked[0], by=Actor(asker.id, asked[1].role))
            assert self.versions() == before

    def versions(self) -> dict[Any, int]:
        return {stream: version for stream, (_, version) in self.world.states.items()}

    def events(self, kind: str, stream: Any = None) -> Iterator[Event]:
        """All events of a kind of aggregate, or of one stream."""
        for key, history in self.world.history.items():
            if stream in (None, key):
                yield from (event for event in history if event.TOPIC.startswith(kind))

    @rule()
    def a_day_passes(self) -> None:
        a_day_passes(self.world)

    @rule()
    def a_week_passes(self) -> None:
        a_week_passes(self.world)

    def teardown(self) -> None:
        self.world.check_replay()


def _sum(events: Iterator[Event], **signs: int) -> int:
    """The sum of the amounts of topics (their last words), each with its sign."""
    total = 0
    for event in events:
        sign = signs.get(event.TOPIC.partition(".")[2])
        if sign:
            total += sign * event.amount  # type: ignore[attr-defined]
    return total


class CompanyMachine(Machine):
    """A company from its registration on, with one campaign that takes its exclusivity."""

    MOVES: ClassVar[dict[str, Move]] = {
        **COMPANY_MOVES,
        **some(REVIEW_MOVES, "draft", "submit", "withdraw", "reject", "approve"),
    }
    DECISIONS: ClassVar[list[str]] = [
        name for name in MOVES if name.startswith(("approve", "reject d", "reject kyb", "start", "suspend"))
    ]

    ROAD: ClassVar[list[str]] = ["register company", "attach document 0", "submit kyb", "start kyb review"]
    ROAD += ["approve document 0", "approve kyb", "confirm registration", "draft", "submit"]

    @initialize(steps=integers(1, len(ROAD)))
    def it_has_come_so_far(self, steps: int) -> None:
        self.go_along(self.MOVES, self.ROAD[:steps])

    @rule(name=sampled_from(sorted(MOVES)))
    def somebody_acts(self, name: str) -> None:
        self.move(self.MOVES, name)

    @rule(name=sampled_from(["submit kyb", "approve kyb", "approve document 0", "attach document 0", "submit"]))
    def it_goes_on(self, name: str) -> None:
        self.move(self.MOVES, name)

    @rule(name=sampled_from(sorted(DECISIONS)))
    def the_issuer_decides(self, name: str) -> None:
        self.decide_about_their_own(self.MOVES, name, ISSUER)

    @invariant()
    def one_campaign_at_most_holds_the_exclusivity(self) -> None:
        holders = [0]
        for event in self.events("company.exclusivity"):
            holders.append(holders[-1] + (1 if event.TOPIC.endswith("locked") else -1))
        assert set(holders) <= {0, 1}
        company = self.world.find(COMPANY)
        assert company is None or (company.locked_by is not None) == bool(holders[-1])

    @invariant()
    def only_what_had_a_document_approved_was_ever_approved(self) -> None:
        topics = [event.TOPIC for event in self.events("company", COMPANY)]
        for place, topic in enumerate(topics):
            if topic == "company.kyb_approved":
                assert "company.document_approved" in topics[:place]
                assert "company.kyb_submitted" in topics[:place]

    @invariant()
    def the_registration_is_confirmed_once(self) -> None:
        topics = Counter(event.TOPIC for event in self.events("company", COMPANY))
        assert topics["company.registration_confirmed"] <= 1


class CampaignMachine(Machine):
    """A campaign from its draft to its end, with one investment that can make it succeed."""

    MOVES: ClassVar[dict[str, Move]] = {**REVIEW_MOVES, **RUNNING_MOVES, **ENDING_MOVES, **of_investment(1)}
    DECISIONS: ClassVar[list[str]] = ["start review", "request changes", "approve", "reject", "pause", "resume"]
    DECISIONS += ["approve change", "decline change", "approve cancellation"]

    def __init__(self) -> None:
        super().__init__()
        self.world.register_company()
        self.world.register_investor()

    ROAD: ClassVar[list[str]] = ["commit 1", "pay a part 1", "pay the rest 1", "record 1", "close", "give all 1"]
    ROAD += ["complete closing", "confirm closing", "request release", "approve release", "confirm release"]

    @initialize(terms=sampled_from([SUCCESS, PRO_RATA, None]), steps=integers(0, len(ROAD)))
    def it_has_come_so_far(self, terms: Any, steps: int) -> None:
        if terms is not None:
            self.world.open_campaign(terms)
            self.go_along(self.MOVES, self.ROAD[:steps])

    @rule(name=sampled_from(sorted(MOVES)))
    def somebody_acts(self, name: str) -> None:
        self.move(self.MOVES, name)

    @rule(name=sampled_from(["commit 1", "pay the rest 1", "close", "confirm closing", *ENDING_MOVES]))
    def it_goes_on(self, name: str) -> None:
        self.move(self.MOVES, name)

    @rule()
    def the_deadline_comes(self) -> None:
        the_deadline_comes(self.world)

    @rule(name=sampled_from(sorted(DECISIONS)))
    def the_issuer_decides(self, name: str) -> None:
        self.decide_about_their_own(self.MOVES, name, ISSUER)

    @rule(name=sampled_from(["approve release", "decline release"]))
    def whoever_asked_for_the_money_decides(self, name: str) -> None:
        self.decide_about_their_own(self.MOVES, name, MAKER)

    @invariant()
    def its_sums_are_those_of_its_entries(self) -> None:
        campaign = self.world.find(CAMPAIGN)
        if campaign is None:
            return
        committed = _sum(self.events("campaign"), commitment_accepted=1, commitment_released=-1)
        excess = sum(getattr(event, "excess", 0) for event in self.events("campaign.funding_received"))
        raised = _sum(self.events("campaign"), funding_received=1, funding_withdrawn=-1)
        assert (campaign.committed, campaign.raised) == (committed - excess, raised)
        assert raised <= campaign.terms.cap

    @invariant()
    def its_money_is_somewhere(self) -> None:
        campaign = self.world.find(CAMPAIGN)
        if campaign is None:
            return
        came = _sum(self.events("campaign"), funding_received=1)
        back = _sum(self.events("campaign"), refund_paid=1)
        out = sum(r.amount + r.fee for r in campaign.releases if r.confirmed is not None)
        assert campaign.accounts.escrow == came - back - out >= 0
        assert not (back and out and campaign.status in {"failed", "refunding", "refunded"})

    @invariant()
    def it_closes_once_and_one_way(self) -> None:
        topics = Counter(event.TOPIC for event in self.events("campaign"))
        assert topics["campaign.closed"] <= topics["campaign.closing_started"] <= 1


class InvestmentMachine(Machine):
    """Two investments that want more than there is, in campaigns of each kind, up to their certificates."""

    MOVES: ClassVar[dict[str, Move]] = {**of_investment(1), **of_investment(2)}
    CAMPAIGN: ClassVar[dict[str, Move]] = {
        **RUNNING_MOVES,
        **ENDING_MOVES,
        **some(REVIEW_MOVES, "request cancellation", "approve cancellation"),
    }

    ROAD: ClassVar[list[str]] = ["commit 1", "commit 2", "pay the rest 1", "pay the rest 2", "record 1", "close"]
    ROAD += ["give all 1", "give nothing 2", "complete closing", "confirm closing", "allot 1", "certify 1"]

    @initialize(terms=sampled_from([SUCCESS, FIRST_COME, PRO_RATA]), steps=integers(0, len(ROAD)))
    def it_has_come_so_far(self, terms: Any, steps: int) -> None:
        self.world = opened(self.seen, terms, investors=2)
        self.go_along({**self.MOVES, **self.CAMPAIGN}, self.ROAD[:steps])

    @rule(name=sampled_from(sorted(MOVES)))
    def somebody_acts(self, name: str) -> None:
        self.move(self.MOVES, name)

    @rule(
        name=sampled_from(
            ["commit 1", "commit 2", "pay the rest 1", "pay the rest 2", "record 1", "allot 1", "certify 1"]
        )
    )
    def it_goes_on(self, name: str) -> None:
        self.move(self.MOVES, name)

    @rule(name=sampled_from(sorted(name for name in MOVES if " change of" in name or name.startswith("ask"))))
    def its_certificate_changes(self, name: str) -> None:
        self.move(self.MOVES, name)

    @rule(name=sampled_from(sorted(CAMPAIGN)))
    def the_campaign_goes_on(self, name: str) -> None:
        self.move(self.CAMPAIGN, name)

    @rule()
    def the_deadline_comes(self) -> None:
        the_deadline_comes(self.world)

    @rule(name=sampled_from(["approve change of 1", "approve change of 2"]))
    def whoever_asked_decides(self, name: str) -> None:
        self.decide_about_their_own(self.MOVES, name, COMPLIANCE)

    @invariant()
    def what_is_paid_is_what_its_payments_say(self) -> None:
        for number in (1, 2):
            investment = self.world.find(investment_id(number))
            if investment is None or investment.refund_ordered:
                continue
            payments = [self.world.find(payment_id("bank", f"{part}-{number}")) for part in ("part", "rest")]
            lost = any(payment is not None and payment.reversed for payment in payments)
            applied = sum(payment.applied for payment in payments if payment is not None)
            assert applied == investment.paid or (lost and investment.funded)

    @invariant()
    def shares_come_of_money_that_counts(self) -> None:
        for number in (1, 2):
            topics = [event.TOPIC for event in self.events("investment", investment_id(number))]
            if "investment.allotted" in topics:
                assert topics.index("investment.funded") < topics.index("investment.allotted")
                assert "investment.refund_ordered" not in topics
                assert "investment.cancelled" not in topics


class InvestorMachine(Machine):
    """A person from the registration to the erasure, with one commitment that counts."""

    MOVES: ClassVar[dict[str, Move]] = {**INVESTOR_MOVES, **some(of_investment(1), "commit 1", "cancel 1")}
    DECISIONS: ClassVar[list[str]] = ["approve kyc", "reject kyc", "classify", "record test", "erase"]

    def __init__(self) -> None:
        super().__init__()
        self.world = opened(self.seen, SUCCESS, investors=0)

    @rule(name=sampled_from(sorted(MOVES)))
    def somebody_acts(self, name: str) -> None:
        self.move(self.MOVES, name)

    @rule(name=sampled_from(["register investor", "challenge", "bind", "approve kyc", "commit 1"]))
    def it_goes_on(self, name: str) -> None:
        self.move(self.MOVES, name)

    @rule(name=sampled_from(sorted(DECISIONS)))
    def the_person_decides(self, name: str) -> None:
        self.decide_about_their_own(self.MOVES, name, owner_of(1))

    @invariant()
    def no_challenge_is_answered_twice(self) -> None:
        nonces = [event.nonce for event in self.events("investor.wallet_bound")]  # type: ignore[attr-defined]
        assert len(nonces) == len(set(nonces))

    @invariant()
    def what_counts_is_what_was_counted_and_not_uncounted(self) -> None:
        investor = self.world.find(investor_id(1))
        if investor is not None:
            counted = Counter(event.TOPIC for event in self.events("investor.commitment"))
            rest = counted["investor.commitment_counted"] - counted["investor.commitment_uncounted"]
            assert len(investor.counted) == rest in {0, 1}

    @invariant()
    def after_the_erasure_nothing_is_learnt_of_the_person(self) -> None:
        topics = [event.TOPIC for event in self.events("investor")]
        if "investor.erased" in topics:
            after = set(topics[topics.index("investor.erased") + 1 :])
            assert after <= {"investor.kyc_rejected", "investor.kyc_expired", "investor.commitment_uncounted"}


class PaymentMachine(Machine):
    """Two payments, a part and too much, for one investment that comes and goes."""

    MOVES: ClassVar[dict[str, Move]] = {
        **of_payment("a", number=1, amount=30_000),
        **of_payment("b", number=1, amount=AMOUNT),
        **some(of_investment(1), "commit 1", "cancel 1", "record 1", "lapse 1", "give a part 1", "confirm refund 1"),
        **some(RUNNING_MOVES, "close"),
        **some(ENDING_MOVES, "complete closing", "confirm closing"),
    }

    @initialize(terms=sampled_from([SUCCESS, FIRST_COME, PRO_RATA]), committed=sampled_from([True, True, False]))
    def a_campaign_is_open(self, terms: Any, *, committed: bool) -> None:
        self.world = opened(self.seen, terms)
        if committed:
            self.move(self.MOVES, "commit 1")

    @rule(name=sampled_from(sorted(MOVES)))
    def somebody_acts(self, name: str) -> None:
        self.move(self.MOVES, name)

    @rule(name=sampled_from(["return a", "return b"]))
    def whoever_recorded_it_returns_it(self, name: str) -> None:
        self.decide_about_their_own(self.MOVES, name, MAKER)

    @invariant()
    def each_santim_is_in_one_place(self) -> None:
        for reference in ("a", "b"):
            payment = self.world.find(payment_id("bank", reference))
            if payment is None:
                continue
            events = list(self.events("payment", payment.id))
            came = [event for event in events if event.TOPIC == "payment.recorded"]
            assert len(came) == 1
            returned = _sum(iter(events), returned=1)
            taken = sum(e.applied + e.owed for e in events if e.TOPIC == "payment.reversed")  # type: ignore[attr-defined]
            assert (payment.returned, payment.reversed) == (returned, taken)
            assert came[0].amount == payment.applied + payment.owed + returned + taken  # type: ignore[attr-defined]

    @invariant()
    def no_more_counts_than_was_committed(self) -> None:
        investment = self.world.find(investment_id(1))
        if investment is not None:
            payments = [self.world.find(payment_id("bank", reference)) for reference in ("a", "b")]
            applied = sum(payment.applied for payment in payments if payment is not None)
            assert applied <= AMOUNT


MACHINES: tuple[type[Machine], ...] = (
    CompanyMachine,
    CampaignMachine,
    InvestmentMachine,
    InvestorMachine,
    PaymentMachine,
)
