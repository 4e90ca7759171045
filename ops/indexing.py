"""The indexer as its process runs it: how often it asks, and how its nodes do, told now and then."""

from __future__ import annotations

from collections.abc import Callable

from chain_indexer.health import Healths
from chain_indexer.indexer import Indexer
from chain_indexer.pace import Pace
from chain_indexer.store import IndexerStore
from domain.progress import Progress

NOTE_EVERY_S = 2.0


class Watched:
    """An indexer at its own pace. `rest` waits so many seconds, or shorter when the process is to end."""

    def __init__(
        self,
        indexer: Indexer,
        store: IndexerStore,
        healths: Healths,
        pace: Pace,
        *,
        clock_s: Callable[[], float],
        chance: Callable[[], float],
        rest: Callable[[float], object],
    ) -> None:
        self._indexer = indexer
        self._store = store
        self._healths = healths
        self._pace = pace
        self._clock_s = clock_s
        self._chance = chance
        self._rest = rest
        self._noted_at_s = float("-inf")

    def step(self) -> Progress:
        progress = self._indexer.step()
        now_s = self._clock_s()
        if self._indexer.head is not None:
            self._pace.saw(self._indexer.head.number, now_s=now_s)
            self._note(now_s)
        return progress

    def idle(self, _: Progress) -> None:
        self._rest(self._pace.wait_s(now_s=self._clock_s(), chance=self._chance()))

    def _note(self, now_s: float) -> None:
        """Only who leads has seen a head, and tells."""
        if now_s - self._noted_at_s >= NOTE_EVERY_S:
            self._store.note_nodes(self._healths.all, in_charge=self._healths.in_charge)
            self._noted_at_s = now_s
