"""A signed tx as its bytes say it, and what Edge's pool holds against it before it looks at the account."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import msgspec
import rlp  # type: ignore[import-untyped]
from eth_account import Account

from abis.hashing import checksummed, keccak
from tests.support.edge.dialect import INITCODE_BYTES_MAX, SLOT_BYTES, TX_BYTES_MAX, Dialect
from tests.support.edge.wire import Failure, handler_failed

TX_GAS, CREATE_GAS, ZERO_BYTE_GAS, OTHER_BYTE_GAS = 21_000, 32_000, 4, 16  # Istanbul
HALF_ORDER = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0
LEGACY_FIELDS, DYNAMIC_FIELDS = 9, 12
FIRST_TYPED_BYTE_MAX = 0x7F
STATE_TX = 0x7F


def rlp_of(item: Any) -> bytes:
    encoded: bytes = rlp.encode(item)
    return encoded


class RawTx(msgspec.Struct, dict=True, kw_only=True):
    """`gas_price` is the cap of a dynamic tx. `chain_id` is None for a legacy tx that could be replayed anywhere."""

    raw: bytes
    type: int
    chain_id: int | None
    nonce: int
    gas_price: int
    tip: int
    gas: int
    to: str | None
    value: int
    data: bytes
    v: int
    r: int
    s: int
    accesses: bool
    sender: str = ""

    @cached_property
    def hash(self) -> str:
        return "0x" + keccak(self.raw).hex()

    @property
    def slots(self) -> int:
        return -(-len(self.raw) // SLOT_BYTES)

    @property
    def cost(self) -> int:
        return self.gas * self.gas_price + self.value

    @property
    def intrinsic_gas(self) -> int:
        zeros = self.data.count(0)
        rest = len(self.data) - zeros
        return TX_GAS + (CREATE_GAS if self.to is None else 0) + zeros * ZERO_BYTE_GAS + rest * OTHER_BYTE_GAS

    @property
    def creates(self) -> str | None:
        """The address of the contract that it would create."""
        if self.to is not None:
            return None
        made = keccak(rlp_of([bytes.fromhex(self.sender[2:]), self.nonce]))[12:]
        return checksummed(made.hex())


def read_tx(raw_hex: Any) -> RawTx | Failure:
    """The tx in the bytes. Hex that cannot be read counts as no bytes, as everywhere in Edge."""
    try:
        raw = bytes.fromhex(raw_hex.removeprefix("0x"))
    except (AttributeError, ValueError):
        raw = b""
    if not raw:
        return handler_failed("cannot parse RLP: cannot parse empty string")
    kind = raw[0] if raw[0] <= FIRST_TYPED_BYTE_MAX else 0
    if kind == STATE_TX:
        text = "invalid tx type: type 127 rejected, state transactions are not expected to be added to the pool"
        return handler_failed(text)
    if kind not in (0, 2):
        return handler_failed(f"unknown transaction type: {kind}")
    try:
        items = rlp.decode(raw[1:] if kind else raw)
    except (rlp.exceptions.RLPException, ValueError):
        return handler_failed("cannot parse RLP: malformed")
    expected = DYNAMIC_FIELDS if kind else LEGACY_FIELDS
    if not isinstance(items, list) or len(items) != expected:
        found = len(items) if isinstance(items, list) else 0
        return handler_failed(f"incorrect number of transaction elements, expected {expected} but found {found}")
    return _signed(_dynamic(raw, items) if kind else _legacy(raw, items))


def _signed(tx: RawTx) -> RawTx | Failure:
    if tx.s > HALF_ORDER:
        return handler_failed("cannot extract signature")
    try:
        tx.sender = Account.recover_transaction(tx.raw)
    except Exception:  # noqa: BLE001  # the library raises what its parts raise; here all of it means one thing
        return handler_failed("cannot extract signature")
    return tx


def _number(item: Any) -> int:
    return int.from_bytes(item, "big")


def _to(item: bytes) -> str | None:
    return checksummed(item.hex()) if item else None


def _legacy(raw: bytes, items: list[bytes]) -> RawTx:
    nonce, price, gas, to, value, data, v, r, s = items
    protected = _number(v) >= 35  # EIP-155
    return RawTx(
        raw=raw, type=0, chain_id=(_number(v) - 35) // 2 if protected else None, nonce=_number(nonce),
        gas_price=_number(price), tip=_number(price), gas=_number(gas), to=_to(to), value=_number(value), data=data,
        v=_number(v), r=_number(r), s=_number(s), accesses=False,
    )  # fmt: skip


def _dynamic(raw: bytes, items: list[Any]) -> RawTx:
    chain_id, nonce, tip, cap, gas, to, value, data, accesses, v, r, s = items
    return RawTx(
        raw=raw, type=2, chain_id=_number(chain_id), nonce=_number(nonce), gas_price=_number(cap), tip=_number(tip),
        gas=_number(gas), to=_to(to), value=_number(value), data=data, v=_number(v), r=_number(r), s=_number(s),
        accesses=bool(accesses),
    )  # fmt: skip


def refused_at_sight(tx: RawTx, *, chain_id: int, dialect: Dialect) -> Failure | None:
    """What is wrong with a tx whoever sent it. A dynamic tx of another chain, or with an access list, is taken for
    one of another sender, who has no money; a legacy one cannot be recovered at all.
    """
    text = None
    if dialect.pool and len(tx.raw) > TX_BYTES_MAX:
        text = "oversized data"
    elif tx.type == 0 and tx.chain_id not in (None, chain_id):
        text = "cannot extract signature"
    elif dialect.pool and tx.to is None and len(tx.data) > INITCODE_BYTES_MAX:
        text = "max code size exceeded"
    elif tx.type and not dialect.london:
        text = "transaction type not supported: type 2 rejected, london hardfork is not enabled"
    elif tx.type and (tx.chain_id != chain_id or tx.accesses):
        text = "insufficient funds for gas * price + value"
    elif tx.type and tx.tip > tx.gas_price:
        text = "max priority fee per gas higher than max fee per gas"
    elif dialect.pool and tx.gas_price < dialect.price_limit_wei:
        text = "transaction underpriced"
    return handler_failed(text) if text else None
