"""What can have happened to the money of a campaign: commitments, funding, closing, releases and refunds.

Each event that moves money says between which accounts in its `apply`; `Accounts` keeps the sum at zero.
"""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar
from uuid import UUID

import msgspec

from domain.campaign.state import Campaign, Release
from domain.journal.entries import Event
from domain.values import ChainFact

replace = msgspec.structs.replace


class CommitmentAccepted(Event, frozen=True, kw_only=True):
    TOPIC: ClassVar[str] = "campaign.commitment_accepted"
    investment_id: UUID
    investor_id: UUID
    amount: int
    reflection_ends_at: datetime | None = None

    def apply(self, state: Campaign) -> Campaign:
        ends_at = self.reflection_ends_at
        until = state.reflection_until
        latest = ends_at if until is None or (ends_at is not None and ends_at > until) else until
        return replace(
            state,
            committed=state.committed + self.amount,
            commitments=state.commitments + 1,
            reflection_until=latest,
        )


class CommitmentWaitlisted(Event, frozen=True, kw_only=True):
    """The campaign is full; this commitment is next when there is room, in the order of these entries."""

    TOPIC: ClassVar[str] = "campaign.commitment_waitlisted"
    investment_id: UUID
    investor_id: UUID
    amount: int

    def apply(self, state: Campaign) -> Campaign:
        return replace(state, waiting=state.waiting + self.amount)


class WaitingLeft(Event, frozen=True, kw_only=True):
    """A commitment left the waiting list: admitted, cancelled, or lapsed with the campaign."""

    TOPIC: ClassVar[str] = "campaign.waiting_left"
    investment_id: UUID
    amount: int
    reason: str

    def apply(self, state: Campaign) -> Campaign:
        return replace(state, waiting=state.waiting - self.amount)


class CommitmentReleased(Event, frozen=True, kw_only=True):
    """`unconfirmed`: it had not answered a material change. `held`: it was paid, and would have counted later."""

    TOPIC: ClassVar[str] = "campaign.commitment_released"
    investment_id: UUID
    amount: int
    reason: str
    unconfirmed: bool = False
    held: bool = False

    def apply(self, state: Campaign) -> Campaign:
        return replace(
            state,
            committed=state.committed - self.amount,
            commitments=state.commitments - 1,
            unconfirmed=state.unconfirmed - self.unconfirmed,
            held_investments=state.held_investments - self.held,
        )


class FundingHeld(Event, frozen=True, kw_only=True):
    """A commitment is paid in full, and counts once the campaign closes."""

    TOPIC: ClassVar[str] = "campaign.funding_held"
    investment_id: UUID
    amount: int

    def apply(self, state: Campaign) -> Campaign:
        return replace(state, held_investments=state.held_investments + 1)


class FundingLost(Event, frozen=True, kw_only=True):
    """The provider took back a part of what was held."""

    TOPIC: ClassVar[str] = "campaign.funding_lost"
    investment_id: UUID

    def apply(self, state: Campaign) -> Campaign:
        return replace(state, held_investments=state.held_investments - 1)


class FundingReceived(Event, frozen=True, kw_only=True):
    """Money counts: from the investor into the escrow. `held`: it was there before. `excess`: more was committed."""

    TOPIC: ClassVar[str] = "campaign.funding_received"
    investment_id: UUID
    amount: int
    held: bool = False
    excess: int = 0

    def apply(self, state: Campaign) -> Campaign:
        return replace(
            state,
            raised=state.raised + self.amount,
            committed=state.committed - self.excess,
            funded_investments=state.funded_investments + 1,
            held_investments=state.held_investments - self.held,
            accounts=state.accounts.moved("investors", "escrow", self.amount),
        )


class FundingWithdrawn(Event, frozen=True, kw_only=True):
    """Money counts no longer; it stays in the escrow until its refund."""

    TOPIC: ClassVar[str] = "campaign.funding_withdrawn"
    investment_id: UUID
    amount: int

    def apply(self, state: Campaign) -> Campaign:
        return replace(
            state,
            raised=state.raised - self.amount,
            funded_investments=state.funded_investments - 1,
            unwinding=state.unwinding + 1,
        )


