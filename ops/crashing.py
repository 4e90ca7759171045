"""A process that ends itself where it is told to, for whoever proves that nothing is lost by it. Local stacks only."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

from chain_indexer import indexer
from chain_writer.means import CRASH_POINTS, PROMISING_CRASH_POINTS, no_crash
from ops.places import write_secret
from ops.settings import Settings

POINTS = (*CRASH_POINTS, *PROMISING_CRASH_POINTS)  # of the writer
INDEXER_POINTS = indexer.CRASH_POINTS


class Crash:
    """Ends this process by SIGKILL at a point that its file names, such as `after allot:3`: at the third passing.

    The file is gone before the process is, so that whoever is started next lives.
    """

    def __init__(self, file: Path, *, end: Callable[[], None]) -> None:
        self._file = file
        self._end = end

    def __call__(self, point: str) -> None:
        try:
            wanted, _, passing = self._file.read_text().rpartition(":")
        except FileNotFoundError:
            return
        if wanted != point:
            return
        if int(passing) > 1:
            arm(self._file, point, passing=int(passing) - 1)
        else:
            self._file.unlink()
            self._end()


def arm(file: Path, point: str, *, passing: int = 1) -> None:
    """Let the next process that passes a point for the nth time end there."""
    assert point in (*POINTS, *INDEXER_POINTS)
    assert passing > 0
    write_secret(file, f"{point}:{passing}".encode("ascii"))


def crash_of(settings: Settings) -> Callable[[str], None]:
    """What is told of each crash point that is passed: nothing but what a crash file asks for."""
    if settings.crash_file is None:
        return no_crash
    return Crash(settings.crash_file, end=_killed)


def _killed() -> None:
    os.kill(os.getpid(), signal.SIGKILL)
