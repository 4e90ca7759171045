"""What each viewer sees of a story with two issuers and two investors: their own, what is public, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from domain.commands import ROLES
from tests.unit.api.house import ApiHouse, refused
from tests.unit.api.steps import Story

ALL_SEEING = sorted(ROLES - {"issuer", "investor"})


class Town:
    """One live campaign with an investment in it, and a draft of another issuer; two people who are strangers."""

    def __init__(self, house: ApiHouse) -> None:
        self.house = house
        house.keys["stranger"] = house.mint("stranger", roles=["issuer", "investor"])
        house.keys["other"] = house.mint("other", roles=["issuer", "investor"])
        self.first = Story(house).invested().pay()
        self.second = Story(house, issuer="other", investor="other").registered("ET-2").draft().join()
        self.position = house.project()

    def items(self, who: str, path: str, **given: object) -> list[str]:
        response = self.house.get(who, path, **given)
        assert response.status_code == 200, response.text
        return [item["id"] for item in response.json()["items"]]


@pytest.fixture(scope="module")
def town(shared: ApiHouse) -> Iterator[Town]:
    return Town(shared)


@pytest.mark.parametrize("who", ALL_SEEING)
def test_whoever_reviews_handles_money_runs_or_audits_sees_everything(town: Town, who: str) -> None:
    first, second = town.first, town.second
    assert town.items(who, "/v1/companies") == [first.company, second.company]
    assert town.items(who, "/v1/campaigns") == [first.campaign, second.campaign]
    assert town.items(who, "/v1/investors") == [first.investor, second.investor]
    assert town.items(who, "/v1/investments") == [first.investment]
    assert town.items(who, f"/v1/campaigns/{first.campaign}/investments") == [first.investment]
    for path in (
        f"/v1/companies/{second.company}",
        f"/v1/campaigns/{second.campaign}",
        f"/v1/campaigns/{second.campaign}/escrow",
        f"/v1/campaigns/{second.campaign}/cap-table",
        f"/v1/investors/{second.investor}",
        f"/v1/investments/{first.investment}",
        f"/v1/streams/{second.company}/timeline",
        "/v1/operations/1",
        "/v1/operations",
        "/v1/events",
    ):
        assert town.house.get(who, path).status_code == 200, path


def test_an_issuer_sees_its_own_companies_campaigns_and_who_invested_in_them(town: Town) -> None:
    first = town.first
    assert town.items("issuer", "/v1/companies") == [first.company]
    assert town.items("issuer", "/v1/campaigns") == [first.campaign]
    assert town.items("issuer", f"/v1/campaigns/{first.campaign}/investments") == [first.investment]
    assert town.items("issuer", "/v1/investments", campaign_id=first.campaign) == [first.investment]
    for path in (
        f"/v1/companies/{first.company}",
        f"/v1/campaigns/{first.campaign}/cap-table",
        f"/v1/investments/{first.investment}",
        f"/v1/streams/{first.campaign}/timeline",
        f"/v1/streams/{first.investment}/timeline",
        f"/v1/operations?stream={first.campaign}",
        "/v1/operations/1",
    ):
        assert town.house.get("issuer", path).status_code == 200, path


def test_an_issuer_sees_nothing_of_another_issuer_or_of_a_person(town: Town) -> None:
    second = town.second
    for path in (
        f"/v1/companies/{second.company}",
        f"/v1/campaigns/{second.campaign}",
        f"/v1/campaigns/{second.campaign}/escrow",
        f"/v1/campaigns/{second.campaign}/investments",
        f"/v1/campaigns/{second.campaign}/cap-table",
        f"/v1/investors/{town.first.investor}",
        f"/v1/streams/{second.company}/timeline",
        f"/v1/streams/{town.first.investor}/timeline",
        f"/v1/operations?stream={second.company}",
    ):
        refused(town.house.get("issuer", path), 404, "not-found")
    assert town.items("issuer", "/v1/investors") == []


def test_an_investor_sees_itself_and_its_investments_and_live_campaigns(town: Town) -> None:
    first = town.first
    assert town.items("investor", "/v1/investors") == [first.investor]
    assert town.items("investor", "/v1/investments", investor_id=first.investor) == [first.investment]
    assert town.items("investor", "/v1/campaigns") == [first.campaign]
    assert town.items("investor", "/v1/companies") == []
    for path in (
        f"/v1/investors/{first.investor}",
        f"/v1/investments/{first.investment}",
        f"/v1/campaigns/{first.campaign}",
        f"/v1/campaigns/{first.campaign}/escrow",
        f"/v1/streams/{first.investment}/timeline",
        f"/v1/operations?stream={first.investment}",
    ):
        assert town.house.get("investor", path).status_code == 200, path


def test_an_investor_does_not_see_who_else_invested_nor_the_campaigns_history(town: Town) -> None:
    campaign = f"/v1/campaigns/{town.first.campaign}"
    refused(town.house.get("investor", f"{campaign}/investments"), 403, "not-yours")
    refused(town.house.get("investor", f"{campaign}/cap-table"), 403, "not-yours")
    refused(town.house.get("investor", "/v1/investments", campaign_id=town.first.campaign), 403, "not-yours")
    refused(town.house.get("investor", "/v1/investments", investor_id=town.second.investor), 403, "not-yours")
    refused(town.house.get("investor", f"/v1/streams/{town.first.campaign}/timeline"), 404, "not-found")
    refused(town.house.get("investor", f"/v1/streams/{town.first.company}/timeline"), 404, "not-found")


def test_a_stranger_sees_live_campaigns_and_nothing_else(town: Town) -> None:
    first = town.first
    assert town.items("stranger", "/v1/companies") == []
    assert town.items("stranger", "/v1/campaigns") == [first.campaign]
    assert town.items("stranger", "/v1/investors") == []
    for path in (
        f"/v1/companies/{first.company}",
        f"/v1/investors/{first.investor}",
        f"/v1/investments/{first.investment}",
        f"/v1/streams/{first.investment}/timeline",
        f"/v1/operations?stream={first.investment}",
        "/v1/operations/1",
    ):
        refused(town.house.get("stranger", path), 404, "not-found")


def test_what_may_not_be_seen_is_told_as_what_is_not_there(town: Town) -> None:
    hidden = town.house.get("stranger", f"/v1/companies/{town.second.company}").json()
    absent = town.house.get("stranger", f"/v1/companies/{town.second.campaign}").json()
    for problem in (hidden, absent):
        del problem["instance"], problem["id"], problem["detail"]
    assert hidden == absent
