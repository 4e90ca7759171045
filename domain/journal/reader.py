"""Reading the journal in order: the one way every follower learns what happened."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

import psycopg
from psycopg import sql

from domain.errors import JournalCorrupt
from domain.journal.encoding import Codec
from domain.journal.entries import Entry, Unreadable

COLUMNS = sql.SQL("SELECT notification_id, originator_id, originator_version, topic, state, leaf FROM journal.entries")
PAGE = sql.SQL("""
 WHERE originator_id = %(stream)s AND notification_id > %(after)s AND originator_version > coalesce((
    SELECT originator_version FROM journal.entries WHERE notification_id = %(after)s AND originator_id = %(stream)s
 ), 0) ORDER BY originator_version LIMIT %(limit)s
""")
ALL_PAGE = COLUMNS + sql.SQL(" WHERE notification_id > %s ORDER BY notification_id LIMIT %s")
ONE = COLUMNS + sql.SQL(" WHERE notification_id = %s")
POLL_S_MAX = 1.0  # the net under LISTEN: a lost notification costs at most this


Kind = TypeVar("Kind", Entry, Entry | Unreadable)


class JournalReader:
    """A connection of its own to the journal. Raises psycopg.OperationalError when the database goes away."""

    def __init__(self, dsn: str, *, codec: Codec) -> None:
        self._codec = codec
        self._connection = psycopg.connect(dsn, autocommit=True, prepare_threshold=1)
        self._listening = False

    def read(self, *, after: int, limit: int, topics: Sequence[str] = ()) -> list[Entry]:
        """The entries after a position in order, at most `limit`, only of these topics if any are named.

        Without topics the positions must follow each other: a hole raises JournalCorrupt.
        """
        if not topics:
            return _whole(self._read(ALL_PAGE, (after, limit), self._codec.entry), after=after)
        query = COLUMNS + sql.SQL(" WHERE notification_id > %s AND topic = ANY(%s) ORDER BY notification_id LIMIT %s")
        return self._read(query, (after, list(topics), limit), self._codec.entry)

    def read_any(self, *, after: int, limit: int) -> list[Entry | Unreadable]:
        """As `read` of all topics, for a follower that can set aside what this release cannot read."""
        return _whole(self._read(ALL_PAGE, (after, limit), self._codec.any_entry), after=after)

    def head(self) -> int:
        """The last position, 0 when the journal is empty."""
        row = self._connection.execute("SELECT size FROM journal.head").fetchone()
        assert row is not None
        return int(row[0])

    def entry(self, position: int) -> Entry | None:
        """The entry at a position, None if the journal does not reach it."""
        return next(iter(self._read(ONE, (position,), self._codec.entry)), None)

    def any_entry(self, position: int) -> Entry | Unreadable | None:
        """As `entry`, whether it can be read or not."""
        return next(iter(self._read(ONE, (position,), self._codec.any_entry)), None)

    def position_at(self, moment: datetime) -> int:
        """The last position recorded at or before a moment, 0 if there is none."""
        low, high = 0, self.head()  # entries are recorded in the order of time, as far as the processes' clocks agree
        while low < high:
            middle = (low + high + 1) // 2
            entry = self.entry(middle)
            assert entry is not None
            low, high = (middle, high) if entry.meta.at <= moment else (low, middle - 1)
        return low

    def stream(self, stream: UUID, *, after: int = 0, limit: int | None = None) -> list[Entry]:
        """The entries of one stream after a position, oldest first, at most `limit` if one is given.

        The last entry's position leads to the next page, which then is found without reading the pages before it.
        """
        return self._read(COLUMNS + PAGE, {"stream": stream, "after": after, "limit": limit}, self._codec.entry)

    def positions_of(self, leaves: Sequence[bytes]) -> dict[bytes, int]:
        """The positions of the entries sealed by these leaf hashes; a leaf that seals nothing is not in the answer."""
        with self._connection.cursor(binary=True) as rows:
            rows.execute("SELECT leaf, notification_id FROM journal.entries WHERE leaf = ANY(%s)", (list(leaves),))
            return {bytes(leaf): position for leaf, position in rows}

    def wait(self, *, after: int, timeout_s: float) -> bool:
        """Wait until the journal reaches beyond a position, at most so long. True if it does."""
        if not self._listening:
            self._connection.execute("LISTEN journal_entries")
            self._listening = True
        if self.head() > after:
            return True
        for _ in self._connection.notifies(timeout=min(timeout_s, POLL_S_MAX), stop_after=1):
            pass
        return self.head() > after

    def close(self) -> None:
        self._connection.close()

    def _read(self, query: sql.Composed, parameters: Any, made: Callable[[Any], Kind]) -> list[Kind]:
        with self._connection.cursor(binary=True) as rows:
            rows.execute(query, parameters)
            return [made(row) for row in rows]


def _whole(entries: list[Kind], *, after: int) -> list[Kind]:
    """The same, once it is sure that no position is missing."""
    for place, entry in enumerate(entries, start=after + 1):
        if entry.position != place:
            raise JournalCorrupt(f"position {place} of the journal is missing: {entry.position} came instead")
    return entries
