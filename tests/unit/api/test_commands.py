"""Commands over HTTP: what they answer, that they happen once, and what the headers mean."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID, uuid4

import pytest

from domain.company import company_id
from tests.unit.api.house import ApiHouse, done, refused
from tests.unit.api.steps import COMPANY, DOCUMENT, TERMS, Story


def _entries(house: ApiHouse) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = house.get("auditor", "/v1/events", limit=200).json()["items"]
    return items


def test_a_command_that_makes_something_answers_201_where_it_is_found_and_where_it_stands(house: ApiHouse) -> None:
    response = house.post("issuer", "/v1/companies", COMPANY)
    stream = str(company_id("ET-1"))
    assert response.status_code == 201
    assert response.json() == {
        "id": stream,
        "version": 1,
        "position": 1,
        "events": [{"position": 1, "topic": "company.registered", "stream": stream, "version": 1}],
        "replayed": False,
    }
    assert response.headers["Location"] == f"/v1/companies/{stream}"
    assert response.headers["ETag"] == '"v1"'
    assert response.headers["Ledger-Position"] == "1"
    assert response.headers["Idempotency-Replayed"] == "false"
    assert response.headers["Cache-Control"] == "no-store"


def test_a_command_about_something_answers_200_with_the_version_of_that_thing(story: Story) -> None:
    story.registered().draft()
    response = story.house.post("issuer", f"/v1/campaigns/{story.campaign}:submit")
    answer = response.json()
    assert response.status_code == 200
    assert "Location" not in response.headers
    assert [event["topic"] for event in answer["events"]] == ["campaign.submitted", "company.exclusivity_locked"]
    # The last event is of the company's stream; the answer is about the campaign.
    assert (answer["id"], answer["version"]) == (story.campaign, 2)
    assert response.headers["ETag"] == '"v2"'
    assert response.headers["Ledger-Position"] == str(answer["events"][-1]["position"])


def test_what_is_so_already_answers_200_without_events_and_from_where_it_can_be_read(story: Story) -> None:
    story.register().attach()
    response = story.house.post("issuer", f"/v1/companies/{story.company}/documents", DOCUMENT)
    answer = response.json()
    assert response.status_code == 200
    assert (answer["id"], answer["version"], answer["position"], answer["events"]) == (story.document, 2, None, [])
    assert response.headers["Ledger-Position"] == "2"


def test_every_amount_wallet_and_digest_reaches_the_journal_in_one_form(house: ApiHouse) -> None:
    done(house.post("issuer", "/v1/companies", COMPANY | {"wallet": COMPANY["wallet"].lower()}))
    done(house.post("issuer", f"/v1/companies/{company_id('ET-1')}/documents", DOCUMENT | {"sha256": "AB" * 32}))
    registered, attached = _entries(house)
    assert registered["data"]["wallet"] == COMPANY["wallet"]
    assert attached["data"]["sha256"] == "ab" * 32


# Once, however often it is asked.


def test_the_same_key_hears_the_first_answer_again(house: ApiHouse) -> None:
    first = house.post("issuer", "/v1/companies", COMPANY, key="k")
    again = house.post("issuer", "/v1/companies", COMPANY, key="k")
    assert again.status_code == first.status_code == 201
    assert again.json() == first.json() | {"replayed": True}
    assert again.headers["Idempotency-Replayed"] == "true"
    for name in ("Location", "ETag", "Ledger-Position", "X-Correlation-Id"):
        assert again.headers[name] == first.headers[name]
    assert len(_entries(house)) == 1


def test_the_first_answer_is_heard_again_even_after_more_has_happened(story: Story) -> None:
    first = story.house.post("issuer", "/v1/companies", COMPANY, key="k")
    story.company = first.json()["id"]
    story.attach().submit_kyb()
    again = story.house.post("issuer", "/v1/companies", COMPANY, key="k")
    assert again.json() == first.json() | {"replayed": True}


def test_another_spelling_of_the_same_request_is_the_same_request(story: Story) -> None:
    story.registered()
    body = {"company_id": story.company, "title": "Growth", "terms": TERMS}
    other = {
        "terms": dict(reversed([*(TERMS | {"cap": int(TERMS["cap"])}).items()])),
        "title": "Growth",
        "company_id": story.company.upper(),
    }
    first = done(story.house.post("issuer", "/v1/campaigns", body, key="k"))
    again = done(story.house.post("issuer", "/v1/campaigns", other, key="k"))
    assert again == first | {"replayed": True}
    upper = f"/v1/campaigns/{first['id'].upper()}:submit"
    done(story.house.post("issuer", upper, key="k2"))
    assert done(story.house.post("issuer", upper.replace(first["id"].upper(), first["id"]), key="k2"))["replayed"]


@pytest.mark.parametrize(
    ("path", "body", "headers"),
    [
        ("/v1/companies", COMPANY | {"legal_name": "Another PLC"}, {}),
        ("/v1/companies", COMPANY, {"If_Match": '"v1"'}),
        ("/v1/companies/c740c32b-c8b2-4969-ab7d-2692bb3dd9bf:submit-kyb", None, {}),
    ],
)
def test_the_same_key_with_another_request_is_refused(
    house: ApiHouse, path: str, body: Any, headers: dict[str, str]
) -> None:
    done(house.post("issuer", "/v1/companies", COMPANY, key="k"))
    refused(house.post("issuer", path, body, key="k", **headers), 422, "idempotency-key-reused")
    assert len(_entries(house)) == 1


def test_keys_of_two_principals_do_not_meet(house: ApiHouse) -> None:
    house.keys["second"] = house.mint("second", roles=["issuer"])
    done(house.post("issuer", "/v1/companies", COMPANY, key="k"))
    second = house.post("second", "/v1/companies", COMPANY | {"tax_number": "ET-2"}, key="k")
    assert second.status_code == 201
    assert not second.json()["replayed"]


def test_two_keys_of_one_principal_share_their_idempotency_keys(house: ApiHouse) -> None:
    house.keys["rotated"] = house.mint("issuer", roles=["issuer"])
    first = done(house.post("issuer", "/v1/companies", COMPANY, key="k"))
    assert done(house.post("rotated", "/v1/companies", COMPANY, key="k")) == first | {"replayed": True}


def test_many_clients_with_one_key_at_once_record_one_thing_and_hear_one_answer(house: ApiHouse) -> None:
    with ThreadPoolExecutor(16) as threads:
        answers = list(threads.map(lambda _: house.post("issuer", "/v1/companies", COMPANY, key="k").json(), range(32)))
    assert len({str(answer["events"]) for answer in answers}) == 1
    assert sorted(answer["replayed"] for answer in answers) == [False] + [True] * 31
    assert len(_entries(house)) == 1


def test_a_refused_command_is_not_recorded_and_its_key_may_be_used_again(story: Story) -> None:
    story.register()
    path = f"/v1/companies/{story.company}:submit-kyb"
    refused(story.house.post("issuer", path, key="k"), 409, "documents-missing")
    story.attach()
    assert not done(story.house.post("issuer", path, key="k"))["replayed"]


def test_an_id_left_out_is_derived_from_the_request_so_that_a_retry_makes_no_second_thing(house: ApiHouse) -> None:
    body = {"reference": "p"}
    first = done(house.post("investor", "/v1/investors", body, key="k"))
    again = done(house.post("investor", "/v1/investors", body, key="k"))
    other = done(house.post("investor", "/v1/investors", body, key="k2"))
    assert again["id"] == first["id"] != other["id"]


def test_an_id_that_the_client_chose_is_taken(house: ApiHouse) -> None:
    chosen = str(uuid4())
    body = {"reference": "p", "investor_id": chosen}
    assert done(house.post("investor", "/v1/investors", body))["id"] == chosen
    refused(house.post("investor", "/v1/investors", body), 409, "already-exists")


@pytest.mark.parametrize("key", ["a", "~" * 200, "with spaces", 'quoted "too"'])
def test_a_key_is_any_printable_ascii(house: ApiHouse, key: str) -> None:
    done(house.post("issuer", "/v1/companies", COMPANY, key=key))


# Versions.


def test_a_command_decided_on_the_current_version_is_taken(story: Story) -> None:
    story.register().attach()
    path = f"/v1/companies/{story.company}:submit-kyb"
    assert done(story.house.post("issuer", path, If_Match='"v2"'))["version"] == 3


def test_a_command_decided_on_an_older_version_hears_the_current_one(story: Story) -> None:
    story.register().attach()
    response = story.house.post("issuer", f"/v1/companies/{story.company}:submit-kyb", If_Match='"v1"')
    problem = refused(response, 412, "version-moved")
    assert (problem["current_version"], problem["expected_version"], problem["stream"]) == (2, 1, story.company)
    assert response.headers["ETag"] == '"v2"'


def test_making_something_may_name_the_version_before_its_beginning(house: ApiHouse) -> None:
    problem = refused(house.post("issuer", "/v1/companies", COMPANY, If_Match='"v1"'), 412, "version-moved")
    assert problem["current_version"] == 0
    done(house.post("issuer", "/v1/companies", COMPANY, If_Match='"v0"'))


@pytest.mark.parametrize("given", ["v1", '"1"', '"v01"', "*", 'W/"v1"', '"v1", "v2"', '"v-1"'])
def test_an_if_match_that_names_no_single_version_is_refused(house: ApiHouse, given: str) -> None:
    problem = refused(house.post("issuer", "/v1/companies", COMPANY, If_Match=given), 400, "header-not-acceptable")
    assert [fault["pointer"] for fault in problem["errors"]] == ["If-Match"]


# The story it belongs to.


def test_the_correlation_id_of_the_request_stands_in_its_entries(house: ApiHouse) -> None:
    given = str(uuid4())
    response = house.post("issuer", "/v1/companies", COMPANY, X_Correlation_Id=given)
    assert response.headers["X-Correlation-Id"] == given
    assert _entries(house)[0]["correlation_id"] == given


def test_without_one_the_correlation_id_follows_from_the_key(house: ApiHouse) -> None:
    derived = house.post("issuer", "/v1/companies", COMPANY, key="k").headers["X-Correlation-Id"]
    again = house.post("issuer", "/v1/companies", COMPANY, key="k", X_Correlation_Id="not a uuid")
    assert UUID(derived)
    assert again.headers["X-Correlation-Id"] == derived
    assert _entries(house)[0]["correlation_id"] == derived


def test_the_entry_says_who_asked_in_which_role(house: ApiHouse) -> None:
    house.keys["both"] = house.mint("office-7", roles=["auditor", "issuer"])
    done(house.post("both", "/v1/companies", COMPANY))
    assert _entries(house)[0]["by"] == "issuer:office-7"
