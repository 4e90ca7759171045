"""Values: exact thresholds, hashes that anybody can make, bounds that are told by field, names that cannot mislead."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from hashlib import sha256
from typing import Any

import msgspec
import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import Refusal
from domain.values import (
    AMOUNT_MAX,
    BPS,
    CID_CHARS_MAX,
    TEXT_CHARS_MAX,
    WEI_MAX,
    amount_max,
    check_amount,
    check_cid,
    check_digest,
    check_later,
    check_name,
    check_text,
    check_wallet,
    documents_hash,
    terms_hash,
)
from tests.unit.domain.acts import COMPANY, DEFAULT, MILESTONES, WEI, offer
from tests.unit.domain.scenario import NOW


def refused(check: Callable[..., None], *given_values: Any, **fields: Any) -> Refusal:
    with pytest.raises(Refusal) as caught:
        check(*given_values, **fields)
    return caught.value


# Thresholds and hashes.


@given(st.integers(1, AMOUNT_MAX // BPS), st.integers(0, BPS))
def test_the_threshold_is_the_smallest_amount_that_is_its_part_of_the_goal(goal: int, bps: int) -> None:
    threshold = offer(funding_goal=goal, success_threshold_bps=bps).threshold
    assert threshold * BPS >= goal * bps
    assert (threshold - 1) * BPS < goal * bps


def test_the_terms_hash_is_of_canonical_json_that_anybody_can_make() -> None:
    content = {"company_id": str(COMPANY), "terms": msgspec.to_builtins(DEFAULT), "title": "Roastery ☕"}
    expected = sha256(rfc8785.dumps(content)).hexdigest()
    assert terms_hash(company_id=COMPANY, title="Roastery ☕", terms=DEFAULT) == expected


def test_documents_and_milestones_are_in_the_hash_where_there_are_any() -> None:
    documents = {"b": "cd" * 32, "a": "ab" * 32}
    content = {
        "company_id": str(COMPANY),
        "documents": documents,
        "terms": msgspec.to_builtins(MILESTONES),
        "title": "Roastery",
    }
    expected = sha256(rfc8785.dumps(content)).hexdigest()
    assert terms_hash(company_id=COMPANY, title="Roastery", terms=MILESTONES, documents=documents) == expected
    without = terms_hash(company_id=COMPANY, title="Roastery", terms=DEFAULT)
    assert terms_hash(company_id=COMPANY, title="Roastery", terms=DEFAULT, documents={}) == without


def test_wei_stand_in_the_hash_as_decimal_strings_since_canonical_json_has_no_such_integers() -> None:
    """RFC 8785 numbers are doubles: exact up to 2^53 - 1."""
    written = {
        name: str(value) if isinstance(value, int) and value > AMOUNT_MAX else value
        for name, value in msgspec.to_builtins(WEI).items()
    }
    assert written["funding_goal"] == "1000000000000000000000"
    content: Any = {"company_id": str(COMPANY), "terms": written, "title": "Roastery"}
    expected = sha256(rfc8785.dumps(content)).hexdigest()
    assert terms_hash(company_id=COMPANY, title="Roastery", terms=WEI) == expected


def test_the_largest_exact_integer_stands_in_the_hash_as_a_number() -> None:
    terms = offer(funding_goal=AMOUNT_MAX)
    content: Any = {"company_id": str(COMPANY), "terms": msgspec.to_builtins(terms), "title": "Roastery"}
    expected = sha256(rfc8785.dumps(content)).hexdigest()
    assert terms_hash(company_id=COMPANY, title="Roastery", terms=terms) == expected


@pytest.mark.parametrize(
    "changes", [{"cap": 121_000}, {"fee_bps": 251}, {"rule_pack": "local@1"}, {"opens_at": NOW}, {"minimum": 11_000}]
)
def test_another_content_has_another_hash(changes: dict[str, object]) -> None:
    before = terms_hash(company_id=COMPANY, title="Roastery", terms=DEFAULT)
    assert terms_hash(company_id=COMPANY, title="Roastery", terms=offer(**changes)) != before
    assert terms_hash(company_id=COMPANY, title="roastery", terms=DEFAULT) != before


@given(st.dictionaries(st.uuids().map(str), st.text(alphabet="0123456789abcdef", min_size=64, max_size=64)))
def test_the_hash_over_documents_does_not_depend_on_their_order(documents: dict[str, str]) -> None:
    backwards = dict(reversed(documents.items()))
    assert documents_hash(documents) == documents_hash(backwards)


# Amounts.


@pytest.mark.parametrize("amount", [1, AMOUNT_MAX])
def test_amounts_at_the_bounds_are_accepted(amount: int) -> None:
    check_amount(amount, name="amount")
    assert refused(check_amount, -amount, name="amount").code == "amount-not-positive"


@pytest.mark.parametrize(
    ("amount", "code"),
    [
        (0, "amount-not-positive"),
        (-1, "amount-not-positive"),
        (AMOUNT_MAX + 1, "amount-too-large"),
        (10**30, "amount-too-large"),
    ],
)
def test_amounts_beyond_the_bounds_are_refused_by_the_name_of_their_field(amount: int, code: str) -> None:
    refusal = refused(check_amount, amount, name="cap")
    assert (refusal.code, refusal.fields) == (code, {"field": "cap", "given": str(amount)})


def test_wei_have_bounds_of_their_own() -> None:
    assert amount_max("ETB") == AMOUNT_MAX == 2**53 - 1
    assert amount_max("wei") == WEI_MAX
    check_amount(WEI_MAX, name="cap", maximum=amount_max("wei"))
    assert refused(check_amount, WEI_MAX + 1, name="cap", maximum=amount_max("wei")).code == "amount-too-large"


# Texts and names.


@pytest.mark.parametrize("text", ["", " ", "\n", "\N{NO-BREAK SPACE}", "x" * (TEXT_CHARS_MAX + 1)])
def test_an_empty_or_oversized_text_is_refused(text: str) -> None:
    refusal = refused(check_text, text, name="reason")
    assert (refusal.code, refusal.fields["field"]) == ("text-not-acceptable", "reason")
    assert "characters" in refusal.text


@pytest.mark.parametrize("text", ["x" * TEXT_CHARS_MAX, "two\nlines", "ሰላም ቡና", "Καφές и кофе", "☕ “coffee”", "مقهى"])
def test_texts_of_any_script_are_accepted(text: str) -> None:
    check_text(text, name="reason")
    assert refused(check_text, text + "\x00", name="reason").code == "text-not-acceptable"


@pytest.mark.parametrize(
    "hidden",
    [
        "\x00",
        "\t",
        "\r",
        "\x1b",
        "\x7f",
        "\N{ZERO WIDTH SPACE}",
        "\N{ZERO WIDTH JOINER}",
        "\N{SOFT HYPHEN}",
        "\N{RIGHT-TO-LEFT OVERRIDE}",
        "\N{LEFT-TO-RIGHT ISOLATE}",
        "\N{ZERO WIDTH NO-BREAK SPACE}",
        "\ud800",
        "\ue000",
        "\N{TAG LATIN SMALL LETTER A}",
    ],
    ids=lambda hidden: f"U+{ord(hidden):04X}",
)
def test_characters_that_nobody_sees_are_refused_by_their_number(hidden: str) -> None:
    refusal = refused(check_text, f"Selam{hidden}Coffee", name="title")
    assert refusal.text == f"title has the hidden character U+{ord(hidden):04X}"


@pytest.mark.parametrize(
    ("name", "mixed"),
    [
        ("P\N{CYRILLIC SMALL LETTER A}yPal", "Cyrillic and Latin"),
        ("\N{CYRILLIC CAPITAL LETTER ES}offee", "Cyrillic and Latin"),
        ("Selam C\N{GREEK SMALL LETTER OMICRON}ffee", "Greek and Latin"),
        ("\N{GREEK CAPITAL LETTER ALPHA}\N{CYRILLIC CAPITAL LETTER BE}", "Cyrillic and Greek"),
        ("a\N{CYRILLIC SMALL LETTER IE}\N{GREEK SMALL LETTER OMICRON}", "Cyrillic and Greek and Latin"),
    ],
)
def test_letters_that_look_alike_are_not_mixed_in_one_word(name: str, mixed: str) -> None:
    """Unicode TR39, section 5.1."""
    refusal = refused(check_name, name, name="legal_name")
    assert refusal.text == f"legal_name mixes {mixed} letters in one word"
    check_text(name, name="reason")  # a text may tell of such a name


@pytest.mark.parametrize(
    "name", ["Selam Coffee PLC", "ሰላም Coffee", "Кофе Selam", "Καφές 2019", "Café Zoë", "東京Coffee", "Ёлка & Co"]
)
def test_names_of_one_script_a_word_are_accepted(name: str) -> None:
    check_name(name, name="title")
    assert refused(check_name, name + "\N{ZERO WIDTH SPACE}", name="title").code == "text-not-acceptable"


# Wallets, digests, content identifiers.


@pytest.mark.parametrize(
    "wallet", ["", "0x", "0x" + "0" * 40, "a1" * 20, "0X" + "a1" * 20, "0x" + "a1" * 20 + "\n", "0x" + "\u0661" * 40]
)
def test_what_no_contract_could_pay_to_is_no_wallet(wallet: str) -> None:
    assert refused(check_wallet, wallet).code == "wallet-not-acceptable"


@pytest.mark.parametrize("digest", ["", "ab" * 31, "AB" * 32, "0x" + "ab" * 31, "ab" * 32 + "\n", "g" * 64])
def test_what_is_not_a_sha_256_is_no_digest(digest: str) -> None:
    refusal = refused(check_digest, digest, name="sha256")
    assert (refusal.code, refusal.fields) == ("digest-not-acceptable", {"field": "sha256"})


@pytest.mark.parametrize(
    "cid",
    [
        "QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWnPbdG",
        "bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi",
        "b" + "a" * (CID_CHARS_MAX - 1),
        None,
    ],
)
def test_a_cid_of_either_version_or_none_is_accepted(cid: str | None) -> None:
    check_cid(cid)
    assert refused(check_cid, f"{cid}!").code == "cid-not-acceptable"


@pytest.mark.parametrize(
    "cid",
    [
        "",
        "Qm",
        "QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWnPbd0",  # no base58: zero
        "QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWnPbdGG",
        "bafybeigdyrzt5sfp7udm1hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi",  # no base32: one
        "BAFYBEIGDYRZT5SFP7UDM7HU76UH7Y26NF3EFUYLQABF3OCLGTQY55FBZDI",
        "b" + "a" * CID_CHARS_MAX,
        "https://ipfs.io/ipfs/QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWnPbdG",
    ],
)
def test_what_is_no_content_identifier_is_refused(cid: str) -> None:
    refusal = refused(check_cid, cid)
    assert (refusal.code, refusal.fields) == ("cid-not-acceptable", {"field": "cid"})


# Times.


def test_a_time_is_later_in_any_zone() -> None:
    elsewhere = timezone(timedelta(hours=3))
    check_later(NOW + timedelta(microseconds=1), than=NOW, name="expires_at")
    check_later((NOW + timedelta(hours=1)).astimezone(elsewhere), than=NOW, name="expires_at")
    same = refused(check_later, NOW.astimezone(elsewhere), than=NOW, name="expires_at")
    assert (same.code, same.fields) == ("time-not-acceptable", {"field": "expires_at"})
    assert refused(check_later, datetime(2020, 1, 1, tzinfo=UTC), than=NOW, name="t").code == "time-not-acceptable"


def test_a_time_without_a_zone_is_none() -> None:
    refusal = refused(check_later, NOW.replace(tzinfo=None) + timedelta(days=1), than=NOW, name="opens_at")
    assert refusal.text == "opens_at needs a time zone"
