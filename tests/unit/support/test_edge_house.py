"""The house's own clients on an Edge node: what they need of it is there, under load and in London too."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account

from chain_indexer.node import Node as IndexerNode
from chain_writer.node import Node as WriterNode
from chain_writer.replies import Passed
from ops import contracts
from ops.rpc import Rpc
from ops.stack import Chain
from tests.conftest import TOOLS
from tests.support.chain import BASE_URI, ChainAtHand
from tests.support.edge import EDGE_0_6, EDGE_1_3_2, Dialect, EdgeProxy
from tests.support.edge.asking import Asker, Purse

SEND = "eth_sendRawTransaction"


class London(Chain):
    """The development chain with a base fee and dynamic txs."""

    def command(self) -> list[str]:
        return ["london" if part == "istanbul" else part for part in super().command()]


@pytest.fixture
def own_chain(tmp_path: Path) -> Iterator[Chain]:
    """A chain that mines whatever it is sent."""
    server = Chain(tmp_path / "istanbul", tools=TOOLS, block_time_s=0)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def london(tmp_path: Path) -> Iterator[Chain]:
    server = London(tmp_path / "london", tools=TOOLS, block_time_s=0)
    server.start()
    yield server
    server.stop()


@pytest.mark.parametrize("dialect", [EDGE_1_3_2, EDGE_0_6], ids=lambda dialect: dialect.version)
def test_the_contracts_are_deployed_and_read_through_it(own_chain: Chain, tmp_path: Path, dialect: Dialect) -> None:
    purse = Purse()
    with EdgeProxy(own_chain.url, dialect=dialect) as proxy:
        rpc, writer, indexer = Rpc(proxy.url), WriterNode(proxy.url), IndexerNode(proxy.url)
        signers = [Account.from_key(purse.key).address]

        generation = contracts.deploy(
            rpc,
            deployer_key=Purse().key,
            signers=signers,
            base_uri=BASE_URI,
            plan=tmp_path / "plan.json",
            gas_price_wei=0,
            wait=lambda: None,
        )

        assert contracts.check(rpc, generation, signers=signers) == []
        assert writer.code_hashes(list(generation.addresses.values())) == {
            generation.addresses[name]: code for name, code in generation.code_hashes.items()
        }
        seen = indexer.look([1])
        addresses = [address.lower() for address in generation.addresses.values()]
        logs = indexer.logs(1, seen.head.number, addresses)
        assert logs.logs
        blocks = indexer.headers(1, seen.head.number)
        if not dialect.log_index_per_tx:
            assert indexer.logs_by_receipts(blocks, addresses) == logs.logs
        simulated = writer.simulate(to=addresses[0], data=b"", sender=purse.address)
        assert not isinstance(simulated, Passed)
        for part in (rpc, writer, indexer):
            part.close()


def test_many_senders_at_once_lose_nothing(chain: ChainAtHand) -> None:
    purses = [Purse() for _ in range(8)]
    with EdgeProxy(chain.url) as proxy:

        def send(purse: Purse) -> None:
            with Asker(proxy.url) as edge:
                for nonce in range(20):
                    edge.result(SEND, purse.raw(nonce, gas=21_000))

        with ThreadPoolExecutor(len(purses)) as threads:
            list(threads.map(send, purses))
        with Asker(proxy.url) as edge:
            assert edge.result("txpool_status") == {"pending": 160, "queued": 0}
            chain.mine()
            assert edge.result("txpool_status") == {"pending": 0, "queued": 0}
            counts = [edge.number("eth_getTransactionCount", purse.address, "latest") for purse in purses]
            assert counts == [20] * 8


def test_in_london_dynamic_txs_are_taken_and_judged_by_the_base_fee(london: Chain) -> None:
    purse, poor = Purse(), Purse()
    gwei = 10**9
    rpc = Rpc(london.url)
    rpc.call("anvil_setBalance", purse.address, hex(10**20))
    rpc.call("evm_setAutomine", False)

    def dynamic(nonce: int, cap: int, tip: int, **fields: Any) -> str:
        return purse.raw(nonce, gasPrice=None, maxFeePerGas=cap, maxPriorityFeePerGas=tip, **fields)

    with EdgeProxy(london.url, dialect=EDGE_1_3_2.but(london=True)) as proxy, Asker(proxy.url) as edge:
        listed = dynamic(0, 5 * gwei, 1, accessList=[{"address": purse.address, "storageKeys": []}])
        refusals = [
            edge.error(SEND, raw)["message"]
            for raw in (
                purse.raw(0, gasPrice=1),
                dynamic(0, 1, 1),
                dynamic(0, 1 * gwei, 2 * gwei),
                dynamic(0, 5 * gwei, 1, chainId=99),
                listed,
                poor.raw(0, gasPrice=5 * gwei),
            )
        ]
        sent = edge.result(SEND, dynamic(0, 5 * gwei, 1))
        cap_alone = edge.error(SEND, dynamic(0, 9 * gwei, 1))["message"]
        pending = edge.result("eth_getTransactionByHash", sent)
        rpc.call("evm_mine")
        mined = edge.result("eth_getTransactionByHash", sent)
        block = edge.result("eth_getBlockByNumber", "latest", False)
    rpc.close()

    assert refusals == [
        "transaction underpriced",
        "transaction underpriced",
        "max priority fee per gas higher than max fee per gas",
        *["insufficient funds for gas * price + value"] * 3,
    ]
    assert cap_alone == "replacement tx underpriced"
    assert "gasPrice" not in pending
    assert (mined["type"], mined["chainId"], "gasPrice" in mined) == ("0x2", "0x64", True)
    assert "baseFeePerGas" not in block
