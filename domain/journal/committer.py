"""Group commit: one thread takes all commands that wait, decides them in order, and records them in one transaction."""

from __future__ import annotations

import asyncio
import logging
import queue
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import nullcontext
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
import psycopg
from eventsourcing.persistence import StoredEvent

from domain.errors import (
    JournalBusy,
    JournalCorrupt,
    JournalUnavailable,
    KeyReused,
    Refusal,
    StreamConflict,
)
from domain.journal.encoding import Codec
from domain.journal.entries import Envelope, Outcome, Recorded
from domain.journal.recorder import ENTRIES_PER_LOOK_MAX, CommandRecord, HeadMoved, Known, Look, Session
from domain.journal.snapshots import EVENTS_BETWEEN, Snapshots
from domain.journal.tickets import Answer, Ticket, settle
from domain.journal.work import Versioned, Work, fold

log = logging.getLogger(__name__)

Decide = Callable[[Any, Work], None]


NOTHING = Look([], {})


class Unlooked(Exception):
    """A batch decided without looking first must look: it would refuse, or the database found a key recorded."""


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """The committer's bounds: waiting commands, commands a transaction, states kept, patience with a lost database."""

    waiting_max: int = 10_000
    batch_max: int = 256
    states_max: int = 100_000
    unavailable_s: float = 10.0
    reconnect_pause_s: float = 0.1


class Figures:
    """What the committer has done since it started; read by metrics, written by its thread alone."""

    def __init__(self) -> None:
        self.batches = 0
        self.commands = 0
        self.events = 0
        self.redecided = 0
        self.reconnects = 0
        self.singles = 0


class Decided(msgspec.Struct):
    """A batch after deciding: what to store, under which records, and what each ticket will hear once it is stored."""

    stored: list[StoredEvent]
    records: list[CommandRecord]
    winners: list[tuple[Ticket, int]]
    answers: list[Answer]
    changes: dict[UUID, Versioned]
    postponed: list[Ticket]


