"""Activity: what has happened, item by item, in words of its own and without any text that people wrote."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from domain import campaign as c
from domain import company as o
from domain import investment as i
from domain import investor as p
from domain.journal import Entry
from projections.folding import Change, Fields, Ref, Sight, Table, View
from projections.rows import Activity, Party

ACTIVITIES = Table("activities", Activity, "position", appended=True)
PARTIES = Table("parties", Party, "id")

# What whoever may see a campaign may hear of it.
PUBLIC = {
    c.DeploymentConfirmed: "campaign_opened",
    c.CampaignPaused: "campaign_paused",
    c.CampaignResumed: "campaign_resumed",
    c.UpdatePosted: "news_posted",
    c.ChangeApproved: "change_approved",
    c.EarlyCloseAnnounced: "early_close_announced",
    c.ClosingStarted: "closing_started",
    c.CampaignClosed: "campaign_closed",
    c.RefundsCompleted: "refunds_completed",
}
# What is for those whose it is.
OWN = {
    o.CompanyRegistered: "company_registered",
    o.KybSubmitted: "kyb_submitted",
    o.KybApproved: "kyb_approved",
    o.KybRenewed: "kyb_renewed",
    o.KybRejected: "kyb_rejected",
    o.KybExpired: "kyb_expired",
    o.CompanySuspended: "company_suspended",
    o.CompanyReinstated: "company_reinstated",
    c.CampaignDrafted: "campaign_drafted",
    c.CampaignSubmitted: "campaign_submitted",
    c.ChangesRequested: "changes_requested",
    c.CampaignRejected: "campaign_rejected",
    c.CampaignApproved: "campaign_approved",
    c.ReleaseRequested: "release_requested",
    c.ReleaseApproved: "release_approved",
    c.ReleaseDeclined: "release_declined",
    c.ReleaseConfirmed: "release_confirmed",
    i.InvestmentCommitted: "committed",
    i.InvestmentAdmitted: "admitted",
    i.InvestmentReconfirmed: "reconfirmed",
    i.InvestmentCancelled: "cancelled",
    i.CommitmentLapsed: "lapsed",
    i.InvestmentScaledBack: "scaled_back",
    i.InvestmentFunded: "funded",
    i.SharesAllotted: "allotted",
    i.CertificateConfirmed: "certificate_issued",
    i.CertificateRevoked: "revocation_decided",
    i.CertificateReissued: "reissue_decided",
    i.TransferApproved: "transfer_approved",
    i.CertificateTransferred: "certificate_transferred",
    i.RefundOrdered: "refund_ordered",
    i.RefundConfirmed: "refund_confirmed",
    p.InvestorRegistered: "investor_registered",
    p.WalletBound: "wallet_bound",
    p.KycApproved: "kyc_approved",
    p.KycRejected: "kyc_rejected",
    p.KycExpired: "kyc_expired",
}
KINDS: dict[Any, str] = {**PUBLIC, **OWN}


def _reads(entry: Entry) -> Sequence[Ref]:
    return [(PARTIES, entry.stream)] if entry.topic.startswith("investment.") else []


def _fold(sight: Sight, entry: Entry) -> Sequence[Change]:
    event: Any = entry.event
    begun = _begun(entry)
    party = begun or sight.find(Party, PARTIES, entry.stream) if entry.topic.startswith("investment.") else None
    item = Activity(
        position=entry.position,
        at=entry.meta.at,
        kind=KINDS[type(event)],
        public=type(event) in PUBLIC,
        amount=getattr(event, "amount", None),
        shares=getattr(event, "shares", None),
        **_whose(entry, party),
    )
    return [(ACTIVITIES, item)] if begun is None else [(PARTIES, begun), (ACTIVITIES, item)]


def _begun(entry: Entry) -> Party | None:
    """Whose an investment is, from the entry that began it."""
    event = entry.event
    if not isinstance(event, i.InvestmentCommitted):
        return None
    return Party(id=entry.stream, campaign_id=event.campaign_id, investor_id=event.investor_id)


def _whose(entry: Entry, party: Party | None) -> Fields:
    kind = entry.topic.partition(".")[0]
    if kind != "investment":
        return {f"{kind}_id": entry.stream}
    if party is None:
        return {"investment_id": entry.stream}
    return {"investment_id": entry.stream, "campaign_id": party.campaign_id, "investor_id": party.investor_id}


ACTIVITY = View(
    name="activity",
    version=1,
    tables=(ACTIVITIES, PARTIES),
    topics=frozenset(event.TOPIC for event in KINDS),
    reads=_reads,
    fold=_fold,
)
