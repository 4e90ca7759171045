"""Commands about investments: their bodies and their routes."""

from __future__ import annotations

from uuid import UUID

from api.asking.rows import INVESTMENT, asks
from api.bodies import Body, ReasonBody
from api.fields import Amount, Digest, Id, Text, Wallet
from api.plans import Made
from domain import commands as c

INVESTMENTS_MADE = UUID("b0c1b9de-1d3b-5c6f-9a57-0f6e1f3f6a03")
CERTIFICATE_CHANGES = UUID("b0c1b9de-1d3b-5c6f-9a57-0f6e1f3f6a0b")


class AcknowledgementMembers(Body):
    kind: Text
    text: Text


class InvestmentBody(Body):
    campaign_id: Id
    investor_id: Id
    amount: Amount
    acknowledgements: list[AcknowledgementMembers]
    documents_hash: Digest | None = None
    investment_id: Id | None = None


class ReconfirmationBody(Body):
    change_id: Id


class CertificateChangeBody(Body):
    kind: Text
    reason: Text
    evidence: Digest
    wallet: Wallet | None = None
    change_id: Id | None = None


_BY = "investment_id"
_CHANGE = f"{INVESTMENT}/certificate-changes/{{change_id}}"

INVESTMENTS = (
    asks(
        c.CommitInvestment,
        "/v1/investments",
        "Commit to invest in a live campaign.",
        when="campaign live",
        body=InvestmentBody,
        made=Made("investment_id", INVESTMENTS_MADE),
        location=INVESTMENT,
    ),
    asks(
        c.CancelInvestment,
        f"{INVESTMENT}:cancel",
        "Withdraw from a commitment, as far as the rules of the campaign allow.",
        when="waiting, committed, paid, funded; campaign live or paused",
        body=ReasonBody,
        subject=_BY,
    ),
    asks(
        c.ReconfirmInvestment,
        f"{INVESTMENT}:reconfirm",
        "Stand by a commitment after a material change.",
        when="committed, paid, funded; within the time to reconfirm",
        body=ReconfirmationBody,
        subject=_BY,
    ),
    asks(
        c.RequestCertificateChange,
        f"{INVESTMENT}/certificate-changes",
        "Ask to revoke, reissue or transfer a certificate, with evidence.",
        when="certified, or revoked for a reissue; no change under way",
        body=CertificateChangeBody,
        subject=_BY,
        made=Made("change_id", CERTIFICATE_CHANGES),
        location=INVESTMENT,
    ),
    asks(
        c.ApproveCertificateChange,
        f"{_CHANGE}:approve",
        "Approve a change of a certificate, by another person; this obliges it on the chain.",
        when="the change waiting",
        subject=_BY,
    ),
    asks(
        c.DeclineCertificateChange,
        f"{_CHANGE}:decline",
        "Decline a change of a certificate.",
        when="the change waiting",
        body=ReasonBody,
        subject=_BY,
    ),
)
