"""A lane whose database is older than the chain: what is there is adopted, what may yet come is made impossible."""

from __future__ import annotations

import psycopg
import pytest

from chain_writer.deciders import IN_FLIGHT_MAX
from chain_writer.lane import Lane
from chain_writer.means import CRASH_POINTS, no_crash
from ops.rpc import RpcRefused
from tests.unit.chain_writer.house import LANE, RECORDED, REGISTERED, House, exhaust
from tests.unit.chain_writer.test_crashes import RESTORING, Crash, Killed

ROUNDS_MAX = 120


def forget(house: House, *, nonces: int) -> list[str]:
    """The database becomes a backup from before the last nonces were given out. Their bytes, in order."""
    with psycopg.connect(house.database) as owner:
        owner.execute("SET session_replication_role = replica")
        lost = "nonce >= (SELECT max(next_nonce) FROM writer.lanes) - %s"
        raws = owner.execute(f"SELECT raw FROM writer.submissions WHERE {lost} ORDER BY nonce", (nonces,)).fetchall()
        owner.execute(
            "UPDATE writer.intents SET state = 'queued', settled_at = NULL WHERE intent IN"
            f" (SELECT intent FROM writer.members WHERE {lost})",
            (nonces,),
        )
        for table in ("submissions", "members", "slots"):
            owner.execute(f"DELETE FROM writer.{table} WHERE {lost}", (nonces,))
        owner.execute(
            "UPDATE writer.lanes SET next_nonce = next_nonce - %s, lease_until = '-infinity',"
            " checkpoint = s.block_number, checkpoint_hash = s.block_hash"
            " FROM (SELECT block_number, block_hash FROM writer.slots ORDER BY nonce DESC LIMIT 1) s",
            (nonces,),
        )
    return ["0x" + bytes(raw).hex() for (raw,) in raws]


def lose_two(house: House) -> list[str]:
    """A registration is final; two more are bound and sent, and the database forgets both. Their bytes."""
    house.company("known")
    house.follow()
    lane = house.lane()
    house.settle(lane)
    for text in ("first", "second"):
        house.company(text)
        house.follow()
        exhaust(lane)
    lane.rest()
    raws = forget(house, nonces=2)
    assert len(raws) == 2
    house.chain.rpc.call("anvil_dropAllTransactions")
    return raws


def work_on(house: House, *, crash: Crash | None = None, lane: Lane | None = None) -> None:
    """Worker after worker, until nothing is open."""
    lane = lane or house.lane(crash=crash or no_crash)
    for _ in range(ROUNDS_MAX):
        try:
            exhaust(lane)
        except Killed:
            lane = house.lane(crash=crash or no_crash, store=house.new_store())
            continue
        if not house.unsettled():
            return
        house.chain.mine()
    raise AssertionError("the lane never came to rest")


def check(house: House) -> None:
    """Each of the three effects happened once, and every nonce that the lost bytes could have is over."""
    assert house.questions.counts() == {"landed": 3}
    assert len(house.logs("IssuerRegistry", REGISTERED)) == 3
    ((next_nonce, through),) = house.rows("SELECT next_nonce, burn_through FROM writer.lanes")
    assert next_nonce >= through
    assert house.rows("SELECT count(*) FROM writer.slots WHERE state <> 'final'") == [(0,)]


@pytest.mark.parametrize("point", [point for point in CRASH_POINTS if point.split()[-1] in RESTORING])
def test_of_two_lost_calls_one_mined_and_one_in_a_pool_neither_happens_twice(house: House, point: str) -> None:
    # given an older database; one of the lost calls is mined, the bytes of the other lie in somebody's pool
    mined, pooled = lose_two(house)
    house.chain.rpc.call("eth_sendRawTransaction", mined)
    house.chain.mine()
    house.chain.rpc.call("eth_sendRawTransaction", pooled)

    # when a worker goes on and is killed once
    crash = Crash(point, passing=1)
    work_on(house, crash=crash)

    # then
    assert crash.happened
    check(house)


def test_bytes_that_come_too_late_find_their_nonce_used(house: House) -> None:
    # given the word of an operator, since nothing on the chain tells that two calls were lost
    raws = lose_two(house)
    assert house.new_store().restored(LANE) == 1

    # when all their nonces are filled
    work_on(house)

    # then they never run again, and what they were to do was done by others
    for raw in raws:
        with pytest.raises(RpcRefused, match="nonce too low"):
            house.chain.rpc.call("eth_sendRawTransaction", raw)
    check(house)
    fillers = house.rows("SELECT count(*) FROM writer.slots WHERE winner = 'filler'")
    assert fillers == [(IN_FLIGHT_MAX,)]


def test_after_a_restore_the_lane_works_as_before(house: House) -> None:
    lose_two(house)
    house.new_store().restored(LANE)
    work_on(house)

    house.campaign(company="first")
    house.fund("investment")
    house.follow()
    house.settle(house.lane())

    assert len(house.logs("campaign", RECORDED)) == 1


def test_a_word_about_a_lane_that_nobody_knows_changes_nothing(house: House) -> None:
    house.company()
    house.follow()
    exhaust(house.lane())

    assert house.new_store().restored("lane-9") == 0
    assert house.rows("SELECT burn_through FROM writer.lanes") == [(None,)]


def test_a_signer_with_used_nonces_of_which_nothing_is_known_fills_what_may_be_lost_first(house: House) -> None:
    # given a database without any record of a lane whose calls are on the chain
    house.company("known")
    house.follow()
    house.settle(house.lane())
    with psycopg.connect(house.database) as owner:
        owner.execute("SET session_replication_role = replica")
        owner.execute("UPDATE writer.intents SET state = 'queued', settled_at = NULL")
        for table in ("submissions", "members", "slots", "lanes"):
            owner.execute(f"DELETE FROM writer.{table}")

    # when
    work_on(house, lane=house.lane(opened=False))

    # then
    assert house.questions.counts() == {"landed": 1}
    assert len(house.logs("IssuerRegistry", REGISTERED)) == 1
    assert house.rows("SELECT count(*) FROM writer.slots WHERE winner = 'filler'") == [(IN_FLIGHT_MAX,)]
