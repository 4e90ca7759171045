"""Entries a second of a rebuild, for each view and for all, beside the library's ProjectionRunner and a bare read.

The journal holds real events of many streams. The bare read is one SELECT of the same rows in the same order, each
decoded to its entry, and nothing else. The runner is the library's own, with the same fold and one row of the same view
read and written for each event: its first events only, since it would need hours for all.
"""

from __future__ import annotations

import resource
import statistics
import threading
import time
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import psycopg
from eventsourcing.application import Application
from eventsourcing.persistence import Mapper, Tracking
from eventsourcing.postgres import PostgresTrackingRecorder
from eventsourcing.projection import Projection, ProjectionRunner
from psycopg.conninfo import conninfo_to_dict

from domain.journal import Entry
from domain.journal.encoding import JournalMapper
from domain.topics import codec
from ops import rebuild
from ops.rebuild import Wish
from ops.rebuilt import Pace, Silent
from ops.settings import Settings
from projections.folding import Batch, View
from projections.rebuilding.plan import read_by
from projections.store import loaded, write
from projections.views import TABLES, VIEWS
from projections.views.investments import INVESTMENTS
from tests.bench.report import Goal, Report
from tests.bench.visible import visible_ms
from tests.support.crowd import crowd
from tests.support.crowd import write as append

EVENTS = 300_000
RUNNER_EVENTS = 1_500
RUNNER_S_MAX = 120.0
PROCESSES = 2
ONE = INVESTMENTS  # the view that the goals are about: the most rows, the widest ones


def measure(dsn: str, rounds: int, *, events: int = EVENTS) -> Report:
    """Medians over rounds. Needs a migrated database of its own; leaves its rows there."""
    append(dsn, crowd(events))
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("VACUUM (ANALYZE) journal.entries")
    taken: dict[str, list[float]] = {}
    for _ in range(rounds):
        for name, rate in [*_round(dsn, ONE), *_others(dsn)]:
            taken.setdefault(name, []).append(rate)
    figures = {name: statistics.median(rates) for name, rates in taken.items()}
    figures |= {"journal_entries": float(_head(dsn)), **_memory(), **visible_ms(dsn)}
    ratios = {
        "vs_bare_read": figures["events_per_s"] / figures["bare_read_per_s"],
        "vs_projection_runner": figures["events_per_s"] / figures["projection_runner_per_s"],
        "all_vs_bare_read": figures["events_per_s_all"] / figures["bare_read_per_s"],
    }
    goals = [
        Goal.at_least("figures.events_per_s", 100_000, figures["events_per_s"]),
        Goal.at_least("ratios.vs_projection_runner", 100, ratios["vs_projection_runner"]),
        Goal.at_least("ratios.vs_bare_read", 0.25, ratios["vs_bare_read"]),
        Goal.at_most("figures.time_left_error_percent", 20, figures["time_left_error_percent"]),
    ]
    return Report("rebuild", figures, ratios, goals)


def _round(dsn: str, view: View) -> list[tuple[str, float]]:
    """The one view, between two bare reads of its rows and beside the runner."""
    before, cpu_s = _bare_read(dsn, view), _children_cpu_s()
    rate, seconds, _ = _rebuilt(dsn, [view])
    cpu_s, after = _children_cpu_s() - cpu_s, _bare_read(dsn, view)
    return [
        ("events_per_s", rate),
        ("process_cpu_us_per_event", cpu_s * 1_000_000 / _count(dsn, [view])),
        ("bare_read_per_s", (before + after) / 2),
        ("comparing_s", _compared(dsn, view)),
        ("projection_runner_per_s", _runner(dsn, view)),
        *((f"{phase}_s", duration) for phase, duration in seconds.items() if phase in ("loading", "indexing")),
    ]


def _others(dsn: str) -> list[tuple[str, float]]:
    each = [(f"events_per_s_{view.name}", _rebuilt(dsn, [view])[0]) for view in VIEWS]
    rate, seconds, told = _rebuilt(dsn, VIEWS)  # the last one: the whole book is live then
    return [
        *each,
        ("events_per_s_all", rate),
        ("time_left_error_percent", told.error_percent(seconds["loading"])),
    ]


class Told(Silent):
    """What the progress bar was told: when, and which share of the loading was done."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._said: list[tuple[float, float]] = []

    def phase(self, name: str) -> None:
        if name == "loading":
            self._began = time.monotonic()

    def loaded(self, share: float, entries: int) -> None:
        self._said.append((time.monotonic() - self._began, share))

    def error_percent(self, whole_s: float) -> float:
        """The worst that it was off after the first tenth: the end that it foretold beside the end that came, of the
        whole."""
        pace = Pace()
        told = [(at_s, pace.left_s(at_s, share)) for at_s, share in self._said]
        ends = [at_s + left_s for at_s, left_s in told if at_s >= whole_s / 10 and left_s is not None]
        return max(abs(end_s - whole_s) / whole_s * 100 for end_s in ends)


def _rebuilt(dsn: str, views: Sequence[View]) -> tuple[float, dict[str, float], Told]:
    """Entries that the views listen to, a second, from the first process's start to the last index. Beside an empty
    view at the journal's head, so that nothing is there to be compared."""
    _empty(dsn, position=0 if len(views) == len(VIEWS) else _head(dsn))
    wish = Wish(views=tuple(view.name for view in views), processes=PROCESSES)
    told = Told()
    report = rebuild.perform(Settings(database_url=dsn), wish, watcher=told)
    assert report.outcome == "swapped"
    entries = _count(dsn, views)
    return entries / (report.seconds["loading"] + report.seconds["indexing"]), report.seconds, told


