"""The port to a node: a real one, and one that answers as no node should."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import httpx
import msgspec
import pytest

from abis import calls
from chain_writer.errors import WrongChain
from chain_writer.node import CALLS_PER_BATCH_MAX, Node, NodeUnavailable
from chain_writer.pins import check_chain, check_codes, clone_code_hash
from chain_writer.replies import Passed, Refused
from tests.support.chain import ChainAtHand
from tests.unit.chain_writer.house import WALLET, House, name
from tests.unit.chain_writer.test_obligations import GENERATION


@pytest.fixture
def node(chain: ChainAtHand) -> Iterator[Node]:
    opened = Node(chain.url)
    yield opened
    opened.close()


class Liar:
    """An HTTP server with one answer for everything; `asked` keeps what it was sent."""

    def __init__(self) -> None:
        self.status, self.body = 200, b""
        self.asked: list[bytes] = []
        liar = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                liar.asked.append(self.rfile.read(int(self.headers["Content-Length"])))
                self.send_response(liar.status)
                self.send_header("Content-Length", str(len(liar.body)))
                self.end_headers()
                self.wfile.write(liar.body)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the library's word
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture
def liar() -> Iterator[Liar]:
    made = Liar()
    thread = threading.Thread(target=made.server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield made
    made.server.shutdown()
    thread.join()
    made.server.server_close()


def test_a_look_shows_head_count_and_headers_of_one_chain(node: Node, chain: ChainAtHand) -> None:
    chain.mine(3)
    head = chain.rpc.number("eth_blockNumber")

    seen = node.look(chain.signer, [head, head - 1, head + 10])

    assert (seen.chain_id, seen.genesis_hash) == (chain.generation.chain_id, chain.generation.genesis_hash)
    assert (seen.head.number, seen.count) == (head, 0)
    above, below = seen.headers[head], seen.headers[head - 1]
    assert above is not None
    assert below is not None
    assert above.parent_hash == below.hash
    assert seen.headers[head + 10] is None


def test_blocks_are_read_in_batches_that_any_node_takes(node: Node, chain: ChainAtHand) -> None:
    chain.mine(2 * CALLS_PER_BATCH_MAX)
    head = chain.rpc.number("eth_blockNumber")

    blocks = node.blocks(head - 2 * CALLS_PER_BATCH_MAX + 1, head + 5)

    assert len(blocks) == 2 * CALLS_PER_BATCH_MAX
    assert blocks[-1].header.number == head


def test_a_simulation_passes_with_its_gas_or_is_refused_in_the_contracts_words(node: Node, chain: ChainAtHand) -> None:
    registry = chain.generation.addresses["IssuerRegistry"]
    good = calls.register(company_id=name("c"), wallet=WALLET, documents_hash=bytes(32), entry=b"\x01" * 32)
    bad = calls.register(company_id=name("c"), wallet="0x" + "00" * 20, documents_hash=bytes(32), entry=b"\x01" * 32)

    passed = node.simulate(to=registry, data=good, sender=chain.signer)
    refused = node.simulate(to=registry, data=bad, sender=chain.signer)

    assert isinstance(passed, Passed)
    assert passed.gas > 21_000
    assert isinstance(refused, Refused)
    assert refused.revert.code == "WalletMissing"


def test_the_pins_of_the_deployed_generation_hold(node: Node, chain: ChainAtHand) -> None:
    seen = node.look(chain.signer, [])
    check_chain(chain.generation, chain_id=seen.chain_id, genesis_hash=seen.genesis_hash)
    check_codes(chain.generation, node.code_hashes(list(chain.generation.addresses.values())))
    with pytest.raises(WrongChain):
        check_chain(chain.generation, chain_id=1, genesis_hash=seen.genesis_hash)
    with pytest.raises(WrongChain):
        check_codes(GENERATION, dict.fromkeys(GENERATION.addresses.values(), "0x" + "01" * 32))


def test_a_campaigns_contract_has_the_code_that_was_foreseen(house: House) -> None:
    house.company()
    position = house.campaign()
    house.fund("investment")
    house.follow()
    house.settle(house.lane())
    assert house.story(position).state == "landed"
    (target,) = house.rows("SELECT target FROM writer.intents WHERE kind = 'record-investment'")[0]

    assert house.new_node().code_hashes([target])[target] == clone_code_hash(house.generation)


BODIES = [
    b"<html>bad gateway</html>",
    b"",
    b"[]",
    b'{"jsonrpc":"2.0","error":{"code":-32600,"message":"Batch request length too long"}}',
    b'[{"jsonrpc":"2.0","id":999,"result":"0x1"}]',
    b'[{"jsonrpc":"2.0","error":{"code":-32600,"message":"no id"}}]',
]


@pytest.mark.parametrize("body", BODIES)
def test_an_answer_that_is_none_is_reported_as_unavailable(liar: Liar, body: bytes) -> None:
    liar.body = body
    node = Node(liar.url)
    with pytest.raises(NodeUnavailable):
        node.look(WALLET, [])
    node.close()


@pytest.mark.parametrize("status", [429, 500, 503])
def test_an_http_error_is_one_of_httpx_and_passes(liar: Liar, status: int) -> None:
    liar.status = status
    node = Node(liar.url)
    with pytest.raises(httpx.HTTPError):
        node.look(WALLET, [])
    node.close()


@pytest.mark.parametrize(("status", "body"), [(200, body) for body in BODIES] + [(429, b""), (503, b"")])
def test_a_send_never_raises_and_an_answer_that_is_none_says_nothing(liar: Liar, status: int, body: bytes) -> None:
    liar.status, liar.body = status, body
    node = Node(liar.url)

    answers = node.send([b"\x01"] * 3)

    assert [answer.hash for answer in answers] == [None, None, None]
    assert {(answer.error or "").split(":")[0] for answer in answers} == {"no answer"}
    node.close()


def test_a_send_that_fails_is_not_followed_by_higher_nonces_and_is_never_repeated(liar: Liar) -> None:
    liar.status = 503
    node = Node(liar.url)

    answers = node.send([b"\x01"] * (2 * CALLS_PER_BATCH_MAX))

    assert len(liar.asked) == 1
    assert len(msgspec.json.decode(liar.asked[0])) == CALLS_PER_BATCH_MAX
    assert len(answers) == CALLS_PER_BATCH_MAX
    node.close()


def test_without_a_node_a_send_says_nothing_either() -> None:
    node = Node("http://127.0.0.1:9", timeout_s=1.0)
    (answer,) = node.send([b"\x01"])
    assert answer.error is not None
    node.close()
