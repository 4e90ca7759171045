"""The writer's tables: one connection, its transactions, and the right to write for a lane."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import msgspec
import psycopg

from chain_writer.errors import GuardBroken
from chain_writer.rows import Row

GUARDS = ("TD010", "TD011", "TD012", "TD013", "TD014", "23505")  # ours, and a unique row that is there already

# Signed bytes may leave this process as soon as their commit returns: it must be on disk by then, whatever the server's
# habit is otherwise.
SESSION_SQL = "SET synchronous_commit = on; SET idle_in_transaction_session_timeout = '30s'"

Cursor = psycopg.Cursor[Any]


class Lease(msgspec.Struct, frozen=True):
    """The right to write for a lane, as long as no later epoch has begun."""

    lane: UUID
    epoch: int


class Tables:
    """One connection. Raises psycopg.OperationalError when the database is away."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._connect()

    def _connect(self) -> None:
        self._connection = psycopg.connect(self._dsn, autocommit=True, prepare_threshold=1)

    def close(self) -> None:
        self._connection.close()

    def _all(self, query: str | bytes, parameters: Any = ()) -> list[Row]:
        with self._connection.cursor(binary=True) as rows:
            return rows.execute(query, parameters).fetchall()

    def _maybe(self, query: str | bytes, parameters: Any) -> Row | None:
        found = self._all(query, parameters)
        assert len(found) <= 1
        return found[0] if found else None

    @contextmanager
    def _transaction(self) -> Iterator[Cursor]:
        try:
            with self._connection.transaction(), self._connection.cursor(binary=True) as rows:
                yield rows
        except psycopg.Error as error:
            if error.sqlstate in GUARDS:
                raise GuardBroken(str(error).splitlines()[0]) from error
            raise
