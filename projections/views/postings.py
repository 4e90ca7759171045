"""Postings: for each entry that obliges a write to the chain, whether it waits, is confirmed or was rejected."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from domain import campaign, company, investment
from domain.journal import Entry
from domain.postings import AbandonmentProposed, AbandonmentWithdrawn, PostingAbandoned, PostingReleased
from domain.values import ChainFact
from projections.folding import Change, Fields, Ref, Sight, Table, View, changed
from projections.rows import Posting

TABLE = Table("postings", Posting, "position")

# The topics that may oblige a write, and the call that it is. Two of them do not always: see `_obliges`.
CALLS: dict[str, str] = {
    company.KybApproved.TOPIC: "IssuerRegistry.register",
    company.KybRenewed.TOPIC: "IssuerRegistry.update",
    company.WalletRotated.TOPIC: "IssuerRegistry.update",
    company.CompanySuspended.TOPIC: "IssuerRegistry.setActive",
    company.CompanyReinstated.TOPIC: "IssuerRegistry.setActive",
    company.ExclusivityLocked.TOPIC: "IssuerRegistry.lock",
    company.ExclusivityReleased.TOPIC: "IssuerRegistry.unlock",
    campaign.CampaignApproved.TOPIC: "CampaignFactory.createCampaign",
    campaign.CampaignPaused.TOPIC: "CampaignImplementation.setPaused",
    campaign.CampaignResumed.TOPIC: "CampaignImplementation.setPaused",
    campaign.ChangeApproved.TOPIC: "CampaignImplementation.setDeadline",
    investment.InvestmentFunded.TOPIC: "CampaignImplementation.recordInvestments",
    campaign.CampaignClosed.TOPIC: "CampaignImplementation.close",
    investment.SharesAllotted.TOPIC: "NFTShareCertificate.issueCertificates",
    campaign.ReleaseApproved.TOPIC: "FundEscrow.recordRelease",
    investment.RefundOrdered.TOPIC: "FundEscrow.recordRefunds",
    investment.CertificateRevoked.TOPIC: "NFTShareCertificate.revoke",
    investment.CertificateReissued.TOPIC: "NFTShareCertificate.reissue",
    investment.TransferApproved.TOPIC: "NFTShareCertificate.approveTransfer",
}
CONFIRMATIONS = frozenset(
    event.TOPIC
    for event in (
        company.RegistrationConfirmed,
        company.CompanyPostingConfirmed,
        campaign.DeploymentConfirmed,
        campaign.ClosingConfirmed,
        campaign.ReleaseConfirmed,
        campaign.CampaignPostingConfirmed,
        investment.RecordingConfirmed,
        investment.CertificateConfirmed,
        investment.RefundConfirmed,
        investment.CertificateChangeConfirmed,
    )
)
REJECTIONS = frozenset(
    event.TOPIC
    for event in (
        company.CompanyPostingRejected,
        campaign.CampaignPostingRejected,
        investment.InvestmentPostingRejected,
    )
)


DECISIONS = frozenset(
    event.TOPIC
    for event in (
        company.CompanyPostingReleased,
        company.CompanyAbandonmentProposed,
        company.CompanyAbandonmentWithdrawn,
        company.CompanyPostingAbandoned,
        campaign.CampaignPostingReleased,
        campaign.CampaignAbandonmentProposed,
        campaign.CampaignAbandonmentWithdrawn,
        campaign.CampaignPostingAbandoned,
        investment.InvestmentPostingReleased,
        investment.InvestmentAbandonmentProposed,
        investment.InvestmentAbandonmentWithdrawn,
        investment.InvestmentPostingAbandoned,
    )
)


def _obliges(event: Any) -> bool:
    """Whether this very event obliges its call."""
    match event:
        case company.WalletRotated(registered=registered):
            return registered  # else the registration will name the wallet
        case campaign.ChangeApproved(new_deadline_s=deadline_s):
            return deadline_s is not None
        case _:
            return True


def _obliged_by(entry: Entry) -> int:
    """The position of the entry whose write this entry is about."""
    event: Any = entry.event
    if entry.topic in CONFIRMATIONS:
        position: int = event.on_chain.entry_position
        return position
    return int(event.entry_position) if entry.topic in REJECTIONS | DECISIONS else entry.position


def _reads(entry: Entry) -> Sequence[Ref]:
    return [] if entry.topic in CALLS else [(TABLE, _obliged_by(entry))]


def _fold(sight: Sight, entry: Entry) -> Sequence[Change]:
    event: Any = entry.event
    if entry.topic in CALLS:
        return [(TABLE, _obliged(entry))] if _obliges(event) else []
    row = sight.find(Posting, TABLE, _obliged_by(entry))
    if row is None:
        return []
    if entry.topic in CONFIRMATIONS:
        return [(TABLE, _confirmed(row, entry, event.on_chain))]
    if entry.topic in DECISIONS:
        return [(TABLE, changed(row, **_decided(entry, event)))]
    return [(TABLE, _rejected(row, entry, event.code, event.reason))]


def _obliged(entry: Entry) -> Posting:
    return Posting(
        position=entry.position,
        stream=entry.stream,
        subject=_subject(entry),
        topic=entry.topic,
        call=CALLS[entry.topic],
        obliged_at=entry.meta.at,
        correlation_id=entry.meta.correlation_id,
    )


def _subject(entry: Entry) -> UUID:
    """The natural key of the call on the chain: a release and a change of a certificate have ids of their own."""
    match entry.event:
        case campaign.ReleaseApproved(release_id=subject):
            return subject
        case (
            investment.CertificateRevoked(change_id=subject)
            | investment.CertificateReissued(change_id=subject)
            | investment.TransferApproved(change_id=subject)
        ):
            return subject
        case _:
            return entry.stream


def _confirmed(row: Posting, entry: Entry, fact: ChainFact) -> Posting:
    return changed(
        row,
        state="confirmed",
        confirmation_position=entry.position,
        confirmed_at=entry.meta.at,
        generation=fact.generation,
        chain_id=fact.chain_id,
        block_number=fact.block_number,
        block_hash=fact.block_hash,
        tx_hash=fact.tx_hash,
        log_index=fact.log_index,
    )


def _rejected(row: Posting, entry: Entry, code: str, reason: str) -> Posting:
    # What the chain shows stands, and what people propose or have decided, whatever is said of it later; that it was
    # said is kept beside it.
    state = "rejected" if row.state in {"waiting", "rejected", "released"} else row.state
    return changed(row, state=state, rejection_position=entry.position, rejection_code=code, rejection_reason=reason)


def _decided(entry: Entry, event: Any) -> Fields:
    """What people decided about a rejected posting, who and why."""
    by = entry.meta.by
    match event:
        case PostingReleased(reason=reason):
            released = {"release_position": entry.position, "released_by": by, "release_reason": reason}
            return {"state": "released", **released}
        case AbandonmentProposed(reason=reason):
            proposed = {"proposal_position": entry.position, "proposed_by": by, "proposal_reason": reason}
            return {"state": "abandonment-proposed", **proposed}
        case AbandonmentWithdrawn():
            return {"state": "rejected"}
        case _:
            assert isinstance(event, PostingAbandoned)
            return {"state": "abandoned", "abandonment_position": entry.position, "abandoned_by": by}


POSTINGS = View(
    name="postings",
    version=4,
    tables=(TABLE,),
    topics=frozenset(CALLS) | CONFIRMATIONS | REJECTIONS | DECISIONS,
    reads=_reads,
    fold=_fold,
)
