"""Questions over HTTP: pages, positions, versions, exact amounts, and parameters that are refused."""

from __future__ import annotations

import threading
from hashlib import sha256

import pytest

from api import questions
from tests.support.wait import until
from tests.unit.api.house import ApiHouse, done, refused
from tests.unit.api.steps import AMOUNT, COMPANY, Story


def test_an_answer_about_one_thing_carries_its_version_and_the_books_position(story: Story) -> None:
    story.register().attach()
    story.house.project()
    response = story.house.get("issuer", f"/v1/companies/{story.company}")
    assert response.headers["ETag"] == '"v2"'
    assert response.headers["Ledger-Position"] == "2"
    assert response.json()["documents"] == [
        {
            "id": story.document,
            "kind": "licence",
            "sha256": "ab" * 32,
            "state": "pending",
            "cid": None,
            "expires_at": None,
            "reason": None,
        }
    ]


def test_the_version_of_an_answer_is_what_if_match_takes(story: Story) -> None:
    story.register().attach()
    story.house.project()
    etag = story.house.get("issuer", f"/v1/companies/{story.company}").headers["ETag"]
    done(story.house.post("issuer", f"/v1/companies/{story.company}:submit-kyb", If_Match=etag))
    refused(
        story.house.post("issuer", f"/v1/companies/{story.company}:submit-kyb", If_Match=etag), 412, "version-moved"
    )


def test_money_is_answered_in_decimal_strings(story: Story) -> None:
    story.invested().pay()
    story.house.project()
    campaign = story.house.get("auditor", f"/v1/campaigns/{story.campaign}").json()
    assert (campaign["committed"], campaign["raised"], campaign["threshold"]) == ("1000000", "1000000", "750000")
    assert campaign["terms"]["cap"] == "2000000"
    assert story.house.get("auditor", f"/v1/investments/{story.investment}").json()["amount"] == str(AMOUNT)
    escrow = story.house.get("auditor", f"/v1/campaigns/{story.campaign}/escrow").json()
    assert escrow == {
        "campaign_id": story.campaign,
        "currency": "ETB",
        "committed": "1000000",
        "received": "1000000",
        "held": "1000000",
        "released": "0",
        "fee": "0",
        "refunded": "0",
        "claimed": "0",
        "pending": "0",
        "owed": "0",
        "returned": "0",
    }


def test_the_escrow_of_a_campaign_without_money_is_all_zero(story: Story) -> None:
    story.live()
    story.house.project()
    escrow = story.house.get("auditor", f"/v1/campaigns/{story.campaign}/escrow").json()
    assert {value for name, value in escrow.items() if name not in {"campaign_id", "currency"}} == {"0"}


def test_the_cap_table_lists_confirmed_certificates(story: Story) -> None:
    story.invested().pay().close().certify()
    position = story.house.project()
    (line,) = story.house.get("issuer", f"/v1/campaigns/{story.campaign}/cap-table").json()["items"]
    assert (line["investment_id"], line["shares"], line["certified_position"]) == (story.investment, 100, position)
    assert line["position"] == position


def test_lists_are_read_page_by_page_in_the_order_of_the_journal(house: ApiHouse) -> None:
    made = [
        done(house.post("issuer", "/v1/companies", COMPANY | {"tax_number": f"ET-{number}"}))["id"]
        for number in range(5)
    ]
    house.project()
    seen: list[str] = []
    after: int | None = 0
    sizes = []
    while after is not None:
        page = house.get("auditor", "/v1/companies", after=after, limit=2).json()
        sizes.append(len(page["items"]))
        seen.extend(item["id"] for item in page["items"])
        after = page["next"]
    assert seen == made
    assert sizes == [2, 2, 1]


def test_a_page_that_is_scanned_for_what_may_be_seen_goes_on_where_it_ended(
    house: ApiHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.reads.offerings.PAGE_ITEMS_MAX", 2)
    monkeypatch.setattr("api.reads.offerings.SCAN_PAGES_MAX", 1)
    house.keys["other"] = house.mint("other", roles=["issuer"])
    mine = []
    for number in range(3):
        hidden = Story(house, issuer="other").register(f"ET-H{number}").draft()
        own = Story(house).register(f"ET-{number}").draft()
        mine.append(own.campaign)
        assert hidden.campaign != own.campaign
    house.project()
    seen: list[str] = []
    after: int | None = 0
    while after is not None:
        page = house.get("issuer", "/v1/campaigns", after=after, limit=2).json()
        seen.extend(item["id"] for item in page["items"])
        after = page["next"]
    assert seen == mine


def test_campaigns_are_filtered_by_company_and_status(story: Story) -> None:
    story.live()
    second = Story(story.house).register("ET-2").draft()
    story.house.project()
    for given, expected in (
        ({"status": "live"}, [story.campaign]),
        ({"status": "draft"}, [second.campaign]),
        ({"company_id": second.company}, [second.campaign]),
        ({"company_id": second.company, "status": "live"}, []),
    ):
        page = story.house.get("auditor", "/v1/campaigns", **given).json()
        assert [item["id"] for item in page["items"]] == expected


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/v1/companies?limit=0", "limit"),
        ("/v1/companies?limit=201", "limit"),
        ("/v1/companies?limit=ten", "limit"),
        ("/v1/companies?limit=10&limit=20", "limit"),
        ("/v1/companies?limit=", "limit"),
        ("/v1/companies?after=-1", "after"),
        ("/v1/companies?after=1.5", "after"),
        ("/v1/companies?after=99999999999999999", "after"),
        ("/v1/companies?after=9999999999999999", "after"),
        ("/v1/companies?min_position=x", "min_position"),
        ("/v1/companies?colour=red", "colour"),
        ("/v1/companies?%ff=1", "\ufffd"),
        ("/v1/me?after=1", "after"),
        ("/v1/campaigns?company_id=abc", "company_id"),
        ("/v1/campaigns?status=LIVE", "status"),
        ("/v1/operations?state=%27%3B", "state"),
    ],
)
def test_a_parameter_that_cannot_be_taken_is_named(shared: ApiHouse, path: str, name: str) -> None:
    problem = refused(shared.get("auditor", path), 400, "parameter-not-acceptable")
    assert [fault["pointer"] for fault in problem["errors"]] == [name]


