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
subject, nothing earlier of its stream in this stage or one before, and nothing of its parent is unsettled; settled
means final on the chain, or rejected. The store asks that of all lanes. What was rejected and is released stands at
the release's position, in its old stage: a closing that still waits waits for it, too.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from uuid import UUID, uuid5

import msgspec

from abis import Generation, campaign_address
from abis.calls import FIAT, NATIVE
from abis.certificates import content_hash_of
from abis.hashing import checksummed
from chain_writer.digests import digest_of, natural_key
from chain_writer.intents import (
    ApproveTransfer,
    Call,
    Change,
    CloseCampaign,
    CreateCampaign,
    IssueCertificate,
    Kind,
    LockExclusivity,
    Obligation,
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
from domain.ledger import generation_id
from domain.values import WEI

STAGE_FOUNDING, STAGE_RECORDING, STAGE_CLOSING, STAGE_SETTLING = range(4)
CHANGES = {
    RevokeCertificate: Kind.REVOKE_CERTIFICATE,
    ReissueCertificate: Kind.REISSUE_CERTIFICATE,
    ApproveTransfer: Kind.APPROVE_TRANSFER,
}
REVISIONS = {
    UpdateIssuer: Kind.UPDATE,
    SetActive: Kind.SET_ACTIVE,
    LockExclusivity: Kind.LOCK,
    UnlockExclusivity: Kind.UNLOCK,
    SetPaused: Kind.SET_PAUSED,
    SetDeadline: Kind.SET_DEADLINE,
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
    revision: int | None = None


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
        natural_key=natural_key(effect.kind, effect.key, revision=effect.revision),
        digest=digest,
        call=effect.call,
        subject=effect.subject,
        parent=effect.parent,
        stage=effect.stage,
        flaw=flaw,
    )


def lane_of(subject: UUID, lanes: Sequence[str]) -> str:
    """The lane of a subject: the same for ever while the lanes are the same, so that its effects share one nonce row.

    Order does not rest on it: a subject that changes lanes with their number is still posted stage by stage.
    """
    assert lanes, "there is at least one lane"
    return lanes[int.from_bytes(sha256(subject.bytes).digest()[:8], "big") % len(lanes)]


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
                threshold=event.terms.threshold,
                cap=event.terms.cap,
                duration_s=event.terms.duration_s,
                asset=asset_of(event.terms.currency),
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
            return _revision_effect(entry) or _investment_effect(entry)


def _revision_effect(entry: Entry) -> _Effect | None:
    """What may come again for one company or campaign, each time under the version of its event."""
    call = _revision(entry.event, entry.stream, entry.version)
    if call is None:
        return None
    is_of_campaign = isinstance(call, SetPaused | SetDeadline)
    return _Effect(
        REVISIONS[type(call)],
        "" if is_of_campaign else "IssuerRegistry",
        entry.stream,
        call,
        entry.stream,
        STAGE_RECORDING if is_of_campaign else STAGE_FOUNDING,
        revision=call.revision,
    )


def _revision(event: Event, stream: UUID, revision: int) -> Revision | None:  # noqa: PLR0911  # one for each
    match event:
        case KybRenewed() | WalletRotated(registered=True):
            wallet, documents = event.wallet, event.documents_hash
            return UpdateIssuer(company_id=stream, revision=revision, wallet=wallet, documents_hash=documents)
        case CompanySuspended() | CompanyReinstated():
            active = isinstance(event, CompanyReinstated)
            return SetActive(company_id=stream, revision=revision, active=active)
        case ExclusivityLocked(campaign_id=campaign_id):
            return LockExclusivity(company_id=stream, revision=revision, campaign_id=campaign_id)
        case ExclusivityReleased(campaign_id=campaign_id):
            return UnlockExclusivity(company_id=stream, revision=revision, campaign_id=campaign_id)
        case CampaignPaused() | CampaignResumed():
            return SetPaused(campaign_id=stream, revision=revision, paused=isinstance(event, CampaignPaused))
        case ChangeApproved(new_deadline_s=int(deadline_s)):
            return SetDeadline(campaign_id=stream, revision=revision, deadline_s=deadline_s)
        case _:
            return None


def asset_of(currency: str) -> int:
    """In what a campaign of this currency is paid, in the contracts' numbers."""
    return NATIVE if currency == WEI else FIAT


def _investment_effect(entry: Entry) -> _Effect | None:
    event, stream = entry.event, entry.stream
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
            call = _certificate(entry, event)
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


def _certificate(entry: Entry, event: SharesAllotted) -> IssueCertificate:
    content_hash = content_hash_of(
        investment_id=entry.stream, campaign_id=event.campaign_id, shares=event.shares, entry=entry.leaf
    )
    return IssueCertificate(
        investment_id=entry.stream,
        campaign_id=event.campaign_id,
        holder=event.wallet,
        shares=event.shares,
        content_hash=content_hash.hex(),
    )


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
