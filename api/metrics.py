"""What the API counts, and what it tells Prometheus of the house behind it. The one file that speaks Prometheus."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Protocol

import msgspec
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from api.health import Readiness
from api.reconciled_store import Reconciled
from chain_indexer.questions import Standing
from chain_writer.questions import LaneFigures, Totals
from domain.journal import Ledger

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
SECONDS_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

# Each figure is named once, here: (name without the house's prefix, what it means, the field it is read from).
Row = tuple[str, str, str]
LEDGER_COUNTS: tuple[Row, ...] = (
    ("ledger_batches", "Transactions that the committer of this process made.", "batches"),
    ("ledger_commands", "Commands decided.", "commands"),
    ("ledger_events", "Events recorded.", "events"),
    ("ledger_redecided", "Batches decided again because another process was first.", "redecided"),
    ("ledger_reconnects", "Times the committer opened its connection anew.", "reconnects"),
    ("ledger_singles", "Commands taken one by one because the database refused their batch.", "singles"),
)
BOOK_GAUGES: tuple[Row, ...] = (
    ("ready", "1 when this process can serve.", "ready"),
    ("journal_position", "The journal's last position.", "journal_position"),
    ("book_position", "The position that the book has reached.", "book_position"),
    ("book_lag", "Positions between the journal's head and the book.", "book_lag"),
)
LANE_GAUGES: tuple[Row, ...] = (
    ("writer_queued", "Intents that wait for a nonce, by lane.", "queued"),
    ("writer_held", "Queued intents that wait for a block or for an operator.", "held"),
    ("writer_in_flight", "Nonces that are not final.", "in_flight"),
    ("writer_oldest_seconds", "The age of the oldest intent that is not settled.", "oldest_s"),
    ("writer_leased", "1 while a worker drives the lane.", "leased"),
    ("writer_bound", "Intents that a nonce carries and that are not settled.", "bound"),
    ("writer_live", "Nonces that no block has yet.", "live"),
    ("writer_head_age_seconds", "Seconds since the lowest of those was given out.", "head_age_s"),
    ("writer_oldest_queued_seconds", "The age of the oldest intent that waits for a nonce.", "oldest_queued_s"),
    ("writer_quarantined", "1 for a lane that stopped because its key signed what is none of ours.", "quarantined"),
    ("writer_draining", "1 for a lane that binds nothing to new nonces.", "draining"),
    ("writer_gas_used", "Gas that the lane's final transactions used, over its life.", "gas_used"),
    ("writer_fees_wei", "Wei of fees that they cost.", "fees_wei"),
    ("writer_leases", "How often a worker took the lane up; fast when workers fight for it.", "leases"),
)
# By a label of few values: (name, what it means, the label, the field it is read from).
TOTAL_GAUGES: tuple[tuple[str, str, str, str], ...] = (
    ("writer_intents", "Intents by state; the rejected ones will never land.", "state", "intents"),
    ("writer_replies", "Signed transactions by the class of a node's last answer to them.", "reply", "replies"),
)
UNKNOWN_REPLIES: Row = (
    "writer_unknown_replies",
    "How often a node said what the table of replies does not know.",
    "unknown_replies",
)
CHAIN_GAUGES: tuple[Row, ...] = (
    ("indexer_block", "The last block fed back into the journal.", "block_number"),
    ("indexer_head_block", "The newest block that the indexer has seen.", "head_number"),
    ("indexer_head_age_seconds", "The age of that block.", "head_age_s"),
    ("indexer_lag_blocks", "Final blocks not fed back yet.", "lag"),
    ("indexer_lag_seconds", "The same on the chain's clock.", "lag_s"),
    ("indexer_ready", "1 while nothing final is missing and the head is young.", "ready"),
    ("indexer_logs", "Logs kept; its growth is the rate.", "logs"),
    ("indexer_nodes", "Nodes that the indexer may ask.", "nodes"),
    ("indexer_nodes_aside", "Those of them that failed, lag or contradict.", "nodes_aside"),
    ("indexer_foreign_logs", "Logs on our contracts that the journal does not explain.", "foreign_logs"),
    ("indexer_reorgs", "Reorganisations of the chain seen.", "reorgs"),
)
RECONCILED_GAUGES: tuple[Row, ...] = (
    ("reconcile_differences", "Differences that the last reconciliation kept has found.", "differences"),
    ("reconcile_pending", "What was on its way then, and agreed with nothing yet.", "pending"),
    ("reconcile_age_seconds", "How long ago it ended.", "age_s"),
    ("reconcile_seconds", "How long it took.", "took_s"),
)
LOOPS_TROUBLED = "tandem_loops_troubled"
LOOPS_TROUBLED_MEANING = (
    "Running processes that tell of a trouble, by process and loop; of worker and lanes: a lane cannot be driven."
)
HTTP_FIGURES = {
    "tandem_http_requests_total": "Requests answered, by route, method and status.",
    "tandem_http_request_seconds": "How long answers took, by route; a histogram.",
    "tandem_http_in_flight": "Requests not answered yet.",
}
FIGURES: dict[str, str] = {
    **HTTP_FIGURES,
    **{f"tandem_{name}_total": meaning for name, meaning, _ in LEDGER_COUNTS},
    **{f"tandem_{name}": meaning for name, meaning, _ in (*BOOK_GAUGES, *LANE_GAUGES, UNKNOWN_REPLIES, *CHAIN_GAUGES)},
    **{f"tandem_{name}": meaning for name, meaning, _ in RECONCILED_GAUGES},
    **{f"tandem_{name}": meaning for name, meaning, _, _ in TOTAL_GAUGES},
    LOOPS_TROUBLED: LOOPS_TROUBLED_MEANING,
}


class Troubles(Protocol):
    """What the processes of the house tell of themselves. `by_loop` counts those in trouble, by process and loop."""

    def by_loop(self) -> Mapping[tuple[str, str], int]: ...
    def close(self) -> None: ...


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """How the house stood when it was last asked. What could not be learnt is missing from the figures."""

    readiness: Readiness | None = None
    lanes: tuple[LaneFigures, ...] = ()
    writer: Totals | None = None
    chain: Standing | None = None
    reconciled: Reconciled | None = None
    troubled: Mapping[tuple[str, str], int] = msgspec.field(default_factory=dict)


class _House(Collector):
    """The figures that are asked of others at each scrape, and the committer's own counts."""

    def __init__(self, ledger: Ledger) -> None:
        self.snapshot = Snapshot()
        self._ledger = ledger

    def collect(self) -> Iterator[Metric]:
        for name, meaning, field in LEDGER_COUNTS:
            yield CounterMetricFamily(f"tandem_{name}", meaning, value=getattr(self._ledger.figures, field))
        yield from _gauges(BOOK_GAUGES, self.snapshot.readiness)
        yield from _lane_gauges(self.snapshot.lanes)
        yield from _gauges((UNKNOWN_REPLIES,), self.snapshot.writer)
        yield from _total_gauges(self.snapshot.writer)
        yield from _gauges(CHAIN_GAUGES, self.snapshot.chain)
        yield from _gauges(RECONCILED_GAUGES, self.snapshot.reconciled)
        yield _troubled(self.snapshot.troubled)


