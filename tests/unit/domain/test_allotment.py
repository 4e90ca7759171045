"""Allotment: whole shares in proportion, to the last one; whoever asks for more never gets less."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.allotment import Wanted, pro_rata

wishes = st.lists(st.integers(1, 10**9), min_size=1, max_size=50)
few_wishes = st.lists(st.integers(1, 20), min_size=1, max_size=12)
available_shares = st.integers(0, 10**10)


def _asked(*shares: int) -> list[Wanted]:
    return [Wanted(UUID(int=place), one) for place, one in enumerate(shares)]


def _given(*shares: int, available: int) -> list[int]:
    return list(pro_rata(_asked(*shares), available=available).values())


@pytest.mark.parametrize(
    ("wanted", "available", "parts"),
    [
        ((10, 20), 30, [10, 20]),
        ((10, 20), 100, [10, 20]),
        ((10, 20), 15, [5, 10]),
        ((10, 10, 10), 10, [4, 3, 3]),
        ((10, 10, 10), 11, [4, 4, 3]),
        ((1, 1, 1), 1, [1, 0, 0]),
        ((1, 2), 2, [1, 1]),
        ((7, 2, 1), 5, [4, 1, 0]),
        ((90, 90), 120, [60, 60]),
        ((5, 5), 0, [0, 0]),
    ],
)
def test_parts_are_whole_shares_and_what_is_left_goes_to_the_largest_remainders(
    wanted: tuple[int, ...], available: int, parts: list[int]
) -> None:
    assert _given(*wanted, available=available) == parts


def test_nobody_wants_anything_and_nothing_is_given() -> None:
    assert pro_rata([], available=5) == {}


@given(wishes, available_shares)
def test_exactly_what_is_there_is_given_or_all_that_is_wanted(wanted: list[int], available: int) -> None:
    assert sum(_given(*wanted, available=available)) == min(available, sum(wanted))


@given(wishes, available_shares)
def test_nobody_gets_more_than_they_asked_for_nor_less_than_nothing(wanted: list[int], available: int) -> None:
    parts = _given(*wanted, available=available)
    assert all(0 <= part <= asked for part, asked in zip(parts, wanted, strict=True))


@given(wishes, available_shares)
def test_everybody_is_within_one_share_of_their_proportion(wanted: list[int], available: int) -> None:
    available = min(available, sum(wanted))
    for part, asked in zip(_given(*wanted, available=available), wanted, strict=True):
        assert abs(part - Fraction(asked * available, sum(wanted))) < 1


@given(wishes, available_shares)
def test_whoever_asks_for_more_never_gets_less(wanted: list[int], available: int) -> None:
    parts = _given(*wanted, available=available)
    by_wish = sorted(zip(wanted, parts, strict=True))
    for (asked, part), (more_asked, more_part) in pairwise(by_wish):
        assert asked == more_asked or part <= more_part


@given(few_wishes, st.integers(0, 200), st.randoms(use_true_random=False))
def test_the_order_only_breaks_ties(wanted: list[int], available: int, chance: object) -> None:
    """In another order the same shares go to the same wishes; only between equals the earlier one is preferred."""
    shuffled = list(wanted)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]

    def parts_of_each_wish(order: list[int]) -> list[tuple[int, int]]:
        return sorted(zip(order, _given(*order, available=available), strict=True))

    total, left = sum(wanted), min(available, sum(wanted))
    tied = {
        (one, other)
        for one in wanted
        for other in wanted
        if one != other and one * left % total == other * left % total
    }
    if not tied:
        assert parts_of_each_wish(shuffled) == parts_of_each_wish(wanted)
    assert sum(_given(*shuffled, available=available)) == sum(_given(*wanted, available=available))


@given(st.integers(1, 20), st.integers(2, 12), st.integers(0, 240))
def test_between_equals_the_earlier_commitment_gets_the_share_that_is_left(
    asked: int, people: int, available: int
) -> None:
    parts = _given(*[asked] * people, available=available)
    assert parts == sorted(parts, reverse=True)
    assert parts[0] - parts[-1] <= 1


@given(few_wishes, st.integers(0, 200))
def test_an_auditor_works_out_the_same(wanted: list[int], available: int) -> None:
    assert pro_rata(_asked(*wanted), available=available) == pro_rata(_asked(*wanted), available=available)


@given(few_wishes, st.integers(0, 200))
def test_each_part_belongs_to_its_own_investment(wanted: list[int], available: int) -> None:
    assert list(pro_rata(_asked(*wanted), available=available)) == [one.investment_id for one in _asked(*wanted)]
