"""Migrations: numbered SQL files, forward only, each applied once and remembered by its hash."""

from __future__ import annotations

import re
from hashlib import sha256
from pathlib import Path

import msgspec
import psycopg

from ops.errors import OperatorError
from projections.layout import laid_out
from projections.views import TABLES

FOLDER = Path(__file__).with_name("migrations")
NAME = re.compile(r"^\d{4}_[a-z]+\.sql$")
LOCK = 0x7A4D  # one migrator at a time, by advisory lock

REMEMBER = """
CREATE SCHEMA IF NOT EXISTS ops;
CREATE TABLE IF NOT EXISTS ops.migrations (
    name text PRIMARY KEY, sha256 text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now());
GRANT USAGE ON SCHEMA ops TO PUBLIC;
GRANT SELECT ON ops.migrations TO PUBLIC;
"""


class MigrationRefused(OperatorError):
    """The database was migrated by other files than these. Nothing was changed."""


class Migration(msgspec.Struct, frozen=True):
    name: str
    sql: str

    @property
    def digest(self) -> str:
        return sha256(self.sql.encode()).hexdigest()


def migrations(folder: Path = FOLDER) -> list[Migration]:
    """The files in order. Raises MigrationRefused for a name that is not NNNN_room.sql or a number used twice."""
    found = [Migration(path.name, path.read_text()) for path in sorted(folder.glob("*.sql"))]
    wrong = [m.name for m in found if not NAME.match(m.name)]
    if wrong:
        raise MigrationRefused(f"not named NNNN_room.sql: {', '.join(wrong)}")
    numbers = [int(m.name[:4]) for m in found]
    if numbers != list(range(len(found))):
        raise MigrationRefused(f"the migrations' numbers are {numbers}: they must be 0, 1, 2, … without holes")
    return found


def plan(connection: psycopg.Connection[tuple[object, ...]], folder: Path = FOLDER) -> list[Migration]:
    """What is still to be applied. Raises MigrationRefused if an applied file was changed, or is not here."""
    known: dict[str, str] = {}
    if connection.execute("SELECT to_regclass('ops.migrations') IS NOT NULL").fetchone() == (True,):
        known = {str(n): str(h) for n, h in connection.execute("SELECT name, sha256 FROM ops.migrations")}
    here = {m.name: m for m in migrations(folder)}
    newer = sorted(set(known) - set(here))
    if newer:
        raise MigrationRefused(
            f"the database has migrations that are not here ({', '.join(newer)}): use a newer release"
        )
    changed = sorted(name for name, digest in known.items() if here[name].digest != digest)
    if changed:
        raise MigrationRefused(f"these migrations were changed after they were applied: {', '.join(changed)}")
    waiting = [m for m in here.values() if m.name not in known]
    if waiting and known and waiting[0].name < max(known):
        raise MigrationRefused(f"{waiting[0].name} comes before {max(known)}, which is applied already")
    return waiting


def migrate(dsn: str, folder: Path = FOLDER) -> list[str]:
    """Apply what is missing, all in one transaction under a lock. Returns the names applied."""
    with psycopg.connect(dsn) as connection:
        connection.execute("SELECT pg_advisory_xact_lock(%s)", (LOCK,))
        waiting = plan(connection, folder)
        if waiting:
            for migration in waiting:
                connection.execute(migration.sql)  # our own files, whole
                if migration.name.startswith("0000"):
                    connection.execute(REMEMBER)
            for migration in waiting:
                connection.execute(
                    "INSERT INTO ops.migrations (name, sha256) VALUES (%s, %s)", (migration.name, migration.digest)
                )
        _lay_out(connection)
    return [m.name for m in waiting]


def _lay_out(connection: psycopg.Connection[tuple[object, ...]]) -> None:
    """Make the tables of the views that are not there yet; what is there is changed by rebuilds alone."""
    if connection.execute("SELECT to_regclass('book.views') IS NOT NULL").fetchone() != (True,):
        return
    for table in TABLES:
        if connection.execute("SELECT to_regclass(%s) IS NULL", (f"book.{table.name}",)).fetchone() == (True,):
            for statement in laid_out(table):
                connection.execute(statement)
