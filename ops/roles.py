"""`run <role>`: one process of the house in the foreground, the same on a laptop, under systemd and in a container."""

from __future__ import annotations

import threading
from contextlib import suppress

import psycopg

from ops import logs
from ops.generations import check_living
from ops.processes import PROCESSES, run_loops
from ops.settings import Settings, SettingsInvalid
from ops.wiring import Wiring

ROOM_OF = {
    "api": "api",
    "projections": "book",
    "processes": "processes",
    "writer": "writer",
    "worker": "writer",
    "indexer": "indexer",
}

CHAINED = ("api", "writer", "worker", "indexer")  # what speaks of one chain generation


def run_process(role: str, settings: Settings) -> int:
    """Run until SIGTERM. Returns the exit code. Raises SettingsInvalid for an unknown role or missing settings."""
    if role not in PROCESSES:
        raise SettingsInvalid(f"there is no process {role!r}; there are: {', '.join(PROCESSES)}")
    logs.configure(process=role, as_json=True)
    dsn = settings.dsn(ROOM_OF[role])
    if role in CHAINED:
        with suppress(psycopg.OperationalError):  # away: the role's own watch looks again once it is there
            check_living(settings, ROOM_OF[role])
    if role == "api":
        from ops.server import run_api

        return run_api(settings)
    stop = threading.Event()
    return run_loops(role, Wiring(settings, stop=stop).loops(role), dsn=dsn, stop=stop)