@pytest.mark.parametrize(
    "given", ["abc", "1", "0e1f7a52-6c5b-5f0e-9d6a-5b0c6a1f4d2", "%00", "%F0%9F%98%80", "a%2Fb%20"]
)
def test_what_is_no_id_names_nothing(shared: ApiHouse, given: str) -> None:
    response = shared.get("auditor", f"/v1/companies/{given}")
    refused(response, 404, "no-such-route" if "%2F" in given else "not-found")


@pytest.mark.parametrize("given", ["0", "-1", "x", "1e3", "99999999999999999999"])
def test_what_is_no_position_of_the_journal_names_no_operation(shared: ApiHouse, given: str) -> None:
    refused(shared.get("auditor", f"/v1/operations/{given}"), 404, "not-found")


# Reading one's own write.


def test_a_question_waits_until_the_book_has_reached_a_position(story: Story) -> None:
    story.register()
    answers = []
    asking = threading.Thread(
        target=lambda: answers.append(story.house.get("issuer", f"/v1/companies/{story.company}", min_position=1))
    )
    asking.start()
    until(lambda: story.house.figure("tandem_http_in_flight") == 2, "the question is under way")
    story.house.project()
    asking.join()
    assert answers[0].status_code == 200
    assert answers[0].headers["Ledger-Position"] == "1"


def test_a_position_that_the_book_does_not_reach_is_told_with_where_it_is(
    story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(questions, "WAIT_S_MAX", 0.05)
    story.register()
    response = story.house.get("issuer", "/v1/companies", min_position=1)
    problem = refused(response, 503, "book-behind")
    assert (problem["book_position"], problem["min_position"]) == (0, 1)
    assert response.headers["Retry-After"] == "1"


def test_no_more_questions_than_allowed_wait_at_once(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(questions, "WAITS_MAX", 0)
    response = story.house.get("issuer", "/v1/companies", min_position=1)
    refused(response, 429, "too-many-waiting")
    assert response.headers["Retry-After"]


def test_a_position_behind_the_book_is_answered_at_once(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(questions, "WAITS_MAX", 0)
    story.register()
    story.house.project()
    assert story.house.get("issuer", "/v1/companies", min_position=1).status_code == 200


def test_a_question_that_takes_too_long_is_ended(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(questions, "QUESTION_S_MAX", 0.05)
    response = story.house.get("issuer", "/v1/companies", min_position=1)
    refused(response, 503, "answer-late")
    assert response.headers["Retry-After"]


# The journal itself.


def test_the_journal_is_given_entry_by_entry_with_what_its_leaves_are_made_of(story: Story) -> None:
    story.live()
    items = story.house.get("auditor", "/v1/events", limit=200).json()["items"]
    assert [item["position"] for item in items] == list(range(1, len(items) + 1))
    for item in items:
        preimage = (
            f'{{"h":"{item["state_sha256"]}","i":{item["position"]},"s":"{item["stream"]}",'
            f'"t":"{item["topic"]}","v":{item["version"]}}}'
        )
        assert sha256(b"\x00" + preimage.encode()).hexdigest() == item["leaf"]
    drafted = next(item for item in items if item["topic"] == "campaign.drafted")
    assert drafted["data"]["terms"]["cap"] == "2000000"
    assert drafted["data"]["terms"]["duration_s"] == 3600


def test_a_timeline_is_the_history_of_one_stream(story: Story) -> None:
    story.register().attach().submit_kyb()
    story.house.project()
    path = f"/v1/streams/{story.company}/timeline"
    topics = [item["topic"] for item in story.house.get("issuer", path).json()["items"]]
    assert topics == ["company.registered", "company.document_attached", "company.kyb_submitted"]
    page = story.house.get("issuer", path, after=1, limit=1).json()
    assert ([item["version"] for item in page["items"]], page["next"]) == ([2], 2)
