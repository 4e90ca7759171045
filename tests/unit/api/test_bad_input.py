"""Bad input, case by case: a precise problem with the place at fault, and nothing written."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from domain.values import AMOUNT_MAX, WEI_MAX
from tests.unit.api.house import ApiHouse, done, fault_of, refused
from tests.unit.api.steps import AMOUNT, COMPANY, DOCUMENT, TERMS, Story

CHECKSUMMED = "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359"
DIGEST = "ef" * 32
REASON = {"reason": "as agreed"}
MIXED_ALPHABETS = "S\u0435lam Coffee PLC"  # its second letter is Cyrillic
HIDDEN = "Selam\u202eCoffee"  # what follows is shown from right to left


# Amounts.

UNREADABLE = [
    (1.5, "not-an-amount"),
    (1000000.0, "not-an-amount"),
    ("1000000.00", "not-an-amount"),
    ("ten", "not-an-amount"),
    ("1e6", "not-an-amount"),
    ("0x10", "not-an-amount"),
    (None, "not-an-amount"),
    (-1, "amount-negative"),
    ("-1000000", "amount-negative"),
    (AMOUNT_MAX + 1, "amount-too-large"),
    (str(WEI_MAX + 1), "amount-too-large"),
    ("9" * 400, "amount-too-large"),
]


@pytest.mark.parametrize(("given", "code"), UNREADABLE)
def test_an_amount_that_cannot_be_read_exactly_is_no_commitment_and_no_payment(
    live: Story, given: object, code: str
) -> None:
    before = live.house.head()
    commitment = live.commitment() | {"amount": given}
    problem = refused(live.house.post("investor", "/v1/investments", commitment), 400, "body-not-acceptable")
    assert fault_of(problem) == ("/amount", code)
    payment = {"provider": "bank", "reference": "r", "amount": given, "currency": "ETB"}
    problem = refused(live.house.post("treasury_maker", "/v1/payments", payment), 400, "body-not-acceptable")
    assert fault_of(problem) == ("/amount", code)
    assert live.house.head() == before


@pytest.mark.parametrize(
    ("amount", "code"),
    [
        ("0", "amount-not-positive"),
        (0, "amount-not-positive"),
        (str(AMOUNT_MAX + 1), "amount-too-large"),
        (str(WEI_MAX), "amount-too-large"),
    ],
)
def test_an_amount_that_its_currency_cannot_hold_is_refused_where_it_stands(
    live: Story, amount: object, code: str
) -> None:
    before = live.house.head()
    commitment = live.commitment() | {"amount": amount}
    problem = refused(live.house.post("investor", "/v1/investments", commitment), 422, code)
    assert fault_of(problem) == ("/amount", code)
    payment = {"provider": "bank", "reference": "r", "amount": amount, "currency": "ETB"}
    problem = refused(live.house.post("treasury_maker", "/v1/payments", payment), 422, code)
    assert fault_of(problem) == ("/amount", code)
    terms = TERMS | {"cap": amount}
    body = {"company_id": live.company, "title": "Growth", "terms": terms}
    problem = refused(live.house.post("issuer", "/v1/campaigns", body), 422, code)
    assert fault_of(problem) == ("/terms/cap", code)
    assert live.house.head() == before


def test_money_in_another_currency_than_the_campaigns_is_not_counted_for_it(house: ApiHouse) -> None:
    story = Story(house).invested()
    before = house.head()
    money = {"provider": "bank", "reference": "r-1", "amount": str(AMOUNT), "currency": "USD"}
    for path, body in (
        (f"/v1/investments/{story.investment}/payments", money),
        ("/v1/payments", money | {"investment_id": story.investment}),
    ):
        problem = refused(house.post("treasury_maker", path, body), 422, "currency-differs")
        assert fault_of(problem) == ("/currency", "currency-differs")
        assert problem["currency"] == "ETB"
    assert house.head() == before


@pytest.mark.parametrize("currency", ["etb", "ETBX", "", "Wei", "WEI2", None, 230, "\u0415TB"])
def test_a_currency_is_three_latin_capitals_or_wei(live: Story, currency: object) -> None:
    money = {"provider": "bank", "reference": "r-1", "amount": "1", "currency": currency}
    problem = refused(live.house.post("treasury_maker", "/v1/payments", money), 400, "body-not-acceptable")
    assert fault_of(problem) == ("/currency", "not-a-currency")


# Times.


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ("2027-01-01T00:00:00", "time-without-zone"),
        ("2027-01-01", "time-without-zone"),
        ("next week", "not-a-time"),
        (1_800_000_000, "not-a-time"),
        ("9999-12-31T23:59:59Z", "time-out-of-bounds"),
    ],
)
def test_a_time_needs_its_zone_and_its_form(live: Story, given: object, code: str) -> None:
    before = live.house.head()
    for role, path, body, pointer in _with_times(live, given):
        problem = refused(live.house.post(role, path, body), 400, "body-not-acceptable")
        assert fault_of(problem) == (pointer, code)
    assert live.house.head() == before


def test_a_time_that_has_passed_is_refused_where_it_stands(live: Story) -> None:
    before = live.house.head()
    past = (live.house.clock() - timedelta(seconds=1)).isoformat()
    for role, path, body, pointer in _with_times(live, past):
        problem = refused(live.house.post(role, path, body), 422, "time-not-acceptable")
        assert fault_of(problem) == (pointer, "time-not-acceptable")
    assert live.house.head() == before


def _with_times(story: Story, given: object) -> list[tuple[str, str, dict[str, Any], str]]:
    """Commands that name a time, with it: role, path, body and where it stands."""
    investor, campaign = f"/v1/investors/{story.investor}", f"/v1/campaigns/{story.campaign}"
    draft = {"company_id": story.company, "title": "Growth", "terms": TERMS | {"opens_at": given}}
    document = DOCUMENT | {"sha256": DIGEST, "expires_at": given}
    test = {"passed": True, "evidence": DIGEST, "valid_until": given}
    classified = {"classification": "sophisticated", "evidence": DIGEST, "valid_until": given}
    extension = {"kind": "extension", "digest": DIGEST, "deadline": given}
    return [
        ("issuer", "/v1/campaigns", draft, "/terms/opens_at"),
        ("issuer", f"/v1/companies/{story.company}/documents", document, "/expires_at"),
        ("compliance", f"{investor}:approve-kyc", {"level": "enhanced", "valid_until": given}, "/valid_until"),
        ("compliance", f"{investor}:record-entry-test", test, "/valid_until"),
        ("compliance", f"{investor}:classify", classified, "/valid_until"),
        ("issuer", f"{campaign}/changes", extension, "/deadline"),
        ("issuer", f"{campaign}:announce-early-close", {"deadline": given}, "/deadline"),
    ]


# Values, texts, names, wallets.


def test_a_value_that_is_not_one_of_the_known_ones_is_named(live: Story) -> None:
    before = live.house.head()
    investor, campaign = f"/v1/investors/{live.investor}", f"/v1/campaigns/{live.campaign}"
    classified = {"classification": "friend", "evidence": DIGEST}
    draft = {"company_id": live.company, "title": "Growth", "terms": TERMS}
    new = COMPANY | {"tax_number": "ET-2"}
    signed = {"nonce": "n", "scheme": "eip191", "signature": "0x" + "1b" * 65}
    for role, path, body, pointer in (
        ("issuer", "/v1/companies", new | {"sector": "piracy"}, "/sector"),
        ("issuer", "/v1/companies", new | {"registration_year": 2999}, "/registration_year"),
        ("issuer", f"/v1/companies/{live.company}/documents", DOCUMENT | {"kind": "poem"}, "/kind"),
        ("issuer", "/v1/campaigns", draft | {"terms": TERMS | {"currency": "XXX"}}, "/terms/currency"),
        ("issuer", "/v1/campaigns", draft | {"terms": TERMS | {"rule_pack": "mars@1"}}, "/terms/rule_pack"),
        ("issuer", "/v1/campaigns", draft | {"terms": TERMS | {"oversubscription": "lots"}}, "/terms/oversubscription"),
        ("issuer", f"{campaign}/changes", {"kind": "mood", "digest": DIGEST}, "/kind"),
        ("issuer", f"{campaign}/changes", {"kind": "extension", "digest": DIGEST}, "/deadline"),
        ("compliance", f"{investor}:approve-kyc", {"level": "royal"}, "/level"),
        ("compliance", f"{investor}:classify", classified, "/classification"),
        ("investor", f"{investor}:declare-means", {"rule_pack": "mars@1", "income": 1, "net_worth": 1}, "/rule_pack"),
    ):
        problem = refused(live.house.post(role, path, body), 422, "unknown-value")
        assert fault_of(problem) == (pointer, "unknown-value"), path
    refused(live.house.post("investor", f"{investor}:bind-wallet", signed), 409, "not-requested")
    assert live.house.head() == before


@pytest.mark.parametrize("text", ["", "   ", "\t", "x" * 501, "a\x00b", "a\x9fb", HIDDEN, "a\u200bb", "\ufeffa"])
def test_a_text_that_is_empty_too_long_or_hides_something_is_refused_where_it_stands(live: Story, text: str) -> None:
    before = live.house.head()
    company, campaign = f"/v1/companies/{live.company}", f"/v1/campaigns/{live.campaign}"
    new = COMPANY | {"tax_number": "ET-2"}
    draft = {"company_id": live.company, "title": text, "terms": TERMS}
    milestones = TERMS | {"milestones": [{"name": text, "bps": 10_000}]}
    money = {"provider": "bank", "reference": "r", "amount": "1", "currency": "ETB"}
    for role, path, body, pointer in (
        ("issuer", "/v1/companies", new | {"legal_name": text}, "/legal_name"),
        ("issuer", "/v1/companies", COMPANY | {"tax_number": text}, "/tax_number"),
        ("issuer", "/v1/campaigns", draft, "/title"),
        ("issuer", "/v1/campaigns", draft | {"title": "Growth", "terms": milestones}, "/terms/milestones"),
        ("issuer", f"{campaign}/updates", {"title": text, "sha256": DIGEST}, "/title"),
        ("issuer", f"{campaign}:request-cancellation", {"reason": text}, "/reason"),
        ("operator", f"{campaign}:pause", {"reason": text}, "/reason"),
        ("compliance", f"{company}:suspend", {"reason": text}, "/reason"),
        ("investor", "/v1/investors", {"reference": text}, "/reference"),
        ("treasury_maker", "/v1/payments", money | {"provider": text}, "/provider"),
        ("treasury_maker", "/v1/payments", money | {"reference": text}, "/reference"),
    ):
        problem = refused(live.house.post(role, path, body), 422, "text-not-acceptable")
        assert fault_of(problem) == (pointer, "text-not-acceptable"), path
    assert live.house.head() == before


@pytest.mark.parametrize("name", [MIXED_ALPHABETS, "Selam \u0421offee", "\u039falpha Bank"])
def test_a_name_that_could_pass_for_another_is_refused(live: Story, name: str) -> None:
    before = live.house.head()
    draft = {"company_id": live.company, "title": name, "terms": TERMS}
    new = COMPANY | {"tax_number": "ET-2", "legal_name": name}
    for path, body, pointer in (("/v1/companies", new, "/legal_name"), ("/v1/campaigns", draft, "/title")):
        problem = refused(live.house.post("issuer", path, body), 422, "text-not-acceptable")
        assert fault_of(problem) == (pointer, "text-not-acceptable")
        assert "mixes" in problem["detail"]
    assert live.house.head() == before


def test_a_name_in_one_alphabet_is_taken_whichever_it_is(house: ApiHouse) -> None:
    for number, name in enumerate(
        ["\u1230\u120b\u121d \u1261\u1293", "\u0421\u0435\u043b\u0430\u043c", "Caf\u00e9 Selam"]
    ):
        done(house.post("issuer", "/v1/companies", COMPANY | {"tax_number": f"ET-{number}", "legal_name": name}))
    assert house.head() == 3


@pytest.mark.parametrize(
    "content",
    [
        b'{"reference": "\xff"}',
        b'{"reference": "\xc3"}',
        b'{"reference": "\xed\xa0\x80"}',
        b"\xfe\xff\x00{",
        b'\xef\xbb\xbf{"reference": "a"}',
    ],
)
def test_bytes_that_are_not_utf_8_are_no_body(live: Story, content: bytes) -> None:
    before = live.house.head()
    refused(_raw(live.house, content), 400, "malformed-json")
    assert live.house.head() == before


def test_half_a_surrogate_pair_is_no_text(live: Story) -> None:
    before = live.house.head()
    problem = refused(_raw(live.house, b'{"reference": "a\\ud800"}'), 400, "body-not-acceptable")
    assert fault_of(problem) == ("/reference", "character-refused")
    assert live.house.head() == before


def _raw(house: ApiHouse, content: bytes) -> Any:
    headers = {
        "Authorization": f"Bearer {house.keys['investor']}",
        "Idempotency-Key": str(uuid4()),
        "Content-Type": "application/json",
    }
    return house.http.post("/v1/investors", content=content, headers=headers)


@pytest.mark.parametrize(
    ("wallet", "status", "code"),
    [
        (CHECKSUMMED[:-1] + "8", 400, "wallet-checksum"),
        (CHECKSUMMED.replace("fB", "Fb"), 400, "wallet-checksum"),
        (CHECKSUMMED[2:], 400, "not-a-wallet"),
        (CHECKSUMMED + "0", 400, "not-a-wallet"),
        ("selam.eth", 400, "not-a-wallet"),
        ("0x" + "0" * 40, 422, "wallet-not-acceptable"),
    ],
)
def test_a_wallet_that_is_mistyped_or_nobodys_is_refused(live: Story, wallet: str, status: int, code: str) -> None:
    before = live.house.head()
    outer = "body-not-acceptable" if status == 400 else code
    for role, path, body in (
        ("issuer", "/v1/companies", COMPANY | {"tax_number": "ET-2", "wallet": wallet}),
        ("issuer", f"/v1/companies/{live.company}:request-wallet-rotation", {"wallet": wallet}),
        ("investor", f"/v1/investors/{live.investor}:challenge-wallet", {"wallet": wallet}),
    ):
        problem = refused(live.house.post(role, path, body), status, outer)
        assert fault_of(problem) == ("/wallet", code)
    assert live.house.head() == before


def test_a_body_is_an_object_of_the_members_that_its_command_takes(live: Story) -> None:
    before = live.house.head()
    for body in (["a"], "a", 7, None, True):
        content = json.dumps(body).encode("utf-8")
        refused(_raw(live.house, content), 400, "malformed-json")
    problem = refused(
        live.house.post("investor", "/v1/investors", {"reference": "a", "owner": "me"}), 400, "body-not-acceptable"
    )
    assert fault_of(problem) == ("/owner", "unknown-field")
    assert live.house.head() == before
