"""What a contract keeps of a call, and under which word: computed here as the contracts compute it. Pure."""

from __future__ import annotations

from typing import assert_never
from uuid import UUID

from abis import revision_key, to_bytes32, token_id
from abis.calls import NATIVE
from abis.certificates import HASH_BYTES
from abis.hashing import checksummed, keccak
from chain_writer.intents import (
    ApproveTransfer,
    Call,
    Change,
    CloseCampaign,
    CreateCampaign,
    IssueCertificate,
    Kind,
    LockExclusivity,
    RecordInvestment,
    RecordRefund,
    RecordRelease,
    Register,
    ReissueCertificate,
    Revision,
    RevokeCertificate,
    SetActive,
    SetDeadline,
    SetPaused,
    UnlockExclusivity,
    UpdateIssuer,
)

UINT256_LIMIT = 1 << 256
UINT128_LIMIT = 1 << 128
UINT64_LIMIT = 1 << 64
NOBODY = "0x" + "0" * 40
REVOCATION, REISSUE, TRANSFER_APPROVAL = range(1, 4)  # what a change is, in the certificate contract's digests


def natural_key(kind: Kind, key: UUID, *, revision: int | None = None) -> bytes:
    """The word under which the contract records an effect: a token id stands on the right of it, other ids left.

    What may come again for one subject has a key of its own for each revision.
    """
    if revision is not None:
        return revision_key(key, revision)
    return key.int.to_bytes(32, "big") if kind is Kind.ISSUE_CERTIFICATE else to_bytes32(key)


def digest_of(call: Call) -> bytes:
    """What the contract's `digestOf` holds once this call is recorded: Keccak of the ABI encoding of its content.

    An investment's is the left half of that, then its amount in 128 bits: the campaign finds the amount there again.
    Raises ValueError if a value of the call does not fit its Solidity type, so that it cannot be called at all.
    """
    words: tuple[bytes, ...]
    match call:
        case Register():
            words = _address(call.wallet), _hash(call.documents_hash)
        case CreateCampaign():
            money = _uint(call.funding_goal), _uint(call.threshold), _uint(call.cap)
            others = _uint(call.duration_s, limit=UINT64_LIMIT), _uint(call.asset, limit=NATIVE + 1)
            words = (to_bytes32(call.company_id), *money, *others, _hash(call.terms_hash))
        case RecordInvestment():
            words = _address(call.investor), _uint(call.amount, limit=UINT128_LIMIT), _uint(call.shares)
            return keccak(b"".join(words))[:16] + call.amount.to_bytes(16, "big")
        case CloseCampaign():
            words = _uint(int(call.successful)), _uint(call.raised)
        case IssueCertificate():
            words = _words_of_certificate(call)
        case RecordRelease():
            words = to_bytes32(call.campaign_id), _address(call.issuer), _uint(call.amount), _uint(call.fee)
        case RecordRefund():
            words = to_bytes32(call.campaign_id), _address(call.investor), _uint(call.amount)
        case RevokeCertificate() | ReissueCertificate() | ApproveTransfer():
            words = _words_of_change(call)
        case _ if isinstance(call, Revision):
            words = _words_of_revision(call)
        case _:
            assert_never(call)
    return keccak(b"".join(words))


def _words_of_certificate(call: IssueCertificate) -> tuple[bytes, ...]:
    """Its shares stand in one word with the hash of its document, in 64 bits."""
    shares, content = _uint(call.shares, limit=UINT64_LIMIT), bytes.fromhex(call.content_hash)
    return to_bytes32(call.campaign_id), _address(call.holder), shares, content + bytes(32 - HASH_BYTES)


def _words_of_change(call: Change) -> tuple[bytes, ...]:
    match call:
        case RevokeCertificate():
            holder, kind = NOBODY, REVOCATION
        case ReissueCertificate():
            holder, kind = call.holder, REISSUE
        case ApproveTransfer():
            holder, kind = call.receiver, TRANSFER_APPROVAL
    return _uint(token_id(call.investment_id)), _address(holder), _hash(call.evidence), _uint(kind)


def _words_of_revision(call: Revision) -> tuple[bytes, ...]:
    """What a change is, then what it says. The registry and the campaigns count their kinds each for themselves."""
    match call:
        case UpdateIssuer():
            return _uint(1), _address(call.wallet), _hash(call.documents_hash)
        case SetActive():
            return _uint(2), _uint(int(call.active))
        case LockExclusivity():
            return _uint(3), to_bytes32(call.campaign_id)
        case UnlockExclusivity():
            return _uint(4), to_bytes32(call.campaign_id)
        case SetPaused():
            return _uint(1), _uint(int(call.paused))
        case SetDeadline():
            return _uint(2), _uint(call.deadline_s, limit=UINT64_LIMIT)


def _address(text: str) -> bytes:
    address = bytes.fromhex(checksummed(text)[2:])
    return bytes(12) + address


def _hash(text: str) -> bytes:
    word = bytes.fromhex(text)
    if len(word) != 32:
        raise ValueError(f"{text!r} is not a hash of 32 bytes")
    return word


def _uint(number: int, *, limit: int = UINT256_LIMIT) -> bytes:
    if not 0 <= number < limit:
        raise ValueError(f"{number} does not fit an unsigned integer below {limit:#x}")
    return number.to_bytes(32, "big")
