"""Ranges that are read before their turn, and taken strictly in the order of the chain."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Protocol

import msgspec

from chain_indexer.blocks import Reading

Read = Callable[[], Reading]


class Hands(Protocol):
    """Who reads: threads beside the loop, or the loop itself where each step must come out the same every time."""

    def begin(self, read: Read) -> Future[Reading]: ...
    def close(self) -> None: ...


class ManyHands:
    """So many ranges at once, each in a thread."""

    def __init__(self, ranges: int) -> None:
        self._threads = ThreadPoolExecutor(ranges, thread_name_prefix="range")

    def begin(self, read: Read) -> Future[Reading]:
        return self._threads.submit(read)

    def close(self) -> None:
        """What is being read comes to an end by itself; nobody waits for it."""
        self._threads.shutdown(wait=False, cancel_futures=True)


class OneHand:
    """Each range is read whole when it is begun, by whoever begins it."""

    def begin(self, read: Read) -> Future[Reading]:
        future: Future[Reading] = Future()
        try:
            future.set_result(read())
        except Exception as error:  # noqa: BLE001  # it is raised when the range has its turn
            future.set_exception(error)
        return future

    def close(self) -> None:
        """Nothing is open."""


class Begun(msgspec.Struct, frozen=True):
    """A range that is being read, or is read. `children` of the factory's were known when it was asked for."""

    first: int
    last: int
    children: int
    reading: Future[Reading]


class Ahead:
    """A window of ranges that follow each other without a gap.

    One range until it was answered, then as many as are allowed: the first one tells how much such a range holds, and
    whose logs to ask for.
    """

    def __init__(self, hands: Hands, *, ranges: int) -> None:
        assert ranges >= 1
        self._hands = hands
        self._ranges = ranges
        self._is_wide = False
        self._begun: deque[Begun] = deque()

    @property
    def is_full(self) -> bool:
        return len(self._begun) >= (self._ranges if self._is_wide else 1)

    def next_after(self, checkpoint: int) -> int:
        """The first block that no range of the window holds. A window that does not begin there is of no more use."""
        if self._begun and self._begun[0].first != checkpoint + 1:
            self.forget()
        return self._begun[-1].last + 1 if self._begun else checkpoint + 1

    def begin(self, first: int, last: int, *, children: int, read: Read) -> None:
        assert first <= last
        assert not self._begun or self._begun[-1].last + 1 == first
        assert not self.is_full
        self._begun.append(Begun(first, last, children, self._hands.begin(read)))

    def take(self) -> Begun:
        """The first range. Its reading raises whatever went wrong with it."""
        return self._begun.popleft()

    def widen(self) -> None:
        """A range was answered."""
        self._is_wide = True

    def forget(self) -> None:
        """What was read so far is of no use any more; what is still being read is not waited for."""
        for begun in self._begun:
            begun.reading.cancel()
        self._begun.clear()
        self._is_wide = False
