"""The port to a node: JSON-RPC over HTTP, nothing retried behind one's back, every answer checked.

Polygon Edge answers 200 to everything, gives error codes that mean nothing, and refuses more than 20 calls a batch with
one object instead of a list. What it says of a sent tx is a hint and never an exception: the tx may be anywhere.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Annotated, Any, Protocol

import httpx
import msgspec

from abis import RawLog
from abis.hashing import keccak
from chain_writer.blocks import Answered, Block, BlockTx, Header, Receipt, Seen
from chain_writer.replies import Passed, Refused, Simulated, Unclear, simulated_error

CALLS_PER_BATCH_MAX = 20  # Polygon Edge's default limit


class NodeUnavailable(httpx.HTTPError):
    """The node gave no usable answer. Nothing was learnt; ask again later."""


class Chain(Protocol):
    """What the writer needs of a chain. All of it but `send` raises NodeUnavailable when there is no answer."""

    def look(self, address: str, numbers: Sequence[int]) -> Seen: ...
    def count_at(self, address: str, number: int) -> tuple[int, Header]: ...
    def code_hashes(self, addresses: Sequence[str]) -> dict[str, str]: ...
    def blocks(self, first: int, last: int) -> list[Block]: ...
    def receipts(self, hashes: Sequence[str]) -> list[Receipt | None]: ...
    def tried(self, calls: Sequence[tuple[str, bytes, int]], *, sender: str) -> list[Simulated]: ...
    def simulate(self, *, to: str, data: bytes, sender: str) -> Simulated: ...
    def words(self, calls: Sequence[tuple[str, bytes]], *, block: int) -> list[bytes]: ...
    def funds(self, address: str) -> tuple[int, int]: ...
    def send(self, raws: Sequence[bytes]) -> list[Answered]: ...
    def close(self) -> None: ...


_Quantity = Annotated[str, msgspec.Meta(pattern="^0x[0-9a-fA-F]{1,64}$")]
_Hash = Annotated[str, msgspec.Meta(pattern="^0x[0-9a-fA-F]{64}$")]
_Address = Annotated[str, msgspec.Meta(pattern="^0x[0-9a-fA-F]{40}$")]
_Hex = Annotated[str, msgspec.Meta(pattern="^0x([0-9a-fA-F]{2})*$")]


class _Error(msgspec.Struct, frozen=True):
    message: str = "no message"
    data: Any = None


class _Answer(msgspec.Struct, frozen=True):
    id: int
    result: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    error: _Error | None = None


class _Header(msgspec.Struct, frozen=True, rename="camel"):
    number: _Quantity
    hash: _Hash
    parent_hash: _Hash


class _Tx(msgspec.Struct, frozen=True, rename={"sender": "from"}):
    hash: _Hash
    sender: _Address
    nonce: _Quantity
    to: _Address | None = None
    input: _Hex = "0x"


class _Block(_Header, frozen=True, rename="camel"):
    transactions: list[_Tx]


class _Log(msgspec.Struct, frozen=True):
    address: _Address
    topics: list[_Hash]
    data: _Hex


class _Receipt(msgspec.Struct, frozen=True, rename="camel"):
    block_number: _Quantity
    block_hash: _Hash
    status: _Quantity
    logs: list[_Log]
    gas_used: _Quantity
    effective_gas_price: _Quantity | None = None


_Call = tuple[str, list[Any]]

_encode = msgspec.json.Encoder().encode
_answers = msgspec.json.Decoder(list[_Answer]).decode


class Node:
    """One address of a node. Implements `Chain`."""

    def __init__(self, url: str, timeout_s: float = 10.0) -> None:
        self._client = httpx.Client(timeout=timeout_s, headers={"Content-Type": "application/json"})
        self._url = url
        self._ids = itertools.count(1)

    def look(self, address: str, numbers: Sequence[int]) -> Seen:
        """The head first, then everything else: what comes later in a batch is never older."""
        head_calls: list[_Call] = [
            ("eth_chainId", []),
            _block(0),
            ("eth_getBlockByNumber", ["latest", False]),
            ("eth_getTransactionCount", [address, "latest"]),
        ]
        answers = self._ask([*head_calls, *map(_block, numbers)])
        return Seen(
            chain_id=int(_result(answers[0], _Quantity), 16),
            genesis_hash=_result(answers[1], _Header).hash,
            head=_header(_result(answers[2], _Header)),
            count=int(_result(answers[3], _Quantity), 16),
            headers={n: _header_or_none(answer) for n, answer in zip(numbers, answers[4:], strict=True)},
        )

    def count_at(self, address: str, number: int) -> tuple[int, Header]:
        """How many txs of an account there were up to a block, and that block."""
        counted, block = self._ask([("eth_getTransactionCount", [address, hex(number)]), _block(number)])
        return int(_result(counted, _Quantity), 16), _header(_result(block, _Header))

    def code_hashes(self, addresses: Sequence[str]) -> dict[str, str]:
        """Keccak of the code at each address, of nothing where there is none."""
        answers = self._ask([("eth_getCode", [address, "latest"]) for address in addresses])
        codes = (_bytes(_result(answer, _Hex)) for answer in answers)
        return {address: "0x" + keccak(code).hex() for address, code in zip(addresses, codes, strict=True)}

    def blocks(self, first: int, last: int) -> list[Block]:
        """The blocks of a range with their txs, as far as the node has them and each follows the one before."""
        found: list[Block] = []
        for answer in self._ask([("eth_getBlockByNumber", [hex(n), True]) for n in range(first, last + 1)]):
            block = _result(answer, _Block | None)
            if block is None or (found and block.parent_hash != found[-1].header.hash):
                break
            found.append(Block(_header(block), tuple(map(_block_tx, block.transactions))))
        return found

    def receipts(self, hashes: Sequence[str]) -> list[Receipt | None]:
        """None proves nothing: Polygon Edge may show a block before its receipts."""
        answers = self._ask([("eth_getTransactionReceipt", [hash_]) for hash_ in hashes])
        return [_receipt(_result(answer, _Receipt | None)) for answer in answers]

    def tried(self, calls: Sequence[tuple[str, bytes, int]], *, sender: str) -> list[Simulated]:
        """Whether each call, of a target, its data and a gas limit, would succeed on the newest state."""
        asked: list[_Call] = [
            ("eth_call", [{"from": sender, "to": to, "data": "0x" + data.hex(), "gas": hex(gas)}, "latest"])
            for to, data, gas in calls
        ]
        return [
            Passed(gas) if answer.error is None else _why_not(answer.error)
            for answer, (_, _, gas) in zip(self._ask(asked), calls, strict=True)
        ]

    def simulate(self, *, to: str, data: bytes, sender: str) -> Simulated:
        """Whether a call would succeed on the newest state, and for how much gas as estimated."""
        call = {"from": sender, "to": to, "data": "0x" + data.hex()}
        tried, estimated = self._ask([("eth_call", [call, "latest"]), ("eth_estimateGas", [call])])
        for answer in (tried, estimated):
            if answer.error is not None:
                return _why_not(answer.error)
        gas = int(_result(estimated, _Quantity), 16)
        return Passed(gas) if gas else Unclear("estimated at no gas")

    def words(self, calls: Sequence[tuple[str, bytes]], *, block: int) -> list[bytes]:
        """What views answer on the state of a block: the first word each, zeros where nothing answers."""
        asked: list[_Call] = [("eth_call", [{"to": to, "data": "0x" + data.hex()}, hex(block)]) for to, data in calls]
        return [_bytes(_result(answer, _Hex))[:32].ljust(32, b"\0") for answer in self._ask(asked)]

    def funds(self, address: str) -> tuple[int, int]:
        """The account's balance and the price that the node would ask, both in wei."""
        answers = self._ask([("eth_getBalance", [address, "latest"]), ("eth_gasPrice", [])])
        balance, price = (int(_result(answer, _Quantity), 16) for answer in answers)
        return balance, price

    def send(self, raws: Sequence[bytes]) -> list[Answered]:
        """Send signed bytes in the order given, which is the order of their nonces. Never raises for want of an answer.

        A request that fails says nothing about any of its txs, and the rest is not sent: a hole would wait for it.
        """
        answered: list[Answered] = []
        for place in range(0, len(raws), CALLS_PER_BATCH_MAX):
            part = raws[place : place + CALLS_PER_BATCH_MAX]
            try:
                answers = self._request([("eth_sendRawTransaction", ["0x" + raw.hex()]) for raw in part])
            except httpx.HTTPError as error:
                silence = Answered(None, f"no answer: {type(error).__name__}")
                return [*answered, *(silence for _ in part)]
            answered.extend(map(_answered, answers))
        return answered

    def close(self) -> None:
        self._client.close()

    def _ask(self, calls: Sequence[_Call]) -> list[_Answer]:
        answers: list[_Answer] = []
        for place in range(0, len(calls), CALLS_PER_BATCH_MAX):
            answers.extend(self._request(calls[place : place + CALLS_PER_BATCH_MAX]))
        return answers

    def _request(self, calls: Sequence[_Call]) -> list[_Answer]:
        """One batch. Answers may come in any order; one that is missing makes the whole batch worthless."""
        ids = [next(self._ids) for _ in calls]
        asked = [
            {"jsonrpc": "2.0", "id": id_, "method": method, "params": params}
            for id_, (method, params) in zip(ids, calls, strict=True)
        ]
        response = self._client.post(self._url, content=_encode(asked))
        response.raise_for_status()
        try:
            answers = {answer.id: answer for answer in _answers(response.content)}
            return [answers[id_] for id_ in ids]
        except (msgspec.MsgspecError, KeyError):
            raise NodeUnavailable(f"the node did not answer {calls[0][0]} as JSON-RPC prescribes") from None


