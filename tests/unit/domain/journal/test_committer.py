"""Group commit on a real PostgreSQL: order, idempotency, conflicts, refusals, and a connection lost around COMMIT."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from domain.errors import JournalBusy, JournalCorrupt, JournalUnavailable, KeyReused, Refusal, StreamConflict
from domain.journal import JournalReader, Ledger
from domain.journal import committer as committer_module
from domain.journal.recorder import Session
from tests.unit.domain.journal.notes import (
    CODEC,
    ContinueNote,
    CopyNote,
    Explode,
    Note,
    Nothing,
    WriteNote,
    asked,
    ledger_on,
    note_id,
)

A, B = note_id("a"), note_id("b")


@pytest.fixture
def ledger(database: str) -> Iterator[Ledger]:
    ledger = ledger_on(database)
    yield ledger
    ledger.close()


@pytest.fixture
def reader(database: str) -> Iterator[JournalReader]:
    reader = JournalReader(database, codec=CODEC)
    yield reader
    reader.close()


def test_a_command_is_recorded_with_its_making(ledger: Ledger, reader: JournalReader) -> None:
    outcome = ledger.handle(asked(WriteNote(A, "hello"), "k1"))
    (entry,) = reader.read(after=0, limit=10)
    assert (entry.position, entry.stream, entry.version, entry.topic) == (1, A, 1, "note.written")
    assert (entry.meta.by, entry.meta.correlation_id, entry.meta.cause) == ("issuer:a", note_id("k1"), None)
    assert outcome.position == 1
    assert not outcome.replayed
    assert ledger.load(A) == (Note("hello", 1), 1)


def test_the_same_key_hears_the_first_answer_again(ledger: Ledger, reader: JournalReader) -> None:
    first = ledger.handle(asked(WriteNote(A, "hello"), "k1"))
    again = ledger.handle(asked(WriteNote(A, "hello"), "k1"))
    assert again.replayed
    assert again.events == first.events
    assert reader.head() == 1


def test_the_same_key_with_another_request_is_refused_and_nothing_is_written(
    ledger: Ledger, reader: JournalReader
) -> None:
    ledger.handle(asked(WriteNote(A, "hello"), "k1"))
    with pytest.raises(KeyReused):
        ledger.handle(asked(WriteNote(B, "other"), "k1"))
    assert reader.head() == 1


def test_the_same_key_of_another_scope_is_another_command(ledger: Ledger) -> None:
    ledger.handle(asked(WriteNote(A, "hello"), "k1", scope="client:a"))
    assert not ledger.handle(asked(WriteNote(B, "hello"), "k1", scope="client:b")).replayed


def test_a_command_without_events_is_remembered_too(ledger: Ledger, reader: JournalReader) -> None:
    assert ledger.handle(asked(Nothing(), "k1")).position is None
    assert ledger.handle(asked(Nothing(), "k1")).replayed
    assert reader.head() == 0


def test_a_refusal_is_forgotten_so_that_the_same_key_may_try_again(ledger: Ledger) -> None:
    with pytest.raises(Refusal, match="there is no note"):
        ledger.handle(asked(ContinueNote(A, "more"), "k1"))
    ledger.handle(asked(WriteNote(A, "hello"), "k2"))
    assert not ledger.handle(asked(ContinueNote(A, "more"), "k1")).replayed


def test_an_expected_version_that_moved_is_a_conflict(ledger: Ledger) -> None:
    ledger.handle(asked(WriteNote(A, "hello"), "k1"))
    ledger.handle(asked(ContinueNote(A, "more"), "k2", expected=(A, 1)))
    with pytest.raises(StreamConflict) as caught:
        ledger.handle(asked(ContinueNote(A, "late"), "k3", expected=(A, 1)))
    assert (caught.value.expected, caught.value.actual) == (1, 2)


def test_a_second_stream_of_the_same_id_is_refused(ledger: Ledger) -> None:
    ledger.handle(asked(WriteNote(A, "hello"), "k1"))
    with pytest.raises(Refusal) as caught:
        ledger.handle(asked(WriteNote(A, "again"), "k2"))
    assert caught.value.code == "already-exists"


def test_a_stream_that_another_process_made_is_refused_as_well(ledger: Ledger, database: str) -> None:
    other = ledger_on(database)
    other.handle(asked(WriteNote(A, "hello"), "k1"))
    other.close()
    with pytest.raises(Refusal) as caught:
        ledger.handle(asked(WriteNote(A, "again"), "k2"))
    assert caught.value.code == "already-exists"


def test_one_refusal_in_a_batch_touches_no_other_answer(ledger: Ledger, reader: JournalReader) -> None:
    ledger.handle(asked(WriteNote(A, "hello"), "k0"))
    futures = [
        ledger.submit(asked(ContinueNote(A, "refuse me" if n % 5 == 0 else f"line {n}"), f"k{n + 1}"))
        for n in range(50)
    ]
    refused = [n for n, future in enumerate(futures) if future.exception() is not None]
    assert refused == list(range(0, 50, 5))
    assert reader.head() == 41
    assert ledger.load(A) == (Note("line 49", 41), 41)


def test_a_defect_in_one_decider_fails_that_command_alone(ledger: Ledger, reader: JournalReader) -> None:
    futures = [ledger.submit(asked(WriteNote(note_id(str(n)), "x"), f"k{n}")) for n in range(10)]
    broken = ledger.submit(asked(Explode(), "broken"))
    futures += [ledger.submit(asked(WriteNote(note_id(str(n)), "x"), f"k{n}")) for n in range(10, 20)]
    assert isinstance(broken.exception(), ZeroDivisionError)
    assert sorted(future.result().position or 0 for future in futures) == list(range(1, 21))
    assert reader.head() == 20


def test_an_event_that_the_database_refuses_fails_alone(ledger: Ledger, reader: JournalReader) -> None:
    good = [ledger.submit(asked(WriteNote(note_id(str(n)), "x"), f"k{n}")) for n in range(5)]
    too_large = ledger.submit(asked(WriteNote(A, "x" * 70_000), "large"))
    good += [ledger.submit(asked(WriteNote(note_id(str(n)), "x"), f"k{n}")) for n in range(5, 10)]
    assert isinstance(too_large.exception(), psycopg.errors.CheckViolation)
    assert all(future.result() for future in good)
    assert reader.head() == 10


def test_twins_in_one_batch_are_one_command(ledger: Ledger, reader: JournalReader) -> None:
    futures = [ledger.submit(asked(WriteNote(A, "hello"), "k1")) for _ in range(20)]
    assert {future.result().position for future in futures} == {1}
    assert sum(not future.result().replayed for future in futures) == 1
    assert reader.head() == 1


def test_commands_from_an_event_loop_are_answered_there(ledger: Ledger) -> None:
    async def ask() -> list[int | None]:
        outcomes = await asyncio.gather(
            *(ledger.submit_async(asked(WriteNote(note_id(str(n)), "x"), f"k{n}")) for n in range(30))
        )
        return sorted(outcome.position or 0 for outcome in outcomes)

    assert asyncio.run(ask()) == list(range(1, 31))


def test_many_committers_leave_no_hole_and_lose_nothing(database: str, reader: JournalReader) -> None:
    ledgers = [ledger_on(database) for _ in range(4)]
    ledgers[0].handle(asked(WriteNote(A, "hello"), "first"))

    def client(number: int) -> None:
        for n in range(40):
            ledgers[number].handle(asked(ContinueNote(A, f"{number}-{n}"), f"{number}-{n}"))

    threads = [threading.Thread(target=client, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    seen: list[int] = []
    while len(seen) < 161:  # a reader that follows while they write must miss nothing
        entries = reader.read(after=len(seen), limit=50)
        seen += [entry.position for entry in entries]
    for thread in threads:
        thread.join()
    for ledger in ledgers:
        ledger.close()
    assert seen == list(range(1, 162))
    assert [entry.version for entry in reader.stream(A)] == list(range(1, 162))


def test_what_was_read_must_still_be_true_when_it_is_recorded(ledger: Ledger, database: str) -> None:
    other = ledger_on(database)
    ledger.handle(asked(WriteNote(A, "old"), "k1"))
    other.handle(asked(ContinueNote(A, "new"), "k2"))
    ledger.handle(asked(CopyNote(A, B), "k3"))
    other.close()
    assert ledger.load(B) == (Note("new", 1), 1)


def test_a_process_far_behind_catches_up_from_the_head(
    ledger: Ledger, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(committer_module, "ENTRIES_PER_LOOK_MAX", 10)
    ledger.handle(asked(WriteNote(A, "hello"), "k1"))
    other = ledger_on(database)
    other.handle(asked(ContinueNote(A, "many", times=25), "k2"))
    other.close()
    assert ledger.handle(asked(ContinueNote(A, "last"), "k3")).events[0].version == 27


class Lossy:
    """Makes sessions that die around one append: before the statement, or after its commit but before the answer."""

    def __init__(self, dsn: str, *, moment: str) -> None:
        self._dsn = dsn
        self._moment = moment

    def __call__(self) -> Session:
        session = Session(self._dsn)
        if self._moment:
            moment, self._moment = self._moment, ""
            append = session.append

            def dying(*arguments: Any, **named: Any) -> int:
                if moment == "after":
                    append(*arguments, **named)
                session.connection.close()
                raise psycopg.OperationalError("the connection was lost")

            session.append = dying  # type: ignore[method-assign]
        return session


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_connection_lost_around_commit_is_settled_by_the_record(database: str, moment: str) -> None:
    ledger = _lossy_ledger(database, moment)
    outcome = ledger.handle(asked(WriteNote(A, "hello"), "k1"))
    ledger.close()
    reader = JournalReader(database, codec=CODEC)
    assert (outcome.position, outcome.replayed, reader.head()) == (1, False, 1)
    reader.close()


def _lossy_ledger(database: str, moment: str) -> Ledger:
    ledger = ledger_on(database)
    ledger._committer.close()
    ledger._committer = committer_module.Committer(
        connect=Lossy(database, moment=moment),
        codec=CODEC,
        encode=ledger.journal.mapper.to_stored_event,
        decide=ledger._committer._decide,
        packs=None,
        clock=ledger._committer._clock,
    )
    ledger.start()
    return ledger


def test_backends_killed_under_load_lose_and_double_nothing(database: str, reader: JournalReader) -> None:
    ledger = ledger_on(database)
    futures = [ledger.submit(asked(WriteNote(note_id(str(n)), "x"), f"k{n}")) for n in range(3_000)]
    with psycopg.connect(database, autocommit=True) as admin:
        for done in (500, 1_500, 2_500):
            futures[done].result()
            admin.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
                " AND pid <> pg_backend_pid() AND query LIKE '%journal.append%'"
            )
        positions = sorted(future.result().position or 0 for future in futures)
    ledger.close()
    assert positions == list(range(1, 3_001))
    assert reader.head() == 3_000


def test_a_full_queue_says_so_and_a_closed_ledger_too(database: str) -> None:
    ledger = ledger_on(database, waiting_max=0)
    with pytest.raises(JournalBusy):
        ledger.submit(asked(Nothing(), "k1"))
    ledger.close()
    with pytest.raises(JournalUnavailable):
        ledger.submit(asked(Nothing(), "k1"))


def test_a_database_that_stays_away_is_told_to_the_client(database: str) -> None:
    ledger = ledger_on(database, unavailable_s=0.2, reconnect_pause_s=0.05)
    ledger._committer._connect = lambda: Session("host=127.0.0.1 port=1 user=nobody dbname=none connect_timeout=1")
    assert ledger._committer._session is not None
    ledger._committer._session.connection.close()
    with pytest.raises(JournalUnavailable, match="same key"):
        ledger.handle(asked(WriteNote(A, "hello"), "k1"))
    ledger.close()


def test_a_database_without_its_guards_is_refused_at_start(database: str) -> None:
    with psycopg.connect(database, autocommit=True) as owner:
        owner.execute("ALTER TABLE journal.entries DISABLE TRIGGER refuse_holes")
    with pytest.raises(JournalCorrupt, match=r"entries\.refuse_holes"):
        ledger_on(database)
