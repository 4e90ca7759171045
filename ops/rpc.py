"""A small JSON-RPC client for the tools of this floor: one call, one answer, no retries of its own."""

from __future__ import annotations

import re
from typing import Any

import httpx

_HEX = re.compile(r"0x([0-9a-fA-F]{2})*")


class RpcRefused(Exception):
    """The node answered with an error. `data` holds the revert data, if any."""

    def __init__(self, method: str, error: Any) -> None:
        fields = error if isinstance(error, dict) else {"message": error}
        super().__init__(f"{method}: {fields.get('message')}")
        data = fields.get("data")
        self.data = bytes.fromhex(data[2:]) if isinstance(data, str) and _HEX.fullmatch(data) else b""


class Rpc:
    """Speaks to one node. Raises httpx.HTTPError when it is away, RpcRefused when it says no."""

    def __init__(self, url: str, *, timeout_s: float = 20.0) -> None:
        self._client = httpx.Client(base_url=url, timeout=timeout_s)

    def call(self, method: str, *params: Any) -> Any:
        answer = self._client.post("", json={"jsonrpc": "2.0", "id": 1, "method": method, "params": list(params)})
        answer.raise_for_status()
        try:
            body = answer.json()
        except ValueError:
            body = None
        if not isinstance(body, dict) or not {"error", "result"} & set(body):
            raise RpcRefused(method, f"what answers at {self._client.base_url} is no node")
        if body.get("error") is not None:
            raise RpcRefused(method, body["error"])
        return body["result"]

    def number(self, method: str, *params: Any) -> int:
        """A call whose answer is a quantity."""
        return int(self.call(method, *params), 16)

    def code(self, address: str) -> bytes:
        return bytes.fromhex(self.call("eth_getCode", address, "latest")[2:])

    def read(self, address: str, data: bytes, *, block: str = "latest") -> bytes:
        """An eth_call without sender: what a contract answers."""
        return bytes.fromhex(self.call("eth_call", {"to": address, "data": "0x" + data.hex()}, block)[2:])

    def close(self) -> None:
        self._client.close()
