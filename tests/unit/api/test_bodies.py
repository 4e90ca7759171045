"""What each kind of field takes and what it refuses, with the pointer to it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from api.asking.campaigns import CampaignBody, ChangeBody
from api.asking.companies import CompanyBody, DocumentBody
from api.asking.investments import InvestmentBody
from api.asking.investors import BindingBody, ChallengeBody, EntryTestBody
from api.bodies import Body, Nothing, pointer_to, read_body
from api.errors import RequestUnacceptable
from domain.values import AMOUNT_MAX, WEI_MAX

TERMS: dict[str, Any] = {
    "currency": "ETB",
    "funding_goal": "1000000",
    "minimum": 10_000,
    "cap": "2000000",
    "share_price": "10000",
    "duration_s": 3600,
    "success_threshold_bps": 7500,
    "fee_bps": 250,
    "rule_pack": "local@1",
}
CAMPAIGN: dict[str, Any] = {
    "company_id": "0e1f7a52-6c5b-5f0e-9d6a-5b0c6a1f4d21",
    "title": "Growth \u2013 round one",
    "terms": TERMS,
}
COMPANY: dict[str, Any] = {
    "legal_name": "Selam Coffee PLC",
    "tax_number": "ET-1",
    "sector": "agriculture",
    "registration_year": 2019,
    "wallet": "0x00000000000000000000000000000000000000a1",
}
MIXED = "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359"


def _faults(kind: type[Body], members: dict[str, Any]) -> dict[str, str]:
    with pytest.raises(RequestUnacceptable) as refused:
        read_body(kind, members)
    assert refused.value.code == "body-not-acceptable"
    return {fault.pointer: fault.code for fault in refused.value.faults}


@pytest.mark.parametrize(
    ("given", "taken"),
    [
        ("0", 0),
        ("1", 1),
        (7, 7),
        (AMOUNT_MAX, AMOUNT_MAX),
        (str(AMOUNT_MAX), AMOUNT_MAX),
        (str(AMOUNT_MAX + 1), AMOUNT_MAX + 1),
        ("1000000000000000000", 10**18),
        (str(WEI_MAX), WEI_MAX),
    ],
)
def test_an_amount_is_a_decimal_string_or_an_integer(given: object, taken: int) -> None:
    body = read_body(CampaignBody, CAMPAIGN | {"terms": TERMS | {"cap": given}})
    assert isinstance(body, CampaignBody)
    assert body.terms.cap == taken


@pytest.mark.parametrize(
    ("given", "code"),
    [
        (1.0, "not-an-amount"),
        (1e3, "not-an-amount"),
        ("1.0", "not-an-amount"),
        ("1e3", "not-an-amount"),
        ("01", "not-an-amount"),
        ("-01", "not-an-amount"),
        ("+1", "not-an-amount"),
        (" 1", "not-an-amount"),
        ("1\n", "not-an-amount"),
        ("", "not-an-amount"),
        ("0x10", "not-an-amount"),
        ("1_000", "not-an-amount"),
        ("\u0661", "not-an-amount"),
        (True, "not-an-amount"),
        (None, "not-an-amount"),
        ([1], "not-an-amount"),
        ({}, "not-an-amount"),
        (-1, "amount-negative"),
        ("-1", "amount-negative"),
        (AMOUNT_MAX + 1, "amount-too-large"),
        (str(WEI_MAX + 1), "amount-too-large"),
        (10**40, "amount-too-large"),
        ("9" * 10_000, "amount-too-large"),
    ],
)
def test_whatever_is_not_an_exact_amount_is_refused_where_it_stands(given: object, code: str) -> None:
    assert _faults(CampaignBody, CAMPAIGN | {"terms": TERMS | {"cap": given}}) == {"/terms/cap": code}


@pytest.mark.parametrize("given", [MIXED, MIXED.lower(), "0x" + MIXED[2:].upper()])
def test_a_wallet_is_kept_with_its_checksum_however_it_came(given: str) -> None:
    body = read_body(ChallengeBody, {"wallet": given})
    assert isinstance(body, ChallengeBody)
    assert body.wallet == MIXED


@pytest.mark.parametrize(
    ("given", "code"),
    [
        (MIXED[:-1] + "8", "wallet-checksum"),
        (MIXED.replace("fB", "Fb"), "wallet-checksum"),
        (MIXED[2:], "not-a-wallet"),
        (MIXED + "0", "not-a-wallet"),
        (MIXED + "\n", "not-a-wallet"),
        ("0X" + MIXED[2:].lower(), "not-a-wallet"),
        ("0x" + "g" * 40, "not-a-wallet"),
        (1, "not-a-wallet"),
        (None, "not-a-wallet"),
    ],
)
def test_a_wallet_that_may_be_mistyped_is_refused(given: object, code: str) -> None:
    assert _faults(ChallengeBody, {"wallet": given}) == {"/wallet": code}


@pytest.mark.parametrize(
    ("members", "faults"),
    [
        ({"legal_name": "\ud800"}, {"/legal_name": "character-refused"}),
        ({"legal_name": 5}, {"/legal_name": "wrong-type"}),
        ({"registration_year": "2019"}, {"/registration_year": "wrong-type"}),
        ({"registration_year": 2019.0}, {"/registration_year": "wrong-type"}),
        ({"registration_year": True}, {"/registration_year": "wrong-type"}),
        ({"registration_year": -1}, {"/registration_year": "out-of-bounds"}),
        ({"registration_year": 10**40}, {"/registration_year": "out-of-bounds"}),
        ({"owner": "me"}, {"/owner": "unknown-field"}),
        ({"a/b~c": 1}, {"/a~1b~0c": "unknown-field"}),
        ({"owner": 1, "sector": None}, {"/owner": "unknown-field", "/sector": "wrong-type"}),
    ],
)
def test_each_fault_of_a_body_is_named_with_its_pointer(members: dict[str, Any], faults: dict[str, str]) -> None:
    assert _faults(CompanyBody, COMPANY | members) == faults


@pytest.mark.parametrize("name", sorted(COMPANY))
def test_a_missing_field_is_named(name: str) -> None:
    assert _faults(CompanyBody, {k: v for k, v in COMPANY.items() if k != name}) == {f"/{name}": "missing"}


@pytest.mark.parametrize(
    ("members", "faults"),
    [
        ({"terms": None}, {"/terms": "wrong-type"}),
        ({"terms": []}, {"/terms": "wrong-type"}),
        ({"terms": TERMS | {"currency": "etb"}}, {"/terms/currency": "not-a-currency"}),
        ({"terms": TERMS | {"currency": "WEI2"}}, {"/terms/currency": "not-a-currency"}),
        ({"terms": TERMS | {"currency": "ETB\n"}}, {"/terms/currency": "not-a-currency"}),
        ({"terms": TERMS | {"rule_pack": "local"}}, {"/terms/rule_pack": "not-a-rule-pack"}),
        ({"terms": TERMS | {"milestones": {}}}, {"/terms/milestones": "wrong-type"}),
        ({"terms": TERMS | {"milestones": [{"name": "a"}]}}, {"/terms/milestones/0/bps": "missing"}),
        ({"terms": TERMS | {"opens_at": "2027-01-01T00:00:00"}}, {"/terms/opens_at": "time-without-zone"}),
        ({"terms": TERMS | {"extra": 1}}, {"/terms/extra": "unknown-field"}),
        ({"company_id": "nobody"}, {"/company_id": "not-a-uuid"}),
        ({"company_id": 7}, {"/company_id": "not-a-uuid"}),
        ({"campaign_id": "{0e1f7a52-6c5b-5f0e-9d6a-5b0c6a1f4d21}"}, {"/campaign_id": "not-a-uuid"}),
    ],
)
def test_faults_within_the_terms_are_named_with_their_whole_pointer(
    members: dict[str, Any], faults: dict[str, str]
) -> None:
    assert _faults(CampaignBody, CAMPAIGN | members) == faults


@pytest.mark.parametrize(
    ("given", "taken"),
    [
        ("2027-01-01T00:00:00Z", datetime(2027, 1, 1, tzinfo=UTC)),
        ("2027-01-01T03:00:00+03:00", datetime(2027, 1, 1, tzinfo=UTC)),
        ("2027-01-01T00:00:00.250000+00:00", datetime(2027, 1, 1, 0, 0, 0, 250_000, tzinfo=UTC)),
    ],
)
def test_a_time_is_kept_in_utc_whatever_its_zone(given: str, taken: datetime) -> None:
    body = read_body(ChangeBody, {"kind": "extension", "digest": "ab" * 32, "deadline": given})
    assert isinstance(body, ChangeBody)
    assert body.deadline == taken
    assert body.deadline.tzinfo is UTC


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ("2027-01-01T00:00:00", "time-without-zone"),
        ("2027-01-01", "time-without-zone"),
        ("tomorrow", "not-a-time"),
        ("2027-02-30T00:00:00Z", "not-a-time"),
        ("2027-01-01T25:00:00Z", "not-a-time"),
        ("2027-01-01T00:00:00Z" + " " * 40, "not-a-time"),
        (1_798_761_600, "not-a-time"),
        (True, "not-a-time"),
        ("0001-01-01T00:00:00+14:00", "time-out-of-bounds"),
        ("9999-12-31T23:59:59-14:00", "time-out-of-bounds"),
    ],
)
def test_a_time_that_is_none_or_has_no_zone_is_refused(given: object, code: str) -> None:
    members = {"passed": True, "evidence": "ab" * 32, "valid_until": given}
    assert _faults(EntryTestBody, members) == {"/valid_until": code}


@pytest.mark.parametrize("given", [1, "true", None, "passed"])
def test_yes_or_no_is_said_as_true_or_false(given: object) -> None:
    members = {"passed": given, "evidence": "ab" * 32, "valid_until": "2027-01-01T00:00:00Z"}
    assert _faults(EntryTestBody, members) == {"/passed": "wrong-type"}


@pytest.mark.parametrize("given", ["", "0x", "ab" * 65, "0x" + "a" * 129, "0x" + "a" * 132, "0x" + "g" * 130, 7])
def test_a_signature_is_65_bytes_in_hex(given: object) -> None:
    members = {"nonce": "n", "scheme": "eip191", "signature": given}
    assert _faults(BindingBody, members) == {"/signature": "not-a-signature"}


def test_a_fault_in_a_list_is_named_with_its_place() -> None:
    members = {
        "campaign_id": CAMPAIGN["company_id"],
        "investor_id": CAMPAIGN["company_id"],
        "amount": "1",
        "acknowledgements": [{"kind": "risk", "text": "x"}, {"kind": "risk"}, "risk"],
    }
    expected = {"/acknowledgements/1/text": "missing", "/acknowledgements/2": "wrong-type"}
    assert _faults(InvestmentBody, members) == expected


def test_a_digest_is_kept_in_lower_case_and_must_be_whole() -> None:
    body = read_body(DocumentBody, {"kind": "licence", "sha256": "AB" * 32})
    assert isinstance(body, DocumentBody)
    assert body.sha256 == "ab" * 32
    assert _faults(DocumentBody, {"kind": "licence", "sha256": "ab" * 31}) == {"/sha256": "not-a-sha256"}


def test_a_command_without_a_body_takes_an_empty_object_only() -> None:
    assert read_body(Nothing, {}) == Nothing()
    assert _faults(Nothing, {"reason": "x"}) == {"/reason": "unknown-field"}


def test_a_hundred_faults_are_told_in_part() -> None:
    assert len(_faults(Nothing, {f"field-{n}": n for n in range(100)})) == 20


def test_a_field_that_a_rule_names_is_found_where_it_stands() -> None:
    body = read_body(CampaignBody, CAMPAIGN)
    assert pointer_to(body, "title") == "/title"
    assert pointer_to(body, "funding_goal") == "/terms/funding_goal"
    assert pointer_to(body, "nothing") is None
