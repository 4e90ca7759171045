"""A rebuild reads a physical replica: only one that has the same journal, as far as is read, and never another in its
stead."""

from __future__ import annotations

import os
import secrets
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from ops import rebuilt
from ops.errors import OperatorError
from ops.rebuilt import Asked
from ops.replica import reading_dsn
from ops.settings import Settings
from ops.stack import Postgres
from ops.stack.postgres import OWNER, binaries
from tests.support.crowd import crowd, write
from tests.support.wait import until
from tests.unit.projections.posted import post, rows_hash

pytestmark = pytest.mark.slow


class Standby(Postgres):
    """A physical replica of another cluster, made by a base backup, fed by streaming."""

    def __init__(self, home: Path, primary: Postgres) -> None:
        parts = conninfo_to_dict(primary.dsn())
        super().__init__(home, password=str(parts["password"]))
        self._primary = parts

    def prepare(self) -> None:
        port = str(self._primary["port"])
        where = ["-h", "127.0.0.1", "-p", port, "-U", OWNER, "-D", str(self.data)]
        subprocess.run(
            [*self._prefix, str(binaries() / "pg_basebackup"), *where, "-X", "stream", "-R", "-c", "fast"],
            env={**os.environ, "PGPASSWORD": str(self._primary["password"])},
            user=self.user,
            check=True,
        )


@pytest.fixture(scope="module")
def standby(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Standby]:
    server = Standby(tmp_path_factory.mktemp("standby"), postgres)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def replica(database: str, standby: Standby) -> str:
    """The replica's DSN of the fresh database, once it is there."""
    dsn = standby.dsn(str(conninfo_to_dict(database)["dbname"]))

    def there() -> bool:
        try:
            psycopg.connect(dsn).close()
        except psycopg.OperationalError:
            return False
        return True

    until(there, "the database is replicated")
    return dsn


def _settings(database: str, replica: str) -> Settings:
    return Settings(database_url=database, replica_url=replica)


def test_the_bulk_of_a_rebuild_is_read_from_the_replica(
    database: str, replica: str, capsys: pytest.CaptureFixture[str]
) -> None:
    write(database, crowd(2_000))
    post(database)
    expected = rows_hash(database)
    assert rebuilt.run(_settings(database, replica), Asked(everything=True), as_json=False) == 0
    assert "read from the replica" in capsys.readouterr().out
    assert rows_hash(database) == expected


def test_a_replica_that_is_behind_is_waited_for_and_then_refused(database: str, replica: str) -> None:
    settings = _settings(database, replica)
    with psycopg.connect(replica, autocommit=True) as held:
        held.execute("SELECT pg_wal_replay_pause()")
        until(lambda: held.execute("SELECT pg_get_wal_replay_pause_state()").fetchone() == ("paused",), "it pauses")
        to = write(database, crowd(1))
        with pytest.raises(OperatorError, match=f"is at position 0, not at {to}, after 0 s.*unset TANDEM_REPLICA_URL"):
            reading_dsn(settings, "rebuild", to=to, wait_s_max=0.2)
        held.execute("SELECT pg_wal_replay_resume()")
    assert reading_dsn(settings, "rebuild", to=to) == settings.replica_dsn("rebuild")


def test_a_replica_of_another_journal_is_refused(database: str, empty_database: str, postgres: Postgres) -> None:
    to = write(database, crowd(1))
    name = f"other_{secrets.token_hex(4)}"
    with psycopg.connect(postgres.dsn("postgres"), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE template".encode())
    write(postgres.dsn(name), crowd(1, name="another"))
    with pytest.raises(OperatorError, match="holds another journal: the seals up to position"):
        reading_dsn(_settings(database, postgres.dsn(name)), "rebuild", to=to)
    with pytest.raises(OperatorError, match="cannot be asked"):
        reading_dsn(_settings(database, empty_database), "rebuild", to=to)


def test_a_replica_that_is_away_is_refused_and_nothing_is_loaded(database: str) -> None:
    write(database, crowd(1))
    away = _settings(database, "postgresql://tandem_owner:hush@127.0.0.1:1/tandem")
    with pytest.raises(OperatorError, match="cannot be asked") as caught:
        rebuilt.run(away, Asked(everything=True), as_json=False)
    assert "hush" not in str(caught.value)
    with psycopg.connect(database) as connection:
        found = connection.execute("SELECT count(*) FROM book.slices WHERE entries IS NOT NULL").fetchone()
    assert found == (0,)


def test_without_a_replica_the_database_itself_is_read(database: str) -> None:
    settings = Settings(database_url=database)
    assert reading_dsn(settings, "rebuild", to=10) == settings.dsn("rebuild")
