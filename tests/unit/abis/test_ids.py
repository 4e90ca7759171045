"""Our ids on the chain and back: sixteen bytes on the left of a word, or an integer of 128 bits for a token."""

from __future__ import annotations

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from abis.ids import from_bytes32, from_token_id, to_bytes32, token_id


@given(st.uuids())
def test_every_id_goes_to_the_chain_and_comes_back(value: UUID) -> None:
    assert from_bytes32(to_bytes32(value)) == value
    assert from_token_id(token_id(value)) == value


def test_an_id_is_the_left_half_of_its_word() -> None:
    value = UUID("00112233-4455-6677-8899-aabbccddeeff")
    assert to_bytes32(value).hex() == "00112233445566778899aabbccddeeff" + "00" * 16
    assert token_id(value) == 0x00112233445566778899AABBCCDDEEFF


@given(st.binary(max_size=40))
def test_a_word_that_is_not_one_of_ours_has_no_id(word: bytes) -> None:
    value = from_bytes32(word)
    assert value is None or to_bytes32(value) == word


@given(st.integers(-(2**140), 2**257))
def test_a_token_that_is_not_one_of_ours_has_no_id(token: int) -> None:
    value = from_token_id(token)
    assert (value is None) == (not 0 <= token < 2**128)
    assert value is None or token_id(value) == token
