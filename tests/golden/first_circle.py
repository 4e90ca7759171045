"""The examples of the first circle: what the earliest journals hold. Nothing here changes; new ones stand elsewhere."""

from __future__ import annotations

from domain import campaign, company, investment, investor
from tests.golden.example import (
    DEADLINE,
    DIGEST,
    FACT,
    INDEXER,
    OTHER_WALLET,
    PACK,
    SETTLEMENT,
    TERMS,
    WALLET,
    A,
    B,
    C,
    D,
    E,
    Example,
)

FIRST_CIRCLE = (
    Example(
        position=1,
        stream=company.company_id("ET-0001"),
        version=1,
        event=company.CompanyRegistered(
            legal_name="ሰላም Coffee \N{EM DASH} “Selam” PLC",
            tax_number="ET-0001",
            sector="agriculture",
            registration_year=2019,
            wallet=WALLET,
            owner="selam",
        ),
    ),
    Example(position=2, stream=A, event=company.DocumentAttached(document_id=B, kind="trade licence", sha256=DIGEST)),
    Example(position=3, stream=A, event=company.DocumentApproved(document_id=B), by="compliance:almaz"),
    Example(position=4, stream=A, event=company.KybSubmitted(documents_hash=DIGEST, submitter="selam")),
    Example(
        position=5, stream=A, event=company.KybApproved(wallet=WALLET, documents_hash=DIGEST), by="compliance:almaz"
    ),
    Example(position=6, stream=A, event=company.KybRejected(reason="the licence has expired"), by="compliance:almaz"),
    Example(position=7, stream=A, event=company.RegistrationConfirmed(on_chain=FACT), by=INDEXER, cause=5),
    Example(position=8, stream=A, event=company.ExclusivityLocked(campaign_id=C, year=2026), pack=PACK),
    Example(position=9, stream=A, event=company.ExclusivityReleased(campaign_id=C, reason="settled"), by=INDEXER),
    Example(
        position=10,
        stream=A,
        event=company.ExclusivityReleased(campaign_id=C, reason="rejected", year_used=False),
        by="compliance:almaz",
        variant="year-given-back",
    ),
    Example(
        position=11,
        stream=A,
        event=company.CompanyPostingRejected(entry_position=5, code="WalletMissing", reason="WalletMissing(0x1f)"),
        by="writer:lane-0",
    ),
    Example(
        position=12,
        stream=C,
        version=1,
        event=campaign.CampaignDrafted(campaign_id=C, company_id=A, title="Roastery", terms=TERMS, owner="selam"),
        pack=PACK,
    ),
    Example(position=13, stream=C, event=campaign.CampaignSubmitted(terms_hash=DIGEST, submitter="selam"), pack=PACK),
    Example(
        position=14,
        stream=C,
        event=campaign.CampaignApproved(company_id=A, wallet=WALLET, terms=TERMS, terms_hash=DIGEST),
        by="compliance:almaz",
        pack=PACK,
    ),
    Example(position=15, stream=C, event=campaign.CampaignRejected(reason="no"), by="compliance:almaz"),
    Example(
        position=16,
        stream=C,
        event=campaign.DeploymentConfirmed(address=OTHER_WALLET, deadline=DEADLINE, on_chain=FACT),
        by=INDEXER,
        cause=14,
    ),
    Example(
        position=17,
        stream=C,
        event=campaign.CommitmentAccepted(investment_id=D, investor_id=E, amount=500_000),
        by="investor:hanna",
        pack=PACK,
    ),
    Example(
        position=18,
        stream=C,
        event=campaign.CommitmentReleased(investment_id=D, amount=500_000, reason="campaign closed"),
        by=SETTLEMENT,
        cause=21,
    ),
    Example(
        position=19,
        stream=C,
        event=campaign.FundingReceived(investment_id=D, amount=500_000),
        by="treasury_maker:tsehay",
    ),
    Example(
        position=20,
        stream=C,
        event=campaign.CampaignClosed(outcome="successful", raised=200_000_000, reason="deadline"),
        by="process:deadlines",
        pack=PACK,
    ),
    Example(
        position=21,
        stream=C,
        event=campaign.ClosingConfirmed(outcome="successful", on_chain=FACT),
        by=INDEXER,
        cause=20,
    ),
    Example(
        position=22,
        stream=C,
        event=campaign.ReleaseRequested(release_id=B, amount=195_000_000, fee=5_000_000, requester="tsehay"),
        by="treasury_maker:tsehay",
        pack=PACK,
    ),
    Example(
        position=23,
        stream=C,
        event=campaign.ReleaseApproved(release_id=B, amount=195_000_000, fee=5_000_000, wallet=WALLET),
        by="treasury_checker:girma",
    ),
    Example(position=24, stream=C, event=campaign.ReleaseConfirmed(release_id=B, on_chain=FACT), by=INDEXER, cause=23),
    Example(
        position=25,
        stream=C,
        event=campaign.RefundsCompleted(investments=2, amount=700_000),
        by=SETTLEMENT,
        cause=24,
    ),
    Example(
        position=26,
        stream=C,
        event=campaign.CampaignPostingRejected(entry_position=14, code="IssuerUnknown", reason="IssuerUnknown(0x1f)"),
        by="writer:lane-0",
    ),
    Example(
        position=27,
        stream=D,
        version=1,
        event=investment.InvestmentCommitted(
            investment_id=D,
            campaign_id=C,
            investor_id=E,
            wallet=OTHER_WALLET,
            amount=500_000,
            shares=5,
            acknowledgements=(investment.Acknowledgement("risk", DIGEST),),
        ),
        by="investor:hanna",
        pack=PACK,
    ),
    Example(
        position=28,
        stream=D,
        event=investment.InvestmentFunded(
            campaign_id=C, wallet=OTHER_WALLET, provider="telebirr", reference="TX/9\\1", amount=500_000, shares=5
        ),
        by="treasury_maker:tsehay",
    ),
    Example(
        position=29,
        stream=D,
        event=investment.PaymentUnapplied(
            campaign_id=C, provider="telebirr", reference="TX/9", amount=2**53 - 1, recorder="tsehay"
        ),
        by="treasury_maker:tsehay",
    ),
    Example(
        position=30,
        stream=D,
        event=investment.LatePaymentReturned(
            campaign_id=C, provider="telebirr", reference="TX/9", amount=2**53 - 1, return_reference="RT/1"
        ),
        by="treasury_checker:girma",
    ),
    Example(position=31, stream=D, event=investment.RecordingConfirmed(on_chain=FACT), by=INDEXER, cause=28),
    Example(
        position=32,
        stream=D,
        event=investment.SharesAllotted(campaign_id=C, wallet=OTHER_WALLET, shares=5),
        by=SETTLEMENT,
        cause=21,
    ),
    Example(
        position=33,
        stream=D,
        event=investment.CertificateConfirmed(token_id=str(D.int), on_chain=FACT),
        by=INDEXER,
        cause=32,
    ),
    Example(
        position=34,
        stream=D,
        event=investment.RefundOrdered(campaign_id=C, wallet=OTHER_WALLET, amount=500_000, reason="campaign failed"),
        by=SETTLEMENT,
        cause=21,
    ),
    Example(
        position=35,
        stream=D,
        event=investment.RefundConfirmed(campaign_id=C, on_chain=FACT),
        by=INDEXER,
        cause=34,
    ),
    Example(
        position=36,
        stream=D,
        event=investment.CommitmentLapsed(campaign_id=C, amount=500_000, reason="campaign closed"),
        by=SETTLEMENT,
        cause=21,
    ),
    Example(
        position=37,
        stream=D,
        event=investment.InvestmentPostingRejected(
            entry_position=28, code="CapExceeded", reason="CapExceeded(0x1f, 9, 8)"
        ),
        by="writer:lane-0",
    ),
    Example(
        position=38,
        stream=E,
        version=1,
        event=investor.InvestorRegistered(
            investor_id=E, claimed_wallet=OTHER_WALLET, reference="person-7", owner="hanna"
        ),
        by="investor:hanna",
    ),
    Example(position=39, stream=E, event=investor.KycApproved(level="enhanced"), by="compliance:almaz"),
)
