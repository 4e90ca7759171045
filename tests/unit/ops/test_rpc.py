"""The tools' JSON-RPC: a node's answer, its no with its data, and whatever else may answer at an address."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from uuid import UUID

import httpx
import pytest

from abis import calls
from abis.artifacts import artifact
from abis.errors import decode_revert
from ops.rpc import Rpc, RpcRefused
from ops.stack.part import free_port
from tests.support.chain import ChainAtHand


def test_a_node_is_asked_for_values_quantities_code_and_contracts_answers(chain: ChainAtHand) -> None:
    address = chain.generation.addresses["IssuerRegistry"]
    assert chain.rpc.call("net_listening") is True
    assert chain.rpc.number("eth_chainId") == chain.generation.chain_id
    assert chain.rpc.code(address).hex() == artifact("IssuerRegistry")["deployed_bytecode"]
    assert chain.rpc.read(address, calls.selector("defaultAdminDelay()")) == (86_400).to_bytes(32, "big")


def test_a_nodes_no_carries_the_revert_data(chain: ChainAtHand) -> None:
    data = calls.register(company_id=UUID(int=1), wallet="0x" + "11" * 20, documents_hash=bytes(32), entry=bytes(32))
    with pytest.raises(RpcRefused, match="eth_call") as caught:
        chain.rpc.read(chain.generation.addresses["IssuerRegistry"], data)
    assert decode_revert(caught.value.data).code == "AccessControlUnauthorizedAccount"


class Odd:
    """A server that answers every request with what it was told to."""

    def __init__(self) -> None:
        self.answer = b""
        self.status = 200
        odd = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:  # the library's name
                self.rfile.read(int(self.headers["Content-Length"]))
                self.send_response(odd.status)
                self.send_header("Content-Length", str(len(odd.answer)))
                self.end_headers()
                self.wfile.write(odd.answer)

            def log_message(self, *_: object) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture
def odd() -> Iterator[Odd]:
    odd = Odd()
    thread = threading.Thread(target=odd.server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield odd
    odd.server.shutdown()
    thread.join()
    odd.server.server_close()


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (b"<html>welcome</html>", "is no node"),
        (b"[]", "is no node"),
        (b'{"jsonrpc":"2.0","id":1}', "is no node"),
        (b'{"error":"rate limit"}', "rate limit"),
        (b'{"error":{"code":-32601}}', "eth_chainId"),
        (b'{"error":{"message":"reverted","data":"0xzz"}}', "reverted"),
        (b'{"error":{"message":"reverted","data":{"a":1}}}', "reverted"),
    ],
)
def test_an_odd_answer_is_a_no_with_the_method_that_was_asked(odd: Odd, answer: bytes, said: str) -> None:
    odd.answer = answer
    rpc = Rpc(odd.url)
    with pytest.raises(RpcRefused, match=f"eth_chainId: .*{said}|{said}.*") as caught:
        rpc.number("eth_chainId")
    rpc.close()
    assert caught.value.data == b""


def test_an_error_of_null_beside_a_result_is_no_error(odd: Odd) -> None:
    odd.answer = b'{"jsonrpc":"2.0","id":1,"error":null,"result":"0x64"}'
    rpc = Rpc(odd.url)
    assert rpc.number("eth_chainId") == 100
    rpc.close()


def test_a_node_that_is_away_or_broken_is_told_as_such(odd: Odd) -> None:
    odd.status = 502
    for url in (odd.url, f"http://127.0.0.1:{free_port()}"):
        rpc = Rpc(url, timeout_s=5)
        with pytest.raises(httpx.HTTPError):
            rpc.call("eth_chainId")
        rpc.close()
