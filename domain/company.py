"""The company: an issuer with its documents, its KYB, its registration on the chain and its exclusivity lock."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID, uuid5

import msgspec

from domain.errors import Refusal
from domain.journal.entries import Actor, Event
from domain.values import ChainFact, check_digest, check_text, check_wallet, documents_hash

COMPANIES = UUID("0e1f7a52-6c5b-5f0e-9d6a-5b0c6a1f4d21")  # the namespace of company ids, for ever
DOCUMENTS_MAX = 50
YEAR_MAX = 9_999

SECTORS = frozenset(
    {
        "agriculture",
        "education",
        "energy",
        "finance",
        "healthcare",
        "manufacturing",
        "other",
        "retail",
        "technology",
        "transport",
    }
)


def company_id(tax_number: str) -> UUID:
    """The id of a company, derived from its tax number: a second company of the same number is the same stream."""
    return uuid5(COMPANIES, "".join(tax_number.split()).upper())


class Document(msgspec.Struct, frozen=True):
    """A document by its hash; `approved` once compliance has looked at it."""

    kind: str
    sha256: str
    approved: bool


class Company(msgspec.Struct, frozen=True, kw_only=True):
    """State. `kyb` is draft, submitted, approved or rejected; `locked_by` the campaign that holds the exclusivity."""

    id: UUID
    owner: str
    wallet: str
    registration_year: int
    documents: dict[UUID, Document] = {}
    kyb: str = "draft"
    submitter: str | None = None
    registered: ChainFact | None = None
    locked_by: UUID | None = None
    campaign_years: tuple[int, ...] = ()

    # Deciders: each refuses or returns the event.

    def attach(self, *, document_id: UUID, kind: str, sha256: str, by: Actor) -> Event | None:
        """None if exactly this document is attached already."""
        self._owned(by)
        check_text(kind, name="kind")
        check_digest(sha256, name="sha256")
        known = self.documents.get(document_id)
        if known is not None:
            if (known.kind, known.sha256) == (kind, sha256):
                return None
            raise Refusal("already-exists", f"document {document_id} is attached with other content")
        if self.kyb not in {"draft", "rejected"}:
            raise Refusal("kyb-closed", f"the KYB is {self.kyb}: documents cannot change now", status=self.kyb)
        if len(self.documents) >= DOCUMENTS_MAX:
            raise Refusal("too-many", f"a company keeps at most {DOCUMENTS_MAX} documents")
        return DocumentAttached(document_id=document_id, kind=kind, sha256=sha256)

    def approve_document(self, *, document_id: UUID, by: Actor) -> Event | None:
        """None if it is approved already. Four eyes: not by the company's own principal."""
        document = self.documents.get(document_id)
        if document is None:
            raise Refusal("not-found", f"there is no document {document_id}", kind="document", id=str(document_id))
        self._other_eyes(by, self.owner)
        return None if document.approved else DocumentApproved(document_id=document_id)

    def submit_kyb(self, *, by: Actor) -> Event:
        self._owned(by)
        if self.kyb not in {"draft", "rejected"}:
            raise Refusal("kyb-closed", f"the KYB is {self.kyb} already", status=self.kyb)
        if not self.documents:
            raise Refusal("documents-missing", "attach at least one document before submitting the KYB")
        return KybSubmitted(documents_hash=self.documents_hash, submitter=by.id)

    def approve_kyb(self, *, by: Actor) -> Event:
        self._submitted()
        self._other_eyes(by, self.owner, self.submitter)
        waiting = [str(key) for key, document in self.documents.items() if not document.approved]
        if waiting:
            raise Refusal("documents-unapproved", "every document must be approved first", documents=waiting)
        return KybApproved(wallet=self.wallet, documents_hash=self.documents_hash)

    def reject_kyb(self, *, reason: str, by: Actor) -> Event:
        self._submitted()
        self._other_eyes(by, self.owner, self.submitter)
        check_text(reason, name="reason")
        return KybRejected(reason=reason)

    def confirm_registration(self, fact: ChainFact) -> Event | None:
        if same_fact(self.registered, fact):
            return None
        if self.kyb != "approved":
            raise Refusal("not-obliged", "nothing obliged the registration of this company")
        return RegistrationConfirmed(on_chain=fact)

    def lock(self, *, campaign_id: UUID, year: int, campaigns_per_year: int, by: Actor) -> Event:
        """Take the exclusivity: one open campaign at a time, so many a calendar year (seed rule 1)."""
        self._owned(by)
        if self.kyb != "approved" or self.registered is None:
            raise Refusal("company-not-registered", "the company must be approved and registered on the chain first")
        if self.locked_by is not None:
            raise Refusal("exclusivity-locked", "the company has an open campaign", campaign_id=str(self.locked_by))
        if self.campaign_years.count(year) >= campaigns_per_year:
            raise Refusal("one-campaign-a-year", f"the company had its campaign of {year}", year=year)
        return ExclusivityLocked(campaign_id=campaign_id, year=year)

    def release(self, *, campaign_id: UUID, reason: str, year_used: bool) -> Event | None:
        """Give the exclusivity back; None if this campaign does not hold it.

        `year_used`: the campaign was open to investors, so the company has had one of its campaigns of the year.
        """
        if self.locked_by != campaign_id:
            return None
        return ExclusivityReleased(campaign_id=campaign_id, reason=reason, year_used=year_used)

    @property
    def documents_hash(self) -> str:
        return documents_hash({str(key): document.sha256 for key, document in self.documents.items()})

    def _owned(self, by: Actor) -> None:
        if by.id != self.owner:
            raise Refusal("not-yours", "this company belongs to another issuer")

    def _submitted(self) -> None:
        if self.kyb != "submitted":
            raise Refusal("kyb-not-submitted", f"the KYB is {self.kyb}, not submitted", status=self.kyb)

    @staticmethod
    def _other_eyes(by: Actor, *not_by: str | None) -> None:
        if by.id in not_by:
            raise Refusal("four-eyes", "another person than the one who asked must decide this")


