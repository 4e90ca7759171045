"""The sweep: wakes every lane that has something to do, so that a lost message costs time and nothing else."""

from __future__ import annotations

from collections.abc import Callable

from chain_writer.store import WriterStore
from domain.progress import Progress


class Sweep:
    """`wake` is given the name of a lane and never raises: what it could not say now is said in the next step."""

    def __init__(self, store: WriterStore, wake: Callable[[str], None]) -> None:
        self._store = store
        self._wake = wake

    def step(self) -> Progress:
        """Advanced by 0, always: waking is a hint, and one that is repeated at leisure."""
        busy = self._store.busy_lanes()
        for lane in busy:
            self._wake(lane)
        return Progress(advanced=0, position=0, lag=len(busy))
