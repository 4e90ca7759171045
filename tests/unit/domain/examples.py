"""How far a company, its campaign and an investor have come, event by event: what tests are given.

Each list holds the one before. Who they are and what they offer is in `acts`, where the same people act by commands.
"""

from __future__ import annotations

from datetime import timedelta

from domain.campaign import (
    CampaignApproved,
    CampaignDrafted,
    CampaignReviewStarted,
    CampaignSubmitted,
    DeploymentConfirmed,
)
from domain.company import (
    CompanyRegistered,
    DocumentApproved,
    DocumentAttached,
    ExclusivityLocked,
    KybApproved,
    KybReviewStarted,
    KybSubmitted,
    RegistrationConfirmed,
)
from domain.investor import InvestorRegistered, KycApproved, WalletBound, WalletChallenged
from domain.journal import Actor, Event
from domain.values import Terms, documents_hash, terms_hash
from domain.wallets import CHALLENGE_S, Challenge, statement
from tests.unit.domain.acts import (
    CAMPAIGN,
    COMPANY,
    COMPLIANCE,
    DEADLINE,
    DEFAULT,
    DIGEST,
    DOCUMENT,
    ISSUER,
    ISSUER_WALLET,
    chain_fact,
    investor_id,
    owner_of,
    signed,
    wallet_of,
)
from tests.unit.domain.scenario import NOW

OTHER_ISSUER = Actor("abeba", "issuer")
SELF_APPROVER = Actor(ISSUER.id, "compliance")  # wears both hats: may never decide on what it asked for
LATER = NOW + timedelta(days=365)
DOCUMENTS_HASH = documents_hash({str(DOCUMENT): DIGEST})
TERMS_HASH = terms_hash(company_id=COMPANY, title="Roastery", terms=DEFAULT)

# A company.

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
KYB_IN_REVIEW = (*KYB_SUBMITTED, KybReviewStarted(reviewer=COMPLIANCE.id))
KYB_READY = (*KYB_IN_REVIEW, DocumentApproved(document_id=DOCUMENT))
KYB_APPROVED = (*KYB_READY, KybApproved(wallet=ISSUER_WALLET, documents_hash=DOCUMENTS_HASH, valid_until=LATER))
ON_CHAIN = (*KYB_APPROVED, RegistrationConfirmed(on_chain=chain_fact(5)))

# Its campaign.


def drafted(terms: Terms = DEFAULT) -> tuple[Event, ...]:
    draft = CampaignDrafted(campaign_id=CAMPAIGN, company_id=COMPANY, title="Roastery", terms=terms, owner=ISSUER.id)
    return (*ON_CHAIN, draft)


DRAFTED = drafted()
SUBMITTED = (
    *DRAFTED,
    CampaignSubmitted(terms_hash=TERMS_HASH, submitter=ISSUER.id),
    ExclusivityLocked(campaign_id=CAMPAIGN, year=NOW.year),
)
IN_REVIEW = (*SUBMITTED, CampaignReviewStarted(reviewer=COMPLIANCE.id))
APPROVED = (
    *IN_REVIEW,
    CampaignApproved(company_id=COMPANY, wallet=ISSUER_WALLET, terms=DEFAULT, terms_hash=TERMS_HASH),
)
DEPLOYED = (
    *APPROVED,
    DeploymentConfirmed(address="0x" + "c1" * 20, deadline=DEADLINE, on_chain=chain_fact(9), opened_at=NOW),
)

# An investor, the first one of `acts`.

INVESTOR_ID = investor_id(1)
INVESTOR = owner_of(1)
INVESTOR_WALLET = wallet_of(1)
CHALLENGE = Challenge(
    wallet=INVESTOR_WALLET,
    nonce="nonce-1",
    domain="tandem.example",
    chain_id=100,
    expires_at=NOW + timedelta(seconds=CHALLENGE_S),
)
SIGNATURE = signed(1, statement(INVESTOR_ID, CHALLENGE))

KNOWN: tuple[Event, ...] = (InvestorRegistered(investor_id=INVESTOR_ID, reference="person-1", owner=INVESTOR.id),)
CHALLENGED = (*KNOWN, WalletChallenged(challenge=CHALLENGE))
BOUND = (
    *CHALLENGED,
    WalletBound(wallet=INVESTOR_WALLET, nonce=CHALLENGE.nonce, scheme="eip191", signature=SIGNATURE),
)
ELIGIBLE = (*BOUND, KycApproved(level="basic"))
