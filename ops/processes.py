"""The one runner of the house: steps loops for ever, each in a thread, rebuilding what lost its database or node."""

from __future__ import annotations

import logging
import os
import signal
import socket
import threading
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import httpx
import msgspec
import psycopg
import redis

from domain.errors import JournalBusy, JournalUnavailable
from domain.progress import Progress
from ops.heartbeats import BEAT_EVERY_S, Beat, beat, fall_silent

log = logging.getLogger(__name__)

PROCESSES = ("api", "projections", "processes", "writer", "worker", "indexer")

BACKOFF_S_MIN = 0.2
BACKOFF_S_MAX = 5.0
STOP_S_MAX = 15.0  # a loop that does not end its step within this is left behind

# What passes: the service comes back, and the loop, built anew from what is stored, goes on.
AWAY: tuple[type[Exception], ...] = (
    psycopg.OperationalError,
    psycopg.InterfaceError,
    httpx.HTTPError,
    redis.RedisError,
    JournalBusy,
    JournalUnavailable,
)


class Built(msgspec.Struct):
    """A loop ready to run: its step, what to do when there was nothing to do, and how to let go of everything."""

    step: Callable[[], Progress]
    idle: Callable[[Progress], None]
    close: Callable[[], None]


Named = tuple[str, Callable[[], Built]]


class Loop:
    """Steps one component until told to stop. A defect (anything not in AWAY) ends the whole process, loudly."""

    def __init__(self, name: str, build: Callable[[], Built], *, stop: threading.Event) -> None:
        self.name = name
        self.defect: BaseException | None = None
        self._build = build
        self._stop = stop
        self._progress = Progress(advanced=0, position=0, lag=0)
        self._advanced = 0
        self._trouble: str | None = "starting"

    @property
    def beat(self) -> Beat:
        progress = self._progress
        return Beat(
            loop=self.name,
            position=progress.position,
            lag=progress.lag,
            advanced=self._advanced,
            trouble=self._trouble or progress.trouble,
        )

    def run(self) -> None:
        pause_s = BACKOFF_S_MIN
        try:
            while not self._stop.is_set():
                before = self._advanced
                try:
                    self._live()
                except AWAY as error:
                    self._trouble = f"{type(error).__name__}: {error}".splitlines()[0]
                    log.warning("%s waits %.1f s: %s", self.name, pause_s, self._trouble)
                    self._stop.wait(pause_s)
                    pause_s = BACKOFF_S_MIN if self._advanced > before else min(pause_s * 2, BACKOFF_S_MAX)
        except BaseException as defect:
            log.exception("%s has a defect and stops the process", self.name)
            self.defect = defect
            self._stop.set()

    def _live(self) -> None:
        built = self._build()
        try:
            while not self._stop.is_set():
                self._progress = built.step()
                self._advanced += self._progress.advanced
                self._trouble = None
                if not self._progress.advanced and not self._stop.is_set():
                    built.idle(self._progress)
        finally:
            _quietly(built.close)


class Beating(Protocol):
    """What a heart speaks for."""

    @property
    def beat(self) -> Beat: ...


class Told:
    """A part of a process that is no loop of ours: it lives while the process lives."""

    def __init__(self, name: str) -> None:
        self.beat = Beat(loop=name, position=0, lag=0, advanced=0, trouble=None)


class Heart:
    """Says every two seconds how the loops of this process do. Its own trouble troubles nobody."""

    def __init__(self, dsn: str, process: str, loops: Sequence[Beating], *, stop: threading.Event) -> None:
        self._dsn = dsn
        self._process = process
        self._instance = f"{socket.gethostname()}:{os.getpid()}"
        self._loops = loops
        self._stop = stop

    def run(self) -> None:
        while not self._stop.is_set():
            try:
                with psycopg.connect(self._dsn, autocommit=True) as connection:
                    self._beat(connection)
            except psycopg.Error as error:
                log.debug("no heartbeat: %s", type(error).__name__)
                self._stop.wait(BEAT_EVERY_S)

    def _beat(self, connection: psycopg.Connection[Any]) -> None:
        while not self._stop.is_set():
            beats = [loop.beat for loop in self._loops]
            beat(connection, process=self._process, instance=self._instance, beats=beats)
            self._stop.wait(BEAT_EVERY_S)
        fall_silent(connection, process=self._process, instance=self._instance)


def run_loops(
    process: str, loops: Sequence[tuple[str, Callable[[], Built]]], *, dsn: str, stop: threading.Event
) -> int:
    """Run loops until SIGTERM or SIGINT, or until one has a defect. Returns the exit code: 0, or 1 after a defect."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    running = [Loop(name, build, stop=stop) for name, build in loops]
    heart = Heart(dsn, process, running, stop=stop)
    threads = [threading.Thread(target=loop.run, name=loop.name, daemon=True) for loop in running]
    threads.append(threading.Thread(target=heart.run, name="heart", daemon=True))
    for thread in threads:
        thread.start()
    log.info("%s runs: %s", process, ", ".join(loop.name for loop in running))
    stop.wait()
    for thread in threads:
        thread.join(STOP_S_MAX)
    late = [thread.name for thread in threads if thread.is_alive()]
    if late:
        log.warning("%s ends without waiting for %s", process, ", ".join(late))
    return 1 if any(loop.defect for loop in running) else 0


def _quietly(close: Callable[[], None]) -> None:
    try:
        close()
    except Exception as error:  # noqa: BLE001  # it is being thrown away; the reason it is was told already
        log.debug("while closing: %s", type(error).__name__)
