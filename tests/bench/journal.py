"""Commands durably recorded per second, beside the library's own save and raw multi-row inserts of the same bytes."""

from __future__ import annotations

import asyncio
import statistics
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, ClassVar
from uuid import UUID, uuid4

import msgspec
import psycopg
import uvloop
from eventsourcing.application import Application
from eventsourcing.persistence import Mapper
from psycopg.conninfo import conninfo_to_dict

from domain.journal import Actor, Codec, CommandKey, Draft, Envelope, Event, Ledger, Meta
from domain.journal.encoding import JournalMapper
from domain.journal.work import Work
from tests.bench.report import Goal, Report

CLIENTS = (1, 16, 64, 256)
COMMANDS = {1: 400, 16: 4_000, 64: 8_000, 256: 12_000}
SAVES = {1: 300, 16: 500, 64: 640, 256: 768}
TEXT = "x" * 180  # makes a stored event of about 430 bytes, the mean of the facts' measurements


class Noted(Event, frozen=True, kw_only=True):
    """One event of a new stream, as the creation of an investor is."""

    TOPIC: ClassVar[str] = "note.noted"
    text: str

    def apply(self, state: Any) -> Any:
        return self if state is None else state


class Note(msgspec.Struct, frozen=True):
    stream: UUID


CODEC = Codec({Noted.TOPIC: Noted})


def _decide(command: Any, work: Work) -> None:
    work.create(command.stream, Noted(text=TEXT), pack="default@1")


def _envelope() -> Envelope:
    stream = uuid4()
    return Envelope(
        command=Note(stream),
        actor=Actor("bench", "issuer"),
        key=CommandKey("client:bench", str(stream)),
        fingerprint=sha256(stream.bytes).digest(),
        correlation_id=stream,
    )


