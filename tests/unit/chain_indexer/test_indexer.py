"""The loop on a real chain, a real journal and a real database."""

from __future__ import annotations

import itertools
import random
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import msgspec
import psycopg
import pytest

from abis import calls, campaign_address, token_id
from chain_indexer.errors import ForkBelowFinality, WrongChain, WrongGeneration
from chain_indexer.node import Node, NodeContradicts, NodeUnavailable
from domain.errors import JournalUnavailable
from domain.ledger import generation_id
from domain.values import ChainFact
from tests.unit.chain_indexer.hostile import Answers, Calls, hostile_to, with_head_at
from tests.unit.chain_indexer.parts import HOLDER, World, caught_up, named


class Killed(Exception):
    """The process ends here."""


def test_a_log_that_repeats_an_entry_becomes_its_confirmation(world: World) -> None:
    obliging = world.kyb_approved()
    receipt = world.post_registration(obliging)
    progress = caught_up(world.indexer())
    (entry,) = world.journal.entries("company.registration_confirmed")
    log = receipt["logs"][0]
    fact: Any = entry.event
    assert fact.on_chain == ChainFact(
        chain_id=world.generation.chain_id,
        block_number=int(log["blockNumber"], 16),
        block_hash=log["blockHash"],
        tx_hash=log["transactionHash"],
        log_index=int(log["logIndex"], 16),
        entry_position=obliging.position,
        generation=generation_id(world.generation),
    )
    assert (entry.meta.by, entry.meta.cause) == ("indexer:chain-indexer", obliging.position)
    assert entry.meta.correlation_id == obliging.meta.correlation_id
    assert (progress.position, progress.lag) == (int(log["blockNumber"], 16), 0)


def test_a_campaign_is_confirmed_from_deployment_to_release(world: World) -> None:
    indexer = world.indexer()
    world.post_registration(world.kyb_approved())
    caught_up(indexer)
    world.post_campaign(world.campaign_approved("a"))
    caught_up(indexer)
    world.post_investments(
        world.investment_funded("i", campaign="a"), world.investment_funded("j", campaign="a", amount=100_000)
    )
    caught_up(indexer)
    world.post_closing(world.campaign_closed("a"))
    caught_up(indexer)
    world.post_certificate(world.shares_allotted("i"))
    world.post_release(world.release_approved("a"))
    caught_up(indexer)

    (deployed,) = world.journal.entries("campaign.deployment_confirmed")
    event: Any = deployed.event
    assert event.address == campaign_address(world.generation, named("a"))
    created = world.chain.rpc.call("eth_getBlockByNumber", hex(event.on_chain.block_number), False)
    assert event.deadline == datetime.fromtimestamp(int(created["timestamp"], 16) + 86_400, UTC)
    assert {e.stream for e in world.journal.entries("investment.recording_confirmed")} == {named("i"), named("j")}
    (certified,) = world.journal.entries("investment.certificate_confirmed")
    certificate: Any = certified.event
    assert certificate.token_id == str(token_id(named("i")))
    assert len(world.journal.entries("campaign.closing_confirmed")) == 1
    assert len(world.journal.entries("campaign.release_confirmed")) == 1
    assert {row[0] for row in world.rows("SELECT kind FROM indexer.logs WHERE verdict = 'noted'")} == {
        "RoleGranted",
        "Transfer",
        "Locked",
    }
    assert world.rows("SELECT count(*) FROM indexer.foreign_logs WHERE reason <> 'not-a-confirmation'") == [(0,)]


def test_a_failed_campaign_s_refunds_are_confirmed(world: World) -> None:
    indexer = world.indexer()
    world.post_registration(world.kyb_approved())
    caught_up(indexer)
    world.post_campaign(world.campaign_approved("a"))
    caught_up(indexer)
    world.post_investments(world.investment_funded("i", campaign="a", amount=100_000))
    world.post_closing(world.campaign_closed("a"))
    caught_up(indexer)
    world.post_refund(world.refund_ordered("i"))
    caught_up(indexer)
    (closed,) = world.journal.entries("campaign.closing_confirmed")
    (refunded,) = world.journal.entries("investment.refund_confirmed")
    outcome: Any = closed.event
    assert (outcome.outcome, refunded.stream) == ("failed", named("i"))


