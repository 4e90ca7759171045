"""What a request may not be: too large, too slow, of another type, without its key, to nowhere."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from api import commands, requests
from api.reading import BODY_BYTES_MAX
from api.routes import COMMANDS, QUESTIONS
from domain.journal import Limits
from tests.support.wait import until
from tests.unit.api.house import ApiHouse, done, refused
from tests.unit.api.steps import COMPANY


def _send(house: ApiHouse, content: Any, **headers: str) -> Any:
    own = {
        "Authorization": f"Bearer {house.keys['issuer']}",
        "Idempotency-Key": "k",
        "Content-Type": "application/json",
    }
    given = own | {name.replace("_", "-"): value for name, value in headers.items()}
    return house.http.post("/v1/companies", content=content, headers=given)


def test_a_body_above_the_limit_is_refused_by_its_declared_length(shared: ApiHouse) -> None:
    response = _send(shared, b" " * (BODY_BYTES_MAX + 1))
    refused(response, 413, "body-too-large")
    assert response.headers["Connection"] == "close"


def test_a_body_above_the_limit_is_refused_even_when_its_length_is_not_declared(shared: ApiHouse) -> None:
    def chunks() -> Iterator[bytes]:
        for _ in range(70):
            yield b" " * 1024

    refused(_send(shared, chunks()), 413, "body-too-large")


def test_a_body_of_exactly_the_limit_is_read(shared: ApiHouse) -> None:
    body = json.dumps({"nothing": 1}).encode()
    refused(_send(shared, body + b" " * (BODY_BYTES_MAX - len(body))), 400, "body-not-acceptable")


@pytest.mark.parametrize("given", ["", "text/plain", "application/xml", "application/json; charset=latin-1", "json"])
def test_a_body_that_is_not_declared_as_json_is_refused(shared: ApiHouse, given: str) -> None:
    refused(_send(shared, json.dumps(COMPANY), Content_Type=given), 415, "media-type-not-supported")


@pytest.mark.parametrize(
    "given", ["application/json", "Application/JSON; charset=utf-8", 'application/json;charset="UTF-8"']
)
def test_json_may_be_declared_in_its_usual_forms(shared: ApiHouse, given: str) -> None:
    refused(_send(shared, b"{}", Content_Type=given), 400, "body-not-acceptable")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "malformed-json"),
        (b"{", "malformed-json"),
        (b"[]", "malformed-json"),
        (b"{}", "body-not-acceptable"),
        (b'{"legal_name": "a", "legal_name": "b"}', "malformed-json"),
    ],
)
def test_a_body_that_cannot_be_taken_says_why(shared: ApiHouse, body: bytes, code: str) -> None:
    refused(_send(shared, body), 400, code)


def test_an_unknown_member_is_named_and_nothing_is_recorded(house: ApiHouse) -> None:
    problem = refused(house.post("issuer", "/v1/companies", COMPANY | {"owner": "me"}), 400, "body-not-acceptable")
    assert problem["errors"] == [
        {"pointer": "/owner", "code": "unknown-field", "message": "there is no such field here"}
    ]
    assert house.get("auditor", "/v1/events").json()["items"] == []


@pytest.mark.parametrize(
    ("key", "code"), [(None, "missing"), ("", "wrong-form"), ("x" * 201, "wrong-form"), ("\u00e9", "wrong-form")]
)
def test_a_command_without_an_acceptable_key_is_refused(shared: ApiHouse, key: str | None, code: str) -> None:
    headers: list[tuple[bytes, bytes]] = [(b"Authorization", f"Bearer {shared.keys['issuer']}".encode())]
    if key is not None:
        headers.append((b"Idempotency-Key", key.encode()))
    response = shared.http.post("/v1/companies", json=COMPANY, headers=headers)
    problem = refused(response, 400, "header-not-acceptable")
    assert [(fault["pointer"], fault["code"]) for fault in problem["errors"]] == [("Idempotency-Key", code)]


def test_a_body_that_does_not_come_in_time_is_given_up(shared: ApiHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(requests, "BODY_S_MAX", 0.05)

    async def ask() -> bytes:
        host, port = shared.url.removeprefix("http://").split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        head = (
            "POST /v1/companies HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\nContent-Type: application/json\r\n"
            f"Idempotency-Key: slow\r\nAuthorization: Bearer {shared.keys['issuer']}\r\n\r\n{{"
        )
        writer.write(head.encode())
        answer = await reader.read()  # to the end: the connection is closed
        writer.close()
        await writer.wait_closed()
        return answer

    answer = asyncio.run(ask())
    assert answer.startswith(b"HTTP/1.1 408")
    assert b'"code":"body-late"' in answer


def test_a_client_that_goes_away_troubles_nobody(shared: ApiHouse) -> None:
    async def leave() -> None:
        host, port = shared.url.removeprefix("http://").split(":")
        _, writer = await asyncio.open_connection(host, int(port))
        head = (
            "POST /v1/companies HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\nContent-Type: application/json\r\n"
            f"Idempotency-Key: gone\r\nAuthorization: Bearer {shared.keys['issuer']}\r\n\r\n{{"
        )
        writer.write(head.encode())
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    asyncio.run(leave())
    gone = 'tandem_http_requests_total{method="POST",route="/v1/companies",status="499"}'
    until(lambda: gone in shared.http.get("/metrics").text, "the client's leaving counted")
    assert shared.http.get("/healthz").status_code == 200


# Where there is nothing.


@pytest.mark.parametrize(
    "path",
    ["/", "/v1", "/v2/companies", "/v1/companies/", "/v1/companies/a:explode", "/v1/companies%0A", "/v1/%2e%2e/x"],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_an_unknown_path_is_told_even_without_a_key(shared: ApiHouse, method: str, path: str) -> None:
    refused(shared.http.request(method, path), 404, "no-such-route")


@pytest.mark.parametrize("path", sorted({route.path for route in COMMANDS} | {route.path for route in QUESTIONS}))
@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS"])
def test_a_method_that_a_path_does_not_take_hears_those_that_it_does(shared: ApiHouse, method: str, path: str) -> None:
    response = shared.http.request(method, re.sub(r"\{\w+\}", "a", path))
    refused(response, 405, "method-not-allowed")
    taken = {"POST" for route in COMMANDS if route.path == path}
    taken |= {name for route in QUESTIONS if route.path == path for name in ("GET", "HEAD")}
    assert set(response.headers["Allow"].split(", ")) == taken


def test_a_head_is_answered_as_its_get_without_a_body(shared: ApiHouse) -> None:
    response = shared.http.head("/v1/me", headers={"Authorization": f"Bearer {shared.keys['issuer']}"})
    assert (response.status_code, response.content) == (200, b"")


# When there is too much to do.


def test_a_full_queue_is_told_at_once_with_when_to_come_again(database: str) -> None:
    with ApiHouse(database, limits=Limits(waiting_max=0)) as house:
        response = house.post("issuer", "/v1/companies", COMPANY)
    refused(response, 429, "journal-busy")
    assert response.headers["Retry-After"] == "1"


def test_a_command_that_takes_long_is_still_recorded_and_the_same_key_tells(
    house: ApiHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commands, "COMMAND_S_MAX", 0.1)
    with psycopg.connect(house.database) as other:
        other.execute("SELECT journal.lock()")
        response = house.post("issuer", "/v1/companies", COMPANY, key="k")
        refused(response, 503, "still-recording")
        assert response.headers["Retry-After"] == "1"
    monkeypatch.setattr(commands, "COMMAND_S_MAX", 15.0)
    assert done(house.post("issuer", "/v1/companies", COMPANY, key="k"))["replayed"]
