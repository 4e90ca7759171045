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
ALONE = "SELECT pg_advisory_xact_lock(%s)"


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


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody else than the person read their data: who, why and when."""

    reader: str
    reason: str
    read_at: datetime


class VaultStore:
    """A connection under the role tandem_api. Raises psycopg.OperationalError when it is lost."""

    def __init__(self, dsn: str) -> None:
        self._connection = psycopg.connect(dsn, autocommit=True, prepare_threshold=1)

    # Persons.

    def find(self, subject: UUID) -> PersonRow | None:
        """A person's row, None if nothing is kept of them."""
        with self._connection.cursor(row_factory=class_row(PersonRow), binary=True) as rows:
            rows.execute(f"SELECT {COLUMNS} FROM api.vault_persons WHERE subject = %s", (subject,))
            return rows.fetchone()

    def put(self, row: PersonRow, *, at: datetime) -> bool:
        """Keep a person's row in the place of the revision before; False if another came first, or they are erased.

        The wrapping of a key that is kept already stays as it is: it may have been wrapped anew meanwhile.
        """
        with self._connection.transaction(), self._connection.cursor() as rows:
            # An erasure and a new row must not pass each other.
            rows.execute(ALONE, (_lock_of(row.subject),))
            if rows.execute("SELECT 1 FROM api.vault_erasures WHERE subject = %s", (row.subject,)).fetchone():
                return False
            values = (row.subject, row.kek, row.wrapped_key, row.sealed, row.revision, at)
            rows.execute(
                f"INSERT INTO api.vault_persons ({COLUMNS}, changed_at) VALUES (%s, %s, %s, %s, %s, %s)"
                " ON CONFLICT (subject) DO UPDATE SET sealed = EXCLUDED.sealed, revision = EXCLUDED.revision,"
                " changed_at = EXCLUDED.changed_at WHERE api.vault_persons.revision = EXCLUDED.revision - 1",
                values,
            )
            return rows.rowcount == 1

    # Readings.

    def note_reading(self, subject: UUID, *, reader: str, reason: str, at: datetime) -> None:
        """Write down who read a person's data, before they see it."""
        self._connection.execute(
            "INSERT INTO api.vault_readings (subject, reader, reason, read_at) VALUES (%s, %s, %s, %s)",
            (subject, reader, reason, at),
        )

    def readings(self, subject: UUID, *, limit: int) -> list[Reading]:
        """The newest readings of a person's data, newest first."""
        with self._connection.cursor(row_factory=class_row(Reading)) as rows:
            rows.execute(
                "SELECT reader, reason, read_at FROM api.vault_readings WHERE subject = %s ORDER BY id DESC LIMIT %s",
                (subject, limit),
            )
            return rows.fetchall()

    # Key-encryption keys.

    def note_kek(self, name: str, fingerprint: bytes) -> None:
        """Remember a key-encryption key that is current; one of that name that is known already stays as it is."""
        self._connection.execute(
            "INSERT INTO api.vault_keks (name, fingerprint) VALUES (%s, %s) ON CONFLICT DO NOTHING", (name, fingerprint)
        )

    def keks(self) -> dict[str, bytes]:
        """The fingerprints of the key-encryption keys that have ever been current, by name."""
        return dict(self._connection.execute("SELECT name, fingerprint FROM api.vault_keks").fetchall())

    def keks_needed(self) -> set[str]:
        """The names of those that wrap the key of somebody."""
        query = (
            "SELECT name FROM api.vault_keks"
            " WHERE EXISTS (SELECT 1 FROM api.vault_persons WHERE vault_persons.kek = vault_keks.name)"
        )
        return {name for (name,) in self._connection.execute(query)}

    def wrapped_by(self) -> dict[str, int]:
        """How many keys of persons each key-encryption key wraps."""
        query = "SELECT kek, count(*) FROM api.vault_persons GROUP BY kek"
        return dict(self._connection.execute(query).fetchall())

    def wrapped_otherwise(self, kek: str, *, after: UUID, limit: int) -> list[PersonRow]:
        """The next persons whose key another key-encryption key wraps, in the order of their ids."""
        with self._connection.cursor(row_factory=class_row(PersonRow), binary=True) as rows:
            rows.execute(
                f"SELECT {COLUMNS} FROM api.vault_persons WHERE kek <> %s AND subject > %s ORDER BY subject LIMIT %s",
                (kek, after, limit),
            )
            return rows.fetchall()

    def rewrap(self, rows: Sequence[tuple[PersonRow, Wrapped]]) -> int:
        """Put other wrappings in the place of those that were read. Returns how many: a row that changed is left."""
        with self._connection.transaction(), self._connection.cursor() as cursor:
            changed = 0
            for row, wrapped in rows:
                cursor.execute(
                    "UPDATE api.vault_persons SET kek = %s, wrapped_key = %s WHERE subject = %s AND wrapped_key = %s",
                    (wrapped.kek, wrapped.blob, row.subject, row.wrapped_key),
                )
                changed += cursor.rowcount
            return changed

    # Erasures.

    def is_erased(self, subject: UUID) -> bool:
        query = "SELECT 1 FROM api.vault_erasures WHERE subject = %s"
        return bool(self._connection.execute(query, (subject,)).fetchone())

    def erasing_position(self) -> int:
        """How far the journal was read for erasures."""
        row = self._connection.execute("SELECT position FROM api.vault_erasing").fetchone()
        assert row is not None
        return int(row[0])

    def erase(self, erasures: Sequence[tuple[UUID, int]], *, position: int, at: datetime) -> None:
        """Destroy keys and data of these persons, and remember how far the journal was read; all or nothing."""
        with self._connection.transaction(), self._connection.cursor() as rows:
            # In one order, so that two followers never lock each other out.
            for subject, ordered_at in sorted(erasures):
                rows.execute(ALONE, (_lock_of(subject),))
                rows.execute("DELETE FROM api.vault_persons WHERE subject = %s", (subject,))
                rows.execute(
                    "INSERT INTO api.vault_erasures (subject, position, erased_at) VALUES (%s, %s, %s)"
                    " ON CONFLICT DO NOTHING",
                    (subject, ordered_at, at),
                )
            rows.execute("UPDATE api.vault_erasing SET position = %s WHERE position < %s", (position, position))

    def close(self) -> None:
        self._connection.close()


def _lock_of(subject: UUID) -> int:
    return subject.int & 0x7FFF_FFFF_FFFF_FFFF
