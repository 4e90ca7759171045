"""The dialect of a well-behaved Edge node: groups 1 to 8, on a real anvil behind the proxy."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from tests.support.chain import ChainAtHand
from tests.support.edge import EDGE_1_3_2, TRANSPARENT, EdgeProxy, frames
from tests.support.edge.asking import Asker, Purse, Socket
from tests.support.edge.wire import encode
from tests.support.wait import until

EMITTER, BOOM, CUSTOM, PANIC, SILENT, INVALID, PUSH0, LOOP = (f"0x{0xE000 + i:040x}" for i in range(8))
BOOM_DATA = "08c379a0" + f"{32:064x}" + f"{4:064x}" + b"boom".hex().ljust(64, "0")
PANIC_DATA = "4e487b71" + f"{0x11:064x}"


def reverting(data: str) -> str:
    """Code that reverts with this data."""
    size = len(data) // 2
    return f"60{size:02x}600c60003960{size:02x}6000fd" + data


CODES = {
    EMITTER: "600160006000a1" + "600260006000a1" + "00",
    BOOM: reverting(BOOM_DATA),
    CUSTOM: reverting("deadbeef"),
    PANIC: reverting(PANIC_DATA),
    SILENT: "60006000fd",
    INVALID: "fe",
    PUSH0: "5f00",
    LOOP: "5b600056",
}


@pytest.fixture
def proxy(chain: ChainAtHand) -> Iterator[EdgeProxy]:
    for address, code in CODES.items():
        chain.rpc.call("anvil_setCode", address, "0x" + code)
    with EdgeProxy(chain.url) as started:
        yield started
    chain.rpc.call("anvil_dropAllTransactions")


@pytest.fixture
def edge(proxy: EdgeProxy) -> Iterator[Asker]:
    with Asker(proxy.url) as asker:
        yield asker


def emitted(chain: ChainAtHand) -> dict[str, Any]:
    """A block with two txs that emit two logs each; anvil's receipt of the second."""
    purse = Purse()
    for nonce in (0, 1):
        sent = chain.rpc.call("eth_sendRawTransaction", purse.raw(nonce, to=EMITTER))
    chain.mine()
    receipt: dict[str, Any] = chain.rpc.call("eth_getTransactionReceipt", sent)
    return receipt


def test_with_everything_off_the_proxy_cannot_be_told_from_anvil(chain: ChainAtHand, proxy: EdgeProxy) -> None:
    proxy.speak(TRANSPARENT)
    receipt = emitted(chain)
    signer, purse = chain.signer, Purse()
    raw = purse.raw(7)
    calls: list[tuple[str, list[Any]]] = [
        ("eth_chainId", []),
        ("eth_blockNumber", []),
        ("eth_getBlockByNumber", ["latest", True]),
        ("eth_getBlockByNumber", ["safe", False]),
        ("eth_getBlockByNumber", ["0xffffff", False]),
        ("eth_getBlockByHash", [receipt["blockHash"], True]),
        ("eth_getBlockByHash", ["0x12", True]),
        ("eth_getTransactionByHash", [receipt["transactionHash"]]),
        ("eth_getTransactionReceipt", [receipt["transactionHash"]]),
        ("eth_getBlockReceipts", [receipt["blockNumber"]]),
        ("eth_getLogs", [{"blockHash": receipt["blockHash"]}]),
        ("eth_getLogs", [{"fromBlock": "0x0", "toBlock": "0x0"}]),
        ("eth_getLogs", [{"fromBlock": "0xffffff", "toBlock": "0xffffff"}]),
        ("eth_getLogs", [None]),
        ("eth_getTransactionCount", [signer, "pending"]),
        ("eth_getBalance", [signer, "finalized"]),
        ("eth_getBalance", ["0x12", "latest"]),
        ("eth_getCode", [EMITTER, "latest"]),
        ("eth_call", [{"to": BOOM, "from": signer}, "latest"]),
        ("eth_call", [{"to": CUSTOM}, "0xffffff"]),
        ("eth_estimateGas", [{"to": LOOP}]),
        ("eth_estimateGas", [{"to": EMITTER, "value": "0x1"}]),
        ("eth_sendRawTransaction", ["0x12"]),
        ("eth_sendRawTransaction", [raw]),
        ("eth_sendRawTransaction", [raw]),
        ("txpool_status", []),
        ("txpool_content", []),
        ("txpool_inspect", []),
        ("eth_getFilterChanges", ["0x1"]),
        ("eth_gasPrice", []),
        ("eth_feeHistory", ["0x1", "latest", []]),
        ("eth_syncing", []),
        ("eth_accounts", []),
        ("net_peerCount", []),
        ("web3_clientVersion", []),
        ("nobody_knows", []),
    ]
    bodies = [
        *(b"{", b"", b"[]", b"[1]", b'{"id":1}', b'{"jsonrpc":"2.0","method":"eth_chainId"}'),
        encode([{"jsonrpc": "2.0", "id": i, "method": "eth_chainId", "params": []} for i in range(30)]),
    ]

    with Asker(chain.url) as anvil, Asker(proxy.url) as edge:
        given = [edge.whole(method, *params) for method, params in calls]
        chain.rpc.call("anvil_removePoolTransactions", purse.address)
        wanted = [anvil.whole(method, *params) for method, params in calls]
        bare = [[(r.status_code, r.content) for r in map(asker.post, bodies)] for asker in (edge, anvil)]

    assert given == wanted
    assert bare[0] == bare[1]


