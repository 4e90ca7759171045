"""How often a node may be asked: a steady number of requests a second, and the rest that the node itself asks for."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

RETRY_AFTER_S_MAX = 60.0  # of what a node asks for; longer would be a way to stop an indexer


class Budget:
    """Shared by everything that asks one node; safe for threads. `requests_per_s` of 0 is no limit.

    Whoever comes too soon waits for its turn. While the node rests nobody waits: the loop is told, so that it can ask
    another node, and not one request leaves.
    """

    def __init__(self, requests_per_s: float, *, clock_s: Callable[[], float], wait: Callable[[float], object]) -> None:
        assert requests_per_s >= 0
        self._gap_s = 1 / requests_per_s if requests_per_s else 0.0
        self._clock_s = clock_s
        self._wait = wait
        self._lock = threading.Lock()
        self._next_s = clock_s()
        self._rests_until_s = self._next_s

    def spend(self) -> float:
        """Wait for the turn of one request, and return 0; while the node rests, return at once the seconds left.

        The rest is looked at after the wait too: it may have been asked for meanwhile.
        """
        rests_s = self._rests_s()
        if rests_s > 0:
            return rests_s
        with self._lock:
            now_s = self._clock_s()
            turn_s = max(now_s, self._next_s)
            self._next_s = turn_s + self._gap_s
        if turn_s > now_s:
            self._wait(turn_s - now_s)
        return self._rests_s()

    def rest(self, seconds: float) -> None:
        """The node asked for so much rest; of several such words the longest counts."""
        with self._lock:
            until_s = self._clock_s() + min(max(0.0, seconds), RETRY_AFTER_S_MAX)
            self._rests_until_s = max(self._rests_until_s, until_s)

    def _rests_s(self) -> float:
        with self._lock:
            return max(0.0, self._rests_until_s - self._clock_s())


def retry_after_s(text: str | None, date: str | None) -> float | None:
    """The seconds that a `Retry-After` asks for, bounded; None if it says nothing that can be read.

    Where it names a moment, the answer's own `Date` is the clock it is laid beside: ours may differ from the node's.
    """
    if text is None:
        return None
    text = text.strip()
    if text.isascii() and text.isdigit():
        return min(float(text[:9]), RETRY_AFTER_S_MAX)
    moment, now = _moment(text), _moment(date)
    if moment is None or now is None:
        return None
    return min(max(0.0, (moment - now).total_seconds()), RETRY_AFTER_S_MAX)


def _moment(text: str | None) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text) if text else None
    except ValueError:
        return None
    return moment.replace(tzinfo=UTC) if moment is not None and moment.tzinfo is None else moment
