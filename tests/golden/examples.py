"""One example of each topic and schema version, as values. What stands here is for ever: add, never change.

A new topic or schema version gets a line at the end of EXAMPLES; `python -m tests.golden.add` then writes its file.
When a class moves on to a new schema version, its old line stays, with the value that the upcasters must lift it to.
"""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import msgspec

from domain import campaign, company, investment, investor
from domain.journal import Event, Meta
from domain.values import ChainFact, Terms

A, B, C, D, E = (UUID(f"{n}f0c6d2e-9a54-5c0e-8f43-2d1b7a90c61{n}") for n in range(1, 6))
WALLET = "0x52908400098527886E0F7030069857D2E4169EE7"
OTHER_WALLET = "0xde709f2102306220921060314715629080e2fb77"
DIGEST = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
DEADLINE = datetime(2026, 6, 30, 23, 59, 59, tzinfo=UTC)

FACT = ChainFact(
    chain_id=100,
    block_number=4_711,
    block_hash="0x" + "b1" * 32,
    tx_hash="0x" + "7a" * 32,
    log_index=3,
    entry_position=42,
)
TERMS = Terms(
    currency="ETB",
    funding_goal=250_000_000,
    minimum=100_000,
    cap=300_000_000,
    share_price=100_000,
    duration_s=5_184_000,
    success_threshold_bps=7_500,
    fee_bps=250,
    rule_pack="default@1",
)


class Example(msgspec.Struct, frozen=True, kw_only=True):
    """An entry: its event and place, who made it, and `variant` where one topic needs more than one example."""

    position: int
    event: Event
    stream: UUID
    version: int = 2
    schema: int = 1
    by: str = "issuer:selam"
    cause: int | None = None
    pack: str = "-"
    variant: str = ""

    @property
    def name(self) -> str:
        """The file's name: topic, schema version, variant."""
        return f"{self.event.TOPIC}.v{self.schema}{'.' if self.variant else ''}{self.variant}"

    @property
    def meta(self) -> Meta:
        return Meta(
            at=datetime(2026, 3, 1, 8, 30, 0, self.position, tzinfo=UTC),
            by=self.by,
            command_id=UUID(int=1_000 + self.position),
            correlation_id=UUID(int=2_000 + self.position),
            cause=self.cause,
            pack=self.pack,
        )


INDEXER = "indexer:chain-100"
SETTLEMENT = "process:settlement"
PACK = "default@1"

EXAMPLES = (
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
            acknowledgement=DIGEST,
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
        event=investment.PaymentReturned(
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
        event=investor.InvestorRegistered(investor_id=E, wallet=OTHER_WALLET, reference="person-7", owner="hanna"),
        by="investor:hanna",
    ),
    Example(position=39, stream=E, event=investor.KycApproved(level="enhanced"), by="compliance:almaz"),
)
