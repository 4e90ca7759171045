"""Every topic of the journal and the class that reads it. A topic is for ever: rename the class, never the topic."""

from __future__ import annotations

from domain import campaign, company, investment, investor
from domain.journal.encoding import Codec, Upcaster
from domain.journal.entries import Event

EVENT_CLASSES: tuple[type[Event], ...] = (
    company.CompanyRegistered,
    company.DocumentAttached,
    company.DocumentApproved,
    company.KybSubmitted,
    company.KybApproved,
    company.KybRejected,
    company.RegistrationConfirmed,
    company.ExclusivityLocked,
    company.ExclusivityReleased,
    company.CompanyPostingRejected,
    campaign.CampaignDrafted,
    campaign.CampaignSubmitted,
    campaign.CampaignApproved,
    campaign.CampaignRejected,
    campaign.DeploymentConfirmed,
    campaign.CommitmentAccepted,
    campaign.CommitmentReleased,
    campaign.FundingReceived,
    campaign.CampaignClosed,
    campaign.ClosingConfirmed,
    campaign.ReleaseRequested,
    campaign.ReleaseApproved,
    campaign.ReleaseConfirmed,
    campaign.RefundsCompleted,
    campaign.CampaignPostingRejected,
    investment.InvestmentCommitted,
    investment.InvestmentFunded,
    investment.PaymentUnapplied,
    investment.PaymentReturned,
    investment.RecordingConfirmed,
    investment.SharesAllotted,
    investment.CertificateConfirmed,
    investment.RefundOrdered,
    investment.RefundConfirmed,
    investment.CommitmentLapsed,
    investment.InvestmentPostingRejected,
    investor.InvestorRegistered,
    investor.KycApproved,
)

EVENTS: dict[str, type[Event]] = {kind.TOPIC: kind for kind in EVENT_CLASSES}

# (topic, schema version) -> what lifts its data to the next version.
UPCASTERS: dict[tuple[str, int], Upcaster] = {}


def codec() -> Codec:
    """The codec of the house: what encodes and decodes every entry."""
    return Codec(EVENTS, upcasters=UPCASTERS)
