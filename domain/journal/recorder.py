"""The journal's seat in PostgreSQL: the library's recorder over our own append, and a committer's session with it."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files
from typing import Any
from uuid import UUID

import msgspec
import psycopg
from eventsourcing.persistence import StoredEvent
from eventsourcing.postgres import PostgresApplicationRecorder, PostgresDatastore
from psycopg.conninfo import conninfo_to_dict

from domain.errors import JournalCorrupt

LOOK_SQL = files("domain.journal").joinpath("sql/look.sql").read_text()
APPEND_SQL = files("domain.journal").joinpath("sql/append.sql").read_text()
GUARDS_SQL = files("domain.journal").joinpath("sql/guards.sql").read_text()

# A session only ever looks up single rows. A plan made while the tables are young would scan them whole, and stay.
SESSION_SQL = """
SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off;
SET plan_cache_mode = force_generic_plan; SET idle_in_transaction_session_timeout = '10s'
"""

ENTRIES_PER_LOOK_MAX = 5_000
HEAD_MOVED = "TD001"  # raised by journal.append when the head is not where the caller decided


class HeadMoved(Exception):
    """Another process appended first. Nothing was written; look again and decide again."""


class CommandRecord(msgspec.Struct, frozen=True):
    """What the journal keeps of a command: its key, a fingerprint of what was asked, how many events it made."""

    scope: str
    key: str
    fingerprint: bytes
    events: int


class Known(msgspec.Struct, frozen=True):
    """A command recorded before: its fingerprint, the position of its first event (None without events), how many."""

    fingerprint: bytes
    position: int | None
    events: int


class Look(msgspec.Struct, frozen=True):
    """What one look at the journal shows: rows (position, stream, version, topic, state) and the known commands."""

    rows: list[tuple[int, UUID, int, str, bytes]]
    known: dict[tuple[str, str], Known]


class Session:
    """One committer's connection. Statements run in autocommit unless inside `locked()`."""

    def __init__(self, dsn: str) -> None:
        self.connection = psycopg.connect(dsn, autocommit=True, prepare_threshold=1)
        self.connection.execute(SESSION_SQL)

    def look(self, *, after: int, keys: Sequence[tuple[str, str]]) -> Look:
        """Everything appended after a position (at most ENTRIES_PER_LOOK_MAX), and what is known of these commands."""
        with self.connection.cursor(binary=True) as rows:
            rows.execute(
                LOOK_SQL, (after, ENTRIES_PER_LOOK_MAX, [scope for scope, _ in keys], [key for _, key in keys])
            )
            entries, known = [], {}
            for position, stream, version, topic, state, scope, key in rows:
                if scope is None:
                    entries.append((position, stream, version, topic, state))
                else:
                    known[scope, key] = Known(state, position, version)
        return Look(entries, known)

    def stream(self, stream: UUID, *, after: int = 0) -> list[tuple[int, UUID, int, str, bytes]]:
        """The rows of one stream after a version, oldest first."""
        with self.connection.cursor(binary=True) as rows:
            rows.execute(
                "SELECT notification_id, originator_id, originator_version, topic, state FROM journal.entries"
                " WHERE originator_id = %s AND originator_version > %s ORDER BY originator_version",
                (stream, after),
            )
            return rows.fetchall()

    def range(self, *, first: int, last: int) -> list[tuple[int, UUID, int, str]]:
        """(position, stream, version, topic) of the entries from one position to another, both included."""
        with self.connection.cursor(binary=True) as rows:
            rows.execute(
                "SELECT notification_id, originator_id, originator_version, topic FROM journal.entries"
                " WHERE notification_id BETWEEN %s AND %s ORDER BY notification_id",
                (first, last),
            )
            return rows.fetchall()

    def head(self) -> int:
        """The last position of the journal, 0 when it is empty."""
        row = self.connection.execute("SELECT size FROM journal.head").fetchone()
        assert row is not None
        return int(row[0])

    def lock(self) -> int:
        """Inside a transaction: lock the head until its end, and answer where it is."""
        row = self.connection.execute("SELECT journal.lock()").fetchone()
        assert row is not None
        return int(row[0])

    def append(self, stored: Sequence[StoredEvent], records: Sequence[CommandRecord], *, seen: int) -> int:
        """Append all events and all command records, or nothing. Returns the position before the first event.

        Raises HeadMoved if the head is not at `seen`, and psycopg's errors otherwise.
        """
        try:
            with self.connection.cursor(binary=True) as rows:
                rows.execute(
                    APPEND_SQL,
                    (
                        seen,
                        [e.originator_id for e in stored],
                        [e.originator_version for e in stored],
                        [e.topic for e in stored],
                        [e.state for e in stored],
                        [r.scope for r in records],
                        [r.key for r in records],
                        [r.fingerprint for r in records],
                        [r.events for r in records],
                    ),
                )
                row = rows.fetchone()
        except psycopg.errors.Error as error:
            if error.sqlstate == HEAD_MOVED:
                raise HeadMoved(str(error)) from None
            raise
        assert row is not None
        assert row[0] == seen
        return int(row[0])

    def check_guards(self) -> None:
        """Refuse a database whose guards are missing or switched off: without them the journal proves nothing."""
        missing = [name for (name,) in self.connection.execute(GUARDS_SQL)]
        if missing:
            raise JournalCorrupt(f"the database lacks these guards of the journal: {', '.join(missing)}; run migrate")

    def close(self) -> None:
        self.connection.close()


class JournalDatastore(PostgresDatastore):
    """The library's pool of connections, opened with our whole DSN, so that the room's role is taken on connecting."""

    def __init__(self, dsn: str, *, pool_size: int) -> None:
        parts = conninfo_to_dict(dsn)
        super().__init__(
            dbname=str(parts.get("dbname", "")),
            host=str(parts.get("host", "")),
            port=str(parts.get("port", "5432")),
            user=str(parts.get("user", "")),
            password=str(parts.get("password", "")),
            schema="journal",
            pool_size=pool_size,
            max_overflow=4,
        )
        assert isinstance(self.pool.kwargs, dict)
        self.pool.kwargs.update({k: v for k, v in parts.items() if v is not None})

    def register_type_adapters(self) -> None:
        """Nothing: those types serve the database-function mode, and asking for them needs a database at once."""


class JournalRecorder(PostgresApplicationRecorder):
    """The library's recorder, appending through `journal.append` instead of under its table lock.

    Its own ways are not used: LOCK TABLE stalls during vacuum and index builds, and the library's database-function
    mode loses events. Tables come from the migrations, never from here.
    """

    def __init__(self, datastore: PostgresDatastore) -> None:
        super().__init__(datastore, events_table_name="entries")
        self.channel_name = "journal_entries"

    def create_table(self) -> None:
        raise NotImplementedError("the journal's tables come from ops/migrations; run migrate")

    def insert_events(self, stored_events: Sequence[StoredEvent], **_: Any) -> Sequence[int] | None:
        """Append events without a command, as the library's `Application.save()` asks. Raises IntegrityError."""
        if not stored_events:
            return []
        with self.datastore.get_connection() as connection, connection.transaction(), connection.cursor() as rows:
            rows.execute("SELECT journal.lock() AS seen")
            locked = rows.fetchone()
            assert locked is not None
            rows.execute(
                APPEND_SQL,
                (
                    locked["seen"],
                    [e.originator_id for e in stored_events],
                    [e.originator_version for e in stored_events],
                    [e.topic for e in stored_events],
                    [e.state for e in stored_events],
                    [],
                    [],
                    [],
                    [],
                ),
            )
        first = int(locked["seen"]) + 1
        return range(first, first + len(stored_events))
