"""The chain's side of a reconciliation: many small questions to one node, in batches that Polygon Edge allows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from abis import RawLog
from ops.rpc import Rpc, RpcRefused

REQUESTS_PER_BATCH_MAX = 20
BLOCKS_PER_RANGE_MAX = 1_000
ADDRESSES_PER_FILTER_MAX = 100


class Call(msgspec.Struct, frozen=True):
    """One question to a contract."""

    address: str
    data: bytes


class ChainLog(msgspec.Struct, frozen=True, kw_only=True):
    """A log with its place on the chain."""

    raw: RawLog
    block_number: int
    block_hash: str
    tx_hash: str
    log_index: int


class BatchRpc(Rpc):
    """The floor's JSON-RPC client, asked many things at once."""

    def answers(self, calls: Sequence[Call], *, block: int) -> list[bytes | None]:
        """What contracts answer at a block, in order; None where a call reverts."""
        found: list[bytes | None] = []
        for start in range(0, len(calls), REQUESTS_PER_BATCH_MAX):
            found.extend(self._batch(calls[start : start + REQUESTS_PER_BATCH_MAX], block=hex(block)))
        return found

    def keeps_state_of(self, block: int, *, address: str) -> bool:
        """Whether the node can still answer questions about a block: many keep the state of the newest ones only."""
        try:
            self.call("eth_getCode", address, hex(block))
        except RpcRefused:
            return False
        return True

    def logs(self, addresses: Sequence[str], *, first: int, last: int) -> Iterator[ChainLog]:
        """Every log of these addresses in these blocks."""
        for start in range(0, len(addresses), ADDRESSES_PER_FILTER_MAX):
            some = list(addresses[start : start + ADDRESSES_PER_FILTER_MAX])
            for low in range(first, last + 1, BLOCKS_PER_RANGE_MAX):
                high = min(low + BLOCKS_PER_RANGE_MAX - 1, last)
                for item in self.call("eth_getLogs", {"address": some, "fromBlock": hex(low), "toBlock": hex(high)}):
                    yield _log(item)

    def _batch(self, calls: Sequence[Call], *, block: str) -> list[bytes | None]:
        requests = [
            {
                "jsonrpc": "2.0",
                "id": place,
                "method": "eth_call",
                "params": [{"to": call.address, "data": "0x" + call.data.hex()}, block],
            }
            for place, call in enumerate(calls)
        ]
        response = self._client.post("", json=requests)
        response.raise_for_status()
        body = response.json()
        if not isinstance(body, list) or len(body) != len(calls):
            raise RpcRefused(
                "a batch of eth_call", body if isinstance(body, dict) else {"message": "answers are missing"}
            )
        by_id = {answer["id"]: answer for answer in body}
        return [_answer(by_id[place]) for place in range(len(calls))]


def _answer(answer: dict[str, Any]) -> bytes | None:
    """None for a revert only. Whatever else the node says no to is no answer about the contract."""
    error = answer.get("error")
    if error is None:
        return bytes.fromhex(answer["result"][2:])
    if "revert" in str(error.get("message", "")).lower():
        return None
    raise RpcRefused("eth_call", error)


def _log(item: dict[str, Any]) -> ChainLog:
    return ChainLog(
        raw=RawLog(
            address=item["address"].lower(),
            topics=tuple(bytes.fromhex(topic[2:]) for topic in item["topics"]),
            data=bytes.fromhex(item["data"][2:]),
        ),
        block_number=int(item["blockNumber"], 16),
        block_hash=item["blockHash"],
        tx_hash=item["transactionHash"],
        log_index=int(item["logIndex"], 16),
    )
