"""What can have happened to a company. Applying never refuses: each of these is a fact."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

import msgspec

from domain.company.state import Company, Document, Override, Profile, Raise, Rotation, Suspension, company_id
from domain.journal.entries import Event
from domain.postings import REGISTER, rejected
from domain.values import ChainFact

replace = msgspec.structs.replace


class CompanyRegistered(Event, frozen=True, kw_only=True):
    TOPIC: ClassVar[str] = "company.registered"
    legal_name: str
    tax_number: str
    sector: str
    registration_year: int
    wallet: str
    owner: str

    def apply(self, state: Any) -> Company:
        return Company(
            id=company_id(self.tax_number),
            owner=self.owner,
            legal_name=self.legal_name,
            sector=self.sector,
            wallet=self.wallet,
            registration_year=self.registration_year,
        )


class DetailsAmended(Event, frozen=True, kw_only=True):
    TOPIC: ClassVar[str] = "company.details_amended"
    legal_name: str
    sector: str

    def apply(self, state: Company) -> Company:
        return replace(state, legal_name=self.legal_name, sector=self.sector)


class ProfilePublished(Event, frozen=True, kw_only=True):
    TOPIC: ClassVar[str] = "company.profile_published"
    profile: Profile

    def apply(self, state: Company) -> Company:
        return replace(state, profile=self.profile)


class MemorandumPublished(Event, frozen=True, kw_only=True):
    """The information memorandum, by its hash; each one has the next number."""

    TOPIC: ClassVar[str] = "company.memorandum_published"
    sha256: str
    number: int
    cid: str | None = None

    def apply(self, state: Company) -> Company:
        return replace(state, memorandum=self.sha256, memorandum_version=self.number)


class DocumentAttached(Event, frozen=True, kw_only=True):
    TOPIC: ClassVar[str] = "company.document_attached"
    document_id: UUID
    kind: str
    sha256: str
    cid: str | None = None
    expires_at: datetime | None = None

    def apply(self, state: Company) -> Company:
        document = Document(self.kind, self.sha256, cid=self.cid, expires_at=self.expires_at)
        return replace(state, documents={**state.documents, self.document_id: document})


def _document_became(state: Company, document_id: UUID, became: str) -> Company:
    document = replace(state.documents[document_id], state=became)
    return replace(state, documents={**state.documents, document_id: document})


class DocumentApproved(Event, frozen=True, kw_only=True):
    TOPIC: ClassVar[str] = "company.document_approved"
    document_id: UUID

    def apply(self, state: Company) -> Company:
        return _document_became(state, self.document_id, "approved")


class DocumentRejected(Event, frozen=True, kw_only=True):
    TOPIC: ClassVar[str] = "company.document_rejected"
    document_id: UUID
    reason: str

    def apply(self, state: Company) -> Company:
        return _document_became(state, self.document_id, "rejected")


class DocumentWithdrawn(Event, frozen=True, kw_only=True):
    TOPIC: ClassVar[str] = "company.document_withdrawn"
    document_id: UUID

    def apply(self, state: Company) -> Company:
        return _document_became(state, self.document_id, "withdrawn")


class DocumentExpired(Event, frozen=True, kw_only=True):
    TOPIC: ClassVar[str] = "company.document_expired"
    document_id: UUID
    expires_at: datetime

    def apply(self, state: Company) -> Company:
        return _document_became(state, self.document_id, "expired")


class KybSubmitted(Event, frozen=True, kw_only=True):
    TOPIC: ClassVar[str] = "company.kyb_submitted"
    documents_hash: str
    submitter: str

    def apply(self, state: Company) -> Company:
        return replace(state, kyb="submitted", submitter=self.submitter, reviewer=None)


class KybReviewStarted(Event, frozen=True, kw_only=True):
    TOPIC: ClassVar[str] = "company.kyb_review_started"
    reviewer: str

    def apply(self, state: Company) -> Company:
        return replace(state, kyb="in_review", reviewer=self.reviewer)


class KybInformationRequested(Event, frozen=True, kw_only=True):
    TOPIC: ClassVar[str] = "company.kyb_information_requested"
    reason: str

    def apply(self, state: Company) -> Company:
        return replace(state, kyb="info_required", reviewer=None)


class KybApproved(Event, frozen=True, kw_only=True):
    """Obliges `IssuerRegistry.register`."""

    TOPIC: ClassVar[str] = "company.kyb_approved"
    wallet: str
    documents_hash: str
    valid_until: datetime | None = None

    def apply(self, state: Company) -> Company:
        return replace(state, kyb="approved", valid_until=self.valid_until, registration="obliged")


class KybRenewed(Event, frozen=True, kw_only=True):
    """Approved again. Obliges `IssuerRegistry.update`, since the company is registered on the chain already."""

    TOPIC: ClassVar[str] = "company.kyb_renewed"
    wallet: str
    documents_hash: str
    valid_until: datetime | None = None

    def apply(self, state: Company) -> Company:
        return replace(state, kyb="approved", valid_until=self.valid_until)


class KybRejected(Event, frozen=True, kw_only=True):
    TOPIC: ClassVar[str] = "company.kyb_rejected"
    reason: str

    def apply(self, state: Company) -> Company:
        return replace(state, kyb="rejected", reviewer=None)


class KybExpired(Event, frozen=True, kw_only=True):
    TOPIC: ClassVar[str] = "company.kyb_expired"
    valid_until: datetime

    def apply(self, state: Company) -> Company:
        return replace(state, kyb="expired")


class CompanySuspended(Event, frozen=True, kw_only=True):
    """Obliges `IssuerRegistry.setActive`."""

    TOPIC: ClassVar[str] = "company.suspended"
    reason: str
    by: str

    def apply(self, state: Company) -> Company:
        return replace(state, suspension=Suspension(self.reason, self.by))


class CompanyReinstated(Event, frozen=True, kw_only=True):
    """Obliges `IssuerRegistry.setActive`."""

    TOPIC: ClassVar[str] = "company.reinstated"
    reason: str

    def apply(self, state: Company) -> Company:
        return replace(state, suspension=None)


class WalletRotationRequested(Event, frozen=True, kw_only=True):
    TOPIC: ClassVar[str] = "company.wallet_rotation_requested"
    wallet: str
    requester: str

    def apply(self, state: Company) -> Company:
        return replace(state, rotation=Rotation(self.wallet, self.requester))


class WalletRotated(Event, frozen=True, kw_only=True):
    """Obliges `IssuerRegistry.update` if the company is `registered`; otherwise the registration will name the wallet.
    `documents_hash` is that of the documents as they are."""

    TOPIC: ClassVar[str] = "company.wallet_rotated"
    wallet: str
    previous: str
    documents_hash: str
    registered: bool = False

    def apply(self, state: Company) -> Company:
        return replace(state, wallet=self.wallet, rotation=None)


class RegistrationConfirmed(Event, frozen=True, kw_only=True):
    TOPIC: ClassVar[str] = "company.registration_confirmed"
    on_chain: ChainFact

    def apply(self, state: Company) -> Company:
        return replace(state, registered=self.on_chain, registration="confirmed")


class ExclusivityLocked(Event, frozen=True, kw_only=True):
    """Obliges `IssuerRegistry.lock`."""

    TOPIC: ClassVar[str] = "company.exclusivity_locked"
    campaign_id: UUID
    year: int

    def apply(self, state: Company) -> Company:
        return replace(state, locked_by=self.campaign_id, campaign_years=(*state.campaign_years, self.year))


class ExclusivityReleased(Event, frozen=True, kw_only=True):
    """Obliges `IssuerRegistry.unlock`."""

    TOPIC: ClassVar[str] = "company.exclusivity_released"
    campaign_id: UUID
    reason: str
    year_used: bool = True
    raised: int = 0
    ended_at: datetime | None = None

    def apply(self, state: Company) -> Company:
        years = state.campaign_years if self.year_used else state.campaign_years[:-1]
        ended = self.raised and self.ended_at
        raises = (*state.raises, Raise(ended, self.raised)) if ended else state.raises
        return replace(state, locked_by=None, campaign_years=years, raises=raises)


class OverrideRequested(Event, frozen=True, kw_only=True):
    TOPIC: ClassVar[str] = "company.override_requested"
    override_id: UUID
    year: int
    reason: str
    requester: str

    def apply(self, state: Company) -> Company:
        override = Override(id=self.override_id, year=self.year, reason=self.reason, requester=self.requester)
        return replace(state, overrides=(*state.overrides, override))


class OverrideGranted(Event, frozen=True, kw_only=True):
    TOPIC: ClassVar[str] = "company.override_granted"
    override_id: UUID
    year: int

    def apply(self, state: Company) -> Company:
        overrides = (replace(o, granted=True) if o.id == self.override_id else o for o in state.overrides)
        return replace(state, overrides=tuple(overrides))


class CompanyPostingRejected(Event, frozen=True, kw_only=True):
    """The chain refused for good what an entry of this company obliged. An operator decides what happens next."""

    TOPIC: ClassVar[str] = "company.posting_rejected"
    entry_position: int
    code: str
    reason: str
    effect: str = ""

    def apply(self, state: Company) -> Company:
        after: Company = rejected(state, self.entry_position, self.effect)
        refused = state.registration == "obliged" and self.effect in {"", REGISTER}
        return replace(after, registration="refused") if refused else after


class CompanyPostingConfirmed(Event, frozen=True, kw_only=True):
    """The chain shows what an entry of this company obliged, where no other event says so."""

    TOPIC: ClassVar[str] = "company.posting_confirmed"
    on_chain: ChainFact

    def apply(self, state: Company) -> Company:
        return replace(state, posted={**state.posted, self.on_chain.entry_position: self.on_chain})
