"""The compiled contracts as they are committed."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

import msgspec


@cache
def artifact(contract: str) -> dict[str, Any]:
    """`abi`, `bytecode` and `deployed_bytecode` (hex) of a contract. Raises FileNotFoundError for an unknown one."""
    loaded: dict[str, Any] = msgspec.json.decode(files("abis").joinpath(f"artifacts/{contract}.json").read_bytes())
    return loaded


def abi_of(contract: str) -> list[dict[str, Any]]:
    abi: list[dict[str, Any]] = artifact(contract)["abi"]
    return abi


def bytecode_of(contract: str) -> bytes:
    """The creation code, without constructor arguments."""
    return bytes.fromhex(artifact(contract)["bytecode"])
