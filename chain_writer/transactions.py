"""Transactions as bytes: what is hashed to be signed, what is sent, and how both are read back. Pure.

Two kinds. A legacy one is bound to a chain (EIP-155), which every Polygon Edge network takes. Where the chain has
London, one of EIP-1559 names the most that a unit of gas may cost, and of that the tip for whoever makes the block.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import rlp

from abis.hashing import checksummed, keccak
from chain_writer.errors import SignatureInvalid

# Half the order of secp256k1: a signature above it is the other form of one below, and nodes refuse it (EIP-2).
S_MAX = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0
EIP155_OFFSET = 35
LONDON = b"\x02"  # the type of an EIP-1559 tx (EIP-2718), before the rest of it
NO_ACCESS_LIST = b"\xc0"


class Fields(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that is signed. `value` is in wei and is always 0 here; the policy holds that.

    Without `tip_wei` it is a legacy tx that pays `gas_price_wei`; with it one of EIP-1559 that pays at most that, the
    tip included.
    """

    chain_id: int
    nonce: int
    to: str
    data: bytes
    gas_limit: int
    gas_price_wei: int
    value: int = 0
    tip_wei: int | None = None

    @property
    def is_legacy(self) -> bool:
        return self.tip_wei is None


class Signature(msgspec.Struct, frozen=True):
    """Over a tx. `parity` is that of the curve point's y: 0 or 1."""

    parity: int
    r: int
    s: int


def hash_to_sign(fields: Fields) -> bytes:
    """Of a legacy tx, what is signed ends in the chain's id and two words that are nothing (EIP-155)."""
    words = _words(fields)
    if fields.is_legacy:
        return keccak(rlp.encode([*words, fields.chain_id, 0, 0]))
    return keccak(LONDON + rlp.encode(words))


def encoded(fields: Fields, signature: Signature) -> bytes:
    """The bytes that are sent."""
    words, parity = _words(fields), signature.parity
    if fields.is_legacy:
        return bytes(rlp.encode([*words, EIP155_OFFSET + 2 * fields.chain_id + parity, signature.r, signature.s]))
    return LONDON + bytes(rlp.encode([*words, parity, signature.r, signature.s]))


def _words(fields: Fields) -> list[object]:
    to = bytes.fromhex(checksummed(fields.to)[2:])
    said = [fields.gas_limit, to, fields.value, fields.data]
    if fields.is_legacy:
        return [fields.nonce, fields.gas_price_wei, *said]
    return [fields.chain_id, fields.nonce, fields.tip_wei, fields.gas_price_wei, *said, []]


def is_london(raw: bytes) -> bool:
    """Whether bytes are those of an EIP-1559 tx."""
    return raw[:1] == LONDON


def read_back(raw: bytes) -> Fields:
    """The fields of signed bytes. Raises SignatureInvalid for anything but one tx bound to a chain."""
    return parsed(raw)[0]


def parsed(raw: bytes) -> tuple[Fields, Signature]:
    """Read signed bytes without the library that made them. Raises SignatureInvalid as `read_back`.

    There is one form of a tx only: bytes that say the same in another are refused.
    """
    fields, signature = _london(raw) if is_london(raw) else _legacy(raw)
    if not (0 <= signature.parity <= 1 and signature.r and 0 < signature.s <= S_MAX):
        raise SignatureInvalid("the signed bytes are not a call that is bound to a chain")
    if encoded(fields, signature) != raw:
        raise SignatureInvalid("the signed bytes are in another form than every node writes")
    return fields, signature


def _legacy(raw: bytes) -> tuple[Fields, Signature]:
    words = _decoded(raw, count=9)
    nonce, price, gas, value, v, r, s = (int.from_bytes(words[n], "big") for n in (0, 1, 2, 4, 6, 7, 8))
    if v < EIP155_OFFSET:
        raise SignatureInvalid("the signed bytes are not a call that is bound to a chain")
    chain_id, parity = divmod(v - EIP155_OFFSET, 2)
    fields = Fields(
        chain_id=chain_id,
        nonce=nonce,
        to=_address(words[3]),
        data=words[5],
        gas_limit=gas,
        gas_price_wei=price,
        value=value,
    )
    return fields, Signature(parity, r, s)


def _london(raw: bytes) -> tuple[Fields, Signature]:
    words = _decoded(raw[1:], count=12)
    chain_id, nonce, tip, price, gas, value, parity, r, s = (
        int.from_bytes(words[n], "big") for n in (0, 1, 2, 3, 4, 6, 9, 10, 11)
    )
    if words[8] != NO_ACCESS_LIST:
        raise SignatureInvalid("the signed bytes name slots that were not asked for")
    fields = Fields(
        chain_id=chain_id,
        nonce=nonce,
        to=_address(words[5]),
        data=words[7],
        gas_limit=gas,
        gas_price_wei=price,
        value=value,
        tip_wei=tip,
    )
    return fields, Signature(parity, r, s)


def _address(word: bytes) -> str:
    if len(word) != 20:
        raise SignatureInvalid("the signed bytes call nobody")
    return checksummed(word.hex())


def _decoded(raw: bytes, *, count: int) -> Sequence[bytes]:
    """The words of RLP (Yellow Paper, appendix B) of one list. An empty list in it is itself its word."""
    body, rest = _item(raw, listed=True)
    words = []
    while body:
        if body[:1] == NO_ACCESS_LIST:
            word, body = body[:1], body[1:]
        else:
            word, body = _item(body, listed=False)
        words.append(word)
    if rest or len(words) != count:
        raise SignatureInvalid("the signed bytes are not one tx")
    return words


def _item(data: bytes, *, listed: bool) -> tuple[bytes, bytes]:
    """The first item and what follows it. Raises SignatureInvalid for another sort of item or a torn one."""
    base = 0xC0 if listed else 0x80
    first = data[0] if data else 0x100
    if not listed and first < base:
        return data[:1], data[1:]
    if not base <= first < base + 0x40:
        raise SignatureInvalid("the signed bytes are not one tx")
    length, start = first - base, 1
    if length > 55:
        start = 1 + length - 55
        length = int.from_bytes(data[1:start], "big")
    if len(data) < start + length:
        raise SignatureInvalid("the signed bytes are torn")
    return data[start : start + length], data[start + length :]
