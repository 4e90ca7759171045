"""A promotion is the end of one generation and the life of another: nothing is sent twice, nothing lost."""

from __future__ import annotations

import pytest
from msgspec.structs import asdict, replace

from abis import Generation
from chain_writer.follower import Follower
from chain_writer.switching import abandoned
from domain.campaign import CampaignApproved, CampaignPostingAbandoned
from domain.ledger import LEDGER, ChainGeneration, LedgerPromoted, generation_id
from tests.unit.chain_writer.house import LANE, House, exhaust, name


def another(house: House) -> Generation:
    """A generation of the same contracts, elsewhere: here nobody sends anything to it."""
    return replace(house.generation, genesis_hash="0x" + "6e" * 32)


def promote(house: House, generation: Generation) -> int:
    event = LedgerPromoted(
        generation=ChainGeneration(**asdict(generation)),
        previous=house.generation_id,
        compared_position=1,
        report_hash="ab" * 32,
        proposer="operator-1",
    )
    return house.record(LEDGER, event)


def beside(house: House, generation: Generation) -> Follower:
    lanes = [f"{LANE}@{generation_id(generation).hex[:8]}"]
    return Follower(house.reader, house.new_store(), generation, lanes, rebuilt=True)


def promised(house: House, generation: Generation) -> list[tuple[int, str, str]]:
    """The intents of a generation: position, lane and state."""
    return [
        (int(position), lane, state)
        for position, lane, state in house.rows(
            f"SELECT position, lane, state FROM writer.intents WHERE generation = '{generation_id(generation)}'"
            " ORDER BY position"
        )
    ]


@pytest.mark.parts
def test_what_the_old_chain_does_not_have_yet_the_new_generation_owes_and_nobody_else(house: House) -> None:
    # given an effect that has landed, one that is queued, and a second generation that has both
    new = another(house)
    company = house.company()
    house.follow()
    lane = house.lane()
    house.settle(lane)
    following, second = Follower(house.reader, house.new_store(), house.generation, [LANE]), beside(house, new)
    campaign = house.campaign()
    following.step()
    second.step()
    nonces = house.rows("SELECT count(*) FROM writer.slots")

    # when the second one is promoted, and life goes on
    end = promote(house, new)
    investment = house.fund("investment")
    while following.step().advanced:
        pass
    exhaust(lane)

    # then the old one stands at its end, and has bound nothing more
    assert following.step().position == end
    assert house.rows("SELECT count(*) FROM writer.slots") == nonces
    ended = f"{LANE}@{house.generation_id.hex[:8]}"
    assert promised(house, house.generation) == [(company, LANE, "landed"), (campaign, ended, "queued")]

    # then the new one owes everything from the first entry on, on the lanes of the house
    living = Follower(house.reader, house.new_store(), new, [LANE])
    while living.step().advanced:
        pass
    assert promised(house, new) == [(p, LANE, "queued") for p in (company, campaign, investment)]
    rows = house.rows("SELECT rebuilt, ended_position FROM writer.followers ORDER BY started_at")
    assert rows == [(False, end), (False, None)]
    assert house.store.busy_lanes() == [LANE]

    # and people are told of the living one
    assert house.questions.counts() == {"landed": 1, "queued": 3}
    assert [figures.name for figures in house.questions.lanes()] == [LANE]
    assert house.story(company).state == "queued"


@pytest.mark.parts
def test_a_worker_that_saw_the_intent_before_the_end_cannot_bind_it_after(house: House) -> None:
    # given a lane that is about to bind what it has simulated
    house.company()
    house.follow()
    new, ended = another(house), []

    def end(point: str) -> None:
        if point == "before allot" and not ended:
            promote(house, new)
            while following.step().advanced:
                pass
            ended.append(point)

    following = Follower(house.reader, house.new_store(), house.generation, [LANE])
    lane = house.lane(crash=end)

    # when the generation ends in between
    assert lane.step().advanced == 0

    # then nothing is bound, and nothing was sent
    assert ended
    assert house.rows("SELECT count(*) FROM writer.slots") == [(0,)]
    assert [state for _, _, state in promised(house, house.generation)] == ["queued"]


@pytest.mark.parts
def test_what_was_abandoned_before_the_promotion_is_known_and_nothing_that_came_later(house: House) -> None:
    house.company()
    first = house.campaign("first")
    second = house.campaign("second")
    fields = {"effect": "create-campaign", "reason": "never", "proposer": "operator-1"}
    house.record(name("first"), CampaignPostingAbandoned(entry_position=first, **fields))
    end = promote(house, another(house))
    house.record(name("second"), CampaignPostingAbandoned(entry_position=second, **fields))
    approved = house.reader.entry(first)
    assert approved is not None
    assert isinstance(approved.event, CampaignApproved)
    assert abandoned(house.reader, through=end) == {first}
