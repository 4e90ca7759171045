"""Campaigns: terms, progress, deployment, closing, release or refund."""

from __future__ import annotations

from collections.abc import Sequence

from domain import campaign as c
from domain.journal import Entry
from projections.folding import Change, Ref, Sight, Table, View, changed
from projections.rows import Campaign

TABLE = Table("campaigns", Campaign, "id")


def _reads(entry: Entry) -> Sequence[Ref]:
    return [(TABLE, entry.stream)]


def _fold(sight: Sight, entry: Entry) -> Sequence[Change]:
    if isinstance(entry.event, c.CampaignDrafted):
        return [(TABLE, _drafted(entry, entry.event))]
    row = sight.find(Campaign, TABLE, entry.stream)
    if row is None:
        return []
    after = _before_the_chain(row, entry) or _money(row, entry) or _ended(row, entry) or _released(row, entry) or row
    return [(TABLE, changed(after, version=entry.version))]


def _drafted(entry: Entry, event: c.CampaignDrafted) -> Campaign:
    terms = event.terms
    return Campaign(
        id=entry.stream,
        position=entry.position,
        version=entry.version,
        drafted_at=entry.meta.at,
        company_id=event.company_id,
        owner=event.owner,
        title=event.title,
        currency=terms.currency,
        funding_goal=terms.funding_goal,
        minimum=terms.minimum,
        cap=terms.cap,
        share_price=terms.share_price,
        duration_s=terms.duration_s,
        success_threshold_bps=terms.success_threshold_bps,
        fee_bps=terms.fee_bps,
        rule_pack=terms.rule_pack,
        threshold=terms.threshold,
    )


def _before_the_chain(row: Campaign, entry: Entry) -> Campaign | None:
    match entry.event:
        case c.CampaignSubmitted(terms_hash=hash_, submitter=submitter):
            return changed(row, status="submitted", terms_hash=hash_, submitter=submitter)
        case c.CampaignApproved():
            return changed(row, status="approved")
        case c.CampaignRejected():
            return changed(row, status="rejected")
        case c.DeploymentConfirmed(address=address, deadline=deadline, on_chain=fact):
            place = {"deployed_position": entry.position, "deployed_tx_hash": fact.tx_hash}
            return changed(row, status="live", address=address, deadline=deadline, **place)
        case _:
            return None


def _money(row: Campaign, entry: Entry) -> Campaign | None:
    match entry.event:
        case c.CommitmentAccepted(amount=amount):
            return changed(row, committed=row.committed + amount, commitments=row.commitments + 1)
        case c.CommitmentReleased(amount=amount):
            return changed(row, committed=row.committed - amount, commitments=row.commitments - 1)
        case c.FundingReceived(amount=amount):
            return changed(row, raised=row.raised + amount, funded_investments=row.funded_investments + 1)
        case _:
            return None


def _ended(row: Campaign, entry: Entry) -> Campaign | None:
    match entry.event:
        case c.CampaignClosed(outcome=outcome, reason=reason):
            closed = {"outcome": outcome, "closing_reason": reason, "closed_position": entry.position}
            return changed(row, status="closed", **closed)
        case c.ClosingConfirmed():
            return changed(row, closing_confirmed_position=entry.position)
        case c.RefundsCompleted():
            return changed(row, status="refunded", refunded_position=entry.position)
        case _:
            return None


def _released(row: Campaign, entry: Entry) -> Campaign | None:
    match entry.event:
        case c.ReleaseRequested(release_id=id_, amount=amount, fee=fee, requester=requester):
            release = {"release_id": id_, "release_amount": amount, "release_fee": fee}
            return changed(row, release_requester=requester, **release)
        case c.ReleaseApproved():
            return changed(row, release_approved_position=entry.position)
        case c.ReleaseConfirmed(on_chain=fact):
            return changed(row, status="settled", released_position=entry.position, released_tx_hash=fact.tx_hash)
        case _:
            return None


CAMPAIGNS = View(
    name="campaigns",
    version=1,
    tables=(TABLE,),
    topics=frozenset(
        event.TOPIC
        for event in (
            c.CampaignDrafted,
            c.CampaignSubmitted,
            c.CampaignApproved,
            c.CampaignRejected,
            c.DeploymentConfirmed,
            c.CommitmentAccepted,
            c.CommitmentReleased,
            c.FundingReceived,
            c.CampaignClosed,
            c.ClosingConfirmed,
            c.ReleaseRequested,
            c.ReleaseApproved,
            c.ReleaseConfirmed,
            c.RefundsCompleted,
            c.CampaignPostingRejected,
        )
    ),
    reads=_reads,
    fold=_fold,
)
