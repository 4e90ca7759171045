"""Group 6: filters as Edge keeps them: in the memory of one node, for a minute after the last poll."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from typing import Any

import msgspec

from tests.support.edge.wire import Failure, handler_failed

NOT_FOUND = handler_failed("filter not found")
NO_LOG_FILTER = handler_failed("casting filter object to logFilter error")


class Filter(msgspec.Struct):
    """`query` is None for a filter of blocks. `polled` tells null from an empty list: the first poll without logs."""

    block: int
    expires_s: float
    query: dict[str, Any] | None
    polled: bool = False


class Filters:
    """`clock` gives seconds that only grow."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._filters: dict[str, Filter] = {}
        self._made = 0

    def add(self, *, block: int, query: dict[str, Any] | None, expiry_s: float) -> str:
        self._made += 1
        filter_id = "0x" + sha256(f"filter/{self._made}".encode()).hexdigest()[:32]
        self._filters[filter_id] = Filter(block, self._clock() + expiry_s, query)
        return filter_id

    def poll(self, filter_id: Any, *, expiry_s: float) -> Filter | Failure:
        """The filter, alive for another minute."""
        found = self._living(filter_id)
        if found is None:
            return NOT_FOUND
        found.expires_s = self._clock() + expiry_s
        return found

    def query_of(self, filter_id: Any) -> dict[str, Any] | Failure:
        """What a filter of logs asks for; asking for that keeps it no longer alive."""
        found = self._living(filter_id)
        if found is None:
            return NOT_FOUND
        return NO_LOG_FILTER if found.query is None else found.query

    def remove(self, filter_id: Any) -> bool:
        known = self._living(filter_id) is not None
        self._filters.pop(filter_id, None)
        return known

    def clear(self) -> None:
        self._filters.clear()

    def _living(self, filter_id: Any) -> Filter | None:
        found = self._filters.get(filter_id) if isinstance(filter_id, str) else None
        if found is not None and self._clock() >= found.expires_s:
            del self._filters[filter_id]
            return None
        return found
