"""Questions about money over HTTP: payments, releases, the escrow, and who may see which of them."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from domain import commands as c
from tests.unit.api.house import ApiHouse, done, fact, refused
from tests.unit.api.steps import AMOUNT, DURATION_S, Story


def test_the_payments_of_an_investment_are_for_whoever_may_see_it(story: Story) -> None:
    story.invested().pay(600_000, reference="a").pay(500_000, reference="b")
    story.house.project()
    path = f"/v1/investments/{story.investment}/payments"
    items = story.house.get("investor", path).json()["items"]
    parts = [(item["reference"], item["amount"], item["applied"], item["owed"], item["state"]) for item in items]
    assert parts == [("a", "600000", "600000", "0", "applied"), ("b", "500000", "400000", "100000", "owed")]
    assert story.house.get("issuer", path).json()["items"] == items
    one = story.house.get("investor", f"/v1/payments/{items[1]['id']}")
    assert one.json() == items[1]
    assert one.headers["ETag"] == f'"v{items[1]["version"]}"'
    story.house.keys["stranger"] = story.house.mint("stranger", roles=["investor"])
    refused(story.house.get("stranger", path), 404, "not-found")
    refused(story.house.get("stranger", f"/v1/payments/{items[1]['id']}"), 404, "not-found")


def test_unmatched_payments_are_found_by_treasury_and_by_nobody_else(story: Story) -> None:
    story.invested()
    body = {"provider": "bank", "reference": "?", "amount": "25000", "currency": "ETB"}
    done(story.house.post("treasury_maker", "/v1/payments", body))
    story.pay()
    story.house.project()
    (found,) = story.house.get("treasury_maker", "/v1/payments", state="unmatched").json()["items"]
    assert (found["owed"], found["investment_id"], found["campaign_id"]) == ("25000", None, None)
    assert len(story.house.get("auditor", "/v1/payments").json()["items"]) == 2
    named = story.house.get("auditor", "/v1/payments", investment_id=story.investment).json()["items"]
    assert [item["reference"] for item in named] == ["r-1"]
    refused(story.house.get("investor", "/v1/payments"), 403, "role-not-allowed")
    refused(story.house.get("investor", f"/v1/payments/{found['id']}"), 404, "not-found")


def test_a_payment_that_waits_for_its_other_part_is_pending_in_the_escrow(story: Story) -> None:
    story.invested().pay(600_000)
    story.house.project()
    escrow = story.house.get("investor", f"/v1/campaigns/{story.campaign}/escrow").json()
    assert (escrow["pending"], escrow["received"], escrow["held"]) == ("600000", "0", "0")
    investment = story.house.get("investor", f"/v1/investments/{story.investment}").json()
    assert (investment["paid"], investment["status"]) == ("600000", "committed")


def test_every_release_is_listed_with_its_state(story: Story) -> None:
    milestones = [{"name": "half", "bps": 5000}, {"name": "rest", "bps": 5000}]
    story.invested(milestones=milestones).pay().close().certify().request_release()
    campaign = f"/v1/campaigns/{story.campaign}"
    approved = done(story.house.post("treasury_checker", f"{campaign}/releases/{story.release}:approve"))
    confirmed = c.ConfirmRelease(
        campaign_id=UUID(story.campaign), release_id=UUID(story.release), on_chain=fact(approved["position"])
    )
    story.house.machine("indexer", confirmed)
    first = story.release
    story.request_release()
    story.house.project()
    items = story.house.get("issuer", f"{campaign}/releases").json()["items"]
    told = [(item["release_id"], item["tranche"], item["amount"], item["fee"], item["state"]) for item in items]
    assert told == [
        (first, 0, "487500", "12500", "confirmed"),
        (story.release, 1, "487500", "12500", "requested"),
    ]
    waiting = story.house.get("auditor", f"{campaign}/releases", state="requested").json()["items"]
    assert waiting == [items[1]]
    answer = story.house.get("issuer", campaign).json()
    assert (answer["status"], answer["releases_confirmed"], answer["release_id"]) == ("settling", 1, story.release)
    assert answer["terms"]["milestones"] == milestones
    refused(story.house.get("investor", f"{campaign}/releases"), 403, "not-yours")


def test_the_waiting_list_is_in_the_order_of_admission(house: ApiHouse) -> None:
    story = Story(house).live(oversubscription="first_come", cap=str(AMOUNT)).join().approve_kyc().commit()
    ids = [
        done(house.post("investor", "/v1/investments", story.commitment(amount)))["id"] for amount in (30_000, 20_000)
    ]
    house.project()
    path = f"/v1/campaigns/{story.campaign}/waiting-list"
    items = house.get("issuer", path).json()["items"]
    assert [(item["investment_id"], item["amount"]) for item in items] == list(
        zip(ids, ("30000", "20000"), strict=True)
    )
    assert house.get("auditor", f"/v1/campaigns/{story.campaign}").json()["waiting"] == "50000"
    refused(house.get("investor", path), 403, "not-yours")


def test_both_sides_of_every_trial_balance_are_equal_at_any_position(story: Story) -> None:
    story.invested().pay(600_000, reference="a").pay(500_000, reference="b")
    body = {"provider": "bank", "reference": "?", "amount": "25000", "currency": "USD"}
    done(story.house.post("treasury_maker", "/v1/payments", body))
    head = story.house.project()
    path = f"/v1/campaigns/{story.campaign}/trial-balance"
    for at in range(1, head + 1):
        for one in (path, "/v1/trial-balance"):
            answer = story.house.get("auditor", one, at=at).json()
            assert (answer["balanced"], answer["at_position"]) == (True, at)
    found = story.house.get("investor", path).json()
    sides = {one["account"]: (one["debit_balance"], one["credit_balance"]) for one in found["accounts"]}
    assert (sides["escrow"], sides["investors"]) == (("1000000", "0"), ("0", "1000000"))
    assert (sides["owed"], sides["payers"]) == (("100000", "0"), ("0", "100000"))
    over_all = story.house.get("auditor", "/v1/trial-balance").json()["totals"]
    assert [(one["currency"], one["debit_balance"]) for one in over_all] == [("ETB", "1100000"), ("USD", "25000")]
    refused(story.house.get("investor", "/v1/trial-balance"), 403, "role-not-allowed")


def test_a_portfolio_is_for_its_investor_and_tells_money_and_shares_by_campaign_and_in_sum(story: Story) -> None:
    story.invested().pay(1_100_000).close().certify()
    story.house.project()
    path = f"/v1/investors/{story.investor}/portfolio"
    answer = story.house.get("investor", path).json()
    (line,) = answer["items"]
    (total,) = answer["sums"]
    assert (line["campaign_id"], line["status"], answer["next"]) == (story.campaign, "successful", None)
    assert {name: line[name] for name in total} == total
    money = (total["currency"], total["committed"], total["received"], total["counted"], total["owed"])
    assert money == ("ETB", "1000000", "1100000", "1000000", "100000")
    assert (total["shares_allotted"], total["shares_held"], total["certificates"]) == (100, 100, 1)
    assert story.house.get("auditor", path).json() == answer
    assert story.house.get("investor", path, after=line["position"]).json()["items"] == []
    refused(story.house.get("issuer", path), 404, "not-found")


def test_a_campaign_tells_its_progress_and_the_time_left_while_it_is_open(story: Story) -> None:
    story.invested().pay(600_000)
    story.house.project()
    path = f"/v1/campaigns/{story.campaign}"
    campaign = story.house.get("investor", path).json()
    begun = campaign["progress"]
    assert (begun["raised_bps"], begun["committed_bps"], begun["threshold_reached"]) == (0, 10_000, False)
    assert begun["ends_at"] == campaign["deadline"]
    assert 0 < begun["time_left_s"] <= DURATION_S
    story.pay(400_000, reference="b")
    story.house.project()
    story.house.ahead = timedelta(seconds=2 * DURATION_S)
    late = story.house.get("investor", path).json()["progress"]
    assert (late["raised_bps"], late["threshold_reached"], late["time_left_s"]) == (10_000, True, 0)
    story.close()
    story.house.project()
    over = story.house.get("investor", path).json()["progress"]
    assert (over["raised_bps"], over["ends_at"], over["time_left_s"]) == (10_000, None, None)