# Following children without a gap.


def test_a_child_that_logs_in_the_block_of_its_making_is_seen(world: World) -> None:
    indexer = world.indexer()
    world.post_registration(world.kyb_approved())
    caught_up(indexer)
    creation = world.campaign_approved("a")
    campaign = campaign_address(world.generation, named("a"))
    member = calls.InvestmentMember(named("stranger"), HOLDER, 5, 1, b"\x11" * 32)
    world.send_together(
        (world.generation.addresses["CampaignFactory"], world.creation(creation)),
        (campaign, calls.record_investments([member])),
    )
    caught_up(indexer)
    assert world.rows("SELECT address FROM indexer.children") == [(campaign.lower(),)]
    assert world.rows(f"SELECT kind, verdict FROM indexer.logs WHERE indexer.hex(address) = '{campaign.lower()}'") == [
        ("InvestmentRecorded", "foreign")
    ]


def test_children_made_in_one_range_are_followed_within_it_and_after_it(world: World) -> None:
    indexer = world.indexer()
    for company in ("first", "second"):
        world.post_registration(world.kyb_approved(company))
    caught_up(indexer)
    for name, company in (("a", "first"), ("b", "second")):
        world.post_campaign(world.campaign_approved(name, company=company))
        _write_something(world, to=name)
    assert indexer.step().lag == 0
    _write_something(world, to="b")
    caught_up(indexer)
    world.stop_indexers()
    _write_something(world, to="a")
    caught_up(world.indexer())
    a, b = (campaign_address(world.generation, named(name)).lower() for name in ("a", "b"))
    kept = world.rows(
        "SELECT indexer.hex(address) FROM indexer.logs WHERE kind = 'InvestmentRecorded' ORDER BY block_number"
    )
    assert [address for (address,) in kept] == [a, b, b, a]


def _write_something(world: World, *, to: str) -> None:
    number = world.chain.rpc.number("eth_blockNumber")
    member = calls.InvestmentMember(named(f"{to} {number}"), HOLDER, 5, 1, b"\x11" * 32)
    world.send(campaign_address(world.generation, named(to)), calls.record_investments([member]))


# Exactly once.


def _story(world: World) -> Iterator[None]:
    """Writes to the chain, with a pause after each where an indexer may step; and a reorg of what was not final."""
    registration = world.kyb_approved()
    with world.lost_afterwards():
        world.post_registration(registration)
        yield
    world.post_registration(registration)
    yield
    world.chain.mine(3)
    yield
    world.post_campaign(world.campaign_approved("a"))
    world.chain.mine(3)
    yield
    entries = [world.investment_funded(f"i{n}", campaign="a", amount=100_000) for n in range(8)]
    world.post_investments(*entries)
    world.chain.mine(3)
    yield


@pytest.mark.parametrize(
    ("point", "times"),
    [
        ("chain-begun", 1),
        ("chain-unwound", 1),
        ("chain-remembered", 1),
        ("commands-submitted", 1),
        ("commands-submitted", 3),
        ("commands-answered", 1),
        ("commands-answered", 2),
        ("range-kept", 1),
        ("range-kept", 3),
    ],
)
def test_killed_at_any_point_and_resumed_nothing_is_missing_and_nothing_twice(
    world: World, point: str, times: int
) -> None:
    countdown = itertools.count(1)

    def crash(name: str) -> None:
        if name == point and next(countdown) == times:
            raise Killed

    killed = 0
    for _ in _story(world):
        try:
            caught_up(world.indexer(finality_depth=2, crash=crash))
        except Killed:
            killed += 1
        world.stop_indexers()
        caught_up(world.indexer(finality_depth=2))
        world.stop_indexers()
    assert killed == 1
    _is_complete(world)


