"""What a campaign is at a moment: the state that its events lead to."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from domain.errors import Refusal
from domain.journal.entries import Actor
from domain.money import Accounts
from domain.postings import Posting
from domain.values import ChainFact, ChainPlace, Terms, documents_hash, terms_hash

BEFORE_APPROVAL = ("draft", "changes_requested", "rejected")


class Document(msgspec.Struct, frozen=True):
    """A document that investors see, by its hash."""

    kind: str
    sha256: str
    cid: str | None = None


class Release(msgspec.Struct, frozen=True, kw_only=True):
    """A release of raised money, whole or for a milestone: what the issuer gets, what the platform keeps, who asked.

    `withdrawn`: coin that the issuer has taken out of the chain's escrow.
    """

    id: UUID
    amount: int
    fee: int
    requester: str
    tranche: int = 0
    approved: bool = False
    confirmed: ChainFact | None = None
    abandoned: bool = False
    withdrawn: ChainPlace | None = None


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """A material change: what was declared, by whom, until when investors reconfirm, and the deadline after it."""

    id: UUID
    kind: str
    digest: str
    declarer: str
    deadline: datetime
    reconfirm_by: datetime
    approved: bool = False


class Request(msgspec.Struct, frozen=True):
    """A wish that waits for another person: to cancel the campaign."""

    reason: str
    requester: str


class Campaign(msgspec.Struct, frozen=True, kw_only=True):
    """State. `status`: draft, submitted, in_review, changes_requested, rejected, deploying, live, paused, closing,
    successful, settling, settled, failed, cancelled, refunding, refunded, abandoned.

    Sums only: `committed` within the cap, `waiting` behind it, `raised` and `funded_investments` what counts,
    `held_investments` what is paid and counts at the closing, `unwinding` what was cancelled after it counted and
    is on its way back, `unconfirmed` who has not answered a material change. `emergency_at`: from then on coin in
    the chain's escrow only goes back to its depositors.
    """

    id: UUID
    company_id: UUID
    owner: str
    title: str
    terms: Terms
    status: str = "draft"
    documents: dict[UUID, Document] = {}
    submitter: str | None = None
    reviewer: str | None = None
    terms_hash: str | None = None
    deployed: ChainFact | None = None
    deployment_rejected: bool = False
    opened_at: datetime | None = None
    deadline: datetime | None = None
    early_deadline: datetime | None = None
    pauser: str | None = None
    cancellation: Request | None = None
    change: Change | None = None
    committed: int = 0
    waiting: int = 0
    raised: int = 0
    commitments: int = 0
    funded_investments: int = 0
    held_investments: int = 0
    unwinding: int = 0
    unconfirmed: int = 0
    reflection_until: datetime | None = None
    outcome: str | None = None
    closing: ChainFact | None = None
    closing_reason: str = ""
    cancelling: bool = False
    releases: tuple[Release, ...] = ()
    refunded_investments: int = 0
    accounts: Accounts = Accounts()
    posted: dict[int, ChainFact] = {}
    postings: dict[int, Posting] = {}
    closing_waived: bool = False

    @property
    def on_chain(self) -> frozenset[int]:
        """The positions of the entries whose effects the chain shows."""
        facts = (self.deployed, self.closing, *(release.confirmed for release in self.releases))
        return frozenset([*self.posted, *(fact.entry_position for fact in facts if fact is not None)])

    @property
    def ended_for_good(self) -> bool:
        """Whether its end stands: the chain shows it, or two people went on without that."""
        return self.closing is not None or self.closing_waived

    @property
    def waiting_release(self) -> Release | None:
        """The release under way: asked for, or on its way to the chain."""
        return next((r for r in self.releases if r.confirmed is None and not r.abandoned), None)

    emergency_at: datetime | None = None

    @property
    def content_hash(self) -> str:
        """The hash of what is submitted and approved: company, title, terms and documents."""
        documents = {str(key): document.sha256 for key, document in self.documents.items()}
        return terms_hash(company_id=self.company_id, title=self.title, terms=self.terms, documents=documents)

    @property
    def documents_hash(self) -> str | None:
        """What an investor says to have seen; None where there are no documents."""
        if not self.documents:
            return None
        return documents_hash({str(key): document.sha256 for key, document in self.documents.items()})

    @property
    def ended(self) -> bool:
        """Whether the campaign has closed: from then on no money counts for it any more."""
        return self.outcome is not None

    @property
    def open_change(self) -> UUID | None:
        """The material change that investors must reconfirm or have reconfirmed."""
        return self.change.id if self.change is not None and self.change.approved else None

    @property
    def expected(self) -> int:
        """What a closing now would raise at most: where money counts at the closing only, what is committed."""
        if self.terms.oversubscription == "pro_rata":
            return min(self.committed, self.terms.cap)
        return self.raised

    def check(self) -> None:
        """What cannot happen: money out of nothing, more raised than the cap, counts below zero."""
        self.accounts.check()
        assert min(self.committed, self.waiting, self.raised, self.commitments) >= 0
        assert min(self.funded_investments, self.held_investments, self.unwinding, self.unconfirmed) >= 0
        assert self.raised <= self.terms.cap
        assert self.committed <= self.terms.cap or self.terms.oversubscription == "pro_rata"

    def check_owned(self, by: Actor) -> None:
        if by.id != self.owner:
            raise Refusal("not-yours", "this campaign belongs to another issuer")

    def check_in(self, *statuses: str) -> None:
        if self.status not in statuses:
            raise Refusal(
                "wrong-status", f"the campaign is {self.status}, not {' or '.join(statuses)}", status=self.status
            )

    def check_ended(self, outcome: str) -> None:
        """Refuse what only the end of the campaign, confirmed by the chain, allows: `successful` or `failed`.

        A cancelled campaign counts as failed: its money goes back.
        """
        came = "successful" if self.outcome == "successful" else "failed"
        if self.ended_for_good and self.outcome is not None and came == outcome:
            return
        if outcome == "successful":
            text = "the campaign has not closed as successful on the chain"
            raise Refusal("not-successful", text, status=self.status)
        raise Refusal("not-failed", "the campaign has not closed as failed on the chain", status=self.status)