def _ours(ledger: Ledger, clients: int) -> tuple[float, float]:
    """Commands a second and their p99 in milliseconds, each client waiting for its answer before the next command."""
    latencies: list[float] = []

    async def client(commands: int) -> None:
        for _ in range(commands):
            began = time.perf_counter()
            await ledger.submit_async(_envelope())
            latencies.append(time.perf_counter() - began)

    async def all_clients() -> float:
        began = time.perf_counter()
        await asyncio.gather(*(client(COMMANDS[clients] // clients) for _ in range(clients)))
        return time.perf_counter() - began

    seconds = uvloop.run(all_clients())
    latencies.sort()
    return len(latencies) / seconds, latencies[int(len(latencies) * 0.99)] * 1000


class Library(Application[UUID]):
    """The library as it comes, its own recorder and table lock; only the stored bytes are ours, to be the same."""

    name = "library"

    def construct_mapper(self) -> Mapper[UUID]:
        return JournalMapper(CODEC)


def _draft() -> Draft:
    stream = uuid4()
    meta = Meta(
        at=datetime.now(UTC), by="issuer:bench", command_id=uuid4(), correlation_id=stream, cause=None, pack="default@1"
    )
    return Draft(stream, 1, Noted(text=TEXT), meta)


def _in_threads(clients: int, work: Callable[[], None]) -> float:
    threads = [threading.Thread(target=work) for _ in range(clients)]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return time.perf_counter() - began


def _library(app: Library, clients: int) -> float:
    """Saves a second of the unmodified library, one event of one new stream each, from as many threads as clients."""
    saves = max(SAVES[clients] // clients, 3)

    def client() -> None:
        for _ in range(saves):
            app.save(_draft())

    return clients * saves / _in_threads(clients, client)


def _raw(connection: psycopg.Connection[Any], clients: int, *, records: bool) -> float:
    """Events a second of bare multi-row INSERTs, one transaction for as many as there are clients waiting.

    With `records` the same rows as ours (each event and the record of its command), without them the events alone.
    """
    encode = JournalMapper(CODEC).to_stored_event
    batches = max(COMMANDS[clients] // clients, 3)
    events, keys = [], []
    for _ in range(batches):
        batch = [encode(_draft()) for _ in range(clients)]
        leaves = [sha256(e.state).digest() for e in batch]
        events.append(
            [v for e, h in zip(batch, leaves, strict=True) for v in (e.originator_id, 1, e.topic, e.state, h)]
        )
        keys.append([v for e, h in zip(batch, leaves, strict=True) for v in ("client:bench", str(e.originator_id), h)])
    insert = "INSERT INTO raw_entries (originator_id, originator_version, topic, state, leaf) VALUES "
    insert += ",".join(["(%b,%b,%b,%b,%b)"] * clients)
    record = "INSERT INTO raw_commands (scope, key, fingerprint) VALUES " + ",".join(["(%b,%b,%b)"] * clients)
    began = time.perf_counter()
    for batch, named in zip(events, keys, strict=True):
        with connection.transaction():
            connection.execute(insert, batch, prepare=True)
            if records:
                connection.execute(record, named, prepare=True)
    return clients * batches / (time.perf_counter() - began)


def _library_on(dsn: str) -> Library:
    parts = conninfo_to_dict(dsn)
    return Library(
        {
            "PERSISTENCE_MODULE": "eventsourcing.postgres",
            "POSTGRES_DBNAME": str(parts["dbname"]),
            "POSTGRES_HOST": str(parts["host"]),
            "POSTGRES_PORT": str(parts["port"]),
            "POSTGRES_USER": str(parts["user"]),
            "POSTGRES_PASSWORD": str(parts.get("password") or "-"),
            "POSTGRES_POOL_SIZE": "64",
            "POSTGRES_MAX_OVERFLOW": "32",
        }
    )


def measure(dsn: str, rounds: int) -> Report:
    """Medians over interleaved rounds. Needs a migrated database of its own; leaves its rows there."""
    taken: dict[str, list[float]] = {}

    def take(name: str, value: float) -> None:
        taken.setdefault(name, []).append(value)

    ledger = Ledger(dsn, codec=CODEC, decide=_decide, packs=None, clock=lambda: datetime.now(UTC))
    ledger.start()
    library = _library_on(dsn)
    with psycopg.connect(dsn, autocommit=True) as raw:
        raw.execute(
            "CREATE TABLE IF NOT EXISTS raw_entries (originator_id uuid, originator_version bigint, topic text,"
            " state bytea, leaf bytea, notification_id bigserial UNIQUE,"
            " PRIMARY KEY (originator_id, originator_version))"
        )
        raw.execute("CREATE INDEX IF NOT EXISTS raw_leaf ON raw_entries USING hash (leaf)")
        raw.execute(
            "CREATE TABLE IF NOT EXISTS raw_commands (scope text, key text, fingerprint bytea, position bigint,"
            " events int, recorded_at timestamptz DEFAULT now(), PRIMARY KEY (scope, key))"
        )
        for _ in range(rounds):
            for clients in CLIENTS:
                rate, p99_ms = _ours(ledger, clients)
                take(f"commands_per_s_{clients}", rate)
                take(f"p99_ms_{clients}", p99_ms)
                take(f"library_saves_per_s_{clients}", _library(library, clients))
                take(f"raw_insert_per_s_{clients}", _raw(raw, clients, records=True))
                take(f"raw_events_alone_per_s_{clients}", _raw(raw, clients, records=False))
    library.close()
    ledger.close()
    figures = {name: statistics.median(values) for name, values in taken.items()}
    ratios = {}
    for clients in CLIENTS:
        ours = figures[f"commands_per_s_{clients}"]
        ratios[f"vs_library_save_{clients}"] = ours / figures[f"library_saves_per_s_{clients}"]
        ratios[f"vs_raw_insert_{clients}"] = ours / figures[f"raw_insert_per_s_{clients}"]
        ratios[f"vs_raw_events_alone_{clients}"] = ours / figures[f"raw_events_alone_per_s_{clients}"]
    goals = [
        Goal.at_least("ratios.vs_library_save_64", 10, ratios["vs_library_save_64"]),
        Goal.at_least("ratios.vs_raw_insert_64", 1 / 3, ratios["vs_raw_insert_64"]),
        Goal.at_most("figures.p99_ms_64", 50, figures["p99_ms_64"]),
    ]
    return Report("journal", figures, ratios, goals)