def test_a_step_that_failed_is_repeated_by_the_same_indexer(world: World) -> None:
    points: list[str] = []
    chance = random.Random(11)

    def crash(name: str) -> None:
        points.append(name)
        if chance.random() < 0.4:
            raise Killed

    indexer = world.indexer(finality_depth=2, crash=crash)
    for _ in _story(world):
        for _ in range(40):
            with suppress(Killed):
                indexer.step()
    assert set(points) == {
        "chain-begun",
        "chain-unwound",
        "chain-remembered",
        "commands-submitted",
        "commands-answered",
        "range-kept",
    }
    _is_complete(world)


def test_reading_all_again_from_the_start_stores_the_same_and_records_nothing(world: World) -> None:
    for _ in _story(world):
        caught_up(world.indexer(finality_depth=2))
        world.stop_indexers()
    kept, entries = _kept(world), world.journal.topics()
    with psycopg.connect(world.dsn) as owner:
        owner.execute(
            "TRUNCATE indexer.checkpoint, indexer.headers, indexer.logs, indexer.foreign_logs, indexer.children"
        )
    progress = caught_up(world.indexer(finality_depth=2))
    assert progress.lag == 0
    assert _kept(world) == kept
    assert world.journal.topics() == entries


def _kept(world: World) -> list[list[tuple[Any, ...]]]:
    """All that is stored, but for what only says when."""
    return [
        world.rows("SELECT * FROM indexer.logs ORDER BY block_number, tx_index, log_index"),
        world.rows("SELECT block_number, log_index, reason, detail, leaf FROM indexer.foreign_logs ORDER BY id"),
        world.rows("SELECT * FROM indexer.children"),
        world.rows("SELECT * FROM indexer.headers ORDER BY block_number"),
        world.rows("SELECT generation, block_hash, logs, confirmed, foreign_logs, children FROM indexer.checkpoint"),
    ]


def _is_complete(world: World) -> None:
    """Every log on the chain is stored once, and every confirmation stands in the journal once."""
    addresses = [*world.generation.addresses.values(), campaign_address(world.generation, named("a"))]
    logs = world.chain.rpc.call("eth_getLogs", {"fromBlock": "0x1", "toBlock": "latest", "address": addresses})
    names = [(log["blockHash"], log["transactionHash"], int(log["logIndex"], 16)) for log in logs]
    order = "ORDER BY block_number, tx_index, log_index"
    assert (
        world.rows(f"SELECT indexer.hex(block_hash), indexer.hex(tx_hash), log_index FROM indexer.logs {order}")
        == names
    )
    counted = world.rows("SELECT logs, confirmed, foreign_logs, children FROM indexer.checkpoint")
    assert counted == world.rows(
        "SELECT count(*), count(*) FILTER (WHERE verdict = 'confirmed'), (SELECT count(*) FROM indexer.foreign_logs),"
        " (SELECT count(*) FROM indexer.children) FROM indexer.logs"
    )
    confirmations = [topic for topic in world.journal.topics() if topic.endswith("_confirmed")]
    assert Counter(confirmations) == {
        "company.registration_confirmed": 1,
        "campaign.deployment_confirmed": 1,
        "investment.recording_confirmed": 8,
    }
    assert world.rows("SELECT count(*) FROM indexer.foreign_logs WHERE reason <> 'not-a-confirmation'") == [(0,)]


def test_a_journal_that_is_away_leaves_the_range_for_later(world: World) -> None:
    world.post_registration(world.kyb_approved())
    indexer = world.indexer()
    indexer._feeder._ledger.close()
    with pytest.raises(JournalUnavailable):
        indexer.step()
    assert world.rows("SELECT count(*) FROM indexer.logs") == [(0,)]
    world.stop_indexers()
    caught_up(world.indexer())
    assert len(world.journal.entries("company.registration_confirmed")) == 1


