"""From what a client says to the command it is: one function a command. Ids left out are derived, never drawn."""

from __future__ import annotations

from uuid import UUID, uuid5

from api.bodies import (
    CampaignApprovalBody,
    CampaignBody,
    CompanyBody,
    DocumentBody,
    InvestmentBody,
    InvestorBody,
    KycApprovalBody,
    PaymentBody,
    PaymentReturnBody,
    ReasonBody,
)
from api.commands import Asked, Plan
from domain import commands as c
from domain.company import company_id
from domain.values import Terms

# The namespaces of derived ids, for ever: with others, a retry after an upgrade would be another thing.
CAMPAIGNS = UUID("b0c1b9de-1d3b-5c6f-9a57-0f6e1f3f6a01")
DOCUMENTS = UUID("b0c1b9de-1d3b-5c6f-9a57-0f6e1f3f6a02")
INVESTMENTS = UUID("b0c1b9de-1d3b-5c6f-9a57-0f6e1f3f6a03")
INVESTORS = UUID("b0c1b9de-1d3b-5c6f-9a57-0f6e1f3f6a04")
RELEASES = UUID("b0c1b9de-1d3b-5c6f-9a57-0f6e1f3f6a05")


def register_company(asked: Asked) -> Plan:
    body: CompanyBody = asked.body
    command = c.RegisterCompany(
        legal_name=body.legal_name,
        tax_number=body.tax_number,
        sector=body.sector,
        registration_year=body.registration_year,
        wallet=body.wallet,
    )
    return Plan(command=command, stream=company_id(body.tax_number))


def attach_document(asked: Asked) -> Plan:
    body: DocumentBody = asked.body
    company = asked.ids["id"]
    document = body.document_id or uuid5(DOCUMENTS, f"{company}\n{body.sha256}")
    command = c.AttachDocument(company_id=company, document_id=document, kind=body.kind, sha256=body.sha256)
    return Plan(command=command, stream=company, made=document)


def approve_document(asked: Asked) -> Plan:
    company, document = asked.ids["id"], asked.ids["document_id"]
    return Plan(command=c.ApproveDocument(company_id=company, document_id=document), stream=company)


def submit_kyb(asked: Asked) -> Plan:
    return Plan(command=c.SubmitKyb(company_id=asked.ids["id"]), stream=asked.ids["id"])


def approve_kyb(asked: Asked) -> Plan:
    return Plan(command=c.ApproveKyb(company_id=asked.ids["id"]), stream=asked.ids["id"])


def reject_kyb(asked: Asked) -> Plan:
    body: ReasonBody = asked.body
    return Plan(command=c.RejectKyb(company_id=asked.ids["id"], reason=body.reason), stream=asked.ids["id"])


def draft_campaign(asked: Asked) -> Plan:
    body: CampaignBody = asked.body
    campaign = body.campaign_id or uuid5(CAMPAIGNS, asked.seed)
    terms = Terms(
        currency=body.terms.currency,
        funding_goal=body.terms.funding_goal,
        minimum=body.terms.minimum,
        cap=body.terms.cap,
        share_price=body.terms.share_price,
        duration_s=body.terms.duration_s,
        success_threshold_bps=body.terms.success_threshold_bps,
        fee_bps=body.terms.fee_bps,
        rule_pack=body.terms.rule_pack,
    )
    command = c.DraftCampaign(campaign_id=campaign, company_id=body.company_id, title=body.title, terms=terms)
    return Plan(command=command, stream=campaign)


def submit_campaign(asked: Asked) -> Plan:
    return Plan(command=c.SubmitCampaign(campaign_id=asked.ids["id"]), stream=asked.ids["id"])


def approve_campaign(asked: Asked) -> Plan:
    body: CampaignApprovalBody = asked.body
    command = c.ApproveCampaign(campaign_id=asked.ids["id"], terms_hash=body.terms_hash)
    return Plan(command=command, stream=asked.ids["id"])


def reject_campaign(asked: Asked) -> Plan:
    body: ReasonBody = asked.body
    return Plan(command=c.RejectCampaign(campaign_id=asked.ids["id"], reason=body.reason), stream=asked.ids["id"])


def close_campaign(asked: Asked) -> Plan:
    body: ReasonBody = asked.body
    return Plan(command=c.CloseCampaign(campaign_id=asked.ids["id"], reason=body.reason), stream=asked.ids["id"])


def request_release(asked: Asked) -> Plan:
    # A campaign has one release, so its id follows from the campaign's alone.
    release = uuid5(RELEASES, str(asked.ids["id"]))
    return Plan(command=c.RequestRelease(campaign_id=asked.ids["id"], release_id=release), stream=asked.ids["id"])


def approve_release(asked: Asked) -> Plan:
    return Plan(command=c.ApproveRelease(campaign_id=asked.ids["id"]), stream=asked.ids["id"])


def register_investor(asked: Asked) -> Plan:
    body: InvestorBody = asked.body
    investor = body.investor_id or uuid5(INVESTORS, asked.seed)
    command = c.RegisterInvestor(investor_id=investor, wallet=body.wallet, reference=body.reference)
    return Plan(command=command, stream=investor)


def approve_kyc(asked: Asked) -> Plan:
    body: KycApprovalBody = asked.body
    return Plan(command=c.ApproveKyc(investor_id=asked.ids["id"], level=body.level), stream=asked.ids["id"])


def commit_investment(asked: Asked) -> Plan:
    body: InvestmentBody = asked.body
    investment = body.investment_id or uuid5(INVESTMENTS, asked.seed)
    command = c.CommitInvestment(
        investment_id=investment,
        campaign_id=body.campaign_id,
        investor_id=body.investor_id,
        amount=body.amount,
        acknowledgement=body.acknowledgement,
    )
    return Plan(command=command, stream=investment)


def record_payment(asked: Asked) -> Plan:
    body: PaymentBody = asked.body
    command = c.RecordPayment(
        investment_id=asked.ids["id"], provider=body.provider, reference=body.reference, amount=body.amount
    )
    return Plan(command=command, stream=asked.ids["id"])


def return_payment(asked: Asked) -> Plan:
    body: PaymentReturnBody = asked.body
    command = c.ReturnPayment(
        investment_id=asked.ids["id"],
        provider=body.provider,
        reference=body.reference,
        return_reference=body.return_reference,
    )
    return Plan(command=command, stream=asked.ids["id"])
