"""Keys to the API, for operators: made, listed and revoked with the owner's connection."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import timedelta

import psycopg

from api.keys import KeyRefused, Keys
from ops.settings import Settings, SettingsInvalid
from ops.tables import print_json, print_table
from ops.wiring import clock


def mint(settings: Settings, *, principal: str, roles: Sequence[str], days: int) -> str:
    """A new key's token. Raises SettingsInvalid for a principal or role that is not acceptable."""
    with _connected(settings) as connection:
        try:
            return Keys.mint(connection, principal=principal, roles=roles, expires_at=clock() + timedelta(days=days))
        except KeyRefused as refused:
            raise SettingsInvalid(str(refused)) from None


def show(settings: Settings, *, as_json: bool) -> None:
    with _connected(settings) as connection:
        rows = Keys.listed(connection)
    if as_json:
        print_json(rows)
        return
    print_table(
        "API keys",
        ("id", "principal", "roles", "expires", "revoked"),
        [(k.id, k.principal, ", ".join(k.roles), k.expires_at, k.revoked_at or "") for k in rows],
    )


def revoke(settings: Settings, key_id: str) -> int:
    with _connected(settings) as connection:
        found = Keys.revoke(connection, key_id)
    sys.stdout.write("revoked\n" if found else f"there is no key {key_id}\n")
    return 0 if found else 1


def _connected(settings: Settings) -> psycopg.Connection[tuple[object, ...]]:
    url = settings.database_url.get_secret_value()
    if not url:
        raise SettingsInvalid("DATABASE_URL is not set and no local stack runs in this home")
    return psycopg.connect(url, autocommit=True)
