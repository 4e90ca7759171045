"""Allotment: who gets how many shares of an over-subscribed campaign. Pure: an auditor works out the same."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import msgspec


class Wanted(msgspec.Struct, frozen=True):
    """Shares that one commitment asks for, in the order in which the commitments were made."""

    investment_id: UUID
    shares: int


def pro_rata(wanted: Sequence[Wanted], *, available: int) -> dict[UUID, int]:
    """Each in proportion to what it asks for, in whole shares.

    1. All fits: everybody gets what they asked for.
    2. Otherwise each gets the whole part of its proportion, and the shares left over go one by one to the largest
       remainders; between equal remainders to the earlier commitment. Nobody gets more than they asked for, and
       exactly what is available is given.
    """
    total = sum(one.shares for one in wanted)
    if total <= available:
        return {one.investment_id: one.shares for one in wanted}
    given = {one.investment_id: one.shares * available // total for one in wanted}
    left = available - sum(given.values())
    order = sorted(range(len(wanted)), key=lambda place: (-(wanted[place].shares * available % total), place))
    for place in order[:left]:
        given[wanted[place].investment_id] += 1
    assert sum(given.values()) == available
    return given
