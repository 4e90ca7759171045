"""The acts on a real journal, its processes, and a crash anywhere between a process and what it asks of others."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from hashlib import sha256
from itertools import count
from typing import Any
from uuid import UUID, uuid5

import psycopg

from domain import commands as c
from domain import topics
from domain.handlers import decide
from domain.journal import Actor, CommandKey, Envelope, Event, JournalReader, Ledger, Outcome
from domain.processes import Scheduler, Settlement
from domain.store import ProcessStore
from ops.stack import Postgres
from tests.support.roles import as_room
from tests.unit.domain.acts import ALL_PACKS, COMPANY, Acts

_numbers = count()


class House(Acts):
    """A ledger with its clock, and the acts of people and machines as commands to it."""

    def __init__(self, dsn: str) -> None:
        super().__init__()
        self.dsn = as_room(dsn, "processes")
        self.ledger = Ledger(self.dsn, codec=topics.codec(), decide=decide, packs=ALL_PACKS, clock=lambda: self.now)
        self.ledger.start()
        self.reader = JournalReader(self.dsn, codec=topics.codec())
        self._count = 0

    def do(self, command: c.Command, *, by: Actor) -> Outcome:
        self._count += 1
        return self.ledger.handle(
            Envelope(
                command=command,
                actor=by,
                key=CommandKey(f"client:{by.id}", str(self._count)),
                fingerprint=sha256(repr(command).encode()).digest(),
                correlation_id=uuid5(COMPANY, str(self._count)),
            )
        )

    def find(self, stream: UUID) -> Any:
        loaded = self.ledger.load(stream)
        return loaded[0] if loaded else None

    def topics(self) -> Counter[str]:
        return Counter(entry.topic for entry in self.reader.read(after=0, limit=1_000))

    def told(self) -> dict[UUID, list[Event]]:
        """The whole journal, stream by stream."""
        streams: dict[UUID, list[Event]] = defaultdict(list)
        for entry in self.reader.read(after=0, limit=1_000):
            streams[entry.stream].append(entry.event)
        return dict(streams)

    def close_down(self) -> None:
        self.ledger.close()
        self.reader.close()


@contextmanager
def fresh_house(postgres: Postgres) -> Iterator[House]:
    """A house on a database of its own, for tests that need many."""
    name = f"house_{next(_numbers)}"
    with psycopg.connect(postgres.dsn("postgres"), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE template")
        house = House(postgres.dsn(name))
        try:
            yield house
        finally:
            house.close_down()
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


class Crash(Exception):
    """The process is gone, here and now."""


class Crashing:
    """Stands before the store and the ledger of a process and kills it around its n-th call, before or after it."""

    def __init__(self, *, at: int, after: bool) -> None:
        self._left = at
        self._after = after
        self.fired = False

    def around(self, target: Any, *names: str) -> Any:
        crashing = self

        class Wrapped:
            def __getattr__(self, name: str) -> Any:
                found = getattr(target, name)
                return crashing._counted(found) if name in names else found

        return Wrapped()

    def _counted(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*arguments: Any, **named: Any) -> Any:
            self._left -= 1
            if self._left == 0 and not self._after:
                self.fired = True
                raise Crash
            answer = call(*arguments, **named)
            if self._left == 0:
                if hasattr(answer, "exception"):
                    answer.exception()  # it was decided, but its asker never heard
                self.fired = True
                raise Crash
            return answer

        return counted


Through = Callable[[], None]


def settle(house: House, crashing: Crashing | None = None) -> None:
    """Run a settlement, built from what is stored, until it has nothing to do. Raises Crash."""

    def built(store: Any, ledger: Any) -> Settlement:
        return Settlement(house.reader, store, ledger)

    _run(house, built, crashing)


def watch(house: House, crashing: Crashing | None = None, *, clock: Callable[[], datetime] | None = None) -> None:
    """Run a scheduler, built from what is stored, until it has nothing to do. Raises Crash."""

    def built(store: Any, ledger: Any) -> Scheduler:
        return Scheduler(house.reader, store, ledger, clock=clock or (lambda: house.now))

    _run(house, built, crashing)


def _run(house: House, built: Callable[[Any, Any], Settlement | Scheduler], crashing: Crashing | None) -> None:
    store = ProcessStore(house.dsn)
    try:
        if crashing is None:
            process = built(store, house.ledger)
        else:
            process = built(crashing.around(store, "advance", "postpone"), crashing.around(house.ledger, "submit"))
        while process.step().advanced:
            pass
    finally:
        store.close()


def through(run: Callable[[House, Crashing | None], None], house: House, crashing: Crashing | None) -> Through:
    """Run a process of which one dies where it is told, until another one has finished its work."""
    left = [crashing]

    def once() -> None:
        try:
            run(house, left[0])
        except Crash:
            left[0] = None
            run(house, None)

    return once


def due(house: House, *, until: datetime) -> list[tuple[str, UUID]]:
    """What the scheduler remembers to fall due until then."""
    store = ProcessStore(house.dsn)
    try:
        return [(one.kind, one.stream) for one in store.due(until, limit=100)]
    finally:
        store.close()


def played_with_every_crash(
    postgres: Postgres, story: Callable[[House, Crashing | None], None]
) -> tuple[dict[UUID, list[Event]], int]:
    """The journal of a story, the same however often its process dies; and at how many places it was made to die."""
    with fresh_house(postgres) as house:
        story(house, None)
        undisturbed = house.told()
    places = 0
    for after in (False, True):
        for at in count(1):
            crashing = Crashing(at=at, after=after)
            with fresh_house(postgres) as house:
                story(house, crashing)
                assert house.told() == undisturbed, f"a crash {'after' if after else 'before'} call {at} changed it"
            if not crashing.fired:
                break
            places += 1
    return undisturbed, places