def test_one_of_two_indexers_leads_and_the_other_takes_over(world: World) -> None:
    first, second = world.indexer(), world.indexer()
    assert second.step().advanced > 0  # whoever asks first
    world.post_registration(world.kyb_approved())
    standing = first.step()
    assert (standing.advanced, standing.position) == (0, second.step().position - 1)
    world.stop_indexers()
    assert caught_up(world.indexer()).lag == 0
    assert len(world.journal.entries("company.registration_confirmed")) == 1


# Blocks that go.


def test_a_reorg_of_blocks_that_are_not_final_is_unwound_and_feeds_nothing_twice(world: World) -> None:
    indexer = world.indexer(finality_depth=3)
    entry = world.kyb_approved()
    caught_up(indexer)
    with world.lost_afterwards():
        world.post_registration(entry)
        world.chain.mine(2)
        caught_up(indexer)
    world.chain.mine(2)
    world.post_registration(entry)
    world.chain.mine(3)
    caught_up(indexer)
    _is_the_chain(world)
    assert world.rows("SELECT reorgs, reorg_depth_max FROM indexer.checkpoint") == [(1, 3)]
    assert len(world.journal.entries("company.registration_confirmed")) == 1


def _is_the_chain(world: World) -> None:
    for number, name in world.rows("SELECT block_number, block_hash FROM indexer.headers"):
        assert world.chain.rpc.call("eth_getBlockByNumber", hex(number), False)["hash"] == name


def test_a_log_that_is_not_final_is_not_believed(world: World) -> None:
    indexer = world.indexer(finality_depth=2)
    world.post_registration(world.kyb_approved())
    world.chain.mine()
    progress = caught_up(indexer)
    assert (progress.lag, world.journal.entries("company.registration_confirmed")) == (0, [])
    world.chain.mine()
    caught_up(indexer)
    assert len(world.journal.entries("company.registration_confirmed")) == 1


def test_a_head_that_goes_back_above_the_checkpoint_is_waited_for(world: World) -> None:
    indexer = world.indexer(finality_depth=4)
    with world.lost_afterwards():
        world.chain.mine(3)
        position = caught_up(indexer).position
    progress = indexer.step()
    assert (progress.advanced, progress.position) == (0, position)
    world.chain.mine(9)
    assert caught_up(indexer).position == position + 6
    _is_the_chain(world)


def test_a_fork_below_finality_stops_the_line_and_names_both_blocks(world: World) -> None:
    indexer = world.indexer()
    with world.lost_afterwards():
        world.chain.mine(3)
        checkpoint = caught_up(indexer).position
        (ours,) = world.rows("SELECT block_hash FROM indexer.checkpoint")
    waiting = indexer.step()
    assert (waiting.advanced, waiting.position, waiting.lag) == (0, checkpoint, 3)
    world.chain.mine(3)
    theirs = world.chain.rpc.call("eth_getBlockByNumber", hex(checkpoint), False)["hash"]
    with pytest.raises(ForkBelowFinality) as caught:
        indexer.step()
    assert (caught.value.ours.hash, caught.value.theirs.hash) == (ours[0], theirs)
    for word in (ours[0], theirs, "POLYGON_EDGE_RPC_URL", "reconcile"):
        assert word in str(caught.value)
    world.stop_indexers()
    with pytest.raises(ForkBelowFinality):
        world.indexer().step()


def test_a_node_that_lags_behind_the_checkpoint_is_waited_for(world: World) -> None:
    world.chain.mine(5)
    checkpoint = caught_up(world.indexer()).position
    world.stop_indexers()
    with hostile_to(world.chain.url) as hostile:
        with_head_at(hostile, checkpoint - 2)
        indexer = world.indexer(node=Node(hostile.url))
        progress = indexer.step()
        assert (progress.advanced, progress.position, progress.lag) == (0, checkpoint, 2)
        world.chain.mine()
        with_head_at(hostile, checkpoint + 1)
        assert caught_up(indexer).position == checkpoint + 1
        world.stop_indexers()


