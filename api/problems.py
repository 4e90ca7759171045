"""Problems: the one place where whatever went wrong becomes an RFC 9457 document. Only here are statuses known."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

import msgspec
from starlette.responses import Response

from api.errors import ApiError, Fault
from api.store import DATABASE_AWAY
from domain.errors import JournalBusy, JournalUnavailable, KeyReused, Refusal, StreamConflict
from domain.refusals import CODES as REFUSALS
from domain.refusals import Code

log = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
TYPE_PREFIX = "urn:tandem:problem:"
DATABASE_AFTER_S = 1

# Members that RFC 9457 and this house give a meaning; what a refusal calls so becomes `current_<name>`.
RESERVED = frozenset({"type", "title", "status", "detail", "instance", "code", "cure", "errors"})

_OWN_ROWS = (
    ("malformed-json", 400, "The body cannot be read.", "Send one JSON object in UTF-8, without repeated names."),
    ("body-not-acceptable", 400, "The body is not what this command takes.", "Mend what `errors` points to."),
    ("header-not-acceptable", 400, "A header is missing or cannot be read.", "Mend what `errors` names."),
    ("parameter-not-acceptable", 400, "A query parameter cannot be taken.", "Mend what `errors` names."),
    ("unauthenticated", 401, "No valid key came with the request.", "Send `Authorization: Bearer <key>`."),
    ("no-such-route", 404, "There is nothing at this path.", "Look the path up in /v1/openapi.json."),
    ("method-not-allowed", 405, "This path does not take this method.", "Use one that `Allow` names."),
    ("body-late", 408, "The body did not come in time.", "Send the request again, with the same key."),
    ("version-moved", 412, "Something happened since you looked.", "Read again, then decide again."),
    ("body-too-large", 413, "The body is too large.", "Send at most 64 KiB."),
    ("media-type-not-supported", 415, "The body is not declared as JSON.", "Send `Content-Type: application/json`."),
    ("idempotency-key-reused", 422, "This key named another request before.", "Use a new key for a new request."),
    ("journal-busy", 429, "Too many commands are waiting.", "Wait for `Retry-After`, send it again with the same key."),
    ("too-many-waiting", 429, "Too many questions wait for a position.", "Wait for `Retry-After`, ask again."),
    ("internal-error", 500, "The API has a defect.", "Report the `instance`; a command may be sent again, same key."),
    ("vault-damaged", 500, "What is kept of the person does not open.", "Tell the operator: the log names the person."),
    ("journal-unavailable", 503, "The journal cannot be reached.", "Send it again with the same key."),
    ("still-recording", 503, "The command is still being recorded.", "Ask again with the same key."),
    ("database-unavailable", 503, "The database cannot be reached.", "Wait for `Retry-After`, ask again."),
    ("answer-late", 503, "The answer took too long.", "Wait for `Retry-After`, ask again for less."),
    ("book-behind", 503, "The book has not reached this position.", "Wait for `Retry-After`, ask again."),
)

OWN_CODES: dict[str, Code] = {row[0]: Code(*row) for row in _OWN_ROWS}
assert not OWN_CODES.keys() & REFUSALS.keys(), "a code has one meaning"
CODES: dict[str, Code] = {**REFUSALS, **OWN_CODES}


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """What went wrong, before it is bound to a request."""

    code: str
    detail: str
    faults: tuple[Fault, ...] = ()
    headers: Mapping[str, str] = {}
    fields: Mapping[str, Any] = {}

    @property
    def status(self) -> int:
        return CODES[self.code].http_status


def problem_of(error: Exception) -> Problem:  # noqa: PLR0911  # a table, read from top to bottom
    """The problem that an exception is for the client. What is not listed here is a defect and says nothing more."""
    match error:
        case ApiError():
            return Problem(
                code=error.code, detail=error.detail, faults=error.faults, headers=error.headers, fields=error.fields
            )
        case Refusal():
            return Problem(code=error.code, detail=error.text, fields=error.fields)
        case StreamConflict():
            fields = {
                "stream": str(error.stream),
                "expected_version": error.expected,
                "current_version": error.actual,
            }
            return Problem(
                code="version-moved",
                detail=f"the version is v{error.actual}, not v{error.expected}",
                headers={"ETag": f'"v{error.actual}"'},
                fields=fields,
            )
        case KeyReused():
            detail = "this Idempotency-Key came before with another request"
            return Problem(code="idempotency-key-reused", detail=detail)
        case JournalBusy():
            return _again("journal-busy", "too many commands are waiting; nothing was recorded", error.after_s)
        case JournalUnavailable():
            detail = "the journal cannot be reached; the same key tells whether the command was recorded"
            return _again("journal-unavailable", detail, error.after_s)
        case _ if isinstance(error, DATABASE_AWAY):
            return _again("database-unavailable", "the database cannot be reached", DATABASE_AFTER_S)
        case _:
            return Problem(code="internal-error", detail="the request met a defect; its id is in the log")


def document(problem: Problem, *, request_id: str) -> dict[str, Any]:
    """The members of the problem document."""
    code = CODES[problem.code]
    members: dict[str, Any] = {
        "type": TYPE_PREFIX + problem.code,
        "title": code.text,
        "status": code.http_status,
        "detail": problem.detail,
        "instance": f"urn:uuid:{request_id}",
        "code": problem.code,
        "cure": code.cure,
        "errors": problem.faults,
    }
    for name, value in problem.fields.items():
        members[f"current_{name}" if name in RESERVED else name] = value
    return members


def respond(problem: Problem, *, request_id: str) -> Response:
    """The problem as a response."""
    body = msgspec.json.encode(document(problem, request_id=request_id))
    return Response(body, status_code=problem.status, media_type=MEDIA_TYPE, headers=dict(problem.headers))


def _again(code: str, detail: str, after_s: int) -> Problem:
    return Problem(code=code, detail=detail, headers={"Retry-After": str(after_s)})