def _compared(dsn: str, view: View) -> float:
    """Seconds to compare a full view with its new rows."""
    wish = Wish(views=(view.name,), processes=PROCESSES)
    report = rebuild.perform(Settings(database_url=dsn), wish, watcher=Silent())
    assert report.outcome == "swapped"
    assert report.compared[0].live_rows > 0
    return report.seconds["comparing"]


def _bare_read(dsn: str, view: View) -> float:
    read, decode, entries = read_by([view]), codec().entry, 0
    with psycopg.connect(dsn) as connection, connection.cursor(binary=True) as rows:
        began = time.perf_counter()
        rows.execute(
            "SELECT notification_id, originator_id, originator_version, topic, state, leaf FROM journal.entries"
            " WHERE topic = ANY(%s) ORDER BY notification_id",
            (list(read.apart + read.whole),),
        )
        for row in rows:
            decode(row)
            entries += 1
        return entries / (time.perf_counter() - began)


# The library's way.


class Journal(Application[UUID]):
    """The library's application over our entries, by a view of the columns that it knows."""

    name = "library"

    def construct_mapper(self) -> Mapper[UUID]:
        return JournalMapper(codec())


class LibraryRows(PostgresTrackingRecorder):
    """The row of an event and the library's position, in one transaction."""

    def fold(self, entry: Entry, tracking: Tracking) -> None:
        with self.datastore.transaction(commit=True) as cursor:
            connection: Any = cursor.connection
            wanted = {table.name: (table, {key}) for table, key in ONE.reads(entry)}
            batch = Batch(loaded(connection, wanted))
            batch.fold([ONE], [entry])
            with connection.cursor() as rows:
                write(rows, batch.changes)
            self._insert_tracking(cursor, tracking)


class LibraryProjection(Projection[LibraryRows]):
    name = "investments"
    topics = tuple(sorted(ONE.topics))

    def process_event(self, domain_event: Any, tracking: Tracking) -> None:
        entry = Entry(
            position=tracking.notification_id,
            stream=domain_event.originator_id,
            version=domain_event.originator_version,
            topic=domain_event.event.TOPIC,
            event=domain_event.event,
            meta=domain_event.meta,
            leaf=b"",
            state=b"",
        )
        self.view.fold(entry, tracking)
        COUNTED.add()


class _Counted:
    """How many events the runner has processed, and a bell when it is enough."""

    def __init__(self) -> None:
        self.enough = threading.Event()
        self.events = 0

    def add(self) -> None:
        self.events += 1
        if self.events >= RUNNER_EVENTS:
            self.enough.set()


COUNTED = _Counted()


def _runner(dsn: str, view: View) -> float:
    """Events a second of the library's ProjectionRunner on the first events of the same journal."""
    assert view is ONE
    _empty(dsn, position=0)
    parts = conninfo_to_dict(dsn)
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(
            "CREATE OR REPLACE VIEW public.library_events AS SELECT originator_id, originator_version, topic, state,"
            " notification_id FROM journal.entries"
        )
        connection.execute("DROP TABLE IF EXISTS public.investments_tracking")
    environment = {
        "PERSISTENCE_MODULE": "eventsourcing.postgres",
        "LIBRARY_CREATE_TABLE": "no",
        **{f"POSTGRES_{name.upper()}": str(parts[name]) for name in ("dbname", "host", "port", "user", "password")},
    }
    COUNTED.__init__()
    began = time.perf_counter()
    with ProjectionRunner(
        application_class=Journal, projection_class=LibraryProjection, view_class=LibraryRows, env=environment
    ) as runner:
        assert COUNTED.enough.wait(RUNNER_S_MAX), "the library's runner has not processed its events"
        rate = COUNTED.events / (time.perf_counter() - began)
        runner.stop()
    return rate


# The journal and the book.


def _empty(dsn: str, *, position: int) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        for table in TABLES:
            connection.execute(f"TRUNCATE book.{table.name}")
        connection.execute("DELETE FROM book.views")
        connection.execute("UPDATE book.progress SET position = %s", (position,))


def _count(dsn: str, views: Sequence[View]) -> int:
    topics = sorted(frozenset[str]().union(*(view.topics for view in views)))
    with psycopg.connect(dsn) as connection:
        row = connection.execute("SELECT count(*) FROM journal.entries WHERE topic = ANY(%s)", (topics,)).fetchone()
    assert row is not None
    return int(row[0])


def _head(dsn: str) -> int:
    with psycopg.connect(dsn) as connection:
        row = connection.execute("SELECT size FROM journal.head").fetchone()
    assert row is not None
    return int(row[0])


def _children_cpu_s() -> float:
    """What the loading processes that have ended took of the processors, PostgreSQL's own not counted."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _memory() -> dict[str, float]:
    """The most that any one loading process has held."""
    return {"process_mib_max": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024}