def test_logs_are_never_asked_for_above_the_node_s_own_head(world: World) -> None:
    entry = world.kyb_approved()
    receipt = world.post_registration(entry)
    head = int(receipt["blockNumber"], 16)
    with hostile_to(world.chain.url) as hostile:
        with_head_at(hostile, head - 1)
        indexer = world.indexer(node=Node(hostile.url))
        assert caught_up(indexer).position == head - 1
        with_head_at(hostile, head)
        assert caught_up(indexer).position == head
        world.stop_indexers()
    assert len(world.journal.entries("company.registration_confirmed")) == 1


def test_a_refused_range_is_asked_for_in_smaller_parts(world: World) -> None:
    world.chain.mine(30)
    head = world.chain.rpc.number("eth_blockNumber")
    with hostile_to(world.chain.url) as hostile:

        def refuse(calls: Calls, answers: Answers) -> Answers:
            for call, answer in zip(calls, answers, strict=True):
                where = call["params"][0] if call["method"] == "eth_getLogs" else {}
                if "toBlock" in where and int(where["toBlock"], 16) - int(where["fromBlock"], 16) > 4:
                    del answer["result"]
                    answer["error"] = {"code": -32603, "message": "block range too high"}
            return answers

        hostile.answers = refuse
        assert caught_up(world.indexer(node=Node(hostile.url))).position == head
        world.stop_indexers()


def test_a_log_of_another_block_is_never_taken(world: World) -> None:
    world.post_registration(world.kyb_approved())
    with hostile_to(world.chain.url) as hostile:

        def forge(calls: Calls, answers: Answers) -> Answers:
            for call, answer in zip(calls, answers, strict=True):
                if call["method"] == "eth_getLogs":
                    answer["result"] = [{**log, "blockHash": "0x" + "ee" * 32} for log in answer["result"]]
            return answers

        hostile.answers = forge
        with pytest.raises(NodeContradicts, match="out of place"):
            world.indexer(node=Node(hostile.url)).step()
        world.stop_indexers()
    assert world.rows("SELECT count(*) FROM indexer.logs") == [(0,)]


@pytest.mark.parametrize("bloom", ["true", "zero"])
@pytest.mark.parametrize("keep", [slice(0, 0), slice(0, -1), slice(1, None)])
def test_an_answer_that_lost_a_log_is_not_believed(world: World, keep: slice, bloom: str) -> None:
    for company in ("first", "second", "third"):
        world.post_registration(world.kyb_approved(company))
    with hostile_to(world.chain.url) as hostile:

        def twist(calls: Calls, answers: Answers) -> Answers:
            for call, answer in zip(calls, answers, strict=True):
                if call["method"] == "eth_getLogs":
                    answer["result"] = answer["result"][keep]
                elif bloom == "zero" and call["method"] == "eth_getBlockByNumber":  # as Polygon Edge's IBFT has it
                    answer["result"]["logsBloom"] = "0x" + "00" * 256
            return answers

        hostile.answers = twist
        with pytest.raises(NodeContradicts, match="left out of the answer"):
            world.indexer(node=Node(hostile.url)).step()
        world.stop_indexers()
    assert caught_up(world.indexer()).lag == 0
    assert len(world.journal.entries("company.registration_confirmed")) == 3