# 1. The shape of errors.


def test_whatever_fails_is_minus_32600_with_http_200(edge: Asker) -> None:
    response = edge.post(encode({"jsonrpc": "2.0", "id": 7, "method": "eth_getFilterChanges", "params": ["0x1"]}))

    assert response.status_code == 200
    assert response.json() == {"jsonrpc": "2.0", "id": 7, "error": {"code": -32600, "message": "filter not found"}}
    assert edge.error("eth_getLogs", {"blockHash": "0x11"})["code"] == -32603
    assert edge.error("eth_getBalance", "0x12", "latest") == {"code": -32602, "message": "Invalid Params"}
    assert edge.error("eth_getBalance", EMITTER, "0xffff")["message"] == (
        "failed to get the header of block 65535: error fetching block number 65535 header"
    )


@pytest.mark.parametrize("body", [b"{", b"", b"[1]", b'"eth_chainId"'])
def test_what_is_no_request_is_answered_without_an_id(edge: Asker, body: bytes) -> None:
    assert edge.post(body).json() == {"jsonrpc": "2.0", "error": {"code": -32600, "message": "Invalid json request"}}


def test_params_may_not_be_left_out(edge: Asker) -> None:
    without = edge.post(encode({"jsonrpc": "2.0", "id": 1, "method": "eth_getBalance"})).json()
    assert without["error"] == {"code": -32602, "message": "Invalid Params"}
    for params in ([], [{"to": EMITTER, "from": "0x12"}], [{"to": EMITTER, "value": "much"}], ["0x12"]):
        assert edge.error("eth_call", *params)["code"] == -32602
    assert edge.result("eth_call", {"to": EMITTER, "data": "0xzz"}) == "0x"  # no hex is no data
    assert edge.post(b"[]").json() == []


# 2. The texts of errors.


def test_a_refused_tx_is_refused_in_the_words_of_edge(chain: ChainAtHand, edge: Asker, proxy: EdgeProxy) -> None:
    proxy.set(pool=False)  # anvil's own refusals, translated
    purse, other = Purse(), Purse()
    edge.result("eth_sendRawTransaction", purse.raw(0))

    def told(raw: str) -> str:
        text: str = edge.error("eth_sendRawTransaction", raw)["message"]
        return text

    assert told(purse.raw(0)) == "already known"
    assert told(purse.raw(0, gas=99_999)) == "replacement tx underpriced"
    assert told(other.raw(0, value=1)) == "insufficient funds for gas * price + value"
    assert told(other.raw(0, gas=6_000_000)) == "exceeds block gas limit"
    assert told(other.raw(0, gas=20_000)) == "intrinsic gas too low"
    assert told(other.raw(0, chainId=99)) == "cannot extract signature"
    assert told(other.raw(0, gasPrice=0, accessList=[])) == "unknown transaction type: 1"
    assert told(other.raw(0, gasPrice=None, maxFeePerGas=1, maxPriorityFeePerGas=1)) == (
        "transaction type not supported: type 2 rejected, london hardfork is not enabled"
    )
    assert told("zz") == "cannot parse RLP: cannot parse empty string"
    assert told("0x12").startswith("unknown transaction type")
    chain.mine()
    assert told(purse.raw(0)) == "nonce too low"


# 3. Reverts.


