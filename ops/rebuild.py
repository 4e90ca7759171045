"""`rebuild`: views posted anew beside the live ones by several processes, compared, swapped; and the way back."""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from multiprocessing.connection import Connection, wait
from typing import Any, Protocol

import msgspec

from domain.topics import codec
from ops.errors import OperatorError
from ops.replica import reading_dsn
from ops.settings import Settings
from ops.wiring import reader_on
from projections.errors import RebuildRefused, SwapBlocked
from projections.rebuilding.nouns import Compared, Standing
from projections.rebuilding.rebuild import Rebuild
from projections.rebuilding.slices import Job, load_next
from projections.rebuilding.store import RebuildStore
from projections.views import VIEWS

LISTEN_S = 0.2
READING = 0.8  # of a slice's time; the rest is writing its rows
ROOM = "rebuild"


class RebuildFailed(OperatorError):
    """A process that loads has ended early. What it had finished stays; the same command goes on."""


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """What was asked for."""

    views: tuple[str, ...]
    to: int | None = None
    dry_run: bool = False
    despite_differences: bool = False
    processes: int = 2


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What became of it. `outcome`: swapped, stopped (rows differ), compared (a dry run), kept (as far as was asked).

    `seconds` are by phase: loading, indexing, following, comparing, swapping. `parked` are the streams that are parked
    in the new rows, counted in each view. `read_from`: the database or the replica; empty if nothing was loaded.
    `total_s` is from the start to the swap, or to wherever it ended.
    """

    views: tuple[str, ...]
    outcome: str
    position: int
    entries: int
    seconds: dict[str, float]
    compared: tuple[Compared, ...] = ()
    parked: int = 0
    read_from: str = ""
    total_s: float = 0.0

    @property
    def differing(self) -> list[Compared]:
        return [one for one in self.compared if not one.same and not one.declared]


class Watcher(Protocol):
    """Whoever is told how it goes on: a progress bar, or nobody."""

    def phase(self, name: str) -> None: ...
    def loaded(self, share: float, entries: int) -> None: ...


class Clocked:
    """Measures the phases, and tells the watcher of each."""

    def __init__(self, watcher: Watcher) -> None:
        self.seconds: dict[str, float] = {}
        self._watcher = watcher
        self._began = time.monotonic()

    def timed(self, report: Report, *, read_from: str = "") -> Report:
        """The report of what ends now."""
        total_s = round(time.monotonic() - self._began, 3)
        return msgspec.structs.replace(report, total_s=total_s, read_from=read_from)

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        self._watcher.phase(name)
        began = time.monotonic()
        yield
        self.seconds[name] = round(time.monotonic() - began, 3)


@contextmanager
def rebuild_on(settings: Settings) -> Iterator[Rebuild]:
    """The rebuild of a house, for one command. Raises OperatorError with what can be done."""
    reader = reader_on(settings, ROOM)
    store = RebuildStore(settings.dsn(ROOM))
    try:
        yield Rebuild(reader, store, views=VIEWS)
    except (RebuildRefused, SwapBlocked) as refused:
        raise OperatorError(str(refused) or str(refused.__doc__)) from None
    finally:
        store.close()
        reader.close()


def perform(settings: Settings, wish: Wish, *, watcher: Watcher) -> Report:
    """Begin a rebuild, or go on with it, and bring it to where it was asked to go."""
    clocked, read_from = Clocked(watcher), ""
    with rebuild_on(settings) as rebuild:
        standing = rebuild.begin(wish.views, to=wish.to, processes=wish.processes)
        if standing.state == "loading":
            read_from = "replica" if settings.replica_dsn(ROOM) else "database"
            with clocked.phase("loading"):
                _load(settings, rebuild, standing, processes=wish.processes, watcher=watcher)
            with clocked.phase("indexing"):
                rebuild.finish(standing)
        _, entries = rebuild.left(standing)
        if wish.to is not None:
            kept = Report(
                views=wish.views, outcome="kept", position=standing.target, entries=entries, seconds=clocked.seconds
            )
            return clocked.timed(kept, read_from=read_from)
        with clocked.phase("following"):
            rebuild.catch_up()
        return clocked.timed(_ended(rebuild, wish, entries, clocked), read_from=read_from)


def go_back(settings: Settings, view: str, *, watcher: Watcher) -> Report:
    """Swap a view back to the rows that its last swap put aside, posted up to now."""
    clocked = Clocked(watcher)
    with rebuild_on(settings) as rebuild:
        rebuild.back(view)
        with clocked.phase("following"):
            rebuild.catch_up()
        with clocked.phase("swapping"):
            position = rebuild.swap()
    back = Report(views=(view,), outcome="swapped", position=position, entries=0, seconds=clocked.seconds)
    return clocked.timed(back)


def drop(settings: Settings) -> Standing | None:
    """Give up the rebuild that is not over; None if there is none."""
    with rebuild_on(settings) as rebuild:
        return rebuild.drop()


def _ended(rebuild: Rebuild, wish: Wish, entries: int, clocked: Clocked) -> Report:
    """Compare, and swap if nothing speaks against it."""
    with clocked.phase("comparing"):
        compared = tuple(rebuild.compare())
    found = any(not one.same and not one.declared for one in compared)
    standing = rebuild.standing()
    position = standing.position
    if wish.dry_run:
        rebuild.drop()
        outcome = "compared"
    elif found and not wish.despite_differences:
        outcome = "stopped"
    else:
        with clocked.phase("swapping"):
            position = rebuild.swap()
        outcome = "swapped"
    return Report(
        views=wish.views,
        outcome=outcome,
        position=position,
        entries=entries,
        seconds=clocked.seconds,
        compared=compared,
        parked=rebuild.parked(standing),
    )


# Loading, by several processes.


def _load(settings: Settings, rebuild: Rebuild, standing: Standing, *, processes: int, watcher: Watcher) -> None:
    entries = reading_dsn(settings, ROOM, to=standing.target)
    job = Job(dsn=settings.dsn(ROOM), entries=entries, rebuild=standing.number, target=standing.target)
    weights = rebuild.weights(standing)
    while (missing := rebuild.left(standing)[0]) > 0:
        heard = _Heard(rebuild.slices(standing), weights, standing.target, watcher)
        _load_in_processes(job, min(processes, missing), heard)


class _Heard:
    """Adds up what the processes say: each slice weighs as much as it is work, and within it the journal is even."""

    def __init__(self, slices: dict[int, int | None], weights: dict[int, float], target: int, watcher: Watcher) -> None:
        self._target = max(target, 1)
        self._weights, self._whole = weights, sum(weights.values())
        self._shares = {number: 0.0 if entries is None else 1.0 for number, entries in slices.items()}
        self._entries = {number: entries or 0 for number, entries in slices.items()}
        self._watcher = watcher

    def __call__(self, number: int, position: int, entries: int) -> None:
        self._shares[number] = 1.0 if position >= self._target else READING * position / self._target
        self._entries[number] = entries
        done = sum(self._weights[number] * share for number, share in self._shares.items())
        self._watcher.loaded(done / self._whole, sum(self._entries.values()))


def _load_in_processes(job: Job, processes: int, heard: Callable[[int, int, int], None]) -> None:
    """Let processes load slices until none is left. Raises RebuildFailed if one of them fails."""
    # Forked where that is safe: a fresh interpreter costs a second of what takes a few.
    context: Any = multiprocessing.get_context("fork" if sys.platform == "linux" else "spawn")
    running: dict[Connection, Any] = {}
    for _ in range(processes):
        ours, theirs = context.Pipe(duplex=False)
        process = context.Process(target=_load_all, args=(job, theirs, os.getpid()), daemon=True)
        process.start()
        theirs.close()
        running[ours] = process
    failed: list[str] = []
    while running:
        for pipe in wait(list(running), LISTEN_S):
            assert isinstance(pipe, Connection)
            try:
                word = pipe.recv()
            except EOFError:
                process = running.pop(pipe)
                process.join()
                if process.exitcode:
                    failed.append(f"a process ended with {process.exitcode}")
                continue
            if isinstance(word, str):
                failed.append(word)
            else:
                heard(*word)
    if failed:
        raise RebuildFailed(f"{'; '.join(dict.fromkeys(failed))}: what is loaded stays, the same command goes on")


def _load_all(job: Job, pipe: Connection, parent: int) -> None:
    """One process: load slices until none is left. It ends with its parent."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.disable()  # rows and entries hold no cycles, and looking for some takes a third of the time

    def tell(number: int, position: int, entries: int) -> None:
        if os.getppid() != parent:
            os._exit(1)
        pipe.send((number, position, entries))

    reading = codec()
    try:
        while load_next(job, VIEWS, codec=reading, tell=tell) is not None:
            pass
    except Exception as error:  # noqa: BLE001  # the parent tells it; a trace of another process says no more
        pipe.send(f"{type(error).__name__}: {error}")
        os._exit(1)
    os._exit(0)


def chosen(views: Sequence[str], *, everything: bool) -> tuple[str, ...]:
    """The views that were named, or all. Raises OperatorError if neither or both were."""
    if everything == bool(views):
        raise OperatorError(f"name views ({', '.join(view.name for view in VIEWS)}), or --all")
    return tuple(view.name for view in VIEWS) if everything else tuple(dict.fromkeys(views))
