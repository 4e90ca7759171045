"""Every refusal that a client can meet, met over HTTP: with its status, its code and the field at fault."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from domain import commands as c
from domain.refusals import CODES
from domain.values import AMOUNT_MAX
from tests.unit.api.house import ApiHouse, done, fact, refused
from tests.unit.api.steps import AMOUNT, COMPANY, DOCUMENT, DURATION_S, OTHER_WALLET, TERMS, WALLET, Story

# Refusals that only machines can hear: no client gives these commands.
OF_MACHINES = {"confirmed-otherwise", "not-obliged", "sums-differ", "not-failed"}


def _meets(response: Any, code: str) -> dict[str, Any]:
    return refused(response, CODES[code].http_status, code)


def test_a_companys_way_to_its_kyb_has_these_refusals(house: ApiHouse) -> None:
    story = Story(house).register()
    company = f"/v1/companies/{story.company}"
    _meets(house.post("issuer", "/v1/companies", COMPANY), "already-exists")
    problem = _meets(
        house.post("issuer", "/v1/companies", COMPANY | {"tax_number": "2", "sector": "piracy"}), "unknown-value"
    )
    assert [fault["pointer"] for fault in problem["errors"]] == ["/sector"]
    problem = _meets(
        house.post("issuer", "/v1/companies", COMPANY | {"tax_number": "2", "legal_name": "   "}),
        "text-not-acceptable",
    )
    assert [fault["pointer"] for fault in problem["errors"]] == ["/legal_name"]
    problem = _meets(
        house.post("issuer", "/v1/companies", COMPANY | {"tax_number": "2", "wallet": "0x" + "0" * 40}),
        "wallet-not-acceptable",
    )
    assert [fault["pointer"] for fault in problem["errors"]] == ["/wallet"]
    _meets(house.post("issuer", f"{company}:submit-kyb"), "documents-missing")
    story.attach()
    _meets(house.post("compliance", f"{company}:approve-kyb"), "kyb-not-submitted")
    story.submit_kyb()
    problem = _meets(house.post("issuer", f"{company}/documents", DOCUMENT | {"sha256": "ef" * 32}), "kyb-closed")
    assert problem["current_status"] == "submitted"
    _meets(house.post("compliance", f"{company}:approve-kyb"), "documents-unapproved")
    _meets(house.post("compliance", f"/v1/companies/{uuid4()}:approve-kyb"), "not-found")


def test_a_company_is_its_owners_and_is_judged_by_others(house: ApiHouse) -> None:
    house.keys["all-in-one"] = house.mint("all-in-one", roles=["issuer", "investor", "compliance"])
    story = Story(house, issuer="all-in-one").register().attach()
    _meets(house.post("issuer", f"/v1/companies/{story.company}:submit-kyb"), "not-yours")
    story.submit_kyb()
    _meets(house.post("all-in-one", f"/v1/companies/{story.company}:approve-kyb"), "four-eyes")


def test_a_company_keeps_so_many_documents(house: ApiHouse) -> None:
    story = Story(house).register()
    path = f"/v1/companies/{story.company}/documents"
    for number in range(50):
        done(house.post("issuer", path, {"kind": "licence", "sha256": f"{number:064x}"}))
    _meets(house.post("issuer", path, DOCUMENT), "too-many")


@pytest.mark.parametrize(
    ("terms", "code", "pointer"),
    [
        ({"cap": 0}, "amount-not-positive", "/terms/cap"),
        ({"currency": "XXX"}, "unknown-value", "/terms/currency"),
        ({"rule_pack": "nowhere@1"}, "unknown-value", "/terms/rule_pack"),
        ({"fee_bps": 9_999}, "terms-outside-rules", "/terms/fee_bps"),
        ({"funding_goal": AMOUNT_MAX}, "terms-outside-rules", "/terms/funding_goal"),
        ({"cap": AMOUNT + 1}, "not-whole-shares", "/terms/share_price"),
    ],
)
def test_terms_are_judged_by_their_pack_field_by_field(
    house: ApiHouse, terms: dict[str, Any], code: str, pointer: str
) -> None:
    story = Story(house).register()
    body = {"company_id": story.company, "title": "Growth", "terms": TERMS | terms}
    problem = _meets(house.post("issuer", "/v1/campaigns", body), code)
    assert [fault["pointer"] for fault in problem["errors"]] == [pointer]


def test_a_campaigns_way_to_its_approval_has_these_refusals(house: ApiHouse) -> None:
    story = Story(house).register().draft()
    campaign = f"/v1/campaigns/{story.campaign}"
    _meets(house.post("issuer", f"{campaign}:submit"), "company-not-registered")
    story.attach().submit_kyb().approve_kyb().submit()
    problem = _meets(house.post("issuer", f"{campaign}:submit"), "wrong-status")
    assert problem["current_status"] == "submitted"
    problem = _meets(house.post("compliance", f"{campaign}:approve", {"terms_hash": "0" * 64}), "approved-otherwise")
    assert len(problem["terms_hash"]) == 64
    first, campaign_of_first = story.campaign, campaign
    story.draft()
    problem = _meets(house.post("issuer", f"/v1/campaigns/{story.campaign}:submit"), "exclusivity-locked")
    assert problem["campaign_id"] == first
    story.campaign = first
    story.approve()
    _meets(house.post("treasury_maker", f"{campaign_of_first}:request-release"), "wrong-status")
    _meets(house.post("treasury_checker", f"{campaign_of_first}:approve-release"), "not-requested")


def test_a_campaign_is_closed_by_its_pack_and_its_deadline(house: ApiHouse) -> None:
    month_s = 2_592_000
    story = Story(house).live(rule_pack="default@1", duration_s=month_s, minimum="10000")
    problem = _meets(
        house.post("operator", f"/v1/campaigns/{story.campaign}:close", {"reason": "impatience"}), "still-open"
    )
    assert problem["deadline"]


def test_one_campaign_a_year_by_the_default_pack(house: ApiHouse) -> None:
    terms = {"rule_pack": "default@1", "duration_s": 2_592_000}
    story = Story(house).live(**terms).join().approve_kyc().commit().pay().close().certify().request_release()
    approved = done(house.post("treasury_checker", f"/v1/campaigns/{story.campaign}:approve-release"))
    house.machine("indexer", c.ConfirmRelease(campaign_id=UUID(story.campaign), on_chain=fact(approved["position"])))
    story.draft(**terms)
    _meets(house.post("issuer", f"/v1/campaigns/{story.campaign}:submit"), "one-campaign-a-year")


def test_an_investors_way_into_a_campaign_has_these_refusals(house: ApiHouse) -> None:
    story = Story(house).live().join()
    commit = "/v1/investments"
    _meets(house.post("investor", commit, story.commitment()), "kyc-missing")
    problem = _meets(
        house.post("compliance", f"/v1/investors/{story.investor}:approve-kyc", {"level": "royal"}), "unknown-value"
    )
    assert [fault["pointer"] for fault in problem["errors"]] == ["/level"]
    story.approve_kyc()
    _meets(house.post("investor", commit, story.commitment(5_000)), "not-whole-shares")
    _meets(house.post("investor", commit, story.commitment(0)), "amount-not-positive")
    problem = _meets(house.post("investor", commit, story.commitment(3 * AMOUNT)), "cap-exceeded")
    assert problem["available"] == str(2 * AMOUNT)
    story.commit()
    payments = f"/v1/investments/{story.investment}/payments"
    payment = {"provider": "bank", "reference": "r-1", "amount": str(AMOUNT)}
    problem = _meets(house.post("treasury_maker", payments, payment | {"amount": "1"}), "amount-differs")
    assert problem["committed"] == str(AMOUNT)
    story.pay()
    _meets(house.post("treasury_maker", payments, payment | {"reference": "r-2"}), "already-funded")
    house.ahead = timedelta(seconds=DURATION_S)
    _meets(house.post("investor", commit, story.commitment()), "deadline-passed")


def test_less_than_the_minimum_is_refused_with_the_minimum(house: ApiHouse) -> None:
    story = Story(house).live(minimum="20000").join().approve_kyc()
    problem = _meets(house.post("investor", "/v1/investments", story.commitment(10_000)), "below-minimum")
    assert problem["minimum"] == "20000"


def test_the_issuer_does_not_invest_in_itself(house: ApiHouse) -> None:
    story = Story(house).live().join(wallet=WALLET).approve_kyc()
    assert WALLET != OTHER_WALLET
    _meets(house.post("investor", "/v1/investments", story.commitment()), "own-campaign")


def test_a_release_has_these_refusals(house: ApiHouse) -> None:
    house.keys["treasurer"] = house.mint("treasurer", roles=["treasury_maker", "treasury_checker"])
    story = Story(house).invested().pay()
    campaign = f"/v1/campaigns/{story.campaign}"
    done(house.post("operator", f"{campaign}:close", {"reason": "done"}))
    _meets(house.post("treasury_maker", f"{campaign}:request-release"), "not-successful")
    position = house.get("auditor", "/v1/events", limit=200).json()["items"][-1]["position"]
    house.machine("indexer", c.ConfirmClosing(campaign_id=UUID(story.campaign), on_chain=fact(position)))
    done(house.post("treasurer", f"{campaign}:request-release"))
    problem = _meets(house.post("treasury_maker", f"{campaign}:request-release"), "already-requested")
    assert problem["release_id"]
    _meets(house.post("treasurer", f"{campaign}:approve-release"), "four-eyes")
    done(house.post("treasury_checker", f"{campaign}:approve-release"))
    _meets(house.post("treasury_checker", f"{campaign}:approve-release"), "already-approved")


def test_role_not_allowed_is_told_before_anything_else_of_the_request(house: ApiHouse) -> None:
    response = house.http.post(
        "/v1/companies", content=b"{", headers={"Authorization": f"Bearer {house.keys['admin']}"}
    )
    refused(response, 403, "role-not-allowed")


def test_no_refusal_of_the_registry_is_forgotten_in_this_file() -> None:
    # The shape of a body refuses these before the domain is asked.
    by_shape = {"digest-not-acceptable", "amount-too-large"}
    told = Path(__file__).read_text(encoding="utf-8")
    assert {code for code in CODES if f'"{code}"' not in told} == set()
    assert by_shape | OF_MACHINES <= set(CODES)
