"""A journal with two whole stories."""

from __future__ import annotations

import pytest

from tests.support.story import fail, ledger_on, succeed


@pytest.fixture
def told(database: str) -> str:
    """The owner's DSN of a database whose journal tells of a successful campaign and of a failed one."""
    with ledger_on(database) as ledger:
        succeed(ledger)
        fail(ledger)
    return database