@pytest.mark.parametrize(
    ("address", "text", "data"),
    [
        (BOOM, "execution reverted: boom", "0x" + BOOM_DATA),
        (CUSTOM, "execution reverted", "0xdeadbeef"),
        (PANIC, "execution reverted", "0x" + PANIC_DATA),
        (SILENT, "execution reverted", None),
    ],
)
def test_a_revert_has_no_code_3_and_its_text_only_if_the_contract_gave_one(
    edge: Asker, address: str, text: str, data: str | None
) -> None:
    with_data = {} if data is None else {"data": data}
    prefix = "unable to apply transaction even for the highest gas limit 5242880: "
    assert edge.error("eth_call", {"to": address}, "latest") == {"code": -32600, "message": text} | with_data
    assert edge.error("eth_estimateGas", {"to": address}) == {"code": -32600, "message": prefix + text} | with_data


def test_errors_of_the_evm_have_the_names_of_edge(edge: Asker) -> None:
    for address in (INVALID, PUSH0):
        assert edge.error("eth_call", {"to": address})["message"] == "unable to execute call: opcode not found"
        assert edge.error("eth_estimateGas", {"to": address})["message"] == "opcode not found"
    assert edge.error("eth_call", {"to": LOOP})["message"] == "unable to execute call: out of gas"
    assert edge.error("eth_estimateGas", {"to": LOOP, "gas": "0xfffff"})["message"] == (
        "unable to apply transaction even for the highest gas limit 1048575: out of gas"
    )


# 4. Tags.


def test_there_is_no_safe_and_no_finalized_block(edge: Asker) -> None:
    for tag in ("safe", "finalized"):
        assert edge.error("eth_getBlockByNumber", tag, False) == {"code": -32602, "message": "Invalid Params"}
        assert edge.error("eth_getBalance", EMITTER, tag)["code"] == -32602
        assert edge.error("eth_getLogs", {"fromBlock": tag})["code"] == -32602


def test_pending_means_latest_and_nothing_said_means_latest_too(edge: Asker) -> None:
    latest = edge.result("eth_getBlockByNumber", "latest", False)
    assert edge.result("eth_getBlockByNumber", "pending", False) == latest
    assert edge.result("eth_getBlockByNumber", str(int(latest["number"], 16)), False) == latest
    assert edge.result("eth_getCode", EMITTER) == edge.result("eth_getCode", EMITTER, {"blockHash": latest["hash"]})
    purse = Purse()
    edge.result("eth_sendRawTransaction", purse.raw(0))
    assert edge.number("eth_getTransactionCount", purse.address) == 0
    assert edge.number("eth_getTransactionCount", purse.address, "pending") == 1
    unknown = "0x" + "11" * 32
    assert edge.error("eth_getCode", EMITTER, {"blockHash": unknown})["message"] == (
        f"could not find block referenced by the hash {unknown}"
    )


# 5. Logs.


def test_a_range_of_logs_is_judged_as_edge_does(chain: ChainAtHand, edge: Asker, proxy: EdgeProxy) -> None:
    block = int(emitted(chain)["blockNumber"], 16)

    def logs(first: str, last: str) -> Any:
        answer = edge.whole("eth_getLogs", {"fromBlock": first, "toBlock": last, "address": EMITTER})
        return answer["error"] if "error" in answer else len(answer["result"])

    assert logs("0x0", "latest") == 4
    assert logs(hex(block), hex(block + 50)) == 4  # cut short at the head, without a word
    assert logs(hex(block + 1), hex(block + 50)) == 0
    assert logs("0x0", "0x0") == {"code": -32603, "message": "block range too high"}
    assert logs("0x2", "0x1") == {"code": -32603, "message": "incorrect range"}
    assert logs(hex(block + 1), "latest") == {"code": -32603, "message": "incorrect range"}
    assert logs("0x1", hex(1_001)) == 4
    assert logs("0x1", hex(1_002)) == {"code": -32603, "message": "block range too high"}
    assert logs("safe", "latest") == {"code": -32602, "message": "Invalid Params"}
    proxy.set(block_range_max=0)
    assert logs("0x1", hex(10_000)) == 4


def test_logs_by_a_block_hash_are_found_or_the_block_is_not(chain: ChainAtHand, edge: Asker) -> None:
    receipt = emitted(chain)
    assert len(edge.result("eth_getLogs", {"blockHash": receipt["blockHash"], "fromBlock": "0x1"})) == 4
    assert edge.result("eth_getLogs", {"blockHash": receipt["blockHash"], "topics": ["0xzz"]}) == []
    unknown = edge.error("eth_getLogs", {"blockHash": "0x" + "11" * 32})
    assert unknown == {"code": -32603, "message": "block not found"}


# 6. Methods and filters.


