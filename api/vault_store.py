"""The vault's seat in PostgreSQL: wrapped keys and sealed data in and out, nothing readable."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec
import psycopg
from psycopg.rows import class_row

from api.sealing import Wrapped

COLUMNS = "subject, kek, wrapped_key, sealed, revision"


class PersonRow(msgspec.Struct, frozen=True, kw_only=True):
    """A person's row as it is stored."""

    subject: UUID
    kek: str
    wrapped_key: bytes
    sealed: bytes
    revision: int

    @property
    def wrapped(self) -> Wrapped:
        return Wrapped(self.kek, self.wrapped_key)


class VaultStore:
    """A connection under the role tandem_api. Raises psycopg.OperationalError when it is lost."""

    def __init__(self, dsn: str) -> None:
        self._connection = psycopg.connect(dsn, autocommit=True, prepare_threshold=1)

    def find(self, subject: UUID) -> PersonRow | None:
        """A person's row, None if nothing is kept of them."""
        with self._connection.cursor(row_factory=class_row(PersonRow), binary=True) as rows:
            rows.execute(f"SELECT {COLUMNS} FROM api.persons WHERE subject = %s", (subject,))
            return rows.fetchone()

    def is_erased(self, subject: UUID) -> bool:
        return bool(self._connection.execute("SELECT 1 FROM api.erasures WHERE subject = %s", (subject,)).fetchone())

    def put(self, row: PersonRow, *, at: datetime) -> bool:
        """Keep a person's row in the place of the revision before; False if another came first, or they are erased."""
        with self._connection.transaction(), self._connection.cursor() as rows:
            # An erasure and a new row must not pass each other.
            rows.execute("SELECT pg_advisory_xact_lock(%s)", (row.subject.int & 0x7FFF_FFFF_FFFF_FFFF,))
            if rows.execute("SELECT 1 FROM api.erasures WHERE subject = %s", (row.subject,)).fetchone():
                return False
            values = (row.subject, row.kek, row.wrapped_key, row.sealed, row.revision, at)
            rows.execute(
                f"INSERT INTO api.persons ({COLUMNS}, changed_at) VALUES (%s, %s, %s, %s, %s, %s)"
                " ON CONFLICT (subject) DO UPDATE SET kek = EXCLUDED.kek, wrapped_key = EXCLUDED.wrapped_key,"
                " sealed = EXCLUDED.sealed, revision = EXCLUDED.revision, changed_at = EXCLUDED.changed_at"
                " WHERE api.persons.revision = EXCLUDED.revision - 1",
                values,
            )
            return rows.rowcount == 1

    def note_reading(self, subject: UUID, *, reader: str, reason: str, at: datetime) -> None:
        """Write down who read a person's data, before they see it."""
        self._connection.execute(
            "INSERT INTO api.readings (subject, reader, reason, read_at) VALUES (%s, %s, %s, %s)",
            (subject, reader, reason, at),
        )

    def wrapped_otherwise(self, kek: str, *, limit: int) -> list[PersonRow]:
        """Some of the persons whose key another key-encryption key wraps."""
        with self._connection.cursor(row_factory=class_row(PersonRow), binary=True) as rows:
            rows.execute(f"SELECT {COLUMNS} FROM api.persons WHERE kek <> %s ORDER BY subject LIMIT %s", (kek, limit))
            return rows.fetchall()

    def rewrap(self, rows: Sequence[tuple[PersonRow, Wrapped]]) -> int:
        """Put other wrappings in the place of those that were read. Returns how many: a row that changed is left."""
        with self._connection.transaction(), self._connection.cursor() as cursor:
            changed = 0
            for row, wrapped in rows:
                cursor.execute(
                    "UPDATE api.persons SET kek = %s, wrapped_key = %s WHERE subject = %s AND wrapped_key = %s",
                    (wrapped.kek, wrapped.blob, row.subject, row.wrapped_key),
                )
                changed += cursor.rowcount
            return changed

    def erasing_position(self) -> int:
        row = self._connection.execute("SELECT position FROM api.erasing").fetchone()
        assert row is not None
        return int(row[0])

    def erase(self, erasures: Sequence[tuple[UUID, int]], *, position: int, at: datetime) -> None:
        """Destroy keys and data of these persons, and remember how far the journal was read; all or nothing."""
        with self._connection.transaction(), self._connection.cursor() as rows:
            for subject, ordered_at in erasures:
                rows.execute("SELECT pg_advisory_xact_lock(%s)", (subject.int & 0x7FFF_FFFF_FFFF_FFFF,))
                rows.execute("DELETE FROM api.persons WHERE subject = %s", (subject,))
                rows.execute(
                    "INSERT INTO api.erasures (subject, position, erased_at) VALUES (%s, %s, %s)"
                    " ON CONFLICT DO NOTHING",
                    (subject, ordered_at, at),
                )
            rows.execute("UPDATE api.erasing SET position = %s WHERE position < %s", (position, position))

    def close(self) -> None:
        self._connection.close()
