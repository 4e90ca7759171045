"""The port to a node: JSON-RPC over HTTP, every answer checked, everything else reported as unavailable.

Polygon Edge answers 200 to everything, gives error codes that mean nothing, cuts a range of logs short at its own head
without saying so, and refuses more than 20 calls a batch. So: logs are asked for together with the header of the last
block of their range, in one request that no load balancer can split, and only what was asked for is taken.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Generic, Protocol, TypeVar

import httpx
import msgspec

from chain_indexer import wire
from chain_indexer.blocks import Header, RangeLogs, Seen
from chain_indexer.budget import Budget, retry_after_s
from chain_indexer.logs import Logs, joined
from chain_indexer.ranges import BLOCKS_PER_RANGE_MAX

CALLS_PER_BATCH_MAX = 20  # Polygon Edge's default limit
ADDRESSES_PER_CALL_MAX = 500
BODY_BYTES_MAX = 64 * 1024 * 1024  # what one block may need, however large
RANGE_BYTES_MAX = 16 * 1024 * 1024  # several ranges are in memory at once, and can be asked for in smaller parts
BATCHES_AT_ONCE_MAX = 4
ERROR_CHARS_MAX = 200  # of a node's own words, in ours


class NodeUnavailable(httpx.HTTPError):
    """The node gave no usable answer. Nothing was learnt; ask again later."""


class NodeLagging(NodeUnavailable):
    """The node does not have a block that it, or a sibling behind the same address, said it had. Ask again later."""


class NodeContradicts(NodeUnavailable):
    """Parts of the node's answers exclude each other, as when its chain changes while it is asked. Ask again later."""


class RangeRefused(NodeUnavailable):
    """The node would not, or could not in time, give the logs of so many blocks at once. Ask for fewer."""


class NodeRests(NodeUnavailable):
    """The node asked for rest (`Retry-After`), and gets it: nothing is sent to it meanwhile."""


class _TooMuch(NodeUnavailable):
    """The answer took too long or was too large: a smaller question may be answered."""


Result = TypeVar("Result")
Batch = TypeVar("Batch")
Item = TypeVar("Item")


class _Error(msgspec.Struct, frozen=True):
    message: str = "no message"


class _Answer(msgspec.Struct, Generic[Result], frozen=True):
    id: int
    result: Result | msgspec.UnsetType = msgspec.UNSET
    error: _Error | None = None


Call = tuple[str, list[Any]]

NO_LOGS = Logs()

_encode = msgspec.json.Encoder().encode
_answers = msgspec.json.Decoder(list[_Answer[msgspec.Raw]]).decode
_blocks = msgspec.json.Decoder(list[_Answer[wire.Block | None]]).decode
_receipts = msgspec.json.Decoder(list[_Answer[wire.Receipt | None]]).decode


class Chain(Protocol):
    """What the loop asks of the chain, whoever answers. Raises NodeUnavailable or one of its kinds, nothing else."""

    def look(self, numbers: Sequence[int]) -> Seen: ...
    def headers(self, first: int, last: int) -> tuple[Header, ...]: ...
    def logs(self, first: int, last: int, addresses: Sequence[str]) -> RangeLogs: ...
    def logs_of(self, header: Header, addresses: Sequence[str]) -> RangeLogs: ...

    def logs_by_receipts(self, blocks: Sequence[Header], addresses: Sequence[str], *, like: Logs = NO_LOGS) -> Logs:
        """Whoever finds nothing but the very words of `like` gives `like` itself."""
        ...

    def codes(self, addresses: Sequence[str]) -> dict[str, bytes]: ...

    def doubt(self, reason: str) -> bool:
        """Whoever answered last contradicts: whether another one is there to be asked instead."""
        ...

    def close(self) -> None: ...


