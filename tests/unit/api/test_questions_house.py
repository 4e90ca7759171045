"""Questions about what a wallet signs, news, what falls due, rule packs and refusals, over HTTP."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from api.answers.activity import TEXTS, text_of
from domain import wallets
from domain.refusals import CODES
from projections.views.activity import KINDS
from tests.support.wallets import wallet_of
from tests.unit.api.house import ApiHouse, done, refused
from tests.unit.api.steps import Story


def test_the_challenge_is_what_the_journal_has_in_both_forms(story: Story) -> None:
    story.join(wallet=None)
    path = f"/v1/investors/{story.investor}"
    story.house.project()
    refused(story.house.get("investor", f"{path}/challenge"), 404, "not-found")
    done(story.house.post("investor", f"{path}:challenge-wallet", {"wallet": wallet_of("holder")}))
    story.house.project()
    answer = story.house.get("investor", f"{path}/challenge").json()
    state = _state(story.house, story.investor)
    assert answer["statement"] == wallets.statement(state.id, state.challenge)
    assert answer["typed_data"] == wallets.typed_data(state.id, state.challenge)
    assert (answer["nonce"], answer["wallet"]) == (state.challenge.nonce, wallet_of("holder"))
    story.house.keys["stranger"] = story.house.mint("stranger", roles=["investor"])
    refused(story.house.get("stranger", f"{path}/challenge"), 404, "not-found")


def test_an_answered_challenge_is_there_no_longer_and_the_wallet_is_bound(story: Story) -> None:
    story.join()
    story.house.project()
    answer = story.house.get("investor", f"/v1/investors/{story.investor}").json()
    assert (answer["wallet"], answer["challenge_expires_at"], answer["kyc"]) == (wallet_of("holder"), None, "none")
    refused(story.house.get("investor", f"/v1/investors/{story.investor}/challenge"), 404, "not-found")


def _state(house: ApiHouse, stream: str) -> Any:
    found = house.ledger.load(UUID(stream))
    assert found is not None
    return found[0]


def test_the_news_of_a_campaign_are_for_everybody_who_may_see_it(story: Story) -> None:
    story.live()
    path = f"/v1/campaigns/{story.campaign}/updates"
    posted = done(story.house.post("issuer", path, {"title": "Harvest", "sha256": "ab" * 32}))
    story.house.project()
    (update,) = story.house.get("investor", path).json()["items"]
    assert (update["title"], update["position"], update["update_id"]) == ("Harvest", posted["position"], posted["id"])
    assert story.house.get("investor", f"/v1/campaigns/{story.campaign}").json()["updates"] == 1


def test_what_falls_due_is_for_whoever_sees_all_and_for_each_its_own(story: Story) -> None:
    story.live()
    valid_until = (story.house.clock() + timedelta(minutes=10)).isoformat()
    story.join()
    approval = {"level": "basic", "valid_until": valid_until}
    done(story.house.post("compliance", f"/v1/investors/{story.investor}:approve-kyc", approval))
    story.house.project()
    page = story.house.get("operator", "/v1/due", limit=1).json()
    assert [(item["kind"], item["stream"]) for item in page["items"]] == [("kyc", story.investor)]
    rest = story.house.get("operator", "/v1/due", after=page["next"]).json()
    assert [(item["kind"], item["stream"]) for item in rest["items"]] == [("deadline", story.campaign)]
    own = story.house.get("issuer", "/v1/due", stream=story.campaign).json()["items"]
    assert own == rest["items"]
    assert story.house.get("operator", "/v1/due", kind="early_close").json() == {"items": [], "next": None}
    refused(story.house.get("issuer", "/v1/due"), 400, "parameter-not-acceptable")
    refused(story.house.get("issuer", "/v1/due", stream=story.investor), 404, "not-found")


def test_the_rule_packs_in_use_are_listed_with_their_sources(shared: ApiHouse) -> None:
    items = shared.get("investor", "/v1/rule-packs").json()["items"]
    assert {(item["id"], item["newest"]) for item in items} >= {("default@1", True), ("local@1", True)}
    (default,) = (item for item in items if item["id"] == "default@1")
    assert default["rules"]["fee_bps_maximum"] > 0
    assert default["rules"]["investment_minimum"] == str(int(default["rules"]["investment_minimum"]))
    assert default["source"]


def test_every_refusal_is_listed_with_what_to_do(shared: ApiHouse) -> None:
    items = shared.get("issuer", "/v1/refusals").json()["items"]
    assert [item["code"] for item in items] == sorted(CODES)
    assert all(item["cure"] and item["text"] and item["http_status"] >= 400 for item in items)


def test_a_timeline_reads_one_page_at_a_time(story: Story) -> None:
    story.registered()
    story.house.project()
    path = f"/v1/streams/{story.company}/timeline"
    whole = story.house.get("issuer", path).json()["items"]
    seen: list[Any] = []
    after: int | None = 0
    while after is not None:
        page = story.house.get("issuer", path, after=after, limit=2).json()
        assert len(page["items"]) <= 2
        seen += page["items"]
        after = page["next"]
    assert seen == whole
    assert story.house.get("issuer", path, after=whole[-1]["position"]).json() == {"items": [], "next": None}


def test_activity_is_newest_first_and_each_hears_what_is_theirs_or_public(story: Story) -> None:
    story.invested().pay()
    house = story.house
    house.project()
    house.keys["stranger"] = house.mint("stranger", roles=["issuer", "investor"])
    path, campaign = "/v1/activity", {"campaign_id": story.campaign}
    everything = house.get("auditor", path, limit=200).json()["items"]
    positions = [item["position"] for item in everything]
    assert positions == sorted(positions, reverse=True)
    assert house.get("auditor", path, after=positions[1], limit=2).json()["items"] == everything[2:4]
    own = house.get("issuer", path, **campaign).json()["items"]
    assert [item["kind"] for item in own][:3] == ["funded", "committed", "campaign_opened"]
    assert (own[1]["amount"], own[1]["investor_id"], own[1]["text"]) == ("1000000", story.investor, TEXTS["committed"])
    seen = house.get("stranger", path, **campaign).json()["items"]
    assert [(item["kind"], item["investor_id"]) for item in seen] == [("campaign_opened", None)]
    about = house.get("investor", path, investor_id=story.investor).json()["items"]
    assert {"committed", "wallet_bound", "kyc_approved"} <= {item["kind"] for item in about}
    company = house.get("issuer", path, company_id=story.company).json()["items"]
    assert {"company_registered", "campaign_opened", "funded"} <= {item["kind"] for item in company}
    refused(house.get("stranger", path), 400, "parameter-not-acceptable")
    for name, id_ in (("company_id", story.company), ("investor_id", story.investor)):
        refused(house.get("stranger", path, **{name: id_}), 404, "not-found")
        refused(house.get("stranger", path, **campaign, **{name: id_}), 404, "not-found")


def test_every_kind_of_activity_has_a_sentence() -> None:
    assert set(TEXTS) <= set(KINDS.values())
    assert len(set(KINDS.values())) == len(KINDS)
    assert all(text_of(kind).endswith(".") and "_" not in text_of(kind) for kind in KINDS.values())
