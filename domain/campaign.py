"""The campaign: one offering, from its draft over the chain to settlement or refund. It keeps sums, never lists."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

import msgspec

from domain.company import same_fact
from domain.errors import Refusal
from domain.journal.entries import Actor, Event
from domain.rule_packs import RulePack
from domain.values import BPS, ChainFact, Terms, check_text, terms_hash


class Release(msgspec.Struct, frozen=True):
    """A release of the raised money, as requested: what goes to the issuer, what the platform keeps, who asked."""

    id: UUID
    amount: int
    fee: int
    requester: str
    approved: bool = False


class Campaign(msgspec.Struct, frozen=True, kw_only=True):
    """State. `status`: draft, submitted, approved (being deployed), rejected, live, closed, settled, refunded."""

    id: UUID
    company_id: UUID
    owner: str
    title: str
    terms: Terms
    status: str = "draft"
    submitter: str | None = None
    terms_hash: str | None = None
    deployed: ChainFact | None = None
    deadline: datetime | None = None
    committed: int = 0
    raised: int = 0
    funded_investments: int = 0
    outcome: str | None = None
    closing: ChainFact | None = None
    release: Release | None = None
    released: ChainFact | None = None

    # Deciders: each refuses or returns the event.

    def submit(self, *, by: Actor) -> Event:
        self._owned(by)
        self._in("draft", "rejected")
        content = terms_hash(company_id=self.company_id, title=self.title, terms=self.terms)
        return CampaignSubmitted(terms_hash=content, submitter=by.id)

    def approve(self, *, approved_hash: str, wallet: str, by: Actor) -> Event:
        """Approve exactly what was submitted: the approver names its hash. Four eyes."""
        self._in("submitted")
        self._other_eyes(by, self.owner, self.submitter)
        assert self.terms_hash is not None
        if approved_hash != self.terms_hash:
            raise Refusal(
                "approved-otherwise", "the hash is not that of the submitted terms", terms_hash=self.terms_hash
            )
        return CampaignApproved(company_id=self.company_id, wallet=wallet, terms=self.terms, terms_hash=self.terms_hash)

    def reject(self, *, reason: str, by: Actor) -> Event:
        self._in("submitted")
        self._other_eyes(by, self.owner, self.submitter)
        check_text(reason, name="reason")
        return CampaignRejected(reason=reason)

    def confirm_deployment(self, *, address: str, deadline: datetime, fact: ChainFact) -> Event | None:
        if same_fact(self.deployed, fact):
            return None
        if self.status != "approved":
            raise Refusal("not-obliged", "nothing obliged the deployment of this campaign")
        return DeploymentConfirmed(address=address, deadline=deadline, on_chain=fact)

    def accept(self, *, investment_id: UUID, investor_id: UUID, amount: int, now: datetime, pack: RulePack) -> Event:
        """Accept a commitment while the campaign is live, within its minimum and cap."""
        self._open(now)
        minimum = max(self.terms.minimum, pack.investment_minimum)
        if amount < minimum:
            raise Refusal("below-minimum", f"the minimum is {minimum}", minimum=str(minimum))
        if self.committed + amount > self.terms.cap:
            rest = self.terms.cap - self.committed
            raise Refusal("cap-exceeded", f"only {rest} can still be committed", available=str(rest))
        return CommitmentAccepted(investment_id=investment_id, investor_id=investor_id, amount=amount)

    @property
    def ended(self) -> bool:
        """Whether the campaign has closed: from then on no money counts for it any more."""
        return self.outcome is not None

    def receive(self, *, investment_id: UUID, amount: int) -> Event:
        """Count money received against a commitment, as long as the campaign has not closed."""
        self._in("live")
        return FundingReceived(investment_id=investment_id, amount=amount)

    def close(self, *, reason: str, now: datetime, early_failure: bool) -> Event:
        """End the campaign. It succeeds from its threshold on (seed rule 4); before the deadline only if it has."""
        self._in("live")
        check_text(reason, name="reason")
        assert self.deadline is not None
        successful = self.raised >= self.terms.threshold
        if now < self.deadline and not successful and not early_failure:
            raise Refusal(
                "still-open", "before its deadline a campaign closes only at its threshold", deadline=str(self.deadline)
            )
        outcome = "successful" if successful else "failed"
        return CampaignClosed(outcome=outcome, raised=self.raised, reason=reason)

    def confirm_closing(self, fact: ChainFact) -> Event | None:
        if same_fact(self.closing, fact):
            return None
        if self.outcome is None:
            raise Refusal("not-obliged", "nothing obliged the closing of this campaign")
        return ClosingConfirmed(outcome=self.outcome, on_chain=fact)

    def check_ended(self, outcome: str) -> None:
        """Refuse what only the end of the campaign, confirmed by the chain, allows: `successful` or `failed`."""
        if self.closing is not None and self.outcome == outcome:
            return
        if outcome == "successful":
            raise Refusal(
                "not-successful", "the campaign has not closed as successful on the chain", status=self.status
            )
        raise Refusal("not-failed", "the campaign has not closed as failed on the chain", status=self.status)

    def request_release(self, *, release_id: UUID, by: Actor) -> Event:
        """Ask for the money of a successful campaign: the raised sum less the fee, rounded down (seed rule 4)."""
        self._in("closed")
        self.check_ended("successful")
        if self.release is not None:
            raise Refusal("already-requested", "a release has been requested", release_id=str(self.release.id))
        fee = self.raised * self.terms.fee_bps // BPS
        return ReleaseRequested(release_id=release_id, amount=self.raised - fee, fee=fee, requester=by.id)

    def approve_release(self, *, wallet: str, by: Actor) -> Event:
        if self.release is None:
            raise Refusal("not-requested", "no release has been requested")
        if self.release.approved:
            raise Refusal("already-approved", "the release is approved already", release_id=str(self.release.id))
        self._other_eyes(by, self.release.requester)
        release = self.release
        return ReleaseApproved(release_id=release.id, amount=release.amount, fee=release.fee, wallet=wallet)

    def confirm_release(self, fact: ChainFact) -> Event | None:
        if same_fact(self.released, fact):
            return None
        if self.release is None or not self.release.approved:
            raise Refusal("not-obliged", "nothing obliged a release of this campaign")
        return ReleaseConfirmed(release_id=self.release.id, on_chain=fact)

    def complete_refunds(self, *, investments: int, amount: int) -> Event | None:
        """Every funded investment has its money back: counts and sums must be the campaign's own."""
        if self.status == "refunded":
            return None
        self._in("closed")
        self.check_ended("failed")
        if (investments, amount) != (self.funded_investments, self.raised):
            raise Refusal("sums-differ", f"{self.funded_investments} investments of {self.raised} were to be refunded")
        return RefundsCompleted(investments=investments, amount=amount)

    def _owned(self, by: Actor) -> None:
        if by.id != self.owner:
            raise Refusal("not-yours", "this campaign belongs to another issuer")

    def _in(self, *statuses: str) -> None:
        if self.status not in statuses:
            raise Refusal(
                "wrong-status", f"the campaign is {self.status}, not {' or '.join(statuses)}", status=self.status
            )

    def _open(self, now: datetime) -> None:
        self._in("live")
        assert self.deadline is not None
        if now >= self.deadline:
            raise Refusal("deadline-passed", "commitments ended at the deadline", deadline=str(self.deadline))

    @staticmethod
    def _other_eyes(by: Actor, *not_by: str | None) -> None:
        if by.id in not_by:
            raise Refusal("four-eyes", "another person than the one who asked must decide this")


