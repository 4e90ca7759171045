"""The world that reconciliation is tested on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.support.chain import ChainAtHand
from tests.support.world import World


@pytest.fixture
def world(database: str, chain: ChainAtHand, tmp_path: Path) -> Iterator[World]:
    with ExitStack() as opened:
        yield World(database, chain, tmp_path, opened)
