"""Fixtures of the indexer's tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.chain import ChainAtHand
from tests.unit.chain_indexer.parts import World


@pytest.fixture
def world(database: str, chain: ChainAtHand) -> Iterator[World]:
    world = World(database, chain)
    yield world
    world.close()