def draft(*, campaign_id: UUID, company_id: UUID, title: str, terms: Terms, pack: RulePack, by: Actor) -> Event:
    """Decide on a new campaign: its terms must keep the rules of their pack."""
    check_text(title, name="title")
    pack.check(terms)
    return CampaignDrafted(campaign_id=campaign_id, company_id=company_id, title=title, terms=terms, owner=by.id)


class CampaignDrafted(Event, frozen=True, kw_only=True):
    TOPIC: ClassVar[str] = "campaign.drafted"
    campaign_id: UUID
    company_id: UUID
    title: str
    terms: Terms
    owner: str

    def apply(self, state: Any) -> Campaign:
        return Campaign(
            id=self.campaign_id, company_id=self.company_id, owner=self.owner, title=self.title, terms=self.terms
        )


class CampaignSubmitted(Event, frozen=True, kw_only=True):
    TOPIC: ClassVar[str] = "campaign.submitted"
    terms_hash: str
    submitter: str

    def apply(self, state: Campaign) -> Campaign:
        return msgspec.structs.replace(state, status="submitted", terms_hash=self.terms_hash, submitter=self.submitter)


class CampaignApproved(Event, frozen=True, kw_only=True):
    """Obliges `CampaignFactory.createCampaign`."""

    TOPIC: ClassVar[str] = "campaign.approved"
    company_id: UUID
    wallet: str
    terms: Terms
    terms_hash: str

    def apply(self, state: Campaign) -> Campaign:
        return msgspec.structs.replace(state, status="approved")


