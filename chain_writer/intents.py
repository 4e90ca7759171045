"""The nouns of the writer: what an entry obliges, the intent that promises it, its slot, its submissions."""

from __future__ import annotations

from enum import StrEnum
from uuid import UUID, uuid5

import msgspec

from abis import Generation

LANES = UUID("b7f0a6de-25d1-5b7e-8a3c-0d9c5e3a4f16")  # the namespace of lane ids, for ever


class Kind(StrEnum):
    """The effects on the chain ledger. The values are stored: rename the member, never the value."""

    REGISTER = "register"
    UPDATE = "update"
    SET_ACTIVE = "set-active"
    LOCK = "lock"
    UNLOCK = "unlock"
    CREATE_CAMPAIGN = "create-campaign"
    SET_PAUSED = "set-paused"
    SET_DEADLINE = "set-deadline"
    RECORD_INVESTMENT = "record-investment"
    CLOSE = "close"
    ISSUE_CERTIFICATE = "issue-certificate"
    RECORD_RELEASE = "record-release"
    RECORD_REFUND = "record-refund"
    REVOKE_CERTIFICATE = "revoke-certificate"
    REISSUE_CERTIFICATE = "reissue-certificate"
    APPROVE_TRANSFER = "approve-transfer"


class IntentState(StrEnum):
    """queued: in no slot · bound: in a slot that is not final · landed, rejected: settled for ever."""

    QUEUED = "queued"
    BOUND = "bound"
    LANDED = "landed"
    REJECTED = "rejected"


class SlotState(StrEnum):
    """live: some submission of this nonce may still run · mined: seen in a block · final: decided for ever."""

    LIVE = "live"
    MINED = "mined"
    FINAL = "final"


class Winner(StrEnum):
    """Which tx took the nonce: one that carries the slot's effects, one that only fills it, or one we did not make."""

    EFFECT = "effect"
    FILLER = "filler"
    FOREIGN = "foreign"


class Outcome(StrEnum):
    """What a final slot did for a member: the three marks of the contract, or nothing, so that it is released."""

    RECORDED = "recorded"
    ALREADY_RECORDED = "already-recorded"
    CONFLICT = "conflict"
    RELEASED = "released"


class Purpose(StrEnum):
    """What a submission is for: the slot's effects, or only to use up its nonce."""

    EFFECT = "effect"
    FILLER = "filler"


# What each kind of call says, as it is stored with its intent. The tags are stored: they are for ever.


class Register(msgspec.Struct, frozen=True, kw_only=True, tag="register"):
    company_id: UUID
    wallet: str
    documents_hash: str


# Calls that may come again for one subject. `revision` is the version of the event that obliged it.


class UpdateIssuer(msgspec.Struct, frozen=True, kw_only=True, tag="update"):
    company_id: UUID
    revision: int
    wallet: str
    documents_hash: str


class SetActive(msgspec.Struct, frozen=True, kw_only=True, tag="set-active"):
    company_id: UUID
    revision: int
    active: bool


class LockExclusivity(msgspec.Struct, frozen=True, kw_only=True, tag="lock"):
    company_id: UUID
    revision: int
    campaign_id: UUID


class UnlockExclusivity(msgspec.Struct, frozen=True, kw_only=True, tag="unlock"):
    company_id: UUID
    revision: int
    campaign_id: UUID


class SetPaused(msgspec.Struct, frozen=True, kw_only=True, tag="set-paused"):
    campaign_id: UUID
    revision: int
    paused: bool


class SetDeadline(msgspec.Struct, frozen=True, kw_only=True, tag="set-deadline"):
    campaign_id: UUID
    revision: int
    deadline_s: int


class CreateCampaign(msgspec.Struct, frozen=True, kw_only=True, tag="create-campaign"):
    campaign_id: UUID
    company_id: UUID
    funding_goal: int
    threshold: int
    cap: int
    duration_s: int
    asset: int
    terms_hash: str


class RecordInvestment(msgspec.Struct, frozen=True, kw_only=True, tag="record-investment"):
    campaign_id: UUID
    investment_id: UUID
    investor: str
    amount: int
    shares: int


class CloseCampaign(msgspec.Struct, frozen=True, kw_only=True, tag="close"):
    campaign_id: UUID
    successful: bool
    raised: int


class IssueCertificate(msgspec.Struct, frozen=True, kw_only=True, tag="issue-certificate"):
    investment_id: UUID
    campaign_id: UUID
    holder: str
    shares: int
    content_hash: str


class RecordRelease(msgspec.Struct, frozen=True, kw_only=True, tag="record-release"):
    campaign_id: UUID
    release_id: UUID
    issuer: str
    amount: int
    fee: int


class RecordRefund(msgspec.Struct, frozen=True, kw_only=True, tag="record-refund"):
    campaign_id: UUID
    investment_id: UUID
    investor: str
    amount: int


