"""Several nodes as one: on a real chain, with hostile servers before it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import msgspec
import pytest

from chain_indexer.errors import ForkBelowFinality, WrongChain
from chain_indexer.health import Healths
from chain_indexer.node import Node, NodeUnavailable, RangeRefused
from chain_indexer.nodes import LOOK_EVERY_S, Nodes
from tests.support.wait import until
from tests.unit.chain_indexer.hostile import Answers, Calls, Hostile, hostile_to, with_head_at
from tests.unit.chain_indexer.parts import World, caught_up


class Pair:
    """Two nodes of one chain, each behind a hostile server, and a clock in the test's hand."""

    def __init__(self, world: World, opened: ExitStack) -> None:
        self.world = world
        self.servers = [opened.enter_context(hostile_to(world.chain.url)) for _ in range(2)]
        self.healths = Healths(["1:a", "2:b"])
        self.now_s = 0.0
        nodes = [Node(server.url, timeout_s=5.0) for server in self.servers]
        self.nodes = Nodes(nodes, self.healths, world.generation, clock_s=lambda: self.now_s)

    @property
    def first(self) -> Hostile:
        return self.servers[0]

    @property
    def second(self) -> Hostile:
        return self.servers[1]

    def looked_around(self) -> None:
        """Both nodes' heads are known."""
        self.now_s += LOOK_EVERY_S
        self.nodes.look([])
        until(lambda: not self.nodes._looking, "a look at the other node")


@pytest.fixture
def pair(world: World) -> Iterator[Pair]:
    with ExitStack() as opened:
        pair = Pair(world, opened)
        yield pair
        world.stop_indexers()
        pair.nodes.close()


@pytest.mark.parametrize(
    ("status", "body"), [(429, b""), (503, b"<html></html>"), (200, b"<html></html>"), (200, b"[")]
)
def test_a_node_that_fails_is_replaced_within_the_same_call_and_left_alone_for_a_while(
    pair: Pair, status: int, body: bytes
) -> None:
    pair.world.post_registration(pair.world.kyb_approved())
    pair.first.reply = lambda _: (status, body)
    assert caught_up(pair.world.indexer(node=pair.nodes)).lag == 0
    assert len(pair.first.batches) == 1
    assert pair.healths.in_charge == 1
    assert len(pair.world.journal.entries("company.registration_confirmed")) == 1


def test_what_all_nodes_fail_is_a_failure(pair: Pair) -> None:
    for server in pair.servers:
        server.reply = lambda _: (503, b"")
    with pytest.raises(NodeUnavailable, match="503"):
        pair.nodes.look([])
    assert all(health.failures for health in pair.healths.all)
    assert len(pair.first.batches) == 1


def test_a_range_that_is_refused_is_nobody_s_fault(pair: Pair) -> None:
    pair.first.reply = lambda _: (413, b"")
    with pytest.raises(RangeRefused):
        pair.nodes.logs(1, 5, ["0x" + "11" * 20])
    assert pair.healths.all[0].failures == 0


def test_a_node_that_lags_behind_another_gives_up_its_charge(pair: Pair) -> None:
    pair.world.chain.mine(12)
    head = pair.world.chain.rpc.number("eth_blockNumber")
    with_head_at(pair.first, head - 10)
    pair.nodes.look([])
    pair.looked_around()
    assert pair.nodes.look([]).head.number == head
    assert pair.healths.in_charge == 1


def test_a_node_that_loses_logs_is_set_aside_and_the_other_one_believed(pair: Pair) -> None:
    pair.world.post_registration(pair.world.kyb_approved())

    def without_logs(calls: Calls, answers: Answers) -> Answers:
        for call, answer in zip(calls, answers, strict=True):
            if call["method"] == "eth_getLogs":
                answer["result"] = []
        return answers

    pair.first.answers = without_logs
    indexer = pair.world.indexer(node=pair.nodes)
    with pytest.raises(NodeUnavailable, match="left out of the answer"):
        caught_up(indexer)
    assert caught_up(indexer).lag == 0
    assert "left out" in pair.healths.all[0].trouble
    assert len(pair.world.journal.entries("company.registration_confirmed")) == 1


def _as_another_fork(_: Calls, answers: Answers) -> Answers:
    for answer in answers:
        block = answer["result"]
        if isinstance(block, dict) and int(block.get("number", "0x0"), 16) > 0:
            for name in ("hash", "parentHash"):
                block[name] = block[name][:-1] + ("e" if block[name][-1] != "e" else "d")
    return answers


def test_a_node_on_another_fork_does_not_stop_the_line_while_another_has_our_blocks(pair: Pair) -> None:
    indexer = pair.world.indexer(node=pair.nodes)
    caught_up(indexer)
    pair.world.chain.mine(3)
    pair.first.answers = _as_another_fork
    with pytest.raises(NodeUnavailable, match="another node is asked"):
        indexer.step()
    assert caught_up(indexer).lag == 0


def test_a_fork_that_all_nodes_have_stops_the_line(pair: Pair) -> None:
    indexer = pair.world.indexer(node=pair.nodes)
    caught_up(indexer)
    for server in pair.servers:
        server.answers = _as_another_fork
    with pytest.raises(NodeUnavailable):
        indexer.step()
    with pytest.raises(ForkBelowFinality):
        indexer.step()


def _regenesis(pair: Pair, server: Hostile) -> None:
    def answers(_: Calls, given: Answers) -> Any:
        text = msgspec.json.encode(given).decode()
        return msgspec.json.decode(text.replace(pair.world.generation.genesis_hash, "0x" + "99" * 32))

    server.answers = answers


def test_a_node_of_another_chain_is_set_aside_and_told(pair: Pair) -> None:
    _regenesis(pair, pair.first)
    assert caught_up(pair.world.indexer(node=pair.nodes)).lag == 0
    assert "another chain" in pair.healths.all[0].trouble


def test_nodes_that_are_all_of_another_chain_stop_the_line(pair: Pair) -> None:
    for server in pair.servers:
        _regenesis(pair, server)
    with pytest.raises(WrongChain, match="began anew"):
        pair.world.indexer(node=pair.nodes).step()


def test_a_single_node_of_another_chain_stops_the_line(world: World) -> None:
    generation = msgspec.structs.replace(world.generation, chain_id=7)
    nodes = Nodes([Node(world.chain.url)], Healths(["1:a"]), generation, clock_s=lambda: 0.0)
    with pytest.raises(WrongChain, match="another chain"):
        world.indexer(node=nodes, generation=generation).step()
