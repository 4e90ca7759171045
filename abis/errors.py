"""Why a call reverted, in words: Solidity's own errors and the custom ones of our contracts."""

from __future__ import annotations

from functools import cache

import msgspec
from eth_abi.abi import decode as decode_values
from eth_abi.exceptions import DecodingError

from abis.artifacts import abi_of
from abis.calls import selector
from abis.generation import CONTRACTS

PANICS = {0x01: "assertion", 0x11: "arithmetic overflow", 0x12: "division by zero", 0x32: "index out of range"}


class Revert(msgspec.Struct, frozen=True):
    """`code` is the error's name, `text` says it with its arguments. `custom`: a rule of a contract of ours spoke."""

    code: str
    text: str
    custom: bool


def decode_revert(data: bytes) -> Revert:
    """Total: what cannot be decoded is given as hex."""
    if not data:
        return Revert("reverted", "reverted without a reason", custom=False)
    name, types = _errors().get(data[:4], ("", []))
    try:
        values = decode_values(types, data[4:]) if name else ()
    except (DecodingError, ValueError, OverflowError):  # the last two: text that is no UTF-8, lengths beyond reason
        name = ""
    if not name:
        return Revert("unknown-error", f"reverted with unknown data 0x{data[:68].hex()}", custom=False)
    if name == "Error":
        return Revert("reverted", str(values[0]), custom=False)
    if name == "Panic":
        return Revert("panic", PANICS.get(int(values[0]), f"panic {values[0]:#x}"), custom=False)
    shown = ", ".join(f"0x{value.hex()}" if isinstance(value, bytes) else str(value) for value in values)
    return Revert(name, f"{name}({shown})", custom=True)


@cache
def _errors() -> dict[bytes, tuple[str, list[str]]]:
    known = {selector("Error(string)"): ("Error", ["string"]), selector("Panic(uint256)"): ("Panic", ["uint256"])}
    for contract in CONTRACTS:
        for item in abi_of(contract):
            if item["type"] == "error":
                types = [argument["type"] for argument in item["inputs"]]
                known[selector(f"{item['name']}({','.join(types)})")] = (item["name"], types)
    return known