class Committer:
    """One a process. `submit` from any thread, `submit_async` from a running event loop; `start` and `close` once.

    Commands are decided on the newest state seen, and the append names the head on which they were decided, so that
    what is recorded never rests on an old state. While no other process appends, that one round trip is all; when
    others do, or before a refusal is told, the committer looks first at what they appended. If another process was
    first, the batch is decided again under the head's lock, where nobody can be first. If the database refuses the
    batch itself, its commands are taken one by one, so that a bad one fails alone.
    """

    def __init__(
        self,
        *,
        connect: Callable[[], Session],
        codec: Codec,
        encode: Callable[[Any], StoredEvent],
        decide: Decide,
        packs: Any,
        clock: Callable[[], datetime],
        limits: Limits | None = None,
        snapshots: Snapshots | None = None,
    ) -> None:
        self.figures = Figures()
        self._snapshots = snapshots
        self._connect = connect
        self._codec = codec
        self._encode = encode
        self._decide = decide
        self._packs = packs
        self._clock = clock
        self._limits = limits or Limits()
        self._waiting: queue.SimpleQueue[Ticket | None] = queue.SimpleQueue()
        self._held: list[Ticket] = []
        self._states: OrderedDict[UUID, Versioned] = OrderedDict()
        self._seen = 0
        self._alone = False  # nobody else appended between our last two batches
        self._session: Session | None = None
        self._last_at: datetime | None = None
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="committer", daemon=True)

    def start(self, *, patient: bool = False) -> None:
        """Connect, refuse a database without its guards, and begin. Raises psycopg.OperationalError, JournalCorrupt.

        `patient`: begin although the database is away. Commands then hear JournalUnavailable until it is there.
        """
        try:
            self._open()
        except psycopg.OperationalError as error:
            if not patient:
                raise
            log.warning("the journal cannot be reached yet: %s", type(error).__name__)
        self._thread.start()

    def close(self) -> None:
        """Finish what waits, then stop. Whoever submits later is refused with JournalUnavailable."""
        if self._closing.is_set():
            return
        self._closing.set()
        if self._thread.is_alive():
            self._waiting.put(None)
            self._thread.join()
        if self._session is not None:
            self._session.close()

    def submit(self, envelope: Envelope) -> Future[Outcome]:
        """Queue a command. The future holds its Outcome, or raises a class of domain.errors."""
        future: Future[Outcome] = Future()
        self._put(Ticket(envelope, future, None))
        return future

    def submit_async(self, envelope: Envelope) -> asyncio.Future[Outcome]:
        """The same for a running event loop."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Outcome] = loop.create_future()
        self._put(Ticket(envelope, future, loop))
        return future

    def _put(self, ticket: Ticket) -> None:
        if self._closing.is_set():
            raise JournalUnavailable("this process is stopping")
        if self._waiting.qsize() >= self._limits.waiting_max:
            raise JournalBusy(after_s=1)
        self._waiting.put(ticket)

    # The thread.

    def _run(self) -> None:
        while tickets := self._take():
            self._commit(tickets)

    def _take(self) -> list[Ticket]:
        """All that waits, at least one, at most a batch. Empty when closing and nothing waits any more."""
        tickets, self._held = self._held, []
        while len(tickets) < self._limits.batch_max:
            try:
                ticket = self._waiting.get(block=not tickets and not self._closing.is_set())
            except queue.Empty:
                break
            if ticket is not None:
                tickets.append(ticket)
        return tickets

    def _commit(self, tickets: list[Ticket], *, careful: bool = False) -> None:
        away_s = 0.0
        while True:
            try:
                return self._attempt(tickets, careful=careful)
            except HeadMoved:
                self.figures.redecided += 1
                careful = True  # under the lock this time
            except Unlooked:
                self._alone = False
            except (psycopg.OperationalError, psycopg.InterfaceError) as error:
                if away_s >= self._limits.unavailable_s:
                    reason = type(error).__name__
                    return settle([(t, None, JournalUnavailable(reason)) for t in tickets])
                away_s += self._reopen(away_s)
            except Exception as error:
                # Whatever the database or a decider could not take: the commands are tried alone, and the one that
                # cannot be taken hears why. The committer itself must go on for the others.
                self._states.clear()
                if len(tickets) == 1 and careful:
                    log.exception("a command cannot be recorded: %s", type(tickets[0].envelope.command).__name__)
                    return settle([(tickets[0], None, error)])
                self.figures.singles += len(tickets)
                for ticket in tickets:
                    self._commit([ticket], careful=True)
                return None

    def _attempt(self, tickets: list[Ticket], *, careful: bool) -> None:
        session = self._session
        if session is None:
            raise psycopg.OperationalError("not connected")
        with session.connection.transaction() if careful else nullcontext():
            if careful:
                session.lock()
            look = None if self._alone and not careful else self._look(session, tickets)
            decided = self._decide_all(session, tickets, look or NOTHING, careful=careful)
            if look is None and decided.answers:
                raise Unlooked
            self._append(session, decided, looked=look is not None)
        answers = self._recorded(decided)
        self._held.extend(decided.postponed)
        self.figures.batches += 1
        self.figures.commands += len(tickets) - len(decided.postponed)
        self.figures.events += len(decided.stored)
        settle(answers)

    def _append(self, session: Session, decided: Decided, *, looked: bool) -> None:
        if not decided.records:
            return
        try:
            session.append(decided.stored, decided.records, seen=self._seen)
        except (psycopg.OperationalError, psycopg.InterfaceError):
            for ticket, _ in decided.winners:
                ticket.tried = True
            raise
        except HeadMoved:
            self._alone = False
            raise
        except psycopg.errors.UniqueViolation:
            if looked:
                raise
            raise Unlooked from None  # most likely a key that is recorded already

    def _look(self, session: Session, tickets: Sequence[Ticket]) -> Look:
        """Catch up with what others appended, and find the commands that are recorded already."""
        keys = [(t.envelope.key.scope, t.envelope.key.key) for t in tickets]
        look = session.look(after=self._seen, keys=keys)
        if len(look.rows) >= ENTRIES_PER_LOOK_MAX:  # far behind: forget, and start from the head
            self._states.clear()
            self._seen = session.head()
            return self._look(session, tickets)
        self._alone = not look.rows
        for position, stream, version, topic, state in look.rows:
            assert position == self._seen + 1, f"after position {self._seen} came {position}"
            self._seen = position
            self._follow(stream, version, topic, state)
        return look

    def _follow(self, stream: UUID, version: int, topic: str, state: bytes) -> None:
        known = self._states.get(stream)
        if known is None or known[1] >= version:
            return
        assert known[1] == version - 1
        event, _ = self._codec.decode(topic, state)
        self._states[stream] = (event.apply(known[0]), version)

    def _decide_all(self, session: Session, tickets: list[Ticket], look: Look, *, careful: bool) -> Decided:
        decided = Decided([], [], [], [], {}, [])
        keys: set[tuple[str, str]] = set()
        now = self._now()

        def shown(stream: UUID) -> Versioned | None:
            return decided.changes.get(stream) or self._state(session, stream)

        def known(stream: UUID) -> bool:
            return stream in decided.changes or stream in self._states

        for ticket in tickets:
            envelope = ticket.envelope
            key = (envelope.key.scope, envelope.key.key)
            if key in look.known:
                decided.answers.append(self._again(session, ticket, look.known[key]))
            elif key in keys:
                decided.postponed.append(ticket)  # its twin is in this batch: it hears the twin's answer next time
            else:
                keys.add(key)
                work = Work(envelope, now=now, packs=self._packs, shown=shown, known=known, careful=careful)
                try:
                    work.expect()
                    self._decide(envelope.command, work)
                except (Refusal, StreamConflict) as refusal:
                    decided.answers.append((ticket, None, refusal))
                    continue
                decided.changes.update(work.changes)
                decided.stored.extend(map(self._encode, work.drafts))
                decided.records.append(CommandRecord(*key, envelope.fingerprint, len(work.drafts)))
                decided.winners.append((ticket, len(work.drafts)))
        return decided

    def _state(self, session: Session, stream: UUID) -> Versioned | None:
        versioned = self._states.get(stream)
        if versioned is not None:
            self._states.move_to_end(stream)
            return versioned
        versioned = self._fold(session, stream)
        if versioned is not None:
            self._keep(stream, versioned)
        return versioned

    def _fold(self, session: Session, stream: UUID) -> Versioned | None:
        """The state of a stream from its snapshot, if there is one, and the events after that."""
        kept = self._snapshots.find(session.connection, stream) if self._snapshots else None
        rows = session.stream(stream, after=kept[1] if kept else 0)
        events = ((self._codec.decode(topic, stored)[0], version) for _, _, version, topic, stored in rows)
        versioned = fold(events, onto=kept)
        if self._snapshots and versioned and len(rows) >= EVENTS_BETWEEN:
            self._snapshots.keep(session.connection, stream, rows[-1][3], versioned)
        return versioned

    def _keep(self, stream: UUID, versioned: Versioned) -> None:
        self._states[stream] = versioned
        self._states.move_to_end(stream)
        if len(self._states) > self._limits.states_max:
            self._states.popitem(last=False)

    def _again(self, session: Session, ticket: Ticket, known: Known) -> Answer:
        """The answer to a command that is recorded already: the first answer, or KeyReused."""
        envelope = ticket.envelope
        if known.fingerprint != envelope.fingerprint:
            return ticket, None, KeyReused(envelope.key.scope, envelope.key.key)
        events: tuple[Recorded, ...] = ()
        if known.position is not None:
            rows = session.range(first=known.position, last=known.position + known.events - 1)
            events = tuple(Recorded(position=p, stream=s, version=v, topic=t) for p, s, v, t in rows)
            assert len(events) == known.events
        # A command whose first commit ended in silence was recorded by us: for its asker this is the first answer.
        return ticket, Outcome(events=events, replayed=not ticket.tried), None

    def _recorded(self, decided: Decided) -> list[Answer]:
        """After the commit: keep the new states, and word the answers."""
        for stream, versioned in decided.changes.items():
            self._keep(stream, versioned)
        answers = decided.answers
        place = 0
        for ticket, events in decided.winners:
            recorded = []
            for stored in decided.stored[place : place + events]:
                place += 1
                assert isinstance(stored.originator_id, UUID)
                recorded.append(
                    Recorded(
                        stream=stored.originator_id,
                        version=stored.originator_version,
                        topic=stored.topic,
                        position=self._seen + place,
                    )
                )
            answers.append((ticket, Outcome(events=tuple(recorded), replayed=False), None))
        self._seen += len(decided.stored)
        return answers

    def _now(self) -> datetime:
        """The recorded-at of a batch. It never goes back within a process, even if the clock does."""
        now = self._clock()
        if self._last_at is not None and now < self._last_at:
            now = self._last_at
        self._last_at = now
        return now

    def _open(self) -> None:
        session = self._connect()
        try:
            session.check_guards()
            self._states.clear()
            self._seen = session.head()
        except BaseException:
            session.close()
            raise
        self._session = session

    def _reopen(self, away_s: float) -> float:
        """Drop the connection and try a new one. Returns the seconds waited; the caller counts them."""
        self.figures.reconnects += 1
        if self._session is not None:
            self._session.close()
            self._session = None
        pause_s = 0.0 if away_s == 0 else self._limits.reconnect_pause_s
        self._closing.wait(pause_s) if pause_s else None
        try:
            self._open()
        except (psycopg.Error, JournalCorrupt) as error:
            if away_s == 0:  # once for each time it goes away
                log.warning("the journal cannot be reached: %s", type(error).__name__)
        return max(pause_s, self._limits.reconnect_pause_s)
