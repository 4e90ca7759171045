"""The DSNs of the rooms, as the settings make them from the owner's."""

from __future__ import annotations

from ops.settings import Settings


def as_room(dsn: str, room: str) -> str:
    """The owner's DSN turned into what one room connects with: its role and no more."""
    return Settings(database_url=dsn).dsn(room)
