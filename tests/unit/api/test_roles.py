"""Who may give which command and ask which question: every role against every row of the tables."""

from __future__ import annotations

from datetime import timedelta

import pytest

from api.commands import CommandRoute
from api.questions import QuestionRoute
from api.routes import COMMANDS, QUESTIONS
from domain.commands import ALLOWED, MACHINE_ROLES, ROLES
from tests.unit.api.house import ApiHouse, refused
from tests.unit.api.rows import path_of

ALL_SEEING = ROLES - {"issuer", "investor"}
# Lists in which others must name what is theirs.
NAMED = {"list_activity", "list_certificates", "list_due", "list_investments", "list_operations"}
ROWS = [pytest.param(route, role, id=f"{route.name}-{role}") for route in COMMANDS for role in sorted(ROLES)]


def test_every_command_that_clients_may_give_has_a_route_and_no_other_has() -> None:
    for_clients = {command for command, roles in ALLOWED.items() if roles & ROLES}
    assert {route.command for route in COMMANDS} == for_clients
    assert len({route.name for route in COMMANDS}) == len({route.path for route in COMMANDS}) == len(COMMANDS)


def test_auditors_and_admins_give_no_command() -> None:
    assert not any(route.roles & {"auditor", "admin"} for route in COMMANDS)


def test_no_command_is_for_machines_and_people_alike_but_the_closing() -> None:
    assert {route.name for route in COMMANDS if route.roles & MACHINE_ROLES} == {"close_campaign"}


@pytest.mark.parametrize(("route", "role"), ROWS)
def test_exactly_the_roles_of_a_command_get_past_the_door(shared: ApiHouse, route: CommandRoute, role: str) -> None:
    response = shared.post(role, path_of(route), {})
    if role in ALLOWED[route.command]:
        assert response.json()["code"] in {"body-not-acceptable", "not-found"}, response.text
    else:
        problem = refused(response, 403, "role-not-allowed")
        assert set(problem["roles"]) == ALLOWED[route.command]


def test_whoever_was_let_in_with_nothing_to_say_has_recorded_nothing(shared: ApiHouse) -> None:
    for route in COMMANDS:
        for role in sorted(ALLOWED[route.command] & ROLES):
            assert shared.post(role, path_of(route), {}).status_code in {400, 404}
    assert shared.get("auditor", "/v1/events").json()["items"] == []


@pytest.mark.parametrize("role", sorted(ROLES))
@pytest.mark.parametrize("route", QUESTIONS, ids=lambda route: route.name)
def test_exactly_the_roles_of_a_question_may_ask_it(shared: ApiHouse, role: str, route: QuestionRoute) -> None:
    response = shared.get(role, path_of(route))
    if role not in route.roles:
        refused(response, 403, "role-not-allowed")
    elif "{" in route.path:
        refused(response, 404, "not-found")  # nothing is there yet
    elif role not in ALL_SEEING and route.name in NAMED:
        refused(response, 400, "parameter-not-acceptable")
    else:
        assert response.status_code == 200, response.text


def test_only_who_sees_all_reads_the_journal_lists_payments_and_looks_at_the_ledgers_whole() -> None:
    assert {route.name for route in QUESTIONS if route.roles != ROLES} == {
        "list_events",
        "list_payments",
        "read_chain_ledger",
        "read_trial_balance",
    }
    assert all(route.roles in {ROLES, ALL_SEEING} for route in QUESTIONS)


@pytest.mark.parametrize("machine", sorted(MACHINE_ROLES))
def test_a_machine_role_in_a_key_would_be_refused_by_the_database_itself(shared: ApiHouse, machine: str) -> None:
    with pytest.raises(Exception, match="keys_roles_check"):
        shared.owner(
            "INSERT INTO api.keys (id, token_sha256, principal, roles)"
            f" VALUES (gen_random_uuid(), sha256('{machine}'), 'robot', ARRAY['{machine}'])"
        )


# Who is let in at all.


@pytest.mark.parametrize("path", ["/v1/me", "/v1/companies"])
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": ""},
        {"Authorization": "Bearer"},
        {"Authorization": "Basic dXNlcjpwYXNz"},
        {"Authorization": "Bearer tdm_" + "A" * 32},
        {"Authorization": "Bearer tdm_short"},
        {"Authorization": "Bearer nonsense"},
        {"Authorization": "Bearer tdm_" + "A" * 5000},
        {"Authorization": "Bearer tdm_" + "\u00e9" * 32},
    ],
)
def test_without_a_known_key_nobody_is_let_in(shared: ApiHouse, path: str, headers: dict[str, str]) -> None:
    raw = {name: value.encode("utf-8") for name, value in headers.items()}
    response = shared.http.get(path, headers=list(raw.items()))
    refused(response, 401, "unauthenticated")
    assert response.headers["WWW-Authenticate"].startswith("Bearer")


def test_two_authorization_headers_are_one_too_many(shared: ApiHouse) -> None:
    key = shared.keys["issuer"]
    both = [("Authorization", f"Bearer {key}"), ("Authorization", f"Bearer {key}")]
    refused(shared.http.get("/v1/me", headers=both), 400, "header-not-acceptable")


def test_the_scheme_may_be_written_in_any_case(shared: ApiHouse) -> None:
    response = shared.http.get("/v1/me", headers={"Authorization": f"bearer {shared.keys['issuer']}"})
    assert response.json()["principal"] == "issuer"


def test_an_expired_key_lets_nobody_in_from_that_moment_on(shared: ApiHouse) -> None:
    shared.keys["guest"] = shared.mint("guest", roles=["auditor"], expires_at=shared.clock() + timedelta(hours=1))
    assert shared.get("guest", "/v1/me").status_code == 200
    shared.ahead = timedelta(hours=1)
    refused(shared.get("guest", "/v1/me"), 401, "unauthenticated")


def test_a_key_says_whom_it_names_and_what_it_may_do(shared: ApiHouse) -> None:
    me = shared.get("treasury_checker", "/v1/me").json()
    assert me["principal"] == "treasury_checker"
    assert me["roles"] == ["treasury_checker"]
    assert me["commands"] == ["ApproveRelease", "DeclineRelease", "ReturnPayment"]
