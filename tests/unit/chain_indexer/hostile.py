"""A small HTTP server between the indexer and a node, which answers as a test tells it to."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import msgspec

Calls = list[dict[str, Any]]
Answers = list[dict[str, Any]]


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exception(), ConnectionError):  # a client that hangs up is what some tests are about
            super().handle_error(request, client_address)


class Hostile:
    """Passes batches on to a real node. A test puts its own behaviour into `calls`, `answers` or `reply`.

    `calls` changes what the node is asked, `answers` what it answered, `reply` the whole HTTP answer (status, body).
    """

    def __init__(self, url: str) -> None:
        self.calls: Callable[[Calls], Calls] = lambda calls: calls
        self.answers: Callable[[Calls, Answers], Any] = lambda _, answers: answers
        self.reply: Callable[[Calls], tuple[int, bytes] | None] = lambda _: None
        self.batches: list[Calls] = []
        self._client = httpx.Client(base_url=url)
        self._server = _Server(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def asked(self, method: str) -> Calls:
        """Every call of a method so far."""
        return [call for batch in self.batches for call in batch if call["method"] == method]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        self._client.close()

    def answer(self, calls: Calls) -> tuple[int, bytes]:
        self.batches.append(calls)
        replied = self.reply(calls)
        if replied is not None:
            return replied
        answers = self._client.post("", json=self.calls(calls)).json()
        return 200, msgspec.json.encode(self.answers(calls, answers))

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        hostile = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                calls = msgspec.json.decode(self.rfile.read(int(self.headers["Content-Length"])))
                status, body = hostile.answer(calls)
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                pass

        return Handler


@contextmanager
def hostile_to(url: str) -> Iterator[Hostile]:
    server = Hostile(url)
    try:
        yield server
    finally:
        server.close()


def with_head_at(hostile: Hostile, head: int) -> None:
    """From now on the node stands at an older head, and answers for what lies above as Polygon Edge does: with null for
    a block, and with logs cut short without a word."""

    def calls(asked: Calls) -> Calls:
        return [
            {**call, "params": [hex(head), False]} if call["params"][:1] == ["latest"] else _cut(call) for call in asked
        ]

    def _cut(call: dict[str, Any]) -> dict[str, Any]:
        if call["method"] == "eth_getLogs" and "toBlock" in call["params"][0]:
            where = call["params"][0]
            return {**call, "params": [{**where, "toBlock": hex(min(head, int(where["toBlock"], 16)))}]}
        return call

    def answers(_: Calls, given: Answers) -> Answers:
        return [
            {**answer, "result": None}
            if isinstance(answer.get("result"), dict) and int(answer["result"].get("number", "0x0"), 16) > head
            else answer
            for answer in given
        ]

    hostile.calls, hostile.answers = calls, answers
