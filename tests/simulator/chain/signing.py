"""Signed bytes without cryptography: a legacy tx whose signature names its sender instead of proving it."""

from __future__ import annotations

from functools import lru_cache

import rlp  # type: ignore[import-untyped]

from abis.hashing import checksummed, keccak
from chain_writer.signer import Signed
from chain_writer.transactions import EIP155_OFFSET, Fields
from tests.support.edge.rawtx import RawTx, rlp_of

TXS_REMEMBERED = 4_096


class SimSigner:
    """Implements `chain_writer.signer.Signer`. The same fields give the same bytes, as with RFC 6979."""

    def __init__(self, address: str) -> None:
        self._address = checksummed(address)

    @property
    def address(self) -> str:
        return self._address

    def sign(self, fields: Fields) -> Signed:
        words = [fields.nonce, fields.gas_price_wei, fields.gas_limit, bytes.fromhex(fields.to[2:]), fields.value]
        signature = [EIP155_OFFSET + 2 * fields.chain_id, int(self._address, 16), 1]
        raw = rlp_of([*words, fields.data, *signature])
        return Signed(raw=raw, hash=parsed(raw).hash)


@lru_cache(TXS_REMEMBERED)
def parsed(raw: bytes) -> RawTx:
    """The tx in such bytes, with its sender; addresses are lower case. Raises what rlp raises for other bytes."""
    nonce, price, gas, to, value, data, v, r, s = rlp.decode(raw)
    assert len(to) == 20, "the simulated chain has all the contracts that it will ever have"
    tx = RawTx(
        raw=raw, type=0, chain_id=(_int(v) - EIP155_OFFSET) // 2, nonce=_int(nonce), gas_price=_int(price),
        tip=_int(price), gas=_int(gas), to="0x" + to.hex(), value=_int(value), data=bytes(data), v=_int(v), r=_int(r),
        s=_int(s), accesses=False, sender="0x" + r.rjust(20, b"\0").hex(),
    )  # fmt: skip
    assert tx.hash == "0x" + keccak(raw).hex()
    return tx


def _int(word: bytes) -> int:
    return int.from_bytes(word, "big")
