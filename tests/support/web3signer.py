"""A server that speaks the part of Web3Signer's JSON-RPC that we use, signs with real keys, and misbehaves on demand.

Written from its documented interface and its error table: `eth_accounts` and `eth_signTransaction` at `/`, HTTP 400 for
invalid parameters, HTTP 200 with an error of code -32000 for a key that it lacks, its own chain id in every signature.
"""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import msgspec
from eth_account import Account

from abis.hashing import checksummed

NEEDED = ("from", "to", "data", "nonce", "gas", "value")
PRICES = (("gasPrice",), ("maxFeePerGas", "maxPriorityFeePerGas"))  # of a legacy tx, of one of EIP-1559

Changed = Callable[[dict[str, Any]], dict[str, Any]]


class Web3SignerServer:
    """`asked` holds every question. What it does wrong is set by these, until `behave`:

    `change` alters the fields before they are signed, `sign_with` signs with another key, `reply` is an HTTP answer in
    place of its own, `hold` lets questions wait until `release`.
    """

    def __init__(
        self, keys: Sequence[str], *, chain_id: int, tls: tuple[Path, Path] | None = None, clients: Path | None = None
    ) -> None:
        self.keys = {Account.from_key(key).address.lower(): key for key in keys}
        self.chain_id = chain_id
        self.asked: list[dict[str, Any]] = []
        self.caught = threading.Event()
        self._free = threading.Event()
        self.behave()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler_of(self))
        self._server.daemon_threads = True
        if tls is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*tls)
            if clients is not None:
                context.verify_mode = ssl.CERT_REQUIRED
                context.load_verify_locations(clients)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.url = f"http{'s' if tls else ''}://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._free.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def behave(self) -> None:
        self.change: Changed = lambda fields: fields
        self.sign_with: str | None = None
        self.reply: tuple[int, str, bytes] | None = None
        self.release()

    def hold(self) -> None:
        """Let every question wait from now on. `caught` is set when one does."""
        self.caught.clear()
        self._free.clear()

    def release(self) -> None:
        self._free.set()

    def answer(self, question: dict[str, Any]) -> tuple[int, str, bytes]:
        self.asked.append(question)
        if not self._free.is_set():
            self.caught.set()
            self._free.wait()
        if self.reply is not None:
            return self.reply
        status, outcome = self._outcome(question)
        body = {"jsonrpc": "2.0", "id": question["id"], **outcome}
        return status, "application/json", msgspec.json.encode(body)

    def _outcome(self, question: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        match question["method"]:
            case "eth_accounts":
                return 200, {"result": sorted(self.keys)}
            case "eth_signTransaction":
                return self._signed(question["params"])
            case _:
                return 200, _error(-32601, "Method not found")

    def _signed(self, params: list[dict[str, Any]]) -> tuple[int, dict[str, Any]]:
        priced = [names for names in PRICES if len(params) == 1 and all(name in params[0] for name in names)]
        if len(priced) != 1 or any(name not in params[0] for name in NEEDED):
            return 400, _error(-32602, "Invalid params")
        asked = params[0]
        key = self.sign_with or self.keys.get(asked["from"].lower())
        if key is None:
            return 200, _error(-32000, "No unlocked account matches the Sender")
        fields = {name: asked[name] for name in (*NEEDED[1:], *priced[0])} | {"chainId": self.chain_id}
        raw = Account.from_key(key).sign_transaction(self.change(_checksummed(fields))).raw_transaction
        return 200, {"result": "0x" + raw.hex()}


def _checksummed(fields: dict[str, Any]) -> dict[str, Any]:
    return fields | {"to": checksummed(fields["to"])}


def _error(code: int, message: str) -> dict[str, Any]:
    return {"error": {"code": code, "message": message}}


def _handler_of(server: Web3SignerServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:  # the library's name
            question = msgspec.json.decode(self.rfile.read(int(self.headers["Content-Length"])))
            status, kind, body = server.answer(question)
            try:
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
            except OSError:
                self.close_connection = True  # nobody waits any more

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the library's name
            """Nothing is printed."""

    return Handler