def _block(number: int) -> _Call:
    return "eth_getBlockByNumber", [hex(number), False]


def _result(answer: _Answer, kind: Any) -> Any:
    if answer.error is not None:
        raise NodeUnavailable(f"the node refused a question: {answer.error.message}")
    if answer.result is msgspec.UNSET:
        raise NodeUnavailable("the node gave neither a result nor an error")
    try:
        return msgspec.json.decode(answer.result, type=kind)
    except msgspec.MsgspecError as error:
        raise NodeUnavailable(f"the node answered in another form than asked: {error}") from None


def _header(block: _Header) -> Header:
    return Header(int(block.number, 16), block.hash.lower(), block.parent_hash.lower())


def _header_or_none(answer: _Answer) -> Header | None:
    block = _result(answer, _Header | None)
    return _header(block) if block is not None else None


def _block_tx(tx: _Tx) -> BlockTx:
    to = tx.to.lower() if tx.to is not None else None
    return BlockTx(tx.hash.lower(), tx.sender.lower(), int(tx.nonce, 16), to, _bytes(tx.input))


def _receipt(receipt: _Receipt | None) -> Receipt | None:
    if receipt is None:
        return None
    logs = tuple(
        RawLog(log.address.lower(), tuple(_bytes(topic) for topic in log.topics), _bytes(log.data))
        for log in receipt.logs
    )
    number, status, gas_used = (int(word, 16) for word in (receipt.block_number, receipt.status, receipt.gas_used))
    paid = receipt.effective_gas_price
    price = int(paid, 16) if paid is not None else None
    return Receipt(number, receipt.block_hash.lower(), status == 1, logs, gas_used, price)


def _answered(answer: _Answer) -> Answered:
    if answer.error is not None:
        return Answered(None, answer.error.message)
    try:
        return Answered(msgspec.json.decode(answer.result, type=_Hash), None)  # type: ignore[arg-type]
    except (msgspec.MsgspecError, TypeError):
        return Answered(None, "no answer: neither a hash nor an error")


def _why_not(error: _Error) -> Refused | Unclear:
    return simulated_error(message=error.message, data=_revert_data(error.data))


def _revert_data(data: Any) -> bytes:
    """Revert data is hex; some nodes wrap it in an object."""
    text = data.get("data") if isinstance(data, dict) else data
    if not isinstance(text, str) or not text.startswith("0x"):
        return b""
    try:
        return bytes.fromhex(text[2:])
    except ValueError:
        return b""


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text[2:])
