"""Wallets whose keys the tests have: an investor's wallet is bound by its signature, so somebody must sign."""

from __future__ import annotations

from hashlib import sha256
from uuid import UUID

from eth_account import Account
from eth_account.messages import encode_defunct, encode_typed_data

from domain.wallets import Challenge, statement, typed_data


def key_of(name: str) -> str:
    """The private key of a name's wallet."""
    return "0x" + sha256(f"wallet of {name}".encode()).hexdigest()


def wallet_of(name: str) -> str:
    address: str = Account.from_key(key_of(name)).address
    return address


def signed(investor_id: UUID, challenge: Challenge, *, key: str, scheme: str = "eip191") -> str:
    """The signature of a challenge in one of its two forms, 0x and 130 hex digits."""
    if scheme == "eip191":
        message = encode_defunct(text=statement(investor_id, challenge))
    else:
        message = encode_typed_data(full_message=typed_data(investor_id, challenge))
    return "0x" + Account.sign_message(message, key).signature.hex().removeprefix("0x")
