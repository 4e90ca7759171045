"""The size of the next range, and how far ahead headers are wanted."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain_indexer.ranges import (
    BLOCKS_PER_RANGE_MAX,
    BYTES_PER_RANGE_AIM,
    LOGS_PER_RANGE_AIM,
    RangeSize,
    lag_of,
    touches_head,
)

sizes = st.builds(RangeSize, st.integers(1, BLOCKS_PER_RANGE_MAX))


def test_a_refusal_halves_the_range_down_to_one_block() -> None:
    size, seen = RangeSize(1_000), []
    while not size.is_least:
        size = size.refused(size.blocks)
        seen.append(size.blocks)
    assert seen == [500, 250, 125, 62, 31, 15, 7, 3, 1]
    assert size.refused(1) == size


def test_small_answers_double_the_range_up_to_what_polygon_edge_takes() -> None:
    size = RangeSize(1)
    for _ in range(20):
        size = size.answered(blocks=size.blocks, logs=0, size_bytes=100)
    assert size.blocks == BLOCKS_PER_RANGE_MAX


def test_a_range_cut_short_by_the_head_says_nothing() -> None:
    assert RangeSize(100).answered(blocks=3, logs=0, size_bytes=100) == RangeSize(100)


@pytest.mark.parametrize(
    ("logs", "size_bytes"), [(LOGS_PER_RANGE_AIM + 1, 0), (0, BYTES_PER_RANGE_AIM + 1), (10**6, 10**9)]
)
def test_a_large_answer_halves_the_range(logs: int, size_bytes: int) -> None:
    assert RangeSize(100).answered(blocks=100, logs=logs, size_bytes=size_bytes) == RangeSize(50)


def test_a_range_of_an_earlier_size_halves_no_more_than_itself() -> None:
    size = RangeSize(1_000)
    for blocks in (1_000, 1_000, 1_000, 500, 250):
        size = size.answered(blocks=blocks, logs=10**6, size_bytes=0)
        assert size.blocks == min(500, blocks // 2)
    assert size.refused(1_000) == size


@given(st.integers(1, 500))
def test_a_size_that_doubled_is_not_halved_by_the_same_density(logs_per_block: int) -> None:
    size = RangeSize()
    for _ in range(40):
        size = size.answered(blocks=size.blocks, logs=size.blocks * logs_per_block, size_bytes=0)
    again = size.answered(blocks=size.blocks, logs=size.blocks * logs_per_block, size_bytes=0)
    assert again == size


@given(sizes, st.integers(1, 1_000), st.integers(0, 10**5), st.integers(0, 10**8))
def test_a_range_is_always_between_one_block_and_the_most(size: RangeSize, blocks: int, logs: int, n: int) -> None:
    assert 1 <= size.answered(blocks=blocks, logs=logs, size_bytes=n).blocks <= BLOCKS_PER_RANGE_MAX
    assert 1 <= size.refused(blocks).blocks <= BLOCKS_PER_RANGE_MAX


@given(st.integers(0, 10**6), st.integers(0, 10**6), sizes, st.integers(0, 1_000))
def test_headers_above_what_is_final_are_wanted_once_the_next_range_reaches_there(
    checkpoint: int, ahead: int, size: RangeSize, depth: int
) -> None:
    head = checkpoint + ahead
    touches = touches_head(checkpoint=checkpoint, head=head, size=size, finality_depth=depth)
    assert touches == (checkpoint + size.blocks >= head - depth)
    assert not touches or head - checkpoint <= size.blocks + depth


def test_lag_counts_final_blocks_or_what_the_node_lacks() -> None:
    assert lag_of(checkpoint=10, head=20, finality_depth=3) == 7
    assert lag_of(checkpoint=10, head=12, finality_depth=3) == 0
    assert lag_of(checkpoint=10, head=6, finality_depth=3) == 4
