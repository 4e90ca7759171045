"""Entry to obligation, pure: which call an event obliges, under which key, in which order. Total: it never refuses.

What must come before what, within a chain generation:

* `campaign.approved` needs the company's registration; the effects of a campaign need its creation. In the first
  generation the journal itself sees to that: it accepts no campaign before `company.registration_confirmed` and no
  commitment before `campaign.deployment_confirmed`, which the indexer records from final blocks only. A later
  generation is posted from a journal that has these confirmations already, so the writer keeps the order by itself.
* `campaign.closed` needs all recordings of its campaign and all refunds of it that were ordered before: the contract
  compares the sums, and the journal does not wait for the confirmations of recordings. No money counts after the
  closing, so no recording can come later.
* certificates, releases and the refunds of a failed campaign need the closing; the journal asks for
  `campaign.closing_confirmed` first.

* the effects of one aggregate come in the order of its entries: an investment is recorded before it is refunded, and
  the changes of its certificate follow each other. Waiting for the whole campaign instead would do this too, but a
  campaign that is paid for all the time would hold a refund back for ever, and one disputed certificate all others.

So each obligation has a subject, a stage, a stream and perhaps a parent. It is ready when no earlier stage of its
subject, nothing earlier of its stream and nothing of its parent is unsettled; settled means final on the chain, or
rejected. The store asks that of all lanes.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from uuid import UUID, uuid5

import msgspec

from abis import Generation, campaign_address, to_bytes32, token_id
from abis.hashing import checksummed, keccak
from chain_writer.intents import (
    ApproveTransfer,
    Call,
    Change,
    CloseCampaign,
    CreateCampaign,
    IssueCertificate,
    Kind,
    Obligation,
    RecordInvestment,
    RecordRefund,
    RecordRelease,
    Register,
    ReissueCertificate,
    RevokeCertificate,
    generation_id,
)
from domain.campaign import CampaignApproved, CampaignClosed, ReleaseApproved
from domain.company import KybApproved
from domain.investment import (
    CertificateReissued,
    CertificateRevoked,
    InvestmentFunded,
    RefundOrdered,
    SharesAllotted,
    TransferApproved,
)
from domain.journal import Entry, Event

STAGE_FOUNDING, STAGE_RECORDING, STAGE_CLOSING, STAGE_SETTLING = range(4)
UINT256_LIMIT = 1 << 256
UINT128_LIMIT = 1 << 128
UINT64_LIMIT = 1 << 64
NOBODY = "0x" + "0" * 40
REVOCATION, REISSUE, TRANSFER_APPROVAL = range(1, 4)  # what a change is, in the certificate contract's digests
CHANGES = {
    RevokeCertificate: Kind.REVOKE_CERTIFICATE,
    ReissueCertificate: Kind.REISSUE_CERTIFICATE,
    ApproveTransfer: Kind.APPROVE_TRANSFER,
}


class _Effect(msgspec.Struct, frozen=True):
    """What an event says of its effect, before it is bound to an entry and a generation."""

    kind: Kind
    contract: str
    key: UUID
    call: Call
    subject: UUID
    stage: int
    parent: UUID | None = None


def obligation_of(entry: Entry, generation: Generation) -> Obligation | None:
    """The effect that this entry obliges on this generation; None if it obliges none.

    The effect's id follows from the generation and the entry's leaf alone: reading an entry again, or by another
    process, makes no second effect, and a new generation has effects of its own.
    """
    effect = _effect(entry)
    if effect is None:
        return None
    name = generation_id(generation)
    digest, flaw = bytes(32), None
    try:
        digest = digest_of(effect.call)
    except ValueError as error:
        flaw = str(error)
    return Obligation(
        effect=uuid5(name, entry.leaf.hex()),
        generation=name,
        position=entry.position,
        stream=entry.stream,
        leaf=entry.leaf,
        correlation_id=entry.meta.correlation_id,
        kind=effect.kind,
        target=_target(effect, generation),
        natural_key=natural_key(effect.kind, effect.key),
        digest=digest,
        call=effect.call,
        subject=effect.subject,
        parent=effect.parent,
        stage=effect.stage,
        flaw=flaw,
    )


def natural_key(kind: Kind, key: UUID) -> bytes:
    """The word under which the contract records an effect: a token id stands on the right of it, other ids left."""
    return key.int.to_bytes(32, "big") if kind is Kind.ISSUE_CERTIFICATE else to_bytes32(key)


def lane_of(subject: UUID, lanes: Sequence[str]) -> str:
    """The lane of a subject: the same for ever while the lanes are the same, so that its effects share one nonce row.

    Order does not rest on it: a subject that changes lanes with their number is still posted stage by stage.
    """
    assert lanes, "there is at least one lane"
    return lanes[int.from_bytes(sha256(subject.bytes).digest()[:8], "big") % len(lanes)]


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
            numbers = _uint(call.funding_goal), _uint(call.cap), _uint(call.duration_s, limit=UINT64_LIMIT)
            words = (to_bytes32(call.company_id), *numbers, _hash(call.terms_hash))
        case RecordInvestment():
            words = _address(call.investor), _uint(call.amount, limit=UINT128_LIMIT), _uint(call.shares)
            return keccak(b"".join(words))[:16] + call.amount.to_bytes(16, "big")
        case CloseCampaign():
            words = _uint(int(call.successful)), _uint(call.raised)
        case IssueCertificate():
            words = to_bytes32(call.campaign_id), _address(call.holder), _uint(call.shares)
        case RecordRelease():
            words = to_bytes32(call.campaign_id), _address(call.issuer), _uint(call.amount), _uint(call.fee)
        case RecordRefund():
            words = to_bytes32(call.campaign_id), _address(call.investor), _uint(call.amount)
        case RevokeCertificate() | ReissueCertificate() | ApproveTransfer():
            words = _words_of_change(call)
    return keccak(b"".join(words))


def _effect(entry: Entry) -> _Effect | None:
    """The cases of the table of effects in ops/docs/architecture.md."""
    event, stream = entry.event, entry.stream
    match event:
        case KybApproved():
            call: Call = Register(company_id=stream, wallet=event.wallet, documents_hash=event.documents_hash)
            return _Effect(Kind.REGISTER, "IssuerRegistry", stream, call, stream, STAGE_FOUNDING)
        case CampaignApproved():
            call = CreateCampaign(
                campaign_id=stream,
                company_id=event.company_id,
                funding_goal=event.terms.funding_goal,
                cap=event.terms.cap,
                duration_s=event.terms.duration_s,
                terms_hash=event.terms_hash,
            )
            creation = Kind.CREATE_CAMPAIGN, "CampaignFactory", stream, call, stream
            return _Effect(*creation, STAGE_FOUNDING, event.company_id)
        case CampaignClosed():
            call = CloseCampaign(campaign_id=stream, successful=event.outcome == "successful", raised=event.raised)
            return _Effect(Kind.CLOSE, "", stream, call, stream, STAGE_CLOSING)
        case ReleaseApproved():
            call = RecordRelease(
                campaign_id=stream,
                release_id=event.release_id,
                issuer=event.wallet,
                amount=event.amount,
                fee=event.fee,
            )
            return _Effect(Kind.RECORD_RELEASE, "FundEscrow", event.release_id, call, stream, STAGE_SETTLING)
        case _:
            return _investment_effect(event, stream)


def _investment_effect(event: Event, stream: UUID) -> _Effect | None:
    match event:
        case InvestmentFunded(campaign_id=campaign_id):
            call: Call = RecordInvestment(
                campaign_id=campaign_id,
                investment_id=stream,
                investor=event.wallet,
                amount=event.amount,
                shares=event.shares,
            )
            return _Effect(Kind.RECORD_INVESTMENT, "", stream, call, campaign_id, STAGE_RECORDING)
        case SharesAllotted(campaign_id=campaign_id):
            call = IssueCertificate(
                investment_id=stream, campaign_id=campaign_id, holder=event.wallet, shares=event.shares
            )
            return _Effect(Kind.ISSUE_CERTIFICATE, "NFTShareCertificate", stream, call, campaign_id, STAGE_SETTLING)
        case RefundOrdered(campaign_id=campaign_id):
            call = RecordRefund(
                campaign_id=campaign_id, investment_id=stream, investor=event.wallet, amount=event.amount
            )
            # Before the closing the refund changes the sum that the closing names: the closing waits for it.
            stage = STAGE_RECORDING if event.live else STAGE_SETTLING
            return _Effect(Kind.RECORD_REFUND, "FundEscrow", stream, call, campaign_id, stage)
        case CertificateRevoked() | CertificateReissued() | TransferApproved():
            change = _change(event, stream)
            named = CHANGES[type(change)], "NFTShareCertificate", change.change_id
            return _Effect(*named, change, event.campaign_id, STAGE_SETTLING)
        case _:
            return None


def _change(event: CertificateRevoked | CertificateReissued | TransferApproved, stream: UUID) -> Change:
    change_id, evidence = event.change_id, event.evidence
    match event:
        case CertificateRevoked():
            return RevokeCertificate(change_id=change_id, investment_id=stream, evidence=evidence)
        case CertificateReissued(wallet=holder):
            return ReissueCertificate(change_id=change_id, investment_id=stream, holder=holder, evidence=evidence)
        case TransferApproved(new_wallet=receiver):
            return ApproveTransfer(change_id=change_id, investment_id=stream, receiver=receiver, evidence=evidence)


def _target(effect: _Effect, generation: Generation) -> str:
    """The contract's address; a campaign has its own, known before it exists."""
    if effect.contract:
        return checksummed(generation.addresses[effect.contract])
    return campaign_address(generation, effect.subject)


def _words_of_change(call: Change) -> tuple[bytes, ...]:
    match call:
        case RevokeCertificate():
            holder, kind = NOBODY, REVOCATION
        case ReissueCertificate():
            holder, kind = call.holder, REISSUE
        case ApproveTransfer():
            holder, kind = call.receiver, TRANSFER_APPROVAL
    return _uint(token_id(call.investment_id)), _address(holder), _hash(call.evidence), _uint(kind)


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