def test_methods_that_edge_lacks_are_missing(edge: Asker) -> None:
    for method in ("eth_getBlockReceipts", "eth_accounts", "eth_getProof", "eth_subscribe", "evm_mine", "trace_block"):
        assert edge.error(method) == {
            "code": -32601,
            "message": f"the method {method} does not exist/is not available",
        }
    assert edge.error("eth_sendTransaction", {})["message"].startswith("request calls to eth_sendTransaction")
    assert edge.error("debug_traceTransaction", "0x11")["message"] == "missing config object"


def test_the_node_says_who_it_is(edge: Asker) -> None:
    assert edge.get().json() == {"name": "polygon-edge", "chain_id": 100, "version": "1.3.2"}
    assert edge.result("web3_clientVersion") == "polygon-edge/v1.3.2/linux-amd64/go1.20"
    assert edge.result("net_version") == "100"


def test_the_pool_is_counted_in_plain_numbers(edge: Asker) -> None:
    purse = Purse()
    for nonce in (0, 1, 5):
        edge.result("eth_sendRawTransaction", purse.raw(nonce))

    assert edge.result("txpool_status") == {"pending": 2, "queued": 1}
    inspected = edge.result("txpool_inspect")
    assert inspected["queued"] == {purse.address: {"5": "0 wei + 100000 gas x 0 wei"}}
    assert (inspected["currentCapacity"], inspected["maxCapacity"]) == (3, 4096)
    content = edge.result("txpool_content")["pending"][purse.address]
    assert {int(tx["blockHash"], 16) for tx in content.values()} == {0}


def test_a_filter_of_logs_says_null_first_and_expires(chain: ChainAtHand, edge: Asker, proxy: EdgeProxy) -> None:
    logs, blocks = edge.result("eth_newFilter", {"address": EMITTER}), edge.result("eth_newBlockFilter")

    assert edge.result("eth_getFilterChanges", logs) is None
    assert edge.result("eth_getFilterChanges", logs) == []
    receipt = emitted(chain)
    assert len(edge.result("eth_getFilterChanges", logs)) == 4
    assert edge.result("eth_getFilterChanges", blocks) == [receipt["blockHash"]]
    assert edge.error("eth_getFilterLogs", blocks)["message"] == "casting filter object to logFilter error"
    proxy.pass_time(59)
    assert edge.result("eth_getFilterChanges", logs) == []
    proxy.pass_time(59)
    assert edge.error("eth_getFilterChanges", blocks)["message"] == "filter not found"
    assert edge.result("eth_uninstallFilter", logs) is True
    assert edge.result("eth_uninstallFilter", logs) is False


# 7. Fields.


def test_a_block_is_a_block_of_ibft(chain: ChainAtHand, edge: Asker, proxy: EdgeProxy) -> None:
    receipt = emitted(chain)
    number = receipt["blockNumber"]

    block = edge.result("eth_getBlockByNumber", number, True)

    assert block["hash"] == receipt["blockHash"]
    assert len(bytes.fromhex(block["extraData"][2:])) > 32
    assert int(block["logsBloom"], 16) == 0
    assert int(edge.result("eth_getTransactionReceipt", receipt["transactionHash"])["logsBloom"], 16) != 0
    assert block["difficulty"] == block["totalDifficulty"] == number
    assert block["miner"] == "0x" + "00" * 20
    assert block["mixHash"].startswith("0x63746963616c")
    assert "baseFeePerGas" not in block
    genesis = edge.result("eth_getBlockByNumber", "earliest", False)
    assert (genesis["timestamp"], genesis["gasUsed"]) == ("0x0", "0x70000")
    proxy.set(vote_every_blocks=1)
    assert len(bytes.fromhex(edge.result("eth_getBlockByNumber", number, False)["miner"][2:])) > 20


def test_two_nodes_carry_other_seals_for_the_same_block(chain: ChainAtHand, edge: Asker) -> None:
    with EdgeProxy(chain.url, dialect=EDGE_1_3_2.but(node="b")) as other, Asker(other.url) as sibling:
        one, two = (asker.result("eth_getBlockByNumber", "latest", False) for asker in (edge, sibling))

    assert one["hash"] == two["hash"]
    assert one["extraData"] != two["extraData"]
    assert {key for key in one if one[key] != two[key]} <= {"extraData", "size"}