def same_fact(known: ChainFact | None, fact: ChainFact) -> bool:
    """Whether this is confirmed already, by the same log. Another log for a confirmed thing is refused."""
    if known is not None and known != fact:
        raise Refusal("confirmed-otherwise", "this is confirmed by another log", tx_hash=known.tx_hash)
    return known is not None


def register(*, legal_name: str, tax_number: str, sector: str, registration_year: int, wallet: str, by: Actor) -> Event:
    """Decide on a new company. The stream is `company_id(tax_number)`."""
    check_text(legal_name, name="legal_name")
    check_text(tax_number, name="tax_number")
    check_wallet(wallet)
    if not 1 <= registration_year <= YEAR_MAX:
        raise Refusal(
            "unknown-value", f"registration_year must lie between 1 and {YEAR_MAX}", field="registration_year"
        )
    if sector not in SECTORS:
        raise Refusal("unknown-value", f"sector must be one of {', '.join(sorted(SECTORS))}", field="sector")
    return CompanyRegistered(
        legal_name=legal_name,
        tax_number=tax_number,
        sector=sector,
        registration_year=registration_year,
        wallet=wallet,
        owner=by.id,
    )


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
            wallet=self.wallet,
            registration_year=self.registration_year,
        )


class DocumentAttached(Event, frozen=True, kw_only=True):
    TOPIC: ClassVar[str] = "company.document_attached"
    document_id: UUID
    kind: str
    sha256: str

    def apply(self, state: Company) -> Company:
        documents = {**state.documents, self.document_id: Document(self.kind, self.sha256, approved=False)}
        return msgspec.structs.replace(state, documents=documents)


class DocumentApproved(Event, frozen=True, kw_only=True):
    TOPIC: ClassVar[str] = "company.document_approved"
    document_id: UUID

    def apply(self, state: Company) -> Company:
        known = state.documents[self.document_id]
        documents = {**state.documents, self.document_id: Document(known.kind, known.sha256, approved=True)}
        return msgspec.structs.replace(state, documents=documents)


class KybSubmitted(Event, frozen=True, kw_only=True):
    TOPIC: ClassVar[str] = "company.kyb_submitted"
    documents_hash: str
    submitter: str

    def apply(self, state: Company) -> Company:
        return msgspec.structs.replace(state, kyb="submitted", submitter=self.submitter)


class KybApproved(Event, frozen=True, kw_only=True):
    """Obliges `IssuerRegistry.register`."""

    TOPIC: ClassVar[str] = "company.kyb_approved"
    wallet: str
    documents_hash: str

    def apply(self, state: Company) -> Company:
        return msgspec.structs.replace(state, kyb="approved")


class KybRejected(Event, frozen=True, kw_only=True):
    TOPIC: ClassVar[str] = "company.kyb_rejected"
    reason: str

    def apply(self, state: Company) -> Company:
        return msgspec.structs.replace(state, kyb="rejected")


class RegistrationConfirmed(Event, frozen=True, kw_only=True):
    TOPIC: ClassVar[str] = "company.registration_confirmed"
    on_chain: ChainFact

    def apply(self, state: Company) -> Company:
        return msgspec.structs.replace(state, registered=self.on_chain)


class ExclusivityLocked(Event, frozen=True, kw_only=True):
    TOPIC: ClassVar[str] = "company.exclusivity_locked"
    campaign_id: UUID
    year: int

    def apply(self, state: Company) -> Company:
        return msgspec.structs.replace(
            state, locked_by=self.campaign_id, campaign_years=(*state.campaign_years, self.year)
        )


class ExclusivityReleased(Event, frozen=True, kw_only=True):
    TOPIC: ClassVar[str] = "company.exclusivity_released"
    campaign_id: UUID
    reason: str
    year_used: bool = True

    def apply(self, state: Company) -> Company:
        years = state.campaign_years if self.year_used else state.campaign_years[:-1]
        return msgspec.structs.replace(state, locked_by=None, campaign_years=years)


class CompanyPostingRejected(Event, frozen=True, kw_only=True):
    """The chain refused for good what an entry of this company obliged. An operator decides what happens next."""

    TOPIC: ClassVar[str] = "company.posting_rejected"
    entry_position: int
    code: str
    reason: str

    def apply(self, state: Company) -> Company:
        return state
