"""Keccak-256 and EIP-55, by the vectors that their authors published."""

from __future__ import annotations

import pytest

from abis.hashing import checksummed, keccak


@pytest.mark.parametrize(
    ("data", "digest"),
    [
        (b"", "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"),
        (b"abc", "4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45"),
    ],
)
def test_keccak_is_ethereums_not_nists(data: bytes, digest: str) -> None:
    assert keccak(data).hex() == digest


@pytest.mark.parametrize(
    "address",
    [
        "0x52908400098527886E0F7030069857D2E4169EE7",
        "0x8617E340B3D01FA5F11F306F4090FD50E238070D",
        "0xde709f2102306220921060314715629080e2fb77",
        "0x27b1fdb04752bbc536007a920d24acb045561c26",
        "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
        "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
        "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB",
        "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb",
    ],
)
def test_an_address_is_written_as_eip_55_says(address: str) -> None:
    assert checksummed(address) == checksummed(address.lower()) == checksummed(address[2:].upper()) == address


@pytest.mark.parametrize("address", ["", "0x", "0x" + "a" * 39, "0x" + "a" * 41, "0x" + "g" * 40, "0x0x" + "a" * 38])
def test_what_is_not_twenty_bytes_of_hex_is_no_address(address: str) -> None:
    with pytest.raises(ValueError, match="is not an address"):
        checksummed(address)
