"""Signers: fields in, signed bytes out, every field of the bytes checked before anybody may store them.

Legacy transactions with a chain id (EIP-155), the one kind that every Polygon Edge network takes. They are signed with
eth-keys and rlp: eth-account takes half a second to load, in which a worker that died is missed.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn, Protocol

import msgspec
import rlp
from eth_keys.datatypes import PrivateKey, Signature

from abis.hashing import checksummed, keccak
from chain_writer.errors import KeystoreInvalid, SignatureInvalid

# Half the order of secp256k1: a signature above it is the other form of one below, and nodes refuse it (EIP-2).
S_MAX = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0
EIP155_OFFSET = 35
KEYSTORE_BYTES_MAX = 64 * 1024


class Fields(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that is signed. `value` is in wei and is always 0 here; the policy holds that."""

    chain_id: int
    nonce: int
    to: str
    data: bytes
    gas_limit: int
    gas_price_wei: int
    value: int = 0


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
        to = bytes.fromhex(checksummed(fields.to)[2:])
        words = [fields.nonce, fields.gas_price_wei, fields.gas_limit, to, fields.value, fields.data]
        try:
            signature = self._key.sign_msg_hash(_hash_to_sign(words, chain_id=fields.chain_id))
        except Exception:  # noqa: BLE001  # whatever it is, its frames hold the key
            return None
        v = EIP155_OFFSET + 2 * fields.chain_id + signature.v
        return bytes(rlp.encode([*words, v, signature.r, signature.s]))

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


def _hash_to_sign(words: Sequence[Any], *, chain_id: int) -> bytes:
    """EIP-155: what is signed are the first six words, the chain's id, and two that are nothing."""
    return keccak(rlp.encode([*words, chain_id, 0, 0]))


def verified(raw: bytes, *, fields: Fields, address: str) -> Signed:
    """Read signed bytes back without the library that made them, and compare every field and the sender."""
    asked, have = msgspec.structs.replace(fields, to=checksummed(fields.to)), read_back(raw)
    if differing := [name for name in Fields.__struct_fields__ if getattr(asked, name) != getattr(have, name)]:
        raise SignatureInvalid(f"the signed tx has another {', '.join(differing)} than was asked for")
    if _signer_of(raw, chain_id=have.chain_id) != checksummed(address):
        raise SignatureInvalid("the signature is not of this lane's signer")
    return Signed(raw=raw, hash="0x" + keccak(raw).hex())


def _signer_of(raw: bytes, *, chain_id: int) -> str | None:
    """The address whose key signed these bytes; None if nobody's did."""
    words = _decoded(raw)
    v, r, s = (int.from_bytes(word, "big") for word in words[6:])
    try:
        signature = Signature(vrs=((v - EIP155_OFFSET) % 2, r, s))
        key = signature.recover_public_key_from_msg_hash(_hash_to_sign(words[:6], chain_id=chain_id))
    except Exception:  # noqa: BLE001  # the library's own classes, and those of what it stands on, are many
        return None
    return str(key.to_checksum_address())


def read_back(raw: bytes) -> Fields:
    """The fields of signed bytes. Raises SignatureInvalid for anything but one legacy tx bound to a chain."""
    words = _decoded(raw)
    nonce, gas_price_wei, gas_limit, value, v, r, s = (int.from_bytes(words[n], "big") for n in (0, 1, 2, 4, 6, 7, 8))
    if v < EIP155_OFFSET or r == 0 or not 0 < s <= S_MAX or len(words[3]) != 20:
        raise SignatureInvalid("the signed bytes are not a call that is bound to a chain")
    return Fields(
        chain_id=(v - EIP155_OFFSET) // 2,
        nonce=nonce,
        to=checksummed(words[3].hex()),
        data=words[5],
        gas_limit=gas_limit,
        gas_price_wei=gas_price_wei,
        value=value,
    )


def _decoded(raw: bytes) -> list[bytes]:
    """The nine words of a legacy tx: RLP (Yellow Paper, appendix B) of one flat list, in its only canonical form."""
    body, rest = _item(raw, listed=True)
    words = []
    while body:
        word, body = _item(body, listed=False)
        words.append(word)
    if rest or len(words) != 9:
        raise SignatureInvalid("the signed bytes are not one legacy tx")
    return words


def _item(data: bytes, *, listed: bool) -> tuple[bytes, bytes]:
    """The first item and what follows it. Raises SignatureInvalid for another sort of item or a torn one."""
    base = 0xC0 if listed else 0x80
    first = data[0] if data else 0x100
    if not listed and first < base:
        return data[:1], data[1:]
    if not base <= first < base + 0x40:
        raise SignatureInvalid("the signed bytes are not one legacy tx")
    length, start = first - base, 1
    if length > 55:
        start = 1 + length - 55
        length = int.from_bytes(data[1:start], "big")
    if len(data) < start + length:
        raise SignatureInvalid("the signed bytes are torn")
    return data[start : start + length], data[start + length :]
