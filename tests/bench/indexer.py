"""How fast the indexer reads, feeds and confirms.

1. A history: so many real logs of the real contracts, a hundred a block. Some are recordings of new investments,
   the others say that a recording was there already: a development chain that keeps every state takes minutes for as
   many new ones. Logs a second from the first block to the last into PostgreSQL, stored without feeding the journal;
   beside a bare loop that sends the very same requests over the same kind of client, one after the other, and throws
   the answers away unread; one that throws them away after reading their JSON; and, which is harder, as many at once
   as the indexer has under way. With every log held against its receipt, as it is unless the settings say otherwise;
   and with none.
2. Feeding: recordings that the journal obliged. Confirmations a second until all of them are in the journal, beside the
   same commands of other recordings given straight to the ledger, in waves of the same size.
3. Live: a block a second with one recording in it, a poll every 100 ms. From the moment when the block is mined until
   the confirmation is committed.
"""

from __future__ import annotations

import json
import secrets
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import psycopg
from eth_account import Account

from abis import calls, campaign_address
from chain_indexer.ahead import ManyHands
from chain_indexer.feeding import COMMANDS_PER_WAVE_MAX, Feeder
from chain_indexer.indexer import Indexer
from chain_indexer.node import Node
from chain_indexer.ranges import RANGES_AHEAD_MAX
from chain_indexer.reading import Reader
from chain_indexer.store import IndexerStore
from domain.handlers import decide
from domain.journal import Envelope, JournalReader, Ledger, Outcome
from domain.rule_packs import load_packs
from domain.topics import codec
from tests.bench.report import Goal, Report
from tests.bench.writer_yard import AMOUNT, LANES_MAX, Yard
from tests.support.roles import as_room

LOGS = 200_000
LOGS_PER_BLOCK = 100
NEW_BLOCKS = 50  # whose recordings are new
FED = 4_000
LIVE = 20
BLOCK_S = 1.0
POLL_S = 0.1
UNBOUND = 2_000_000_000
BARE: dict[str, tuple[int, Callable[[bytes], Any] | None]] = {  # requests at once, and what is done with an answer
    "fetch": (1, None),
    "read": (1, json.loads),
    "fetch_at_once": (RANGES_AHEAD_MAX, None),
}
TABLES = "indexer.checkpoint, indexer.headers, indexer.logs, indexer.foreign_logs, indexer.children"

Take = Callable[[str, float], None]
Recording = tuple[UUID, str, bytes]  # the investment, its wallet, the leaf of the entry that obliges it


class Noting(Node):
    """A node that keeps what it was asked, so that a bare loop can ask the same."""

    def __init__(self, url: str) -> None:
        super().__init__(url, timeout_s=60.0)
        self.asked: list[bytes] = []

    def _post(self, content: bytes, *, bytes_max: int) -> bytes:
        self.asked.append(content)
        return super()._post(content, bytes_max=bytes_max)


