"""Several addresses of one chain, asked as if they were one: whoever fails, lags or contradicts is set aside.

One node is in charge, so that what is read together comes from one view of the chain. Mixing answers would be harmless,
since everything is held together by hashes, but would look like contradictions all the time.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from abis import Generation
from chain_indexer.blocks import Header, RangeLogs, Seen
from chain_indexer.health import Healths, chosen
from chain_indexer.logs import Logs
from chain_indexer.node import NO_LOGS, Chain, NodeLagging, NodeUnavailable, RangeRefused

OTHER_CHAIN = "it is of another chain"
LOOK_EVERY_S = 5.0  # at the nodes that are not in charge

Answer = TypeVar("Answer")


class Nodes:
    """Speaks as one node. A call that fails is made again at the next one, until all have failed."""

    def __init__(
        self, nodes: Sequence[Chain], healths: Healths, generation: Generation, *, clock_s: Callable[[], float]
    ) -> None:
        assert len(nodes) == len(healths.all)
        self._nodes = nodes
        self._healths = healths
        self._generation = generation
        self._clock_s = clock_s
        self._lock = threading.Lock()
        self._threads = ThreadPoolExecutor(len(nodes), thread_name_prefix="health")
        self._looking: set[int] = set()

    def look(self, numbers: Sequence[int]) -> Seen:
        self._look_around()

        def look(place: int) -> Seen:
            return self._own(place, self._nodes[place].look(numbers))

        return self._asked(look)

    def headers(self, first: int, last: int) -> tuple[Header, ...]:
        return self._asked(lambda place: self._nodes[place].headers(first, last))

    def logs(self, first: int, last: int, addresses: Sequence[str]) -> RangeLogs:
        return self._asked(lambda place: self._nodes[place].logs(first, last, addresses))

    def logs_of(self, header: Header, addresses: Sequence[str]) -> RangeLogs:
        return self._asked(lambda place: self._nodes[place].logs_of(header, addresses))

    def logs_by_receipts(self, blocks: Sequence[Header], addresses: Sequence[str], *, like: Logs = NO_LOGS) -> Logs:
        return self._asked(lambda place: self._nodes[place].logs_by_receipts(blocks, addresses, like=like))

    def codes(self, addresses: Sequence[str]) -> dict[str, bytes]:
        return self._asked(lambda place: self._nodes[place].codes(addresses))

    def doubt(self, reason: str) -> bool:
        """Set the node in charge aside; whether another one is well. A single node stays in charge."""
        if len(self._nodes) == 1:
            return False
        self._failed(self._healths.in_charge, reason)
        now_s = self._clock_s()
        return any(health.aside_until_s <= now_s for health in self._healths.all)

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)
        for node in self._nodes:
            node.close()

    def _asked(self, ask: Callable[[int], Answer]) -> Answer:
        tried: set[int] = set()
        while True:
            place = self._choose()
            tried.add(place)
            try:
                return ask(place)
            except RangeRefused:
                raise
            except NodeUnavailable as error:
                self._failed(place, str(error))
                if self._choose() in tried:
                    raise

    def _choose(self) -> int:
        with self._lock:
            healths = self._healths
            healths.in_charge = chosen(healths.in_charge, healths.all, now_s=self._clock_s())
            return healths.in_charge

    def _failed(self, place: int, trouble: str) -> None:
        with self._lock:
            self._healths.all[place].failed(trouble, now_s=self._clock_s())

    def _own(self, place: int, seen: Seen) -> Seen:
        """Note the head. A node of another chain fails, unless all others are so too: that is for the loop to judge."""
        pinned = self._generation
        is_ours = (seen.chain_id, seen.genesis_hash) == (pinned.chain_id, pinned.genesis_hash.lower())
        others = [health for at, health in enumerate(self._healths.all) if at != place]
        if not is_ours and not all(health.trouble.startswith(OTHER_CHAIN) for health in others):
            raise NodeLagging(f"{OTHER_CHAIN}: id {seen.chain_id}, genesis {seen.genesis_hash}")
        with self._lock:
            self._healths.all[place].seen(seen.head, now_s=self._clock_s())
        return seen

    def _look_around(self) -> None:
        """Begin to look at the others, now and then; whoever does not answer keeps nobody waiting."""
        now_s = self._clock_s()
        for place, health in enumerate(self._healths.all):
            is_due = now_s >= max(health.looked_at_s + LOOK_EVERY_S, health.aside_until_s)
            if is_due and place != self._healths.in_charge and place not in self._looking:
                self._looking.add(place)
                self._threads.submit(self._look_at, place)

    def _look_at(self, place: int) -> None:
        try:
            self._own(place, self._nodes[place].look([]))
        except NodeUnavailable as error:
            self._failed(place, str(error))
        finally:
            self._looking.discard(place)
