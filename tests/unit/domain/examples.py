"""People, companies and campaigns for the tests of the domain, and how far each has come."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec

from domain.campaign import (
    CampaignApproved,
    CampaignClosed,
    CampaignDrafted,
    CampaignSubmitted,
    ClosingConfirmed,
    CommitmentAccepted,
    DeploymentConfirmed,
    FundingReceived,
    ReleaseApproved,
    ReleaseRequested,
)
from domain.company import (
    CompanyRegistered,
    DocumentApproved,
    DocumentAttached,
    ExclusivityLocked,
    KybApproved,
    KybSubmitted,
    RegistrationConfirmed,
    company_id,
)
from domain.investment import InvestmentCommitted, InvestmentFunded
from domain.investor import InvestorRegistered, KycApproved
from domain.journal import Actor, Event
from domain.values import ChainFact, Terms, documents_hash, terms_hash
from tests.unit.domain.scenario import NOW

ISSUER = Actor("selam", "issuer")
OTHER_ISSUER = Actor("abeba", "issuer")
COMPLIANCE = Actor("compliance-1", "compliance")
OPERATOR = Actor("operator-1", "operator")
TREASURY_MAKER = Actor("treasury-1", "treasury_maker")
TREASURY_CHECKER = Actor("treasury-2", "treasury_checker")
INVESTOR = Actor("hanna", "investor")
OTHER_INVESTOR = Actor("dawit", "investor")
INDEXER = Actor("indexer", "indexer")
WRITER = Actor("writer", "writer")
PROCESS = Actor("settlement", "process")

COMPANY = company_id("ET-0001")
DOCUMENT = UUID(int=0xD0)
CAMPAIGN = UUID(int=0xCA)
RELEASE = UUID(int=0x4E)
INVESTOR_ID = UUID(int=0x14)
INVESTMENT = UUID(int=0x17)

ISSUER_WALLET = "0x00000000000000000000000000000000000000A1"
INVESTOR_WALLET = "0x00000000000000000000000000000000000000B1"
DIGEST = "ab" * 32
RISK_TEXT = "cd" * 32

DAY_S = 86_400
DEADLINE = NOW + timedelta(days=30)
TERMS = Terms(
    currency="ETB",
    funding_goal=100_000,
    minimum=10_000,
    cap=120_000,
    share_price=1_000,
    duration_s=30 * DAY_S,
    success_threshold_bps=7_500,
    fee_bps=250,
    rule_pack="default@1",
)
DOCUMENTS_HASH = documents_hash({str(DOCUMENT): DIGEST})
TERMS_HASH = terms_hash(company_id=COMPANY, title="Roastery", terms=TERMS)


def fact(entry_position: int, *, log_index: int = 0) -> ChainFact:
    return ChainFact(
        chain_id=100,
        block_number=entry_position + 7,
        block_hash="0x" + "0b" * 32,
        tx_hash="0x" + f"{entry_position:064x}",
        log_index=log_index,
        entry_position=entry_position,
    )


def terms(**changes: Any) -> Terms:
    return msgspec.structs.replace(TERMS, **changes)


# How far a company has come; each list holds the one before.

REGISTERED: tuple[Event, ...] = (
    CompanyRegistered(
        legal_name="Selam Coffee PLC",
        tax_number="ET-0001",
        sector="agriculture",
        registration_year=2019,
        wallet=ISSUER_WALLET,
        owner=ISSUER.id,
    ),
)
ATTACHED = (*REGISTERED, DocumentAttached(document_id=DOCUMENT, kind="licence", sha256=DIGEST))
KYB_SUBMITTED = (*ATTACHED, KybSubmitted(documents_hash=DOCUMENTS_HASH, submitter=ISSUER.id))
KYB_APPROVED = (
    *KYB_SUBMITTED,
    DocumentApproved(document_id=DOCUMENT),
    KybApproved(wallet=ISSUER_WALLET, documents_hash=DOCUMENTS_HASH),
)
ON_CHAIN = (*KYB_APPROVED, RegistrationConfirmed(on_chain=fact(5)))

# How far its campaign has come.


def drafted(offered: Terms = TERMS) -> tuple[Event, ...]:
    draft = CampaignDrafted(campaign_id=CAMPAIGN, company_id=COMPANY, title="Roastery", terms=offered, owner=ISSUER.id)
    return (*ON_CHAIN, draft)


def live(offered: Terms = TERMS) -> tuple[Event, ...]:
    digest = terms_hash(company_id=COMPANY, title="Roastery", terms=offered)
    return (
        *drafted(offered),
        CampaignSubmitted(terms_hash=digest, submitter=ISSUER.id),
        ExclusivityLocked(campaign_id=CAMPAIGN, year=NOW.year),
        CampaignApproved(company_id=COMPANY, wallet=ISSUER_WALLET, terms=offered, terms_hash=digest),
        DeploymentConfirmed(address="0x" + "c1" * 20, deadline=DEADLINE, on_chain=fact(9)),
    )


DRAFTED = drafted()
SUBMITTED = (
    *DRAFTED,
    CampaignSubmitted(terms_hash=TERMS_HASH, submitter=ISSUER.id),
    ExclusivityLocked(campaign_id=CAMPAIGN, year=NOW.year),
)
APPROVED = (*SUBMITTED, CampaignApproved(company_id=COMPANY, wallet=ISSUER_WALLET, terms=TERMS, terms_hash=TERMS_HASH))
LIVE = live()

# An investor, and an investment in the campaign.

KNOWN_INVESTOR = (
    InvestorRegistered(investor_id=INVESTOR_ID, wallet=INVESTOR_WALLET, reference="person-7", owner=INVESTOR.id),
)
ELIGIBLE = (*KNOWN_INVESTOR, KycApproved(level="basic"))


def committed(amount: int, *, investment_id: UUID = INVESTMENT) -> tuple[Event, ...]:
    return (
        InvestmentCommitted(
            investment_id=investment_id,
            campaign_id=CAMPAIGN,
            investor_id=INVESTOR_ID,
            wallet=INVESTOR_WALLET,
            amount=amount,
            shares=amount // TERMS.share_price,
            acknowledgement=RISK_TEXT,
        ),
        CommitmentAccepted(investment_id=investment_id, investor_id=INVESTOR_ID, amount=amount),
    )


def funded(amount: int, *, investment_id: UUID = INVESTMENT) -> tuple[Event, ...]:
    return (
        *committed(amount, investment_id=investment_id),
        InvestmentFunded(
            campaign_id=CAMPAIGN,
            wallet=INVESTOR_WALLET,
            provider="bank",
            reference="tr-1",
            amount=amount,
            shares=amount // TERMS.share_price,
        ),
        FundingReceived(investment_id=investment_id, amount=amount),
    )


def closed(outcome: str, raised: int, *, on_chain: bool = True) -> tuple[Event, ...]:
    closing = CampaignClosed(outcome=outcome, raised=raised, reason="deadline")
    return (closing, ClosingConfirmed(outcome=outcome, on_chain=fact(20))) if on_chain else (closing,)


COMMITTED = (*LIVE, *ELIGIBLE, *committed(80_000))
FUNDED = (*LIVE, *ELIGIBLE, *funded(80_000))
SUCCEEDED = (*FUNDED, *closed("successful", 80_000))
FAILED = (*LIVE, *ELIGIBLE, *funded(20_000), *closed("failed", 20_000))
RELEASE_REQUESTED = (
    *SUCCEEDED,
    ReleaseRequested(release_id=RELEASE, amount=78_000, fee=2_000, requester=TREASURY_MAKER.id),
)
RELEASE_APPROVED = (
    *RELEASE_REQUESTED,
    ReleaseApproved(release_id=RELEASE, amount=78_000, fee=2_000, wallet=ISSUER_WALLET),
)
