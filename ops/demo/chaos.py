"""Chaos: each process and each service is killed once, each at another point of the run's progress."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Sequence
from typing import Protocol

import msgspec

from ops.demo.board import Half, Stage
from ops.demo.errors import Surprised

ALIVE_POLL_S = 0.05
ALIVE_S_MAX = 60.0  # for something killed to be alive again

# Where in the circle something may be killed: the stage, whether its beginnings or its ends are counted, and between
# which parts of them. A stage on the chain that has begun and not ended is a posting in flight.
MOMENTS: tuple[tuple[str, Half, float, float], ...] = (
    ("registered", "begun", 0.5, 1.0),
    ("introduced", "done", 0.2, 0.9),
    ("deployed", "begun", 0.5, 1.0),
    ("committed", "done", 0.1, 0.6),
    ("paid", "done", 0.2, 0.9),
    ("recorded", "begun", 0.5, 1.0),
    ("closed", "begun", 0.5, 1.0),
    ("certified", "begun", 0.1, 0.9),
    ("refunded", "begun", 0.1, 0.9),
    ("released", "begun", 1.0, 1.0),
)


class Killable(Protocol):
    """What chaos needs of a house."""

    @property
    def names(self) -> Sequence[str]: ...

    @property
    def pids(self) -> dict[str, int | None]: ...

    def kill(self, name: str) -> None: ...


class Strike(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be killed, and when: once so many of a stage are begun or done."""

    name: str
    stage: str
    half: Half
    count: int


class Kill(msgspec.Struct, frozen=True, kw_only=True):
    """One kill that happened."""

    name: str
    pid: int
    at_s: float
    when: str
    journal_position: int


def strikes(names: Sequence[str], stages: dict[str, Stage], *, chance: random.Random) -> list[Strike]:
    """One strike a name, spread over the moments in an order that the chance decides."""
    moments = list(MOMENTS)
    while len(moments) > len(names):
        moments.pop(chance.randrange(len(moments)))
    while len(moments) < len(names):
        moments.append(chance.choice(MOMENTS))
    shuffled = list(names)
    chance.shuffle(shuffled)
    return [
        Strike(
            name=name,
            stage=stage,
            half=half,
            count=max(1, round(stages[stage].total * chance.uniform(lowest, highest))),
        )
        for name, (stage, half, lowest, highest) in zip(shuffled, moments, strict=True)
    ]


class Chaos:
    """Watches the board and strikes. Nothing waits for it: the run goes on while something dies under it."""

    def __init__(
        self,
        house: Killable,
        planned: Sequence[Strike],
        *,
        clock: Callable[[], float],
        position: Callable[[], int],
        on_kill: Callable[[Kill], None],
    ) -> None:
        self.kills: list[Kill] = []
        self._house = house
        self._waiting = list(planned)
        self._clock = clock
        self._position = position
        self._on_kill = on_kill
        self._strikes: list[asyncio.Task[None]] = []

    def observe(self, stage: Stage, half: Half) -> None:
        """For the board: strike whatever is due now."""
        count = stage.begun if half == "begun" else stage.done
        for strike in [s for s in self._waiting if (s.stage, s.half) == (stage.name, half) and s.count <= count]:
            self._waiting.remove(strike)
            when = f"{stage.label}: {count} of {stage.total} {half}"
            self._strikes.append(asyncio.create_task(self._kill(strike.name, when)))

    async def settle(self) -> None:
        """Wait until every strike has happened and everything is alive again. Raises Surprised if it does not live."""
        await asyncio.gather(*self._strikes)
        assert not self._waiting
        killed = {kill.name: kill.pid for kill in self.kills}
        for name in self._house.names:
            if await self._alive(name) == killed.get(name):
                raise Surprised(f"{name} was killed, and lives on as process {killed[name]}")

    async def _alive(self, name: str) -> int:
        """The pid of something, as soon as it lives."""
        deadline_s = self._clock() + ALIVE_S_MAX
        while True:
            pid = self._house.pids[name]
            if pid is not None:
                return pid
            if self._clock() > deadline_s:
                raise Surprised(f"{name} is not alive again after {ALIVE_S_MAX:.0f} s")
            await asyncio.sleep(ALIVE_POLL_S)

    async def _kill(self, name: str, when: str) -> None:
        # It may be dead at this moment for want of something killed before: only what lives can be killed.
        pid = await self._alive(name)
        await asyncio.to_thread(self._house.kill, name)
        kill = Kill(name=name, pid=pid, at_s=round(self._clock(), 2), when=when, journal_position=self._position())
        self.kills.append(kill)
        self._on_kill(kill)
