"""The keys of the API in PostgreSQL: looked up by the API, minted, listed and revoked by the owner."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
import psycopg
from psycopg.rows import class_row

# What a lost or unreachable database raises, whoever of us was asking.
DATABASE_AWAY: tuple[type[Exception], ...] = (psycopg.OperationalError, psycopg.InterfaceError)

COLUMNS = "id, token_sha256, principal, roles, expires_at, revoked_at"


class KeyRow(msgspec.Struct, frozen=True, kw_only=True):
    """A key as it is stored."""

    id: UUID
    token_sha256: bytes
    principal: str
    roles: list[str]
    expires_at: datetime | None
    revoked_at: datetime | None


class KeyStore:
    """A connection that looks keys up under the role tandem_api. Raises psycopg.OperationalError when it is lost."""

    def __init__(self, dsn: str) -> None:
        self._connection = psycopg.connect(dsn, autocommit=True, prepare_threshold=1)

    def find(self, token_sha256: bytes) -> KeyRow | None:
        """The key with this digest, None if there is none; expired and revoked ones are found too."""
        with self._connection.cursor(row_factory=class_row(KeyRow), binary=True) as rows:
            rows.execute(f"SELECT {COLUMNS} FROM api.keys WHERE token_sha256 = %s", (token_sha256,))
            return rows.fetchone()

    def close(self) -> None:
        self._connection.close()


def insert(
    connection: psycopg.Connection[Any],
    *,
    key_id: UUID,
    token_sha256: bytes,
    principal: str,
    roles: Sequence[str],
    expires_at: datetime | None,
) -> None:
    """Keep a new key, with the owner's connection."""
    connection.execute(
        "INSERT INTO api.keys (id, token_sha256, principal, roles, expires_at) VALUES (%s, %s, %s, %s, %s)",
        (key_id, token_sha256, principal, list(roles), expires_at),
    )


def every(connection: psycopg.Connection[Any]) -> list[KeyRow]:
    """All keys, oldest first."""
    with connection.cursor(row_factory=class_row(KeyRow)) as rows:
        return rows.execute(f"SELECT {COLUMNS} FROM api.keys ORDER BY minted_at, id").fetchall()


def mark_revoked(connection: psycopg.Connection[Any], key_id: UUID) -> bool:
    """Revoke a key; True if there is such a key. A key revoked before keeps its first moment."""
    changed = connection.execute(
        "UPDATE api.keys SET revoked_at = coalesce(revoked_at, now()) WHERE id = %s", (key_id,)
    )
    return changed.rowcount == 1
