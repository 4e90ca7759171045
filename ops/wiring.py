"""The one composition root: settings in, the loops of a process out. Nothing else constructs a room's parts."""

from __future__ import annotations

import os
import random
import socket
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime
from functools import partial
from typing import Protocol, TypeVar

from api.vault import Erasures
from api.vault_store import VaultStore
from chain_indexer.ahead import ManyHands
from chain_indexer.budget import Budget
from chain_indexer.health import Healths, names_of
from chain_indexer.indexer import Indexer
from chain_indexer.node import Node as IndexerNode
from chain_indexer.nodes import Nodes
from chain_indexer.pace import Pace
from chain_indexer.ranges import RANGES_AHEAD_MAX
from chain_indexer.reading import Reader as RangeReader
from chain_indexer.store import IndexerStore
from chain_indexer.verifying import Verifier
from chain_writer.actors import LaneWorker, Waker, broker_on
from chain_writer.driving import Built as BuiltLane
from chain_writer.driving import Lanes
from chain_writer.follower import Follower
from chain_writer.lane import Lane
from chain_writer.means import no_crash
from chain_writer.node import Node as WriterNode
from chain_writer.policy import Spending
from chain_writer.reporter import Reporter
from chain_writer.signer import Signer
from chain_writer.store import WriterStore
from chain_writer.sweep import Sweep
from chain_writer.switching import omitted_of
from chain_writer.web3signer import Web3Signer
from domain.handlers import decide
from domain.journal import JournalReader, Ledger, Limits
from domain.journal.sealer import Sealer
from domain.ledger import generation_id
from domain.ledger.standing import last_promotion
from domain.processes import Scheduler, Settlement
from domain.progress import Progress
from domain.rule_packs import load_packs
from domain.store import ProcessStore
from domain.topics import codec, snapshots
from ops.crashing import crash_of
from ops.generations import Promotions
from ops.indexing import Watched
from ops.processes import AWAY, Built, Named
from ops.settings import Settings
from ops.signers import Signers
from projections.runner import Runner
from projections.store import BookStore

JOURNAL_WAIT_S = 1.0  # the net under LISTEN, and how late a stop may be noticed


class Closeable(Protocol):
    def close(self) -> None: ...


Part = TypeVar("Part", bound=Closeable)


class Opened:
    """What a builder has opened so far; closed in reverse when the loop ends or the next thing does not open."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack

    def keep(self, part: Part) -> Part:
        self._stack.callback(part.close)
        return part


Made = tuple[Callable[[], Progress], Callable[[Progress], None]]  # a loop's step, and what it does between steps


def clock() -> datetime:
    """The only clock of the house; rooms are given it."""
    return datetime.now(UTC)


def reader_on(settings: Settings, room: str) -> JournalReader:
    return JournalReader(settings.dsn(room), codec=codec())


def ledger_on(settings: Settings, room: str) -> Ledger:
    """A ledger, not started yet."""
    return Ledger(
        settings.dsn(room),
        codec=codec(),
        decide=decide,
        packs=load_packs(name.strip() for name in settings.rule_packs.split(",") if name.strip()),
        clock=clock,
        limits=Limits(waiting_max=settings.waiting_max),
        snapshots=snapshots(),
    )


def lane_on(
    settings: Settings,
    name: str,
    *,
    store: WriterStore,
    node: WriterNode,
    signer: Signer,
    owner: str = "",
    crash: Callable[[str], None] = no_crash,
) -> Lane:
    """A lane of the settings' generation. `owner` goes before the host and the process that name its worker."""
    return Lane(
        name,
        store=store,
        node=node,
        signer=signer,
        generation=settings.generation(),
        clock=clock,
        owner=f"{owner}{socket.gethostname()}:{os.getpid()}",
        gas_price_wei=settings.gas_price_wei,
        gas_price_wei_max=settings.gas_price_wei_max,
        tip_wei=settings.tip_wei,
        finality_depth=settings.finality_depth,
        spending=Spending(
            fees_wei_max=settings.fees_wei_max, gas_max=settings.gas_max, window_h=settings.fees_window_h
        ),
        crash=crash,
    )


