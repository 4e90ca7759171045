"""A node is asked no oftener than it may be, and not at all while it wants rest."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest

from chain_indexer.budget import RETRY_AFTER_S_MAX, Budget, retry_after_s
from chain_indexer.node import Node, NodeRests, NodeUnavailable
from tests.support.chain import ChainAtHand
from tests.support.edge import EdgeProxy, HttpStatus

DATE = "Wed, 21 Oct 2026 07:28:00 GMT"


class Clock:
    """Moves only when somebody waits, or a test says so."""

    def __init__(self) -> None:
        self.now_s = 1_000.0
        self._lock = threading.Lock()

    def __call__(self) -> float:
        return self.now_s

    def wait(self, seconds: float) -> None:
        with self._lock:
            self.now_s += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def edge(chain: ChainAtHand) -> Iterator[EdgeProxy]:
    with EdgeProxy(chain.url) as proxy:
        yield proxy


def budget(clock: Clock, requests_per_s: float = 0) -> Budget:
    return Budget(requests_per_s, clock_s=clock, wait=clock.wait)


def test_requests_that_come_too_soon_wait_for_their_turn(clock: Clock) -> None:
    bounded = budget(clock, 4)
    for _ in range(9):
        assert bounded.spend() == 0
    assert clock.now_s == 1_002.0


def test_a_pause_saves_up_no_requests(clock: Clock) -> None:
    bounded = budget(clock, 4)
    clock.wait(3_600)
    began_s = clock.now_s
    for _ in range(5):
        bounded.spend()
    assert clock.now_s == began_s + 1.0


def test_without_a_limit_nobody_waits(clock: Clock) -> None:
    free = budget(clock)
    assert [free.spend() for _ in range(1_000)] == [0.0] * 1_000
    assert clock.now_s == 1_000.0


def test_threads_share_one_budget(clock: Clock) -> None:
    asked: list[float] = []
    shared = Budget(10, clock_s=clock, wait=asked.append)
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda _: shared.spend(), range(20)))
    assert sorted(asked) == pytest.approx([turn / 10 for turn in range(1, 20)])


def test_the_longest_rest_counts_and_none_is_longer_than_the_bound(clock: Clock) -> None:
    resting = budget(clock)
    resting.rest(30)
    resting.rest(2)
    assert resting.spend() == 30
    resting.rest(10**9)
    assert resting.spend() == RETRY_AFTER_S_MAX
    clock.wait(RETRY_AFTER_S_MAX)
    assert resting.spend() == 0


def test_a_rest_that_is_asked_for_during_a_wait_holds_back_the_waiting_too(clock: Clock) -> None:
    def wait(seconds: float) -> None:
        clock.wait(seconds)
        bounded.rest(5)

    bounded = Budget(1, clock_s=clock, wait=wait)
    assert bounded.spend() == 0
    assert bounded.spend() == 5


@pytest.mark.parametrize(
    ("text", "date", "seconds"),
    [
        (None, DATE, None),
        ("0", None, 0),
        (" 7 ", None, 7),
        ("9" * 400, None, RETRY_AFTER_S_MAX),
        ("Wed, 21 Oct 2026 07:28:09 GMT", DATE, 9),
        ("Wed, 21 Oct 2026 07:28:09 GMT", None, None),
        ("Wed, 21 Oct 2020 07:28:00 GMT", DATE, 0),
        ("Wed, 21 Oct 2030 07:28:00 GMT", DATE, RETRY_AFTER_S_MAX),
        ("-1", DATE, None),
        ("²", DATE, None),
        ("soon", DATE, None),
        ("", DATE, None),
    ],
)
def test_what_retry_after_says_is_read_strictly_and_bounded(
    text: str | None, date: str | None, seconds: float | None
) -> None:
    assert retry_after_s(text, date) == seconds


@pytest.mark.parametrize("status", [429, 503])
def test_a_node_that_asks_for_rest_is_left_alone_until_it_is_over(
    edge: EdgeProxy, chain: ChainAtHand, clock: Clock, status: int
) -> None:
    with closing(Node(edge.url, budget=budget(clock))) as node:
        sent = edge.fault(HttpStatus(status, retry_after="7"), times=10)
        with pytest.raises(NodeUnavailable, match=f"HTTP {status}"):
            node.look([])
        for _ in range(50):  # a loop that does not rest by itself
            with pytest.raises(NodeRests, match=r"7\.0 s of it are left"):
                node.headers(1, 60)
        assert sent.caught == 1
        sent.cancel()
        clock.wait(7)
        assert node.look([]).head.number == chain.rpc.number("eth_blockNumber")


def test_the_answer_of_a_busy_node_that_names_no_time_keeps_nobody_away(edge: EdgeProxy, clock: Clock) -> None:
    with closing(Node(edge.url, budget=budget(clock))) as node:
        edge.fault(HttpStatus(503))
        with pytest.raises(NodeUnavailable, match="HTTP 503"):
            node.look([])
        assert node.look([]).headers == {}
