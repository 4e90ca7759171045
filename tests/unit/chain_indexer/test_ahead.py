"""The window of ranges that are read before their turn, and the loop that reads through it."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import psycopg
import pytest

from abis import calls, campaign_address
from chain_indexer.ahead import Ahead, ManyHands, OneHand
from chain_indexer.blocks import Header, Reading
from chain_indexer.completeness import sampled
from chain_indexer.indexer import RANGES_PER_LOOK_MAX
from chain_indexer.logs import Logs
from chain_indexer.node import Node, NodeContradicts
from chain_indexer.ranges import RANGES_AHEAD_MAX, RangeSize
from tests.unit.chain_indexer.hostile import Answers, Calls, hostile_to
from tests.unit.chain_indexer.parts import HOLDER, World, caught_up, named

NOTHING = Reading(blocks=(), logs=Logs(), children=(), size_bytes=0)


def reading_of(size_bytes: int) -> Reading:
    return Reading(blocks=(), logs=Logs(), children=(), size_bytes=size_bytes)


def test_ranges_are_taken_in_the_order_of_the_chain_whichever_is_read_first() -> None:
    hands, later_read = ManyHands(2), threading.Event()
    ahead = Ahead(hands, ranges=2)
    ahead.widen()

    def first() -> Reading:
        assert later_read.wait(30)
        return reading_of(1)

    def later() -> Reading:
        later_read.set()
        return reading_of(2)

    ahead.begin(1, 5, children=0, read=first)
    ahead.begin(6, 9, children=0, read=later)
    assert ahead.is_full
    assert [ahead.take().reading.result().size_bytes for _ in range(2)] == [1, 2]
    hands.close()


def test_the_window_goes_on_where_it_ends_and_begins_anew_where_the_checkpoint_is_another() -> None:
    ahead = Ahead(OneHand(), ranges=3)
    ahead.widen()
    assert ahead.next_after(10) == 11
    ahead.begin(11, 15, children=0, read=lambda: NOTHING)
    ahead.begin(16, 20, children=0, read=lambda: NOTHING)
    assert ahead.next_after(10) == 21
    assert ahead.take().first == 11
    assert ahead.next_after(15) == 21
    assert ahead.next_after(12) == 13
    assert not ahead.is_full


def test_one_range_is_read_until_it_was_answered_and_again_after_something_went_wrong() -> None:
    ahead = Ahead(OneHand(), ranges=2)
    ahead.begin(1, 5, children=0, read=lambda: NOTHING)
    assert ahead.is_full
    ahead.take()
    ahead.widen()
    ahead.begin(6, 10, children=0, read=lambda: NOTHING)
    assert not ahead.is_full
    ahead.forget()
    ahead.begin(6, 10, children=0, read=lambda: NOTHING)
    assert ahead.is_full


def test_what_goes_wrong_with_a_range_is_raised_when_it_has_its_turn() -> None:
    ahead = Ahead(OneHand(), ranges=2)
    ahead.widen()

    def refuse() -> Reading:
        raise NodeContradicts("later")

    ahead.begin(1, 1, children=0, read=lambda: NOTHING)
    ahead.begin(2, 2, children=0, read=refuse)
    assert ahead.take().reading.result() == NOTHING
    with pytest.raises(NodeContradicts, match="later"):
        ahead.take().reading.result()


# In the loop.


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ranges of three blocks."""
    monkeypatch.setattr("chain_indexer.indexer.RangeSize", lambda: RangeSize(3))
    monkeypatch.setattr("chain_indexer.ranges.BLOCKS_PER_RANGE_MAX", 3)


@pytest.mark.usefixtures("small")
def test_children_made_in_a_range_are_followed_in_the_ranges_that_were_read_before_it_was_fed(world: World) -> None:
    indexer = world.indexer()
    for company in ("first", "second"):
        world.post_registration(world.kyb_approved(company))
    caught_up(indexer)
    for name, company in (("a", "first"), ("b", "second")):
        world.post_campaign(world.campaign_approved(name, company=company))
        world.chain.mine(3)
    _write_something(world, ("a", "b"))
    world.chain.mine(3)
    _write_something(world, ("b", "a"))
    world.chain.mine(3 * RANGES_AHEAD_MAX)
    caught_up(indexer)
    a, b = (campaign_address(world.generation, named(name)).lower() for name in ("a", "b"))
    kept = world.rows(
        "SELECT indexer.hex(address) FROM indexer.logs WHERE kind = 'InvestmentRecorded' ORDER BY block_number"
    )
    assert [address for (address,) in kept] == [a, b, b, a]


def _write_something(world: World, campaigns: Sequence[str]) -> None:
    for name in campaigns:
        number = world.chain.rpc.number("eth_blockNumber")
        member = calls.InvestmentMember(named(f"{name} {number}"), HOLDER, 5, 1, b"\x11" * 32)
        world.send(campaign_address(world.generation, named(name)), calls.record_investments([member]))


