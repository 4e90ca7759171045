"""What happens to an Edge node in its life: groups 10 to 13 and 15, and the panics of group 12."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from ops.rpc import Rpc
from ops.stack import Chain
from tests.conftest import TOOLS
from tests.support.chain import ChainAtHand
from tests.support.edge import EDGE_0_6, EDGE_1_3_2, EdgeProxy
from tests.support.edge.asking import Asker, Purse, Socket
from tests.support.wait import until

SEND = "eth_sendRawTransaction"
EMITTER, CUSTOM = (f"0x{0xE000 + i:040x}" for i in range(2))
EMITS_TWO_LOGS = "0x600160006000a1600260006000a100"
REVERTS_WITH_DATA = "0x600160005260206000fd"
CONTRACT = {"gas": 100_000, "to": EMITTER}


@pytest.fixture
def proxy(chain: ChainAtHand) -> Iterator[EdgeProxy]:
    chain.rpc.call("anvil_setCode", EMITTER, EMITS_TWO_LOGS)
    chain.rpc.call("anvil_setCode", CUSTOM, REVERTS_WITH_DATA)
    with EdgeProxy(chain.url) as started:
        yield started
    chain.rpc.call("anvil_dropAllTransactions")


@pytest.fixture
def edge(proxy: EdgeProxy) -> Iterator[Asker]:
    with Asker(proxy.url) as asker:
        yield asker


@pytest.fixture
def own_chain(tmp_path: Path) -> Iterator[Chain]:
    """A chain that may be ruined."""
    server = Chain(tmp_path, tools=TOOLS, block_time_s=0)
    server.start()
    yield server
    server.stop()


# 10. Restart, stall, lag.


def test_a_restart_loses_the_pool_the_filters_and_the_price(chain: ChainAtHand, edge: Asker, proxy: EdgeProxy) -> None:
    purse = Purse()
    chain.rpc.call("anvil_setBalance", purse.address, hex(10**18))
    sent, filter_id = edge.result(SEND, purse.raw(0)), edge.result("eth_newBlockFilter")
    url = proxy.url

    proxy.restart_node()

    assert proxy.url == url
    assert edge.result("eth_getTransactionByHash", sent) is None
    assert edge.error("eth_getFilterChanges", filter_id)["message"] == "filter not found"
    assert edge.result("eth_gasPrice") == "0x0"
    chain.mine()
    assert edge.result("eth_getTransactionReceipt", sent) is None
    edge.result(SEND, purse.raw(0))  # it is not known any more, and is taken again


def test_what_the_validators_have_is_mined_after_a_restart(chain: ChainAtHand, edge: Asker, proxy: EdgeProxy) -> None:
    purse = Purse()
    sent = edge.result(SEND, purse.raw(0))

    proxy.restart_node(validators_keep=True)

    assert edge.result("eth_getTransactionByHash", sent) is None
    assert edge.number("eth_getTransactionCount", purse.address, "pending") == 0
    chain.mine()
    assert edge.result("eth_getTransactionReceipt", sent)["status"] == "0x1"


def test_a_killed_node_refuses_connections_until_it_is_restarted(edge: Asker, proxy: EdgeProxy) -> None:
    proxy.kill_node()
    with pytest.raises(httpx.ConnectError):
        edge.whole("eth_chainId")

    proxy.restart_node()

    assert edge.result("eth_chainId") == "0x64"


def test_a_frozen_head_stays_while_the_chain_goes_on(chain: ChainAtHand, edge: Asker, proxy: EdgeProxy) -> None:
    head = edge.number("eth_blockNumber")
    purse = Purse()
    proxy.freeze_head()
    sent = edge.result(SEND, purse.raw(0, **CONTRACT))
    chain.mine(2)

    assert edge.number("eth_blockNumber") == head
    assert edge.number("eth_getTransactionCount", purse.address, "latest") == 0
    assert edge.number("eth_getTransactionCount", purse.address, "pending") == 1
    assert edge.result("eth_getTransactionReceipt", sent) is None
    assert edge.result("eth_getTransactionByHash", sent)["blockHash"] is None
    assert edge.result("eth_getLogs", {"fromBlock": hex(head), "toBlock": hex(head + 2), "address": EMITTER}) == []

    proxy.thaw_head()
    assert edge.number("eth_blockNumber") == head + 2
    assert edge.result("eth_getTransactionReceipt", sent)["blockNumber"] == hex(head + 1)


def test_stalled_validators_make_no_blocks_and_keep_taking_txs(own_chain: Chain) -> None:
    with EdgeProxy(own_chain.url) as proxy, Asker(proxy.url) as edge:
        purse = Purse()
        proxy.stall()
        sent = edge.result(SEND, purse.raw(0))
        assert edge.result("eth_getTransactionReceipt", sent) is None
        assert edge.number("eth_blockNumber") == 0

        proxy.resume()
        edge.result(SEND, purse.raw(1))
        until(lambda: edge.number("eth_getTransactionCount", purse.address, "latest") == 2, "both txs are mined")


def test_a_lagging_replica_knows_only_what_it_has(chain: ChainAtHand, edge: Asker, proxy: EdgeProxy) -> None:
    chain.mine(3)
    head = chain.rpc.number("eth_blockNumber")
    newest = chain.rpc.call("eth_getBlockByNumber", hex(head), False)

    with EdgeProxy(chain.url, dialect=EDGE_1_3_2.but(node="b")) as other, Asker(other.url) as replica:
        other.lag(2)
        assert replica.number("eth_blockNumber") == head - 2
        assert replica.result("eth_getBlockByNumber", "latest", False)["number"] == hex(head - 2)
        assert replica.result("eth_getBlockByNumber", hex(head), False) is None
        assert replica.result("eth_getBlockByHash", newest["hash"], False) is None
        assert replica.error("eth_getLogs", {"blockHash": newest["hash"]})["message"] == "block not found"
        assert replica.error("eth_getBalance", EMITTER, hex(head))["message"].startswith("failed to get the header")

    assert edge.number("eth_blockNumber") == head
    proxy.behind(1, method="eth_blockNumber")
    assert [edge.number("eth_blockNumber") for _ in range(2)] == [head - 1, head]


# 11. The sender's nonce in calls, and what a transfer is estimated at.


def test_an_old_block_with_a_sender_is_an_incorrect_nonce(chain: ChainAtHand, edge: Asker) -> None:
    purse = Purse()
    before = edge.result("eth_blockNumber")
    edge.result(SEND, purse.raw(0))
    chain.mine()
    call = {"to": EMITTER, "from": purse.address}

    assert edge.error("eth_call", call, before) == {"code": -32600, "message": "incorrect nonce"}
    assert edge.error("eth_estimateGas", call, before)["message"] == "incorrect nonce"
    assert edge.result("eth_call", {"to": EMITTER}, before) == "0x"
    assert edge.result("eth_call", call, "latest") == "0x"


def test_a_call_may_race_with_the_next_nonce(chain: ChainAtHand, edge: Asker, proxy: EdgeProxy) -> None:
    proxy.race_nonce()
    call = {"to": EMITTER, "from": chain.signer}
    assert edge.error("eth_call", call, "latest")["message"] == "incorrect nonce"
    assert edge.result("eth_call", call, "latest") == "0x"


def test_value_to_a_contract_is_estimated_as_if_there_were_none(chain: ChainAtHand, edge: Asker) -> None:
    chain.rpc.call("anvil_setBalance", chain.signer, hex(10**18))
    call = {"to": EMITTER, "from": chain.signer}
    assert edge.result("eth_estimateGas", call | {"value": "0x1"}) == "0x5208"
    assert edge.number("eth_estimateGas", call) > 21_000


# 12. Syncing, and panics.


def test_syncing_flickers_in_a_healthy_node(edge: Asker, proxy: EdgeProxy) -> None:
    assert edge.result("eth_syncing") is False
    proxy.set(syncing_flicker=True)
    answers = [edge.result("eth_syncing") for _ in range(4)]
    assert [answer is False for answer in answers] == [False, True, False, True]
    assert answers[0]["type"] == "bulk-sync"


@pytest.mark.parametrize("params", [[], [None]])
def test_logs_without_a_filter_close_the_connection_without_an_answer(edge: Asker, params: list[Any]) -> None:
    with pytest.raises(httpx.RemoteProtocolError):
        edge.whole("eth_getLogs", *params)
    assert edge.result("eth_chainId") == "0x64"


def test_a_filter_without_a_query_kills_the_node_at_the_next_log(
    chain: ChainAtHand, edge: Asker, proxy: EdgeProxy
) -> None:
    edge.result("eth_newFilter", None)
    chain.mine()
    assert edge.result("eth_chainId") == "0x64"
    edge.result(SEND, Purse().raw(0, **CONTRACT))
    chain.mine()

    with pytest.raises(httpx.RemoteProtocolError):
        edge.whole("eth_chainId")
    with pytest.raises(httpx.ConnectError):
        edge.whole("eth_chainId")
    proxy.restart_node()
    assert edge.result("eth_chainId") == "0x64"


def test_a_subscription_to_logs_without_a_query_kills_the_node(edge: Asker, proxy: EdgeProxy) -> None:
    async def story() -> None:
        socket = await Socket.open(proxy.ws_url)
        await socket.ask("eth_subscribe", "logs")
        with pytest.raises((asyncio.IncompleteReadError, ConnectionError)):
            await socket.heard()
        await socket.close()

    asyncio.run(story())

    with pytest.raises(httpx.ConnectError):
        edge.whole("eth_chainId")


# 13. The flavour of v0.6.


def test_before_v1_logs_are_counted_per_tx_and_receipts_come_late(chain: ChainAtHand) -> None:
    chain.rpc.call("anvil_setCode", EMITTER, EMITS_TWO_LOGS)
    purse = Purse()
    with EdgeProxy(chain.url, dialect=EDGE_0_6) as proxy, Asker(proxy.url) as edge:
        hashes = [edge.result(SEND, purse.raw(nonce, **CONTRACT)) for nonce in (0, 1)]
        chain.mine()
        head = edge.result("eth_getBlockByNumber", "latest", False)

        assert edge.result("eth_getTransactionReceipt", hashes[1]) is None  # the block is there, its receipts are not
        receipt = edge.result("eth_getTransactionReceipt", hashes[1])
        logs = edge.result("eth_getLogs", {"blockHash": head["hash"]})

        assert [log["logIndex"] for log in logs] == ["0x0", "0x1"] * 2
        assert [log["transactionIndex"] for log in logs] == ["0x0"] * 2 + ["0x1"] * 2
        assert [(log["logIndex"], log["transactionIndex"]) for log in receipt["logs"]] == [
            ("0x0", "0x0"),
            ("0x1", "0x1"),
        ]
        assert "type" not in edge.result("eth_getTransactionByHash", hashes[1])
        assert edge.result("eth_getBlockTransactionCountByNumber", head["number"]) == 2


def test_before_v1_logs_of_a_new_head_may_not_be_found(chain: ChainAtHand) -> None:
    chain.rpc.call("anvil_setCode", EMITTER, EMITS_TWO_LOGS)
    with EdgeProxy(chain.url, dialect=EDGE_0_6) as proxy, Asker(proxy.url) as edge:
        edge.result(SEND, Purse().raw(0, **CONTRACT))
        chain.mine()
        head = edge.result("eth_blockNumber")

        assert edge.error("eth_getLogs", {"fromBlock": head}) == {"code": -32600, "message": "not found"}
        assert len(edge.result("eth_getLogs", {"fromBlock": head})) == 2


def test_before_v1_a_hash_is_given_for_a_tx_that_the_pool_drops(chain: ChainAtHand) -> None:
    chain.rpc.call("anvil_setCode", CUSTOM, REVERTS_WITH_DATA)
    purse = Purse()
    chain.rpc.call("anvil_setBalance", purse.address, hex(10**18))
    with EdgeProxy(chain.url, dialect=EDGE_0_6) as proxy, Asker(proxy.url) as edge:
        first = edge.result(SEND, purse.raw(0))
        second = edge.result(SEND, purse.raw(0, gasPrice=7))

        assert edge.result("eth_getTransactionByHash", second) is None
        chain.mine()
        edge.result("eth_getTransactionReceipt", first)
        assert edge.result("eth_getTransactionReceipt", first)["status"] == "0x1"
        assert edge.error("eth_call", {"to": CUSTOM}) == {"code": -32600, "message": "execution reverted"}
        assert edge.error("eth_feeHistory", "0x1", "latest", [])["code"] == -32601


# 15. Another chain under the same id.


def test_a_reset_chain_has_the_same_id_another_genesis_and_a_lower_head(own_chain: Chain) -> None:
    rpc = Rpc(own_chain.url)
    for _ in range(3):
        rpc.call("evm_mine")
    with EdgeProxy(own_chain.url) as proxy, Asker(proxy.url) as edge:
        genesis = edge.result("eth_getBlockByNumber", "0x0", False)["hash"]
        rpc.call("evm_increaseTime", 100)

        proxy.reset_chain()

        assert edge.result("eth_chainId") == "0x64"
        assert edge.result("eth_getBlockByNumber", "0x0", False)["hash"] != genesis
        assert edge.number("eth_blockNumber") == 0
    rpc.close()


def test_a_chain_is_reset_to_that_of_another_anvil(
    chain: ChainAtHand, edge: Asker, proxy: EdgeProxy, own_chain: Chain
) -> None:
    genesis, head = edge.result("eth_getBlockByNumber", "0x0", False)["hash"], edge.number("eth_blockNumber")

    proxy.reset_chain(own_chain.url)

    assert edge.result("eth_chainId") == "0x64"
    assert edge.result("eth_getBlockByNumber", "0x0", False)["hash"] != genesis
    assert edge.number("eth_blockNumber") < head


# By hand.


def test_the_proxy_is_started_by_hand(chain: ChainAtHand) -> None:
    command = [sys.executable, "-m", "tests.support.edge", "--anvil", chain.url, "--flavour", "0.6"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as started:
        assert started.stdout is not None
        with Asker(started.stdout.readline().strip()) as edge:
            assert edge.get().json()["version"] == "0.6.3"
        started.send_signal(signal.SIGTERM)

    assert started.returncode == 0
