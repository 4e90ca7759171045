"""Heartbeats: what each running process says of its loops, kept in the database for `status`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec
import psycopg

Connection = psycopg.Connection[tuple[object, ...]]

BEAT_EVERY_S = 2.0
SILENT_S_MAX = 10.0  # a process that has not beaten for so long is taken for gone
KEEP_S = 86_400
TROUBLE_CHARS_MAX = 500


class Beat(msgspec.Struct, frozen=True, kw_only=True):
    """One loop of one process: where it is, how far behind, how much it has done, what troubles it now."""

    loop: str
    position: int
    lag: int
    advanced: int
    trouble: str | None


class Heard(Beat, frozen=True, kw_only=True):
    """A beat as it is kept. `instance` names host and pid, `silent_s` the seconds since."""

    process: str
    instance: str
    beat_at: datetime
    silent_s: float

    @property
    def gone(self) -> bool:
        return self.silent_s > SILENT_S_MAX


def beat(connection: Connection, *, process: str, instance: str, beats: Sequence[Beat]) -> None:
    """Replace what this instance said before."""
    with connection.transaction(), connection.cursor() as rows:
        rows.executemany(
            "INSERT INTO ops.heartbeats (process, instance, loop, position, lag, advanced, trouble)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s) ON CONFLICT (process, instance, loop) DO UPDATE SET"
            " position = EXCLUDED.position, lag = EXCLUDED.lag, advanced = EXCLUDED.advanced,"
            " trouble = EXCLUDED.trouble, beat_at = now()",
            [(process, instance, b.loop, b.position, b.lag, b.advanced, _short(b.trouble)) for b in beats],
        )


def fall_silent(connection: Connection, *, process: str, instance: str) -> None:
    """Take back what an instance said, because it ends in order; and forget those that ended long ago without."""
    connection.execute(
        "DELETE FROM ops.heartbeats"
        " WHERE (process = %s AND instance = %s) OR beat_at < now() - make_interval(secs => %s)",
        (process, instance, KEEP_S),
    )


def heard(connection: Connection) -> list[Heard]:
    """The last words of every instance, by process."""
    with connection.cursor() as rows:
        rows.execute(
            "SELECT process, instance, loop, position, lag, advanced, trouble, beat_at,"
            " extract(epoch FROM now() - beat_at)::float8 FROM ops.heartbeats ORDER BY process, loop, beat_at DESC"
        )
        names = ("process", "instance", "loop", "position", "lag", "advanced", "trouble", "beat_at", "silent_s")
        return [msgspec.convert(dict(zip(names, row, strict=True)), Heard) for row in rows]


class Troubles:
    """What the metrics ask. One connection; raises psycopg.OperationalError when the database is away."""

    def __init__(self, dsn: str) -> None:
        self._connection: Connection = psycopg.connect(dsn, autocommit=True)

    def by_loop(self) -> dict[tuple[str, str], int]:
        """How many running instances of each process and loop tell of a trouble; 0 where all are well."""
        told: dict[tuple[str, str], int] = {}
        for one in heard(self._connection):
            if not one.gone:
                place = (one.process, one.loop)
                told[place] = told.get(place, 0) + bool(one.trouble)
        return told

    def close(self) -> None:
        self._connection.close()


def _short(trouble: str | None) -> str | None:
    return trouble[:TROUBLE_CHARS_MAX] if trouble else None
