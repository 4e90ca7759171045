"""Fixtures of the contracts' tests."""

from __future__ import annotations

import pytest

from tests.support.chain import ChainAtHand
from tests.unit.abis.ledger import LedgerOnChain


@pytest.fixture
def ledger(chain: ChainAtHand) -> LedgerOnChain:
    return LedgerOnChain(chain)