class Metrics:
    """One an app, with a registry of its own: two apps in one process do not mix."""

    def __init__(self, ledger: Ledger) -> None:
        registry = CollectorRegistry()
        total, seconds, in_flight = HTTP_FIGURES
        labels = ["route", "method", "status"]
        self._requests = Counter(total, HTTP_FIGURES[total], labels, registry=registry)
        self._seconds = Histogram(seconds, HTTP_FIGURES[seconds], ["route"], buckets=SECONDS_BUCKETS, registry=registry)
        self._in_flight = Gauge(in_flight, HTTP_FIGURES[in_flight], registry=registry)
        self._house = _House(ledger)
        registry.register(self._house)
        self._registry = registry

    def begin(self) -> None:
        """Count a request that has come."""
        self._in_flight.inc()

    def count(self, *, route: str, method: str, status: int, took_s: float) -> None:
        """Count it as answered. `route` is a path of the table, never a client's own words."""
        self._in_flight.dec()
        self._requests.labels(route, method if method in METHODS else "other", str(status)).inc()
        self._seconds.labels(route).observe(took_s)

    def exposition(self, snapshot: Snapshot) -> bytes:
        """Everything, as Prometheus reads it."""
        self._house.snapshot = snapshot
        text: bytes = generate_latest(self._registry)
        return text


def _gauges(rows: tuple[Row, ...], source: msgspec.Struct | None) -> Iterator[Metric]:
    for name, meaning, field in rows:
        value = getattr(source, field, None)
        if value is not None:
            yield GaugeMetricFamily(f"tandem_{name}", meaning, value=float(value))


def _total_gauges(totals: Totals | None) -> Iterator[Metric]:
    for name, meaning, label, field in TOTAL_GAUGES if totals is not None else ():
        family = GaugeMetricFamily(f"tandem_{name}", meaning, labels=[label])
        for value, count in sorted(getattr(totals, field).items()):
            family.add_metric([value], float(count))
        yield family


def _troubled(troubled: Mapping[tuple[str, str], int]) -> Metric:
    family = GaugeMetricFamily(LOOPS_TROUBLED, LOOPS_TROUBLED_MEANING, labels=["process", "loop"])
    for place, count in sorted(troubled.items()):
        family.add_metric(place, float(count))
    return family


def _lane_gauges(lanes: tuple[LaneFigures, ...]) -> Iterator[Metric]:
    for name, meaning, field in LANE_GAUGES:
        family = GaugeMetricFamily(f"tandem_{name}", meaning, labels=["lane", "signer"])
        for lane in lanes:
            value = getattr(lane, field)
            if value is not None:
                family.add_metric([lane.name, lane.signer or ""], float(value))
        yield family