class Wiring:
    """Builders for the loops of every process, all from the same settings."""

    def __init__(self, settings: Settings, *, stop: threading.Event) -> None:
        self._settings = settings
        self._stop = stop
        self._signers = Signers(settings)
        self._healths = Healths(names_of(settings.rpc_urls))  # outlive a loop that is built anew

    def loops(self, role: str) -> list[Named]:
        """The named loops of a role. Raises KeyError for a role that has none, SettingsInvalid for want of a signer."""
        if role == "worker":
            self._signers.unlock()
        watching = {"generation": partial(self._generation, "indexer" if role == "indexer" else "writer")}
        made: dict[str, dict[str, Callable[[Opened], Made]]] = {
            "projections": {"book": self._book},
            "processes": {
                "settlement": self._settlement,
                "scheduler": self._scheduler,
                "sealer": self._sealer,
                "erasures": self._erasures,
            },
            "writer": {"follower": self._follower, "reporter": self._reporter, "sweep": self._sweep, **watching},
            "worker": {"lanes": self._lanes, **watching},
            "indexer": {"indexer": self._indexer, **watching},
        }
        return [(name, _built(make)) for name, make in made[role].items()]

    def _reader(self, room: str, opened: Opened) -> JournalReader:
        return opened.keep(reader_on(self._settings, room))

    def _ledger(self, room: str, opened: Opened) -> Ledger:
        ledger = opened.keep(ledger_on(self._settings, room))
        ledger.start()
        return ledger

    def _pause(self, _: Progress) -> None:
        self._stop.wait(self._settings.poll_ms / 1000)

    @staticmethod
    def _at_journal(reader: JournalReader) -> Callable[[Progress], None]:
        """Idle until the journal grows."""

        def wait(progress: Progress) -> None:
            reader.wait(after=progress.position, timeout_s=JOURNAL_WAIT_S)

        return wait

    def _book(self, opened: Opened) -> Made:
        reader = self._reader("book", opened)
        store = opened.keep(BookStore(self._settings.dsn("book")))
        return Runner(reader, store).step, self._at_journal(reader)

    def _settlement(self, opened: Opened) -> Made:
        reader = self._reader("processes", opened)
        store = opened.keep(ProcessStore(self._settings.dsn("processes")))
        ledger = self._ledger("processes", opened)
        return Settlement(reader, store, ledger).step, self._at_journal(reader)

    def _scheduler(self, opened: Opened) -> Made:
        reader = self._reader("processes", opened)
        store = opened.keep(ProcessStore(self._settings.dsn("processes")))
        ledger = self._ledger("processes", opened)
        return Scheduler(reader, store, ledger, clock=clock).step, self._at_journal(reader)

    def _sealer(self, opened: Opened) -> Made:
        reader = self._reader("processes", opened)
        sealer = opened.keep(Sealer(self._settings.dsn("processes")))
        return sealer.step, self._at_journal(reader)

    def _erasures(self, opened: Opened) -> Made:
        reader = self._reader("api", opened)
        store = opened.keep(VaultStore(self._settings.dsn("api")))
        return Erasures(reader, store, clock=clock).step, self._at_journal(reader)

    def _follower(self, opened: Opened) -> Made:
        reader = self._reader("writer", opened)
        store = opened.keep(WriterStore(self._settings.dsn("writer")))
        crash = crash_of(self._settings)
        generation = self._settings.generation()
        omitted = omitted_of(reader, store, generation)
        follower = Follower(reader, store, generation, self._settings.lane_names, omitted=omitted, crash=crash)
        return follower.step, self._at_journal(reader)

    def _generation(self, room: str, opened: Opened) -> Made:
        reader = self._reader(room, opened)
        return Promotions(reader, self._settings).step, self._at_journal(reader)

    def _reporter(self, opened: Opened) -> Made:
        store = opened.keep(WriterStore(self._settings.dsn("writer")))
        ledger = self._ledger("writer", opened)
        return Reporter(store, ledger, crash=crash_of(self._settings)).step, self._pause

    def _sweep(self, opened: Opened) -> Made:
        store = opened.keep(WriterStore(self._settings.dsn("writer")))
        waker = opened.keep(Waker(broker_on(self._settings.redis_url.get_secret_value())))
        return Sweep(store, waker.wake).step, self._pause

    def _lanes(self, opened: Opened) -> Made:
        settings = self._settings
        lanes = Lanes(self._lane, settings.lane_names, away=AWAY, clock=clock)
        broker = broker_on(settings.redis_url.get_secret_value())
        worker = LaneWorker(broker, lanes.drive, threads=len(settings.lane_names))
        opened.keep(lanes)
        opened.keep(worker)  # closed first: no message is taken any more when the lanes are let go
        worker.start()
        return lanes.step, self._pause

    def _lane(self, name: str) -> BuiltLane:
        settings = self._settings
        with ExitStack() as stack:
            opened = Opened(stack)
            store = opened.keep(WriterStore(settings.dsn("writer")))
            node = opened.keep(WriterNode(settings.rpc_url))
            signer = self._signers.of(name)
            if isinstance(signer, Web3Signer):
                opened.keep(signer)
            lane = lane_on(settings, name, store=store, node=node, signer=signer, crash=crash_of(settings))
            return BuiltLane(lane, stack.pop_all().close)

    def _indexer(self, opened: Opened) -> Made:
        store = opened.keep(IndexerStore(self._settings.dsn("indexer")))
        indexer = indexer_on(self._settings, opened, store, self._healths)
        pace = Pace(self._settings.poll_ms / 1000)
        watched = Watched(
            indexer, store, self._healths, pace, clock_s=time.monotonic, chance=random.random, rest=self._stop.wait
        )
        return watched.step, watched.idle


