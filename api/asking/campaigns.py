"""Commands about campaigns until their end: their bodies and their routes."""

from __future__ import annotations

from uuid import UUID

from api.asking.rows import CAMPAIGN, asks
from api.bodies import Body, ReasonBody
from api.fields import Amount, Cid, Count, Currency, Digest, Id, Moment, RulePackId, Text
from api.plans import Made
from domain import commands as c

CAMPAIGNS_MADE = UUID("b0c1b9de-1d3b-5c6f-9a57-0f6e1f3f6a01")
DOCUMENTS = UUID("b0c1b9de-1d3b-5c6f-9a57-0f6e1f3f6a07")
UPDATES = UUID("b0c1b9de-1d3b-5c6f-9a57-0f6e1f3f6a08")
CHANGES = UUID("b0c1b9de-1d3b-5c6f-9a57-0f6e1f3f6a09")


class MilestoneMembers(Body):
    name: Text
    bps: Count


class TermsBody(Body):
    """Money in minor units, the duration in seconds, shares of a whole in basis points."""

    currency: Currency
    funding_goal: Amount
    minimum: Amount
    cap: Amount
    share_price: Amount
    duration_s: Count
    success_threshold_bps: Count
    fee_bps: Count
    rule_pack: RulePackId
    investor_maximum: Amount | None = None
    opens_at: Moment | None = None
    oversubscription: Text | None = None
    milestones: list[MilestoneMembers] | None = None


class CampaignBody(Body):
    company_id: Id
    title: Text
    terms: TermsBody
    campaign_id: Id | None = None


class AmendmentBody(Body):
    title: Text
    terms: TermsBody


class CampaignCampaignDocumentBody(Body):
    kind: Text
    sha256: Digest
    cid: Cid | None = None
    document_id: Id | None = None


class UpdateBody(Body):
    title: Text
    sha256: Digest
    cid: Cid | None = None
    update_id: Id | None = None


class CampaignApprovalBody(Body):
    terms_hash: Digest


class ChangeBody(Body):
    kind: Text
    digest: Digest
    deadline: Moment | None = None
    change_id: Id | None = None


class ChangeApprovalBody(Body):
    digest: Digest


class EarlyCloseBody(Body):
    deadline: Moment


_BY = "campaign_id"
_CHANGE = f"{CAMPAIGN}/changes/{{change_id}}"
_BEFORE = "draft, changes_requested, rejected"
_REVIEWABLE = "submitted, or in_review by this reviewer"
_OPEN = "live, paused"

CAMPAIGNS = (
    asks(
        c.DraftCampaign,
        "/v1/campaigns",
        "Draft a campaign of a company.",
        when="the company is one's own",
        body=CampaignBody,
        made=Made("campaign_id", CAMPAIGNS_MADE),
        location=CAMPAIGN,
    ),
    asks(
        c.AmendCampaign,
        f"{CAMPAIGN}:amend",
        "Change title and terms before anybody looks at them.",
        when=_BEFORE,
        body=AmendmentBody,
        subject=_BY,
    ),
    asks(
        c.AttachCampaignDocument,
        f"{CAMPAIGN}/documents",
        "Attach a document that investors see, or replace one.",
        when=_BEFORE,
        body=CampaignCampaignDocumentBody,
        subject=_BY,
        made=Made("document_id", DOCUMENTS, lambda fields: f"{fields['campaign_id']}\n{fields['sha256']}"),
        location=CAMPAIGN,
    ),
    asks(
        c.RemoveCampaignDocument,
        f"{CAMPAIGN}/documents/{{document_id}}:remove",
        "Remove a document from a campaign.",
        when=_BEFORE,
        subject=_BY,
    ),
    asks(
        c.SubmitCampaign,
        f"{CAMPAIGN}:submit",
        "Submit a campaign for review; takes the company's exclusivity lock.",
        when=f"{_BEFORE}; the company in good standing",
        subject=_BY,
    ),
    asks(
        c.WithdrawCampaign,
        f"{CAMPAIGN}:withdraw",
        "Take a campaign back before it is approved.",
        when="submitted, in_review",
        body=ReasonBody,
        subject=_BY,
    ),
    asks(
        c.StartCampaignReview,
        f"{CAMPAIGN}:start-review",
        "Take a campaign for review.",
        when=_REVIEWABLE,
        subject=_BY,
    ),
    asks(
        c.RequestCampaignChanges,
        f"{CAMPAIGN}:request-changes",
        "Give a campaign back for changes.",
        when=_REVIEWABLE,
        body=ReasonBody,
        subject=_BY,
    ),
    asks(
        c.ApproveCampaign,
        f"{CAMPAIGN}:approve",
        "Approve exactly the submitted terms; this obliges the campaign's contract.",
        when=_REVIEWABLE,
        body=CampaignApprovalBody,
        subject=_BY,
    ),
    asks(
        c.RejectCampaign,
        f"{CAMPAIGN}:reject",
        "Reject a submitted campaign.",
        when=_REVIEWABLE,
        body=ReasonBody,
        subject=_BY,
    ),
    asks(
        c.PauseCampaign,
        f"{CAMPAIGN}:pause",
        "Stop commitments for now; the deadline goes on.",
        when="live",
        body=ReasonBody,
        subject=_BY,
    ),
    asks(
        c.ResumeCampaign,
        f"{CAMPAIGN}:resume",
        "Let commitments go on, by another person than the one who paused.",
        when="paused",
        body=ReasonBody,
        subject=_BY,
    ),
    asks(
        c.PostUpdate,
        f"{CAMPAIGN}/updates",
        "Post news for investors, by its hash.",
        when="from live on",
        body=UpdateBody,
        subject=_BY,
        made=Made("update_id", UPDATES),
        location=CAMPAIGN,
    ),
    asks(
        c.DeclareChange,
        f"{CAMPAIGN}/changes",
        "Declare a material change or an extension; investors must reconfirm once it is approved.",
        when=f"{_OPEN}; no other change under way",
        body=ChangeBody,
        subject=_BY,
        made=Made("change_id", CHANGES),
        location=CAMPAIGN,
    ),
    asks(
        c.ApproveChange,
        f"{_CHANGE}:approve",
        "Approve exactly the declared change; the time to reconfirm begins.",
        when=f"{_OPEN}; the change declared",
        body=ChangeApprovalBody,
        subject=_BY,
    ),
    asks(
        c.DeclineChange,
        f"{_CHANGE}:decline",
        "Decline a declared change.",
        when="the change declared",
        body=ReasonBody,
        subject=_BY,
    ),
    asks(
        c.AnnounceEarlyClose,
        f"{CAMPAIGN}:announce-early-close",
        "Announce that the campaign closes before its deadline.",
        when="live, at its threshold",
        body=EarlyCloseBody,
        subject=_BY,
    ),
)
