"""Commands about companies: their bodies and their routes."""

from __future__ import annotations

from uuid import UUID

from api.asking.rows import COMPANY, asks
from api.bodies import Body, ReasonBody
from api.fields import Cid, Count, Digest, Id, Moment, Text, Wallet
from api.plans import Made
from domain import commands as c
from domain.company import company_id

DOCUMENTS = UUID("b0c1b9de-1d3b-5c6f-9a57-0f6e1f3f6a02")
OVERRIDES = UUID("b0c1b9de-1d3b-5c6f-9a57-0f6e1f3f6a06")


class CompanyBody(Body):
    legal_name: Text
    tax_number: Text
    sector: Text
    registration_year: Count
    wallet: Wallet


class DetailsBody(Body):
    legal_name: Text
    sector: Text


class ProfileMembers(Body):
    website: Text | None = None
    city: Text | None = None
    country: Text | None = None
    description: Text | None = None
    founded_year: Count | None = None
    employees: Count | None = None


class ProfileBody(Body):
    profile: ProfileMembers


class MemorandumBody(Body):
    sha256: Digest
    cid: Cid | None = None


class DocumentBody(Body):
    kind: Text
    sha256: Digest
    cid: Cid | None = None
    expires_at: Moment | None = None
    document_id: Id | None = None


class KybApprovalBody(Body):
    documents_hash: Digest
    valid_until: Moment | None = None


class WalletBody(Body):
    wallet: Wallet


class OverrideBody(Body):
    year: Count
    reason: Text
    override_id: Id | None = None


_BY = "company_id"
_DOCUMENT = f"{COMPANY}/documents/{{document_id}}"
_EDITABLE = "kyb draft, info_required, rejected, expired"
_REVIEWABLE = "kyb submitted, or in_review by this reviewer"

COMPANIES = (
    asks(
        c.RegisterCompany,
        "/v1/companies",
        "Register a company. Its id follows from its tax number.",
        when="no company of this tax number",
        body=CompanyBody,
        stream=lambda fields: company_id(fields["tax_number"]),
        location=COMPANY,
    ),
    asks(
        c.AmendDetails,
        f"{COMPANY}:amend-details",
        "Correct a company's name and sector.",
        when=_EDITABLE,
        body=DetailsBody,
        subject=_BY,
    ),
    asks(
        c.PublishProfile,
        f"{COMPANY}:publish-profile",
        "Publish what a company says of itself.",
        when="always",
        body=ProfileBody,
        subject=_BY,
    ),
    asks(
        c.PublishMemorandum,
        f"{COMPANY}:publish-memorandum",
        "Publish the information memorandum, by its hash.",
        when="always",
        body=MemorandumBody,
        subject=_BY,
    ),
    asks(
        c.AttachDocument,
        f"{COMPANY}/documents",
        "Attach a document by its SHA-256; the answer's `id` is the document's.",
        when="kyb neither submitted nor in_review",
        body=DocumentBody,
        subject=_BY,
        made=Made("document_id", DOCUMENTS, lambda fields: f"{fields['company_id']}\n{fields['sha256']}"),
        location=COMPANY,
    ),
    asks(
        c.WithdrawDocument,
        f"{_DOCUMENT}:withdraw",
        "Take back a document that nobody has approved.",
        when=_EDITABLE,
        subject=_BY,
    ),
    asks(
        c.ApproveDocument,
        f"{_DOCUMENT}:approve",
        "Approve a document of a company.",
        when="document pending",
        subject=_BY,
    ),
    asks(
        c.RejectDocument,
        f"{_DOCUMENT}:reject",
        "Reject a document of a company.",
        when="document pending",
        body=ReasonBody,
        subject=_BY,
    ),
    asks(
        c.SubmitKyb,
        f"{COMPANY}:submit-kyb",
        "Submit a company's KYB for review.",
        when=f"{_EDITABLE}, or approved with new documents",
        subject=_BY,
    ),
    asks(
        c.StartKybReview,
        f"{COMPANY}:start-kyb-review",
        "Take a company's KYB for review.",
        when=_REVIEWABLE,
        subject=_BY,
    ),
    asks(
        c.RequestKybInformation,
        f"{COMPANY}:request-kyb-information",
        "Ask the issuer for more before deciding on the KYB.",
        when=_REVIEWABLE,
        body=ReasonBody,
        subject=_BY,
    ),
    asks(
        c.ApproveKyb,
        f"{COMPANY}:approve-kyb",
        "Approve a company's KYB by the hash of its documents; this obliges its registration on the chain.",
        when=_REVIEWABLE,
        body=KybApprovalBody,
        subject=_BY,
    ),
    asks(
        c.RejectKyb,
        f"{COMPANY}:reject-kyb",
        "Reject a company's KYB.",
        when=_REVIEWABLE,
        body=ReasonBody,
        subject=_BY,
    ),
    asks(
        c.SuspendCompany,
        f"{COMPANY}:suspend",
        "Suspend a company: no campaign, no release; refunds go on.",
        when="always",
        body=ReasonBody,
        subject=_BY,
    ),
    asks(
        c.ReinstateCompany,
        f"{COMPANY}:reinstate",
        "Reinstate a suspended company, by another person than the one who suspended it.",
        when="suspended",
        body=ReasonBody,
        subject=_BY,
    ),
    asks(
        c.RequestWalletRotation,
        f"{COMPANY}:request-wallet-rotation",
        "Ask for another wallet of a company.",
        when="no rotation waiting",
        body=WalletBody,
        subject=_BY,
    ),
    asks(
        c.ApproveWalletRotation,
        f"{COMPANY}:approve-wallet-rotation",
        "Approve exactly the wallet that was asked for.",
        when="a rotation waiting",
        body=WalletBody,
        subject=_BY,
    ),
    asks(
        c.RequestOverride,
        f"{COMPANY}/overrides",
        "Ask that a company may have a further campaign this year.",
        when="no override of the year waiting",
        body=OverrideBody,
        subject=_BY,
        made=Made("override_id", OVERRIDES),
        location=COMPANY,
    ),
    asks(
        c.GrantOverride,
        f"{COMPANY}/overrides/{{override_id}}:grant",
        "Grant an override, by another person than the one who asked.",
        when="the override waiting",
        subject=_BY,
    ),
)