class Node:
    """One address of a node. Raises NodeUnavailable or one of its kinds, and nothing else, for whatever goes wrong."""

    def __init__(self, url: str, timeout_s: float = 10.0, *, budget: Budget | None = None) -> None:
        self._client = httpx.Client(timeout=timeout_s, headers={"Content-Type": "application/json"})
        self._url = url
        self._budget = budget
        self._ids = itertools.count(1)
        self._threads = ThreadPoolExecutor(BATCHES_AT_ONCE_MAX, thread_name_prefix="node")

    def look(self, numbers: Sequence[int]) -> Seen:
        """Whose chain the node speaks for, its head, and its headers at these numbers as far as it has them.

        Raises NodeLagging if it lacks one that is not above the head it gives in the same answer.
        """
        calls = [("eth_chainId", []), _block(0), ("eth_getBlockByNumber", ["latest", False]), *map(_block, numbers)]
        answers, _ = self._ask(calls, _answers)
        chain_id = wire.number_of(_decoded(answers[0], wire.Quantity, "the chain id"))
        genesis = _header_in(answers[1], 0)
        head = wire.header_of(_decoded(answers[2], wire.Block, "the newest block"))
        headers = {}
        for number, answer in zip(numbers, answers[3:], strict=True):
            if number <= head.number:
                headers[number] = _header_in(answer, number)
        return Seen(chain_id=chain_id, genesis_hash=genesis.hash, head=head, headers=headers)

    def headers(self, first: int, last: int) -> tuple[Header, ...]:
        """The headers of a range. Raises NodeLagging if one is missing, NodeContradicts if they are not linked."""
        batches = [
            range(start, min(start + CALLS_PER_BATCH_MAX, last + 1))
            for start in range(first, last + 1, CALLS_PER_BATCH_MAX)
        ]
        headers = tuple(self._each(self._some_headers, batches))
        for parent, child in itertools.pairwise(headers):
            if child.parent_hash != parent.hash:
                raise NodeContradicts(f"{child} does not follow {parent}: the chain changed while it was read")
        return headers

    def logs(self, first: int, last: int, addresses: Sequence[str]) -> RangeLogs:
        """All logs of these contracts (lower case) from one block through another, in the order of the chain.

        Raises RangeRefused if the node will not answer over so many blocks, NodeLagging if it lacks the last of them.
        """
        assert 1 <= first <= last, "logs are asked for from block 1 on: Polygon Edge refuses 0 to 0"
        assert last - first < BLOCKS_PER_RANGE_MAX
        return self._logs(last, {"fromBlock": hex(first), "toBlock": hex(last)}, addresses, bytes_max=RANGE_BYTES_MAX)

    def logs_of(self, header: Header, addresses: Sequence[str]) -> RangeLogs:
        """All logs of these contracts in one block, asked for by its hash: a node without it cannot answer."""
        return self._logs(header.number, {"blockHash": header.hash}, addresses, bytes_max=BODY_BYTES_MAX)

    def logs_by_receipts(self, blocks: Sequence[Header], addresses: Sequence[str], *, like: Logs = NO_LOGS) -> Logs:
        """The logs of these contracts (lower case) by the receipts of all txs of these blocks.

        Receipts that say nothing but `like`, in its words and order, are not read: `like` itself is the answer.
        Raises NodeLagging if a receipt is missing, NodeContradicts if one is of another block.
        """
        txs = [(tx_hash, block.hash) for block in blocks for tx_hash in block.tx_hashes]
        batches = [txs[place : place + CALLS_PER_BATCH_MAX] for place in range(0, len(txs), CALLS_PER_BATCH_MAX)]
        text = wire.joined(self._each(self._some_receipts, batches))
        if text == like.text:
            return like
        return _read(text, addresses)

    def codes(self, addresses: Sequence[str]) -> dict[str, bytes]:
        """The code at these addresses at the node's head; empty where there is none."""
        assert len(addresses) <= CALLS_PER_BATCH_MAX
        answers, _ = self._ask([("eth_getCode", [address, "latest"]) for address in addresses], _answers)
        return {
            address: bytes.fromhex(_decoded(answer, wire.Hex, "a contract's code")[2:])
            for address, answer in zip(addresses, answers, strict=True)
        }

    def doubt(self, reason: str) -> bool:  # noqa: ARG002  # there is nobody else to ask
        return False

    def close(self) -> None:
        self._threads.shutdown(cancel_futures=True)
        self._client.close()

    def _each(self, ask: Callable[[Batch], list[Item]], batches: Sequence[Batch]) -> Iterable[Item]:
        """What each batch gives, several at once; one alone needs no other thread."""
        given = self._threads.map(ask, batches) if len(batches) > 1 else map(ask, batches)
        return itertools.chain.from_iterable(given)

    def _some_headers(self, numbers: range) -> list[Header]:
        answers, _ = self._ask([_block(number) for number in numbers], _blocks)
        return [
            _header(_given(answer, f"block {number}"), number) for number, answer in zip(numbers, answers, strict=True)
        ]

    def _some_receipts(self, txs: Sequence[tuple[str, str]]) -> list[bytes]:
        calls: list[Call] = [("eth_getTransactionReceipt", [tx_hash]) for tx_hash, _ in txs]
        answers, _ = self._ask(calls, _receipts)
        texts: list[bytes] = []
        for (tx_hash, block_hash), answer in zip(txs, answers, strict=True):
            receipt = _given(answer, f"the receipt of tx {tx_hash}")
            if receipt is None:
                raise NodeLagging(f"the node does not have the receipt of tx {tx_hash}")
            if (receipt.transaction_hash.lower(), receipt.block_hash.lower()) != (tx_hash, block_hash):
                raise NodeContradicts(f"the receipt of tx {tx_hash} is not of block {block_hash}")
            texts.append(bytes(receipt.logs))
        return texts

    def _logs(self, last: int, where: dict[str, str], addresses: Sequence[str], *, bytes_max: int) -> RangeLogs:
        chunks = [
            addresses[place : place + ADDRESSES_PER_CALL_MAX]
            for place in range(0, len(addresses), ADDRESSES_PER_CALL_MAX)
        ]
        headers: list[Header] = []
        found: list[Logs] = []
        size_bytes = 0
        for place in range(0, len(chunks), CALLS_PER_BATCH_MAX - 1):
            some = chunks[place : place + CALLS_PER_BATCH_MAX - 1]
            calls = [("eth_getLogs", [{**where, "address": list(chunk)}]) for chunk in some]
            try:
                answers, size = self._ask([_block(last), *calls], _answers, bytes_max=bytes_max)
            except _TooMuch as error:
                raise RangeRefused(str(error)) from error
            size_bytes += size
            headers.append(_header_in(answers[0], last))
            for chunk, answer in zip(some, answers[1:], strict=True):
                found.append(self._found(answer, chunk))
        if len({header.hash for header in headers}) != 1:
            raise NodeContradicts(f"block {last} changed while its logs were read")
        return RangeLogs(last=headers[0], logs=joined(found), size_bytes=size_bytes)

    def _found(self, answer: _Answer[msgspec.Raw], addresses: Sequence[str]) -> Logs:
        """The logs of one answer; a node that ignores the filter gives more than was asked for."""
        if answer.error is not None:  # the texts differ from node to node; fewer blocks is what helps with any
            raise RangeRefused(f"the node refused a range of logs: {answer.error.message[:ERROR_CHARS_MAX]}")
        return _read(bytes(_given(answer, "logs")), addresses)

    def _ask(
        self,
        calls: Sequence[Call],
        read: Callable[[bytes], list[_Answer[Result]]],
        *,
        bytes_max: int = BODY_BYTES_MAX,
    ) -> tuple[list[_Answer[Result]], int]:
        """The answers to a batch in the order of its calls, and the bytes they took."""
        assert 1 <= len(calls) <= CALLS_PER_BATCH_MAX
        ids = [next(self._ids) for _ in calls]
        asked = [
            {"jsonrpc": "2.0", "id": i, "method": method, "params": params}
            for i, (method, params) in zip(ids, calls, strict=True)
        ]
        body = self._post(_encode(asked), bytes_max=bytes_max)
        try:
            given = read(body)
        except msgspec.MsgspecError as error:
            raise NodeUnavailable(f"the node's answer cannot be read ({error}): {body[:ERROR_CHARS_MAX]!r}") from error
        answers = {answer.id: answer for answer in given}
        if sorted(answers) != ids or len(given) != len(ids):
            raise NodeUnavailable(f"the node answered {len(given)} of {len(ids)} calls, or others than were asked")
        return [answers[i] for i in ids], len(body)

    def _post(self, content: bytes, *, bytes_max: int) -> bytes:
        rests_s = self._budget.spend() if self._budget else 0.0
        if rests_s > 0:
            raise NodeRests(f"the node asked for rest, {rests_s:.1f} s of it are left")
        try:
            with self._client.stream("POST", self._url, content=content) as response:
                self._heed(response)
                return _body(response, bytes_max=bytes_max)
        except httpx.ReadTimeout as error:
            raise _TooMuch("the node did not answer in time") from error
        except httpx.RequestError as error:
            raise NodeUnavailable(f"the node cannot be reached: {type(error).__name__}: {error}") from error

    def _heed(self, response: httpx.Response) -> None:
        """Give the node the rest that it asks for."""
        busy = response.status_code in {httpx.codes.TOO_MANY_REQUESTS, httpx.codes.SERVICE_UNAVAILABLE}
        asked_s = retry_after_s(response.headers.get("Retry-After"), response.headers.get("Date")) if busy else None
        if asked_s is not None and self._budget:
            self._budget.rest(asked_s)