def test_empty_blocks_cost_no_receipts(world: World) -> None:
    with hostile_to(world.chain.url) as hostile:
        indexer = world.indexer(node=Node(hostile.url))
        caught_up(indexer)
        before = len(hostile.asked("eth_getTransactionReceipt"))
        world.chain.mine(3)
        caught_up(indexer)
        assert len(hostile.asked("eth_getTransactionReceipt")) == before
        world.post_registration(world.kyb_approved())
        caught_up(indexer)
        assert len(hostile.asked("eth_getTransactionReceipt")) == before + 1
        world.stop_indexers()


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_on_a_node_with_every_fault_at_random_all_arrives_once(world: World, seed: int) -> None:
    chance = random.Random(seed)

    def reply(_: Calls) -> tuple[int, bytes] | None:
        faults = [(429, b""), (500, b"oops"), (200, b"<html></html>"), (200, b'[{"id":1,"res')]
        return chance.choice(faults) if chance.random() < 0.15 else None

    def twist(calls: Calls, answers: Answers) -> Answers:
        for call, answer in zip(calls, answers, strict=True):
            if call["method"] == "eth_getLogs" and chance.random() < 0.3:
                answer["result"] = chance.sample(answer["result"], len(answer["result"]) // 2)
        return answers if chance.random() > 0.1 else answers[1:]

    with hostile_to(world.chain.url) as hostile:
        hostile.reply, hostile.answers = reply, twist
        for _ in _story(world):
            indexer = world.indexer(finality_depth=2, node=Node(hostile.url))
            quiet = 0
            while quiet < 2:  # a reorg shows in one step, and what is final after it in the next
                with suppress(NodeUnavailable):
                    progress = indexer.step()
                    quiet = 0 if progress.advanced or progress.lag else quiet + 1
            world.stop_indexers()
    _is_complete(world)


# Whose chain it is.


@pytest.mark.parametrize(
    ("field", "value", "match"),
    [
        ("chain_id", 7, "another chain"),
        ("genesis_hash", "0x" + "99" * 32, "began anew"),
        ("code_hashes", {}, "IssuerRegistry is not at"),
    ],
)
def test_another_chain_than_the_pinned_one_is_refused(world: World, field: str, value: Any, match: str) -> None:
    if field == "code_hashes":
        value = dict.fromkeys(world.generation.code_hashes, "0x" + "99" * 32)
    generation = msgspec.structs.replace(world.generation, **{field: value})
    with pytest.raises(WrongChain, match=match):
        world.indexer(generation=generation).step()
    assert world.rows("SELECT count(*) FROM indexer.checkpoint") == [(0,)]


def test_a_chain_that_began_anew_is_refused_even_if_it_is_shorter(world: World) -> None:
    world.chain.mine(5)
    caught_up(world.indexer())
    world.stop_indexers()
    with hostile_to(world.chain.url) as hostile:
        with_head_at(hostile, 1)
        older = hostile.answers

        def regenesis(calls: Calls, answers: Answers) -> Answers:
            text = msgspec.json.encode(older(calls, answers)).decode()
            return msgspec.json.decode(text.replace(world.generation.genesis_hash, "0x" + "99" * 32))

        hostile.answers = regenesis
        with pytest.raises(WrongChain, match="began anew"):
            world.indexer(node=Node(hostile.url)).step()
        world.stop_indexers()


def test_a_database_of_another_generation_is_refused(world: World) -> None:
    caught_up(world.indexer())
    world.stop_indexers()
    addresses = world.generation.addresses | {"FundEscrow": HOLDER}
    with pytest.raises(WrongGeneration, match="TANDEM_GENERATION_FILE"):
        world.indexer(generation=msgspec.structs.replace(world.generation, addresses=addresses)).step()


def test_the_block_to_begin_at_is_waited_for(world: World) -> None:
    head = world.chain.rpc.number("eth_blockNumber")
    indexer = world.indexer(
        finality_depth=2, generation=msgspec.structs.replace(world.generation, start_block=head - 1)
    )
    assert indexer.step().advanced == 0
    assert world.rows("SELECT count(*) FROM indexer.checkpoint") == [(0,)]
    world.chain.mine()
    indexer.step()
    assert world.rows("SELECT block_number FROM indexer.checkpoint") == [(head - 1,)]
