"""Signers: fields in, signed bytes out, every field of the bytes checked before anybody may store them.

They are signed with eth-keys: eth-account takes half a second to load, in which a worker that died is missed.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, NoReturn, Protocol

import msgspec
from eth_keys.datatypes import PrivateKey
from eth_keys.datatypes import Signature as KeySignature

from abis.hashing import checksummed, keccak
from chain_writer.errors import KeystoreInvalid, SignatureInvalid
from chain_writer.transactions import Fields, Signature, encoded, hash_to_sign, parsed

KEYSTORE_BYTES_MAX = 64 * 1024


class Signed(msgspec.Struct, frozen=True, kw_only=True):
    """Bytes that are what was asked for, and the hash by which every node will know them."""

    raw: bytes
    hash: str


class Signer(Protocol):
    """A key and what may be done with it. An implementation returns only what `verified` gave back."""

    @property
    def address(self) -> str: ...

    def sign(self, fields: Fields) -> Signed: ...


class Passphrase:
    """What opens a keystore. It shows itself nowhere, not even where a frame's names are printed with their values."""

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        return self._text

    def __repr__(self) -> str:
        return "Passphrase(…)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a passphrase is never written down")


class KeySigner:
    """A raw key in memory, for the local stack and under a keystore. It shows itself by its address alone.

    Raises KeystoreInvalid for what is no key.
    """

    _address = "no key"

    def __init__(self, raw_key: str) -> None:
        key = _key(raw_key)
        del raw_key  # no frame from here on has it
        if key is None:
            raise KeystoreInvalid("this is no private key: 32 bytes in hex are meant")
        self._key: Any = key
        self._address = str(key.public_key.to_checksum_address())

    @property
    def address(self) -> str:
        return self._address

    def sign(self, fields: Fields) -> Signed:
        """Raises SignatureInvalid if the bytes are not exactly what was asked for."""
        raw = self._signed(fields)
        if raw is None:
            raise SignatureInvalid(f"the tx of nonce {fields.nonce} cannot be signed as it was asked for")
        return verified(raw, fields=fields, address=self._address)

    def _signed(self, fields: Fields) -> bytes | None:
        """None instead of an error: the frames of one would hold the key."""
        try:
            made = self._key.sign_msg_hash(hash_to_sign(fields))
        except Exception:  # noqa: BLE001  # whatever it is, its frames hold the key
            return None
        return encoded(fields, Signature(made.v, made.r, made.s))

    def __repr__(self) -> str:
        return f"KeySigner({self._address})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a signer is never written down")


def load_keystore(path: Path, passphrase: Passphrase) -> KeySigner:
    """The key of a keystore file (version 3). Raises KeystoreInvalid; nothing of it tells the key or the passphrase."""
    try:
        with path.open("rb") as file:
            content = file.read(KEYSTORE_BYTES_MAX + 1)
    except OSError as error:
        raise KeystoreInvalid(f"{path} cannot be read: {error.strerror}") from None
    signer = _opened(content, passphrase) if len(content) <= KEYSTORE_BYTES_MAX else None
    if signer is None:
        raise KeystoreInvalid(f"{path} is not a keystore of version 3, or the passphrase is another one")
    return signer


def _opened(content: bytes, passphrase: Passphrase) -> KeySigner | None:
    """None instead of an error: the frames of one would hold the passphrase or the key."""
    from eth_account import Account

    try:
        return KeySigner("0x" + bytes(Account.decrypt(content.decode(), passphrase.reveal())).hex())
    except Exception:  # noqa: BLE001  # a keystore file may be anything at all
        return None


def _key(raw_key: str) -> Any:
    try:
        return PrivateKey(bytes.fromhex(raw_key.removeprefix("0x")))
    except Exception:  # noqa: BLE001  # whatever it is, its frames hold the key
        return None


def verified(raw: bytes, *, fields: Fields, address: str) -> Signed:
    """Read signed bytes back without the library that made them, and compare every field and the sender."""
    have, signature = parsed(raw)
    asked = msgspec.structs.replace(fields, to=checksummed(fields.to))
    if differing := [name for name in Fields.__struct_fields__ if getattr(asked, name) != getattr(have, name)]:
        raise SignatureInvalid(f"the signed tx has another {', '.join(differing)} than was asked for")
    if _signer_of(have, signature) != checksummed(address):
        raise SignatureInvalid("the signature is not of this lane's signer")
    return Signed(raw=raw, hash="0x" + keccak(raw).hex())


def _signer_of(fields: Fields, signature: Signature) -> str | None:
    """The address whose key signed this; None if nobody's did."""
    try:
        given = KeySignature(vrs=(signature.parity, signature.r, signature.s))
        key = given.recover_public_key_from_msg_hash(hash_to_sign(fields))
    except Exception:  # noqa: BLE001  # the library's own classes, and those of what it stands on, are many
        return None
    return str(key.to_checksum_address())