class RefundPaid(Event, frozen=True, kw_only=True):
    """Money went back: from the escrow to the investor. `withdrawn`: it had ceased to count before.

    `emergency`: the investor took it out of the chain's escrow although the shares stand. That is no refund.
    """

    TOPIC: ClassVar[str] = "campaign.refund_paid"
    investment_id: UUID
    amount: int
    withdrawn: bool = False
    emergency: bool = False

    def apply(self, state: Campaign) -> Campaign:
        return replace(
            state,
            unwinding=state.unwinding - self.withdrawn,
            refunded_investments=state.refunded_investments + (not (self.withdrawn or self.emergency)),
            accounts=state.accounts.moved("escrow", "investors", self.amount),
        )


class ClaimRaised(Event, frozen=True, kw_only=True):
    """A provider took money back after the campaign had closed: the investor owes it."""

    TOPIC: ClassVar[str] = "campaign.claim_raised"
    investment_id: UUID
    payment_id: UUID
    amount: int

    def apply(self, state: Campaign) -> Campaign:
        return replace(state, accounts=state.accounts.moved("claims", "investors", self.amount))


class ClosingStarted(Event, frozen=True, kw_only=True):
    """Nothing is accepted any more. What is on its way back arrives first; then the campaign closes."""

    TOPIC: ClassVar[str] = "campaign.closing_started"
    reason: str
    cancelled: bool = False

    def apply(self, state: Campaign) -> Campaign:
        return replace(state, status="closing", closing_reason=self.reason, cancelling=self.cancelled)


class CampaignClosed(Event, frozen=True, kw_only=True):
    """Obliges `CampaignImplementation.close`. `outcome`: successful, failed or cancelled."""

    TOPIC: ClassVar[str] = "campaign.closed"
    outcome: str
    raised: int
    reason: str

    def apply(self, state: Campaign) -> Campaign:
        return replace(state, status=self.outcome, outcome=self.outcome)


class ClosingConfirmed(Event, frozen=True, kw_only=True):
    TOPIC: ClassVar[str] = "campaign.closing_confirmed"
    outcome: str
    on_chain: ChainFact

    def apply(self, state: Campaign) -> Campaign:
        status = state.status if self.outcome == "successful" else "refunding"
        return replace(state, status=status, closing=self.on_chain)


class ReleaseRequested(Event, frozen=True, kw_only=True):
    """`tranche` counts the milestones from 0; a campaign without milestones has one."""

    TOPIC: ClassVar[str] = "campaign.release_requested"
    release_id: UUID
    amount: int
    fee: int
    requester: str
    tranche: int = 0

    def apply(self, state: Campaign) -> Campaign:
        release = Release(
            id=self.release_id,
            amount=self.amount,
            fee=self.fee,
            requester=self.requester,
            tranche=self.tranche,
        )
        return replace(state, status="settling", releases=(*state.releases, release))


def _released(state: Campaign, release_id: UUID, **fields: object) -> Campaign:
    releases = (replace(r, **fields) if r.id == release_id else r for r in state.releases)
    return replace(state, releases=tuple(releases))


class ReleaseApproved(Event, frozen=True, kw_only=True):
    """Obliges `FundEscrow.recordRelease`."""

    TOPIC: ClassVar[str] = "campaign.release_approved"
    release_id: UUID
    amount: int
    fee: int
    wallet: str

    def apply(self, state: Campaign) -> Campaign:
        return _released(state, self.release_id, approved=True)


class ReleaseDeclined(Event, frozen=True, kw_only=True):
    TOPIC: ClassVar[str] = "campaign.release_declined"
    release_id: UUID
    reason: str

    def apply(self, state: Campaign) -> Campaign:
        return replace(state, releases=tuple(r for r in state.releases if r.id != self.release_id))


class ReleaseConfirmed(Event, frozen=True, kw_only=True):
    """Money left the escrow: to the issuer, and the fee apart."""

    TOPIC: ClassVar[str] = "campaign.release_confirmed"
    release_id: UUID
    on_chain: ChainFact

    def apply(self, state: Campaign) -> Campaign:
        after = _released(state, self.release_id, confirmed=self.on_chain, abandoned=False)
        paid = next((r for r in after.releases if r.id == self.release_id), None)
        if paid is None:
            return after
        accounts = after.accounts.moved("escrow", "issuer", paid.amount).moved("escrow", "fees", paid.fee)
        tranches = len(after.terms.milestones) or 1
        done = sum(r.confirmed is not None for r in after.releases) == tranches
        return replace(after, accounts=accounts, status="settled" if done else after.status)


class RefundsCompleted(Event, frozen=True, kw_only=True):
    TOPIC: ClassVar[str] = "campaign.refunds_completed"
    investments: int
    amount: int

    def apply(self, state: Campaign) -> Campaign:
        return replace(state, status="refunded")
