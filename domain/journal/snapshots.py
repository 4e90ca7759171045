"""Snapshots: the state of a long stream at one version, so that it need not be folded from its first event again.

Disposable, and never trusted across code: each carries the fingerprint of the source that folds, so that a snapshot
made by other code is as good as none. The journal alone is the truth; replay and verification never read these.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any
from uuid import UUID

import msgspec
import psycopg

from domain.journal.work import Versioned

EVENTS_BETWEEN = 500  # a state is kept again once so many events were folded on top of the last one

_encode = msgspec.json.Encoder().encode

READ_SQL = "SELECT version, topic, state FROM journal.snapshots WHERE stream = %s AND fingerprint = %s"
KEEP_SQL = (
    "INSERT INTO journal.snapshots (stream, version, topic, fingerprint, state) VALUES (%s, %s, %s, %s, %s)"
    " ON CONFLICT (stream) DO UPDATE SET version = EXCLUDED.version, topic = EXCLUDED.topic,"
    " fingerprint = EXCLUDED.fingerprint, state = EXCLUDED.state"
)


class Snapshots:
    """Reads and keeps snapshots. `states` maps the first part of a topic (`campaign`) to the class of its states."""

    def __init__(self, states: Mapping[str, type[Any]], *, fingerprint: bytes) -> None:
        self._decoders = {noun: msgspec.json.Decoder(kind).decode for noun, kind in states.items()}
        self._fingerprint = fingerprint

    def find(self, connection: psycopg.Connection[Any], stream: UUID) -> Versioned | None:
        """The kept state of a stream with its version, None if there is none made by this very code."""
        with connection.cursor(binary=True) as rows:
            rows.execute(READ_SQL, (stream, self._fingerprint))
            row = rows.fetchone()
        if row is None:
            return None
        version, noun, state = row
        return self._decoders[noun](state), int(version)

    def keep(self, connection: psycopg.Connection[Any], stream: UUID, topic: str, versioned: Versioned) -> None:
        """Keep the state of a stream in the place of an older one."""
        state, version = versioned
        noun = topic.partition(".")[0]
        connection.execute(KEEP_SQL, (stream, version, noun, self._fingerprint, _encode(state)))


def fingerprint_of(room: str) -> bytes:
    """SHA-256 over every source file of a room, whatever the order of listing."""
    digest = sha256()
    for name, content in sorted(_sources(files(room), room)):
        digest.update(f"{name}\n{len(content)}\n".encode() + content)
    return digest.digest()


def _sources(folder: Traversable, name: str) -> list[tuple[str, bytes]]:
    found: list[tuple[str, bytes]] = []
    for entry in folder.iterdir():
        if entry.is_dir():
            found += _sources(entry, f"{name}/{entry.name}")
        elif entry.name.endswith(".py"):
            found.append((f"{name}/{entry.name}", entry.read_bytes()))
    return found
