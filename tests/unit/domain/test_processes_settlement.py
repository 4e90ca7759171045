"""Settlement on a real journal: what a campaign's end obliges happens once, wherever the process dies."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from uuid import UUID

import psycopg
import pytest

from domain import commands as c
from domain import processes
from domain.errors import JournalCorrupt
from domain.journal import Event
from ops.stack import Postgres
from tests.unit.domain.acts import (
    CAMPAIGN,
    FIRST_COME,
    LOCAL,
    MAKER,
    OPERATOR,
    PRO_RATA,
    investment_id,
    offer,
)
from tests.unit.domain.house import Crashing, House, fresh_house, played_with_every_crash, settle, through

OTHER_CAMPAIGN = UUID(int=0xCB)


@pytest.fixture
def house(postgres: Postgres) -> Iterator[House]:
    with fresh_house(postgres) as house:
        yield house


def statuses(house: House, *numbers: int) -> list[str]:
    return [house.investment(number).status for number in numbers]


def end(house: House, campaign: UUID = CAMPAIGN) -> None:
    house.do(c.CloseCampaign(campaign_id=campaign, reason="the end"), by=OPERATOR)
    if house.campaign(campaign).ended:
        house.confirm_closing(campaign)


# The stories, each played undisturbed and with a crash at every place.


def success(house: House, crashing: Crashing | None) -> None:
    """Two investments are paid, one in part."""
    settled = through(settle, house, crashing)
    house.open_campaign()
    for number in (1, 2):
        house.invest(number, 40_000)
    house.commit(3, 20_000)
    house.pay(3, 5_000)
    end(house)
    settled()


def failure(house: House, crashing: Crashing | None) -> None:
    """Two refunds and one lapse; the last refund frees the company."""
    settled = through(settle, house, crashing)
    house.open_campaign(LOCAL)
    for number in (1, 2):
        house.invest(number, 10_000)
    house.commit(3, 10_000)
    end(house)
    settled()
    for number in (1, 2):
        house.confirm_refund(number)
    settled()


def called_off(house: House, crashing: Crashing | None) -> None:
    """A cancelled campaign, where everybody would have got a part."""
    settled = through(settle, house, crashing)
    house.open_campaign(PRO_RATA)
    house.invest(1, 90_000)
    house.commit(2, 90_000)
    house.call_off()
    house.confirm_closing()
    settled()


def shared_out(house: House, crashing: Crashing | None) -> None:
    """More is paid than there is, and one commitment is not paid at all."""
    settled = through(settle, house, crashing)
    house.open_campaign(PRO_RATA)
    for number, amount in ((1, 100_000), (2, 70_000), (3, 70_000)):
        house.invest(number, amount, investor=number)
    house.commit(4, 10_000)
    house.close()
    settled()
    house.confirm_closing()
    settled()


def waited(house: House, crashing: Crashing | None) -> None:
    """Two wait; first one leaves the list, then there is room for the other, and one comes too late."""
    settled = through(settle, house, crashing)
    house.open_campaign(FIRST_COME)
    house.commit(1, 60_000)
    house.commit(2, 60_000)
    house.commit(3, 70_000)
    house.commit(4, 40_000)
    settled()
    house.cancel(3)
    settled()
    house.cancel(2)
    house.commit(5, 30_000)
    settled()
    for number in (1, 4):
        house.pay(number, house.investment(number).amount)
    end(house)
    settled()


STORIES: dict[Callable[[House, Crashing | None], None], dict[int, str]] = {
    success: {1: "investment.allotted", 2: "investment.allotted", 3: "investment.lapsed"},
    failure: {1: "investment.refund_confirmed", 2: "investment.refund_confirmed", 3: "investment.lapsed"},
    called_off: {1: "investment.lapsed", 2: "investment.lapsed"},
    shared_out: {
        1: "investment.allotted",
        2: "investment.allotted",
        3: "investment.allotted",
        4: "investment.lapsed",
    },
    waited: {
        1: "investment.allotted",
        2: "investment.cancelled",
        3: "investment.cancelled",
        4: "investment.allotted",
        5: "investment.lapsed",
    },
}


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.__name__)
def test_a_settlement_that_dies_anywhere_leaves_the_same_journal(
    story: Callable[[House, Crashing | None], None], postgres: Postgres
) -> None:
    journal, places = played_with_every_crash(postgres, story)
    last = {number: journal[investment_id(number)][-1].TOPIC for number in STORIES[story]}
    assert last == STORIES[story]
    assert places >= 8
    _nothing_happened_twice(journal)


def _nothing_happened_twice(journal: dict[UUID, list[Event]]) -> None:
    once = {"investment.allotted", "investment.lapsed", "investment.refund_ordered", "campaign.closed"}
    for events in journal.values():
        counted = Counter(event.TOPIC for event in events)
        assert all(counted[topic] <= 1 for topic in once)


def test_everybody_gets_the_part_that_an_auditor_works_out(house: House) -> None:
    shared_out(house, None)
    assert [house.investment(n).allotted for n in (1, 2, 3)] == [50, 35, 35]
    assert [house.payment(f"tr-{n}").owed for n in (1, 2, 3)] == [50_000, 35_000, 35_000]
    campaign = house.campaign()
    assert (campaign.outcome, campaign.raised, campaign.accounts.escrow) == ("successful", 120_000, 120_000)


def test_nobody_overtakes_on_the_waiting_list(house: House) -> None:
    house.open_campaign(FIRST_COME)
    house.commit(1, 60_000)
    house.commit(2, 60_000)
    house.commit(3, 70_000)
    house.commit(4, 10_000)
    house.cancel(1)
    settle(house)
    assert statuses(house, 3, 4) == ["waiting", "waiting"]


def test_whoever_leaves_the_list_makes_way_for_the_next(house: House) -> None:
    house.open_campaign(FIRST_COME)
    house.commit(1, 80_000)
    house.commit(2, 70_000)
    house.commit(3, 40_000)
    settle(house)
    assert statuses(house, 2, 3) == ["waiting", "waiting"]
    house.cancel(2)
    settle(house)
    assert statuses(house, 2, 3) == ["cancelled", "committed"]


def test_a_payment_between_closing_and_settlement_is_owed_back_and_the_commitment_lapses(house: House) -> None:
    house.open_campaign(LOCAL)
    house.commit(1, 20_000)
    end(house)
    house.pay(1, 20_000)
    settle(house)
    assert statuses(house, 1) == ["lapsed"]
    assert house.payment("tr-1").owed == 20_000
    assert house.campaign().status == "refunded"


def test_money_taken_back_between_closing_and_settlement_stops_nothing(house: House) -> None:
    house.open_campaign(PRO_RATA)
    house.invest(1, 60_000)
    house.invest(2, 80_000)
    house.close()
    house.do(c.ReversePayment(payment_id=house.payment("tr-1").id, reason="recall"), by=MAKER)
    settle(house)
    assert house.campaign().outcome == "failed"
    house.confirm_closing()
    settle(house)
    assert statuses(house, 1, 2) == ["lapsed", "refunding"]


def test_two_campaigns_that_end_one_after_the_other_are_each_settled_with_their_own(house: House) -> None:
    house.open_campaign(LOCAL)
    house.invest(1, 20_000)
    end(house)
    settle(house)
    house.confirm_refund(1)
    settle(house)
    house.open_campaign(LOCAL, campaign=OTHER_CAMPAIGN)
    house.invest(2, 80_000, campaign=OTHER_CAMPAIGN)
    end(house, OTHER_CAMPAIGN)
    settle(house)
    assert statuses(house, 1, 2) == ["refunded", "allotted"]


def test_a_campaign_larger_than_a_step_and_a_chunk_is_settled_whole(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "ENTRIES_PER_STEP_MAX", 3)
    monkeypatch.setattr(processes, "INVESTMENTS_PER_CHUNK_MAX", 2)
    house.open_campaign(LOCAL)
    for number in range(1, 6):
        house.commit(number, 10_000)
        if number != 3:
            house.pay(number, 10_000)
    end(house)
    settle(house)
    assert statuses(house, 1, 2, 3, 4, 5) == ["refunding"] * 2 + ["lapsed"] + ["refunding"] * 2
    for number in (1, 2, 4, 5):
        house.confirm_refund(number)
    assert house.campaign().status == "refunded"


def test_an_allotment_larger_than_a_chunk_is_given_whole(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "INVESTMENTS_PER_CHUNK_MAX", 2)
    house.open_campaign(PRO_RATA)
    for number in range(1, 6):
        house.invest(number, 30_000)
    house.close()
    settle(house)
    assert house.campaign().raised == 120_000
    assert [house.investment(n).shares for n in range(1, 6)] == [24] * 5


def test_what_a_settlement_remembers_can_be_thrown_away_and_learnt_again(house: House, postgres: Postgres) -> None:
    failure(house, None)
    before = house.told()
    with psycopg.connect(_owner(house, postgres), autocommit=True) as owner:
        owner.execute("TRUNCATE journal.followers, journal.campaign_investments, journal.deadlines")
    settle(house)
    assert house.told() == before


def test_a_journal_that_contradicts_itself_stops_the_settlement(house: House, postgres: Postgres) -> None:
    house.open_campaign(offer(oversubscription="pro_rata"))
    house.invest(1, 100_000)
    house.invest(2, 60_000)
    settle(house)
    with psycopg.connect(_owner(house, postgres), autocommit=True) as owner:
        owner.execute("UPDATE journal.campaign_investments SET amount = amount * 3 WHERE amount = 60000")
    house.close()
    with pytest.raises(JournalCorrupt, match="sums-differ"):
        settle(house)


def _owner(house: House, postgres: Postgres) -> str:
    """The owner's DSN of the house's database: the rooms may not change what a process remembers behind its back."""
    name = psycopg.conninfo.conninfo_to_dict(house.dsn)["dbname"]
    return postgres.dsn(str(name))
