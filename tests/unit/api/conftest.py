"""The API as its clients meet it: a real server over a real journal and book, with a key for each role."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.unit.api.house import ApiHouse


@pytest.fixture
def house(database: str) -> Iterator[ApiHouse]:
    """A server on a fresh database."""
    with ApiHouse(database) as running:
        yield running
