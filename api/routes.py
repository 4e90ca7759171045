"""The tables of routes: from these rows the router, the OpenAPI document and the client documentation are made."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from api import answers as a
from api import bodies as b
from api import plans as p
from api import reads as r
from api.commands import Asked, CommandRoute, Plan
from api.operations import Operation
from api.questions import Ask, QuestionRoute
from api.requests import PAGE, Parameter
from api.rights import ALL_SEEING
from domain import commands as c

COMPANY = "/v1/companies/{id}"
CAMPAIGN = "/v1/campaigns/{id}"
INVESTMENT = "/v1/investments/{id}"
INVESTOR = "/v1/investors/{id}"


def _command(
    path: str,
    summary: str,
    command: type[c.Command],
    body: type[b.Body],
    plan: Callable[[Asked], Plan],
    *,
    location: str | None = None,
) -> CommandRoute:
    name = plan.__name__
    return CommandRoute(path=path, name=name, summary=summary, command=command, body=body, plan=plan, location=location)


COMMANDS: tuple[CommandRoute, ...] = (
    _command(
        "/v1/companies",
        "Register a company. Its id follows from its tax number.",
        c.RegisterCompany,
        b.CompanyBody,
        p.register_company,
        location=COMPANY,
    ),
    _command(
        f"{COMPANY}/documents",
        "Attach a document by its SHA-256; the answer's `id` is the document's.",
        c.AttachDocument,
        b.DocumentBody,
        p.attach_document,
        location=COMPANY,
    ),
    _command(
        f"{COMPANY}/documents/{{document_id}}:approve",
        "Approve a document of a company.",
        c.ApproveDocument,
        b.Nothing,
        p.approve_document,
    ),
    _command(f"{COMPANY}:submit-kyb", "Submit a company's KYB for review.", c.SubmitKyb, b.Nothing, p.submit_kyb),
    _command(
        f"{COMPANY}:approve-kyb",
        "Approve a company's KYB; this obliges its registration on the chain.",
        c.ApproveKyb,
        b.Nothing,
        p.approve_kyb,
    ),
    _command(f"{COMPANY}:reject-kyb", "Reject a company's KYB.", c.RejectKyb, b.ReasonBody, p.reject_kyb),
    _command(
        "/v1/campaigns",
        "Draft a campaign of a company.",
        c.DraftCampaign,
        b.CampaignBody,
        p.draft_campaign,
        location=CAMPAIGN,
    ),
    _command(
        f"{CAMPAIGN}:submit",
        "Submit a campaign for review; takes the company's exclusivity lock.",
        c.SubmitCampaign,
        b.Nothing,
        p.submit_campaign,
    ),
    _command(
        f"{CAMPAIGN}:approve",
        "Approve exactly the submitted terms; this obliges the campaign's contract.",
        c.ApproveCampaign,
        b.CampaignApprovalBody,
        p.approve_campaign,
    ),
    _command(f"{CAMPAIGN}:reject", "Reject a submitted campaign.", c.RejectCampaign, b.ReasonBody, p.reject_campaign),
    _command(f"{CAMPAIGN}:close", "Close a live campaign.", c.CloseCampaign, b.ReasonBody, p.close_campaign),
    _command(
        f"{CAMPAIGN}:request-release",
        "Ask for the release of a successful campaign's money.",
        c.RequestRelease,
        b.Nothing,
        p.request_release,
    ),
    _command(
        f"{CAMPAIGN}:approve-release",
        "Approve the requested release; this obliges its record in the escrow.",
        c.ApproveRelease,
        b.Nothing,
        p.approve_release,
    ),
    _command(
        "/v1/investors",
        "Register an investor under an opaque reference, never personal data.",
        c.RegisterInvestor,
        b.InvestorBody,
        p.register_investor,
        location=INVESTOR,
    ),
    _command(f"{INVESTOR}:approve-kyc", "Approve an investor's KYC.", c.ApproveKyc, b.KycApprovalBody, p.approve_kyc),
    _command(
        "/v1/investments",
        "Commit to invest in a live campaign.",
        c.CommitInvestment,
        b.InvestmentBody,
        p.commit_investment,
        location=INVESTMENT,
    ),
    _command(
        f"{INVESTMENT}/payments",
        "Record money received for a commitment; this obliges its record on the chain.",
        c.RecordPayment,
        b.PaymentBody,
        p.record_payment,
    ),
    _command(
        f"{INVESTMENT}/payments:return",
        "Record that a payment which came after the closing has gone back.",
        c.ReturnPayment,
        b.PaymentReturnBody,
        p.return_payment,
    ),
)

_STATUS = Parameter("status", "word", "Only those in this status.")
_CAMPAIGN_ID = Parameter("campaign_id", "id", "Only those in this campaign.")


def _list(path: str, summary: str, ask: Ask, item: Any, *parameters: Parameter) -> QuestionRoute:
    return QuestionRoute(
        path=path,
        name=f"list_{ask.__name__}",
        summary=summary,
        ask=ask,
        answer=r.Page[item],
        parameters=(*parameters, *PAGE),
    )


def _one(path: str, summary: str, ask: Ask, answer: Any) -> QuestionRoute:
    return QuestionRoute(
        path=path, name=f"read_{ask.__name__}", summary=summary, ask=ask, answer=answer, versioned=True
    )


QUESTIONS: tuple[QuestionRoute, ...] = (
    _list("/v1/companies", "Companies: one's own, or all.", r.companies, a.Company),
    _one(COMPANY, "A company with its documents and its KYB.", r.company, a.Company),
    _list(
        "/v1/campaigns",
        "Campaigns: one's own and those that are or were live, or all.",
        r.campaigns,
        a.Campaign,
        Parameter("company_id", "id", "Only those of this company."),
        _STATUS,
    ),
    _one(CAMPAIGN, "A campaign with its terms, sums and release.", r.campaign, a.Campaign),
    _list(
        f"{CAMPAIGN}/investments",
        "The investments in a campaign, for its issuer and whoever sees all.",
        r.campaign_investments,
        a.Investment,
        _STATUS,
    ),
    _list(
        f"{CAMPAIGN}/cap-table",
        "Who holds what, as far as the chain has confirmed it; for the issuer and whoever sees all.",
        r.cap_table,
        a.Shareholding,
    ),
    QuestionRoute(
        path=f"{CAMPAIGN}/escrow",
        name="read_escrow",
        summary="A campaign's money.",
        ask=r.escrow,
        answer=a.Escrow,
    ),
    _list("/v1/investors", "Investors: one's own, or all.", r.investors, a.Investor),
    _one(INVESTOR, "An investor.", r.investor, a.Investor),
    _list(
        "/v1/investments",
        "Investments of an investor or in a campaign of one's own, or all.",
        r.investments,
        a.Investment,
        Parameter("investor_id", "id", "Only those of this investor."),
        _CAMPAIGN_ID,
        _STATUS,
    ),
    _one(INVESTMENT, "An investment, from its commitment to its certificate or refund.", r.investment, a.Investment),
    _list("/v1/streams/{id}/timeline", "Every entry of one stream, oldest first.", r.timeline, a.Entry),
    QuestionRoute(
        path="/v1/operations/{position}",
        name="read_operation",
        summary="Where the effect of an entry on the chain stands.",
        ask=r.operation,
        answer=Operation,
    ),
    _list(
        "/v1/operations",
        "What entries oblige on the chain, as the book knows it.",
        r.operations,
        Operation,
        Parameter("stream", "id", "Only what this stream obliges; needed by issuers and investors."),
        Parameter("state", "word", "waiting, confirmed or rejected."),
    ),
    QuestionRoute(
        path="/v1/events",
        name="list_events",
        summary="The journal, entry by entry, without holes.",
        ask=r.events,
        answer=r.Page[a.Entry],
        parameters=PAGE,
        roles=ALL_SEEING,
    ),
    QuestionRoute(path="/v1/me", name="read_me", summary="Who the key names.", ask=r.me, answer=a.Me),
)
