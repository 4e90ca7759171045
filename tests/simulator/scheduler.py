"""Processes as greenlets of one thread: at each call to the outside another one may go on, or this one may die.

A process has nothing but what its body builds; when it is killed, all of that is gone, and its connections with it.
The production code that runs in a body knows nothing of this: only its ports lead here.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from random import Random
from types import FrameType
from typing import Any

from greenlet import greenlet  # type: ignore[import-untyped]

TRACED = ("/chain_writer/", "/chain_indexer/", "/projections/", "/domain/")


class Crash(BaseException):
    """The process is gone, wherever it was."""


class Process:
    """`body` runs until it is killed. It is given this process and calls `rest` when it has nothing to do."""

    def __init__(self, name: str, body: Callable[[Process], None]) -> None:
        self.name = name
        self.connections: list[Any] = []
        self.resting = False
        self.asleep_until = 0
        self.lines_left: int | None = None  # traced lines until it is killed
        self._body = body
        self._greenlet: greenlet | None = None

    def go(self) -> None:
        """Run until the next switch. A process that is not there is started."""
        if self._greenlet is None or self._greenlet.dead:
            self._greenlet = greenlet(self._run)
        self._greenlet.switch()

    def kill(self) -> None:
        """Where it stands. What it would still have done, it never does."""
        running, self._greenlet = self._greenlet, None
        if running is not None and not running.dead:
            running.throw(Crash)
        self._gone()

    def pause(self) -> None:
        """Let others go on; from inside. Its trace stays with it: a trace is of the whole thread."""
        assert self._greenlet is not None
        tracing = sys.gettrace()
        sys.settrace(None)
        self._greenlet.parent.switch()
        sys.settrace(tracing)

    def rest(self) -> None:
        self.resting = True
        self.pause()
        self.resting = False

    def _run(self) -> None:
        self.resting = False
        try:
            if self.lines_left is not None:
                sys.settrace(self._trace)
            self._body(self)
        except Crash:
            self._gone()
        finally:
            sys.settrace(None)

    def disconnect(self) -> None:
        """Its connections are closed, and what they locked is free."""
        for connection in self.connections:
            connection.close()
        self.connections.clear()

    def _gone(self) -> None:
        self.lines_left = None
        self.disconnect()

    def _trace(self, frame: FrameType, event: str, _argument: Any) -> Any:
        if not any(part in frame.f_code.co_filename for part in TRACED) or "/tests/" in frame.f_code.co_filename:
            return None
        if event == "line" and self.lines_left is not None:
            self.lines_left -= 1
            if self.lines_left <= 0:
                self.lines_left = None
                raise Crash
        return self._trace


class Scheduler:
    """Chooses who goes on. `switching` is the chance that a call to the outside lets another one go first."""

    def __init__(self, random: Random, *, switching: float) -> None:
        self.random = random
        self.switching = switching
        self.processes: list[Process] = []
        self.turn = 0
        self.running: Process | None = None

    def add(self, name: str, body: Callable[[Process], None]) -> Process:
        process = Process(name, body)
        self.processes.append(process)
        return process

    def reach(self) -> Process | None:
        """A call to the outside begins or ends: whose it is, after others have perhaps gone on."""
        process = self.running
        if process is not None and self.random.random() < self.switching:
            process.pause()
        return process

    def take_turn(self) -> Process | None:
        """Somebody who is not asleep goes on, until it pauses or rests."""
        self.turn += 1
        awake = [process for process in self.processes if process.asleep_until <= self.turn]
        if not awake:
            return None
        process = self.random.choice(awake)
        self.let(process)
        return process

    def let(self, process: Process) -> None:
        """This one goes on."""
        self.running = process
        try:
            process.go()
        finally:
            self.running = None

    def end(self) -> None:
        """Nobody is left behind."""
        for process in self.processes:
            process.kill()


class Port:
    """Stands before an object that leads outside: each call of it may let others go on first."""

    def __init__(self, target: Any, reach: Callable[[str], None]) -> None:
        self._target = target
        self._reach = reach

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._target, name)
        if not callable(found):
            return found

        def called(*arguments: Any, **named: Any) -> Any:
            self._reach(name)
            return found(*arguments, **named)

        self.__dict__[name] = called
        return called
