"""The calls that the house makes: one function each, values in, calldata out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec

from abis.encoding import encoder, types_of
from abis.hashing import keccak
from abis.ids import to_bytes32, token_id

SIGNATURES = {
    "register": "register(bytes32,address,bytes32,bytes32)",
    "update": "update(bytes32,uint64,address,bytes32,bytes32)",
    "setActive": "setActive(bytes32,uint64,bool,bytes32)",
    "lock": "lock(bytes32,uint64,bytes32,bytes32)",
    "unlock": "unlock(bytes32,uint64,bytes32,bytes32)",
    "createCampaign": "createCampaign(bytes32,bytes32,uint256,uint256,uint256,uint64,uint8,bytes32,bytes32)",
    "recordInvestments": "recordInvestments((bytes32,address,uint256,uint256,bytes32)[])",
    "close": "close(bool,uint256,bytes32)",
    "setPaused": "setPaused(uint64,bool,bytes32)",
    "setDeadline": "setDeadline(uint64,uint64,bytes32)",
    "issueCertificates": "issueCertificates((uint256,bytes32,address,uint256,bytes24,bytes32)[])",
    "revoke": "revoke(bytes32,uint256,bytes32,bytes32)",
    "reissue": "reissue(bytes32,uint256,address,bytes32,bytes32)",
    "approveTransfer": "approveTransfer(bytes32,uint256,address,bytes32,bytes32)",
    "recordRelease": "recordRelease(bytes32,bytes32,address,uint256,uint256,bytes32)",
    "recordRefunds": "recordRefunds((bytes32,bytes32,address,uint256,bytes32)[])",
    "deposit": "deposit(bytes32,bytes32)",
    "reclaim": "reclaim(bytes32)",
    "withdraw": "withdraw()",
    "announceEmergency": "announceEmergency(bytes32)",
    "cancelEmergency": "cancelEmergency(bytes32)",
    "setFeeWallet": "setFeeWallet(address)",
    "setBaseURI": "setBaseURI(string)",
    "anchor": "anchor(uint64,bytes32,bytes32[])",
}

FIAT, NATIVE = range(2)  # in what a campaign is paid: fiat money, mirrored, or the chain's own coin, in escrow


def selector(signature: str) -> bytes:
    """The first four bytes of a call."""
    return keccak(signature.encode("ascii"))[:4]


_SELECTORS = {name: selector(signature) for name, signature in SIGNATURES.items()}


class InvestmentMember(msgspec.Struct, frozen=True):
    """One member of recordInvestments. `entry` is the leaf hash of the entry that obliged it."""

    investment_id: UUID
    investor: str
    amount: int
    shares: int
    entry: bytes


class CertificateMember(msgspec.Struct, frozen=True):
    """One member of issueCertificates. `content_hash` is that of its document (`abis.certificates`), 24 bytes."""

    investment_id: UUID
    campaign_id: UUID
    holder: str
    shares: int
    content_hash: bytes
    entry: bytes


class RefundMember(msgspec.Struct, frozen=True):
    """One member of recordRefunds."""

    campaign_id: UUID
    investment_id: UUID
    investor: str
    amount: int
    entry: bytes


def register(*, company_id: UUID, wallet: str, documents_hash: bytes, entry: bytes) -> bytes:
    return _call("register", to_bytes32(company_id), wallet, documents_hash, entry)


def update(*, company_id: UUID, revision: int, wallet: str, documents_hash: bytes, entry: bytes) -> bytes:
    return _call("update", to_bytes32(company_id), revision, wallet, documents_hash, entry)


def set_active(*, company_id: UUID, revision: int, active: bool, entry: bytes) -> bytes:
    return _call("setActive", to_bytes32(company_id), revision, active, entry)


def lock(*, company_id: UUID, revision: int, campaign_id: UUID, entry: bytes) -> bytes:
    return _call("lock", to_bytes32(company_id), revision, to_bytes32(campaign_id), entry)


def unlock(*, company_id: UUID, revision: int, campaign_id: UUID, entry: bytes) -> bytes:
    return _call("unlock", to_bytes32(company_id), revision, to_bytes32(campaign_id), entry)


def create_campaign(
    *,
    campaign_id: UUID,
    company_id: UUID,
    funding_goal: int,
    threshold: int,
    cap: int,
    duration_s: int,
    asset: int,
    terms_hash: bytes,
    entry: bytes,
) -> bytes:
    ids = to_bytes32(campaign_id), to_bytes32(company_id)
    return _call("createCampaign", *ids, funding_goal, threshold, cap, duration_s, asset, terms_hash, entry)


def record_investments(members: Sequence[InvestmentMember]) -> bytes:
    rows = [(to_bytes32(m.investment_id), m.investor, m.amount, m.shares, m.entry) for m in members]
    return _call("recordInvestments", rows)


def close(*, successful: bool, raised: int, entry: bytes) -> bytes:
    return _call("close", successful, raised, entry)


def set_paused(*, revision: int, paused: bool, entry: bytes) -> bytes:
    return _call("setPaused", revision, paused, entry)


def set_deadline(*, revision: int, deadline_s: int, entry: bytes) -> bytes:
    """`deadline_s`: seconds since 1970."""
    return _call("setDeadline", revision, deadline_s, entry)


def issue_certificates(members: Sequence[CertificateMember]) -> bytes:
    rows = [
        (token_id(m.investment_id), to_bytes32(m.campaign_id), m.holder, m.shares, m.content_hash, m.entry)
        for m in members
    ]
    return _call("issueCertificates", rows)


def revoke_certificate(*, change_id: UUID, investment_id: UUID, evidence: bytes, entry: bytes) -> bytes:
    return _call("revoke", to_bytes32(change_id), token_id(investment_id), evidence, entry)


def reissue_certificate(*, change_id: UUID, investment_id: UUID, holder: str, evidence: bytes, entry: bytes) -> bytes:
    return _call("reissue", to_bytes32(change_id), token_id(investment_id), holder, evidence, entry)


def approve_transfer(*, change_id: UUID, investment_id: UUID, to: str, evidence: bytes, entry: bytes) -> bytes:
    return _call("approveTransfer", to_bytes32(change_id), token_id(investment_id), to, evidence, entry)


def record_release(*, campaign_id: UUID, release_id: UUID, issuer: str, amount: int, fee: int, entry: bytes) -> bytes:
    return _call("recordRelease", to_bytes32(campaign_id), to_bytes32(release_id), issuer, amount, fee, entry)


def record_refunds(members: Sequence[RefundMember]) -> bytes:
    rows = [(to_bytes32(m.campaign_id), to_bytes32(m.investment_id), m.investor, m.amount, m.entry) for m in members]
    return _call("recordRefunds", rows)


# What depositors, payees and the admin call. The house never does it for them.


def deposit(*, campaign_id: UUID, investment_id: UUID) -> bytes:
    """Payable: its value is the deposit."""
    return _call("deposit", to_bytes32(campaign_id), to_bytes32(investment_id))


def reclaim(investment_id: UUID) -> bytes:
    return _call("reclaim", to_bytes32(investment_id))


def withdraw() -> bytes:
    return _call("withdraw")


def announce_emergency(campaign_id: UUID) -> bytes:
    return _call("announceEmergency", to_bytes32(campaign_id))


def cancel_emergency(campaign_id: UUID) -> bytes:
    return _call("cancelEmergency", to_bytes32(campaign_id))


def set_fee_wallet(wallet: str) -> bytes:
    return _call("setFeeWallet", wallet)


def set_base_uri(base: str) -> bytes:
    """Where the documents of certificates are served: token URIs begin with it."""
    return _call("setBaseURI", base)


def anchor(*, size: int, root: bytes, proof: Sequence[bytes]) -> bytes:
    """`proof` is RFC 6962's consistency proof from the tree anchored last; the first anchor has none."""
    return _call("anchor", size, root, list(proof))


_ENCODERS = {name: encoder(types_of(signature)) for name, signature in SIGNATURES.items()}


def _call(name: str, *values: Any) -> bytes:
    return _SELECTORS[name] + _ENCODERS[name](values)
