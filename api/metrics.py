"""What the API counts, and what it tells Prometheus of the house behind it. The one file that speaks Prometheus."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from api.health import Readiness
from chain_indexer.questions import Standing
from chain_writer.questions import LaneFigures
from domain.journal import Ledger

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
SECONDS_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

LEDGER_COUNTS = {
    "batches": "Transactions that the committer made.",
    "commands": "Commands decided.",
    "events": "Events recorded.",
    "redecided": "Batches decided again because another process was first.",
    "reconnects": "Times the committer opened its connection anew.",
    "singles": "Commands taken one by one because their batch was refused by the database.",
}
LANE_GAUGES = (
    ("queued", "Intents that wait for a nonce.", "queued"),
    ("held", "Queued intents that wait for a block or for an operator.", "held"),
    ("in_flight", "Nonces that are not final.", "in_flight"),
    ("oldest_seconds", "The age of the oldest intent that is not settled.", "oldest_s"),
    ("leased", "1 while a worker drives the lane.", "leased"),
)


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """How the house stood when it was last asked. What could not be learnt is missing from the figures."""

    readiness: Readiness | None = None
    lanes: tuple[LaneFigures, ...] = ()
    chain: Standing | None = None


class _House(Collector):
    """The figures that are asked of others at each scrape, and the committer's own counts."""

    def __init__(self, ledger: Ledger) -> None:
        self.snapshot = Snapshot()
        self._ledger = ledger

    def collect(self) -> Iterator[Metric]:
        for name, meaning in LEDGER_COUNTS.items():
            yield CounterMetricFamily(f"tandem_ledger_{name}", meaning, value=getattr(self._ledger.figures, name))
        if self.snapshot.readiness is not None:
            yield from _book(self.snapshot.readiness)
        if self.snapshot.lanes:
            yield from _lanes(self.snapshot.lanes)
        if self.snapshot.chain is not None:
            yield from _chain(self.snapshot.chain)


class Metrics:
    """One an app, with a registry of its own: two apps in one process do not mix."""

    def __init__(self, ledger: Ledger) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "tandem_http_requests", "Requests answered.", ["route", "method", "status"], registry=self._registry
        )
        self._seconds = Histogram(
            "tandem_http_request_seconds",
            "How long an answer took.",
            ["route"],
            buckets=SECONDS_BUCKETS,
            registry=self._registry,
        )
        self._house = _House(ledger)
        self._registry.register(self._house)

    def count(self, *, route: str, method: str, status: int, took_s: float) -> None:
        """Count one answered request. `route` is a path of the table, never a client's own words."""
        self._requests.labels(route, method if method in METHODS else "other", str(status)).inc()
        self._seconds.labels(route).observe(took_s)

    def exposition(self, snapshot: Snapshot) -> bytes:
        """Everything, as Prometheus reads it."""
        self._house.snapshot = snapshot
        text: bytes = generate_latest(self._registry)
        return text


def _gauge(name: str, meaning: str, value: float) -> Metric:
    return GaugeMetricFamily(name, meaning, value=value)


def _book(readiness: Readiness) -> Iterator[Metric]:
    yield _gauge("tandem_ready", "1 when this process can serve.", float(readiness.ready))
    if readiness.journal_position is not None:
        yield _gauge("tandem_journal_position", "The journal's last position.", readiness.journal_position)
    if readiness.book_position is not None:
        yield _gauge("tandem_book_position", "The position that the book has reached.", readiness.book_position)
    if readiness.book_lag is not None:
        yield _gauge("tandem_book_lag", "Positions between the journal's head and the book.", readiness.book_lag)


def _lanes(lanes: tuple[LaneFigures, ...]) -> Iterator[Metric]:
    for name, meaning, field in LANE_GAUGES:
        family = GaugeMetricFamily(f"tandem_writer_{name}", meaning, labels=["lane", "signer"])
        for lane in lanes:
            value = getattr(lane, field)
            if value is not None:
                family.add_metric([lane.name, lane.signer or ""], float(value))
        yield family


def _chain(standing: Standing) -> Iterator[Metric]:
    yield _gauge("tandem_indexer_block", "The last block fed back into the journal.", standing.block_number)
    yield _gauge("tandem_indexer_head_block", "The newest block that the indexer has seen.", standing.head_number)
    yield _gauge("tandem_indexer_head_age_seconds", "The age of that block.", standing.head_age_s)
    yield _gauge("tandem_indexer_lag_blocks", "Final blocks not fed back yet.", standing.lag)
    yield _gauge("tandem_indexer_foreign_logs", "Logs that the journal does not explain.", standing.foreign_logs)
    yield _gauge("tandem_indexer_reorgs", "Reorganisations seen.", standing.reorgs)