class RevokeCertificate(msgspec.Struct, frozen=True, kw_only=True, tag="revoke-certificate"):
    change_id: UUID
    investment_id: UUID
    evidence: str


class ReissueCertificate(msgspec.Struct, frozen=True, kw_only=True, tag="reissue-certificate"):
    change_id: UUID
    investment_id: UUID
    holder: str
    evidence: str


class ApproveTransfer(msgspec.Struct, frozen=True, kw_only=True, tag="approve-transfer"):
    change_id: UUID
    investment_id: UUID
    receiver: str
    evidence: str


Change = RevokeCertificate | ReissueCertificate | ApproveTransfer
Revision = UpdateIssuer | SetActive | LockExclusivity | UnlockExclusivity | SetPaused | SetDeadline
Call = (
    Register
    | Revision
    | CreateCampaign
    | RecordInvestment
    | CloseCampaign
    | IssueCertificate
    | RecordRelease
    | RecordRefund
    | Change
)


class Obligation(msgspec.Struct, frozen=True, kw_only=True):
    """What one entry obliges: one effect, named by (target, kind, natural key), with the digest the contract keeps.

    `subject` is the campaign (of a registration: the company), `stage` its place in the subject's life, `parent` the
    subject that must be settled before; what its `stream` obliged earlier must be settled, too. `flaw` says why the
    effect can never be written down as a call, if it cannot.
    """

    effect: UUID
    generation: UUID
    position: int
    stream: UUID
    leaf: bytes
    correlation_id: UUID
    kind: Kind
    target: str
    natural_key: bytes
    digest: bytes
    call: Call
    subject: UUID
    parent: UUID | None
    stage: int
    flaw: str | None = None


class Intent(msgspec.Struct, frozen=True, kw_only=True):
    """The durable promise of one effect, as far as the lane needs it.

    `releases` counts the final slots that did nothing for it; `refused_*` is what the chain said when last asked.
    """

    id: UUID
    kind: Kind
    target: str
    natural_key: bytes
    digest: bytes
    leaf: bytes
    call: Call
    releases: int
    refused_code: str | None
    refused_block: int | None


class Submission(msgspec.Struct, frozen=True, kw_only=True):
    """One signed tx of a slot. `sent_block` is the head when it was last sent, None if it may never have left."""

    number: int
    purpose: Purpose
    hash: str
    raw: bytes
    gas_limit: int
    gas_price_wei: int
    made_block: int
    sends: int
    sent_block: int | None
    reply: str | None


class Slot(msgspec.Struct, frozen=True, kw_only=True):
    """One nonce of a lane, for ever. `submissions` are in the order of their making; all but fillers say the same."""

    nonce: int
    state: SlotState
    target: str
    submissions: tuple[Submission, ...]
    block_number: int | None = None
    block_hash: str | None = None
    winner_hash: str | None = None
    winner: Winner | None = None

    @property
    def best(self) -> Submission:
        """The one that is sent: the last made, because each is made to take the place of those before."""
        return self.submissions[-1]


class Member(msgspec.Struct, frozen=True, kw_only=True):
    """An intent in a slot, with what is needed to find its mark in the logs of the slot's tx."""

    nonce: int
    intent: UUID
    kind: Kind
    target: str
    natural_key: bytes
    digest: bytes
    leaf: bytes
    releases: int


class Spent(msgspec.Struct, frozen=True):
    """What nonces cost: gas, and wei of fees. Of final ones, as far as the tx that took each was one of ours."""

    gas: int = 0
    fees_wei: int = 0

    def __add__(self, other: Spent) -> Spent:
        return Spent(self.gas + other.gas, self.fees_wei + other.fees_wei)


NOTHING = Spent()


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What a final slot did for one member, and what becomes of its intent: landed, queued again, or rejected."""

    intent: UUID
    outcome: Outcome
    state: IntentState
    code: str | None = None
    reason: str | None = None


class Switch(msgspec.Struct, frozen=True, kw_only=True):
    """The entry at `position` promoted `successor`, of this chain, in the place of `previous`."""

    position: int
    previous: UUID
    successor: UUID
    chain_id: int
    genesis_hash: str


class Rejection(msgspec.Struct, frozen=True, kw_only=True):
    """An intent that will never land, with everything that its report to the domain needs.

    `position` is that of the entry that obliged the effect, also where the intent is one of a release.
    """

    intent: UUID
    kind: Kind
    stream: UUID
    position: int
    correlation_id: UUID
    chain_id: int
    code: str
    reason: str


def lane_id(generation: Generation, address: str) -> UUID:
    """The name of a lane: one account on one chain, whatever contracts it speaks to."""
    return uuid5(LANES, f"{generation.chain_id}:{generation.genesis_hash.lower()}:{address.lower()}")
