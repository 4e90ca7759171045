"""Who comes too late, second, or for what is not theirs: a precise problem, and nothing written."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from tests.support.wallets import wallet_of
from tests.unit.api.house import ApiHouse, done, fault_of, refused
from tests.unit.api.steps import AMOUNT, DOCUMENT, DURATION_S, TERMS, Story

DIGEST = "ef" * 32
REASON = {"reason": "as agreed"}


# Ids: of nothing, of others.


def test_an_id_of_nothing_is_told_whatever_place_it_stands_in(live: Story) -> None:
    before = live.house.head()
    nobody = str(uuid4())
    money = {"provider": "bank", "reference": "r", "amount": "1", "currency": "ETB"}
    for role, path, body in (
        ("issuer", "/v1/campaigns", {"company_id": nobody, "title": "Growth", "terms": TERMS}),
        ("investor", "/v1/investments", live.commitment() | {"campaign_id": nobody}),
        ("investor", "/v1/investments", live.commitment() | {"investor_id": nobody}),
        ("investor", "/v1/investments", live.commitment() | {"investor_id": live.campaign}),
        ("treasury_maker", "/v1/payments", money | {"investment_id": nobody}),
        ("treasury_maker", f"/v1/investments/{nobody}/payments", money),
        ("treasury_maker", f"/v1/payments/{nobody}:match", {"investment_id": nobody}),
        ("issuer", f"/v1/companies/{live.campaign}:submit-kyb", None),
        ("compliance", f"/v1/companies/{live.company}/documents/{nobody}:approve", None),
    ):
        refused(live.house.post(role, path, body), 404, "not-found")
    refused(live.house.post("issuer", "/v1/companies/17:submit-kyb"), 404, "not-found")
    assert live.house.head() == before


def test_what_is_anothers_is_not_ones_own_to_command(live: Story) -> None:
    house = live.house
    for name, role in (("other-issuer", "issuer"), ("other-investor", "investor")):
        house.keys[name] = house.mint(name, roles=[role])
    before = house.head()
    company, campaign = f"/v1/companies/{live.company}", f"/v1/campaigns/{live.campaign}"
    investor = f"/v1/investors/{live.investor}"
    for role, path, body in (
        ("other-issuer", f"{company}:submit-kyb", None),
        ("other-issuer", f"{company}/documents", DOCUMENT),
        ("other-issuer", f"{company}:request-wallet-rotation", {"wallet": wallet_of("thief")}),
        ("other-issuer", "/v1/campaigns", {"company_id": live.company, "title": "Growth", "terms": TERMS}),
        ("other-issuer", f"{campaign}/updates", {"title": "News", "sha256": DIGEST}),
        ("other-issuer", f"{campaign}:request-cancellation", REASON),
        ("other-investor", "/v1/investments", live.commitment()),
        ("other-investor", f"{investor}:challenge-wallet", {"wallet": wallet_of("thief")}),
        ("other-investor", f"{investor}:submit-kyc", {"evidence": DIGEST}),
    ):
        refused(house.post(role, path, body), 403, "not-yours")
    assert house.head() == before


# Two at once.


def test_of_two_reviewers_the_second_hears_that_it_is_in_other_hands(house: ApiHouse) -> None:
    house.keys["second"] = house.mint("second", roles=["compliance"])
    story = Story(house).register().attach().submit_kyb()
    company = f"/v1/companies/{story.company}"
    with ThreadPoolExecutor(2) as threads:
        answers = list(
            threads.map(lambda who: house.post(who, f"{company}:start-kyb-review"), ["compliance", "second"])
        )
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    loser = "second" if answers[0].is_success else "compliance"
    before = house.head()
    done(house.post("compliance" if loser == "second" else "second", f"{company}/documents/{story.document}:approve"))
    for path, body in (
        (f"{company}:start-kyb-review", None),
        (f"{company}:approve-kyb", story.kyb_approval()),
        (f"{company}:reject-kyb", REASON),
        (f"{company}:request-kyb-information", REASON),
    ):
        problem = refused(house.post(loser, path, body), 409, "in-other-hands")
        assert problem["reviewer"] != loser
    assert house.head() == before + 1


def test_of_two_decisions_on_the_same_version_one_is_taken(house: ApiHouse) -> None:
    house.keys["second"] = house.mint("second", roles=["compliance"])
    story = Story(house).registered().draft().submit()
    campaign = f"/v1/campaigns/{story.campaign}"
    before = house.head()
    loaded = house.ledger.load(UUID(story.campaign))
    assert loaded is not None
    version = f'"v{loaded[1]}"'

    def decide(way: tuple[str, str]) -> Any:
        who, verb = way
        return house.post(who, f"{campaign}:{verb}", REASON, If_Match=version)

    with ThreadPoolExecutor(2) as threads:
        answers = list(threads.map(decide, [("compliance", "reject"), ("second", "request-changes")]))
    assert sorted(answer.status_code for answer in answers) == [200, 412]
    lost = next(answer for answer in answers if answer.status_code == 412)
    problem = refused(lost, 412, "version-moved")
    assert problem["current_version"] == loaded[1] + 1
    assert lost.headers["ETag"] == f'"v{loaded[1] + 1}"'
    assert house.head() == before + 2  # the decision, and the lock given back


def test_the_same_payment_reference_counts_once_and_never_with_another_amount(house: ApiHouse) -> None:
    story = Story(house).invested().pay(AMOUNT // 2)
    before = house.head()
    path = f"/v1/investments/{story.investment}/payments"
    money = {"provider": "bank", "reference": "r-1", "amount": str(AMOUNT // 2), "currency": "ETB"}
    again = done(house.post("treasury_maker", path, money))
    assert (again["id"], again["events"], again["replayed"]) == (story.payment, [], False)
    for other in ({"amount": "1"}, {"currency": "USD"}):
        problem = refused(house.post("treasury_maker", path, money | other), 409, "already-exists")
        assert fault_of(problem) == ("/amount", "already-exists")
    third = Story(house)
    third.campaign, third.investor = story.campaign, story.investor
    third.commit()
    elsewhere = f"/v1/investments/{third.investment}/payments"
    problem = refused(house.post("treasury_maker", elsewhere, money), 409, "already-exists")
    assert problem["payment_id"] == story.payment
    assert house.head() == before + 3  # the second commitment, and nothing else


def test_the_same_payment_at_once_from_many_sides_is_one_payment(house: ApiHouse) -> None:
    story = Story(house).invested()
    before = house.head()
    money = {"provider": "bank", "reference": "r-1", "amount": str(AMOUNT), "currency": "ETB"}
    path = f"/v1/investments/{story.investment}/payments"
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda _: done(house.post("treasury_maker", path, money)), range(16)))
    assert len({answer["id"] for answer in answers}) == 1
    assert sorted(len(answer["events"]) for answer in answers) == [0] * 15 + [3]
    assert house.head() == before + 3


# Too late.


def test_a_closed_campaign_takes_no_command_of_an_open_one(house: ApiHouse) -> None:
    story = Story(house).invested().pay().close()
    campaign = f"/v1/campaigns/{story.campaign}"
    before = house.head()
    deadline = (house.clock() + timedelta(seconds=DURATION_S)).isoformat()
    extension = {"kind": "extension", "digest": DIGEST, "deadline": deadline}
    for role, path, body in (
        ("investor", "/v1/investments", story.commitment()),
        ("investor", f"/v1/investments/{story.investment}:cancel", REASON),
        ("issuer", f"{campaign}:amend", {"title": "Growth", "terms": TERMS}),
        ("issuer", f"{campaign}:submit", None),
        ("issuer", f"{campaign}:withdraw", REASON),
        ("issuer", f"{campaign}/documents", DOCUMENT),
        ("issuer", f"{campaign}/changes", extension),
        ("issuer", f"{campaign}:announce-early-close", {"deadline": deadline}),
        ("issuer", f"{campaign}:request-cancellation", REASON),
        ("operator", f"{campaign}:pause", REASON),
        ("operator", f"{campaign}:close", REASON),
        ("compliance", f"{campaign}:approve", {"terms_hash": DIGEST}),
    ):
        problem = refused(house.post(role, path, body), 409, "wrong-status")
        assert problem["current_status"] == "successful", path
    assert house.head() == before
