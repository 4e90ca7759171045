"""Sealing personal data: one key a person, wrapped by a key-encryption key. Pure, but for the chance it is given.

AES-256-GCM (NIST SP 800-38D) with a fresh nonce of 96 bits each time. What is sealed is bound to its person and its
revision, so that no row can be put in another's place, nor an old one in the place of a new one.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Callable
from hashlib import sha256
from typing import Any
from uuid import UUID

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES = 32
NONCE_BYTES = 12
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,39}", re.ASCII)

Chance = Callable[[int], bytes]


class KeyringInvalid(Exception):
    """The file of key-encryption keys is not one. The text says what is wrong; no key is in it."""


class VaultDamaged(Exception):
    """What is stored cannot be opened: it was changed, or its key-encryption key is missing. The text says of whom."""


class KekMissing(VaultDamaged):
    """The key-encryption key is not in this keyring; it may be in the file by now."""


class Keyring(msgspec.Struct, frozen=True, kw_only=True):
    """Key-encryption keys by name. New keys are wrapped by `current`; the others are for what they wrapped before."""

    current: str
    keys: dict[str, bytes]

    def __repr__(self) -> str:
        return f"Keyring(current={self.current!r}, {len(self.keys)} keys)"


class Wrapped(msgspec.Struct, frozen=True):
    """A person's key, as it may lie in a database: by which key-encryption key, and the bytes."""

    kek: str
    blob: bytes


def load_keyring(content: bytes) -> Keyring:
    """The keyring of a file: {"current": NAME, "keys": {NAME: 64 hex digits}}. Raises KeyringInvalid."""
    try:
        told = msgspec.json.decode(content, type=dict[str, Any])
        current = str(told["current"])
        keys = {str(name): bytes.fromhex(value) for name, value in told["keys"].items()}
    except (msgspec.MsgspecError, KeyError, TypeError, ValueError, AttributeError):
        raise KeyringInvalid('a keyring is {"current": NAME, "keys": {NAME: 64 hex digits}}') from None
    if any(not _NAME.fullmatch(name) or len(key) != KEY_BYTES for name, key in keys.items()):
        raise KeyringInvalid(f"each key has a name of a-z, 0-9, '.', '-', '_' and {KEY_BYTES} bytes in hex")
    if current not in keys:
        raise KeyringInvalid(f"the current key {current!r} is not among the keys")
    return Keyring(current=current, keys=keys)


def fingerprint(keyring: Keyring, name: str) -> bytes:
    """What tells a key-encryption key from another of the same name, and says nothing about it."""
    return hmac.digest(keyring.keys[name], b"fingerprint\n" + name.encode(), sha256)


def wrap(keyring: Keyring, subject: UUID, key: bytes, *, chance: Chance) -> Wrapped:
    """A person's key under the current key-encryption key."""
    kek = keyring.keys[keyring.current]
    return Wrapped(keyring.current, _sealed(kek, key, bound=_key_bound(subject), chance=chance))


def unwrap(keyring: Keyring, subject: UUID, wrapped: Wrapped) -> bytes:
    """A person's key. Raises VaultDamaged."""
    kek = keyring.keys.get(wrapped.kek)
    if kek is None:
        raise KekMissing(f"{subject}: the key-encryption key {wrapped.kek!r} is not in the keyring")
    return _opened(kek, wrapped.blob, bound=_key_bound(subject), what=f"{subject}: the wrapped key")


def seal(key: bytes, subject: UUID, revision: int, content: bytes, *, chance: Chance) -> bytes:
    """A person's data under their key."""
    return _sealed(key, content, bound=_data_bound(subject, revision), chance=chance)


def unseal(key: bytes, subject: UUID, revision: int, sealed: bytes) -> bytes:
    """A person's data. Raises VaultDamaged."""
    return _opened(key, sealed, bound=_data_bound(subject, revision), what=f"{subject}: the sealed data")


def evidence(key: bytes, text: str) -> str:
    """A hash under the person's key, in hex: with the key destroyed it says nothing, and nobody can try texts out."""
    evidence_key = hmac.digest(key, b"evidence", sha256)
    return hmac.digest(evidence_key, text.encode(), sha256).hex()


def _key_bound(subject: UUID) -> bytes:
    return b"key\n" + subject.bytes


def _data_bound(subject: UUID, revision: int) -> bytes:
    return b"data\n" + subject.bytes + revision.to_bytes(8, "big")


def _sealed(key: bytes, content: bytes, *, bound: bytes, chance: Chance) -> bytes:
    nonce = chance(NONCE_BYTES)
    assert len(nonce) == NONCE_BYTES
    return nonce + AESGCM(key).encrypt(nonce, content, bound)


def _opened(key: bytes, blob: bytes, *, bound: bytes, what: str) -> bytes:
    try:
        return AESGCM(key).decrypt(blob[:NONCE_BYTES], blob[NONCE_BYTES:], bound)
    except (InvalidTag, ValueError):
        raise VaultDamaged(f"{what} does not open: it was changed, or belongs elsewhere") from None
