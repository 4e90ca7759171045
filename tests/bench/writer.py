"""How full the writer's blocks are, how fast it is beside a loop without any safety, and what the database allows it.

1. Blocks of Polygon Edge's default gas and large ones, at a fixed time, more queued than fits: how much of the gas of
   each full block was used, and effects a second: recordings, certificates of new holders, refunds after a failure.
2. A node that makes a block as soon as it has a transaction, so that neither gas nor time is the bound: recordings a
   second until the last is mined, beside a loop that encodes, signs and sends the same batches and looks at nothing.
3. Intents promised, and allotted, signed and stored, a second, with a node that answers at once.
"""

from __future__ import annotations

import secrets
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from eth_account import Account

from abis.hashing import keccak
from chain_writer.batches import plan
from chain_writer.blocks import Answered, Seen
from chain_writer.node import Node
from chain_writer.replies import Passed, Simulated
from ops.stack.chain import BLOCK_GAS_LIMIT
from tests.bench.report import Goal, Report
from tests.bench.writer_yard import BLOCK_S, LANES_MAX, Yard

BLOCKS = {"default": BLOCK_GAS_LIMIT, "large": 30_000_000}
UNBOUND = 2_000_000_000
CERTIFICATES = {"default": 420, "large": 1_500}
REFUNDS = {"default": 1_000, "large": 3_000}
COMPARED = 3_000  # recordings; fewer than may be in flight, so that neither waits for the other's window
PROMISED = 3_000

Take = Callable[[str, float], None]


def _names(lanes: int) -> list[str]:
    return [f"lane-{number}" for number in range(lanes)]


def _blocks(yard: Yard, size: str, lanes: int, take: Take) -> None:
    """One life of two campaigns a lane, one that succeeds and one that fails, in blocks of a size."""
    names = _names(lanes)
    yard.blocks_of(BLOCKS[size], seconds=BLOCK_S)
    drivers = [yard.lane(name, key=yard.keys[number]) for number, name in enumerate(names)]
    good, bad = yard.campaigns(names), yard.campaigns(names, outcome="failed")
    yard.follow(names)
    yard.settle(drivers)

    def timed(kind: str, count: int) -> None:
        yard.follow(names)
        run = yard.drive(drivers, lambda: not yard.unmined())
        take(f"{kind}_per_s_{size}_{lanes}", count / run.seconds)
        take(f"{kind}_gas_used_{size}_{lanes}", yard.gas_used(run))
        yard.settle(drivers)

    certified, refunded = yard.invest(good, CERTIFICATES[size]), yard.invest(bad, REFUNDS[size])
    timed("recordings", len(certified) + len(refunded))
    yard.close_campaigns(good, certified, "successful")
    yard.close_campaigns(bad, refunded, "failed")
    yard.follow(names)
    yard.settle(drivers)
    yard.allot(certified)
    timed("certificates", len(certified))
    yard.refund(refunded)
    timed("refunds", len(refunded))
    assert not yard.rejected(), "an effect was refused, or a transaction did nothing for it"


def _unbound(yard: Yard, lanes: int) -> float:
    """Recordings a second of ours."""
    names = _names(lanes)
    drivers = [yard.lane(name, key=yard.keys[number]) for number, name in enumerate(names)]
    campaigns = yard.campaigns(names)
    yard.follow(names)
    yard.settle(drivers)
    yard.invest(campaigns, COMPARED)
    yard.follow(names)
    run = yard.drive(drivers, lambda: not yard.unmined())
    yard.settle(drivers)
    return COMPARED / run.seconds


def _bare(yard: Yard) -> float:
    """Recordings a second of a loop that encodes, signs and sends the batches that the writer would make."""
    names = _names(1)
    campaigns = yard.campaigns(names)
    yard.follow(names)
    yard.settle([yard.lane(names[0], key=yard.keys[0])])
    yard.invest(campaigns, COMPARED)
    yard.follow(names)
    ready = yard.store.ready(yard.generation_id, names[0], head=0, limit=COMPARED)
    assert len(ready) == COMPARED
    key, node = Account.from_key(yard.keys[LANES_MAX]), yard.new_node()
    nonce = first = yard.rpc.number("eth_getTransactionCount", key.address, "latest")
    began = time.perf_counter()
    for batch in plan(ready, batches_max=COMPARED):
        fields: dict[str, Any] = {"chainId": yard.generation.chain_id, "gas": 4_000_000, "gasPrice": 0, "value": 0}
        signed = key.sign_transaction({**fields, "nonce": nonce, "to": batch.target, "data": batch.data})
        (answer,) = node.send([bytes(signed.raw_transaction)])
        assert answer.error is None
        nonce += 1
    while yard.rpc.number("eth_getTransactionCount", key.address, "latest") < nonce:
        pass
    seconds = time.perf_counter() - began
    assert nonce > first
    # the writer finds that all of it is there already
    yard.settle([yard.lane(names[0], key=yard.keys[0])])
    return COMPARED / seconds


