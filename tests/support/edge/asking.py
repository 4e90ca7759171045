"""A client that hides nothing: whole answers, batches, raw bytes, WebSocket messages. For tests of what a node says."""

from __future__ import annotations

import asyncio
import secrets
import socket
from base64 import b64encode
from collections.abc import Sequence
from types import TracebackType
from typing import Any, Self

import httpx
import msgspec
from eth_account import Account

from abis.hashing import checksummed
from tests.support.edge import frames
from tests.support.edge.wire import encode

CHAIN_ID = 100
TIMEOUT_S = 120.0  # no measure of speed


class Asker:
    """Asks one address. Closes with the block that opened it."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._client = httpx.Client(timeout=TIMEOUT_S)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._client.close()

    def get(self) -> httpx.Response:
        return self._client.get(self._url)

    def post(self, body: bytes) -> httpx.Response:
        return self._client.post(self._url, content=body, headers={"Content-Type": "application/json"})

    def whole(self, method: str, *params: Any) -> Any:
        """The answer as it came."""
        return msgspec.json.decode(self.post(encode(_asked(1, method, params))).content)

    def batch(self, calls: Sequence[tuple[str, list[Any]]]) -> Any:
        body = encode([_asked(i, method, params) for i, (method, params) in enumerate(calls, start=1)])
        return msgspec.json.decode(self.post(body).content)

    def result(self, method: str, *params: Any) -> Any:
        answer = self.whole(method, *params)
        assert "error" not in answer, answer
        return answer["result"]

    def error(self, method: str, *params: Any) -> dict[str, Any]:
        answer = self.whole(method, *params)
        assert "error" in answer, answer
        error: dict[str, Any] = answer["error"]
        return error

    def number(self, method: str, *params: Any) -> int:
        return int(self.result(method, *params), 16)


class Purse:
    """A key of its own, whose txs cost nothing. `raw` signs; nothing is sent."""

    def __init__(self, key: str | None = None) -> None:
        self.key = key or "0x" + secrets.token_hex(32)
        self.address: str = Account.from_key(self.key).address

    def raw(self, nonce: int, **fields: Any) -> str:
        tx = {"chainId": CHAIN_ID, "nonce": nonce, "gas": 100_000, "gasPrice": 0, "value": 0, "to": self.address}
        tx |= {"data": b""} | fields
        if tx["to"] is not None:
            tx["to"] = checksummed(str(tx["to"]))
        unsigned = {key: value for key, value in tx.items() if not (value is None and key in ("to", "gasPrice"))}
        if fields.get("chainId", CHAIN_ID) is None:
            del unsigned["chainId"]
        return "0x" + bytes(Account.sign_transaction(unsigned, self.key).raw_transaction).hex()


def _asked(id_: int, method: str, params: Sequence[Any]) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": id_, "method": method, "params": list(params)}


class Socket:
    """A WebSocket client of the crudest kind, to be used inside a running loop."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def open(cls, url: str, *, receive_bytes: int = 0) -> Socket:
        """Raises ConnectionError if the node does not upgrade."""
        host, _, rest = url.removeprefix("ws://").partition(":")
        port, _, path = rest.partition("/")
        plain = socket.socket()
        if receive_bytes:
            plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        plain.setblocking(False)
        await asyncio.get_running_loop().sock_connect(plain, (host, int(port)))
        reader, writer = await asyncio.open_connection(sock=plain)
        key = b64encode(secrets.token_bytes(16)).decode()
        head = f"GET /{path} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        writer.write(f"{head}Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n".encode())
        status = (await reader.readuntil(b"\r\n")).split()[1]
        await reader.readuntil(b"\r\n\r\n")
        if status != b"101":
            writer.close()
            await writer.wait_closed()
            raise ConnectionError(f"no upgrade: {status.decode()}")
        return cls(reader, writer)

    async def send(self, message: bytes) -> None:
        self._writer.write(frames.encode(frames.TEXT, message, mask=secrets.token_bytes(4)))
        await self._writer.drain()

    async def ask(self, method: str, *params: Any) -> None:
        await self.send(encode(_asked(1, method, params)))

    async def heard(self) -> frames.Frame:
        return await asyncio.wait_for(frames.read_message(self._reader, bytes_max=0), TIMEOUT_S)

    async def told(self) -> Any:
        """The next message as JSON."""
        return msgspec.json.decode((await self.heard()).payload)

    def stop_reading(self) -> None:
        transport = self._writer.transport
        assert isinstance(transport, asyncio.ReadTransport)
        transport.pause_reading()

    async def close(self) -> None:
        self._writer.close()
        try:
            await self._writer.wait_closed()
        except ConnectionError:  # the node had closed first
            return
