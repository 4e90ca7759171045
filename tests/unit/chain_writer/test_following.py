"""From the journal to intents, and from rejections back to the journal; and what the writer can be asked."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from chain_writer.follower import ENTRIES_PER_STEP_MAX, Follower
from chain_writer.reporter import Reporter
from chain_writer.sweep import Sweep
from domain.handlers import decide
from domain.journal import Ledger
from domain.rule_packs import load_packs
from domain.topics import codec
from tests.support.roles import as_room
from tests.unit.chain_writer.house import LANE, NOON, House, exhaust


def ledger_on(house: House) -> Ledger:
    ledger = Ledger(
        as_room(house.database, "writer"),
        codec=codec(),
        decide=decide,
        packs=load_packs(["default"]),
        clock=lambda: NOON,
    )
    ledger.start()
    return ledger


def follower(house: House) -> Follower:
    return Follower(house.reader, house.new_store(), house.generation, [LANE])


def test_reading_on_from_anywhere_makes_every_intent_once(house: House) -> None:
    # given two followers, interleaved, one of them always new
    house.company()
    lasting = follower(house)
    lasting.step()
    house.campaign()
    follower(house).step()
    house.fund("investment")

    # when
    assert lasting.step().lag == 2  # it was overtaken: it goes on from where the other was
    assert lasting.step().lag == 0
    assert follower(house).step().advanced == 0

    # then
    assert house.questions.counts() == {"queued": 3}
    assert house.rows("SELECT position FROM writer.followers") == [(house.reader.head(),)]


def test_with_fewer_lanes_what_waits_moves_to_those_that_are_left(house: House) -> None:
    # given work on four lanes, none of which was ever driven
    for number in range(12):
        house.company(f"company-{number}")
    house.follow(lanes=("lane-0", "lane-1", "lane-2", "lane-3"))
    assert len(house.rows("SELECT DISTINCT lane FROM writer.intents")) == 4

    # when one lane is left
    house.follow()

    # then it does it all
    house.settle(house.lane())
    assert house.questions.counts() == {"landed": 12}


def test_a_long_journal_is_read_in_steps(house: House) -> None:
    for number in range(ENTRIES_PER_STEP_MAX // 2 + 10):
        house.fund(f"investment-{number}")
    following = follower(house)

    first = following.step()
    second = following.step()

    assert (first.advanced, first.position, first.lag) == (ENTRIES_PER_STEP_MAX, ENTRIES_PER_STEP_MAX, 20)
    assert (second.advanced, second.lag) == (20, 0)
    assert following.step().advanced == 0


def test_a_rejection_is_reported_to_the_domain_once(house: House) -> None:
    # given a registration that can never be made
    position = house.company("ET-1", wallet="no address")
    stream = house.rows("SELECT originator_id FROM journal.entries LIMIT 1")[0][0]
    house.follow()
    ledger = ledger_on(house)

    # when it is reported, and the mark of that is lost
    Reporter(house.new_store(), ledger).step()
    with_mark_lost(house)
    Reporter(house.new_store(), ledger).step()
    Reporter(house.new_store(), ledger).step()

    # then the journal has it once
    entries = [e for e in house.reader.stream(stream) if e.topic == "company.posting_rejected"]
    (entry,) = entries
    told: Any = entry.event
    assert (told.entry_position, told.code) == (position, "not-callable")
    assert entry.meta.by == "writer:chain-writer"
    assert entry.meta.cause == position
    assert house.story(position).reported_position == entry.position
    ledger.close()


def with_mark_lost(house: House) -> None:
    with psycopg.connect(house.database) as owner:
        owner.execute("UPDATE writer.intents SET reported_position = NULL")


def test_nothing_is_reported_of_what_landed_or_waits(house: House) -> None:
    house.company()
    house.follow()
    house.settle(house.lane())
    house.campaign()
    house.follow()
    before = house.reader.head()
    ledger = ledger_on(house)

    assert Reporter(house.new_store(), ledger).step().advanced == 0

    ledger.close()
    assert house.reader.head() == before


def test_the_sweep_wakes_what_has_work_and_nothing_else(house: House) -> None:
    woken: list[str] = []
    sweep = Sweep(house.new_store(), woken.append)
    sweep.step()
    assert woken == []

    # queued, then in flight, then done
    house.company()
    house.follow()
    sweep.step()
    lane = house.lane()
    exhaust(lane)
    progress = sweep.step()
    assert (progress.advanced, progress.lag) == (0, 1)
    assert woken == [LANE, LANE]
    house.settle(lane)
    sweep.step()
    assert woken == [LANE, LANE]


def test_a_story_is_told_from_the_queue_to_its_end(house: House) -> None:
    position = house.company()
    assert house.questions.story(position) is None
    house.follow()
    assert (house.story(position).state, house.story(position).nonce) == ("queued", None)

    lane = house.lane()
    exhaust(lane)
    sent = house.story(position)
    assert (sent.state, sent.slot_state, sent.nonce) == ("bound", "live", 0)
    (attempt,) = sent.submissions
    assert (attempt.purpose, attempt.sends, attempt.reply, attempt.gas_price_wei) == ("effect", 1, "accepted", 0)

    house.settle(lane)
    done = house.story(position)
    assert (done.state, done.outcome, done.slot_state, done.tx_hash) == ("landed", "recorded", "final", attempt.hash)
    assert done.block_number is not None


def test_a_lane_is_told_in_numbers(house: House) -> None:
    assert house.questions.lanes() == []
    house.company()
    house.campaign()
    house.follow()
    (waiting,) = house.questions.lanes()
    assert (waiting.name, waiting.signer, waiting.queued, waiting.in_flight) == (LANE, None, 2, 0)
    assert waiting.oldest_s is not None

    lane = house.lane(owner="me")
    exhaust(lane)
    (busy,) = house.questions.lanes()
    assert (busy.owner, busy.leased, busy.queued, busy.in_flight) == ("me", True, 1, 1)
    assert (busy.next_nonce, busy.final_nonce, busy.signer) == (1, 0, house.chain.signer)

    house.settle(lane)
    lane.rest()
    (idle,) = house.questions.lanes()
    assert (idle.leased, idle.queued, idle.in_flight, idle.oldest_s) == (False, 0, 0, None)
    assert (idle.next_nonce, idle.final_nonce) == (2, 2)


@pytest.mark.parametrize("price_wei", [0, 7])
def test_what_a_lanes_final_nonces_cost_is_told(house: House, price_wei: int) -> None:
    house.company()
    house.campaign()
    house.follow()
    house.chain.rpc.call("anvil_setBalance", house.chain.signer, hex(10**18))
    lane = house.lane(gas_price_wei=price_wei, gas_price_wei_max=price_wei)
    house.settle(lane)
    used = sum(int(house.chain.rpc.call("eth_getTransactionReceipt", h)["gasUsed"], 16) for h in hashes_of(house))

    (figures,) = house.questions.lanes()

    assert figures.gas_used == used > 2 * 21_000
    assert figures.fees_wei == str(used * price_wei)


def hashes_of(house: House) -> list[str]:
    with psycopg.connect(house.database) as owner:
        return [row[0] for row in owner.execute("SELECT winner_hash FROM writer.slots WHERE state = 'final'")]


def test_questions_outlive_their_connection(house: House) -> None:
    house.company()
    house.follow()
    house.questions.close()

    assert house.questions.counts() == {"queued": 1}


def test_entries_that_oblige_nothing_move_the_position_too(house: House) -> None:
    house.company()
    house.chain_of_nothing(5)
    assert follower(house).step().position == 7
    assert house.questions.counts() == {"queued": 1}


def test_a_lane_in_numbers_tells_what_waits_where_and_for_how_long(house: House) -> None:
    # given one registration in flight, and one that nobody has taken up
    house.company("first")
    house.follow()
    lane = house.lane()
    exhaust(lane)
    house.company("second")
    house.follow()

    # when
    (figures,) = house.questions.lanes()
    totals = house.questions.totals()

    # then
    assert (figures.queued, figures.bound, figures.live, figures.in_flight) == (1, 1, 1, 1)
    assert figures.head_age_s is not None
    assert figures.oldest_queued_s is not None
    assert (figures.leases, figures.quarantined) == (1, False)
    assert totals.intents == {"queued": 1, "bound": 1}
    assert totals.replies == {"accepted": 1}
    assert totals.unknown_replies == 0