class Grounds:
    """A yard with campaigns on its chain, and indexers on it."""

    def __init__(self, dsn: str, home: Path) -> None:
        self.dsn = dsn
        self.yard = Yard(dsn, home)
        self.yard.blocks_of(UNBOUND, seconds=0)
        self.campaign = self._campaign()
        self.begun_at = self.yard.rpc.number("eth_blockNumber")  # the making of the campaign is imported, not fed
        self.sender = Account.from_key(self.yard.keys[LANES_MAX]).address
        self.yard.rpc.call("anvil_impersonateAccount", self.sender)

    def close(self) -> None:
        self.yard.close()

    def _campaign(self) -> UUID:
        """One campaign, registered and made by the writer."""
        names = ["lane-0"]
        (campaign,) = self.yard.campaigns(names)
        self.yard.follow(names)
        self.yard.settle([self.yard.lane(names[0], key=self.yard.keys[0])])
        return campaign

    def record(self, investments: Sequence[Recording]) -> None:
        """Send a block's recordings in one call, and mine it."""
        members = [calls.InvestmentMember(i, wallet, AMOUNT, AMOUNT // 100, leaf) for i, wallet, leaf in investments]
        to = campaign_address(self.yard.generation, self.campaign)
        data = "0x" + calls.record_investments(members).hex()
        tx = {"from": self.sender, "to": to, "data": data, "gas": hex(UNBOUND // 4), "gasPrice": "0x0"}
        self.yard.rpc.call("eth_sendTransaction", tx)
        self.yard.rpc.call("evm_mine")

    def obliged(self, count: int) -> list[Recording]:
        """New investments that the journal obliges to record."""
        made = self.yard.invest([self.campaign], count)
        with psycopg.connect(self.dsn) as owner:
            rows = owner.execute(
                "SELECT originator_id, leaf FROM journal.entries"
                " WHERE topic = 'investment.funded' AND originator_id = ANY (%s)",
                ([one.stream for one in made],),
            ).fetchall()
        leaves = {stream: bytes(leaf) for stream, leaf in rows}
        return [(one.stream, one.wallet, leaves[one.stream]) for one in made]

    @contextmanager
    def ledger(self) -> Iterator[Ledger]:
        packs = load_packs(["default"])
        ledger = Ledger(
            as_room(self.dsn, "indexer"), codec=codec(), decide=decide, packs=packs, clock=lambda: datetime.now(UTC)
        )
        with closing(ledger):
            ledger.start()
            yield ledger

    @contextmanager
    def indexer(self, node: Node, *, audit_percent: int = 100, imports_to: int = 0, **more: Any) -> Iterator[Indexer]:
        room = as_room(self.dsn, "indexer")
        with ExitStack() as opened, self.ledger() as ledger:
            opened.enter_context(closing(node))
            yield Indexer(
                node=node,
                store=opened.enter_context(closing(IndexerStore(room))),
                ledger=ledger,
                reader=opened.enter_context(closing(JournalReader(room, codec=codec()))),
                generation=self.yard.generation,
                finality_depth=0,
                hands=opened.enter_context(closing(ManyHands(RANGES_AHEAD_MAX))),
                audit_percent=audit_percent,
                imports_to=max(imports_to, self.begun_at),
                **more,
            )

    def forget(self) -> None:
        with psycopg.connect(self.dsn, autocommit=True) as owner:
            owner.execute(f"TRUNCATE {TABLES}".encode())

    def count(self, query: str) -> int:
        with psycopg.connect(self.dsn) as owner:
            row = owner.execute(query.encode()).fetchone()
        assert row is not None
        return int(row[0])


# A history.


def _history(grounds: Grounds, logs: int) -> int:
    """Make the chain long. Its head."""
    rpc = grounds.yard.rpc
    rpc.call("evm_setAutomine", False)
    new: list[list[Recording]] = []
    for number in range(logs // LOGS_PER_BLOCK):
        if number < NEW_BLOCKS:
            new.append([_recording() for _ in range(LOGS_PER_BLOCK)])
        grounds.record(new[number % NEW_BLOCKS])
    return rpc.number("eth_blockNumber")


def _recording() -> Recording:
    return UUID(bytes=secrets.token_bytes(16)), "0x" + secrets.token_hex(20), secrets.token_bytes(32)


def _backfill(grounds: Grounds, head: int, *, audit_percent: int, take: Take) -> None:
    """Logs a second of ours, and of the bare loops."""
    grounds.forget()
    suffix = "" if audit_percent else "_unaudited"
    node = Noting(grounds.yard.url)
    with grounds.indexer(node, audit_percent=audit_percent, imports_to=head) as indexer:
        began = time.perf_counter()
        while indexer.step().position < head:
            pass
        seconds = time.perf_counter() - began
    logs = grounds.count("SELECT count(*) FROM indexer.logs")
    assert logs == grounds.count("SELECT count(*) FROM indexer.logs WHERE verdict = 'imported'")
    take(f"logs_per_s{suffix}", logs / seconds)
    for name, (at_once, use) in BARE.items():
        bare_s = _bare(grounds.yard.url, node.asked, at_once=at_once, use=use)
        take(f"bare_{name}_logs_per_s{suffix}", logs / bare_s)


def _bare(url: str, asked: Sequence[bytes], *, at_once: int, use: Callable[[bytes], Any] | None) -> float:
    """Seconds that it takes to fetch the answers to these requests and throw them away."""
    with httpx.Client(timeout=60.0, headers={"Content-Type": "application/json"}) as client:

        def fetch(content: bytes) -> None:
            response = client.post(url, content=content)
            assert response.status_code == httpx.codes.OK
            if use is not None:
                use(response.content)

        with ThreadPoolExecutor(at_once) as threads:
            began = time.perf_counter()
            for _ in threads.map(fetch, asked):
                pass
            return time.perf_counter() - began


# Feeding.


class Overheard:
    """A ledger that keeps what it is given, and says that it is done."""

    def __init__(self) -> None:
        self.envelopes: list[Envelope] = []

    def submit(self, envelope: Envelope) -> Future[Outcome]:
        self.envelopes.append(envelope)
        done: Future[Outcome] = Future()
        done.set_result(Outcome(events=(), replayed=True))
        return done


def _feeding(grounds: Grounds, count: int, take: Take) -> None:
    """Half of the recordings fed by the indexer; the commands of the other half given straight to the ledger."""
    rpc = grounds.yard.rpc
    rpc.call("evm_setAutomine", False)
    with grounds.indexer(Node(grounds.yard.url)) as indexer:
        while indexer.step().advanced:
            pass
        before = grounds.count(CONFIRMED)
        _post(grounds, count)
        began = time.perf_counter()
        while indexer.step().advanced:
            pass
        take("fed_per_s", count / (time.perf_counter() - began))
        assert grounds.count(CONFIRMED) - before == count
    first = rpc.number("eth_blockNumber") + 1
    _post(grounds, count)
    envelopes = _commands_of(grounds, first, rpc.number("eth_blockNumber"))
    assert len(envelopes) == count
    with grounds.ledger() as ledger:
        began = time.perf_counter()
        for place in range(0, count, COMMANDS_PER_WAVE_MAX):
            wave = [ledger.submit(envelope) for envelope in envelopes[place : place + COMMANDS_PER_WAVE_MAX]]
            for future in wave:
                future.result()
        take("journal_commands_per_s", count / (time.perf_counter() - began))
    assert grounds.count(CONFIRMED) - before == 2 * count


CONFIRMED = "SELECT count(*) FROM journal.entries WHERE topic = 'investment.recording_confirmed'"


def _post(grounds: Grounds, count: int) -> None:
    obliged = grounds.obliged(count)
    for place in range(0, count, LOGS_PER_BLOCK):
        grounds.record(obliged[place : place + LOGS_PER_BLOCK])


def _commands_of(grounds: Grounds, first: int, last: int) -> list[Envelope]:
    overheard, room = Overheard(), as_room(grounds.dsn, "indexer")
    generation = grounds.yard.generation
    with ExitStack() as opened:
        node = opened.enter_context(closing(Node(grounds.yard.url, timeout_s=60.0)))
        store = opened.enter_context(closing(IndexerStore(room)))
        reader = opened.enter_context(closing(JournalReader(room, codec=codec())))
        addresses = [campaign_address(generation, grounds.campaign).lower()]
        reading = Reader(node, generation, audit_percent=0).read(first, last, addresses)
        feeder = Feeder(ledger=overheard, reader=reader, earlier=store, generation=generation, crash=lambda _: None)  # type: ignore[arg-type]
        feeder.feed(reading.logs, {block.number: block for block in reading.blocks})
    return overheard.envelopes


# Live.


def _live(grounds: Grounds, take: Take) -> None:
    mined: list[float] = []
    confirmed: list[float] = []
    obliged = grounds.obliged(LIVE)
    stop = threading.Event()

    def crash(point: str) -> None:
        if point == "commands-answered":
            confirmed.append(time.perf_counter())

    def run(indexer: Indexer) -> None:
        while not stop.is_set():
            if not indexer.step().advanced:
                stop.wait(POLL_S)

    with grounds.indexer(Node(grounds.yard.url), crash=crash) as indexer:
        while indexer.step().advanced:
            pass
        confirmed.clear()
        polling = threading.Thread(target=run, args=(indexer,))
        polling.start()
        began = time.perf_counter()
        for number, one in enumerate(obliged):
            stop.wait(max(0.0, began + number * BLOCK_S - time.perf_counter()))
            grounds.record([one])
            mined.append(time.perf_counter())
        stop.wait(BLOCK_S)
        stop.set()
        polling.join()
    assert len(confirmed) == LIVE
    latencies_ms = sorted((c - m) * 1000 for m, c in zip(mined, confirmed, strict=True))
    take("live_p50_ms", statistics.median(latencies_ms))
    take("live_max_ms", latencies_ms[-1])


def measure(dsn: str, rounds: int, logs: int = LOGS) -> Report:
    """Medians of rounds. Needs a migrated database of its own; leaves its rows there."""
    taken: dict[str, list[float]] = {}

    def take(name: str, value: float) -> None:
        taken.setdefault(name, []).append(value)

    with tempfile.TemporaryDirectory(prefix="tandem-bench-chain-") as folder, closing(Grounds(dsn, Path(folder))) as g:
        for _ in range(rounds):
            _feeding(g, FED, take)
            _live(g, take)
        head = _history(g, logs)
        for _ in range(rounds):
            for percent in (100, 0):
                _backfill(g, head, audit_percent=percent, take=take)
    return _report({name: statistics.median(values) for name, values in taken.items()})


def _report(figures: dict[str, float]) -> Report:
    ratios = {
        f"vs_bare_{name}{suffix}": figures[f"logs_per_s{suffix}"] / figures[f"bare_{name}_logs_per_s{suffix}"]
        for suffix in ("", "_unaudited")
        for name in BARE
    }
    ratios["fed_vs_journal"] = figures["fed_per_s"] / figures["journal_commands_per_s"]
    goals = [
        Goal.at_least("ratios.vs_bare_fetch", 0.5, ratios["vs_bare_fetch"]),
        Goal.at_most("figures.live_p50_ms", 100, figures["live_p50_ms"]),
    ]
    return Report("indexer", figures, ratios, goals)
