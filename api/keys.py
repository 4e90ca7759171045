"""API keys: a token names one principal with its roles. Minted and revoked by the owner, verified by the API."""

from __future__ import annotations

import re
import secrets
from collections import OrderedDict
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from hmac import compare_digest
from typing import Any
from uuid import UUID, uuid4

import msgspec

from api.desk import Desk
from api.store import KeyRow, KeyStore, every, insert, mark_revoked
from domain.commands import ROLES

TOKEN_PREFIX = "tdm_"  # noqa: S105  # what every token begins with, so that scanners find leaked ones
TOKEN_BYTES = 24  # 32 characters after the prefix
KNOWN_FOR = timedelta(seconds=10)  # how late a revocation may be noticed
KNOWN_MAX = 10_000  # digests remembered, the unknown ones too
LOOKUPS_AT_ONCE = 2

_TOKEN = re.compile(r"tdm_[A-Za-z0-9_-]{24,100}", re.ASCII)
_PRINCIPAL = re.compile(r"[a-z0-9][a-z0-9._-]{0,99}", re.ASCII)


class KeyRefused(ValueError):
    """A key that may not be minted: its principal or its roles are not acceptable. The text says which and why."""


class Key(msgspec.Struct, frozen=True, kw_only=True):
    """A key as people see it. Its token is never shown again."""

    id: UUID
    principal: str
    roles: tuple[str, ...]
    expires_at: datetime | None
    revoked_at: datetime | None

    @property
    def scope(self) -> str:
        """Whose idempotency keys come with it."""
        return f"client:{self.principal}"


class Keys:
    """Verifies tokens for one API process. Remembers for a while whom it looked up: most requests cost no query."""

    def __init__(self, dsn: str, *, clock: Callable[[], datetime]) -> None:
        self._desk = Desk(lambda: KeyStore(dsn), seats=LOOKUPS_AT_ONCE, name="keys")
        self._clock = clock
        self._known: OrderedDict[bytes, tuple[datetime, KeyRow | None]] = OrderedDict()

    async def verify(self, token: str) -> Key | None:
        """The key of a token; None if it is unknown, expired or revoked. Raises when the database is away."""
        if not _TOKEN.fullmatch(token):
            return None
        digest = _digest(token)
        now = self._clock()
        row = await self._row(digest, now)
        if row is None or not compare_digest(row.token_sha256, digest):
            return None
        if row.revoked_at is not None or (row.expires_at is not None and row.expires_at <= now):
            return None
        return _shown(row)

    async def _row(self, digest: bytes, now: datetime) -> KeyRow | None:
        known = self._known.get(digest)
        if known is not None and now - known[0] < KNOWN_FOR:
            return known[1]
        row = await self._desk.ask(lambda store: store.find(digest))
        self._known[digest] = (now, row)
        self._known.move_to_end(digest)
        if len(self._known) > KNOWN_MAX:
            self._known.popitem(last=False)
        return row

    def close(self) -> None:
        self._desk.close()

    # With the owner's connection; the API itself may do none of these.

    @staticmethod
    def mint(connection: Any, *, principal: str, roles: Sequence[str], expires_at: datetime | None = None) -> str:
        """A new key's token, shown this once. Raises KeyRefused. Without `expires_at` it is valid until revoked."""
        if not _PRINCIPAL.fullmatch(principal):
            raise KeyRefused(
                f"{principal!r} is no principal: 1 to 100 of a-z, 0-9, '.', '-', '_', a letter or digit first"
            )
        unknown = sorted(set(roles) - ROLES)
        if unknown or not roles:
            raise KeyRefused(
                f"a key needs roles among {', '.join(sorted(ROLES))}; not {', '.join(unknown) or 'none at all'}"
            )
        token = TOKEN_PREFIX + secrets.token_urlsafe(TOKEN_BYTES)
        insert(
            connection,
            key_id=uuid4(),
            token_sha256=_digest(token),
            principal=principal,
            roles=sorted(set(roles)),
            expires_at=expires_at,
        )
        return token

    @staticmethod
    def listed(connection: Any) -> list[Key]:
        """Every key there is, oldest first, without its token: nobody has that any more."""
        return [_shown(row) for row in every(connection)]

    @staticmethod
    def revoke(connection: Any, key_id: str) -> bool:
        """Revoke a key; True if there is one of this id. Running processes notice within KNOWN_FOR."""
        try:
            return mark_revoked(connection, UUID(key_id))
        except ValueError:
            return False


def _digest(token: str) -> bytes:
    return sha256(token.encode("ascii")).digest()


def _shown(row: KeyRow) -> Key:
    return Key(
        id=row.id,
        principal=row.principal,
        roles=tuple(row.roles),
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
    )
