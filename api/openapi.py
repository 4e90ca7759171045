"""The OpenAPI 3.1 description, made from the route tables, the bodies and the answers: it cannot say what is not so."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec
from pydantic.json_schema import models_json_schema

from api import certificates
from api.bodies import Body, Nothing
from api.commands import CommandAnswer, CommandRoute, RehearsalAnswer
from api.errors import Fault
from api.health import Readiness
from api.personal import PERSONAL_ROUTES, REASON, PersonalRoute
from api.problems import CODES, MEDIA_TYPE, RESERVED
from api.questions import QuestionRoute
from api.requests import DRY_RUN, KEY_CHARS_MAX, MIN_POSITION, PAGE_ITEMS_MAX, Parameter
from api.routes import COMMANDS, QUESTIONS
from domain.commands import ROLES

VERSION = "1"
REF = "#/components/schemas/{name}"
PYDANTIC_REF = "#/components/schemas/{model}"

Document = dict[str, Any]

_PARAMETER_SCHEMAS: dict[str, Document] = {
    "position": {"type": "integer", "minimum": 0},
    "items": {"type": "integer", "minimum": 1, "maximum": PAGE_ITEMS_MAX},
    "id": {"type": "string", "format": "uuid"},
    "word": {"type": "string", "pattern": "^[a-z][a-z_]*$"},
    "flag": {"type": "boolean"},
    "moment": {"type": "string", "pattern": "^([0-9]+|[0-9]{4}-.*)$"},
}
_PROBLEMS_ALWAYS = (401, 403, 404, 429, 500, 503)
_PROBLEMS_OF_COMMANDS = (400, 408, 409, 410, 412, 413, 415, 422)
_PROBLEMS_OF_QUESTIONS = (400,)


def document() -> Document:
    """The whole description."""
    paths: dict[str, Document] = {}
    for command in COMMANDS:
        paths.setdefault(command.path, {})["post"] = _command(command)
    for question in QUESTIONS:
        paths.setdefault(question.path, {})["get"] = _question(question)
    for personal in PERSONAL_ROUTES:
        paths.setdefault(personal.path, {})[personal.method.lower()] = _personal(personal)
    paths.update(_open_paths())
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Tandem",
            "version": VERSION,
            "description": "Commands to the journal and questions to the book ledger. See ops/docs/api.md.",
        },
        "paths": paths,
        "components": {
            "schemas": _schemas(),
            "responses": {_problem_name(status): _problem_response(status) for status in _statuses()},
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer", "bearerFormat": "tdm_…"}},
        },
        "security": [{"key": []}],
    }


def _command(route: CommandRoute) -> Document:
    status = "201" if route.location is not None else "200"
    answer = _answer(CommandAnswer, "The command is recorded.", ["Ledger-Position", "ETag", "Idempotency-Replayed"])
    operation: Document = {
        "operationId": route.name,
        "summary": route.summary,
        "tags": [_tag(route.path)],
        "x-roles": sorted(route.roles & ROLES),
        "x-when": route.when,
        "parameters": [*_path_parameters(route.path), _query_parameter(DRY_RUN), *_command_headers()],
        "responses": {status: answer, **_problems(*_PROBLEMS_ALWAYS, *_PROBLEMS_OF_COMMANDS)},
    }
    operation["responses"]["200"] = _unmade(answer, made=status == "201")
    if status == "201":
        answer["headers"]["Location"] = _header("Where what was made is found.")
    if route.body is not Nothing:
        schema = {"$ref": REF.format(name=route.body.__name__)}
        operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
    return operation


def _unmade(answer: Document, *, made: bool) -> Document:
    """The 200 of a command: recorded, if that makes nothing new; or it was so already; or it was a rehearsal."""
    meaning = "It was so already, or it was a rehearsal." if made else "It is recorded, or it was a rehearsal."
    either = {"schema": {"oneOf": [_ref(CommandAnswer), _ref(RehearsalAnswer)]}}
    return {"description": meaning, "headers": dict(answer["headers"]), "content": {"application/json": either}}


def _question(route: QuestionRoute) -> Document:
    return {
        "operationId": route.name,
        "summary": route.summary,
        "tags": [_tag(route.path)],
        "x-roles": sorted(route.roles),
        "parameters": [
            *_path_parameters(route.path),
            *(_query_parameter(parameter) for parameter in (*route.parameters, MIN_POSITION)),
        ],
        "responses": {
            "200": _answer(route.answer, "The answer.", ["Ledger-Position", *(["ETag"] if route.versioned else [])]),
            **_problems(*_PROBLEMS_ALWAYS, *_PROBLEMS_OF_QUESTIONS),
        },
    }


def _personal(route: PersonalRoute) -> Document:
    statuses = (400, 410) if route.body is None else (400, 408, 410, 413, 415, 422)
    operation: Document = {
        "operationId": route.name,
        "summary": route.summary,
        "tags": ["personal-data"],
        "x-roles": sorted(route.roles),
        "parameters": _path_parameters(route.path),
        "responses": {"200": _answer(route.answer, "The answer.", []), **_problems(*_PROBLEMS_ALWAYS, *statuses)},
    }
    if route.method == "GET":
        text = {"type": "string", "pattern": "^[ -~]+$", "maxLength": 200}
        meaning = "Why another's data is read; needed by compliance, and written down."
        header = {"name": REASON, "in": "header", "required": False, "schema": text, "description": meaning}
        operation["parameters"].append(header)
    if route.body is not None:
        schema = {"$ref": REF.format(name=route.body.__name__)}
        operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
    return operation


def _open_paths() -> dict[str, Document]:
    """What needs no key."""

    def get(name: str, summary: str, responses: Document) -> Document:
        return {
            "get": {"operationId": name, "summary": summary, "tags": ["house"], "security": [], "responses": responses}
        }

    ready = {"content": {"application/json": {"schema": {"$ref": REF.format(name=Readiness.__name__)}}}}
    said = {"description": "As it says.", "content": {"application/json": {"schema": {"type": "object"}}}}
    text = {"description": "Prometheus' text form.", "content": {"text/plain": {"schema": {"type": "string"}}}}
    return {
        "/healthz": get("healthz", "Whether the process is alive.", {"200": said}),
        "/readyz": get(
            "readyz",
            "Whether the process can serve, and why not.",
            {"200": {"description": "It can.", **ready}, "503": {"description": "It cannot.", **ready}},
        ),
        "/metrics": get("metrics", "Figures for Prometheus.", {"200": text}),
        "/v1/openapi.json": get("openapi", "This description.", {"200": said}),
        certificates.PATH: _certificate(),
    }


def _certificate() -> Document:
    member = {"type": "string"}
    names = ("campaign_id", "certificate_id", "description", "entry", "format", "name", "shares")
    schema = {"type": "object", "properties": dict.fromkeys(names, member), "required": list(names)}
    headers = {"ETag": _header("The document's hash, as the token URI has it: sha256-192= and 48 hex digits.")}
    unchanged = {"description": "It is the document that If-None-Match names.", "headers": headers}
    document = {"description": "The document.", "headers": headers, "content": {"application/json": {"schema": schema}}}
    known = {"name": "If-None-Match", "in": "header", "required": False, "schema": member}
    return {
        "get": {
            "operationId": "certificate_metadata",
            "summary": "What a share certificate says (ERC-721 metadata), in the very bytes of its hash on the chain.",
            "tags": ["certificates"],
            "security": [],
            "parameters": [*_path_parameters(certificates.PATH), known | {"description": "An ETag heard before."}],
            "responses": {"200": document, "304": unchanged, **_problems(404, 500, 503)},
        }
    }


def _answer(kind: Any, meaning: str, headers: Iterable[str]) -> Document:
    meanings = {
        "Ledger-Position": "The position that this answer knows of; give it as `min_position` to read one's own write.",
        "ETag": "The version of the stream, for If-Match.",
        "Idempotency-Replayed": "Whether the command had been recorded before under this key.",
    }
    return {
        "description": meaning,
        "headers": {name: _header(meanings[name]) for name in headers},
        "content": {"application/json": {"schema": _ref(kind)}},
    }


def _ref(kind: Any) -> Document:
    """The reference to an answer's schema, under the library's name for it."""
    (reference,), _ = msgspec.json.schema_components([kind], ref_template=REF)
    return reference


def _header(meaning: str) -> Document:
    return {"description": meaning, "schema": {"type": "string"}}


def _command_headers() -> list[Document]:
    key = {"type": "string", "minLength": 1, "maxLength": KEY_CHARS_MAX, "pattern": "^[ -~]+$"}
    version = {"type": "string", "pattern": '^"v(0|[1-9][0-9]*)"$'}
    rows = (
        ("Idempotency-Key", True, key, "The client's name for this one command."),
        ("If-Match", False, version, "The version decided on; 412 when it has moved."),
        ("X-Correlation-Id", False, {"type": "string", "format": "uuid"}, "The story that this belongs to."),
    )
    return [
        {"name": name, "in": "header", "required": required, "schema": schema, "description": meaning}
        for name, required, schema, meaning in rows
    ]


def _path_parameters(path: str) -> list[Document]:
    names = [part.partition("}")[0] for part in path.split("{")[1:]]
    return [
        {
            "name": name,
            "in": "path",
            "required": True,
            "schema": _PARAMETER_SCHEMAS["position" if name == "position" else "id"],
        }
        for name in names
    ]


def _query_parameter(parameter: Parameter) -> Document:
    return {
        "name": parameter.name,
        "in": "query",
        "required": False,
        "description": parameter.meaning,
        "schema": _PARAMETER_SCHEMAS[parameter.kind],
    }


def _schemas() -> Document:
    bodies: list[type[Body]] = sorted(
        ({r.body for r in COMMANDS} - {Nothing}) | {r.body for r in PERSONAL_ROUTES if r.body is not None},
        key=lambda kind: kind.__name__,
    )
    _, requests = models_json_schema([(kind, "validation") for kind in bodies], ref_template=PYDANTIC_REF)
    answers: list[Any] = [
        CommandAnswer,
        RehearsalAnswer,
        Readiness,
        Fault,
        *dict.fromkeys(r.answer for r in QUESTIONS),
        *dict.fromkeys(r.answer for r in PERSONAL_ROUTES),
    ]
    _, shown = msgspec.json.schema_components(answers, ref_template=REF)
    return {**requests["$defs"], **shown, "Problem": _problem_schema()}


def _problem_schema() -> Document:
    texts = {name: {"type": "string"} for name in ("type", "title", "detail", "instance", "cure")}
    return {
        "type": "object",
        "description": "RFC 9457. Further members say about what.",
        "properties": {
            **texts,
            "status": {"type": "integer"},
            "code": {"type": "string", "enum": sorted(CODES)},
            "errors": {"type": "array", "items": {"$ref": REF.format(name=Fault.__name__)}},
        },
        "required": sorted(RESERVED),
    }


def _statuses() -> list[int]:
    return sorted({code.http_status for code in CODES.values()})


def _problem_name(status: int) -> str:
    return f"Problem{status}"


def _problem_response(status: int) -> Document:
    codes = [f"`{code.code}`" for code in CODES.values() if code.http_status == status]
    return {
        "description": f"One of {', '.join(codes)}.",
        "content": {MEDIA_TYPE: {"schema": {"$ref": REF.format(name="Problem")}}},
    }


def _problems(*statuses: int) -> Document:
    return {str(status): {"$ref": f"#/components/responses/{_problem_name(status)}"} for status in sorted(statuses)}


def _tag(path: str) -> str:
    return path.split("/")[2]
