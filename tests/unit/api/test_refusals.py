"""The refusals of companies and of campaigns before they are approved, met over HTTP; and that no code is unmet."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from domain.refusals import CODES
from domain.values import AMOUNT_MAX, WEI_MAX
from tests.unit.api.house import ApiHouse, done, refused
from tests.unit.api.refusing import meets
from tests.unit.api.steps import AMOUNT, COMPANY, DOCUMENT, OTHER_WALLET, TERMS, Story

DIGEST = "ef" * 32
REASON = {"reason": "blurred"}


@pytest.fixture(scope="module", autouse=True)
def _second(shared: ApiHouse) -> None:
    shared.keys["second"] = shared.mint("second", roles=["compliance"])


def _moment(house: ApiHouse, **ahead: float) -> str:
    return (house.clock() + timedelta(**ahead)).isoformat()


def test_a_company_is_registered_once_and_with_sound_particulars(shared: ApiHouse) -> None:
    Story(shared).register("R-1")
    meets(shared.post("issuer", "/v1/companies", COMPANY | {"tax_number": " r-1 "}), "already-exists")
    for members, code in (
        ({"sector": "piracy"}, "unknown-value"),
        ({"registration_year": 3000}, "unknown-value"),
        ({"legal_name": "   "}, "text-not-acceptable"),
        ({"legal_name": "S\u0435lam Coffee"}, "text-not-acceptable"),
        ({"wallet": "0x" + "0" * 40}, "wallet-not-acceptable"),
    ):
        body = COMPANY | {"tax_number": "R-2"} | members
        meets(shared.post("issuer", "/v1/companies", body), code, f"/{next(iter(members))}")


def test_a_kyb_waits_for_its_documents_each_approved_and_all_of_them_named(shared: ApiHouse) -> None:
    story = Story(shared).register("R-3")
    company = f"/v1/companies/{story.company}"
    meets(shared.post("issuer", f"{company}:submit-kyb"), "documents-missing")
    story.attach()
    meets(shared.post("compliance", f"{company}:approve-kyb", story.kyb_approval()), "kyb-not-submitted")
    story.submit_kyb()
    late = shared.post("issuer", f"{company}/documents", DOCUMENT | {"sha256": DIGEST})
    assert meets(late, "kyb-closed")["current_status"] == "submitted"
    unapproved = shared.post("compliance", f"{company}:approve-kyb", story.kyb_approval())
    assert meets(unapproved, "documents-unapproved")["documents"] == [story.document]
    done(shared.post("compliance", f"{company}/documents/{story.document}:approve"))
    other = meets(shared.post("compliance", f"{company}:approve-kyb", {"documents_hash": DIGEST}), "approved-otherwise")
    assert {"documents_hash": other["documents_hash"]} == story.kyb_approval()
    past = story.kyb_approval() | {"valid_until": _moment(shared, seconds=-1)}
    meets(shared.post("compliance", f"{company}:approve-kyb", past), "time-not-acceptable", "/valid_until")
    meets(shared.post("compliance", f"/v1/companies/{uuid4()}:approve-kyb", story.kyb_approval()), "not-found")


def test_a_document_is_what_it_was_and_there_are_not_too_many(shared: ApiHouse) -> None:
    story = Story(shared).register("R-4").attach()
    path = f"/v1/companies/{story.company}/documents"
    other = DOCUMENT | {"document_id": story.document, "sha256": DIGEST}
    meets(shared.post("issuer", path, other), "already-exists")
    meets(shared.post("issuer", path, DOCUMENT | {"cid": "Qm"}), "cid-not-acceptable", "/cid")
    meets(shared.post("issuer", path, DOCUMENT | {"kind": "poem"}), "unknown-value", "/kind")
    expired = DOCUMENT | {"sha256": DIGEST, "expires_at": _moment(shared, seconds=-1)}
    meets(shared.post("issuer", path, expired), "time-not-acceptable", "/expires_at")
    for number in range(49):
        done(shared.post("issuer", path, {"kind": "licence", "sha256": f"{number:064x}"}))
    meets(shared.post("issuer", path, DOCUMENT | {"sha256": DIGEST}), "too-many")


def test_a_company_is_its_owners_and_is_judged_by_others(shared: ApiHouse) -> None:
    shared.keys["all-in-one"] = shared.mint("all-in-one", roles=["issuer", "investor", "compliance"])
    story = Story(shared, issuer="all-in-one").register("R-5").attach()
    company = f"/v1/companies/{story.company}"
    meets(shared.post("issuer", f"{company}:submit-kyb"), "not-yours")
    story.submit_kyb()
    meets(shared.post("all-in-one", f"{company}:approve-kyb", story.kyb_approval()), "four-eyes")
    done(shared.post("compliance", f"{company}:start-kyb-review"))
    for verb in ("start-kyb-review", "request-kyb-information", "approve-kyb", "reject-kyb"):
        body = {"start-kyb-review": None, "approve-kyb": story.kyb_approval()}.get(verb, REASON)
        taken = meets(shared.post("second", f"{company}:{verb}", body), "in-other-hands")
        assert taken["reviewer"] == "compliance"


def test_a_wallet_is_changed_as_it_was_asked_for(shared: ApiHouse) -> None:
    company = f"/v1/companies/{Story(shared).register('R-6').company}"
    wallet = {"wallet": OTHER_WALLET}
    meets(shared.post("compliance", f"{company}:approve-wallet-rotation", wallet), "not-requested")
    done(shared.post("issuer", f"{company}:request-wallet-rotation", wallet))
    another = {"wallet": "0x" + "1" * 40}
    waiting = meets(shared.post("issuer", f"{company}:request-wallet-rotation", another), "already-requested")
    assert waiting["wallet"] == OTHER_WALLET
    meets(shared.post("compliance", f"{company}:approve-wallet-rotation", another), "approved-otherwise")


def test_an_override_is_for_this_year_and_granted_by_another_person(shared: ApiHouse) -> None:
    overrides = f"/v1/companies/{Story(shared).register('R-7').company}/overrides"
    year = datetime.now(UTC).year
    ask = {"year": year, **REASON}
    meets(shared.post("compliance", overrides, ask | {"year": year + 1}), "unknown-value", "/year")
    override = done(shared.post("compliance", overrides, ask))["id"]
    meets(shared.post("compliance", overrides, ask), "already-requested")
    meets(shared.post("compliance", f"{overrides}/{override}:grant"), "four-eyes")
    meets(shared.post("second", f"{overrides}/{uuid4()}:grant"), "not-requested")


@pytest.mark.parametrize(
    ("terms", "code", "pointer"),
    [
        ({"cap": 0}, "amount-not-positive", "/terms/cap"),
        ({"currency": "XXX"}, "unknown-value", "/terms/currency"),
        ({"rule_pack": "nowhere@1"}, "unknown-value", "/terms/rule_pack"),
        ({"oversubscription": "auction"}, "unknown-value", "/terms/oversubscription"),
        ({"fee_bps": 9_999}, "terms-outside-rules", "/terms/fee_bps"),
        ({"funding_goal": AMOUNT_MAX}, "terms-outside-rules", "/terms/funding_goal"),
        ({"cap": str(AMOUNT_MAX + 1)}, "amount-too-large", "/terms/cap"),
        ({"cap": str(WEI_MAX)}, "amount-too-large", "/terms/cap"),
        ({"cap": AMOUNT + 1}, "not-whole-shares", "/terms/share_price"),
        ({"investor_maximum": "9999"}, "terms-outside-rules", "/terms/investor_maximum"),
        ({"milestones": [{"name": "all", "bps": 9_999}]}, "terms-outside-rules", "/terms/milestones"),
        ({"milestones": [{"name": " ", "bps": 10_000}]}, "text-not-acceptable", "/terms/milestones"),
        ({"opens_at": "2020-01-01T00:00:00Z"}, "time-not-acceptable", "/terms/opens_at"),
    ],
)
def test_terms_are_judged_by_their_pack_field_by_field(
    shared: ApiHouse, terms: dict[str, Any], code: str, pointer: str
) -> None:
    company = done(shared.post("issuer", "/v1/companies", COMPANY | {"tax_number": "R-8"}, key="terms"))["id"]
    body = {"company_id": company, "title": "Growth", "terms": TERMS | terms}
    meets(shared.post("issuer", "/v1/campaigns", body), code, pointer)


def test_a_campaigns_way_to_its_approval_has_these_refusals(shared: ApiHouse) -> None:
    story = Story(shared).register("R-9").draft()
    campaign = f"/v1/campaigns/{story.campaign}"
    meets(shared.post("issuer", f"{campaign}:submit"), "company-not-registered")
    story.attach().submit_kyb().approve_kyb().submit()
    assert meets(shared.post("issuer", f"{campaign}:submit"), "wrong-status")["current_status"] == "submitted"
    meets(shared.post("compliance", f"{campaign}:reject", {"reason": " "}), "text-not-acceptable", "/reason")
    other = meets(shared.post("compliance", f"{campaign}:approve", {"terms_hash": "0" * 64}), "approved-otherwise")
    assert len(other["terms_hash"]) == 64
    first = story.campaign
    locked = shared.post("issuer", f"/v1/campaigns/{story.draft().campaign}:submit")
    assert meets(locked, "exclusivity-locked")["campaign_id"] == first
    done(shared.post("second", f"{campaign}:start-review"))
    meets(shared.post("compliance", f"{campaign}:approve", {"terms_hash": other["terms_hash"]}), "in-other-hands")


def test_a_suspended_company_may_submit_no_campaign(shared: ApiHouse) -> None:
    story = Story(shared).registered("R-10").draft()
    done(shared.post("compliance", f"/v1/companies/{story.company}:suspend", REASON))
    suspended = meets(shared.post("issuer", f"/v1/campaigns/{story.campaign}:submit"), "company-suspended")
    assert suspended["reason"] == "blurred"
    meets(shared.post("compliance", f"/v1/companies/{story.company}:reinstate", REASON), "four-eyes")


def test_role_not_allowed_is_told_before_anything_else_of_the_request(shared: ApiHouse) -> None:
    key = {"Authorization": f"Bearer {shared.keys['admin']}"}
    refused(shared.http.post("/v1/companies", content=b"{", headers=key), 403, "role-not-allowed")
    meets(shared.post("admin", "/v1/companies", COMPANY), "role-not-allowed")


# No code is unmet.


def test_every_code_of_the_registry_is_met_by_a_command_in_these_files() -> None:
    told = {code for path in Path(__file__).parent.glob("test_refusals*.py") for code in _told(path)}
    assert set(CODES) - told == set()


def _told(path: Path) -> Iterator[str]:
    """The codes that the tests of a file meet or hear: written in the call, or in the rows of a parametrised test."""
    for test in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(test, ast.FunctionDef):
            codes = [_code_of(call) for call in ast.walk(test) if isinstance(call, ast.Call)]
            rows = [*test.decorator_list, *(loop.iter for loop in ast.walk(test) if isinstance(loop, ast.For))]
            for code in codes:
                if isinstance(code, ast.Constant):
                    yield str(code.value)
                elif code is not None:
                    yield from (str(n.value) for row in rows for n in ast.walk(row) if isinstance(n, ast.Constant))


def _code_of(call: ast.Call) -> ast.expr | None:
    """The code in a call of `meets(response, code)` or `hears(house, role, command, code)`."""
    match call:
        case ast.Call(ast.Name("meets"), [_, code, *_]) | ast.Call(ast.Name("hears"), [_, _, _, code]):
            return code
        case _:
            return None
