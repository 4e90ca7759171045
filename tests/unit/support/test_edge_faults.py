"""Faults of the network in a test's hand: each does what it says, when it is planned, and as often."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import msgspec
import pytest

from chain_writer.node import Node, NodeUnavailable
from tests.support.chain import ChainAtHand
from tests.support.edge import (
    DropReply,
    DropRequest,
    EdgeProxy,
    HalfBody,
    HttpStatus,
    MissingMember,
    Passes,
    Reordered,
    WrongId,
)
from tests.support.edge.asking import Asker, Purse

SEND = "eth_sendRawTransaction"
PAIR = [("eth_chainId", []), ("net_version", [])]


@pytest.fixture
def proxy(chain: ChainAtHand) -> Iterator[EdgeProxy]:
    with EdgeProxy(chain.url) as started:
        yield started
    chain.rpc.call("anvil_dropAllTransactions")


@pytest.fixture
def edge(proxy: EdgeProxy) -> Iterator[Asker]:
    with Asker(proxy.url) as asker:
        yield asker


def test_a_dropped_request_never_reaches_the_node(chain: ChainAtHand, edge: Asker, proxy: EdgeProxy) -> None:
    planned = proxy.fault(DropRequest(), method=SEND)
    assert edge.result("eth_chainId") == "0x64"  # another method

    with pytest.raises(httpx.RemoteProtocolError):
        edge.whole(SEND, Purse().raw(0))

    assert planned.caught == 1
    assert chain.rpc.call("txpool_status")["pending"] == "0x0"
    edge.result(SEND, Purse().raw(0))


def test_a_dropped_reply_hides_what_the_node_has_done(chain: ChainAtHand, edge: Asker, proxy: EdgeProxy) -> None:
    raw = Purse().raw(0)
    proxy.fault(DropReply(), method=SEND)

    with pytest.raises(httpx.RemoteProtocolError):
        edge.whole(SEND, raw)

    assert chain.rpc.call("txpool_status")["pending"] == "0x1"
    assert edge.error(SEND, raw)["message"] == "already known"


@pytest.mark.parametrize(("delivered", "pending"), [(False, "0x0"), (True, "0x1")])
def test_a_held_request_waits_to_be_released(
    chain: ChainAtHand, edge: Asker, proxy: EdgeProxy, *, delivered: bool, pending: str
) -> None:
    held = proxy.hold(SEND, delivered=delivered)
    with ThreadPoolExecutor(1) as threads:
        sending = threads.submit(edge.result, SEND, Purse().raw(0))
        held.wait_caught()
        with Asker(proxy.url) as other:
            assert other.result("eth_chainId") == "0x64"  # only this one waits
        if not delivered:
            assert chain.rpc.call("txpool_status")["pending"] == pending
        assert not sending.done()
        held.release()
        assert sending.result().startswith("0x")

    assert chain.rpc.call("txpool_status")["pending"] == "0x1"


@pytest.mark.parametrize("status", [429, 502])
def test_a_server_in_between_answers_in_html(chain: ChainAtHand, proxy: EdgeProxy, status: int) -> None:
    node = Node(proxy.url)
    proxy.schedule([HttpStatus(status), HttpStatus(status, delivered=True)], method=SEND)
    raw = bytes.fromhex(Purse().raw(0)[2:])

    silences = [node.send([raw])[0] for _ in range(2)]
    known = node.send([raw])[0]
    node.close()

    assert [answer.hash for answer in silences] == [None, None]
    assert known.error == "already known"


def test_half_a_body_is_no_answer(edge: Asker, proxy: EdgeProxy) -> None:
    proxy.fault(HalfBody())
    with pytest.raises(httpx.RemoteProtocolError):
        edge.whole("eth_chainId")


def test_the_members_of_a_batch_are_spoiled(edge: Asker, proxy: EdgeProxy) -> None:
    proxy.schedule([Reordered(), MissingMember(), WrongId(), MissingMember(), Passes()])

    assert [answer["id"] for answer in edge.batch(PAIR)] == [2, 1]
    assert [answer["id"] for answer in edge.batch(PAIR)] == [2]
    assert [answer["id"] for answer in edge.batch(PAIR)] == [2**31 - 1, 2]
    assert edge.whole("eth_chainId") == {"jsonrpc": "2.0", "id": 1}
    assert [answer["id"] for answer in edge.batch(PAIR)] == [1, 2]


def test_a_schedule_is_met_in_its_order(edge: Asker, proxy: EdgeProxy) -> None:
    proxy.schedule([Passes(), HttpStatus(502), Passes(), HttpStatus(429)], method="eth_chainId")
    body = msgspec.json.encode({"jsonrpc": "2.0", "id": 1, "method": "eth_chainId", "params": []})
    assert [edge.post(body).status_code for _ in range(5)] == [200, 502, 200, 429, 200]


def test_a_storm_is_the_same_each_time_it_blows_from_the_same_seed(edge: Asker, proxy: EdgeProxy) -> None:
    body = msgspec.json.encode({"jsonrpc": "2.0", "id": 1, "method": "eth_chainId", "params": []})

    def blow(seed: int) -> list[int]:
        proxy.storm(seed=seed, per_mille=400, faults=[HttpStatus(429), HttpStatus(502)])
        return [edge.post(body).status_code for _ in range(30)]

    first, second, other = blow(7), blow(7), blow(8)
    proxy.calm()

    assert first == second != other
    assert set(first) == {200, 429, 502}
    assert edge.post(body).status_code == 200


def test_a_proxy_that_stops_lets_go_of_what_it_holds(chain: ChainAtHand) -> None:
    proxy = EdgeProxy(chain.url)
    proxy.start()
    node = Node(proxy.url)
    held = proxy.hold("eth_getCode")
    with ThreadPoolExecutor(1) as threads:
        asking = threads.submit(node.code_hashes, [chain.signer])
        held.wait_caught()
        proxy.stop()
        error = asking.exception()

    node.close()
    assert error is None or isinstance(error, httpx.HTTPError | NodeUnavailable)


def test_two_proxies_on_one_chain_have_pools_of_their_own(chain: ChainAtHand, edge: Asker) -> None:
    raw = Purse().raw(0)
    sent = edge.result(SEND, raw)
    with EdgeProxy(chain.url) as second, Asker(second.url) as sibling:
        assert sibling.result("eth_getTransactionByHash", sent) is None
        assert sibling.result(SEND, raw) == sent
        chain.mine()
        assert sibling.result("eth_getTransactionReceipt", sent)["status"] == "0x1"
