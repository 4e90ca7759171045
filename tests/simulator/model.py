"""Every interleaving of a small house: two workers of one lane, two intents, a few blocks, and a fault or two.

The production step of a lane runs between any two calls to the outside: a worker that has called n times is what its
n answers made of it, so it is brought back by giving it these answers again. No lease keeps the workers apart.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from random import Random
from typing import Any
from uuid import UUID, uuid5

import msgspec

from abis import decode
from abis import logs as l
from chain_writer.digests import digest_of, natural_key
from chain_writer.intents import IntentState, Kind, Obligation, Outcome, Register, SlotState, lane_id
from chain_writer.lane import Lane
from chain_writer.store import Lease
from domain.ledger import generation_id
from tests.simulator.chain.blocks import SimBlock
from tests.simulator.chain.chain import SimChain
from tests.simulator.chain.chain import Snapshot as ChainSnapshot
from tests.simulator.chain.faults import Faults
from tests.simulator.chain.node import SimNode
from tests.simulator.chain.signing import SimSigner
from tests.simulator.stores import MemoryDatabase, MemoryWriterStore, Snapshot, WriterTables

NAMES = UUID("5d0c8f52-2f1e-5c53-9d0b-3a5e1d2f7c11")
SIGNER = "0x" + "10" * 20
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
WORKERS = (0, 1)
FINALITY_DEPTH = 1
FAIR_ROUNDS_MAX = 60

# Nobody goes between these and the call before them: they read rows of this lane alone, which only its workers write,
# and what is decided on them is written under an epoch that ends with any other worker's first call.
READS = frozenset(f"store.{name}" for name in ("lane", "open_slots", "last_final", "ready", "members", "campaigns_of"))

Answer = tuple[str, Any]
Log = tuple[Answer, ...]


class Bounds(msgspec.Struct, frozen=True):
    """How often each thing may still happen."""

    blocks: int
    crashes: int = 0
    lost_replies: int = 0
    drops: int = 0
    reorgs: int = 0


class State(msgspec.Struct, frozen=True, eq=False):
    """`logs` has what each worker was answered in the step that it is in; None if it is in none."""

    database: Snapshot
    chain: ChainSnapshot
    logs: tuple[Log | None, ...]
    bounds: Bounds
    path: tuple[str, ...]


class Pending(BaseException):
    """The worker is about to call once more than it was let."""


class _Fed:
    """A port that gives the answers of a log, then makes one call, then stops whoever asks for more."""

    def __init__(self, log: Log, ports: dict[str, Any], *, lost_reply: bool) -> None:
        self.log = list(log)
        self.ports = ports
        self._place = 0
        self._made = False
        self._lost_reply = lost_reply

    def port(self, name: str) -> Any:
        return _Named(self, name)

    def call(self, port: str, method: str, arguments: Any, named: Any) -> Any:
        name = f"{port}.{method}"
        if self._place < len(self.log):
            expected, (kind, value) = self.log[self._place]
            assert expected == name, f"a worker called {name} where it had called {expected}"
            self._place += 1
            if kind == "raised":
                raise value
            return value
        if self._made and name not in READS:
            raise Pending
        self._made = True
        self._place += 1
        try:
            value = getattr(self.ports[port], method)(*arguments, **named)
        except Exception as error:
            self.log.append((name, ("raised", error)))
            raise
        if self._lost_reply and method == "send":
            value = [msgspec.structs.replace(one, hash=None, error="no answer: ReadTimeout") for one in value]
        self.log.append((name, ("answered", value)))
        return value


class _Named:
    def __init__(self, fed: _Fed, port: str) -> None:
        self._fed, self._port = fed, port

    def __getattr__(self, method: str) -> Any:
        if method in {"tables", "database"}:  # what a mutant goes around the guards by
            return getattr(self._fed.ports[self._port], method)
        return lambda *arguments, **named: self._fed.call(self._port, method, arguments, named)


class Model:
    """The house, and what can happen next in it."""

    def __init__(self, *, intents: int) -> None:
        self._intents = intents
        self._clean: set[str] = set()  # blocks in which nothing is recorded twice
        self.database = MemoryDatabase(lambda: NOON)
        self.chain = SimChain(chain_id=100_100, random=Random(1), clock=lambda: NOON, writers=[SIGNER])
        self.generation = self.chain.generation
        self.lane = lane_id(self.generation, SIGNER)
        self.node = SimNode(self.chain, Faults.none(), Random(1))
        self.store = MemoryWriterStore(self.database)
        self.tables = self.database.room(WriterTables)
        self._promise()
        self._build(self.store, self.node)._check_pins()

    def _promise(self) -> None:
        name = generation_id(self.generation)
        self.store.position(name, chain_id=self.generation.chain_id)
        obligations = [(self._obligation(name, number), "lane-0") for number in range(1, self._intents + 1)]
        self.store.promise(name, after=0, through=self._intents, obligations=obligations)

    def _obligation(self, generation: UUID, number: int) -> Obligation:
        company = uuid5(NAMES, str(number))
        call = Register(company_id=company, wallet="0x" + "a1" * 20, documents_hash="11" * 32)
        return Obligation(
            effect=uuid5(company, "effect"),
            generation=generation,
            position=number,
            stream=company,
            leaf=bytes([number]) * 32,
            correlation_id=company,
            kind=Kind.REGISTER,
            target=self.generation.addresses["IssuerRegistry"],
            natural_key=natural_key(Kind.REGISTER, company),
            digest=digest_of(call),
            call=call,
            subject=company,
            parent=None,
            stage=0,
        )

    def _build(self, store: Any, node: Any) -> Lane:
        return Lane(
            "lane-0",
            store=store,
            node=node,
            signer=SimSigner(SIGNER),
            generation=self.generation,
            clock=lambda: NOON,
            owner="worker",
            gas_price_wei=1,
            gas_price_wei_max=1,
            finality_depth=FINALITY_DEPTH,
        )

    def begin(self, bounds: Bounds) -> State:
        return State(self.database.snapshot(), self.chain.snapshot(), (None, None), bounds, ())

    # What can happen next.

    def following(self, state: State) -> Iterator[State]:
        for worker in WORKERS:
            yield self._worked(state, worker, lost_reply=False)
        b = state.bounds
        for worker in WORKERS:
            if state.logs[worker] and b.crashes:
                dead = tuple(None if n == worker else log for n, log in enumerate(state.logs))
                bounds = msgspec.structs.replace(b, crashes=b.crashes - 1)
                yield State(state.database, state.chain, dead, bounds, (*state.path, f"worker {worker} dies"))
            if state.logs[worker] and b.lost_replies:
                lost = self._worked(state, worker, lost_reply=True)
                if lost.path[-1].endswith("chain.send"):
                    bounds = msgspec.structs.replace(b, lost_replies=b.lost_replies - 1)
                    yield msgspec.structs.replace(lost, bounds=bounds)
        if b.blocks:
            yield self._befallen(state, "a block", self._mine, blocks=b.blocks - 1)
        if b.drops and state.chain.pool.accounts:
            yield self._befallen(state, "the pool is lost", self.chain.restart_pool, drops=b.drops - 1)
        if b.reorgs and b.blocks:
            yield self._befallen(state, "a block is replaced", self._reorg, reorgs=b.reorgs - 1)

    def _mine(self) -> None:
        self.chain.mine()

    def _reorg(self) -> None:
        self.chain.reorg(FINALITY_DEPTH, drop=True)

    def _befallen(self, state: State, text: str, happens: Callable[[], object], **fields: int) -> State:
        self.restore(state)
        happens()
        bounds = msgspec.structs.replace(state.bounds, **fields)
        return State(state.database, self.chain.snapshot(), state.logs, bounds, (*state.path, text))

    def restore(self, state: State) -> None:
        for name, table in vars(self.tables).items():
            table.clear()
            table.update(state.database[WriterTables][name])
        self.chain.restore(state.chain)

    def _worked(self, state: State, worker: int, *, lost_reply: bool) -> State:
        """One more call of a worker, and what it computes until the next."""
        self.restore(state)
        before = state.logs[worker] or ()
        log, ended = self._advanced(before, lost_reply=lost_reply)
        text = f"worker {worker}: {log[len(before)][0]}"
        logs = tuple((None if ended else log) if n == worker else other for n, other in enumerate(state.logs))
        return State(self.database.snapshot(), self.chain.snapshot(), logs, state.bounds, (*state.path, text))

    def _advanced(self, log: Log, *, lost_reply: bool) -> tuple[Log, bool]:
        fed = _Fed(log, {"store": self.store, "chain": self.node}, lost_reply=lost_reply)
        lane = self._build(fed.port("store"), fed.port("chain"))
        lane._pinned_at = NOON
        try:
            lane.step()
        except Pending:
            return tuple(fed.log), False
        return tuple(fed.log), True

    # What a state is, whatever led to it.

    def key(self, state: State) -> Any:
        """Two states of one key have the same future: an epoch is the newest or it is over, and workers are alike."""
        kept = state.database[WriterTables]
        (lane,) = kept["lanes"].values()
        logs = tuple(None if log is None else tuple(_frozen(one, lane.epoch) for one in log) for log in state.logs)
        slots = tuple(_frozen((row.slot, row.members), lane.epoch) for row in kept["slots"].values())
        intents = tuple((row.state, row.releases, row.held_until_block) for row in kept["intents"].values())
        chain = state.chain
        pool = frozenset(tx.hash for tx in chain.pool.txs())
        ours = (lane.row, slots, intents)
        return hash(
            (
                ours,
                frozenset({logs, logs[::-1]}),
                state.bounds,
                chain.blocks[-1].hash,
                pool,
                tuple(a.tx.hash for a in chain.arriving),
            )
        )

    # What must hold.

    def broken(self, state: State) -> str | None:
        kept = state.database[WriterTables]
        homes = [m.intent for row in kept["slots"].values() for m in row.members if m.outcome is not Outcome.RELEASED]
        if len(homes) != len(set(homes)):
            return "an intent is in two slots"
        sent = {tx.hash for tx in state.chain.pool.txs()} | {
            r.tx.hash for block in state.chain.blocks for r in block.receipts if r.tx.sender == SIGNER
        }
        if not sent <= set(kept["hashes"]):
            return "bytes left that were never stored"
        if not all(map(self._is_clean, state.chain.blocks)):
            return "an effect was sent twice"
        final = state.chain.blocks[max(0, len(state.chain.blocks) - 1 - FINALITY_DEPTH)]
        for row in kept["intents"].values():
            there = final.state.get((row.obligation.target.lower(), "digest", row.obligation.natural_key))
            if row.state is IntentState.LANDED and there != row.obligation.digest:
                return "an effect was called done, and is not final"
        return None

    def _is_clean(self, block: SimBlock) -> bool:
        if block.hash not in self._clean:
            logs = (decode(raw) for receipt in block.receipts for raw in receipt.logs)
            if any(isinstance(log, l.AlreadyRecorded | l.Conflict) for log in logs):
                return False
            self._clean.add(block.hash)
        return True

    def ends_well(self, state: State) -> bool:
        """Whether one worker alone, undisturbed, brings everything to its end from here."""
        self.restore(state)
        for _ in range(FAIR_ROUNDS_MAX):
            while self._build(self.store, self.node).step().advanced:
                pass
            rows = self.tables.intents.values()
            slots = self.tables.slots.values()
            if all(r.state is IntentState.LANDED for r in rows) and all(s.slot.state is SlotState.FINAL for s in slots):
                return True
            self.chain.mine()
        return False


class Explored(msgspec.Struct):
    """How many states there are, how many of them are ends, and the shortest way to the first that is broken."""

    states: int
    ends: int
    broken: str | None = None
    path: tuple[str, ...] = ()


def explore(bounds: Bounds, *, intents: int) -> Explored:
    """All states within the bounds, nearest first."""
    model = Model(intents=intents)
    first = model.begin(bounds)
    seen, waiting, ends = {model.key(first)}, deque([first]), set[Any]()
    while waiting:
        state = waiting.popleft()
        fault = model.broken(state)
        if fault is None and state.bounds.blocks == 0 and state.logs == (None, None):
            end = model.key(state)
            if end not in ends:
                ends.add(end)
                fault = None if model.ends_well(state) else "an effect never happens"
        if fault is not None:
            return Explored(len(seen), len(ends), fault, state.path)
        for following in model.following(state):
            key = model.key(following)
            if key not in seen:
                seen.add(key)
                waiting.append(following)
    return Explored(len(seen), len(ends))


def _frozen(value: Any, epoch: int) -> Any:  # noqa: PLR0911  # one for each sort
    """A value that can be compared, without what only counts."""
    match value:
        case Lease():
            return ("lease", epoch == value.epoch)
        case dict():
            return tuple(sorted((key, _frozen(inner, epoch)) for key, inner in value.items()))
        case list() | tuple():
            return tuple(_frozen(inner, epoch) for inner in value)
        case Exception():
            return (type(value).__name__,)
        case msgspec.Struct() if "sends" in value.__struct_fields__:
            return msgspec.structs.replace(value, sends=0)
        case msgspec.Struct():
            return tuple(_frozen(getattr(value, name), epoch) for name in value.__struct_fields__)
        case _:
            return value
