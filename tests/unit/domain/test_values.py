"""Values: exact thresholds, hashes that do not depend on order, bounds that are told by field."""

from __future__ import annotations

from hashlib import sha256

import msgspec
import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import Refusal
from domain.values import (
    AMOUNT_MAX,
    BPS,
    check_amount,
    check_digest,
    check_text,
    check_wallet,
    documents_hash,
    terms_hash,
)
from tests.unit.domain.examples import COMPANY, TERMS, terms


@given(st.integers(1, AMOUNT_MAX // BPS), st.integers(0, BPS))
def test_the_threshold_is_the_smallest_amount_that_is_its_part_of_the_goal(goal: int, bps: int) -> None:
    threshold = terms(funding_goal=goal, success_threshold_bps=bps).threshold
    assert threshold * BPS >= goal * bps
    assert (threshold - 1) * BPS < goal * bps


def test_the_terms_hash_is_of_canonical_json_that_anybody_can_make() -> None:
    content = {"company_id": str(COMPANY), "terms": msgspec.to_builtins(TERMS), "title": "Roastery ☕"}
    expected = sha256(rfc8785.dumps(content)).hexdigest()
    assert terms_hash(company_id=COMPANY, title="Roastery ☕", terms=TERMS) == expected


@given(st.dictionaries(st.uuids().map(str), st.text(alphabet="0123456789abcdef", min_size=64, max_size=64)))
def test_the_hash_over_documents_does_not_depend_on_their_order(documents: dict[str, str]) -> None:
    backwards = dict(reversed(documents.items()))
    assert documents_hash(documents) == documents_hash(backwards)


@pytest.mark.parametrize("amount", [1, AMOUNT_MAX])
def test_amounts_at_the_bounds_are_accepted(amount: int) -> None:
    assert check_amount(amount, name="amount") is None


@pytest.mark.parametrize("amount", [0, -1, AMOUNT_MAX + 1, 10**30])
def test_amounts_beyond_the_bounds_are_refused_by_the_name_of_their_field(amount: int) -> None:
    with pytest.raises(Refusal) as caught:
        check_amount(amount, name="cap")
    assert caught.value.fields["field"] == "cap"


@pytest.mark.parametrize("text", ["", " ", "\n\t", "x" * 501])
def test_an_empty_or_oversized_text_is_refused(text: str) -> None:
    with pytest.raises(Refusal, match="characters"):
        check_text(text, name="reason")


@pytest.mark.parametrize(
    "wallet", ["", "0x", "0x" + "0" * 40, "a1" * 20, "0x" + "a1" * 20 + "\n", "0x" + "\u0661" * 40]
)
def test_what_no_contract_could_pay_to_is_no_wallet(wallet: str) -> None:
    with pytest.raises(Refusal, match="wallet"):
        check_wallet(wallet)


@pytest.mark.parametrize("digest", ["", "ab" * 31, "AB" * 32, "0x" + "ab" * 31, "ab" * 32 + "\n"])
def test_what_is_not_a_sha_256_is_no_digest(digest: str) -> None:
    with pytest.raises(Refusal, match="64 hex digits"):
        check_digest(digest, name="sha256")
