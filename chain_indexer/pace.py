"""When to ask for a new head: often when a block is due, seldom right after one came. It remembers arrivals only."""

from __future__ import annotations

import statistics
from collections import deque
from itertools import pairwise

ARRIVALS_KNOWN = 9
REGULAR_SHARE = 0.7  # blocks that never come sooner than this share of their usual time are regular
QUIET_SHARE = 0.7  # of the usual time that passes before the next block is asked for
QUIET_S_MAX = 5.0
JITTER_SHARE = 0.1  # so that many indexers do not ask one node in step


class Pace:
    """Learns from when heads arrived. Blocks that come whenever they like are polled for at the given interval."""

    def __init__(self, poll_s: float) -> None:
        self._poll_s = poll_s
        self._arrivals: deque[tuple[int, float]] = deque(maxlen=ARRIVALS_KNOWN)

    def saw(self, head: int, *, now_s: float) -> None:
        if not self._arrivals or head > self._arrivals[-1][0]:
            self._arrivals.append((head, now_s))
        elif head < self._arrivals[-1][0]:
            self._arrivals.clear()

    def wait_s(self, *, now_s: float, chance: float) -> float:
        """How long to rest. `chance` is from 0 to 1."""
        jitter = 1 + JITTER_SHARE * (2 * chance - 1)
        usual_s = self._usual_s()
        quiet_s = 0.0
        if usual_s is not None:
            quiet_s = min(QUIET_S_MAX, self._arrivals[-1][1] + QUIET_SHARE * usual_s - now_s)
        return max(self._poll_s, quiet_s) * jitter

    def _usual_s(self) -> float | None:
        """The usual seconds between blocks; None while they are not known, or are not regular."""
        arrivals = list(self._arrivals)
        gaps_s = [(b[1] - a[1]) / (b[0] - a[0]) for a, b in pairwise(arrivals)]
        if len(gaps_s) < ARRIVALS_KNOWN - 1:
            return None
        usual_s = statistics.median(gaps_s)
        return usual_s if min(gaps_s) >= REGULAR_SHARE * usual_s else None
