"""Many clients at once, on two ledgers over one journal: no limit is passed and no santim is counted twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from hashlib import sha256
from uuid import UUID, uuid5

import pytest

from domain import commands as c
from domain.errors import Refusal
from domain.journal import Actor, CommandKey, Envelope, Outcome
from ops.stack import Postgres
from tests.unit.domain.acts import CAMPAIGN, COMPANY, MAKER, investment_id, offer, owner_of
from tests.unit.domain.house import House, fresh_house

OTHER_MAKER = Actor("treasury-9", "treasury_maker")


@pytest.fixture
def houses(postgres: Postgres) -> Iterator[tuple[House, House]]:
    """Two processes of one installation: each with its own committer, on the same journal."""
    with fresh_house(postgres) as house, _beside(house) as other:
        yield house, other


@contextmanager
def _beside(house: House) -> Iterator[House]:
    other = House(house.dsn)
    try:
        yield other
    finally:
        other.close_down()


def _asked(house: House, command: c.Command, *, by: Actor, name: str) -> Future[Outcome]:
    return house.ledger.submit(
        Envelope(
            command=command,
            actor=by,
            key=CommandKey(f"client:{by.id}", name),
            fingerprint=sha256(repr(command).encode()).digest(),
            correlation_id=uuid5(COMPANY, name),
        )
    )


def _answers(futures: list[Future[Outcome]]) -> Counter[str]:
    """How many were accepted with events, accepted as known already, or refused, by the code."""
    told: Counter[str] = Counter()
    for future in futures:
        try:
            told["accepted" if future.result().events else "known"] += 1
        except Refusal as refusal:
            told[refusal.code] += 1
    return told


def test_of_many_who_want_the_last_shares_as_many_get_them_as_there_are(houses: tuple[House, House]) -> None:
    house, _ = houses
    house.open_campaign()
    for number in (1, 2, 3):
        house.register_investor(number)
    futures = []
    for number in range(40):
        investor = 1 + number % 3
        command = house.committing(number, 10_000, investor=investor)
        futures.append(_asked(houses[number % 2], command, by=owner_of(investor), name=f"commit-{number}"))
    assert _answers(futures) == {"accepted": 12, "cap-exceeded": 28}
    assert (house.campaign().committed, house.campaign().commitments) == (120_000, 12)


def test_one_investor_at_many_doors_stays_within_the_limit(houses: tuple[House, House]) -> None:
    house, _ = houses
    house.open_campaign(offer(investor_maximum=50_000))
    house.register_investor()
    futures = [
        _asked(houses[n % 2], house.committing(n, 10_000), by=owner_of(1), name=f"commit-{n}") for n in range(20)
    ]
    assert _answers(futures) == {"accepted": 5, "investor-limit": 15}
    assert house.investor().committed_to(CAMPAIGN) == 50_000


def test_a_payment_reported_by_many_at_once_is_one_payment(houses: tuple[House, House]) -> None:
    house, _ = houses
    house.open_campaign()
    house.commit(1, 80_000)
    command = house.paying(1, 80_000)
    futures = [_asked(houses[n % 2], command, by=(MAKER, OTHER_MAKER)[n % 2], name=f"pay-{n}") for n in range(20)]
    assert _answers(futures) == {"accepted": 1, "known": 19}
    assert (house.campaign().raised, house.topics()["payment.recorded"]) == (80_000, 1)


def test_many_payments_for_one_commitment_count_up_to_it_and_the_rest_is_owed(houses: tuple[House, House]) -> None:
    house, _ = houses
    house.open_campaign()
    house.commit(1, 80_000)
    futures = [
        _asked(houses[n % 2], house.paying(1, 15_000, reference=f"r-{n}"), by=MAKER, name=f"pay-{n}") for n in range(10)
    ]
    assert _answers(futures) == {"accepted": 10}
    payments = [house.payment(f"r-{n}") for n in range(10)]
    assert (sum(p.applied for p in payments), sum(p.owed for p in payments)) == (80_000, 70_000)
    assert house.campaign().accounts.escrow == 80_000


def test_two_campaigns_of_one_company_submitted_at_once_are_one(houses: tuple[House, House]) -> None:
    house, _ = houses
    house.register_company()
    both = [UUID(int=0xC0), UUID(int=0xC1)]
    for campaign in both:
        house.draft(campaign=campaign)
    issuer = Actor("selam", "issuer")
    futures = [
        _asked(houses[n], c.SubmitCampaign(campaign_id=campaign), by=issuer, name=f"submit-{n}")
        for n, campaign in enumerate(both)
    ]
    assert _answers(futures) == {"accepted": 1, "exclusivity-locked": 1}
    assert house.company().locked_by in both


def test_a_cancellation_and_a_payment_at_once_leave_the_money_owed_or_on_its_way_back(
    houses: tuple[House, House],
) -> None:
    house, _ = houses
    house.open_campaign(offer(rule_pack="local@1"))
    for number in range(10):
        house.commit(number, 10_000)
    futures = []
    for number in range(10):
        cancel = c.CancelInvestment(investment_id=investment_id(number), reason="changed my mind")
        futures.append(_asked(houses[0], cancel, by=owner_of(1), name=f"cancel-{number}"))
        futures.append(_asked(houses[1], house.paying(number, 10_000), by=MAKER, name=f"pay-{number}"))
    assert _answers(futures) == {"accepted": 20}
    campaign = house.campaign()
    counted = sum(house.investment(number).funded for number in range(10))
    owed = sum(house.payment(f"tr-{number}").owed for number in range(10))
    assert (campaign.raised, campaign.committed, campaign.unwinding) == (0, 0, counted)
    assert campaign.accounts.escrow + owed == 100_000
