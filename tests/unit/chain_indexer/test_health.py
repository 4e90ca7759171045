"""Which node is asked, and for how long one that failed is not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain_indexer.blocks import Header
from chain_indexer.health import ASIDE_S_MAX, ASIDE_S_MIN, BEHIND_BLOCKS_MAX, Health, chosen, names_of
from chain_indexer.pace import ARRIVALS_KNOWN, JITTER_SHARE, QUIET_S_MAX, Pace


def head(number: int) -> Header:
    return Header(number=number, hash="0x" + "00" * 32, parent_hash="0x" + "00" * 32, timestamp_s=0)


def healths(*heads: int | None) -> list[Health]:
    return [Health(name=str(n), head=None if h is None else head(h)) for n, h in enumerate(heads)]


def test_the_node_in_charge_stays_while_it_is_well_and_near() -> None:
    assert chosen(1, healths(20, 20, 20), now_s=0) == 1
    assert chosen(1, healths(20 + BEHIND_BLOCKS_MAX, 20, 20), now_s=0) == 1


def test_a_node_that_lags_loses_its_charge_to_the_first_that_does_not() -> None:
    assert chosen(1, healths(20, 20, 30, 30), now_s=0) == 2


def test_a_node_set_aside_is_not_asked_and_the_first_to_return_is_when_all_are() -> None:
    three = healths(20, 20, 20)
    three[0].failed("away", now_s=0)
    assert chosen(0, three, now_s=0.5) == 1
    assert chosen(0, three, now_s=ASIDE_S_MIN) == 0
    three[0].failed("away", now_s=0)
    for health in three[1:]:
        health.failed("away", now_s=0)
    assert chosen(0, three, now_s=0.5) == 1


def test_a_head_of_a_node_that_is_set_aside_draws_nobody() -> None:
    two = healths(20, 90)
    two[1].failed("it contradicts itself", now_s=0)
    assert chosen(0, two, now_s=0) == 0


def test_each_failure_doubles_the_time_and_being_well_again_forgets_them() -> None:
    (one,) = healths(None)
    times = []
    for _ in range(9):
        one.failed("x" * 10_000, now_s=0)
        times.append(one.aside_until_s)
    assert times == [1, 2, 4, 8, 16, 32, ASIDE_S_MAX, ASIDE_S_MAX, ASIDE_S_MAX]
    assert len(one.trouble) < 1_000
    one.seen(head(7), now_s=ASIDE_S_MAX - 1)
    assert one.failures == 9
    one.seen(head(7), now_s=ASIDE_S_MAX)
    assert (one.failures, one.trouble, one.head) == (0, "", head(7))


def test_names_of_nodes_hold_no_secret() -> None:
    assert names_of(["https://user:secret@a.example/key/123?x=y", "http://b:8545"]) == ["1:a.example", "2:b"]


# The pace.


def regular(pace: Pace, seconds: float) -> float:
    """Blocks at a fixed time. When the last came."""
    for number in range(ARRIVALS_KNOWN):
        pace.saw(100 + number, now_s=number * seconds)
    return (ARRIVALS_KNOWN - 1) * seconds


def test_blocks_that_come_regularly_are_asked_for_when_they_are_due() -> None:
    pace = Pace(0.2)
    last_s = regular(pace, 2.0)
    assert pace.wait_s(now_s=last_s, chance=0.5) == pytest.approx(1.4)
    assert pace.wait_s(now_s=last_s + 1.0, chance=0.5) == pytest.approx(0.4)
    assert pace.wait_s(now_s=last_s + 1.5, chance=0.5) == pytest.approx(0.2)
    assert pace.wait_s(now_s=last_s + 60, chance=0.5) == pytest.approx(0.2)


def test_blocks_that_come_whenever_they_like_are_polled_for() -> None:
    pace = Pace(0.2)
    last_s = regular(pace, 2.0)
    assert Pace(0.2).wait_s(now_s=0, chance=0.5) == 0.2
    pace.saw(200, now_s=last_s + 0.1)
    assert pace.wait_s(now_s=last_s + 0.1, chance=0.5) == pytest.approx(0.2)


def test_a_head_that_goes_back_is_learnt_anew() -> None:
    pace = Pace(0.2)
    last_s = regular(pace, 2.0)
    pace.saw(3, now_s=last_s)
    assert pace.wait_s(now_s=last_s, chance=0.5) == pytest.approx(0.2)


@given(st.floats(0.01, 60), st.floats(0.01, 100), st.floats(0, 1), st.floats(0, 1_000))
def test_nobody_rests_longer_than_the_poll_or_the_longest_quiet(
    poll_s: float, block_s: float, chance: float, later_s: float
) -> None:
    pace = Pace(poll_s)
    last_s = regular(pace, block_s)
    wait_s = pace.wait_s(now_s=last_s + later_s, chance=chance)
    assert poll_s * (1 - JITTER_SHARE) * 0.999 <= wait_s <= max(poll_s, QUIET_S_MAX) * (1 + JITTER_SHARE) * 1.001