def test_txs_receipts_and_logs_have_the_fields_of_edge(chain: ChainAtHand, edge: Asker) -> None:
    whole = emitted(chain)

    receipt = edge.result("eth_getTransactionReceipt", whole["transactionHash"])
    tx = edge.result("eth_getTransactionByHash", whole["transactionHash"])
    log = edge.result("eth_getLogs", {"blockHash": whole["blockHash"]})[-1]

    assert not {"type", "effectiveGasPrice", "blobGasPrice", "blockTimestamp"} & set(receipt)
    assert int(receipt["root"], 16) == 0
    assert not {"accessList", "yParity", "chainId", "blockTimestamp"} & set(tx)
    assert tx["type"] == "0x0"
    assert receipt["logs"][-1] == log
    assert "blockTimestamp" not in log
    assert (log["logIndex"], log["transactionIndex"]) == ("0x3", "0x1")
    assert tx["from"] == receipt["from"] != whole["from"]
    assert tx["from"].lower() == whole["from"]
    created = chain.generation.addresses["FundEscrow"]
    assert edge.result("eth_getTransactionReceipt", "0x22") is None
    assert created != created.lower()


# 8. Limits and the WebSocket.


def test_the_21st_call_of_a_batch_is_one_too_many(edge: Asker, proxy: EdgeProxy) -> None:
    call: tuple[str, list[Any]] = ("eth_chainId", [])
    assert len(edge.batch([call] * 20)) == 20
    assert edge.batch([call] * 21) == {
        "jsonrpc": "2.0",
        "error": {"code": -32600, "message": "Batch request length too long"},
    }
    proxy.set(calls_per_batch_max=0)
    assert len(edge.batch([call] * 21)) == 21


def test_a_websocket_opens_at_ws_only_and_reads_8192_bytes(proxy: EdgeProxy) -> None:
    async def story() -> tuple[Any, frames.Frame]:
        with pytest.raises(ConnectionError):
            await Socket.open(proxy.ws_url.removesuffix("/ws") + "/")
        socket = await Socket.open(proxy.ws_url)
        await socket.ask("eth_chainId")
        answer = await socket.told()
        await socket.send(b" " * 8_193)
        closed = await socket.heard()
        await socket.close()
        return answer, closed

    answer, closed = asyncio.run(story())

    assert answer == {"jsonrpc": "2.0", "id": 1, "result": "0x64"}
    assert (closed.opcode, int.from_bytes(closed.payload, "big")) == (frames.CLOSE, 1009)


def test_subscribers_are_told_of_blocks_logs_and_pending_txs(chain: ChainAtHand, proxy: EdgeProxy) -> None:
    async def story() -> list[frames.Frame]:
        socket = await Socket.open(proxy.ws_url)
        for kind in (["newHeads"], ["logs", {"address": EMITTER}], ["newPendingTransactions"], ["syncing"]):
            await socket.ask("eth_subscribe", *kind)
            await socket.told()
        await socket.ask("eth_sendRawTransaction", Purse().raw(0, to=EMITTER))
        first = [await socket.heard(), await socket.heard()]
        await asyncio.to_thread(chain.mine)
        told = [await socket.heard() for _ in range(3)]
        await socket.close()
        return [*first, *told]

    *first, head, one, two = asyncio.run(story())

    sent, pending = sorted(first, key=lambda frame: b"eth_subscription" in frame.payload)
    assert msgspec.json.decode(sent.payload)["result"].encode() in pending.payload
    with pytest.raises(msgspec.DecodeError):  # the hash stands there without quotes
        msgspec.json.decode(pending.payload)
    assert msgspec.json.decode(head.payload)["params"]["result"]["transactions"] == []
    topics = [msgspec.json.decode(log.payload)["params"]["result"]["topics"] for log in (one, two)]
    assert [int(topic, 16) for (topic,) in topics] == [1, 2]


def test_a_subscriber_that_stops_reading_stops_the_import_of_blocks(
    chain: ChainAtHand, edge: Asker, proxy: EdgeProxy
) -> None:
    async def story() -> tuple[int, set[int]]:
        start = chain.rpc.number("eth_blockNumber")
        socket = await Socket.open(proxy.ws_url, receive_bytes=4_096)
        await socket.ask("eth_subscribe", "newHeads")
        await socket.told()
        socket.stop_reading()
        await asyncio.to_thread(chain.mine, 200)
        await asyncio.to_thread(until, lambda: edge.number("eth_blockNumber") > start, "some blocks are told")
        heads = await asyncio.to_thread(lambda: [edge.number("eth_blockNumber") for _ in range(400)])
        await socket.close()
        await asyncio.to_thread(until, lambda: edge.number("eth_blockNumber") == start + 200, "the head moves again")
        return start, set(heads[-200:])

    start, stuck = asyncio.run(story())

    assert len(stuck) == 1
    assert start < stuck.pop() < start + 200
