"""Sealing: what is sealed opens for its person alone, and every change of it is noticed."""

from __future__ import annotations

from secrets import token_bytes
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api import sealing
from api.sealing import KEY_BYTES, Keyring, KeyringInvalid, VaultDamaged, Wrapped, load_keyring

ONE, OTHER = UUID(int=1), UUID(int=2)
KEY = b"p" * KEY_BYTES
RING = Keyring(current="new", keys={"new": b"n" * KEY_BYTES, "old": b"o" * KEY_BYTES})


@given(content=st.binary(max_size=2_000), revision=st.integers(1, 2**31))
def test_what_is_sealed_opens_again(content: bytes, revision: int) -> None:
    sealed = sealing.seal(KEY, ONE, revision, content, chance=token_bytes)
    assert sealing.unseal(KEY, ONE, revision, sealed) == content
    assert not content or content not in sealed or len(content) < 4


@given(place=st.integers(0, 200))
def test_a_changed_bit_is_noticed(place: int) -> None:
    sealed = bytearray(sealing.seal(KEY, ONE, 1, b"x" * 200, chance=token_bytes))
    sealed[place] ^= 1
    with pytest.raises(VaultDamaged):
        sealing.unseal(KEY, ONE, 1, bytes(sealed))


@pytest.mark.parametrize(("subject", "revision"), [(OTHER, 1), (ONE, 2)], ids=["another person", "another revision"])
def test_what_is_sealed_stands_for_its_person_and_revision_only(subject: UUID, revision: int) -> None:
    sealed = sealing.seal(KEY, ONE, 1, b"x", chance=token_bytes)
    with pytest.raises(VaultDamaged):
        sealing.unseal(KEY, subject, revision, sealed)


def test_a_key_is_wrapped_for_its_person_by_the_current_key() -> None:
    wrapped = sealing.wrap(RING, ONE, KEY, chance=token_bytes)
    assert wrapped.kek == "new"
    assert sealing.unwrap(RING, ONE, wrapped) == KEY
    with pytest.raises(VaultDamaged):
        sealing.unwrap(RING, OTHER, wrapped)
    with pytest.raises(VaultDamaged):
        sealing.unwrap(RING, ONE, Wrapped("old", wrapped.blob))
    with pytest.raises(VaultDamaged, match="'gone' is not in the keyring"):
        sealing.unwrap(RING, ONE, Wrapped("gone", wrapped.blob))


def test_the_same_text_has_another_hash_for_another_person() -> None:
    assert sealing.evidence(KEY, "passport 1") == sealing.evidence(KEY, "passport 1")
    assert sealing.evidence(KEY, "passport 1") != sealing.evidence(b"q" * KEY_BYTES, "passport 1")
    assert sealing.evidence(KEY, "passport 1") != sealing.evidence(KEY, "passport 2")


def test_a_keyring_never_shows_its_keys() -> None:
    assert repr(RING) == "Keyring(current='new', 2 keys)"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b'{"current": "a"}',
        b'{"current": "a", "keys": {}}',
        b'{"current": "a", "keys": {"a": "xy"}}',
        b'{"current": "a", "keys": {"a": "00"}}',
        b'{"current": "a", "keys": {"A b": "' + b"00" * 32 + b'"}}',
        b'{"current": "b", "keys": {"a": "' + b"00" * 32 + b'"}}',
    ],
)
def test_a_file_that_is_no_keyring_is_refused_without_its_content(content: bytes) -> None:
    with pytest.raises(KeyringInvalid) as refused:
        load_keyring(content)
    assert "00" * 32 not in str(refused.value)


def test_a_fingerprint_tells_one_key_from_another_of_the_same_name() -> None:
    other = Keyring(current="new", keys={"new": b"m" * KEY_BYTES})
    assert sealing.fingerprint(RING, "new") == sealing.fingerprint(RING, "new")
    assert sealing.fingerprint(RING, "new") != sealing.fingerprint(other, "new")
    assert RING.keys["new"] not in sealing.fingerprint(RING, "new")


def test_what_does_not_open_is_told_by_its_person_alone() -> None:
    with pytest.raises(VaultDamaged) as damage:
        sealing.unseal(KEY, ONE, 1, b"")
    assert str(damage.value) == f"{ONE}: the sealed data does not open: it was changed, or belongs elsewhere"