def _body(response: httpx.Response, *, bytes_max: int) -> bytes:
    if response.status_code == httpx.codes.REQUEST_ENTITY_TOO_LARGE:
        raise _TooMuch("the node finds the question too large (HTTP 413)")
    if response.status_code != httpx.codes.OK:
        raise NodeUnavailable(f"the node answered HTTP {response.status_code}")
    parts: list[bytes] = []
    size = 0
    for part in response.iter_bytes():
        parts.append(part)
        size += len(part)
        if size > bytes_max:
            raise _TooMuch(f"the node's answer is larger than {bytes_max} bytes")
    return b"".join(parts)


def _block(number: int) -> Call:
    return "eth_getBlockByNumber", [hex(number), False]


def _given(answer: _Answer[Result], what: str) -> Result:
    if answer.error is not None:
        raise NodeUnavailable(f"the node refused {what}: {answer.error.message[:ERROR_CHARS_MAX]}")
    if answer.result is msgspec.UNSET:
        raise NodeUnavailable(f"the node gave neither {what} nor an error")
    return answer.result


def _decoded(answer: _Answer[msgspec.Raw], kind: Any, what: str) -> Any:
    try:
        return msgspec.json.decode(_given(answer, what), type=kind)
    except msgspec.MsgspecError as error:
        raise NodeUnavailable(f"the node gave {what} in a form that cannot be read: {error}") from error


def _header_in(answer: _Answer[msgspec.Raw], number: int) -> Header:
    return _header(_decoded(answer, wire.Block | None, f"block {number}"), number)


def _header(block: wire.Block | None, number: int) -> Header:
    if block is None:
        raise NodeLagging(f"the node does not have block {number}")
    header = wire.header_of(block)
    if header.number != number:
        raise NodeContradicts(f"asked for block {number}, the node gave {header}")
    return header


def _read(text: bytes, addresses: Sequence[str]) -> Logs:
    """Those logs of a JSON array that these contracts emitted."""
    try:
        return wire.logs_of(text).emitted_by(addresses)
    except wire.Removed as error:
        raise NodeContradicts(str(error)) from error
    except ValueError as error:
        raise NodeUnavailable(f"the node gave logs in a form that cannot be read: {error}") from error