@pytest.mark.usefixtures("small")
def test_a_range_that_is_not_the_child_of_the_one_before_it_is_not_fed(world: World) -> None:
    world.chain.mine(30)
    with hostile_to(world.chain.url) as hostile:
        forged = world.generation.start_block + 15

        def other_fork(_: Calls, answers: Answers) -> Answers:
            for answer in answers:
                block = answer["result"]
                if isinstance(block, dict) and int(block.get("number", "0x0"), 16) >= forged:
                    for name in ("hash", "parentHash"):
                        block[name] = block[name][:-1] + ("e" if block[name][-1] != "e" else "d")
            return answers

        hostile.answers = other_fork
        indexer = world.indexer(node=Node(hostile.url))
        with pytest.raises(NodeContradicts):
            caught_up(indexer)
        assert world.rows(f"SELECT block_number < {forged} FROM indexer.checkpoint") == [(True,)]
        hostile.answers = lambda _, answers: answers
        assert caught_up(indexer).lag == 0
        world.stop_indexers()
    numbers = world.rows("SELECT block_number, block_hash FROM indexer.checkpoint")
    for number, name in numbers:
        assert world.chain.rpc.call("eth_getBlockByNumber", hex(number), False)["hash"] == name


@pytest.mark.usefixtures("small")
def test_blocks_far_below_the_head_are_each_asked_for_once(world: World) -> None:
    world.chain.mine(60)
    start = world.generation.start_block
    with hostile_to(world.chain.url) as hostile:
        indexer = world.indexer(node=Node(hostile.url))
        head = caught_up(indexer).position
        asked = [
            int(call["params"][0], 16)
            for call in hostile.asked("eth_getBlockByNumber")
            if call["params"][1:] and call["params"][0] not in ("latest", "0x0")
        ]
        world.stop_indexers()
    middle = [number for number in asked if start < number < head - 3 * (RANGES_AHEAD_MAX + 1)]
    # Once with its range, once as the last of the logs' range, once as the checkpoint that is looked at.
    assert max(middle.count(number) for number in set(middle)) <= 3
    assert set(range(start + 1, head + 1)) <= set(asked)


@pytest.mark.usefixtures("small")
def test_far_below_the_head_the_node_is_looked_at_now_and_then_and_near_it_each_time(world: World) -> None:
    world.chain.mine(3 * 4 * RANGES_PER_LOOK_MAX)
    with hostile_to(world.chain.url) as hostile:
        indexer = world.indexer(node=Node(hostile.url))
        steps = 0
        while indexer.step().lag:
            steps += 1
        looks = len(hostile.asked("eth_chainId"))
        assert steps >= 4 * RANGES_PER_LOOK_MAX
        assert looks <= steps // 3
        for _ in range(3):
            indexer.step()
        assert len(hostile.asked("eth_chainId")) == looks + 3
        world.stop_indexers()


# A history that the journal is not told of.


def test_an_imported_history_is_stored_and_not_fed_and_what_comes_after_it_is_fed(world: World) -> None:
    world.post_registration(world.kyb_approved("first"))
    imports_to = world.chain.rpc.number("eth_blockNumber")
    world.post_registration(world.kyb_approved("second"))
    caught_up(world.indexer(imports_to=imports_to))
    rows = world.rows(
        "SELECT verdict, count(*) FROM indexer.logs WHERE kind = 'IssuerRegistered' GROUP BY 1 ORDER BY 1"
    )
    assert rows == [("confirmed", 1), ("imported", 1)]
    assert world.rows(
        f"SELECT count(*) FROM indexer.logs WHERE (block_number <= {imports_to}) <> (verdict = 'imported')"
    ) == [(0,)]
    assert len(world.journal.entries("company.registration_confirmed")) == 1
    world.stop_indexers()
    with psycopg.connect(world.dsn) as owner:
        owner.execute(
            "TRUNCATE indexer.checkpoint, indexer.headers, indexer.logs, indexer.foreign_logs, indexer.children"
        )
    caught_up(world.indexer())
    assert len(world.journal.entries("company.registration_confirmed")) == 2


# How much is held against receipts.


@pytest.mark.parametrize(("percent", "receipts"), [(0, False), (100, True)])
def test_receipts_are_asked_for_as_far_as_the_audit_goes(world: World, percent: int, *, receipts: bool) -> None:
    world.post_registration(world.kyb_approved())
    with hostile_to(world.chain.url) as hostile:
        caught_up(world.indexer(node=Node(hostile.url), audit_percent=percent))
        assert bool(hostile.asked("eth_getTransactionReceipt")) == receipts
        world.stop_indexers()
    assert len(world.journal.entries("company.registration_confirmed")) == 1


def test_a_sample_is_chosen_by_the_hashes_of_blocks() -> None:
    blocks = [Header(number=n, hash=f"0x{n:064x}", parent_hash="0x" + "00" * 32, timestamp_s=0) for n in range(1_000)]
    assert sampled(blocks, percent=100) is blocks
    assert list(sampled(blocks, percent=0)) == []
    assert len(sampled(blocks, percent=30)) == 300
    assert sampled(blocks, percent=30) == sampled(blocks, percent=30)
