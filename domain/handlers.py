"""One command in, its events out: loads what a command concerns, lets the aggregates decide, records what they say."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Protocol, TypeVar
from uuid import UUID

from domain import campaign as campaigns
from domain import commands as c
from domain import company as companies
from domain import investment as investments
from domain import investor as investors
from domain.campaign import Campaign, CampaignPostingRejected, CommitmentReleased
from domain.company import Company, CompanyPostingRejected, company_id
from domain.errors import Refusal
from domain.investment import Investment, InvestmentPostingRejected
from domain.investor import Investor
from domain.journal.entries import Actor, Event
from domain.rule_packs import RulePacks
from domain.values import TEXT_CHARS_MAX

State = TypeVar("State")


class Work(Protocol):
    """What a handler may see and do; `domain.journal.work.Work` is the one there is."""

    actor: Actor
    now: datetime
    packs: RulePacks

    def find(self, kind: type[State], stream: UUID) -> State | None: ...
    def load(self, kind: type[State], stream: UUID) -> State: ...
    def create(self, stream: UUID, event: Event, *, pack: str | None = None) -> None: ...
    def record(self, stream: UUID, *events: Event, pack: str | None = None) -> None: ...


def decide(command: Any, work: Work) -> None:
    """Record the events of a command on `work`, or raise Refusal and record nothing."""
    roles = c.ALLOWED[type(command)]
    if work.actor.role not in roles:
        raise Refusal(
            "role-not-allowed",
            f"{type(command).__name__} is for {', '.join(sorted(roles))}, not for {work.actor.role}",
            role=work.actor.role,
        )
    HANDLERS[type(command)](command, work)


def _record(work: Work, stream: UUID, event: Event | None, *, pack: str | None = None) -> None:
    if event is not None:  # None: it is so already
        work.record(stream, event, pack=pack)


# Companies.


def _register_company(command: c.RegisterCompany, work: Work) -> None:
    event = companies.register(
        legal_name=command.legal_name,
        tax_number=command.tax_number,
        sector=command.sector,
        registration_year=command.registration_year,
        wallet=command.wallet,
        by=work.actor,
    )
    work.create(company_id(command.tax_number), event)


def _attach_document(command: c.AttachDocument, work: Work) -> None:
    company = work.load(Company, command.company_id)
    event = company.attach(document_id=command.document_id, kind=command.kind, sha256=command.sha256, by=work.actor)
    _record(work, company.id, event)


def _approve_document(command: c.ApproveDocument, work: Work) -> None:
    company = work.load(Company, command.company_id)
    _record(work, company.id, company.approve_document(document_id=command.document_id, by=work.actor))


def _submit_kyb(command: c.SubmitKyb, work: Work) -> None:
    company = work.load(Company, command.company_id)
    work.record(company.id, company.submit_kyb(by=work.actor))


def _approve_kyb(command: c.ApproveKyb, work: Work) -> None:
    company = work.load(Company, command.company_id)
    work.record(company.id, company.approve_kyb(by=work.actor))


def _reject_kyb(command: c.RejectKyb, work: Work) -> None:
    company = work.load(Company, command.company_id)
    work.record(company.id, company.reject_kyb(reason=command.reason, by=work.actor))


def _confirm_company_registration(command: c.ConfirmCompanyRegistration, work: Work) -> None:
    company = work.load(Company, command.company_id)
    _record(work, company.id, company.confirm_registration(command.on_chain))


# Campaigns.


def _draft_campaign(command: c.DraftCampaign, work: Work) -> None:
    company = work.load(Company, command.company_id)
    if company.owner != work.actor.id:
        raise Refusal("not-yours", "this company belongs to another issuer")
    pack = work.packs.get(command.terms.rule_pack)
    event = campaigns.draft(
        campaign_id=command.campaign_id,
        company_id=command.company_id,
        title=command.title,
        terms=command.terms,
        pack=pack,
        by=work.actor,
    )
    work.create(command.campaign_id, event, pack=pack.id)


def _submit_campaign(command: c.SubmitCampaign, work: Work) -> None:
    # The exclusivity is taken here, not at approval: a company that could submit twice would make compliance review
    # two campaigns of which one must fail for a reason known from the start.
    campaign = work.load(Campaign, command.campaign_id)
    company = work.load(Company, campaign.company_id)
    pack = work.packs.get(campaign.terms.rule_pack)
    submitted = campaign.submit(by=work.actor)
    locked = company.lock(
        campaign_id=campaign.id, year=work.now.year, campaigns_per_year=pack.campaigns_per_year, by=work.actor
    )
    work.record(campaign.id, submitted, pack=pack.id)
    work.record(company.id, locked, pack=pack.id)


def _approve_campaign(command: c.ApproveCampaign, work: Work) -> None:
    campaign = work.load(Campaign, command.campaign_id)
    company = work.load(Company, campaign.company_id)
    pack = work.packs.get(campaign.terms.rule_pack)
    event = campaign.approve(approved_hash=command.terms_hash, wallet=company.wallet, by=work.actor)
    work.record(campaign.id, event, pack=pack.id)


def _reject_campaign(command: c.RejectCampaign, work: Work) -> None:
    campaign = work.load(Campaign, command.campaign_id)
    company = work.load(Company, campaign.company_id)
    work.record(campaign.id, campaign.reject(reason=command.reason, by=work.actor))
    # Investors never saw it, so the company has not had its campaign of the year.
    _record(work, company.id, company.release(campaign_id=campaign.id, reason="rejected", year_used=False))


def _confirm_deployment(command: c.ConfirmDeployment, work: Work) -> None:
    campaign = work.load(Campaign, command.campaign_id)
    event = campaign.confirm_deployment(address=command.address, deadline=command.deadline, fact=command.on_chain)
    _record(work, campaign.id, event)


def _close_campaign(command: c.CloseCampaign, work: Work) -> None:
    campaign = work.load(Campaign, command.campaign_id)
    # A campaign must be able to end although its pack is in use no longer.
    pack = work.packs.find(campaign.terms.rule_pack)
    early_failure = pack is not None and pack.early_failure
    event = campaign.close(reason=command.reason, now=work.now, early_failure=early_failure)
    work.record(campaign.id, event, pack=campaign.terms.rule_pack)


def _confirm_closing(command: c.ConfirmClosing, work: Work) -> None:
    campaign = work.load(Campaign, command.campaign_id)
    _record(work, campaign.id, campaign.confirm_closing(command.on_chain))


def _request_release(command: c.RequestRelease, work: Work) -> None:
    campaign = work.load(Campaign, command.campaign_id)
    event = campaign.request_release(release_id=command.release_id, by=work.actor)
    work.record(campaign.id, event, pack=campaign.terms.rule_pack)


def _approve_release(command: c.ApproveRelease, work: Work) -> None:
    campaign = work.load(Campaign, command.campaign_id)
    company = work.load(Company, campaign.company_id)
    work.record(campaign.id, campaign.approve_release(wallet=company.wallet, by=work.actor))


def _confirm_release(command: c.ConfirmRelease, work: Work) -> None:
    campaign = work.load(Campaign, command.campaign_id)
    event = campaign.confirm_release(command.on_chain)
    if event is not None:
        work.record(campaign.id, event)
        _unlock(campaign, "settled", work)


def _complete_refunds(command: c.CompleteRefunds, work: Work) -> None:
    campaign = work.load(Campaign, command.campaign_id)
    event = campaign.complete_refunds(investments=command.investments, amount=command.amount)
    if event is not None:
        work.record(campaign.id, event)
        _unlock(campaign, "refunded", work)


def _unlock(campaign: Campaign, reason: str, work: Work) -> None:
    company = work.load(Company, campaign.company_id)
    _record(work, company.id, company.release(campaign_id=campaign.id, reason=reason, year_used=True))


# Investors and investments.


def _register_investor(command: c.RegisterInvestor, work: Work) -> None:
    event = investors.register(
        investor_id=command.investor_id, wallet=command.wallet, reference=command.reference, by=work.actor
    )
    work.create(command.investor_id, event)


def _approve_kyc(command: c.ApproveKyc, work: Work) -> None:
    investor = work.load(Investor, command.investor_id)
    _record(work, investor.id, investor.approve_kyc(level=command.level, by=work.actor))


def _commit_investment(command: c.CommitInvestment, work: Work) -> None:
    campaign = work.load(Campaign, command.campaign_id)
    investor = work.load(Investor, command.investor_id)
    company = work.load(Company, campaign.company_id)
    pack = work.packs.get(campaign.terms.rule_pack)
    investor.check_eligible(by=work.actor, issuer=company.owner, issuer_wallet=company.wallet)
    committed = investments.commit(
        investment_id=command.investment_id,
        campaign_id=campaign.id,
        investor_id=investor.id,
        wallet=investor.wallet,
        amount=command.amount,
        share_price=campaign.terms.share_price,
        acknowledgement=command.acknowledgement,
    )
    accepted = campaign.accept(
        investment_id=command.investment_id, investor_id=investor.id, amount=command.amount, now=work.now, pack=pack
    )
    work.create(command.investment_id, committed, pack=pack.id)
    work.record(campaign.id, accepted, pack=pack.id)


def _record_payment(command: c.RecordPayment, work: Work) -> None:
    investment = work.load(Investment, command.investment_id)
    campaign = work.load(Campaign, investment.campaign_id)
    if campaign.ended and investment.payment is None:
        late = investment.set_aside(
            provider=command.provider, reference=command.reference, amount=command.amount, by=work.actor
        )
        _record(work, investment.id, late)
        return
    funded = investment.fund(provider=command.provider, reference=command.reference, amount=command.amount)
    if funded is None:
        return
    received = campaign.receive(investment_id=investment.id, amount=command.amount)
    work.record(investment.id, funded)
    work.record(campaign.id, received)


def _return_payment(command: c.ReturnPayment, work: Work) -> None:
    investment = work.load(Investment, command.investment_id)
    event = investment.return_payment(
        provider=command.provider,
        reference=command.reference,
        return_reference=command.return_reference,
        by=work.actor,
    )
    _record(work, investment.id, event)


def _confirm_recording(command: c.ConfirmRecording, work: Work) -> None:
    investment = work.load(Investment, command.investment_id)
    _record(work, investment.id, investment.confirm_recording(command.on_chain))


def _allot_shares(command: c.AllotShares, work: Work) -> None:
    investment = work.load(Investment, command.investment_id)
    work.load(Campaign, investment.campaign_id).check_ended("successful")
    _record(work, investment.id, investment.allot())


def _confirm_certificate(command: c.ConfirmCertificate, work: Work) -> None:
    investment = work.load(Investment, command.investment_id)
    event = investment.confirm_certificate(token_id=command.token_id, fact=command.on_chain)
    _record(work, investment.id, event)


def _order_refund(command: c.OrderRefund, work: Work) -> None:
    investment = work.load(Investment, command.investment_id)
    work.load(Campaign, investment.campaign_id).check_ended("failed")
    _record(work, investment.id, investment.order_refund(reason=command.reason))


def _confirm_refund(command: c.ConfirmRefund, work: Work) -> None:
    investment = work.load(Investment, command.investment_id)
    _record(work, investment.id, investment.confirm_refund(command.on_chain))


def _lapse_commitment(command: c.LapseCommitment, work: Work) -> None:
    investment = work.load(Investment, command.investment_id)
    if not work.load(Campaign, investment.campaign_id).ended:
        raise Refusal("still-open", "a commitment lapses with its campaign, not before")
    lapsed = investment.lapse(reason=command.reason)
    if lapsed is None:
        return
    released = CommitmentReleased(investment_id=investment.id, amount=investment.amount, reason=command.reason)
    work.record(investment.id, lapsed)
    work.record(investment.campaign_id, released)


def _reject_posting(command: c.RejectPosting, work: Work) -> None:
    kinds = (
        (Company, CompanyPostingRejected),
        (Campaign, CampaignPostingRejected),
        (Investment, InvestmentPostingRejected),
    )
    for kind, event in kinds:
        if work.find(kind, command.stream) is not None:
            work.record(
                command.stream,
                event(
                    entry_position=command.entry_position,
                    code=command.code[:TEXT_CHARS_MAX],  # a node's words, however long
                    reason=command.reason[:TEXT_CHARS_MAX],
                ),
            )
            return
    raise Refusal("not-found", f"there is no stream {command.stream}", kind="stream", id=str(command.stream))


HANDLERS: dict[type[c.Command], Any] = {
    c.RegisterCompany: _register_company,
    c.AttachDocument: _attach_document,
    c.ApproveDocument: _approve_document,
    c.SubmitKyb: _submit_kyb,
    c.ApproveKyb: _approve_kyb,
    c.RejectKyb: _reject_kyb,
    c.ConfirmCompanyRegistration: _confirm_company_registration,
    c.DraftCampaign: _draft_campaign,
    c.SubmitCampaign: _submit_campaign,
    c.ApproveCampaign: _approve_campaign,
    c.RejectCampaign: _reject_campaign,
    c.ConfirmDeployment: _confirm_deployment,
    c.CloseCampaign: _close_campaign,
    c.ConfirmClosing: _confirm_closing,
    c.RequestRelease: _request_release,
    c.ApproveRelease: _approve_release,
    c.ConfirmRelease: _confirm_release,
    c.CompleteRefunds: _complete_refunds,
    c.RegisterInvestor: _register_investor,
    c.ApproveKyc: _approve_kyc,
    c.CommitInvestment: _commit_investment,
    c.RecordPayment: _record_payment,
    c.ReturnPayment: _return_payment,
    c.ConfirmRecording: _confirm_recording,
    c.AllotShares: _allot_shares,
    c.ConfirmCertificate: _confirm_certificate,
    c.OrderRefund: _order_refund,
    c.ConfirmRefund: _confirm_refund,
    c.LapseCommitment: _lapse_commitment,
    c.RejectPosting: _reject_posting,
}
