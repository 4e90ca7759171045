"""The examples of companies and campaigns that came after the first circle: topics, and fuller forms of older ones."""

from __future__ import annotations

from domain import campaign, company
from tests.golden.example import (
    CHECKER,
    CID,
    COIN,
    COMPLIANCE,
    DEADLINE,
    DIGEST,
    FACT,
    HANNA,
    INDEXER,
    MAKER,
    OPENED_AT,
    OTHER_WALLET,
    PACK,
    PAYMENT,
    RECONFIRM_BY,
    SCHEDULER,
    SETTLEMENT,
    TERMS,
    WALLET,
    WHOLE_TERMS,
    YEAR_LATER,
    A,
    B,
    C,
    D,
    E,
    Example,
)

OFFERING = (
    Example(position=40, stream=A, event=company.DetailsAmended(legal_name="Selam Coffee & Tea PLC", sector="retail")),
    Example(
        position=41,
        stream=A,
        event=company.ProfilePublished(
            profile=company.Profile(
                website="https://selam.example",
                city="Addis Ababa",
                country="ET",
                description="Coffee, roasted in Addis.",
                founded_year=2019,
                employees=12,
            )
        ),
    ),
    Example(position=42, stream=A, event=company.ProfilePublished(profile=company.Profile()), variant="empty"),
    Example(position=43, stream=A, event=company.MemorandumPublished(sha256=DIGEST, number=1, cid=CID)),
    Example(
        position=44,
        stream=A,
        event=company.DocumentAttached(document_id=B, kind="licence", sha256=DIGEST, cid=CID, expires_at=YEAR_LATER),
        variant="expiring",
    ),
    Example(
        position=45, stream=A, event=company.DocumentRejected(document_id=B, reason="it cannot be read"), by=COMPLIANCE
    ),
    Example(position=46, stream=A, event=company.DocumentWithdrawn(document_id=B)),
    Example(position=47, stream=A, event=company.DocumentExpired(document_id=B, expires_at=YEAR_LATER), by=SCHEDULER),
    Example(position=48, stream=A, event=company.KybReviewStarted(reviewer="almaz"), by=COMPLIANCE),
    Example(
        position=49, stream=A, event=company.KybInformationRequested(reason="who owns the other half?"), by=COMPLIANCE
    ),
    Example(
        position=50,
        stream=A,
        event=company.KybApproved(wallet=WALLET, documents_hash=DIGEST, valid_until=YEAR_LATER),
        by=COMPLIANCE,
        variant="for-a-year",
    ),
    Example(
        position=51,
        stream=A,
        event=company.KybRenewed(wallet=WALLET, documents_hash=DIGEST, valid_until=YEAR_LATER),
        by=COMPLIANCE,
    ),
    Example(position=52, stream=A, event=company.KybExpired(valid_until=YEAR_LATER), by=SCHEDULER),
    Example(position=53, stream=A, event=company.CompanySuspended(reason="a complaint", by="almaz"), by=COMPLIANCE),
    Example(position=54, stream=A, event=company.CompanyReinstated(reason="unfounded"), by="compliance:bekele"),
    Example(position=55, stream=A, event=company.WalletRotationRequested(wallet=OTHER_WALLET, requester="selam")),
    Example(
        position=56,
        stream=A,
        event=company.WalletRotated(wallet=OTHER_WALLET, previous=WALLET, documents_hash=DIGEST),
        by=COMPLIANCE,
    ),
    Example(
        position=57,
        stream=A,
        event=company.OverrideRequested(override_id=B, year=2026, reason="a second harvest", requester="almaz"),
        by=COMPLIANCE,
    ),
    Example(position=58, stream=A, event=company.OverrideGranted(override_id=B, year=2026), by="compliance:bekele"),
    Example(
        position=59,
        stream=A,
        event=company.ExclusivityReleased(campaign_id=C, reason="settled", raised=250_000_000, ended_at=DEADLINE),
        by=INDEXER,
        cause=24,
        variant="with-what-was-raised",
    ),
    Example(position=60, stream=A, event=company.CompanyPostingConfirmed(on_chain=FACT), by=INDEXER, cause=56),
    Example(
        position=61,
        stream=C,
        version=1,
        event=campaign.CampaignDrafted(campaign_id=C, company_id=A, title="Roastery", terms=WHOLE_TERMS, owner="selam"),
        pack="default-coin@1",
        variant="in-wei-with-all-terms",
    ),
    Example(position=62, stream=C, event=campaign.CampaignAmended(title="Roastery and mill", terms=TERMS), pack=PACK),
    Example(
        position=63,
        stream=C,
        event=campaign.CampaignDocumentAttached(document_id=B, kind="business plan", sha256=DIGEST, cid=CID),
    ),
    Example(position=64, stream=C, event=campaign.CampaignDocumentRemoved(document_id=B)),
    Example(
        position=65,
        stream=C,
        event=campaign.UpdatePosted(update_id=B, title="The mill is here", sha256=DIGEST, cid=CID),
    ),
    Example(position=66, stream=C, event=campaign.CampaignReviewStarted(reviewer="almaz"), by=COMPLIANCE),
    Example(position=67, stream=C, event=campaign.ChangesRequested(reason="say what the mill costs"), by=COMPLIANCE),
    Example(position=68, stream=C, event=campaign.CampaignWithdrawn(reason="a better plan")),
    Example(
        position=69,
        stream=C,
        event=campaign.DeploymentConfirmed(address=OTHER_WALLET, deadline=DEADLINE, on_chain=FACT, opened_at=OPENED_AT),
        by=INDEXER,
        cause=14,
        variant="with-its-opening",
    ),
    Example(position=70, stream=C, event=campaign.CampaignPaused(reason="a complaint", pauser="almaz"), by=COMPLIANCE),
    Example(position=71, stream=C, event=campaign.CampaignResumed(reason="unfounded"), by="compliance:bekele"),
    Example(
        position=72,
        stream=C,
        event=campaign.ChangeDeclared(
            change_id=B, kind="extension", digest=DIGEST, declarer="selam", deadline=DEADLINE, reconfirm_by=RECONFIRM_BY
        ),
        pack=PACK,
    ),
    Example(
        position=73,
        stream=C,
        event=campaign.ChangeApproved(change_id=B, digest=DIGEST, deadline=DEADLINE, reconfirm_by=RECONFIRM_BY),
        by=COMPLIANCE,
        pack=PACK,
    ),
    Example(position=74, stream=C, event=campaign.ChangeDeclined(change_id=B, reason="nothing changes"), by=COMPLIANCE),
    Example(position=75, stream=C, event=campaign.CommitmentReconfirmed(investment_id=D, change_id=B), by=HANNA),
    Example(position=76, stream=C, event=campaign.EarlyCloseAnnounced(deadline=RECONFIRM_BY), pack="us-reg-cf@1"),
    Example(
        position=77, stream=C, event=campaign.EarlyCloseLapsed(deadline=RECONFIRM_BY), by=SCHEDULER, pack="us-reg-cf@1"
    ),
    Example(
        position=78, stream=C, event=campaign.CancellationRequested(reason="the mill burnt down", requester="selam")
    ),
    Example(position=79, stream=C, event=campaign.CancellationDeclined(reason="it did not"), by=COMPLIANCE),
    Example(
        position=80,
        stream=C,
        event=campaign.CampaignAbandoned(reason="the chain refused the contract"),
        by=COMPLIANCE,
        pack=PACK,
    ),
    Example(position=81, stream=C, event=campaign.CampaignPostingConfirmed(on_chain=FACT), by=INDEXER, cause=20),
    Example(
        position=82,
        stream=C,
        event=campaign.CommitmentAccepted(
            investment_id=D, investor_id=E, amount=500_000, reflection_ends_at=RECONFIRM_BY
        ),
        by=HANNA,
        pack="eu-ecspr@1",
        variant="with-reflection",
    ),
    Example(
        position=83,
        stream=C,
        event=campaign.CommitmentWaitlisted(investment_id=D, investor_id=E, amount=500_000),
        by=HANNA,
        pack=PACK,
    ),
    Example(
        position=84,
        stream=C,
        event=campaign.WaitingLeft(investment_id=D, amount=500_000, reason="admitted"),
        by=SETTLEMENT,
        cause=18,
        pack=PACK,
    ),
    Example(
        position=85,
        stream=C,
        event=campaign.CommitmentReleased(
            investment_id=D, amount=500_000, reason="cancelled", unconfirmed=True, held=True
        ),
        by=HANNA,
        pack=PACK,
        variant="unconfirmed-and-held",
    ),
    Example(position=86, stream=C, event=campaign.FundingHeld(investment_id=D, amount=500_000), by=MAKER),
    Example(position=87, stream=C, event=campaign.FundingLost(investment_id=D), by=MAKER),
    Example(
        position=88,
        stream=C,
        event=campaign.FundingReceived(investment_id=D, amount=300_000, held=True, excess=200_000),
        by=SETTLEMENT,
        cause=94,
        variant="scaled-back",
    ),
    Example(
        position=89,
        stream=C,
        event=campaign.FundingReceived(investment_id=D, amount=1_234_567 * COIN + 1),
        by=MAKER,
        pack="default-coin@1",
        variant="in-wei",
    ),
    Example(
        position=90, stream=C, event=campaign.FundingWithdrawn(investment_id=D, amount=500_000), by=HANNA, pack=PACK
    ),
    Example(position=91, stream=C, event=campaign.RefundPaid(investment_id=D, amount=500_000), by=INDEXER, cause=34),
    Example(
        position=92,
        stream=C,
        event=campaign.RefundPaid(investment_id=D, amount=500_000, withdrawn=True),
        by=INDEXER,
        cause=34,
        variant="withdrawn",
    ),
    Example(
        position=93, stream=C, event=campaign.ClaimRaised(investment_id=D, payment_id=PAYMENT, amount=500_000), by=MAKER
    ),
    Example(position=94, stream=C, event=campaign.ClosingStarted(reason="deadline"), by=SCHEDULER, pack=PACK),
    Example(
        position=95,
        stream=C,
        event=campaign.ClosingStarted(reason="fraud", cancelled=True),
        by=COMPLIANCE,
        pack=PACK,
        variant="cancelled",
    ),
    Example(
        position=96,
        stream=C,
        event=campaign.CampaignClosed(outcome="cancelled", raised=500_000, reason="fraud"),
        by=COMPLIANCE,
        pack=PACK,
        variant="cancelled",
    ),
    Example(
        position=97,
        stream=C,
        event=campaign.ReleaseRequested(release_id=B, amount=97_500_000, fee=2_500_000, requester="tsehay", tranche=1),
        by=MAKER,
        pack=PACK,
        variant="second-tranche",
    ),
    Example(
        position=98,
        stream=C,
        event=campaign.ReleaseDeclined(release_id=B, reason="the mill is not delivered"),
        by=CHECKER,
    ),
)
