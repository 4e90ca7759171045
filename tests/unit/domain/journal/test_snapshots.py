"""Snapshots: a long stream is loaded from one, and the state is the same as from all of its events."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest

from domain.journal import Ledger
from domain.journal import snapshots as snapshots_module
from domain.journal.snapshots import EVENTS_BETWEEN, Snapshots, fingerprint_of
from tests.unit.domain.journal.notes import CODEC, ContinueNote, CopyNote, Note, WriteNote, asked, decide, note_id

A = note_id("a")
LONG = EVENTS_BETWEEN + 20


def ledger_with(database: str, fingerprint: bytes) -> Ledger:
    ledger = Ledger(
        database,
        codec=CODEC,
        decide=decide,
        packs=None,
        clock=lambda: datetime.now(UTC),
        snapshots=Snapshots({"note": Note}, fingerprint=fingerprint),
    )
    ledger.start()
    return ledger


@pytest.fixture
def written(database: str) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    """A database with one long note in it, and a connection of its owner."""
    with closing(ledger_with(database, b"code")) as ledger:
        ledger.handle(asked(WriteNote(A, "first"), "k1"))
        ledger.handle(asked(ContinueNote(A, "more", times=LONG - 1), "k2"))
    with psycopg.connect(database, autocommit=True) as connection:
        yield connection


def kept(connection: psycopg.Connection[tuple[object, ...]]) -> list[tuple[object, ...]]:
    return connection.execute("SELECT stream, version, topic, fingerprint FROM journal.snapshots").fetchall()


def test_whoever_folds_a_long_stream_keeps_its_state(
    database: str, written: psycopg.Connection[tuple[object, ...]]
) -> None:
    assert kept(written) == []  # the one who wrote it never had to fold it
    with closing(ledger_with(database, b"code")) as ledger:
        ledger.handle(asked(ContinueNote(A, "last"), "k3"))
        assert kept(written) == [(A, LONG, "note", b"code")]
        assert ledger.load(A) == (Note("last", LONG + 1), LONG + 1)


def test_a_snapshot_stands_for_the_events_before_it(
    database: str, written: psycopg.Connection[tuple[object, ...]]
) -> None:
    with closing(ledger_with(database, b"code")) as ledger:
        ledger.handle(asked(ContinueNote(A, "last"), "k3"))
    doctored = (LONG + 1, b'{"text":"from the snapshot","lines":1000}')
    written.execute("UPDATE journal.snapshots SET version = %s, state = %s", doctored)
    with closing(ledger_with(database, b"code")) as ledger:
        ledger.handle(asked(CopyNote(A, note_id("b")), "k4"))
        assert ledger.load(note_id("b")) == (Note("from the snapshot", 1), 1)
        assert ledger.load(A) == (Note("last", LONG + 1), LONG + 1)  # replay never reads a snapshot


def test_a_snapshot_of_other_code_is_none(database: str, written: psycopg.Connection[tuple[object, ...]]) -> None:
    with closing(ledger_with(database, b"code")) as ledger:
        ledger.handle(asked(ContinueNote(A, "last"), "k3"))
    with closing(ledger_with(database, b"other code")) as ledger:
        ledger.handle(asked(ContinueNote(A, "again"), "k4"))
    assert kept(written) == [(A, LONG + 1, "note", b"other code")]


def test_the_fingerprint_changes_with_any_source_of_the_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "inner").mkdir()
    (tmp_path / "a.py").write_text("a = 1\n")
    (tmp_path / "inner" / "b.py").write_text("b = 1\n")
    monkeypatch.setattr(snapshots_module, "files", lambda room: tmp_path if room == "room" else None)
    before = fingerprint_of("room")
    assert fingerprint_of("room") == before
    (tmp_path / "inner" / "b.py").write_text("b = 2\n")
    assert fingerprint_of("room") != before
