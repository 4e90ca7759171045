"""Commands about investors: their bodies and their routes."""

from __future__ import annotations

from uuid import UUID, uuid5

from api.asking.rows import INVESTOR, asks
from api.bodies import Body, ReasonBody
from api.commands import Asked
from api.fields import Amount, Digest, Id, Moment, RulePackId, Signature, Text, Wallet
from api.plans import Made
from domain import commands as c

INVESTORS_MADE = UUID("b0c1b9de-1d3b-5c6f-9a57-0f6e1f3f6a04")
NONCES = UUID("b0c1b9de-1d3b-5c6f-9a57-0f6e1f3f6a0a")


class InvestorBody(Body):
    reference: Text
    investor_id: Id | None = None


class ChallengeBody(Body):
    wallet: Wallet


class BindingBody(Body):
    nonce: Text
    scheme: Text
    signature: Signature


class EvidenceBody(Body):
    evidence: Digest


class KycApprovalBody(Body):
    level: Text
    valid_until: Moment | None = None


class ClassificationBody(Body):
    classification: Text
    evidence: Digest
    valid_until: Moment | None = None


class EntryTestBody(Body):
    passed: bool
    evidence: Digest
    valid_until: Moment


class MeansBody(Body):
    rule_pack: RulePackId
    income: Amount
    net_worth: Amount


class RiskBody(Body):
    kind: Text
    sha256: Digest


def _challenge(asked: Asked) -> dict[str, object]:
    """The nonce is this one request's own; place and chain are the platform's, never the client's to say."""
    nonce = uuid5(NONCES, asked.seed).hex
    return {"nonce": nonce, "domain": asked.place.domain, "chain_id": asked.place.chain_id}


_BY = "investor_id"

INVESTORS = (
    asks(
        c.RegisterInvestor,
        "/v1/investors",
        "Register an investor under an opaque reference, never personal data.",
        when="no investor of this id",
        body=InvestorBody,
        made=Made("investor_id", INVESTORS_MADE),
        location=INVESTOR,
    ),
    asks(
        c.ChallengeWallet,
        f"{INVESTOR}:challenge-wallet",
        "Ask for a challenge that the wallet is to sign; read it at `/challenge`.",
        when="not erased",
        body=ChallengeBody,
        subject=_BY,
        given=_challenge,
    ),
    asks(
        c.BindWallet,
        f"{INVESTOR}:bind-wallet",
        "Bind the wallet that signed the challenge (EIP-191 or EIP-712).",
        when="a challenge waiting, not expired",
        body=BindingBody,
        subject=_BY,
    ),
    asks(
        c.SubmitKyc,
        f"{INVESTOR}:submit-kyc",
        "Submit an investor's KYC, by a keyed hash of its evidence.",
        when="kyc not submitted",
        body=EvidenceBody,
        subject=_BY,
    ),
    asks(
        c.ApproveKyc,
        f"{INVESTOR}:approve-kyc",
        "Approve an investor's KYC.",
        when="not erased",
        body=KycApprovalBody,
        subject=_BY,
    ),
    asks(
        c.RejectKyc,
        f"{INVESTOR}:reject-kyc",
        "Reject an investor's KYC, or take an approval back.",
        when="always",
        body=ReasonBody,
        subject=_BY,
    ),
    asks(
        c.ClassifyInvestor,
        f"{INVESTOR}:classify",
        "Classify an investor.",
        when="not erased",
        body=ClassificationBody,
        subject=_BY,
    ),
    asks(
        c.RecordEntryTest,
        f"{INVESTOR}:record-entry-test",
        "Record the result of the entry knowledge test.",
        when="not erased",
        body=EntryTestBody,
        subject=_BY,
    ),
    asks(
        c.DeclareMeans,
        f"{INVESTOR}:declare-means",
        "Declare income and net worth; only the limits that follow are recorded.",
        when="not erased",
        body=MeansBody,
        subject=_BY,
    ),
    asks(
        c.AcknowledgeRisk,
        f"{INVESTOR}:acknowledge",
        "Acknowledge a text, by its hash.",
        when="not erased",
        body=RiskBody,
        subject=_BY,
    ),
    asks(
        c.EraseInvestor,
        f"{INVESTOR}:erase",
        "Erase a person's data by destroying its key; what they hold or are owed stays.",
        when="always",
        body=ReasonBody,
        subject=_BY,
    ),
)
