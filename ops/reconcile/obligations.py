"""What each entry obliges the chain to hold: the contract, the key, the digest under it, and the log that says so."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

import msgspec

from abis import Generation, Log, campaign_address, revision_key, to_bytes32, token_id
from abis import logs as on_chain
from abis.calls import FIAT, NATIVE
from abis.certificates import HASH_BYTES, content_hash_of
from abis.hashing import checksummed, keccak
from domain.campaign import (
    CampaignApproved,
    CampaignClosed,
    CampaignPaused,
    CampaignResumed,
    ChangeApproved,
    ReleaseApproved,
)
from domain.company import (
    CompanyReinstated,
    CompanySuspended,
    ExclusivityLocked,
    ExclusivityReleased,
    KybApproved,
    KybRenewed,
    WalletRotated,
)
from domain.investment import (
    CertificateReissued,
    CertificateRevoked,
    InvestmentFunded,
    RefundOrdered,
    SharesAllotted,
    TransferApproved,
)
from domain.journal import Entry, Event
from domain.values import WEI

NOBODY = "0x" + "0" * 40
UNKNOWN_DEADLINE = 0  # the chain sets it; the journal learns it from the log


class Obligation(msgspec.Struct, frozen=True, kw_only=True):
    """A write that an entry obliges. `log` is what the chain must have said, `digest` what it must keep under `key`.

    `permits` is what the chain may say later, by somebody else's hand: the holder's, of a transfer that was approved.
    `withdraws`: a refund before the closing, by which the campaign has raised less.
    """

    position: int
    stream: UUID
    campaign_id: UUID | None
    subject: str
    contract: str
    address: str
    key: bytes
    digest: bytes
    log: Log
    permits: Log | None = None
    withdraws: bool = False


def obligation_of(entry: Entry, generation: Generation) -> Obligation | None:
    """What an entry obliges; None for the many that oblige nothing."""
    make = _MAKERS.get(type(entry.event))
    return make(entry, entry.event, generation) if make is not None else None


def _registration(entry: Entry, event: KybApproved, generation: Generation) -> Obligation:
    documents_hash = bytes.fromhex(event.documents_hash)
    return Obligation(
        position=entry.position,
        stream=entry.stream,
        campaign_id=None,
        subject="company",
        contract="IssuerRegistry",
        address=generation.addresses["IssuerRegistry"],
        key=to_bytes32(entry.stream),
        digest=_digest(event.wallet, documents_hash),
        log=on_chain.IssuerRegistered(
            company_id=to_bytes32(entry.stream),
            entry=entry.leaf,
            wallet=checksummed(event.wallet),
            documents_hash=documents_hash,
        ),
    )


def _update(entry: Entry, event: KybRenewed | WalletRotated, generation: Generation) -> Obligation | None:
    if isinstance(event, WalletRotated) and not event.registered:
        return None
    wallet, documents_hash = checksummed(event.wallet), bytes.fromhex(event.documents_hash)
    log = on_chain.IssuerUpdated(
        company_id=to_bytes32(entry.stream), wallet=wallet, documents_hash=documents_hash, **_revised(entry)
    )
    return _of_company(entry, generation, _digest(1, wallet, documents_hash), log)


def _activity(entry: Entry, event: CompanySuspended | CompanyReinstated, generation: Generation) -> Obligation:
    active = isinstance(event, CompanyReinstated)
    log = on_chain.IssuerActiveSet(company_id=to_bytes32(entry.stream), active=active, **_revised(entry))
    return _of_company(entry, generation, _digest(2, int(active)), log)


def _lock(entry: Entry, event: ExclusivityLocked | ExclusivityReleased, generation: Generation) -> Obligation:
    campaign, is_lock = to_bytes32(event.campaign_id), isinstance(event, ExclusivityLocked)
    make = on_chain.ExclusivityLocked if is_lock else on_chain.ExclusivityReleased
    log = make(company_id=to_bytes32(entry.stream), campaign_id=campaign, **_revised(entry))
    return _of_company(entry, generation, _digest(3 if is_lock else 4, campaign), log)


def _pause(entry: Entry, event: CampaignPaused | CampaignResumed, generation: Generation) -> Obligation:
    paused = isinstance(event, CampaignPaused)
    log = on_chain.PausedSet(campaign_id=to_bytes32(entry.stream), paused=paused, **_revised(entry))
    return _of_campaign(entry, generation, _digest(1, int(paused)), log)


def _deadline(entry: Entry, event: ChangeApproved, generation: Generation) -> Obligation | None:
    deadline = event.new_deadline_s
    if deadline is None:
        return None
    log = on_chain.DeadlineSet(campaign_id=to_bytes32(entry.stream), deadline=deadline, **_revised(entry))
    return _of_campaign(entry, generation, _digest(2, deadline), log)


def _revised(entry: Entry) -> dict[str, Any]:
    """What the logs say of everything that may come again: its entry, and its version as the revision."""
    return {"entry": entry.leaf, "revision": entry.version}


def _of_company(entry: Entry, generation: Generation, digest: bytes, log: Log) -> Obligation:
    return Obligation(
        position=entry.position,
        stream=entry.stream,
        campaign_id=None,
        subject="company",
        contract="IssuerRegistry",
        address=generation.addresses["IssuerRegistry"],
        key=revision_key(entry.stream, entry.version),
        digest=digest,
        log=log,
    )


def _of_campaign(entry: Entry, generation: Generation, digest: bytes, log: Log) -> Obligation:
    return Obligation(
        position=entry.position,
        stream=entry.stream,
        campaign_id=entry.stream,
        subject="campaign",
        contract="CampaignImplementation",
        address=campaign_address(generation, entry.stream),
        key=revision_key(entry.stream, entry.version),
        digest=digest,
        log=log,
    )


def _deployment(entry: Entry, event: CampaignApproved, generation: Generation) -> Obligation:
    company, terms, terms_hash = to_bytes32(event.company_id), event.terms, bytes.fromhex(event.terms_hash)
    asset = NATIVE if terms.currency == WEI else FIAT
    money = terms.funding_goal, terms.threshold, terms.cap
    return Obligation(
        position=entry.position,
        stream=entry.stream,
        campaign_id=entry.stream,
        subject="campaign",
        contract="CampaignFactory",
        address=generation.addresses["CampaignFactory"],
        key=to_bytes32(entry.stream),
        digest=_digest(company, *money, terms.duration_s, asset, terms_hash),
        log=on_chain.CampaignCreated(
            campaign_id=to_bytes32(entry.stream),
            entry=entry.leaf,
            campaign=campaign_address(generation, entry.stream),
            company_id=company,
            funding_goal=terms.funding_goal,
            threshold=terms.threshold,
            cap=terms.cap,
            deadline=UNKNOWN_DEADLINE,
            asset=asset,
            terms_hash=terms_hash,
        ),
    )


def _recording(entry: Entry, event: InvestmentFunded, generation: Generation) -> Obligation:
    return Obligation(
        position=entry.position,
        stream=entry.stream,
        campaign_id=event.campaign_id,
        subject="investment",
        contract="CampaignImplementation",
        address=campaign_address(generation, event.campaign_id),
        key=to_bytes32(entry.stream),
        digest=_digest(event.wallet, event.amount, event.shares)[:16] + event.amount.to_bytes(16, "big"),
        log=on_chain.InvestmentRecorded(
            investment_id=to_bytes32(entry.stream),
            entry=entry.leaf,
            investor=checksummed(event.wallet),
            amount=event.amount,
            shares=event.shares,
        ),
    )


def _closing(entry: Entry, event: CampaignClosed, generation: Generation) -> Obligation:
    successful = event.outcome == "successful"
    return Obligation(
        position=entry.position,
        stream=entry.stream,
        campaign_id=entry.stream,
        subject="campaign",
        contract="CampaignImplementation",
        address=campaign_address(generation, entry.stream),
        key=to_bytes32(entry.stream),
        digest=_digest(int(successful), event.raised),
        log=on_chain.CampaignClosed(
            campaign_id=to_bytes32(entry.stream), entry=entry.leaf, successful=successful, raised=event.raised
        ),
    )


def _certificate(entry: Entry, event: SharesAllotted, generation: Generation) -> Obligation:
    campaign = to_bytes32(event.campaign_id)
    content_hash = content_hash_of(
        investment_id=entry.stream, campaign_id=event.campaign_id, shares=event.shares, entry=entry.leaf
    )
    return Obligation(
        position=entry.position,
        stream=entry.stream,
        campaign_id=event.campaign_id,
        subject="investment",
        contract="NFTShareCertificate",
        address=generation.addresses["NFTShareCertificate"],
        key=_word(token_id(entry.stream)),
        digest=_digest(campaign, event.wallet, event.shares, content_hash + bytes(32 - HASH_BYTES)),
        log=on_chain.CertificateIssued(
            token_id=token_id(entry.stream),
            entry=entry.leaf,
            campaign_id=campaign,
            holder=checksummed(event.wallet),
            shares=event.shares,
            content_hash=content_hash,
        ),
    )


def _release(entry: Entry, event: ReleaseApproved, generation: Generation) -> Obligation:
    release = to_bytes32(event.release_id)
    return Obligation(
        position=entry.position,
        stream=entry.stream,
        campaign_id=entry.stream,
        subject="campaign",
        contract="FundEscrow",
        address=generation.addresses["FundEscrow"],
        key=release,
        digest=_digest(to_bytes32(entry.stream), event.wallet, event.amount, event.fee),
        log=on_chain.ReleaseRecorded(
            release_id=release,
            entry=entry.leaf,
            campaign_id=to_bytes32(entry.stream),
            issuer=checksummed(event.wallet),
            amount=event.amount,
            fee=event.fee,
        ),
    )


def _refund(entry: Entry, event: RefundOrdered, generation: Generation) -> Obligation:
    campaign = to_bytes32(event.campaign_id)
    return Obligation(
        position=entry.position,
        stream=entry.stream,
        campaign_id=event.campaign_id,
        subject="investment",
        contract="FundEscrow",
        address=generation.addresses["FundEscrow"],
        key=to_bytes32(entry.stream),
        digest=_digest(campaign, event.wallet, event.amount),
        log=on_chain.RefundRecorded(
            investment_id=to_bytes32(entry.stream),
            entry=entry.leaf,
            campaign_id=campaign,
            investor=checksummed(event.wallet),
            amount=event.amount,
        ),
        withdraws=event.live,
    )


def _revocation(entry: Entry, event: CertificateRevoked, generation: Generation) -> Obligation:
    log = on_chain.CertificateRevoked(**_change(entry, event), holder=checksummed(event.wallet))
    return _of_change(entry, event, generation, holder=NOBODY, kind=1, log=log)


def _reissue(entry: Entry, event: CertificateReissued, generation: Generation) -> Obligation:
    previous, holder = checksummed(event.previous_wallet), checksummed(event.wallet)
    log = on_chain.CertificateReissued(**_change(entry, event), previous=previous, holder=holder)
    return _of_change(entry, event, generation, holder=holder, kind=2, log=log)


def _approval(entry: Entry, event: TransferApproved, generation: Generation) -> Obligation:
    holder, receiver = checksummed(event.wallet), checksummed(event.new_wallet)
    said = _change(entry, event)
    log = on_chain.TransferApproved(**said, holder=holder, receiver=receiver)
    obligation = _of_change(entry, event, generation, holder=receiver, kind=3, log=log)
    del said["evidence"]
    transfer = on_chain.CertificateTransferred(**said, sender=holder, receiver=receiver)
    return msgspec.structs.replace(obligation, permits=transfer)


Change = CertificateRevoked | CertificateReissued | TransferApproved


def _change(entry: Entry, event: Change) -> dict[str, Any]:
    """What the logs of all changes of a certificate say."""
    return {
        "change_id": to_bytes32(event.change_id),
        "entry": entry.leaf,
        "token_id": token_id(entry.stream),
        "evidence": bytes.fromhex(event.evidence),
    }


def _of_change(entry: Entry, event: Change, generation: Generation, *, holder: str, kind: int, log: Log) -> Obligation:
    return Obligation(
        position=entry.position,
        stream=entry.stream,
        campaign_id=event.campaign_id,
        subject="investment",
        contract="NFTShareCertificate",
        address=generation.addresses["NFTShareCertificate"],
        key=to_bytes32(event.change_id),
        digest=_digest(token_id(entry.stream), holder, bytes.fromhex(event.evidence), kind),
        log=log,
    )


_MAKERS: dict[type[Event], Callable[[Entry, Any, Generation], Obligation | None]] = {
    KybApproved: _registration,
    KybRenewed: _update,
    WalletRotated: _update,
    CompanySuspended: _activity,
    CompanyReinstated: _activity,
    ExclusivityLocked: _lock,
    ExclusivityReleased: _lock,
    CampaignPaused: _pause,
    CampaignResumed: _pause,
    ChangeApproved: _deadline,
    CampaignApproved: _deployment,
    InvestmentFunded: _recording,
    CampaignClosed: _closing,
    SharesAllotted: _certificate,
    ReleaseApproved: _release,
    RefundOrdered: _refund,
    CertificateRevoked: _revocation,
    CertificateReissued: _reissue,
    TransferApproved: _approval,
}


def _digest(*values: bytes | str | int) -> bytes:
    """What the contracts keep of a content: Keccak over Solidity's encoding of static values, one word each."""
    return keccak(b"".join(map(_word, values)))


def _word(value: bytes | str | int) -> bytes:
    """A bytes32 as it is; an address (a string) or a number on the right of its word."""
    match value:
        case bytes():
            assert len(value) == 32
            return value
        case str():
            return bytes.fromhex(value[2:]).rjust(32, b"\0")
        case int():
            return value.to_bytes(32, "big")