def indexer_on(
    settings: Settings, opened: Opened, store: IndexerStore, healths: Healths, *, imports_to: int = 0
) -> Indexer:
    ledger = opened.keep(ledger_on(settings, "indexer"))
    ledger.start()
    reader, generation = opened.keep(reader_on(settings, "indexer")), settings.generation()
    promotion = last_promotion(reader)
    return Indexer(
        node=nodes_on(settings, opened, healths),
        store=store,
        ledger=ledger,
        reader=reader,
        generation=generation,
        finality_depth=settings.finality_depth,
        hands=opened.keep(ManyHands(RANGES_AHEAD_MAX)),
        audit_percent=settings.audit_percent,
        imports_to=imports_to,
        promoted=promotion is not None and promotion.generation.id == generation_id(generation),
        crash=crash_of(settings),
    )


def nodes_on(settings: Settings, opened: Opened, healths: Healths) -> Nodes:
    def budget() -> Budget:
        return Budget(settings.rpc_requests_per_s, clock_s=time.monotonic, wait=time.sleep)

    nodes = [opened.keep(IndexerNode(url, budget=budget())) for url in settings.rpc_urls]
    return opened.keep(Nodes(nodes, healths, settings.generation(), clock_s=time.monotonic))


def verifier_on(settings: Settings, opened: Opened) -> Verifier:
    """Every log that is read is held against its receipt, whatever the settings say."""
    healths = Healths(names_of(settings.rpc_urls))
    generation = settings.generation()
    reader = RangeReader(nodes_on(settings, opened, healths), generation, audit_percent=100)
    return Verifier(reader, opened.keep(IndexerStore(settings.dsn("indexer"))), generation)


def _built(make: Callable[[Opened], Made]) -> Callable[[], Built]:
    def build() -> Built:
        with ExitStack() as stack:
            step, idle = make(Opened(stack))
            return Built(step, idle, stack.pop_all().close)

    return build
