"""Every way to fail has its document, and none says more than it should."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import psycopg
import pytest

from api.errors import Fault, KeyUnknown, RequestUnacceptable, TryAgain
from api.problems import CODES, OWN_CODES, RESERVED, document, problem_of, respond
from domain.errors import JournalBusy, JournalCorrupt, JournalUnavailable, KeyReused, Refusal, StreamConflict
from domain.refusals import CODES as REFUSALS

REQUEST = "0b5f6a0e-5f5e-4d55-9f0a-3f6b6f0d6a5e"
STREAM = UUID("0e1f7a52-6c5b-5f0e-9d6a-5b0c6a1f4d21")


def _told(error: Exception) -> dict[str, Any]:
    return document(problem_of(error), request_id=REQUEST)


@pytest.mark.parametrize("code", sorted(REFUSALS))
def test_every_refusal_of_the_domain_is_told_with_its_status_and_cure(code: str) -> None:
    told = _told(Refusal(code, "the rule in words", available="7"))
    assert told == {
        "type": f"urn:tandem:problem:{code}",
        "title": REFUSALS[code].text,
        "status": REFUSALS[code].http_status,
        "detail": "the rule in words",
        "instance": f"urn:uuid:{REQUEST}",
        "code": code,
        "cure": REFUSALS[code].cure,
        "errors": (),
        "available": "7",
    }


@pytest.mark.parametrize(
    ("error", "status", "code", "retry_after"),
    [
        (StreamConflict(STREAM, expected=1, actual=2), 412, "version-moved", None),
        (KeyReused("client:me", "k"), 422, "idempotency-key-reused", None),
        (JournalBusy(after_s=3), 429, "journal-busy", "3"),
        (JournalUnavailable("OperationalError", after_s=2), 503, "journal-unavailable", "2"),
        (psycopg.OperationalError("server closed"), 503, "database-unavailable", "1"),
        (psycopg.InterfaceError("the connection is closed"), 503, "database-unavailable", "1"),
        (TryAgain("book-behind", "later", after_s=1), 503, "book-behind", "1"),
        (KeyUnknown("who"), 401, "unauthenticated", None),
        (RequestUnacceptable("malformed-json", "no"), 400, "malformed-json", None),
        (JournalCorrupt("position 7 is missing"), 500, "internal-error", None),
        (psycopg.errors.UndefinedTable("no table"), 500, "internal-error", None),
        (ValueError("secret"), 500, "internal-error", None),
    ],
)
def test_every_other_failure_has_its_own_code(
    error: Exception, status: int, code: str, retry_after: str | None
) -> None:
    response = respond(problem_of(error), request_id=REQUEST)
    assert (response.status_code, problem_of(error).code) == (status, code)
    assert response.headers.get("Retry-After") == retry_after
    assert response.media_type == "application/problem+json"


def test_a_conflict_of_versions_names_the_current_one() -> None:
    told = _told(StreamConflict(STREAM, expected=1, actual=2))
    assert (told["stream"], told["expected_version"], told["current_version"]) == (str(STREAM), 1, 2)


def test_what_a_defect_says_stays_in_the_house() -> None:
    body = bytes(respond(problem_of(ValueError("password=hunter2 /srv/secret.py")), request_id=REQUEST).body)
    assert b"hunter2" not in body
    assert b"secret.py" not in body
    assert REQUEST.encode() in body


def test_what_the_database_says_stays_in_the_house() -> None:
    error = psycopg.OperationalError('connection to "10.0.0.7" as "tandem" failed')
    assert "10.0.0.7" not in str(_told(error))


def test_a_refusals_members_never_hide_those_of_the_document() -> None:
    told = _told(Refusal("wrong-status", "no", **{name: "mine" for name in RESERVED if name != "code"}))
    assert told["status"] == 409
    assert told["current_status"] == "mine"
    assert told["detail"] == "no"


def test_the_faults_of_a_request_are_listed() -> None:
    fault = Fault("/terms/cap", "not-an-amount", "digits only")
    told = _told(RequestUnacceptable("body-not-acceptable", "no", faults=[fault]))
    assert told["errors"] == (fault,)


def test_every_code_is_kebab_case_and_tells_what_it_means_and_what_to_do() -> None:
    for name, code in CODES.items():
        assert code.code == name
        assert name == name.lower().strip("-")
        assert " " not in name
        assert 400 <= code.http_status < 600
        assert code.text.endswith(".")
        assert code.cure.endswith(".")
    assert len(CODES) == len(OWN_CODES) + len(REFUSALS)
