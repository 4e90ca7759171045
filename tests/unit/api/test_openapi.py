"""The OpenAPI description: well formed, whole, and true of what the API answers."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from api.openapi import document
from api.personal import PERSONAL_ROUTES
from api.problems import CODES
from api.routes import COMMANDS, QUESTIONS
from domain.commands import ROLES
from tests.support.wallets import wallet_of
from tests.unit.api.house import ApiHouse, done
from tests.unit.api.steps import Story

OPEN = {"/healthz", "/readyz", "/metrics", "/v1/openapi.json", "/v1/certificates/{id}/metadata"}


@pytest.fixture(scope="module")
def described() -> dict[str, Any]:
    decoded: dict[str, Any] = json.loads(json.dumps(document()))
    return decoded


def _operations(described: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for member in value.values():
            yield from _references(member)
    elif isinstance(value, list):
        for member in value:
            yield from _references(member)


def _resolved(described: dict[str, Any], value: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in value:
        found: Any = described
        for step in value["$ref"].removeprefix("#/").split("/"):
            found = found[step]
        value = found
    return value


def test_every_route_of_the_tables_is_described_and_no_other(described: dict[str, Any]) -> None:
    expected = {(route.path, "post") for route in COMMANDS} | {(route.path, "get") for route in QUESTIONS}
    expected |= {(path, "get") for path in OPEN}
    expected |= {(route.path, route.method.lower()) for route in PERSONAL_ROUTES}
    assert {(path, method) for path, method, _ in _operations(described)} == expected


def test_it_has_the_shape_of_openapi_3_1(described: dict[str, Any]) -> None:
    assert described["openapi"] == "3.1.0"
    assert set(described["info"]) >= {"title", "version"}
    names = [operation["operationId"] for _, _, operation in _operations(described)]
    assert len(names) == len(set(names))
    for path, _, operation in _operations(described):
        assert operation["summary"].endswith(".")
        assert operation["responses"]
        in_path = {p["name"] for p in operation.get("parameters", []) if p["in"] == "path"}
        assert in_path == set(re.findall(r"{(\w+)}", path))
        for parameter in operation.get("parameters", []):
            assert set(parameter) >= {"name", "in", "required", "schema"}
        for status, response in operation["responses"].items():
            assert re.fullmatch(r"[1-5][0-9]{2}", status)
            assert "description" in _resolved(described, response)


def test_every_reference_leads_somewhere_and_every_schema_is_referred_to(described: dict[str, Any]) -> None:
    references = set(_references(described))
    for reference in references:
        _resolved(described, {"$ref": reference})
    schemas = {f"#/components/schemas/{name}" for name in described["components"]["schemas"]}
    assert schemas == {reference for reference in references if "/schemas/" in reference}


def test_every_command_says_its_roles_its_headers_and_its_problems(described: dict[str, Any]) -> None:
    for route in COMMANDS:
        operation = described["paths"][route.path]["post"]
        assert operation["x-roles"] == sorted(route.roles & ROLES)
        assert operation["x-when"] == route.when
        assert {p["name"] for p in operation["parameters"] if p["in"] == "query"} == {"dry_run"}
        headers = {p["name"]: p["required"] for p in operation["parameters"] if p["in"] == "header"}
        assert headers == {"Idempotency-Key": True, "If-Match": False, "X-Correlation-Id": False}
        assert {"400", "401", "403", "409", "410", "412", "413", "415", "422", "429", "503"} <= set(
            operation["responses"]
        )


def test_every_problem_code_is_described_under_its_status(described: dict[str, Any]) -> None:
    told = {
        code
        for response in described["components"]["responses"].values()
        for code in re.findall(r"`([a-z-]+)`", response["description"])
    }
    assert told == set(CODES)
    assert set(described["components"]["schemas"]["Problem"]["properties"]["code"]["enum"]) == set(CODES)


def test_bodies_forbid_what_they_do_not_name(described: dict[str, Any]) -> None:
    bodies = {name: s for name, s in described["components"]["schemas"].items() if name.endswith("Body")}
    assert bodies
    assert all(schema["additionalProperties"] is False for schema in bodies.values())


def test_the_answers_of_a_story_have_exactly_the_members_that_are_described(
    story: Story, described: dict[str, Any]
) -> None:
    story.invested().pay().close().certify().request_release()
    house: ApiHouse = story.house
    wallet = {"wallet": wallet_of("another")}
    done(house.post("investor", f"/v1/investors/{story.investor}:challenge-wallet", wallet))
    house.project()
    known = {
        "/v1/companies": story.company,
        "/v1/campaigns": story.campaign,
        "/v1/investors": story.investor,
        "/v1/payments": story.payment,
    }
    for route in QUESTIONS:
        base = "/".join(route.path.split("/")[:3])
        path = route.path.format(id=known.get(base, story.investment), position=1)
        response = house.get("auditor", path)
        assert response.status_code == 200, path
        schema = described["paths"][route.path]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
        _check(described, schema, response.json(), path)


def _check(described: dict[str, Any], schema: dict[str, Any], value: Any, place: str) -> None:
    """As much of JSON Schema as the description uses."""
    schema = _resolved(described, schema)
    if "anyOf" in schema:
        options = [_resolved(described, option) for option in schema["anyOf"]]
        fitting = [option for option in options if _is(option.get("type"), value)]
        assert fitting, f"{place}: {value!r} is none of {options}"
        schema = fitting[0]
    assert _is(schema.get("type"), value), f"{place}: {value!r} is not {schema}"
    if "pattern" in schema:
        assert re.search(schema["pattern"], value), f"{place}: {value!r}"
    if "enum" in schema:
        assert value in schema["enum"], f"{place}: {value!r}"
    if isinstance(value, dict) and "properties" in schema:
        assert set(value) == set(schema["properties"]), place
        for name, member in value.items():
            _check(described, schema["properties"][name], member, f"{place}/{name}")
    if isinstance(value, list):
        for number, item in enumerate(value):
            _check(described, schema["items"], item, f"{place}/{number}")


def _is(kind: str | None, value: Any) -> bool:
    kinds: dict[str, Any] = {
        "object": dict,
        "array": list,
        "string": str,
        "integer": int,
        "boolean": bool,
        "null": type(None),
    }
    return kind is None or isinstance(value, kinds[kind])


def test_it_is_given_without_a_key(shared: ApiHouse, described: dict[str, Any]) -> None:
    response = shared.http.get("/v1/openapi.json")
    assert response.headers["Content-Type"] == "application/json"
    assert response.json() == described
