"""Money: five accounts that sum to zero, fees and parts that add up to the last unit, business days."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.money import Accounts, business_days_after, fee_of, part_of
from domain.values import BPS, WEI_MAX

NAMES = [field.name for field in msgspec.structs.fields(Accounts)]
amounts = st.integers(1, WEI_MAX)
parts_of_the_whole = st.integers(0, BPS)


def total(accounts: Accounts) -> int:
    return sum(getattr(accounts, name) for name in NAMES)


# Double entry.


@given(st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES), amounts)))
def test_whatever_moves_the_accounts_sum_to_zero(moves: list[tuple[str, str, int]]) -> None:
    accounts = Accounts()
    for source, target, amount in moves:
        if source != target:
            accounts = accounts.moved(source, target, amount)
        assert total(accounts) == 0


def test_a_move_takes_from_one_and_gives_to_another() -> None:
    paid = Accounts().moved("investors", "escrow", 80_000)
    released = paid.moved("escrow", "issuer", 78_000).moved("escrow", "fees", 2_000)
    assert paid == Accounts(investors=-80_000, escrow=80_000)
    assert released == Accounts(investors=-80_000, issuer=78_000, fees=2_000)
    assert paid.moved("escrow", "investors", 80_000) == Accounts()


@given(amounts, st.data())
def test_what_follows_the_rules_passes_the_check(amount: int, data: st.DataObject) -> None:
    fee = data.draw(st.integers(0, amount))
    claim = data.draw(amounts)
    accounts = Accounts().moved("investors", "escrow", amount)
    accounts.check()
    released = accounts.moved("escrow", "issuer", amount - fee).moved("escrow", "fees", fee)
    released.check()
    claimed = released.moved("claims", "investors", claim)
    claimed.check()
    assert total(claimed) == 0


@pytest.mark.parametrize(
    "impossible",
    [
        Accounts(escrow=1),
        Accounts(investors=-1),
        Accounts(investors=1, escrow=-1),
        Accounts(investors=1, issuer=-1),
        Accounts(investors=1, fees=-1),
        Accounts(investors=-1, claims=1),
    ],
)
def test_what_cannot_happen_is_caught(impossible: Accounts) -> None:
    with pytest.raises(AssertionError):
        impossible.check()


# Fees and parts.


@given(amounts, parts_of_the_whole)
def test_a_fee_is_rounded_down_in_the_issuers_favour(amount: int, bps: int) -> None:
    fee = fee_of(amount, bps=bps)
    assert fee * BPS <= amount * bps < (fee + 1) * BPS


@pytest.mark.parametrize(
    ("amount", "bps", "fee"), [(80_000, 250, 2_000), (39, 250, 0), (40, 250, 1), (79, 250, 1), (100, 0, 0), (7, BPS, 7)]
)
def test_the_fee_of_two_and_a_half_per_cent_is_that_of_the_platform_replaced(amount: int, bps: int, fee: int) -> None:
    assert fee_of(amount, bps=bps) == fee


@given(st.integers(0, WEI_MAX), st.lists(st.integers(0, BPS)))
def test_parts_that_follow_each_other_add_up_to_the_last_unit(amount: int, cuts: list[int]) -> None:
    places = [0, *sorted(cuts), BPS]
    parts = [part_of(amount, upto_bps=upto, before_bps=before) for before, upto in pairwise(places)]
    assert sum(parts) == amount
    assert min(parts) >= 0


@given(amounts, parts_of_the_whole, parts_of_the_whole)
def test_a_part_is_never_a_whole_unit_off(amount: int, one: int, other: int) -> None:
    before, upto = sorted((one, other))
    part = part_of(amount, upto_bps=upto, before_bps=before)
    assert abs(part * BPS - amount * (upto - before)) < BPS


# Business days.

moments = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


def _day(day: int, *, hour: int = 12) -> datetime:
    """A day of November 2026; the 23rd is a Monday."""
    return datetime(2026, 11, day, hour, tzinfo=UTC)


@pytest.mark.parametrize(
    ("moment", "days", "after"),
    [
        (_day(23), 1, _day(24)),
        (_day(23), 4, _day(27)),
        (_day(23), 5, _day(30)),
        (_day(20), 1, _day(23)),
        (_day(21), 1, _day(23)),
        (_day(22), 1, _day(23)),
        (_day(21), 5, _day(27)),
        (_day(16), 10, _day(30)),
        (_day(21), 0, _day(21)),
    ],
)
def test_saturdays_and_sundays_are_no_business_days(moment: datetime, days: int, after: datetime) -> None:
    assert business_days_after(moment, days) == after


@given(moments, st.integers(1, 60))
def test_so_many_business_days_lie_between_at_the_same_time_of_day(moment: datetime, days: int) -> None:
    after = business_days_after(moment, days)
    between = [
        moment + timedelta(days=n)
        for n in range(1, (after - moment).days + 1)
        if (moment + timedelta(days=n)).weekday() < 5
    ]
    assert len(between) == days
    assert between[-1] == after
    assert after.timetz() == moment.timetz()


def test_a_day_is_one_of_the_zone_in_which_the_moment_is_told() -> None:
    elsewhere = timezone(timedelta(hours=3))
    friday_here_saturday_there = datetime(2026, 11, 27, 22, tzinfo=UTC)
    assert business_days_after(friday_here_saturday_there, 1) == datetime(2026, 11, 30, 22, tzinfo=UTC)
    told_there = business_days_after(friday_here_saturday_there.astimezone(elsewhere), 1)
    assert told_there == datetime(2026, 11, 30, 1, tzinfo=elsewhere)
