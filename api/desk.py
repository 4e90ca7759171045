"""Blocking readers behind an event loop: each seat is one thread with one connection, opened when first needed."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Generic, Protocol, TypeVar

from api.store import DATABASE_AWAY


class Closeable(Protocol):
    def close(self) -> None: ...


Reader = TypeVar("Reader", bound=Closeable)
Found = TypeVar("Found")


class Desk(Generic[Reader]):
    """Answers questions from an event loop with readers that block. May be asked before its database is there.

    A reader kept from an earlier question may have lost its connection since: then the question is put once more to a
    new one. What a new one cannot answer is raised.
    """

    def __init__(self, make: Callable[[], Reader], *, seats: int, name: str) -> None:
        self._make = make
        self._kept: deque[Reader] = deque()
        self._threads = ThreadPoolExecutor(max_workers=seats, thread_name_prefix=name)

    async def ask(self, question: Callable[[Reader], Found]) -> Found:
        """Put a question to a reader that nobody else uses meanwhile. Raises what the question raises."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._answer, question)

    def _answer(self, question: Callable[[Reader], Found]) -> Found:
        try:
            kept = self._kept.pop()
        except IndexError:
            return self._put(self._make(), question)
        with suppress(*DATABASE_AWAY):
            return self._put(kept, question)
        return self._put(self._make(), question)

    def _put(self, reader: Reader, question: Callable[[Reader], Found]) -> Found:
        try:
            found = question(reader)
        except BaseException:
            with suppress(Exception):  # it is being thrown away, and why is told already
                reader.close()
            raise
        self._kept.append(reader)
        return found

    def close(self) -> None:
        """Wait for the questions under way, then let go of every connection."""
        self._threads.shutdown(wait=True, cancel_futures=True)
        while self._kept:
            self._kept.pop().close()
