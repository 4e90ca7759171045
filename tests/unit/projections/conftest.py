"""A journal with two whole stories, and one with a rich one."""

from __future__ import annotations

import pytest

from tests.support.story import fail, ledger_on, succeed
from tests.unit.domain.house import House
from tests.unit.projections.rich import tell


@pytest.fixture
def told(database: str) -> str:
    """The owner's DSN of a database whose journal tells of a successful campaign and of a failed one."""
    with ledger_on(database) as ledger:
        succeed(ledger)
        fail(ledger)
    return database


@pytest.fixture
def rich(database: str) -> str:
    """A database whose journal tells the rich story."""
    house = House(database)
    try:
        tell(house)
    finally:
        house.close_down()
    return database
