"""The house of a test: a fresh database and the chain as it was right after the deployment."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.chain import ChainAtHand
from tests.unit.chain_writer.house import House


@pytest.fixture
def house(database: str, chain: ChainAtHand) -> Iterator[House]:
    with House(database, chain) as opened:
        yield opened
