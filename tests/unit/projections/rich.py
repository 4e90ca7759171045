"""A story on a real journal in which every table and every nested value of the book has something to say."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from domain import commands as c
from domain.company import Profile
from tests.unit.domain.acts import (
    CAMPAIGN,
    CHANGE,
    CHECKER,
    COMPANY,
    COMPLIANCE,
    DIGEST,
    DOCUMENT,
    INDEXER,
    ISSUER,
    MAKER,
    MILESTONES,
    OPERATOR,
    OTHER_COMPLIANCE,
    investment_id,
    investor_id,
    owner_of,
    wallet_of,
)
from tests.unit.domain.house import House
from tests.unit.domain.machines.ledgers import FOUNDING, SECOND, approval, proposal

OTHER_WALLET = "0x00000000000000000000000000000000000000B2"


def tell(house: House) -> None:
    """From a company's profile to a certificate under change, with everything on the way that leaves a mark."""
    _a_company(house)
    house.open_campaign(MILESTONES, documents=[DOCUMENT])
    _investors(house)
    _news_and_a_change(house)
    _money(house)
    house.close()
    house.confirm_closing()
    house.allot(1)
    house.certify(1)
    request = c.RequestCertificateChange(
        investment_id=investment_id(1),
        change_id=UUID(int=0xCE),
        kind="transfer",
        reason="sold",
        evidence=DIGEST,
        wallet=OTHER_WALLET,
    )
    house.do(request, by=COMPLIANCE)
    for number in range(2):
        release = UUID(int=0x4E00 + number)
        house.request_release(release)
        if number == 0:
            house.approve_release(release)
            house.confirm_release(release)
    decline = c.DeclineRelease(campaign_id=CAMPAIGN, release_id=UUID(int=0x4E01), reason="not yet")
    house.do(decline, by=CHECKER)
    house.do(proposal(SECOND, living=FOUNDING), by=OPERATOR)
    house.do(approval(SECOND), by=COMPLIANCE)


def _a_company(house: House) -> None:
    house.register_company(valid_until=house.now + timedelta(days=365))
    profile = Profile(website="https://selam.example", city="Addis Ababa", employees=12)
    expires_at = house.now + timedelta(days=90)
    attach = c.AttachDocument(
        company_id=COMPANY, document_id=UUID(int=0xD1), kind="passport", sha256=DIGEST, expires_at=expires_at
    )
    override = UUID(int=0x0F)
    wish = c.RequestOverride(company_id=COMPANY, override_id=override, year=house.now.year, reason="a second site")
    for command in (c.PublishProfile(company_id=COMPANY, profile=profile), attach):
        house.do(command, by=ISSUER)
    house.do(wish, by=COMPLIANCE)
    house.do(c.PublishMemorandum(company_id=COMPANY, sha256=DIGEST), by=ISSUER)
    house.do(c.RejectDocument(company_id=COMPANY, document_id=UUID(int=0xD1), reason="unreadable"), by=COMPLIANCE)
    house.do(c.RequestWalletRotation(company_id=COMPANY, wallet=OTHER_WALLET), by=ISSUER)


def _investors(house: House) -> None:
    for number in (1, 2):
        house.register_investor(number)
        house.pass_test(number)
        house.declare_means(number, pack="default@1", income=10_000_000, net_worth=50_000_000)
    house.do(c.AcknowledgeRisk(investor_id=investor_id(2), kind="general", sha256=DIGEST), by=owner_of(2))
    asked = c.ChallengeWallet(
        investor_id=investor_id(2), wallet=wallet_of(3), nonce="nonce-2", domain="tandem.example", chain_id=100
    )
    house.do(asked, by=owner_of(2))
    for number in (1, 2):
        digest = house.campaign().documents_hash
        command = house.committing(number, 50_000, investor=number, documents_hash=digest)
        house.do(command, by=owner_of(number))


def _news_and_a_change(house: House) -> None:
    news = c.PostUpdate(campaign_id=CAMPAIGN, update_id=UUID(int=0x0E), title="Harvest", sha256=DIGEST)
    house.do(news, by=ISSUER)
    house.declare_change()
    house.approve_change()
    for number in (1, 2):
        answer = c.ReconfirmInvestment(investment_id=investment_id(number), change_id=CHANGE)
        house.do(answer, by=owner_of(number))
    house.do(c.RequestCancellation(campaign_id=CAMPAIGN, reason="a rumour"), by=COMPLIANCE)
    house.do(c.DeclineCancellation(campaign_id=CAMPAIGN, reason="untrue"), by=OTHER_COMPLIANCE)


def _money(house: House) -> None:
    """Enough to succeed: in parts, too much, unmatched, and taken back."""
    house.pay(1, 20_000, reference="first part")
    house.pay(1, 40_000, reference="too much")
    house.record_on_chain(1)
    house.pay(2, 50_000)
    house.do(c.ConfirmRecording(investment_id=investment_id(2), on_chain=house.fact()), by=INDEXER)
    house.do(house.paying(None, 7_000, reference="whose?", currency="ETB"), by=MAKER)
    house.do(house.paying(None, 9_000, reference="gone", currency="ETB"), by=MAKER)
    house.do(c.ReversePayment(payment_id=house.payment("gone").id, reason="recall"), by=MAKER)
    house.do(c.ReturnPayment(payment_id=house.payment("too much").id, return_reference="back"), by=CHECKER)
