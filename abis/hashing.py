"""Keccak-256 and the address forms that follow from it."""

from __future__ import annotations

from functools import lru_cache

from eth_hash.auto import keccak as _keccak


def keccak(data: bytes) -> bytes:
    """Ethereum's Keccak-256."""
    digest: bytes = _keccak(data)
    return digest


@lru_cache(maxsize=65_536)
def checksummed(address: str) -> str:
    """An address in EIP-55's mixed case. Raises ValueError if it is not 20 bytes of hex."""
    plain = address.lower().removeprefix("0x")
    if len(plain) != 40 or set(plain) - set("0123456789abcdef"):
        raise ValueError(f"{address!r} is not an address: 0x and 40 hex digits")
    digest = keccak(plain.encode("ascii")).hex()
    return "0x" + "".join(c.upper() if int(d, 16) > 7 else c for c, d in zip(plain, digest, strict=False))
