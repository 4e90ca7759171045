"""The bounds that the platform replaced claimed for its campaigns and never held: each with both of its sides."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from msgspec.structs import replace

from domain import commands as c
from domain import wallets
from domain.journal import Actor
from domain.values import Milestone
from tests.unit.domain.acts import (
    CAMPAIGN,
    COMPANY,
    COMPLIANCE,
    DAY_S,
    DEFAULT,
    DIGEST,
    INDEXER,
    ISSUER,
    ISSUER_WALLET,
    LOCAL,
    OTHER_COMPLIANCE,
    Stage,
    investor_id,
    live,
    offer,
    owner_of,
    signed,
    wallet_of,
)
from tests.unit.domain.scenario import NOW, When

OTHER = UUID(int=0xCB)
OVERRIDE = UUID(int=0x0E)


def _draft(**changes: Any) -> When:
    stage = Stage()
    stage.register_company()
    command = c.DraftCampaign(campaign_id=CAMPAIGN, company_id=COMPANY, title="Roastery", terms=offer(**changes))
    return stage.ask(command, by=ISSUER)


@pytest.mark.parametrize(
    "changes",
    [
        {"funding_goal": 100_000},
        {"funding_goal": 500_000_000, "cap": 500_000_000},
        {"duration_s": 30 * DAY_S},
        {"duration_s": 180 * DAY_S},
        {"minimum": 10_000},
        {"success_threshold_bps": 7_500},
        {"success_threshold_bps": 10_000},
        {"fee_bps": 1_000},
        {"fee_bps": 0},
    ],
    ids=str,
)
def test_terms_within_the_bounds_are_taken(changes: dict[str, Any]) -> None:
    """Rules 3 and 4: goal 1,000 to 5,000,000 ETB, 30 to 180 days, at least 100 ETB, success at 75 %, fee to 10 %."""
    _draft(**changes).then_topics("campaign.drafted")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"funding_goal": 99_999}, "funding_goal"),
        ({"funding_goal": 500_000_001, "cap": 500_001_000}, "funding_goal"),
        ({"duration_s": 30 * DAY_S - 1}, "duration_s"),
        ({"duration_s": 180 * DAY_S + 1}, "duration_s"),
        ({"minimum": 9_000}, "minimum"),
        ({"success_threshold_bps": 7_499}, "success_threshold_bps"),
        ({"success_threshold_bps": 10_001}, "success_threshold_bps"),
        ({"fee_bps": 1_001}, "fee_bps"),
        ({"cap": 99_000}, "cap"),
        ({"investor_maximum": 9_000}, "investor_maximum"),
        ({"milestones": (Milestone(name="a", bps=9_999),)}, "milestones"),
    ],
    ids=str,
)
def test_terms_beyond_the_bounds_are_refused_by_the_name_of_their_field(changes: dict[str, Any], field: str) -> None:
    assert _draft(**changes).then_refused("terms-outside-rules").fields["field"] == field


def test_another_currency_than_the_packs_is_refused() -> None:
    assert _draft(currency="EUR").then_refused("unknown-value").fields["field"] == "currency"


# Rule 1: exclusivity, and a company that is verified and registered on the chain.


def test_only_a_verified_company_that_the_chain_knows_submits_a_campaign() -> None:
    stage = Stage()
    register = c.RegisterCompany(
        legal_name="Selam Coffee PLC",
        tax_number="ET-0001",
        sector="agriculture",
        registration_year=2019,
        wallet=ISSUER_WALLET,
    )
    stage.do(register, by=ISSUER)
    stage.draft()
    submit = c.SubmitCampaign(campaign_id=CAMPAIGN)
    stage.ask(submit, by=ISSUER).then_refused("company-not-registered")
    stage.do(c.AttachDocument(company_id=COMPANY, document_id=OTHER, kind="licence", sha256=DIGEST), by=ISSUER)
    stage.do(c.SubmitKyb(company_id=COMPANY), by=ISSUER)
    stage.do(c.ApproveDocument(company_id=COMPANY, document_id=OTHER), by=COMPLIANCE)
    digest = stage.company().documents_hash
    stage.do(c.ApproveKyb(company_id=COMPANY, documents_hash=digest), by=COMPLIANCE)
    stage.ask(submit, by=ISSUER).then_refused("company-not-registered")
    stage.do(c.ConfirmCompanyRegistration(company_id=COMPANY, on_chain=stage.fact()), by=INDEXER)
    stage.ask(submit, by=ISSUER).then_topics("campaign.submitted", "company.exclusivity_locked")


def test_a_second_campaign_is_not_submitted_beside_the_first() -> None:
    stage = live()
    stage.draft(campaign=OTHER)
    stage.ask(c.SubmitCampaign(campaign_id=OTHER), by=ISSUER).then_refused("exclusivity-locked")


def test_two_people_let_a_company_have_a_further_campaign_in_a_year() -> None:
    stage = live()
    stage.close()
    stage.confirm_closing()
    stage.draft(campaign=OTHER)
    submit = c.SubmitCampaign(campaign_id=OTHER)
    stage.ask(submit, by=ISSUER).then_refused("one-campaign-a-year")
    request = c.RequestOverride(company_id=COMPANY, override_id=OVERRIDE, year=NOW.year, reason="a flood")
    stage.do(request, by=COMPLIANCE)
    grant = c.GrantOverride(company_id=COMPANY, override_id=OVERRIDE)
    stage.ask(grant, by=COMPLIANCE).then_refused("four-eyes")
    stage.ask(submit, by=ISSUER).then_refused("one-campaign-a-year")
    stage.do(grant, by=OTHER_COMPLIANCE)
    stage.ask(submit, by=ISSUER).then_topics("campaign.submitted", "company.exclusivity_locked")


def test_the_next_year_has_a_campaign_of_its_own() -> None:
    stage = live()
    stage.close()
    stage.confirm_closing()
    stage.now = NOW + timedelta(days=365)
    stage.draft(campaign=OTHER)
    stage.ask(c.SubmitCampaign(campaign_id=OTHER), by=ISSUER).then_topics(
        "campaign.submitted", "company.exclusivity_locked"
    )


# Rule 2: compliance approves before anything is deployed.


def test_a_campaign_is_approved_by_compliance_exactly_as_submitted_and_not_by_its_own() -> None:
    stage = Stage()
    stage.register_company()
    stage.draft()
    digest = stage.campaign().content_hash
    approve = c.ApproveCampaign(campaign_id=CAMPAIGN, terms_hash=digest)
    stage.ask(approve, by=COMPLIANCE).then_refused("wrong-status")
    stage.do(c.SubmitCampaign(campaign_id=CAMPAIGN), by=ISSUER)
    stage.ask(approve, by=ISSUER).then_refused("role-not-allowed")
    stage.ask(approve, by=Actor(ISSUER.id, "compliance")).then_refused("four-eyes")
    stage.ask(replace(approve, terms_hash=DIGEST), by=COMPLIANCE).then_refused("approved-otherwise")
    stage.ask(approve, by=COMPLIANCE).then_topics("campaign.approved")


def test_a_rejected_campaign_may_be_mended_and_costs_no_year() -> None:
    """The platform replaced wrote a status that its own list did not have."""
    stage = Stage()
    stage.register_company()
    stage.draft()
    stage.do(c.SubmitCampaign(campaign_id=CAMPAIGN), by=ISSUER)
    stage.ask(c.RejectCampaign(campaign_id=CAMPAIGN, reason="thin"), by=COMPLIANCE).then_topics(
        "campaign.rejected", "company.exclusivity_released"
    )
    amend = c.AmendCampaign(campaign_id=CAMPAIGN, title="A larger roastery", terms=DEFAULT)
    stage.ask(amend, by=ISSUER).then_topics("campaign.amended")
    stage.ask(c.SubmitCampaign(campaign_id=CAMPAIGN), by=ISSUER).then_topics(
        "campaign.submitted", "company.exclusivity_locked"
    )


def test_nobody_but_its_issuer_changes_a_campaign() -> None:
    """Any logged-in client of the platform replaced could."""
    stage = Stage()
    stage.register_company()
    stage.draft()
    amend = c.AmendCampaign(campaign_id=CAMPAIGN, title="Mine", terms=LOCAL)
    stage.ask(amend, by=Actor("abeba", "issuer")).then_refused("not-yours")
    stage.ask(c.SubmitCampaign(campaign_id=CAMPAIGN), by=Actor("abeba", "issuer")).then_refused("not-yours")


# A wallet is proved, not claimed.


def _challenged() -> Stage:
    stage = Stage()
    stage.do(c.RegisterInvestor(investor_id=investor_id(1), reference="person-1"), by=owner_of(1))
    challenge = c.ChallengeWallet(
        investor_id=investor_id(1), wallet=wallet_of(1), nonce="n-1", domain="tandem.example", chain_id=100
    )
    stage.do(challenge, by=owner_of(1))
    return stage


def _binding(stage: Stage, *, signer: int = 1, **changes: Any) -> c.BindWallet:
    challenge = stage.investor().challenge
    assert challenge is not None
    text = wallets.statement(investor_id(1), replace(challenge, **changes))
    return c.BindWallet(investor_id=investor_id(1), nonce="n-1", scheme="eip191", signature=signed(signer, text))


def test_a_wallet_is_bound_by_its_signature_and_the_signature_is_good_once() -> None:
    stage = _challenged()
    bind = _binding(stage)
    stage.ask(bind, by=owner_of(1)).then_topics("investor.wallet_bound")
    stage.ask(bind, by=owner_of(1)).then_refused("challenge-used")


@pytest.mark.parametrize(
    "changes", [{"domain": "evil.example"}, {"chain_id": 1}, {"nonce": "n-2"}, {"wallet": wallet_of(2)}], ids=str
)
def test_a_signature_for_another_place_chain_challenge_or_wallet_binds_nothing(changes: dict[str, Any]) -> None:
    """The message of the platform replaced named none of them, and was good for five minutes."""
    stage = _challenged()
    stage.ask(_binding(stage, **changes), by=owner_of(1)).then_refused("signature-not-acceptable")


def test_a_signature_of_somebody_else_binds_nothing() -> None:
    stage = _challenged()
    stage.ask(_binding(stage, signer=2), by=owner_of(1)).then_refused("signature-not-acceptable")


def test_a_challenge_is_good_for_ten_minutes() -> None:
    stage = _challenged()
    bind = _binding(stage)
    stage.now = NOW + timedelta(seconds=wallets.CHALLENGE_S)
    stage.ask(bind, by=owner_of(1)).then_refused("challenge-expired")
