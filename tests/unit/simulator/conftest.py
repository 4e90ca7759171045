"""The chain of a test, once simulated and once real."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.chain import ChainAtHand
from tests.support.edge import EdgeProxy
from tests.support.wallets import wallet_of
from tests.unit.simulator.chains_at_hand import Real, Simulated, World


@pytest.fixture(params=["simulated", pytest.param("real", marks=pytest.mark.parts)])
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    if request.param == "simulated":
        yield Simulated(writer=wallet_of("writer"), admin=wallet_of("admin"))
        return
    chain: ChainAtHand = request.getfixturevalue("chain")
    chain.rpc.call("anvil_dropAllTransactions")  # going back to a snapshot leaves the pool as it was
    with EdgeProxy(chain.url) as proxy:
        real = Real(chain, proxy)
        yield real
        real.close()
    chain.rpc.call("anvil_dropAllTransactions")
