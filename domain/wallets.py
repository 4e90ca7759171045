"""Proof that a person holds a wallet: a challenge in words, its two signed forms, and who signed. Pure.

eth-account is loaded when the first signature comes: it takes half a second, which every start would pay.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

import msgspec

from domain.errors import Refusal

if TYPE_CHECKING:
    from eth_account.messages import SignableMessage

SIGNATURE_CHARS = 132  # 0x and 65 bytes
SCHEMES = frozenset({"eip191", "eip712"})
RECOVERY = frozenset({0, 1, 27, 28})  # a signature's last byte; those of EIP-155 are for transactions
CHALLENGE_S = 600  # a signed message is good for so long; the platform replaced had five minutes and no nonce


class Challenge(msgspec.Struct, frozen=True, kw_only=True):
    """What a wallet must sign: for whom, at which place, on which chain, once, and until when."""

    wallet: str
    nonce: str
    domain: str
    chain_id: int
    expires_at: datetime


def statement(investor_id: UUID, challenge: Challenge) -> str:
    """The text to sign by EIP-191 (personal_sign), in the manner of EIP-4361 but for a binding, not for a login."""
    return (
        f"{challenge.domain} asks you to bind this wallet to your investor account.\n\n"
        f"Investor: {investor_id}\n"
        f"Wallet: {challenge.wallet}\n"
        f"Chain ID: {challenge.chain_id}\n"
        f"Nonce: {challenge.nonce}\n"
        f"Expires: {challenge.expires_at.isoformat()}"
    )


def typed_data(investor_id: UUID, challenge: Challenge) -> dict[str, Any]:
    """The same as typed data of EIP-712."""
    return {
        "types": {
            "EIP712Domain": [
                {"name": "name", "type": "string"},
                {"name": "version", "type": "string"},
                {"name": "chainId", "type": "uint256"},
            ],
            "WalletBinding": [
                {"name": "investor", "type": "string"},
                {"name": "wallet", "type": "address"},
                {"name": "nonce", "type": "string"},
                {"name": "expires", "type": "string"},
            ],
        },
        "primaryType": "WalletBinding",
        "domain": {"name": challenge.domain, "version": "1", "chainId": challenge.chain_id},
        "message": {
            "investor": str(investor_id),
            "wallet": challenge.wallet,
            "nonce": challenge.nonce,
            "expires": challenge.expires_at.isoformat(),
        },
    }


def check_signed(investor_id: UUID, challenge: Challenge, *, scheme: str, signature: str) -> None:
    """Refuse a signature that is not the challenged wallet's over exactly this challenge."""
    if scheme not in SCHEMES:
        raise Refusal("unknown-value", f"scheme must be one of {', '.join(sorted(SCHEMES))}", field="scheme")
    signer = _signer(_message(investor_id, challenge, scheme), signature)
    if signer is None or signer.lower() != challenge.wallet.lower():
        raise Refusal("signature-not-acceptable", "the wallet did not sign this challenge", field="signature")


def _message(investor_id: UUID, challenge: Challenge, scheme: str) -> SignableMessage:
    from eth_account.messages import encode_defunct, encode_typed_data

    if scheme == "eip191":
        return encode_defunct(text=statement(investor_id, challenge))
    return encode_typed_data(full_message=typed_data(investor_id, challenge))


def _signer(message: SignableMessage, signature: str) -> str | None:
    """Who signed; None for bytes that are nobody's signature."""
    if len(signature) != SIGNATURE_CHARS or not signature.startswith("0x"):
        return None
    from eth_account import Account

    try:
        raw = bytes.fromhex(signature[2:])
        return str(Account.recover_message(message, signature=raw)) if raw[-1] in RECOVERY else None
    except Exception:  # noqa: BLE001  # the library's own classes for a malformed signature are many
        return None
