"""The pool of an Edge node, which forgets: group 9, the stale nonces of group 12, the lists of group 14."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.chain import ChainAtHand
from tests.support.edge import EdgeProxy
from tests.support.edge.asking import Asker, Purse

SEND = "eth_sendRawTransaction"


@pytest.fixture
def proxy(chain: ChainAtHand) -> Iterator[EdgeProxy]:
    with EdgeProxy(chain.url) as started:
        yield started
    chain.rpc.call("anvil_dropAllTransactions")


@pytest.fixture
def edge(proxy: EdgeProxy) -> Iterator[Asker]:
    with Asker(proxy.url) as asker:
        yield asker


def refusal(edge: Asker, raw: str) -> str:
    text: str = edge.error(SEND, raw)["message"]
    return text


# 9. The pool.


def test_an_account_without_a_mined_tx_for_ten_blocks_loses_all_of_its_txs(chain: ChainAtHand, edge: Asker) -> None:
    purse = Purse()
    hashes = [edge.result(SEND, purse.raw(nonce)) for nonce in (1, 2)]  # nonce 0 is missing

    chain.mine(9)
    kept = [edge.result("eth_getTransactionByHash", each) for each in hashes]
    chain.mine()
    gone = [edge.result("eth_getTransactionByHash", each) for each in hashes]

    assert [tx["blockHash"] for tx in kept] == [None, None]
    assert gone == [None, None]
    assert chain.rpc.call("txpool_status") == {"pending": "0x0", "queued": "0x0"}
    edge.result(SEND, purse.raw(0))
    chain.mine()
    assert edge.number("eth_getTransactionCount", purse.address, "latest") == 1


def test_a_mined_tx_begins_the_ten_blocks_anew(chain: ChainAtHand, edge: Asker) -> None:
    purse = Purse()
    waiting = edge.result(SEND, purse.raw(3))
    chain.mine(9)
    edge.result(SEND, purse.raw(0))
    chain.mine(9)

    assert edge.result("eth_getTransactionByHash", waiting) is not None
    chain.mine(2)
    assert edge.result("eth_getTransactionByHash", waiting) is None


def test_a_filled_gap_promotes_what_waited(chain: ChainAtHand, edge: Asker) -> None:
    purse = Purse()
    for nonce in (2, 1):
        edge.result(SEND, purse.raw(nonce))
    assert edge.number("eth_getTransactionCount", purse.address, "pending") == 0

    edge.result(SEND, purse.raw(0))

    assert edge.number("eth_getTransactionCount", purse.address, "pending") == 3
    chain.mine()
    assert edge.number("eth_getTransactionCount", purse.address, "latest") == 3
    assert edge.result("txpool_status") == {"pending": 0, "queued": 0}
    assert refusal(edge, purse.raw(2)) == "nonce too low"


def test_only_128_txs_of_an_account_may_wait_and_the_next_nonce_always_may(edge: Asker, proxy: EdgeProxy) -> None:
    purse, other = Purse(), Purse()
    for nonce in range(129, 1, -1):
        edge.result(SEND, purse.raw(nonce))

    assert refusal(edge, purse.raw(1)) == "maximum number of enqueued transactions reached"
    edge.result(SEND, purse.raw(0))
    for nonce in range(130):  # in order there is no limit
        edge.result(SEND, other.raw(nonce))


def test_a_tx_is_replaced_for_one_wei_more_and_its_hash_vanishes(chain: ChainAtHand, edge: Asker) -> None:
    purse = Purse()
    chain.rpc.call("anvil_setBalance", purse.address, hex(10**18))
    first = edge.result(SEND, purse.raw(0))

    assert refusal(edge, purse.raw(0)) == "already known"
    assert refusal(edge, purse.raw(0, gas=100_001)) == "replacement tx underpriced"
    second = edge.result(SEND, purse.raw(0, gasPrice=1))

    assert edge.result("eth_getTransactionByHash", first) is None
    chain.mine()
    assert edge.result("eth_getTransactionReceipt", second)["status"] == "0x1"


def test_a_full_pool_refuses_the_future_and_wipes_it(chain: ChainAtHand, edge: Asker, proxy: EdgeProxy) -> None:
    proxy.set(slots_max=10)
    steady, gapped = Purse(), Purse()
    for nonce in range(8):
        edge.result(SEND, steady.raw(nonce))
    future = edge.result(SEND, gapped.raw(5))  # the ninth slot: above 80 %

    assert refusal(edge, steady.raw(9)) == "rejected future tx due to low slots"

    assert edge.result("eth_getTransactionByHash", future) is None
    assert chain.rpc.call("txpool_status") == {"pending": "0x8", "queued": "0x0"}
    for nonce in (8, 9):
        edge.result(SEND, steady.raw(nonce))
    assert refusal(edge, steady.raw(10)) == "txpool is full"
    chain.mine()
    assert edge.number("eth_getTransactionCount", steady.address, "latest") == 10


def test_what_is_too_large_or_too_cheap_is_refused_at_sight(edge: Asker, proxy: EdgeProxy) -> None:
    purse = Purse()
    assert refusal(edge, purse.raw(0, data=b"\0" * 131_073, gas=5_000_000)) == "oversized data"
    assert refusal(edge, purse.raw(0, data=b"\0" * 49_153, to=None, gas=5_000_000)) == "max code size exceeded"
    assert refusal(edge, purse.raw(0, gas=20_999)) == "intrinsic gas too low"
    assert refusal(edge, purse.raw(0, gas=6_000_000)) == "exceeds block gas limit"
    assert refusal(edge, purse.raw(0, value=1)) == "insufficient funds for gas * price + value"
    assert refusal(edge, purse.raw(0, chainId=99)) == "cannot extract signature"
    edge.result(SEND, purse.raw(0, chainId=None))  # without a chain id it could be replayed, and is taken
    proxy.set(price_limit_wei=5)
    assert refusal(edge, purse.raw(1, gasPrice=4)) == "transaction underpriced"


def test_already_known_does_not_mean_that_it_will_be_mined(chain: ChainAtHand, edge: Asker, proxy: EdgeProxy) -> None:
    purse = Purse()
    proxy.swallow()
    lost = edge.result(SEND, purse.raw(0))
    follows = edge.result(SEND, purse.raw(1))
    chain.mine(9)

    assert refusal(edge, purse.raw(0)) == "already known"
    assert edge.result("eth_getTransactionByHash", lost)["blockHash"] is None
    assert edge.number("eth_getTransactionCount", purse.address, "pending") == 2
    assert edge.number("eth_getTransactionCount", purse.address, "latest") == 0

    chain.mine()
    assert [edge.result("eth_getTransactionByHash", each) for each in (lost, follows)] == [None, None]
    assert edge.number("eth_getTransactionCount", purse.address, "pending") == 0
    for nonce in (0, 1):
        edge.result(SEND, purse.raw(nonce))
    chain.mine()
    assert edge.result("eth_getTransactionReceipt", lost)["status"] == "0x1"


def test_a_black_hole_is_left_by_a_better_price(chain: ChainAtHand, edge: Asker, proxy: EdgeProxy) -> None:
    purse = Purse()
    chain.rpc.call("anvil_setBalance", purse.address, hex(10**18))
    proxy.set(black_hole=True)
    edge.result(SEND, purse.raw(0))
    proxy.set(black_hole=False)

    better = edge.result(SEND, purse.raw(0, gasPrice=1))
    chain.mine()

    assert edge.result("eth_getTransactionReceipt", better)["status"] == "0x1"


def test_what_only_other_nodes_have_is_unknown_here(chain: ChainAtHand, edge: Asker) -> None:
    purse = Purse()
    raw = purse.raw(0)
    elsewhere = chain.rpc.call(SEND, raw)

    assert edge.result("eth_getTransactionByHash", elsewhere) is None
    assert edge.number("eth_getTransactionCount", purse.address, "pending") == 0
    assert edge.result(SEND, raw) == elsewhere  # the validators know it, this node is glad to learn it
    assert refusal(edge, raw) == "already known"


# 12. Stale pending nonces.


def test_a_pending_nonce_may_be_stale_once_after_a_send(edge: Asker, proxy: EdgeProxy) -> None:
    purse = Purse()
    proxy.stale_pending()
    edge.result(SEND, purse.raw(0))

    assert edge.number("eth_getTransactionCount", purse.address, "pending") == 0
    assert edge.number("eth_getTransactionCount", purse.address, "pending") == 1


def test_stale_nonces_come_from_the_seed(chain: ChainAtHand) -> None:
    def counts(seed: int) -> list[int]:
        purse = Purse()
        with EdgeProxy(chain.url) as proxy, Asker(proxy.url) as edge:
            proxy.set(stale_pending_per_mille=500, seed=seed)
            seen = []
            for nonce in range(20):
                edge.result(SEND, purse.raw(nonce))
                seen.append(edge.number("eth_getTransactionCount", purse.address, "pending") - nonce)
            return seen

    one = counts(1)
    assert set(one) == {0, 1}
    assert counts(1) == one != counts(2)


# 14. Lists of who may deploy and who may send.


def test_a_deployment_that_is_not_allowed_is_mined_and_fails_with_all_its_gas(
    chain: ChainAtHand, edge: Asker, proxy: EdgeProxy
) -> None:
    allowed, stranger = Purse(), Purse()
    proxy.set(deployers=(allowed.address,))
    initcode = "0x600160005360016000f3"
    create: dict[str, Any] = {"to": None, "data": bytes.fromhex(initcode[2:]), "gas": 200_000}

    assert edge.error("eth_estimateGas", {"from": stranger.address, "data": initcode})["message"] == "not in allow list"
    sent, fine = (edge.result(SEND, purse.raw(0, **create)) for purse in (stranger, allowed))
    chain.mine()

    receipt = edge.result("eth_getTransactionReceipt", sent)
    assert (receipt["status"], receipt["gasUsed"]) == ("0x0", hex(200_000))
    assert (receipt["transactionHash"], receipt["to"], receipt["from"]) == (sent, None, stranger.address)
    assert receipt["contractAddress"] is not None
    assert edge.result("eth_getCode", receipt["contractAddress"], "latest") == "0x"
    block = edge.result("eth_getBlockByHash", receipt["blockHash"], True)
    whole = edge.result("eth_getTransactionByHash", sent)
    assert whole in block["transactions"]
    assert (whole["input"], whole["to"], whole["blockHash"]) == (initcode, None, receipt["blockHash"])
    made = edge.result("eth_getTransactionReceipt", fine)
    assert made["status"] == "0x1"
    assert edge.result("eth_getCode", made["contractAddress"], "latest") == "0x01"


def test_a_call_that_is_not_allowed_uses_its_nonce_and_its_gas(
    chain: ChainAtHand, edge: Asker, proxy: EdgeProxy
) -> None:
    stranger = Purse()
    proxy.set(senders=(chain.signer,))
    assert edge.error("eth_call", {"from": stranger.address, "to": chain.signer})["message"] == (
        "unable to execute call: not in allow list"
    )

    sent = edge.result(SEND, stranger.raw(0))
    chain.mine()

    receipt = edge.result("eth_getTransactionReceipt", sent)
    assert (receipt["status"], receipt["to"], receipt["contractAddress"]) == ("0x0", stranger.address, None)
    assert edge.number("eth_getTransactionCount", stranger.address, "latest") == 1
