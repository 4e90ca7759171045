"""Money inside a campaign: four accounts whose sum is always zero, and business days for the deadlines about it."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import msgspec

from domain.values import BPS

WEEKEND = frozenset({5, 6})


class Accounts(msgspec.Struct, frozen=True):
    """Double entry: what investors gave is negative, what the escrow holds and issuer and platform got is positive.

    `claims` is what investors owe because their bank took money back after it had been released: never positive.
    """

    investors: int = 0
    escrow: int = 0
    issuer: int = 0
    fees: int = 0
    claims: int = 0

    def moved(self, source: str, target: str, amount: int) -> Accounts:
        """The accounts after money went from one to another."""
        return msgspec.structs.replace(
            self, **{source: getattr(self, source) - amount, target: getattr(self, target) + amount}
        )

    def check(self) -> None:
        """What cannot happen: money appears or vanishes, or the escrow pays out what it has not."""
        assert self.investors + self.escrow + self.issuer + self.fees + self.claims == 0
        assert self.escrow >= 0
        assert self.issuer >= 0
        assert self.fees >= 0
        assert self.claims <= 0


def fee_of(amount: int, *, bps: int) -> int:
    """The platform's fee on an amount, rounded down: in the issuer's favour."""
    return amount * bps // BPS


def part_of(amount: int, *, upto_bps: int, before_bps: int) -> int:
    """The part of an amount between two shares of the whole. Parts that follow each other add up to the amount."""
    return amount * upto_bps // BPS - amount * before_bps // BPS


def business_days_after(moment: datetime, days: int) -> datetime:
    """The same time of day, so many business days later. Saturdays and Sundays are none; holidays are not known."""
    day = moment.date()
    for _ in range(days):
        day = _next_business_day(day)
    return datetime.combine(day, moment.timetz())


def _next_business_day(day: date) -> date:
    day += timedelta(days=1)
    while day.weekday() in WEEKEND:
        day += timedelta(days=1)
    return day
