"""Deciders about who an investor is: registration, KYC, wallet, erasure. None: it is so already."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from domain.errors import Refusal
from domain.eyes import check_other_eyes
from domain.investor.events import (
    InvestorErased,
    InvestorRegistered,
    KycApproved,
    KycExpired,
    KycRejected,
    KycSubmitted,
    WalletBound,
    WalletChallenged,
)
from domain.investor.state import KYC_LEVELS, Investor
from domain.journal.entries import Actor, Event
from domain.values import check_digest, check_later, check_over, check_text, check_wallet
from domain.wallets import CHALLENGE_S, Challenge, check_signed


def register(*, investor_id: UUID, reference: str, by: Actor) -> Event:
    """Decide on a new investor. `reference` is the client's own opaque name for the person, never personal data."""
    check_text(reference, name="reference")
    return InvestorRegistered(investor_id=investor_id, reference=reference, owner=by.id)


def challenge_wallet(
    investor: Investor, *, wallet: str, nonce: str, domain: str, chain_id: int, now: datetime, by: Actor
) -> Event:
    """Ask a wallet to sign: for this investor, at this place, on this chain, once."""
    investor.check_owned(by)
    investor.check_there()
    check_wallet(wallet)
    if nonce in investor.used_nonces:
        raise Refusal("challenge-used", "this challenge was answered before: ask for another", field="nonce")
    challenge = Challenge(
        wallet=wallet,
        nonce=nonce,
        domain=domain,
        chain_id=chain_id,
        expires_at=now + timedelta(seconds=CHALLENGE_S),
    )
    return WalletChallenged(challenge=challenge)


def bind_wallet(investor: Investor, *, nonce: str, scheme: str, signature: str, now: datetime, by: Actor) -> Event:
    """Bind the wallet that signed the challenge (EIP-191 or EIP-712). A challenge is good once, and not for long."""
    investor.check_owned(by)
    investor.check_there()
    if nonce in investor.used_nonces:
        raise Refusal("challenge-used", "this challenge was answered before: ask for another", field="nonce")
    challenge = investor.challenge
    if challenge is None or challenge.nonce != nonce:
        raise Refusal("not-requested", "there is no such challenge: ask for one first", field="nonce")
    if now >= challenge.expires_at:
        raise Refusal("challenge-expired", "the challenge has expired: ask for another", field="nonce")
    check_signed(investor.id, challenge, scheme=scheme, signature=signature)
    return WalletBound(
        wallet=challenge.wallet, nonce=nonce, scheme=scheme, signature=signature, previous=investor.wallet
    )


def submit_kyc(investor: Investor, *, evidence: str, by: Actor) -> Event:
    investor.check_owned(by)
    investor.check_there()
    check_digest(evidence, name="evidence")
    if investor.kyc == "submitted":
        raise Refusal("already-requested", "the KYC waits for a decision already")
    return KycSubmitted(evidence=evidence)


def approve_kyc(
    investor: Investor, *, level: str, valid_until: datetime | None, now: datetime, by: Actor
) -> Event | None:
    """None if this level is approved already until then. Four eyes: not by the investor."""
    investor.check_there()
    if level not in KYC_LEVELS:
        raise Refusal("unknown-value", f"level must be one of {', '.join(sorted(KYC_LEVELS))}", field="level")
    check_other_eyes(by, investor.owner)
    check_later(valid_until, than=now, name="valid_until")
    if (investor.kyc, investor.level, investor.kyc_until) == ("approved", level, valid_until):
        return None
    return KycApproved(level=level, valid_until=valid_until)


def reject_kyc(investor: Investor, *, reason: str, by: Actor) -> Event | None:
    """Also takes back what was approved before."""
    check_other_eyes(by, investor.owner)
    check_text(reason, name="reason")
    return None if investor.kyc == "rejected" else KycRejected(reason=reason)


def expire_kyc(investor: Investor, *, now: datetime) -> Event | None:
    """The scheduler's word that the approval's time is over; None if it is not approved any more."""
    if investor.kyc != "approved":
        return None
    return KycExpired(valid_until=check_over(investor.kyc_until, now=now, what="the KYC"))


def erase(investor: Investor, *, reason: str, by: Actor) -> Event | None:
    """Destroy the person's key. What they hold or are owed stays: it is under the opaque id and the wallet."""
    check_other_eyes(by, investor.owner)
    check_text(reason, name="reason")
    return None if investor.erased else InvestorErased(reason=reason)
