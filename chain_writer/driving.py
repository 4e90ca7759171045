"""Who drives the lanes of a process: one Lane a name, built when needed, thrown away when its services go away."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Protocol

import msgspec

from chain_writer.errors import OperatorNeeded
from domain.progress import Progress

STEPS_PER_DRIVE_MAX = 50
UNDRIVEN_S_MAX = 1.0  # the net under the messages: no lane is left alone for longer, Redis or not
MENDED_EVERY_S = 30.0  # how often a lane that waits for an operator is tried again

log = logging.getLogger(__name__)


class Driven(Protocol):
    """A lane, or what stands for one in a test of the driving alone."""

    def step(self) -> Progress: ...
    def rest(self) -> None: ...


class Built(msgspec.Struct, frozen=True):
    """A lane ready to be driven, and how to let go of what was opened for it."""

    lane: Driven
    close: Callable[[], None]


class _Seat:
    """What is kept for one name."""

    def __init__(self, now: datetime) -> None:
        self.turn = threading.Lock()
        self.again = False
        self.built: Built | None = None
        self.driven_at = now
        self.not_before = now
        self.trouble: str | None = None


class Lanes:
    """Drives lanes by name, each by one thread at a time. `drive` never raises: a defect is raised by the next `step`.

    `away` are the errors of services that come back: the lane is built anew at its next turn. A lane that needs an
    operator is left alone for a while; the others go on.
    """

    def __init__(
        self,
        build: Callable[[str], Built],
        names: Sequence[str],
        *,
        away: tuple[type[Exception], ...],
        clock: Callable[[], datetime],
    ) -> None:
        self._build = build
        self._away = away
        self._clock = clock
        self._seats = {name: _Seat(clock() - timedelta(seconds=UNDRIVEN_S_MAX)) for name in names}
        self._defect: BaseException | None = None
        self._advanced = 0

    @property
    def troubles(self) -> dict[str, str]:
        """What keeps a lane from being driven, by its name."""
        return {name: seat.trouble for name, seat in self._seats.items() if seat.trouble is not None}

    def drive(self, name: str) -> None:
        """Step a lane until it has nothing to do. A name that is driven already is driven once more after that."""
        seat = self._seats.get(name)
        if seat is None:
            log.warning("a message names lane %s, which this process does not have", name)
            return
        seat.again = True
        while seat.again and self._defect is None:
            if not seat.turn.acquire(blocking=False):
                return
            try:
                seat.again = False
                self._take_turn(name, seat)
            finally:
                seat.turn.release()

    def step(self) -> Progress:
        """Drive what no message has woken for a while. Raises the defect of any lane, which ends the process."""
        now = self._clock()
        for name, seat in self._seats.items():
            if now - seat.driven_at >= timedelta(seconds=UNDRIVEN_S_MAX):
                self.drive(name)
        if self._defect is not None:
            raise self._defect
        advanced, self._advanced = self._advanced, 0
        troubles = "; ".join(f"{name} waits: {trouble}" for name, trouble in self.troubles.items())
        return Progress(advanced=advanced, position=0, lag=len(self.troubles), trouble=troubles or None)

    def close(self) -> None:
        """Let go of every lane; a turn that is being taken ends first."""
        for name, seat in self._seats.items():
            with seat.turn:
                self._let_go(name, seat)

    def _take_turn(self, name: str, seat: _Seat) -> None:
        now = self._clock()
        seat.driven_at = now
        if now < seat.not_before:
            return
        try:
            if seat.built is None:
                seat.built = self._build(name)
            self._advanced += _run(seat.built.lane)
            seat.trouble = None
        except self._away as error:
            self._told(name, seat, f"{type(error).__name__}: {error}")
        except OperatorNeeded as need:
            self._told(name, seat, f"{type(need).__name__}: {need}")
            seat.not_before = now + timedelta(seconds=MENDED_EVERY_S)
        except BaseException as defect:
            log.exception("lane %s has a defect", name)
            self._defect = defect
            self._let_go(name, seat)

    def _told(self, name: str, seat: _Seat, trouble: str) -> None:
        if trouble != seat.trouble:
            log.error("lane %s waits: %s", name, trouble)
        seat.trouble = trouble
        self._let_go(name, seat)

    def _let_go(self, name: str, seat: _Seat) -> None:
        built, seat.built = seat.built, None
        if built is None:
            return
        try:
            built.lane.rest()
            built.close()
        except Exception as error:  # noqa: BLE001  # it is being thrown away, most often because its database went
            log.debug("while letting go of lane %s: %s", name, type(error).__name__)


def _run(lane: Driven) -> int:
    """Step until nothing advances, then rest, so that whoever hears the next message may take the lane."""
    advanced = 0
    for _ in range(STEPS_PER_DRIVE_MAX):
        done = lane.step().advanced
        advanced += done
        if not done:
            break
    lane.rest()
    return advanced
