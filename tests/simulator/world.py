"""One simulated world: the production steps of every process over simulated parts, and what befalls them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache
from random import Random
from typing import Any

import httpx
import msgspec
import psycopg

from abis.calls import selector
from chain_indexer.ahead import OneHand
from chain_indexer.indexer import Indexer
from chain_indexer.ranges import BLOCKS_PER_RANGE_MAX
from chain_writer.follower import Follower
from chain_writer.intents import lane_id
from chain_writer.lane import LEASE_S, Lane
from chain_writer.means import CRASH_POINTS
from chain_writer.reporter import Reporter
from chain_writer.transactions import Fields
from domain.errors import JournalUnavailable
from domain.handlers import decide
from domain.ledger import generation_id
from domain.processes import Scheduler as Deadlines
from domain.processes import Settlement
from domain.rule_packs import RulePacks, load_packs
from domain.topics import codec
from projections.runner import Runner
from tests.simulator.chain.chain import ADMIN, SimChain
from tests.simulator.chain.faults import Faults
from tests.simulator.chain.indexer_node import SimIndexerNode
from tests.simulator.chain.node import SimNode
from tests.simulator.chain.signing import SimSigner, parsed
from tests.simulator.chain.weather import befall
from tests.simulator.client import FEW, Act, Client, story
from tests.simulator.faults import drawn
from tests.simulator.scheduler import Crash, Port, Process, Scheduler
from tests.simulator.stores import (
    MemoryBook,
    MemoryDatabase,
    MemoryIndexerStore,
    MemoryLedger,
    MemoryProcesses,
    MemoryReader,
    MemoryWriterStore,
    Snapshot,
    WriterTables,
)

CHAIN_ID = 100_100
BEGINNING = datetime(2026, 3, 1, 12, tzinfo=UTC)
LANES = ("lane-0", "lane-1")
SIGNERS = {"lane-0": "0x" + "10" * 20, "lane-1": "0x" + "11" * 20}
STRANGER = "0x" + "5a" * 20
FINALITY_DEPTH = 3  # as deep as a replica may be behind
AWAY = (psycopg.OperationalError, psycopg.InterfaceError, httpx.HTTPError, JournalUnavailable)
TURN_S = 0.05
TURNS_PER_BLOCK = 25
STORING = frozenset({"after writer.allot", "after writer.fill", "after writer.submit"})
RESTORING, RESTORED = ("burn", "adopt"), 0.004  # what only a restored lane does, and how often one is restored then
PAUSE, UNPAUSE = selector("pause()"), selector("unpause()")
CODEC = codec()
NARROW = {0: 1, 1: 3}  # blocks that the indexer's node answers for at once, by the rest of the seed by seven


@cache
def packs() -> RulePacks:
    return load_packs(["default"])


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """What a run is like, drawn from its seed unless a test says otherwise."""

    turns: int = 800
    investments_max: int = FEW
    switching: float = 0.3
    price_wei_max: int = 1_000
    workers: int = 2
    same_name: bool = False  # no lease keeps workers apart
    skew_s: float = 0.0
    blocks_per_range: int = BLOCKS_PER_RANGE_MAX  # more are refused by the node


class World:
    """`trace` is told everything that happens, in words, if it is given."""

    def __init__(
        self,
        seed: int,
        *,
        rate: float | None = None,
        faults: Faults | None = None,
        acts: list[Act] | None = None,
        options: Options | None = None,
        trace: Callable[[str], None] | None = None,
        watching: bool = True,
    ) -> None:
        self.random = Random(seed)
        self.faults = faults or drawn(self.random, rate=rate)
        self.options = options or self._drawn_options(seed)
        self.trace = trace
        self.watching = watching
        self.now = BEGINNING
        self.calm = False
        self.points: Counter[str] = Counter()  # crash points at which somebody was killed
        # One point is chosen for each run, so that rare ones have their turn: somebody dies there at its nth passing.
        self.doomed, self.passings = self.random.choice(CRASH_POINTS), self.random.randint(1, 3)
        self.crashes: Counter[str] = Counter()
        self.reached: Counter[str] = Counter()  # crash points that somebody passed
        self.database = MemoryDatabase(lambda: self.now, self._fate)
        self.chain = SimChain(
            chain_id=CHAIN_ID,
            random=self.random,
            clock=lambda: self.now,
            writers=[*SIGNERS.values(), STRANGER],
        )
        self.generation = self.chain.generation
        if self.doomed.split()[-1] in RESTORING and self.faults.rates:
            self.faults.rates["P4"] = max(self.faults.rates.get("P4", 0.0), RESTORED)
        self.scheduler = Scheduler(self.random, switching=self.options.switching)
        self.story = acts or story(self.random, investments_max=self.options.investments_max)
        self.done: list[int] = []
        self.stored: set[str] = set()  # hashes that were ever committed before
        self.backup: Snapshot | None = None
        self.restores = 0
        self.writes = self.commits = 0
        self._hire()

    def _drawn_options(self, seed: int) -> Options:
        random, rates = self.random, self.faults.rates
        return Options(
            switching=random.choice([0.0, 0.1, 0.3, 0.6]),
            price_wei_max=random.choice([0, 1_000]),
            same_name=bool(rates.get("W3")) and random.random() < 0.5,
            skew_s=random.choice([-300.0, 300.0]) if rates.get("W2") else 0.0,
            blocks_per_range=NARROW.get(seed % 7, BLOCKS_PER_RANGE_MAX),
        )

    @property
    def writer(self) -> WriterTables:
        return self.database.room(WriterTables)

    def say(self, text: str) -> None:
        if self.trace is not None:
            self.trace(f"{self.scheduler.turn:5} block {self.chain.height:4}  {text}")

    # Who works here.

    def _hire(self) -> None:
        for number in range(self.options.workers):
            for lane in LANES:
                self._add(f"{lane}/worker-{number}", self._lane_of(lane, number))
        self._add("follower-0", self._follower)
        self._add("follower-1", self._follower)
        self._add("reporter", lambda p: Reporter(self._store(p), self._ledger(p)).step)
        self._add("indexer", self._indexer)
        self._add("book", lambda p: Runner(self._reader(p), self._opened(p, MemoryBook)).step)
        self._add("settlement", self._settlement)
        self._add("deadlines", self._deadlines)
        self._add("client", self._client)

    def _add(self, name: str, build: Callable[[Process], Callable[[], Any]]) -> None:
        def body(process: Process) -> None:
            while True:
                try:
                    step = build(process)
                    while True:
                        progress = step()
                        if not getattr(progress, "advanced", progress):
                            process.rest()
                except AWAY as away:
                    self.say(f"{name}: {type(away).__name__}: {away}")
                    process.disconnect()
                    process.rest()

        self.scheduler.add(name, body)

    def _opened(self, process: Process, kind: type[Any]) -> Any:
        connection = kind(self.database)
        process.connections.append(connection)
        return Port(connection, self._reach)

    def _store(self, process: Process) -> Any:
        return self._opened(process, MemoryWriterStore)

    def _reader(self, process: Process) -> Any:
        return self._opened(process, MemoryReader)

    def _ledger(self, _process: Process) -> Any:
        return MemoryLedger(self.database, decide=decide, codec=CODEC, packs=packs(), clock=lambda: self.now)

    def _lane_of(self, lane: str, number: int) -> Callable[[Process], Callable[[], Any]]:
        def build(process: Process) -> Callable[[], Any]:
            skew = timedelta(seconds=self.options.skew_s if number else 0.0)
            owner = "worker" if self.options.same_name else process.name
            worker = Lane(
                lane,
                store=self._store(process),
                node=Sending(self, SimNode(self.chain, self.faults, self.random)),
                signer=Port(SimSigner(SIGNERS[lane]), self._reach),
                generation=self.generation,
                clock=lambda: self.now + skew,
                owner=owner,
                gas_price_wei=1 if self.options.price_wei_max else 0,
                gas_price_wei_max=self.options.price_wei_max,
                finality_depth=FINALITY_DEPTH,
                crash=self._point,
            )

            def step() -> int:
                advanced = worker.step().advanced
                if not advanced:
                    worker.rest()
                return advanced

            return step

        return build

    def _follower(self, process: Process) -> Callable[[], Any]:
        return Follower(self._reader(process), self._store(process), self.generation, LANES).step

    def _indexer(self, process: Process) -> Callable[[], Any]:
        node = Port(
            SimIndexerNode(self.chain, self.faults, self.random, blocks_per_range=self.options.blocks_per_range),
            self._reach,
        )
        return Indexer(
            node=node,  # type: ignore[arg-type]
            store=self._opened(process, MemoryIndexerStore),
            ledger=self._ledger(process),
            reader=self._reader(process),
            generation=self.generation,
            finality_depth=FINALITY_DEPTH,
            hands=OneHand(),
            audit_percent=100,
            crash=lambda name: self._point(f"after {name}"),
        ).step

    def _settlement(self, process: Process) -> Callable[[], Any]:
        return Settlement(self._reader(process), self._opened(process, MemoryProcesses), self._ledger(process)).step

    def _deadlines(self, process: Process) -> Callable[[], Any]:
        store = self._opened(process, MemoryProcesses)
        return Deadlines(self._reader(process), store, self._ledger(process), clock=lambda: self.now).step

    def _client(self, process: Process) -> Callable[[], Any]:
        return Client(self._ledger(process), self.story, done=self.done, pass_time=self._pass_time).step

    def _pass_time(self, moment: datetime) -> None:
        self.now = max(self.now, moment)

    # What meets a process at its calls.

    def _strike(self, kind: str) -> bool:
        return not self.calm and self.faults.strike(kind, self.random)

    def _reach(self, name: str) -> None:
        """A call to the outside begins."""
        process = None if self.calm else self.scheduler.reach()
        if process is not None and self._strike("crash/call"):
            self._kill(f"before {name}")

    def _kill(self, where: str) -> None:
        process = self.scheduler.running
        assert process is not None
        self.crashes[where] += 1
        self.say(f"{process.name} is killed {where}")
        raise Crash

    def _point(self, point: str) -> None:
        """A named crash point is passed."""
        self.reached[point] += 1
        is_doomed = point == self.doomed and self.reached[point] == self.passings and bool(self.faults.rates)
        if self._strike("crash/point") or (is_doomed and not self.calm):
            self.points[point] += 1
            self._kill(f"at {point}")

    def _fate(self, point: str) -> None:
        """A commit: others may go on before it, it may fail, and whoever asked for it may die with it."""
        if self.scheduler.running is None:
            return
        if point.startswith("after"):
            self.commits += 1
        if point.startswith("after writer."):
            self.writes += 1
            if point in STORING:
                self.stored.update(self.writer.hashes)
        if self.calm:
            return
        self.scheduler.reach()
        if self._strike("P1" if point.startswith("before") else "P2"):
            self.say(f"the database: connection lost {point}")
            raise psycopg.OperationalError(f"connection lost {point}")
        if self._strike("crash/call"):
            self._kill(point)

    # What happens by itself.

    def take_turn(self) -> None:
        """Somebody goes on; time passes; now and then a block, and what befalls chain, database and processes."""
        self.now += timedelta(seconds=TURN_S)
        self.scheduler.take_turn()
        if self.random.random() < 1 / TURNS_PER_BLOCK:
            self.mine()
        if not self.calm:
            self._befall()

    def mine(self) -> None:
        struck = [] if self.calm else befall(self.chain, self.faults, self.random, finality_depth=FINALITY_DEPTH)
        for kind in struck:
            self.say(f"chain: {kind}")
        self.chain.mine()

    def _befall(self) -> None:
        for kind, happens in BEFALLS.items():
            if self._strike(kind):
                self.say(kind)
                happens(self)

    def _sleep(self) -> None:
        workers = [process for process in self.scheduler.processes if process.name.startswith("lane")]
        worker = self.random.choice(workers)
        worker.asleep_until = self.scheduler.turn + int(self.random.uniform(1, 3) * LEASE_S / TURN_S)

    def _count_lines(self) -> None:
        self.random.choice(self.scheduler.processes).lines_left = self.random.randint(1, 4_000)

    def _restart_database(self) -> None:
        self.database.restart()

    def _restore(self) -> None:
        """The first time only a backup is made; the next one finds it, and the operator says what the runbook says."""
        if self.backup is None:
            self.backup = self.database.snapshot()
            return
        self.database.restore(self.backup, WriterTables)
        self.backup = None
        self.restores += 1
        store = MemoryWriterStore(self.database)
        for lane in LANES:
            store.restored(lane)

    def _stranger_records(self) -> None:
        """Another account makes a call that one of ours waits to make."""
        waiting = [tx for tx in self.chain.pool.txs() if tx.data and tx.sender in SIGNERS.values()]
        if waiting:
            tx = self.random.choice(waiting)
            assert tx.to is not None
            self._send(STRANGER, to=tx.to, data=tx.data, gas=tx.gas)

    def pause_factory(self) -> None:
        """Or end the pause."""
        factory = self.generation.addresses["CampaignFactory"]
        paused = self.chain.head.state.get((factory.lower(), "paused"))
        self._send(ADMIN, to=factory, data=UNPAUSE if paused else PAUSE, gas=200_000)

    def _send(self, sender: str, *, to: str, data: bytes, gas: int) -> None:
        """By somebody else's hand."""
        fields = Fields(
            chain_id=CHAIN_ID, nonce=self.chain.count(sender), to=to, data=data, gas_limit=gas, gas_price_wei=1
        )
        self.chain.take(SimSigner(sender).sign(fields).raw)

    @property
    def is_paused(self) -> bool:
        return bool(self.chain.head.state.get((self.generation.addresses["CampaignFactory"].lower(), "paused")))

    def lanes(self) -> list[tuple[str, Any]]:
        return [(name, lane_id(self.generation, address)) for name, address in SIGNERS.items()]

    @property
    def generation_id(self) -> Any:
        return generation_id(self.generation)


class Sending(Port):
    """A worker's node, with a witness: whatever is sent was committed before (I4)."""

    def __init__(self, world: World, node: SimNode) -> None:
        super().__init__(node, world._reach)
        self._world = world

    def send(self, raws: Any) -> Any:
        world = self._world
        world._reach("send")
        hashes = {parsed(raw).hash for raw in raws}
        unknown = hashes - world.stored
        assert not unknown or not world.watching, f"sent without being stored: {unknown}"
        return self._target.send(raws)


BEFALLS: dict[str, Callable[[World], None]] = {
    "W1": World._sleep,
    "crash/line": World._count_lines,
    "P3": World._restart_database,
    "P4": World._restore,
    "X2": World.pause_factory,
    "X3": World._stranger_records,
}
