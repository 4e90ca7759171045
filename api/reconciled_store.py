"""What the last reconciliation of journal, book and chain came to, as it was kept by whoever ran it."""

from __future__ import annotations

from datetime import datetime

import msgspec
import psycopg
from psycopg.rows import class_row
from psycopg.types.json import Jsonb


class Reconciled(msgspec.Struct, frozen=True, kw_only=True):
    """One reconciliation. `kinds` counts its differences by kind; `age_s` is how long ago it ended."""

    at: datetime
    journal_position: int
    differences: int
    pending: int
    kinds: dict[str, int]
    took_s: float
    age_s: float


class Reconciliations:
    """One connection. Raises psycopg.OperationalError when the database is away."""

    def __init__(self, dsn: str) -> None:
        self._connection = psycopg.connect(dsn, autocommit=True)

    def keep(self, *, journal_position: int, kinds: dict[str, int], pending: int, took_s: float) -> None:
        self._connection.execute(
            "INSERT INTO api.reconciliations (journal_position, differences, pending, kinds, took_s)"
            " VALUES (%s, %s, %s, %s, %s)",
            (journal_position, sum(kinds.values()), pending, Jsonb(kinds), took_s),
        )

    def last(self) -> Reconciled | None:
        """None if none was ever kept."""
        with self._connection.cursor(row_factory=class_row(Reconciled)) as rows:
            return rows.execute(
                "SELECT at, journal_position, differences, pending, kinds, took_s,"
                " extract(epoch FROM clock_timestamp() - at)::float8 AS age_s"
                " FROM api.reconciliations ORDER BY at DESC LIMIT 1"
            ).fetchone()

    def close(self) -> None:
        self._connection.close()
