"""What each fault does: to a request, as the real ports feel it; to a tx; to an answer. Every kind is carried out."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import httpx
import pytest

from abis import campaign_address, to_bytes32
from abis.calls import selector
from chain_indexer.node import NodeContradicts, NodeLagging, NodeUnavailable, RangeRefused
from chain_writer.blocks import Answered
from chain_writer.replies import Passed, Refused, Reply, Unclear, classify
from tests.simulator import chain as package
from tests.simulator.chain.faults import FATAL, KINDS, Faults
from tests.simulator.chain.node import DELAY_BLOCKS_MAX, SENDING, SENDING_ONE
from tests.simulator.chain.replica import LAG_BLOCKS_MAX, UNANSWERED
from tests.simulator.chain.weather import WEATHER
from tests.support.wait import until
from tests.support.wallets import wallet_of
from tests.unit.simulator.chains_at_hand import (
    CAMPAIGN,
    Simulated,
    World,
    call,
    count,
    creation,
    investment,
    investment_id,
    registration,
    send,
    signed,
)

KINDS_OF_INDEXER = (RangeRefused, NodeLagging, NodeContradicts)


@pytest.fixture
def simulated() -> Simulated:
    return Simulated(writer=wallet_of("writer"), admin=wallet_of("admin"))


# Requests that fail, as the real ports feel them.


@pytest.mark.parametrize(
    ("kind", "error", "ranged"),
    [
        ("F1", "ReadTimeout", RangeRefused),
        ("F4", "RemoteProtocolError", None),
        ("F19", "HTTPStatusError", None),
        ("F20", "NodeUnavailable", None),
        ("F21", "NodeUnavailable", None),
    ],
)
def test_a_question_that_fails_raises_what_it_raises_in_life(
    world: World, kind: str, error: str, ranged: type[NodeUnavailable] | None
) -> None:
    head = world.indexer.look([]).head
    with world.fail(kind):
        of_writer = _raised(lambda: world.node.look(world.writer.address, [1]))
        of_indexer = _raised(lambda: world.indexer.look([1]))
        of_range = _raised(lambda: world.indexer.logs(1, head.number, ["0x" + "aa" * 20]))
        of_block = _raised(lambda: world.indexer.logs_of(head, ["0x" + "aa" * 20]))

    assert type(of_writer).__name__ == error
    assert isinstance(of_indexer, NodeUnavailable)
    assert not isinstance(of_indexer, KINDS_OF_INDEXER)
    for failure in (of_range, of_block):
        assert isinstance(failure, ranged or NodeUnavailable)
        assert ranged or not isinstance(failure, KINDS_OF_INDEXER)


def _raised(ask: Callable[[], Any]) -> httpx.HTTPError:
    with pytest.raises(httpx.HTTPError) as caught:
        ask()
    return caught.value


@pytest.mark.parametrize(
    ("kind", "error", "taken"),
    [
        ("F1", "ReadTimeout", None),
        ("F2", "ReadTimeout", True),
        ("F4", "RemoteProtocolError", None),
        ("F19", "HTTPStatusError", None),
        ("F20", "NodeUnavailable", False),
        ("F21", "NodeUnavailable", True),
    ],
)
def test_a_batch_whose_request_fails_is_answered_by_silence(
    world: World, *, kind: str, error: str, taken: bool | None
) -> None:
    by = world.account("sender")
    ones = [signed(world, by, nonce) for nonce in range(25)]
    with world.fail(kind):
        answers = world.node.send([one.raw for one in ones])

    assert answers == [Answered(None, f"no answer: {error}")] * 20  # and the rest is not sent

    def mined() -> int:
        world.mine()
        return count(world, by)

    if taken:
        until(lambda: mined() == 20, "what arrived is mined, whenever it was")
    assert taken is not False or mined() == 0


def test_a_request_that_times_out_never_arrived(simulated: Simulated) -> None:
    by = simulated.account("sender")
    with simulated.fail("F1"):
        simulated.node.send([signed(simulated, by, 0).raw])
    simulated.mine()
    assert count(simulated, by) == 0


def test_of_a_batch_that_is_cut_a_prefix_arrives(simulated: Simulated) -> None:
    by = simulated.account("sender")
    arrived = set()
    for nonce in range(0, 200, 5):
        with simulated.fail("F4"):
            simulated.node.send([signed(simulated, by, n).raw for n in range(nonce, nonce + 5)])
        pending = simulated.chain.pending(by.address)
        arrived.add(pending - nonce)
        for n in range(pending, nonce + 5):
            send(simulated, by, n)
        simulated.mine()
    assert arrived == {0, 1, 2, 3, 4}


def test_what_is_delayed_arrives_in_any_order_and_in_the_end(simulated: Simulated) -> None:
    by = simulated.account("sender")
    with simulated.fail("F3"):
        simulated.node.send([signed(simulated, by, nonce).raw for nonce in range(12)])
    order = [arrival.tx.nonce for arrival in sorted(simulated.chain.arriving, key=lambda one: one.block)]
    assert order != sorted(order)
    simulated.mine(DELAY_BLOCKS_MAX + 1)
    for nonce in range(count(simulated, by), 12):  # what was dropped meanwhile
        simulated.node.send([signed(simulated, by, nonce).raw])
    simulated.mine()
    assert count(simulated, by) == 12


# One tx.


@pytest.mark.parametrize(
    ("kind", "reply"),
    [
        ("F5", Reply.ACCEPTED),
        ("F6", Reply.CONSUMED),
        ("F7", Reply.CONSUMED),
        ("F8", Reply.BACKPRESSURE),
        ("F9", Reply.FEE),
        ("F10", Reply.OTHER_SUBMISSION),
        ("F11", Reply.OTHER_SUBMISSION),
        ("F12", Reply.BACKPRESSURE),
        ("F13", Reply.BACKPRESSURE),
        ("F14", Reply.BACKPRESSURE),
        ("F15", Reply.FUNDS),
        ("F16", Reply.HOPELESS),
        ("F17", Reply.HOPELESS),
        ("F18", Reply.MAYBE),
        ("F22", Reply.WRONG_HASH),
    ],
)
def test_a_reply_is_of_its_class_whether_the_tx_was_taken_or_not(simulated: Simulated, kind: str, reply: Reply) -> None:
    mined = set()
    for number in range(20):
        by = simulated.account(f"sender {number}")
        one = signed(simulated, by, 0)
        with simulated.fail(kind):
            (answer,) = simulated.node.send([one.raw])
        said = classify(sent_hash=one.hash, answered_hash=answer.hash, error=answer.error)
        assert said.reply is reply
        simulated.mine()
        mined.add(count(simulated, by))
    assert mined == {"F5": {0}, "F22": {1}}.get(kind, {0, 1})


def test_what_fell_into_a_black_hole_is_out_after_ten_blocks(simulated: Simulated) -> None:
    by = simulated.account("sender")
    one = signed(simulated, by, 0)
    with simulated.fail("F5"):
        simulated.node.send([one.raw])
    simulated.mine(9)
    assert simulated.node.send([one.raw]) == [Answered(None, "already known")]
    simulated.mine(1)
    assert simulated.node.send([one.raw]) == [Answered(one.hash, None)]


# Answers.


@pytest.fixture
def opened(simulated: Simulated) -> Simulated:
    """With three investments, each in a block of its own."""
    call(simulated, simulated.generation.addresses["IssuerRegistry"], registration())
    call(simulated, simulated.generation.addresses["CampaignFactory"], creation())
    for number in range(3):
        call(simulated, campaign_address(simulated.generation, CAMPAIGN), investment(number, amount=10_000))
    return simulated


def test_a_receipt_may_be_missing_or_of_another_block(opened: Simulated) -> None:
    tx = opened.chain.nonces(opened.writer.address)[4]
    (true,) = opened.node.receipts([tx])
    with opened.fail("F23"):
        assert opened.node.receipts([tx]) == [None]
    with opened.fail("F24"):
        (stray,) = opened.node.receipts([tx])
    assert true is not None
    assert stray is not None
    assert stray.block_hash not in {block.hash for block in opened.chain.blocks}

    opened.chain.reorg(1, drop=True)
    lost = opened.chain.lost[-1]
    assert opened.node.receipts([tx]) == [None]
    opened.node.send([lost.receipts[0].tx.raw])
    opened.mine()
    with opened.fail("F24"):
        assert opened.node.receipts([tx]) == [true]
    assert true.block_hash == lost.hash


def test_counts_may_be_of_long_ago_and_blocks_of_a_while_ago(opened: Simulated) -> None:
    address = opened.writer.address
    with opened.fail("F26"):
        assert {opened.node.look(address, []).count for _ in range(60)} == set(range(6))
    with opened.fail("F27/mixed"):
        heads = {opened.node.look(address, []).head.number for _ in range(60)}
    assert heads == {opened.chain.height - behind for behind in range(1, LAG_BLOCKS_MAX + 1)}
    assert opened.node.look(address, []).head.number == opened.chain.height


def test_a_node_that_fell_behind_stays_behind_for_a_while(opened: Simulated) -> None:
    address, head = opened.writer.address, opened.chain.height
    opened.faults.rates["F27"] = 0.05
    seen = [opened.node.look(address, []).head.number for _ in range(2_000)]
    runs = re.findall(r"b+", "".join("b" if number < head else "h" for number in seen))
    assert max(map(len, runs)) > 5
    opened.faults.calm()
    assert opened.node.look(address, []).head.number == head


def test_a_node_may_not_have_left_the_lost_branch_until_the_chain_is_longer(opened: Simulated) -> None:
    opened.chain.reorg(2, drop=False)
    head, lost = opened.chain.head, opened.chain.lost[-1]
    with opened.fail("F28"):
        assert opened.node.look(opened.writer.address, []).head.hash == lost.hash != head.hash
        assert opened.indexer.look([head.number - 1]).headers[head.number - 1].hash == lost.parent_hash
        opened.mine()
        assert opened.node.look(opened.writer.address, []).head.hash == opened.chain.head.hash


def test_a_simulation_may_be_wrong_in_each_direction(opened: Simulated) -> None:
    campaign, sender = campaign_address(opened.generation, CAMPAIGN), opened.writer.address
    fine, bad = investment(9, amount=1), investment(9, amount=0)
    true = opened.node.simulate(to=campaign, data=fine, sender=sender)
    assert isinstance(true, Passed)
    assert isinstance(opened.node.simulate(to=campaign, data=bad, sender=sender), Refused)
    with opened.fail("F30"):
        assert isinstance(opened.node.simulate(to=campaign, data=bad, sender=sender), Passed)
    with opened.fail("F26/call"):
        assert opened.node.simulate(to=campaign, data=fine, sender=sender) == Unclear("incorrect nonce")
    with opened.fail("F31"):
        cheap = opened.node.simulate(to=campaign, data=fine, sender=sender)
    assert isinstance(cheap, Passed)
    assert not call(opened, campaign, fine, gas_limit=cheap.gas).succeeded
    assert call(opened, campaign, fine, gas_limit=true.gas).succeeded


def test_logs_may_be_missing_cut_doubled_shuffled_or_refused(opened: Simulated) -> None:
    campaign, head = campaign_address(opened.generation, CAMPAIGN).lower(), opened.chain.height
    true = list(opened.indexer.logs(1, head, [campaign]).logs)
    assert len(true) == 3

    def answers(kind: str) -> list[list[Any]]:
        with opened.fail(kind):
            return [list(opened.indexer.logs(1, head, [campaign]).logs) for _ in range(40)]

    assert {len(found) for found in answers("F38/missing")} == {2}
    assert sorted({len(found) for found in answers("F38/truncated")}) == [0, 1, 2, 3]
    assert all(found == true[: len(found)] for found in answers("F38/truncated"))
    assert {len(found) for found in answers("F39/doubled")} == {4}
    assert all(found == true for found in answers("F39/reordered"))  # the port sorts them
    with opened.fail("F38/refused"), pytest.raises(RangeRefused):
        opened.indexer.logs(1, head, [campaign])


def test_receipts_of_the_indexer_may_be_missing_or_of_another_block(opened: Simulated) -> None:
    head = opened.indexer.look([]).head
    with opened.fail("F23"), pytest.raises(NodeLagging):
        opened.indexer.logs_by_receipts([head], [])
    with opened.fail("F24"), pytest.raises(NodeContradicts):
        opened.indexer.logs_by_receipts([head], [])


def test_what_the_contracts_hold_is_asked_of_any_block(opened: Simulated) -> None:
    campaign = campaign_address(opened.generation, CAMPAIGN)
    asked = [(campaign, selector("digestOf(bytes32)") + to_bytes32(investment_id(1)))]
    words = [opened.node.words(asked, block=number)[0] for number in range(opened.chain.height + 1)]
    assert [any(word) for word in words] == [False] * 5 + [True] * 2


# The list.


def test_every_kind_is_carried_out_somewhere_and_no_other_is_asked_for() -> None:
    sources = "".join(path.read_text() for path in sorted(Path(package.__path__[0]).glob("*.py")))
    asked = set(re.findall(r'strike\("(F[^"]+)"', sources))
    assert asked | set(SENDING) | set(SENDING_ONE) | set(UNANSWERED) | set(WEATHER) == set(KINDS)


def test_a_run_has_half_of_the_kinds_and_none_that_stops_a_lane_for_good() -> None:
    drawn = [Faults.drawn(Random(seed)) for seed in range(200)]
    on = [sum(kind in faults.rates for faults in drawn) for kind in KINDS]
    assert [kind for kind, times in zip(KINDS, on, strict=True) if not times] == sorted(FATAL)
    assert all(60 < times < 140 for kind, times in zip(KINDS, on, strict=True) if kind not in FATAL)
    assert Faults.drawn(Random(7)).rates == Faults.drawn(Random(7)).rates
    assert Faults.none().rates == {}


def test_faults_count_what_they_did_and_end_when_told() -> None:
    random, faults = Random(1), Faults({"F1": 0.5})
    struck = sum(faults.strike("F1", random) for _ in range(100))
    assert faults.struck == {"F1": struck}
    assert 20 < struck < 80
    faults.calm()
    assert not any(faults.strike("F1", random) for _ in range(100))
