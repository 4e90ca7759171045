"""The demonstration's client: one key a step, kept through every attempt, until there is an answer or a verdict."""

from __future__ import annotations

import asyncio
import json
import random
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from ops.demo import client as clients
from ops.demo.client import Client
from ops.demo.errors import ApiAway, CommandRefused

RECORDED = {"id": "c-1", "version": 1, "position": 7, "events": [], "replayed": False}


class Script:
    """What a server answers, one after the other, and what it was asked."""

    def __init__(self, *answers: tuple[int, dict[str, Any], dict[str, str]]) -> None:
        self.answers = list(answers)
        self.asked: list[dict[str, str]] = []


def answer(
    status: int, body: dict[str, Any] | None = None, **headers: str
) -> tuple[int, dict[str, Any], dict[str, str]]:
    return status, body or {}, {name.replace("_", "-"): value for name, value in headers.items()}


@pytest.fixture
def served() -> Iterator[tuple[str, Script]]:
    script = Script()

    class Handler(BaseHTTPRequestHandler):
        def respond(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            script.asked.append(dict(self.headers.items()))
            status, body, headers = script.answers.pop(0)
            if status == 0:  # the server dies before it answers
                self.connection.shutdown(socket.SHUT_RDWR)
                return
            content = json.dumps(body).encode()
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(content))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = respond  # noqa: N815  # the library's names

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", script
    server.shutdown()
    thread.join()
    server.server_close()


def give(url: str, *, step: str = "register") -> tuple[clients.Answer, clients.Tally]:
    async def given() -> tuple[clients.Answer, clients.Tally]:
        async with Client(url, keys={"issuer": "tdm_key"}, run_id="run", chance=random.Random(1)) as client:
            return await client.command("issuer", "/v1/companies", {"legal_name": "A"}, step=step), client.tally

    return asyncio.run(given())


def test_a_command_is_sent_again_under_the_same_key_until_it_is_answered(served: tuple[str, Script]) -> None:
    url, script = served
    script.answers = [answer(0), answer(503, Retry_After="0"), answer(429), answer(201, RECORDED)]

    given, tally = give(url)

    assert (given.position, given.attempts) == (7, 4)
    assert (tally.commands, tally.attempts, tally.replayed) == (1, 4, 0)
    assert {asked["Idempotency-Key"] for asked in script.asked} == {"demo-run-register"}
    assert {asked["Authorization"] for asked in script.asked} == {"Bearer tdm_key"}


def test_an_answer_from_the_record_is_counted_as_such(served: tuple[str, Script]) -> None:
    url, script = served
    script.answers = [answer(0), answer(200, {**RECORDED, "replayed": True})]

    given, tally = give(url)

    assert given.replayed
    assert tally.replayed == 1


def test_a_refusal_is_a_verdict_and_is_not_asked_again(served: tuple[str, Script]) -> None:
    url, script = served
    script.answers = [answer(409, {"code": "kyb-closed", "detail": "the KYB is approved already"})]

    with pytest.raises(CommandRefused, match="register: 409 kyb-closed the KYB is approved already"):
        give(url)

    assert len(script.asked) == 1


def test_a_defect_of_the_api_is_not_waited_out(served: tuple[str, Script]) -> None:
    url, script = served
    script.answers = [answer(500, {"title": "Internal Server Error"})]

    with pytest.raises(CommandRefused, match="500"):
        give(url)


def test_an_api_that_stays_away_is_given_up(served: tuple[str, Script], monkeypatch: pytest.MonkeyPatch) -> None:
    url, script = served
    monkeypatch.setattr(clients, "AWAY_S_MAX", 0.0)
    script.answers = [answer(503)]

    with pytest.raises(ApiAway, match="register: no answer within 0 s and 1 attempts"):
        give(url)


def test_a_read_remembers_how_far_the_book_is(served: tuple[str, Script]) -> None:
    url, script = served
    script.answers = [answer(200, {"items": []}, Ledger_Position="12")]

    async def read() -> int:
        async with Client(url, keys={"auditor": "tdm_key"}, run_id="run", chance=random.Random(1)) as client:
            await client.read("auditor", "/v1/companies", min_position=12)
            return client.book_position

    assert asyncio.run(read()) == 12
