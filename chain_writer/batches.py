"""Many intents of one kind and one contract into one call, and the search for the member that spoils it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from itertools import zip_longest
from typing import Any
from uuid import UUID

import msgspec

from abis import calls
from chain_writer.intents import (
    ApproveTransfer,
    Change,
    CloseCampaign,
    CreateCampaign,
    Intent,
    IssueCertificate,
    Kind,
    LockExclusivity,
    RecordInvestment,
    RecordRefund,
    RecordRelease,
    Register,
    ReissueCertificate,
    Revision,
    RevokeCertificate,
    SetActive,
    SetDeadline,
    SetPaused,
    UnlockExclusivity,
    UpdateIssuer,
)

# Nodes fill a block by gas *limits*: a tx goes in while its limit fits into what the others left. Polygon Edge's blocks
# take 5,242,880, so three full batches whose limits are close to what they use fill one, and a small tx between them
# costs a third of a block at most. Many smaller ones would pay the cost of a tx too often.
GAS_PER_BATCH_MAX = 5_242_880 // 3
GAS_PER_TX_MAX = 4_800_000  # one tx must leave others room
GAS_MARGIN_PERCENT = 25  # for what is estimated: the state moves between the estimate and the block
GAS_MARGIN_FLOOR = 20_000

MEMBERS_MAX = {  # MEMBERS_MAX of the contracts; kinds that are not here are called one by one
    Kind.RECORD_INVESTMENT: 200,
    Kind.ISSUE_CERTIFICATE: 100,
    Kind.RECORD_REFUND: 200,
}


class Gas(msgspec.Struct, frozen=True):
    """What a batch takes at most: `base` for the call itself, the first of its contract included, and `member` each."""

    base: int
    member: int

    def of(self, members: int) -> int:
        return self.base + self.member * members


# Upper bounds, measured on an Istanbul chain, the usual case first: it sets how many members a batch has, and the gas
# limit if the batch passes within it. Tests hold all of them against the contracts.
GAS_OF = {
    Kind.RECORD_INVESTMENT: (Gas(50_000, 27_600), Gas(50_000, 40_000)),  # the second: in the chain's own coin
    Kind.ISSUE_CERTIFICATE: (Gas(50_000, 96_500),),  # to holders who have none yet; to others it is a fifth less
    Kind.RECORD_REFUND: (Gas(58_000, 27_600), Gas(58_000, 36_500), Gas(58_000, 58_500)),  # failed; in coin; still open
}

OfCampaign = RecordInvestment | CloseCampaign | SetPaused | SetDeadline  # what a campaign's own contract is told


class Batch(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """One call to be made: intents of one kind for one contract, in the order of their entries."""

    kind: Kind
    target: str
    members: tuple[Intent, ...]

    @cached_property
    def data(self) -> bytes:
        return calldata(self.kind, self.members)

    @property
    def campaigns(self) -> frozenset[UUID]:
        """The campaigns whose own contracts this call may be addressed to."""
        calls_ = (member.call for member in self.members)
        return frozenset(call.campaign_id for call in calls_ if isinstance(call, OfCampaign))

    def first(self, count: int) -> Batch:
        """The batch of its first members only."""
        return msgspec.structs.replace(self, members=self.members[:count])


def plan(ready: Sequence[Intent], *, batches_max: int) -> list[Batch]:
    """The calls to make for intents that are all ready, oldest first, the kinds and contracts taking turns.

    Ready intents do not wait for each other, so they may be grouped freely; and none waits behind all that another
    contract or kind has queued. One that a final slot did nothing for goes alone from then on: whatever it was that
    spoilt its batch, it spoils no other.
    """
    queues: dict[tuple[Kind, str], list[list[Intent]]] = {}
    filling: dict[tuple[Kind, str], list[Intent]] = {}
    for intent in ready:
        key = intent.kind, intent.target
        group = filling.get(key)
        if group is None or intent.releases or len(group) >= members_max(intent.kind):
            group = []
            queues.setdefault(key, []).append(group)
            if not intent.releases:
                filling[key] = group
        group.append(intent)
    turns = (group for turn in zip_longest(*queues.values()) for group in turn if group is not None)
    groups = [group for group, _ in zip(turns, range(batches_max), strict=False)]
    return [Batch(kind=g[0].kind, target=g[0].target, members=tuple(g)) for g in groups]


def members_max(kind: Kind) -> int:
    """How many members of a kind one call takes: by the contract, and by the gas of one tx."""
    if kind not in MEMBERS_MAX:
        return 1
    usual = GAS_OF[kind][0]
    return min(MEMBERS_MAX[kind], (GAS_PER_BATCH_MAX - usual.base) // usual.member)


def gas_limits_of(batch: Batch) -> list[int]:
    """The gas limits within which a batch may be expected to pass, the least first; none if only a node can tell.

    None for what ran out of gas before, or did nothing for another reason.
    """
    if any(member.releases for member in batch.members):
        return []
    limits = (gas.of(len(batch.members)) for gas in GAS_OF.get(batch.kind, ()))
    return [limit for limit in limits if limit <= GAS_PER_TX_MAX]


def gas_limit_of(estimate: int, *, releases: int) -> int | None:
    """The gas to allow a call that a node estimated; more for one that ran out before. None: too much for one tx."""
    margin = max(GAS_MARGIN_FLOOR, estimate * GAS_MARGIN_PERCENT * (1 + releases) // 100)
    if estimate + GAS_MARGIN_FLOOR > GAS_PER_TX_MAX:
        return None
    return min(GAS_PER_TX_MAX, estimate + margin)


def calldata(kind: Kind, members: Sequence[Intent]) -> bytes:
    """The call that records all these members. Each is written with the leaf of the entry that obliged it."""
    assert members
    match kind:
        case Kind.RECORD_INVESTMENT:
            return calls.record_investments([_investment(member) for member in members])
        case Kind.ISSUE_CERTIFICATE:
            return calls.issue_certificates([_certificate(member) for member in members])
        case Kind.RECORD_REFUND:
            return calls.record_refunds([_refund(member) for member in members])
        case _:
            assert len(members) == 1, f"{kind} is called for one intent at a time"
            return _single(members[0])


def _single(intent: Intent) -> bytes:
    call, entry = intent.call, intent.leaf
    match call:
        case Register():
            digest = bytes.fromhex(call.documents_hash)
            return calls.register(company_id=call.company_id, wallet=call.wallet, documents_hash=digest, entry=entry)
        case CreateCampaign():
            return calls.create_campaign(
                campaign_id=call.campaign_id,
                company_id=call.company_id,
                funding_goal=call.funding_goal,
                threshold=call.threshold,
                cap=call.cap,
                duration_s=call.duration_s,
                asset=call.asset,
                terms_hash=bytes.fromhex(call.terms_hash),
                entry=entry,
            )
        case CloseCampaign():
            return calls.close(successful=call.successful, raised=call.raised, entry=entry)
        case RecordRelease():
            return calls.record_release(
                campaign_id=call.campaign_id,
                release_id=call.release_id,
                issuer=call.issuer,
                amount=call.amount,
                fee=call.fee,
                entry=entry,
            )
        case RevokeCertificate() | ReissueCertificate() | ApproveTransfer():
            return _change(call, entry)
        case _ if isinstance(call, Revision):
            return _revision(call, entry)
        case _:
            raise AssertionError(f"{type(call).__name__} is a member of a batch")


def _change(call: Change, entry: bytes) -> bytes:
    said: dict[str, Any] = {
        "change_id": call.change_id,
        "investment_id": call.investment_id,
        "evidence": bytes.fromhex(call.evidence),
        "entry": entry,
    }
    match call:
        case RevokeCertificate():
            return calls.revoke_certificate(**said)
        case ReissueCertificate(holder=holder):
            return calls.reissue_certificate(holder=holder, **said)
        case ApproveTransfer(receiver=receiver):
            return calls.approve_transfer(to=receiver, **said)


def _revision(call: Revision, entry: bytes) -> bytes:
    said: dict[str, Any] = {"revision": call.revision, "entry": entry}
    match call:
        case UpdateIssuer(company_id=company_id, wallet=wallet):
            digest = bytes.fromhex(call.documents_hash)
            return calls.update(company_id=company_id, wallet=wallet, documents_hash=digest, **said)
        case SetActive(company_id=company_id, active=active):
            return calls.set_active(company_id=company_id, active=active, **said)
        case LockExclusivity(company_id=company_id, campaign_id=campaign_id):
            return calls.lock(company_id=company_id, campaign_id=campaign_id, **said)
        case UnlockExclusivity(company_id=company_id, campaign_id=campaign_id):
            return calls.unlock(company_id=company_id, campaign_id=campaign_id, **said)
        case SetPaused(paused=paused):
            return calls.set_paused(paused=paused, **said)
        case SetDeadline(deadline_s=deadline_s):
            return calls.set_deadline(deadline_s=deadline_s, **said)


def _investment(intent: Intent) -> calls.InvestmentMember:
    call = intent.call
    assert isinstance(call, RecordInvestment)
    return calls.InvestmentMember(call.investment_id, call.investor, call.amount, call.shares, intent.leaf)


def _certificate(intent: Intent) -> calls.CertificateMember:
    call = intent.call
    assert isinstance(call, IssueCertificate)
    content_hash = bytes.fromhex(call.content_hash)
    return calls.CertificateMember(
        call.investment_id, call.campaign_id, call.holder, call.shares, content_hash, intent.leaf
    )


def _refund(intent: Intent) -> calls.RefundMember:
    call = intent.call
    assert isinstance(call, RecordRefund)
    return calls.RefundMember(call.campaign_id, call.investment_id, call.investor, call.amount, intent.leaf)


class Search(msgspec.Struct, frozen=True):
    """The search for the first member without which a failing batch would pass.

    The first `passing` members are known to pass together, the first `failing` to fail. Each probe halves what lies
    between; in the end the member at `passing` is the culprit, and those before it are sound.
    """

    passing: int
    failing: int

    @property
    def done(self) -> bool:
        return self.failing - self.passing == 1

    @property
    def probe(self) -> int:
        """How many members to simulate next."""
        assert not self.done
        return (self.passing + self.failing) // 2

    def after(self, *, passed: bool) -> Search:
        return Search(self.probe, self.failing) if passed else Search(self.passing, self.probe)
