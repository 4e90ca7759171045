"""Every command of the tables, given over HTTP until it is taken: no row leads nowhere, and each records its events."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx

from api.routes import COMMANDS
from domain import commands as c
from tests.support.wallets import wallet_of
from tests.unit.api.house import ApiHouse, done
from tests.unit.api.rows import route_of
from tests.unit.api.steps import AMOUNT, DOCUMENT, TERMS, Story
from tests.unit.api.test_refusals_of_promotions import APPROVAL, PROPOSAL
from tests.unit.api.test_refusals_of_promotions import LEDGER as CHAIN_LEDGER

DIGEST = "ef" * 32
REASON = {"reason": "as agreed"}


class Given:
    """Gives commands that must be taken, and keeps which rows of the tables they were."""

    def __init__(self, house: ApiHouse) -> None:
        self.house = house
        self.taken: set[str] = set()
        house.http.event_hooks["response"].append(self._note)

    def __call__(self, role: str, path: str, body: Any = None) -> dict[str, Any]:
        return done(self.house.post(role, path, body))

    def _note(self, response: httpx.Response) -> None:
        if response.request.method == "POST" and response.is_success:
            response.read()
            if response.json()["events"]:
                self.taken.add(route_of(response.request.url.path).name)


def test_every_command_of_the_tables_is_taken_in_the_course_of_stories(house: ApiHouse) -> None:
    given = Given(house)
    house.keys["second"] = house.mint("second", roles=["compliance"])
    house.keys["teller"] = house.mint("teller", roles=["treasury_maker"])
    for chapter in (
        _company,
        _review,
        _investor,
        _open_campaign,
        _money,
        _end,
        _certificate,
        _cancelled,
        _postings,
        _promotion,
    ):
        chapter(given, house)
    assert {route.name for route in COMMANDS} - given.taken == set()


def _company(given: Given, house: ApiHouse) -> None:
    story = Story(house).register("E-1")
    company = f"/v1/companies/{story.company}"
    given("issuer", f"{company}:amend-details", {"legal_name": "Selam PLC", "sector": "agriculture"})
    given("issuer", f"{company}:publish-profile", {"profile": {"city": "Addis Ababa"}})
    given("issuer", f"{company}:publish-memorandum", {"sha256": DIGEST})
    other = given("issuer", f"{company}/documents", DOCUMENT | {"sha256": "01" * 32})["id"]
    given("issuer", f"{company}/documents/{other}:withdraw")
    bad = given("issuer", f"{company}/documents", DOCUMENT | {"sha256": "02" * 32})["id"]
    given("compliance", f"{company}/documents/{bad}:reject", REASON)
    story.attach().submit_kyb()
    given("compliance", f"{company}:start-kyb-review")
    given("compliance", f"{company}:request-kyb-information", REASON)
    story.submit_kyb()
    given("compliance", f"{company}:reject-kyb", REASON)
    story.submit_kyb().approve_kyb()
    given("compliance", f"{company}:suspend", REASON)
    given("second", f"{company}:reinstate", REASON)
    wallet = {"wallet": wallet_of("treasury of the company")}
    given("issuer", f"{company}:request-wallet-rotation", wallet)
    given("compliance", f"{company}:approve-wallet-rotation", wallet)
    year = house.clock().year
    override = given("compliance", f"{company}/overrides", {"year": year, **REASON})["id"]
    given("second", f"{company}/overrides/{override}:grant")


def _review(given: Given, house: ApiHouse) -> None:
    story = Story(house).registered("E-2").draft()
    campaign = f"/v1/campaigns/{story.campaign}"
    given("issuer", f"{campaign}:amend", {"title": "Another round", "terms": TERMS})
    document = given("issuer", f"{campaign}/documents", DOCUMENT)["id"]
    given("issuer", f"{campaign}/documents/{document}:remove")
    story.submit()
    given("issuer", f"{campaign}:withdraw", REASON)
    story.submit()
    given("compliance", f"{campaign}:start-review")
    given("compliance", f"{campaign}:request-changes", REASON)
    story.submit()
    given("compliance", f"{campaign}:reject", REASON)


def _investor(given: Given, house: ApiHouse) -> None:
    story = Story(house).join()
    investor = f"/v1/investors/{story.investor}"
    given("investor", f"{investor}:submit-kyc", {"evidence": DIGEST})
    given("compliance", f"{investor}:reject-kyc", REASON)
    valid_until = (house.clock() + timedelta(days=365)).isoformat()
    story.approve_kyc()
    given("compliance", f"{investor}:classify", {"classification": "sophisticated", "evidence": DIGEST})
    test = {"passed": True, "evidence": DIGEST, "valid_until": valid_until}
    given("compliance", f"{investor}:record-entry-test", test)
    given("investor", f"{investor}:declare-means", {"rule_pack": "local@1", "income": "0", "net_worth": "1"})
    given("investor", f"{investor}:acknowledge", {"kind": "risk", "sha256": DIGEST})
    given("compliance", f"{investor}:erase", REASON)


def _open_campaign(given: Given, house: ApiHouse) -> None:
    story = Story(house)
    story.registered("E-3").draft().submit().approve()
    campaign = f"/v1/campaigns/{story.campaign}"
    given("operator", f"{campaign}:pause", REASON)
    given("compliance", f"{campaign}:resume", REASON)
    given("issuer", f"{campaign}/updates", {"title": "First news", "sha256": DIGEST})
    change = given("issuer", f"{campaign}/changes", {"kind": "documents", "digest": DIGEST})["id"]
    given("compliance", f"{campaign}/changes/{change}:decline", REASON)
    story.join().approve_kyc().commit().pay(reference="e-3")
    again = given("issuer", f"{campaign}/changes", {"kind": "documents", "digest": DIGEST})["id"]
    given("compliance", f"{campaign}/changes/{again}:approve", {"digest": DIGEST})
    given("investor", f"/v1/investments/{story.investment}:reconfirm", {"change_id": again})
    early = (house.clock() + timedelta(minutes=5)).isoformat()
    given("issuer", f"{campaign}:announce-early-close", {"deadline": early})


def _promotion(given: Given, _: ApiHouse) -> None:
    given("operator", f"{CHAIN_LEDGER}:propose-promotion", PROPOSAL)
    given("compliance", f"{CHAIN_LEDGER}:withdraw-promotion", REASON)
    given("operator", f"{CHAIN_LEDGER}:propose-promotion", PROPOSAL)
    given("compliance", f"{CHAIN_LEDGER}:approve-promotion", APPROVAL)


def _postings(given: Given, house: ApiHouse) -> None:
    story = Story(house).registered("E-8")
    stream = f"/v1/streams/{story.company}"
    rejection = c.RejectPosting(
        stream=UUID(story.company), entry_position=7, code="Overtaken", reason="Overtaken()", effect="update"
    )
    house.machine("writer", rejection)
    given("operator", f"{stream}:release-posting", REASON | {"entry_position": 7})
    house.machine("writer", rejection)
    given("operator", f"{stream}:propose-abandonment", REASON | {"entry_position": 7})
    given("operator", f"{stream}:withdraw-abandonment", REASON | {"entry_position": 7})
    given("operator", f"{stream}:propose-abandonment", REASON | {"entry_position": 7})
    given("compliance", f"{stream}:approve-abandonment", {"entry_position": 7})


def _money(given: Given, house: ApiHouse) -> None:
    story = Story(house)
    story.registered("E-4").draft().submit().approve().join().approve_kyc().commit()
    money = {"provider": "bank", "amount": str(AMOUNT), "currency": "ETB"}
    found = given("treasury_maker", "/v1/payments", money | {"reference": "unknown-1"})["id"]
    given("treasury_maker", f"/v1/payments/{found}:reverse", REASON)
    lost = given("treasury_maker", "/v1/payments", money | {"reference": "unknown-2"})["id"]
    given("treasury_checker", f"/v1/payments/{lost}:return", {"return_reference": "back-2"})
    half = money | {"amount": str(AMOUNT // 2), "reference": "unknown-3"}
    matched = given("treasury_maker", "/v1/payments", half)["id"]
    given("treasury_maker", f"/v1/payments/{matched}:match", {"investment_id": story.investment})
    given("investor", f"/v1/investments/{story.investment}:cancel", REASON)
    owed = house.ledger.load(UUID(matched))
    assert owed is not None
    assert owed[0].owed == AMOUNT // 2


def _end(given: Given, house: ApiHouse) -> None:
    story = Story(house)
    story.registered("E-5").draft().submit().approve().join().approve_kyc().commit().pay(reference="e-5")
    story.close().certify().request_release()
    campaign = f"/v1/campaigns/{story.campaign}"
    given("treasury_checker", f"{campaign}/releases/{story.release}:decline", REASON)
    story.request_release()
    given("treasury_checker", f"{campaign}/releases/{story.release}:approve")


def _certificate(given: Given, house: ApiHouse) -> None:
    story = Story(house)
    story.registered("E-6").draft().submit().approve().join().approve_kyc().commit().pay(reference="e-6")
    story.close().certify()
    changes = f"/v1/investments/{story.investment}/certificate-changes"
    ask = {"kind": "transfer", "evidence": DIGEST, "wallet": wallet_of("heir"), **REASON}
    first = given("compliance", changes, ask)["id"]
    given("second", f"{changes}/{first}:decline", REASON)
    second = given("compliance", changes, ask | {"kind": "reissue"})["id"]
    given("second", f"{changes}/{second}:approve")


def _cancelled(given: Given, house: ApiHouse) -> None:
    story = Story(house)
    story.registered("E-7").draft().submit().approve()
    campaign = f"/v1/campaigns/{story.campaign}"
    given("issuer", f"{campaign}:request-cancellation", REASON)
    given("compliance", f"{campaign}:decline-cancellation", REASON)
    given("issuer", f"{campaign}:request-cancellation", REASON)
    given("compliance", f"{campaign}:approve-cancellation")


def test_an_answer_names_every_event_with_its_stream_and_topic(house: ApiHouse) -> None:
    story = Story(house).live().join().approve_kyc()
    answer = done(house.post("investor", "/v1/investments", story.commitment()))
    investment, campaign, investor = answer["id"], story.campaign, story.investor
    assert [(event["topic"], event["stream"]) for event in answer["events"]] == [
        ("investment.committed", investment),
        ("campaign.commitment_accepted", campaign),
        ("investor.commitment_counted", investor),
    ]


def test_a_payment_that_came_too_late_is_kept_and_returned_by_another_person(story: Story) -> None:
    story.invested().close().pay(reference="late")
    house = story.house
    payment = UUID(story.payment)
    kept = house.ledger.load(payment)
    assert kept is not None
    assert (kept[0].owed, kept[0].applied) == (AMOUNT, 0)
    done(house.post("treasury_checker", f"/v1/payments/{payment}:return", {"return_reference": "back-1"}))
    returned = house.ledger.load(payment)
    assert returned is not None
    assert (returned[0].owed, returned[0].returned) == (0, AMOUNT)


def test_a_campaign_in_wei_takes_amounts_beyond_2_53(house: ApiHouse) -> None:
    coin = 10**18
    story = Story(house).registered("E-8")
    terms = {
        "currency": "wei",
        "rule_pack": "default-coin@1",
        "funding_goal": str(10_000 * coin),
        "minimum": str(100 * coin),
        "cap": str(20_000 * coin),
        "share_price": str(coin),
        "duration_s": 2_592_000,
        "success_threshold_bps": 7500,
        "fee_bps": 250,
    }
    story.draft(**terms).submit().approve().join().approve_kyc().commit(amount=15_000 * coin)
    committed = house.ledger.load(UUID(story.investment))
    assert committed is not None
    assert committed[0].amount == 15_000 * coin
    body = {"provider": "bank", "reference": "1", "amount": str(15_000 * coin), "currency": "wei"}
    answer = house.post("treasury_maker", f"/v1/investments/{story.investment}/payments", body)
    assert (answer.status_code, answer.json()["code"]) == (403, "role-not-allowed")  # the escrow's logs say it


def test_the_wallet_of_an_investor_is_bound_by_either_form_of_signature(house: ApiHouse) -> None:
    for scheme in ("eip191", "eip712"):
        story = Story(house).join(wallet=None).bind(f"holder by {scheme}", scheme=scheme)
        bound = house.ledger.load(UUID(story.investor))
        assert bound is not None
        assert bound[0].wallet == wallet_of(f"holder by {scheme}")


def test_place_and_nonce_of_a_challenge_are_the_platforms_to_say(house: ApiHouse) -> None:
    story = Story(house).join(wallet=None)
    path = f"/v1/investors/{story.investor}:challenge-wallet"
    for name, value in (("nonce", "mine"), ("domain", "evil.example"), ("chain_id", 1)):
        problem = house.post("investor", path, {"wallet": wallet_of("holder"), name: value}).json()
        assert [(fault["pointer"], fault["code"]) for fault in problem["errors"]] == [(f"/{name}", "unknown-field")]
    done(house.post("investor", path, {"wallet": wallet_of("holder")}, key="one"))
    first = _challenge(house, story)
    assert (first.domain, first.chain_id, len(first.nonce)) == ("Tandem", 31337, 32)
    assert done(house.post("investor", path, {"wallet": wallet_of("holder")}, key="one"))["replayed"]
    assert _challenge(house, story) == first
    done(house.post("investor", path, {"wallet": wallet_of("holder")}, key="two"))
    assert _challenge(house, story).nonce != first.nonce


def _challenge(house: ApiHouse, story: Story) -> Any:
    loaded = house.ledger.load(UUID(story.investor))
    assert loaded is not None
    return loaded[0].challenge


def test_both_doors_of_a_payment_lead_to_the_same_thing(house: ApiHouse) -> None:
    story = Story(house).invested()
    money = {"provider": "bank", "reference": "r-1", "amount": str(AMOUNT), "currency": "ETB"}
    by_investment = done(house.post("treasury_maker", f"/v1/investments/{story.investment}/payments", money))
    again = done(house.post("treasury_maker", "/v1/payments", money | {"investment_id": story.investment}))
    assert (again["id"], again["events"]) == (by_investment["id"], [])
