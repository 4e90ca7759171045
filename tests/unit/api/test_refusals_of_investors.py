"""The refusals of investors, their commitments and their money, met over HTTP."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

from domain.values import AMOUNT_MAX
from domain.wallets import CHALLENGE_S
from tests.support.wallets import wallet_of
from tests.unit.api.house import ApiHouse, done
from tests.unit.api.refusing import meets
from tests.unit.api.steps import AMOUNT, DOCUMENT, DURATION_S, WALLET, Story

DIGEST = "ef" * 32
REASON = {"reason": "as asked"}
COMMIT = "/v1/investments"
MONTH_S = 2_592_000
US: dict[str, Any] = {
    "rule_pack": "us-reg-cf@1",
    "currency": "USD",
    "duration_s": MONTH_S,
    "success_threshold_bps": 10_000,
}
EU: dict[str, Any] = {"rule_pack": "eu-ecspr@1", "currency": "EUR", "duration_s": MONTH_S}


def _moment(house: ApiHouse, **ahead: float) -> str:
    return (house.clock() + timedelta(**ahead)).isoformat()


def test_a_wallet_is_bound_by_its_own_signature_over_its_own_challenge(shared: ApiHouse) -> None:
    story = Story(shared).join(wallet=None)
    investor = f"/v1/investors/{story.investor}"
    unasked = {"nonce": "0" * 32, "scheme": "eip191", "signature": "0x" + "1" * 130}
    meets(shared.post("investor", f"{investor}:bind-wallet", unasked), "not-requested", "/nonce")
    zero = {"wallet": "0x" + "0" * 40}
    meets(shared.post("investor", f"{investor}:challenge-wallet", zero), "wallet-not-acceptable", "/wallet")
    done(shared.post("investor", f"{investor}:challenge-wallet", {"wallet": wallet_of("holder")}))
    binding = story.binding("holder")
    bad = binding | {"signature": story.binding("somebody else")["signature"]}
    meets(shared.post("investor", f"{investor}:bind-wallet", bad), "signature-not-acceptable", "/signature")
    meets(shared.post("investor", f"{investor}:bind-wallet", binding | {"scheme": "rsa"}), "unknown-value", "/scheme")
    done(shared.post("investor", f"{investor}:bind-wallet", binding))
    meets(shared.post("investor", f"{investor}:bind-wallet", binding), "challenge-used", "/nonce")


def test_a_challenge_is_not_good_for_ever(house: ApiHouse) -> None:
    story = Story(house).join(wallet=None)
    investor = f"/v1/investors/{story.investor}"
    done(house.post("investor", f"{investor}:challenge-wallet", {"wallet": wallet_of("holder")}))
    binding = story.binding("holder")
    house.ahead = timedelta(seconds=CHALLENGE_S)
    meets(house.post("investor", f"{investor}:bind-wallet", binding), "challenge-expired", "/nonce")


def test_an_investor_is_its_owners_and_judged_by_others(shared: ApiHouse) -> None:
    shared.keys["both"] = shared.mint("both", roles=["investor", "compliance"])
    story = Story(shared, investor="both").join()
    investor = f"/v1/investors/{story.investor}"
    meets(shared.post("investor", f"{investor}:submit-kyc", {"evidence": DIGEST}), "not-yours")
    done(shared.post("both", f"{investor}:submit-kyc", {"evidence": DIGEST}))
    meets(shared.post("both", f"{investor}:submit-kyc", {"evidence": DIGEST}), "already-requested")
    meets(shared.post("both", f"{investor}:approve-kyc", {"level": "basic"}), "four-eyes")
    meets(shared.post("compliance", f"{investor}:approve-kyc", {"level": "royal"}), "unknown-value", "/level")
    past = {"level": "basic", "valid_until": _moment(shared, seconds=-1)}
    meets(shared.post("compliance", f"{investor}:approve-kyc", past), "time-not-acceptable", "/valid_until")
    rich = {"rule_pack": "local@1", "income": str(AMOUNT_MAX + 1), "net_worth": "0"}
    meets(shared.post("both", f"{investor}:declare-means", rich), "amount-too-large", "/income")


def test_an_erased_investor_does_nothing_any_more(shared: ApiHouse) -> None:
    story = Story(shared).live("I-1").join().approve_kyc()
    investor = f"/v1/investors/{story.investor}"
    done(shared.post("compliance", f"{investor}:erase", REASON))
    meets(shared.post("investor", f"{investor}:challenge-wallet", {"wallet": WALLET}), "erased")
    meets(shared.post("compliance", f"{investor}:approve-kyc", {"level": "basic"}), "erased")
    meets(shared.post("investor", COMMIT, story.commitment()), "erased")


def test_a_person_must_be_known_and_have_a_wallet_before_a_commitment(shared: ApiHouse) -> None:
    story = Story(shared).live("I-2").join(wallet=None)
    meets(shared.post("investor", COMMIT, story.commitment()), "kyc-missing")
    story.approve_kyc()
    meets(shared.post("investor", COMMIT, story.commitment()), "wallet-not-bound")
    missing = meets(
        shared.post("investor", COMMIT, story.bind().commitment(kinds=())),
        "acknowledgement-missing",
        "/acknowledgements",
    )
    assert missing["kinds"] == ["risk"]
    meets(shared.post("investor", COMMIT, story.commitment() | {"investor_id": str(uuid4())}), "not-found")


def test_an_amount_is_whole_shares_within_minimum_and_room(shared: ApiHouse) -> None:
    terms = {"minimum": "20000", "investor_maximum": str(AMOUNT)}
    story = Story(shared).live("I-3", **terms).join().approve_kyc()
    meets(shared.post("investor", COMMIT, story.commitment(0)), "amount-not-positive", "/amount")
    meets(shared.post("investor", COMMIT, story.commitment(5_000)), "not-whole-shares", "/amount")
    below = meets(shared.post("investor", COMMIT, story.commitment(10_000)), "below-minimum", "/amount")
    assert below["minimum"] == "20000"
    limit = meets(shared.post("investor", COMMIT, story.commitment(AMOUNT + 10_000)), "investor-limit", "/amount")
    assert limit["available"] == str(AMOUNT)
    many = story.commitment(kinds=("risk", *(f"text-{number}" for number in range(20))))
    meets(shared.post("investor", COMMIT, many), "too-many")
    story.commit()
    other = Story(shared).join(wallet="other").approve_kyc()
    other.campaign = story.campaign
    other.commit()
    third = Story(shared).join(wallet="third").approve_kyc()
    third.campaign = story.campaign
    full = meets(shared.post("investor", COMMIT, third.commitment(20_000)), "cap-exceeded", "/amount")
    assert full["available"] == "0"


def test_more_than_can_be_written_is_refused_before_the_cap_is(shared: ApiHouse) -> None:
    story = Story(shared).live("I-4").join().approve_kyc()
    meets(shared.post("investor", COMMIT, story.commitment(AMOUNT_MAX + 1)), "amount-too-large", "/amount")
    meets(shared.post("investor", COMMIT, story.commitment(3 * AMOUNT)), "cap-exceeded", "/amount")


def test_an_investor_names_the_documents_as_they_are(shared: ApiHouse) -> None:
    story = Story(shared).registered("I-5").draft()
    done(shared.post("issuer", f"/v1/campaigns/{story.campaign}/documents", DOCUMENT))
    story.submit().approve().join().approve_kyc()
    differ = meets(shared.post("investor", COMMIT, story.commitment()), "documents-differ", "/documents_hash")
    named = story.commitment() | {"documents_hash": differ["documents_hash"]}
    assert done(shared.post("investor", COMMIT, named))["events"]


def test_the_issuer_does_not_invest_in_itself(shared: ApiHouse) -> None:
    shared.keys["founder"] = shared.mint("founder", roles=["issuer", "investor"])
    story = Story(shared, issuer="founder", investor="founder").live("I-6").join().approve_kyc()
    meets(shared.post("founder", COMMIT, story.commitment()), "own-campaign")


def test_a_campaign_that_has_its_start_ahead_takes_no_commitments(shared: ApiHouse) -> None:
    story = Story(shared).live("I-7", opens_at=_moment(shared, minutes=10)).join().approve_kyc()
    meets(shared.post("investor", COMMIT, story.commitment()), "not-open-yet")


def test_american_rules_bound_what_an_investor_puts_in_within_a_year(shared: ApiHouse) -> None:
    kinds = ("risk", "restrictions")
    story = Story(shared).live("I-8", **US).join().approve_kyc()
    investor = f"/v1/investors/{story.investor}"
    meets(shared.post("investor", COMMIT, story.commitment(kinds=kinds)), "means-missing")
    means = {"rule_pack": "us-reg-cf@1", "income": "0", "net_worth": "0"}
    done(shared.post("investor", f"{investor}:declare-means", means))
    beyond = meets(shared.post("investor", COMMIT, story.commitment(260_000, kinds=kinds)), "yearly-limit", "/amount")
    assert beyond["available"] == "250000"


def test_european_rules_want_a_test_of_whoever_is_not_sophisticated(shared: ApiHouse) -> None:
    story = Story(shared).live("I-9", **EU).join().approve_kyc()
    kinds = ("risk", "key-document")
    meets(shared.post("investor", COMMIT, story.commitment(kinds=kinds)), "test-missing")
    test = {"passed": True, "evidence": DIGEST, "valid_until": _moment(shared, days=30)}
    done(shared.post("compliance", f"/v1/investors/{story.investor}:record-entry-test", test))
    large = shared.post("investor", COMMIT, story.commitment(110_000, kinds=kinds))
    assert meets(large, "acknowledgement-missing", "/acknowledgements")["kinds"] == ["large-investment"]


def test_what_has_run_out_counts_no_longer(house: ApiHouse) -> None:
    soon = _moment(house, seconds=DURATION_S / 2)
    expiring = Story(house).registered("I-10").draft()
    stale = Story(house).register("I-11").attach().submit_kyb().approve_kyb(valid_until=soon).draft()
    story = expiring.submit().approve().join().approve_kyc(valid_until=soon)
    house.ahead = timedelta(seconds=DURATION_S / 2 + 1)
    meets(house.post("investor", COMMIT, story.commitment()), "kyc-expired")
    meets(house.post("issuer", f"/v1/campaigns/{stale.campaign}:submit"), "kyb-expired")
    story.approve_kyc()
    house.ahead = timedelta(seconds=DURATION_S + 1)
    assert meets(house.post("investor", COMMIT, story.commitment()), "deadline-passed")["deadline"]


# Money.


def test_a_payment_is_what_it_was_and_in_the_campaigns_currency(shared: ApiHouse) -> None:
    story = Story(shared).live("I-12").join().approve_kyc().commit()
    payments = f"/v1/investments/{story.investment}/payments"
    money = {"provider": "bank", "reference": "i-12", "amount": str(AMOUNT), "currency": "ETB"}
    differs = meets(
        shared.post("treasury_maker", payments, money | {"currency": "USD"}), "currency-differs", "/currency"
    )
    assert differs["currency"] == "ETB"
    meets(shared.post("treasury_maker", payments, money | {"amount": "0"}), "amount-not-positive", "/amount")
    done(shared.post("treasury_maker", payments, money))
    meets(shared.post("treasury_maker", payments, money | {"amount": "1"}), "already-exists", "/amount")
    another = f"/v1/investments/{story.commit().investment}/payments"
    meets(shared.post("treasury_maker", another, money), "already-exists", "/reference")


def test_only_what_is_owed_goes_back_and_by_another_person(shared: ApiHouse) -> None:
    shared.keys["treasurer"] = shared.mint("treasurer", roles=["treasury_maker", "treasury_checker"])
    story = Story(shared).live("I-13").join().approve_kyc().commit().pay(reference="i-13")
    back = {"return_reference": "back-13"}
    meets(shared.post("treasury_checker", f"/v1/payments/{story.payment}:return", back), "nothing-owed")
    money = {"provider": "bank", "reference": "i-13-lost", "amount": "1", "currency": "ETB"}
    payment = f"/v1/payments/{done(shared.post('treasurer', '/v1/payments', money))['id']}"
    meets(shared.post("treasurer", f"{payment}:return", back), "four-eyes")
    done(shared.post("treasury_checker", f"{payment}:return", back))
    meets(shared.post("treasury_maker", f"{payment}:reverse", REASON), "nothing-owed")
    meets(shared.post("treasury_maker", f"{payment}:match", {"investment_id": story.investment}), "nothing-owed")


def test_a_paid_commitment_is_cancelled_within_its_rules_only(shared: ApiHouse) -> None:
    story = Story(shared).live("I-14", rule_pack="default@1", duration_s=MONTH_S).join().approve_kyc().commit()
    story.pay(reference="i-14")
    meets(shared.post("investor", f"/v1/investments/{story.investment}:cancel", REASON), "cancellation-closed")
