"""Groups 4, 6 and 12: which methods there are, what of a request is read, and which block a tag means."""

from __future__ import annotations

from typing import Any

import msgspec

from abis.hashing import checksummed
from tests.support.edge.wire import PARAMS_INVALID, Call, Failure

LATEST = "latest"

# Method -> the place of its block parameter, None if it has none. What is not here does not exist on an Edge node.
METHODS: dict[str, int | None] = {
    "eth_chainId": None,
    "eth_syncing": None,
    "eth_getBlockByNumber": 0,
    "eth_getBlockByHash": None,
    "eth_getBlockTransactionCountByNumber": 0,
    "eth_blockNumber": None,
    "eth_sendRawTransaction": None,
    "eth_sendTransaction": None,
    "eth_getTransactionByHash": None,
    "eth_getTransactionReceipt": None,
    "eth_getStorageAt": 2,
    "eth_gasPrice": None,
    "eth_call": 1,
    "eth_estimateGas": 1,
    "eth_getFilterLogs": None,
    "eth_getLogs": None,
    "eth_getBalance": 1,
    "eth_getTransactionCount": 1,
    "eth_getCode": 1,
    "eth_newFilter": None,
    "eth_newBlockFilter": None,
    "eth_getFilterChanges": None,
    "eth_uninstallFilter": None,
    "eth_unsubscribe": None,
    "eth_maxPriorityFeePerGas": None,
    "eth_feeHistory": 1,
    "net_version": None,
    "net_listening": None,
    "net_peerCount": None,
    "web3_clientVersion": None,
    "web3_sha3": None,
    "txpool_content": None,
    "txpool_inspect": None,
    "txpool_status": None,
    "debug_traceBlockByNumber": 0,
    "debug_traceBlockByHash": None,
    "debug_traceBlock": None,
    "debug_traceTransaction": None,
    "debug_traceCall": 1,
}
FEE_METHODS = frozenset({"eth_maxPriorityFeePerGas", "eth_feeHistory"})  # since v1.0
NO_PARAMS = frozenset(
    {"eth_chainId", "eth_syncing", "eth_blockNumber", "eth_gasPrice", "eth_newBlockFilter", "eth_maxPriorityFeePerGas"}
    | {"net_version", "net_listening", "net_peerCount", "web3_clientVersion"}
    | {"txpool_content", "txpool_inspect", "txpool_status"}
)
BY_HASH_TOO = frozenset(  # EIP-1898
    {"eth_call", "eth_getBalance", "eth_getCode", "eth_getStorageAt", "eth_getTransactionCount"}
)
OF_THE_STATE = BY_HASH_TOO | {"eth_estimateGas"}


class At(msgspec.Struct, frozen=True):
    """Which block a request means: a number, a hash, or the newest (neither). `pending` counts for nonces only."""

    number: int | None = None
    block_hash: str | None = None
    pending: bool = False

    @property
    def newest(self) -> bool:
        return self.number is None and self.block_hash is None

    @property
    def param(self) -> Any:
        if self.block_hash is not None:
            return {"blockHash": self.block_hash}
        return hex(self.number) if self.number is not None else LATEST


def params_of(call: Call) -> list[Any] | Failure:
    """The parameters as a list. Edge refuses a request without the key if the method takes any."""
    if call.method in NO_PARAMS:
        return []
    if call.params is msgspec.UNSET or not isinstance(call.params, list | None):
        return PARAMS_INVALID
    return list(call.params or [])


def at(tag: Any, *, by_hash: bool) -> At | Failure:
    """What a tag means. Bare decimals are numbers, `safe` and `finalized` are nothing at all."""
    if isinstance(tag, dict) and by_hash:
        if isinstance(tag.get("blockHash"), str):
            return At(block_hash=padded_hash(tag["blockHash"]))
        return at(tag.get("blockNumber"), by_hash=False)
    if tag is None or tag in (LATEST, "pending", ""):
        return At(pending=tag == "pending")
    if tag == "earliest":
        return At(number=0)
    return _numbered(tag)


def _numbered(tag: Any) -> At | Failure:
    try:
        if isinstance(tag, str):
            return At(number=int(tag, 16) if tag.startswith("0x") else int(tag, 10))
    except ValueError:
        return PARAMS_INVALID
    is_number = isinstance(tag, int) and not isinstance(tag, bool) and tag >= 0
    return At(number=tag) if is_number else PARAMS_INVALID


def padded_hash(text: Any) -> str:
    """Edge takes any hex where a hash belongs and fills it up on the left; what is no hex counts as nothing."""
    digits = text.removeprefix("0x") if isinstance(text, str) else ""
    if not digits or any(digit not in "0123456789abcdefABCDEF" for digit in digits):
        digits = ""
    return "0x" + digits[-64:].rjust(64, "0")


def swallowed(call: dict[str, Any]) -> dict[str, Any]:
    """Data that is no hex is read as no data."""
    kept = dict(call)
    for key in ("data", "input"):
        if key in kept and not _is_hex(kept[key]):
            del kept[key]
    return kept


def _is_hex(text: Any) -> bool:
    try:
        return isinstance(text, str) and bool(bytes.fromhex(text.removeprefix("0x")) or text in ("0x", ""))
    except ValueError:
        return False


def address(text: Any) -> str:
    """As the proxy keeps them: checksummed. Raises ValueError for what is no address."""
    return checksummed(str(text))
