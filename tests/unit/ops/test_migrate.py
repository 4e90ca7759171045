"""Migrations: forward only, each once, all or nothing, one migrator at a time, no file other than the applied one."""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psycopg
import pytest

from ops.migrate import FOLDER, MigrationRefused, migrate, migrations, plan


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The roles, and one room of our own."""
    shutil.copy(FOLDER / "0000_roles.sql", tmp_path)
    (tmp_path / "0001_notes.sql").write_text("CREATE SCHEMA notes; CREATE TABLE notes.notes (text text);")
    return tmp_path


def _rows(dsn: str, query: str) -> list[Any]:
    with psycopg.connect(dsn) as connection:
        return connection.execute(query).fetchall()  # type: ignore[arg-type]


APPLIED = "SELECT name FROM ops.migrations ORDER BY name"


def test_an_empty_database_gets_every_migration_and_then_none(empty_database: str) -> None:
    names = [m.name for m in migrations()]
    assert migrate(empty_database) == names
    assert migrate(empty_database) == []
    assert _rows(empty_database, APPLIED) == [(name,) for name in names]


def test_a_new_migration_is_applied_after_the_old_ones(empty_database: str, folder: Path) -> None:
    migrate(empty_database, folder)
    (folder / "0002_notes.sql").write_text("ALTER TABLE notes.notes ADD COLUMN author text;")
    assert migrate(empty_database, folder) == ["0002_notes.sql"]


def test_a_migration_changed_after_it_was_applied_is_refused(empty_database: str, folder: Path) -> None:
    migrate(empty_database, folder)
    (folder / "0001_notes.sql").write_text("CREATE SCHEMA notes;")
    with pytest.raises(MigrationRefused, match=r"changed after they were applied: 0001_notes\.sql"):
        migrate(empty_database, folder)


def test_a_database_of_a_newer_release_is_refused(empty_database: str, folder: Path) -> None:
    migrate(empty_database, folder)
    (folder / "0001_notes.sql").unlink()
    with pytest.raises(MigrationRefused, match="use a newer release"):
        migrate(empty_database, folder)


def test_a_migration_before_one_that_is_applied_is_refused(empty_database: str, folder: Path) -> None:
    migrate(empty_database, folder)
    (folder / "0001_notes.sql").rename(folder / "0002_notes.sql")
    (folder / "0001_early.sql").write_text("SELECT 1;")
    with psycopg.connect(empty_database) as owner:
        owner.execute("UPDATE ops.migrations SET name = '0002_notes.sql' WHERE name = '0001_notes.sql'")
    with pytest.raises(MigrationRefused, match=r"0001_early\.sql comes before 0002_notes\.sql"):
        migrate(empty_database, folder)


@pytest.mark.parametrize(
    ("name", "said"),
    [("0003_notes.sql", "without holes"), ("0001_other.sql", "without holes"), ("next.sql", "NNNN_room.sql")],
)
def test_a_file_out_of_line_is_refused(folder: Path, name: str, said: str) -> None:
    (folder / name).write_text("SELECT 1;")
    with pytest.raises(MigrationRefused, match=said):
        migrations(folder)


def test_a_migration_that_fails_leaves_nothing_of_its_whole_run(empty_database: str, folder: Path) -> None:
    migrate(empty_database, folder)
    (folder / "0002_notes.sql").write_text("CREATE TABLE notes.more (text text);")
    (folder / "0003_notes.sql").write_text("CREATE TABLE notes.more (text text);")
    with pytest.raises(psycopg.errors.DuplicateTable):
        migrate(empty_database, folder)
    assert _rows(empty_database, "SELECT to_regclass('notes.more')") == [(None,)]
    assert len(_rows(empty_database, APPLIED)) == 2


def test_several_migrators_at_once_apply_each_migration_once(empty_database: str) -> None:
    with ThreadPoolExecutor(4) as pool:
        applied = list(pool.map(migrate, [empty_database] * 4))
    assert max(applied, key=len) == [m.name for m in migrations()]
    assert sum(len(names) for names in applied) == len(migrations())


def test_what_is_planned_is_told_without_doing_it(empty_database: str, folder: Path) -> None:
    with psycopg.connect(empty_database) as connection:
        assert [m.name for m in plan(connection, folder)] == ["0000_roles.sql", "0001_notes.sql"]
        assert [m.name for m in plan(connection, folder)] == ["0000_roles.sql", "0001_notes.sql"]
    assert _rows(empty_database, "SELECT to_regclass('ops.migrations')") == [(None,)]
