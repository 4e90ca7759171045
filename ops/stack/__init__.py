"""The local stack: PostgreSQL, Valkey and a development chain in one home folder, each replaceable by an address."""

from __future__ import annotations

import fcntl
import os
import secrets
from pathlib import Path
from typing import IO

import msgspec

from ops.stack.chain import Chain
from ops.stack.part import Part, PartFailed
from ops.stack.postgres import Postgres
from ops.stack.valkey import Valkey

__all__ = ["Chain", "Part", "PartFailed", "Postgres", "Stack", "Valkey"]


class Stack:
    """The services that no setting replaces. One owner a home: a second one is refused with the first one's pid."""

    def __init__(
        self,
        home: Path,
        *,
        tools: Path,
        database_url: str | None = None,
        redis_url: str | None = None,
        rpc_url: str | None = None,
        block_time_s: float = 1.0,
    ) -> None:
        self.home = home.resolve()
        self.home.mkdir(parents=True, exist_ok=True, mode=0o755)
        self._owner: IO[str] | None = None
        self._urls = (database_url, redis_url, rpc_url)
        secret = self._secrets()
        self.postgres = None if database_url else Postgres(self.home, password=secret["postgres"])
        self.valkey = None if redis_url else Valkey(self.home, password=secret["valkey"])
        self.chain = None if rpc_url else Chain(self.home, tools=tools, block_time_s=block_time_s)

    @property
    def parts(self) -> dict[str, Part]:
        """The embedded services by name, in the order of starting."""
        return {part.name: part for part in (self.postgres, self.valkey, self.chain) if part is not None}

    def start(self) -> None:
        """Start all. Raises PartFailed; what was started is stopped again."""
        self._own()
        try:
            for part in self.parts.values():
                part.start()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        for part in reversed(self.parts.values()):
            part.stop()
        if self._owner is not None:
            self._owner.close()
            self._owner = None

    def revive(self) -> list[str]:
        """Start again what has died. Returns the names."""
        dead = [name for name, part in self.parts.items() if not part.alive]
        for name in dead:
            self.parts[name].start()
        return dead

    @property
    def database_url(self) -> str:
        return self._urls[0] or (self.postgres.dsn() if self.postgres else "")

    @property
    def redis_url(self) -> str:
        return self._urls[1] or (self.valkey.url if self.valkey else "")

    @property
    def rpc_url(self) -> str:
        return self._urls[2] or (self.chain.url if self.chain else "")

    def _own(self) -> None:
        owner = (self.home / "owner").open("a+")
        try:
            fcntl.flock(owner, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            owner.seek(0)
            pid = owner.read().strip() or "unknown"
            owner.close()
            raise PartFailed(
                f"{self.home} is run by process {pid} already: stop it, or choose another --home"
            ) from None
        owner.truncate(0)
        owner.write(str(os.getpid()))
        owner.flush()
        self._owner = owner

    def _secrets(self) -> dict[str, str]:
        """The passwords of this home, made once."""
        path = self.home / "secrets.json"
        if path.exists():
            kept: dict[str, str] = msgspec.json.decode(path.read_bytes())
            return kept
        made = {name: secrets.token_urlsafe(24) for name in ("postgres", "valkey")}
        draft = path.with_name(f"secrets.{os.getpid()}.draft")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(msgspec.json.encode(made))
        try:
            os.link(draft, path)  # whole, and only the first of several
        except FileExistsError:
            return self._secrets()
        finally:
            draft.unlink()
        return made
