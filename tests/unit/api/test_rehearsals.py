"""Commands with `?dry_run=true`: decided like any other, and nothing recorded."""

from __future__ import annotations

from typing import Any

import pytest

from api.commands import CommandRoute
from api.routes import COMMANDS
from tests.unit.api.house import ApiHouse, done, refused
from tests.unit.api.rows import path_of
from tests.unit.api.steps import COMPANY, DOCUMENT, Story

DRY = "?dry_run=true"


def _head(house: ApiHouse) -> int:
    items: list[dict[str, Any]] = house.get("auditor", "/v1/events", limit=200).json()["items"]
    return len(items)


def test_a_rehearsal_lists_the_events_and_records_none(house: ApiHouse) -> None:
    response = house.post("issuer", f"/v1/companies{DRY}", COMPANY, key="k")
    answer = done(response)
    assert response.status_code == 200
    assert answer["dry_run"]
    assert answer["position"] == 0
    assert answer["events"] == [{"topic": "company.registered", "stream": answer["id"], "version": 1}]
    assert "Location" not in response.headers
    assert _head(house) == 0


def test_what_was_rehearsed_is_recorded_under_the_same_key_and_the_same_ids(house: ApiHouse) -> None:
    story = Story(house).live().join().approve_kyc()
    head = _head(house)
    foreseen = done(house.post("investor", f"/v1/investments{DRY}", story.commitment(), key="k"))
    assert (foreseen["position"], _head(house)) == (head, head)
    made = done(house.post("investor", "/v1/investments?dry_run=false", story.commitment(), key="k"))
    assert not made["replayed"]
    assert made["id"] == foreseen["id"]
    assert [{name: event[name] for name in ("topic", "stream", "version")} for event in made["events"]] == foreseen[
        "events"
    ]


def test_a_rehearsal_is_refused_as_the_command_would_be(house: ApiHouse) -> None:
    story = Story(house).register()
    submit = f"/v1/companies/{story.company}:submit-kyb{DRY}"
    refused(house.post("issuer", submit), 409, "documents-missing")
    house.keys["stranger"] = house.mint("stranger", roles=["issuer"])
    refused(house.post("stranger", submit), 403, "not-yours")
    refused(house.post("compliance", submit), 403, "role-not-allowed")
    problem = refused(house.post("issuer", f"/v1/companies{DRY}", COMPANY | {"sector": "piracy"}), 422, "unknown-value")
    assert [fault["pointer"] for fault in problem["errors"]] == ["/sector"]
    refused(house.post("issuer", f"/v1/companies{DRY}", COMPANY), 409, "already-exists")
    refused(house.post("issuer", submit, If_Match='"v9"'), 412, "version-moved")
    assert _head(house) == 1


def test_a_rehearsal_of_what_is_so_already_foresees_nothing(house: ApiHouse) -> None:
    story = Story(house).register().attach()
    answer = done(house.post("issuer", f"/v1/companies/{story.company}/documents{DRY}", DOCUMENT))
    assert (answer["id"], answer["position"], answer["events"]) == (story.document, 2, [])


def test_a_key_that_was_used_may_be_rehearsed_with_and_stays_what_it_was(house: ApiHouse) -> None:
    story = Story(house)
    story.company = done(house.post("issuer", "/v1/companies", COMPANY, key="k"))["id"]
    refused(house.post("issuer", f"/v1/companies/{story.company}:submit-kyb{DRY}", key="k"), 409, "documents-missing")
    assert done(house.post("issuer", "/v1/companies", COMPANY, key="k"))["replayed"]


@pytest.mark.parametrize(
    "query", ["dry_run=yes", "dry_run=", "dry_run=TRUE", "dry_run=true&dry_run=true", "dryrun=true"]
)
def test_a_rehearsal_that_is_not_asked_for_clearly_is_no_command_either(shared: ApiHouse, query: str) -> None:
    refused(shared.post("issuer", f"/v1/companies?{query}", COMPANY), 400, "parameter-not-acceptable")
    assert _head(shared) == 0


@pytest.mark.parametrize("route", COMMANDS, ids=lambda route: route.name)
def test_every_command_may_be_rehearsed(shared: ApiHouse, route: CommandRoute) -> None:
    role = min(route.roles - {"process"})
    problem = shared.post(role, path_of(route) + DRY, {}).json()
    assert problem["code"] in {"body-not-acceptable", "not-found"}
    assert _head(shared) == 0
