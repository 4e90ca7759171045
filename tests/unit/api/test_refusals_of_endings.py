"""The refusals of open campaigns, of their ends and certificates; and those that only machines can hear."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from domain import commands as c
from tests.support.wallets import wallet_of
from tests.unit.api.house import ApiHouse, done, fact
from tests.unit.api.refusing import hears, meets
from tests.unit.api.steps import AMOUNT, DURATION_S, Story

DIGEST = "ef" * 32
REASON = {"reason": "as decided"}
MONTH_S = 2_592_000
BY_DEFAULT: dict[str, Any] = {"rule_pack": "default@1", "duration_s": MONTH_S}
EU: dict[str, Any] = {"rule_pack": "eu-ecspr@1", "currency": "EUR", "duration_s": MONTH_S}


def _moment(house: ApiHouse, **ahead: float) -> str:
    return (house.clock() + timedelta(**ahead)).isoformat()


def _second(house: ApiHouse) -> str:
    house.keys["second"] = house.mint("second", roles=["compliance"])
    return "second"


def test_a_pause_is_ended_by_another_person(shared: ApiHouse) -> None:
    story = Story(shared).live("E-1")
    campaign = f"/v1/campaigns/{story.campaign}"
    done(shared.post("compliance", f"{campaign}:pause", REASON))
    meets(shared.post("compliance", f"{campaign}:resume", REASON), "four-eyes")
    story.join().approve_kyc()
    paused = meets(shared.post("investor", "/v1/investments", story.commitment()), "wrong-status")
    assert paused["current_status"] == "paused"


def test_one_material_change_at_a_time_approved_as_it_was_declared(shared: ApiHouse) -> None:
    story = Story(shared).live("E-2").join().approve_kyc().commit()
    campaign = f"/v1/campaigns/{story.campaign}"
    change = {"kind": "documents", "digest": DIGEST}
    meets(shared.post("issuer", f"{campaign}/changes", change | {"kind": "colour"}), "unknown-value", "/kind")
    meets(shared.post("issuer", f"{campaign}/changes", change | {"kind": "extension"}), "unknown-value", "/deadline")
    early = change | {"kind": "extension", "deadline": _moment(shared, minutes=1)}
    meets(shared.post("issuer", f"{campaign}/changes", early), "time-not-acceptable", "/deadline")
    late = change | {"kind": "extension", "deadline": _moment(shared, days=200)}
    meets(shared.post("issuer", f"{campaign}/changes", late), "terms-outside-rules", "/deadline")
    declared = done(shared.post("issuer", f"{campaign}/changes", change))["id"]
    meets(shared.post("issuer", f"{campaign}/changes", change), "already-requested")
    approve = f"{campaign}/changes/{declared}:approve"
    meets(shared.post("compliance", approve, {"digest": "0" * 64}), "approved-otherwise")
    done(shared.post("compliance", approve, {"digest": DIGEST}))
    meets(shared.post("compliance", approve, {"digest": DIGEST}), "already-approved")
    meets(shared.post("compliance", f"{campaign}/changes/{uuid4()}:decline", REASON), "not-requested")
    reconfirm = f"/v1/investments/{story.investment}:reconfirm"
    meets(shared.post("investor", reconfirm, {"change_id": str(uuid4())}), "not-requested")
    # Silence may become an answer in five business days; until then nobody ends the campaign over it.
    meets(shared.post("operator", f"{campaign}:close", REASON), "answers-awaited")
    silence = c.CancelUnconfirmed(investment_id=UUID(story.investment), change_id=UUID(declared))
    hears(shared, "process", silence, "not-due")


def test_a_campaign_is_closed_by_its_pack_and_its_deadline(shared: ApiHouse) -> None:
    story = Story(shared).live("E-3", **BY_DEFAULT)
    campaign = f"/v1/campaigns/{story.campaign}"
    assert meets(shared.post("operator", f"{campaign}:close", REASON), "still-open")["deadline"]
    early = meets(
        shared.post("issuer", f"{campaign}:announce-early-close", {"deadline": _moment(shared, minutes=9)}),
        "still-open",
    )
    assert (early["threshold"], early["raised"]) == (str(AMOUNT * 3 // 4), "0")


def test_a_cancellation_is_asked_for_once_and_approved_by_another(shared: ApiHouse) -> None:
    campaign = f"/v1/campaigns/{Story(shared).live('E-4').campaign}"
    meets(shared.post("compliance", f"{campaign}:approve-cancellation"), "not-requested")
    done(shared.post("compliance", f"{campaign}:request-cancellation", REASON))
    meets(shared.post("issuer", f"{campaign}:request-cancellation", REASON), "already-requested")
    meets(shared.post("compliance", f"{campaign}:approve-cancellation"), "four-eyes")
    done(shared.post(_second(shared), f"{campaign}:approve-cancellation"))
    closed = meets(shared.post("operator", f"{campaign}:pause", REASON), "wrong-status")
    assert closed["current_status"] == "cancelled"


def test_a_release_has_these_refusals(shared: ApiHouse) -> None:
    shared.keys["treasurer"] = shared.mint("treasurer", roles=["treasury_maker", "treasury_checker"])
    story = Story(shared).live("E-5").join().approve_kyc().commit().pay(reference="e-5")
    campaign = f"/v1/campaigns/{story.campaign}"
    closed = done(shared.post("operator", f"{campaign}:close", REASON))
    meets(shared.post("treasury_maker", f"{campaign}/releases", {}), "not-successful")
    closing = c.ConfirmClosing(campaign_id=UUID(story.campaign), on_chain=fact(closed["position"]))
    shared.machine("indexer", closing)
    release = done(shared.post("treasurer", f"{campaign}/releases", {}))["id"]
    waiting = meets(shared.post("treasury_maker", f"{campaign}/releases", {}), "already-requested")
    assert waiting["release_id"] == release
    meets(shared.post("treasury_checker", f"{campaign}/releases/{uuid4()}:approve"), "not-requested")
    meets(shared.post("treasurer", f"{campaign}/releases/{release}:approve"), "four-eyes")
    done(shared.post("treasury_checker", f"{campaign}/releases/{release}:approve"))
    again = meets(shared.post("treasury_checker", f"{campaign}/releases/{release}:approve"), "already-approved")
    assert again["release_id"] == release


def test_a_certificate_changes_with_evidence_for_another_wallet_and_by_two_people(shared: ApiHouse) -> None:
    story = Story(shared).live("E-6").join().approve_kyc().commit().pay(reference="e-6").close()
    changes = f"/v1/investments/{story.investment}/certificate-changes"
    transfer = {"kind": "transfer", "evidence": DIGEST, "wallet": wallet_of("heir"), **REASON}
    assert meets(shared.post("compliance", changes, transfer), "wrong-status")["current_status"] == "funded"
    story.certify()
    meets(shared.post("compliance", changes, transfer | {"kind": "gift"}), "unknown-value", "/kind")
    own = transfer | {"wallet": wallet_of("holder")}
    meets(shared.post("compliance", changes, own), "wallet-not-acceptable", "/wallet")
    change = done(shared.post("compliance", changes, transfer))["id"]
    meets(shared.post("compliance", changes, transfer), "already-requested")
    meets(shared.post("compliance", f"{changes}/{change}:approve"), "four-eyes")
    meets(shared.post(_second(shared), f"{changes}/{uuid4()}:approve"), "not-requested")


def test_one_campaign_a_year_by_the_default_pack(shared: ApiHouse) -> None:
    story = _settled(shared, "E-7", **BY_DEFAULT).draft(**BY_DEFAULT)
    meets(shared.post("issuer", f"/v1/campaigns/{story.campaign}:submit"), "one-campaign-a-year")


def test_european_rules_bound_what_a_company_raises_in_twelve_months(shared: ApiHouse) -> None:
    story = _settled(shared, "E-8", **EU)
    overrides = f"/v1/companies/{story.company}/overrides"
    override = done(shared.post("compliance", overrides, {"year": shared.clock().year, **REASON}))["id"]
    done(shared.post(_second(shared), f"{overrides}/{override}:grant"))
    story.draft(**EU | {"cap": "500000000"})
    rest = meets(shared.post("issuer", f"/v1/campaigns/{story.campaign}:submit"), "raised-in-twelve-months")
    assert rest["available"] == str(500_000_000 - AMOUNT)


def _settled(house: ApiHouse, tax_number: str, **terms: Any) -> Story:
    """A campaign that has raised its goal and paid it out."""
    currency, kinds = terms.get("currency", "ETB"), ("risk", "key-document")
    story = Story(house).live(tax_number, **terms).join().approve_kyc()
    classification = {"classification": "professional", "evidence": DIGEST}
    done(house.post("compliance", f"/v1/investors/{story.investor}:classify", classification))
    story.commit(kinds=kinds).pay(reference=tax_number, currency=currency).close().certify().request_release()
    release = f"/v1/campaigns/{story.campaign}/releases/{story.release}"
    approved = done(house.post("treasury_checker", f"{release}:approve"))
    confirmation = c.ConfirmRelease(
        campaign_id=UUID(story.campaign), release_id=UUID(story.release), on_chain=fact(approved["position"])
    )
    house.machine("indexer", confirmation)
    return story


# What no client can say, and so only a machine hears.


def test_a_confirmation_is_of_what_was_obliged_and_by_one_log(shared: ApiHouse) -> None:
    story = Story(shared).register("E-9")
    company = UUID(story.company)
    hears(shared, "indexer", c.ConfirmCompanyRegistration(company_id=company, on_chain=fact(1)), "not-obliged")
    story.attach().submit_kyb().approve_kyb()
    foreign = c.ConfirmCompanyRegistration(company_id=company, on_chain=fact(9_999))
    assert hears(shared, "indexer", foreign, "confirmed-otherwise").fields["tx_hash"]


def test_only_a_failed_campaign_is_refunded(shared: ApiHouse) -> None:
    story = Story(shared).live("E-10").join().approve_kyc().commit().pay(reference="e-10")
    refund = c.OrderRefund(investment_id=UUID(story.investment), reason="by mistake")
    assert hears(shared, "process", refund, "not-failed").fields["status"] == "live"


def test_an_allotment_is_of_shares_that_were_asked_for(house: ApiHouse) -> None:
    story = Story(house).live(oversubscription="pro_rata").join().approve_kyc().commit().pay()
    house.ahead = timedelta(seconds=DURATION_S + 1)
    done(house.post("operator", f"/v1/campaigns/{story.campaign}:close", REASON))
    allot = c.AllotCommitment(investment_id=UUID(story.investment), shares=AMOUNT // 10_000 + 1)
    hears(house, "process", allot, "sums-differ")


def test_a_hash_that_is_none_does_not_pass_the_shape_of_a_body_nor_the_domain(shared: ApiHouse) -> None:
    story = Story(shared).register("E-11")
    path = f"/v1/companies/{story.company}:publish-memorandum"
    shaped = shared.post("issuer", path, {"sha256": "ef"}).json()
    assert [(fault["pointer"], fault["code"]) for fault in shaped["errors"]] == [("/sha256", "not-a-sha256")]
    command = c.SubmitKyc(investor_id=_investor_of(shared), evidence="ef")
    assert hears(shared, "investor", command, "digest-not-acceptable").fields["field"] == "evidence"


def _investor_of(house: ApiHouse) -> UUID:
    """An investor that belongs to whom `ApiHouse.machine` speaks for in this role."""
    investor_id = uuid4()
    house.machine("investor", c.RegisterInvestor(investor_id=investor_id, reference="person"))
    return investor_id