class CampaignRejected(Event, frozen=True, kw_only=True):
    TOPIC: ClassVar[str] = "campaign.rejected"
    reason: str

    def apply(self, state: Campaign) -> Campaign:
        return msgspec.structs.replace(state, status="rejected")


class DeploymentConfirmed(Event, frozen=True, kw_only=True):
    """The campaign's contract stands. The deadline is the one the chain will enforce."""

    TOPIC: ClassVar[str] = "campaign.deployment_confirmed"
    address: str
    deadline: datetime
    on_chain: ChainFact

    def apply(self, state: Campaign) -> Campaign:
        return msgspec.structs.replace(state, status="live", deployed=self.on_chain, deadline=self.deadline)


class CommitmentAccepted(Event, frozen=True, kw_only=True):
    TOPIC: ClassVar[str] = "campaign.commitment_accepted"
    investment_id: UUID
    investor_id: UUID
    amount: int

    def apply(self, state: Campaign) -> Campaign:
        return msgspec.structs.replace(state, committed=state.committed + self.amount)


class CommitmentReleased(Event, frozen=True, kw_only=True):
    TOPIC: ClassVar[str] = "campaign.commitment_released"
    investment_id: UUID
    amount: int
    reason: str

    def apply(self, state: Campaign) -> Campaign:
        return msgspec.structs.replace(state, committed=state.committed - self.amount)


class FundingReceived(Event, frozen=True, kw_only=True):
    TOPIC: ClassVar[str] = "campaign.funding_received"
    investment_id: UUID
    amount: int

    def apply(self, state: Campaign) -> Campaign:
        return msgspec.structs.replace(
            state, raised=state.raised + self.amount, funded_investments=state.funded_investments + 1
        )


class CampaignClosed(Event, frozen=True, kw_only=True):
    """Obliges `CampaignImplementation.close`."""

    TOPIC: ClassVar[str] = "campaign.closed"
    outcome: str
    raised: int
    reason: str

    def apply(self, state: Campaign) -> Campaign:
        return msgspec.structs.replace(state, status="closed", outcome=self.outcome)


class ClosingConfirmed(Event, frozen=True, kw_only=True):
    TOPIC: ClassVar[str] = "campaign.closing_confirmed"
    outcome: str
    on_chain: ChainFact

    def apply(self, state: Campaign) -> Campaign:
        return msgspec.structs.replace(state, closing=self.on_chain)


class ReleaseRequested(Event, frozen=True, kw_only=True):
    TOPIC: ClassVar[str] = "campaign.release_requested"
    release_id: UUID
    amount: int
    fee: int
    requester: str

    def apply(self, state: Campaign) -> Campaign:
        release = Release(self.release_id, self.amount, self.fee, self.requester)
        return msgspec.structs.replace(state, release=release)


class ReleaseApproved(Event, frozen=True, kw_only=True):
    """Obliges `FundEscrow.recordRelease`."""

    TOPIC: ClassVar[str] = "campaign.release_approved"
    release_id: UUID
    amount: int
    fee: int
    wallet: str

    def apply(self, state: Campaign) -> Campaign:
        assert state.release is not None
        return msgspec.structs.replace(state, release=msgspec.structs.replace(state.release, approved=True))


class ReleaseConfirmed(Event, frozen=True, kw_only=True):
    TOPIC: ClassVar[str] = "campaign.release_confirmed"
    release_id: UUID
    on_chain: ChainFact

    def apply(self, state: Campaign) -> Campaign:
        return msgspec.structs.replace(state, status="settled", released=self.on_chain)


class RefundsCompleted(Event, frozen=True, kw_only=True):
    TOPIC: ClassVar[str] = "campaign.refunds_completed"
    investments: int
    amount: int

    def apply(self, state: Campaign) -> Campaign:
        return msgspec.structs.replace(state, status="refunded")


class CampaignPostingRejected(Event, frozen=True, kw_only=True):
    """The chain refused for good what an entry of this campaign obliged. An operator decides what happens next."""

    TOPIC: ClassVar[str] = "campaign.posting_rejected"
    entry_position: int
    code: str
    reason: str

    def apply(self, state: Campaign) -> Campaign:
        return state