class AtOnce(Node):
    """A node that takes every call and every transaction at once, and of which no block ever comes."""

    @cached_property
    def _seen(self) -> dict[tuple[str, tuple[int, ...]], Seen]:
        return {}

    def look(self, address: str, numbers: Sequence[int]) -> Seen:
        asked = (address, tuple(numbers))
        if asked not in self._seen:
            self._seen[asked] = super().look(address, numbers)
        return self._seen[asked]

    def tried(self, calls: Sequence[tuple[str, bytes, int]], *, sender: str) -> list[Simulated]:
        return [Passed(gas) for _, _, gas in calls]

    def send(self, raws: Sequence[bytes]) -> list[Answered]:
        return [Answered("0x" + keccak(raw).hex(), None) for raw in raws]


def _through_the_database(yard: Yard, lanes: int, take: Take) -> None:
    """Intents a second until their bytes are signed and stored. The lanes are new, and left behind."""
    names = _names(lanes)
    campaigns = yard.campaigns(names)
    yard.follow(names)
    yard.settle([yard.lane(name, key=yard.keys[number]) for number, name in enumerate(names)])
    yard.invest(campaigns, PROMISED)
    left = [f"left-{name}-{secrets.token_hex(4)}" for name in names]
    take("entries_followed_per_s", yard.follow(left))
    drivers = [yard.lane(name, key="0x" + secrets.token_hex(32), node=AtOnce(yard.url)) for name in left]
    run = yard.drive(drivers, lambda: not yard.queued())
    take(f"intents_per_s_{lanes}", PROMISED / run.seconds)


def _round(yard: Yard, take: Take) -> None:
    for lanes in (1, LANES_MAX):
        for size in BLOCKS:
            _blocks(yard, size, lanes, take)
    yard.blocks_of(UNBOUND, seconds=0)
    # the node becomes slower with all that it holds: each of the two is once before the other, and once after it
    for measured in ("ours", "bare", "bare", "ours"):
        if measured == "ours":
            take("unbound_recordings_per_s_1", _unbound(yard, 1))
        else:
            take("bare_loop_recordings_per_s", _bare(yard))
    take(f"unbound_recordings_per_s_{LANES_MAX}", _unbound(yard, LANES_MAX))


def measure(dsn: str, rounds: int) -> Report:
    """Medians of rounds. Needs a migrated database of its own; leaves its rows there."""
    taken: dict[str, list[float]] = {}

    def take(name: str, value: float) -> None:
        taken.setdefault(name, []).append(value)

    with tempfile.TemporaryDirectory(prefix="tandem-bench-chain-") as folder:
        yard = Yard(dsn, Path(folder))
        try:
            for _ in range(rounds):
                _round(yard, take)
            for _ in range(rounds):
                for lanes in (1, LANES_MAX):
                    _through_the_database(yard, lanes, take)
        finally:
            yard.close()
    return _report({name: statistics.median(values) for name, values in taken.items()})


def _report(figures: dict[str, float]) -> Report:
    ratios = {name.replace("_gas_used", "_block_gas_used"): v for name, v in figures.items() if "_gas_used" in name}
    figures = {name: value for name, value in figures.items() if "_gas_used" not in name}
    ratios["block_gas_used"] = ratios["recordings_block_gas_used_default_1"]
    ratios["vs_bare_loop"] = figures["unbound_recordings_per_s_1"] / figures["bare_loop_recordings_per_s"]
    goals = [
        Goal.at_least("ratios.block_gas_used", 0.95, ratios["block_gas_used"]),
        Goal.at_least("ratios.vs_bare_loop", 0.8, ratios["vs_bare_loop"]),
        Goal.at_least("figures.intents_per_s_1", 5_000, figures["intents_per_s_1"]),
    ]
    return Report("writer", figures, ratios, goals)
