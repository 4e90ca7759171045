"""What a company is at a moment: the state that its events lead to."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID, uuid5

import msgspec

from domain.errors import Refusal
from domain.journal.entries import Actor
from domain.postings import Posting
from domain.values import ChainFact, documents_hash

COMPANIES = UUID("0e1f7a52-6c5b-5f0e-9d6a-5b0c6a1f4d21")  # the namespace of company ids, for ever

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
    """A document by its hash. `state`: pending, approved, rejected, expired, withdrawn."""

    kind: str
    sha256: str
    state: str = "pending"
    cid: str | None = None
    expires_at: datetime | None = None


class Profile(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a company says of itself in public. No persons: those are in the vault."""

    website: str = ""
    city: str = ""
    country: str = ""
    description: str = ""
    founded_year: int = 0
    employees: int = 0


class Suspension(msgspec.Struct, frozen=True):
    """Why a company may do nothing for now, and who decided that."""

    reason: str
    by: str


class Override(msgspec.Struct, frozen=True, kw_only=True):
    """A further campaign in a year that has had its own, asked for by one person and granted by another."""

    id: UUID
    year: int
    reason: str
    requester: str
    granted: bool = False


class Raise(msgspec.Struct, frozen=True):
    """What a campaign raised, and when it ended: rules bound the sum over twelve months."""

    ended_at: datetime
    amount: int


class Rotation(msgspec.Struct, frozen=True):
    """Another wallet, asked for by the issuer, waiting for compliance."""

    wallet: str
    requester: str


class Company(msgspec.Struct, frozen=True, kw_only=True):
    """State. `kyb`: draft, submitted, in_review, info_required, approved, rejected, expired.

    `registration` on the chain: none, obliged (by an approval), confirmed, refused (by the chain, for good).
    `locked_by` is the campaign that holds the exclusivity; `campaign_years` the years of the campaigns so far.
    """

    id: UUID
    owner: str
    legal_name: str
    sector: str
    wallet: str
    registration_year: int
    profile: Profile = Profile()
    documents: dict[UUID, Document] = {}
    kyb: str = "draft"
    submitter: str | None = None
    reviewer: str | None = None
    valid_until: datetime | None = None
    suspension: Suspension | None = None
    rotation: Rotation | None = None
    memorandum: str | None = None
    memorandum_version: int = 0
    registration: str = "none"
    registered: ChainFact | None = None
    locked_by: UUID | None = None
    campaign_years: tuple[int, ...] = ()
    overrides: tuple[Override, ...] = ()
    raises: tuple[Raise, ...] = ()
    posted: dict[int, ChainFact] = {}
    postings: dict[int, Posting] = {}

    @property
    def on_chain(self) -> frozenset[int]:
        """The positions of the entries whose effects the chain shows."""
        registered = [self.registered.entry_position] if self.registered is not None else []
        return frozenset([*self.posted, *registered])

    @property
    def is_on_chain(self) -> bool:
        """Whether its registration stands in the register, or is on its way there."""
        return self.registration in {"obliged", "confirmed"}

    @property
    def documents_hash(self) -> str:
        """The hash of what compliance looks at: all documents that count."""
        counted = {
            str(key): document.sha256
            for key, document in self.documents.items()
            if document.state in {"pending", "approved"}
        }
        return documents_hash(counted)

    @property
    def editable(self) -> bool:
        """Whether the issuer may still change what is submitted."""
        return self.kyb in {"draft", "rejected", "info_required", "expired"}

    def check_owned(self, by: Actor) -> None:
        if by.id != self.owner:
            raise Refusal("not-yours", "this company belongs to another issuer")

    def check_standing(self, now: datetime) -> None:
        """Refuse what only a company in good standing may do: approved, valid, registered, not suspended."""
        if self.suspension is not None:
            raise Refusal("company-suspended", "the company is suspended", reason=self.suspension.reason)
        if self.kyb == "expired" or (self.valid_until is not None and now >= self.valid_until):
            raise Refusal("kyb-expired", "the company's KYB has expired: it must be renewed")
        # While a renewal is looked at, the approval that there is goes on until its end.
        if self.kyb in {"draft", "rejected"} or self.registered is None:
            raise Refusal("company-not-registered", "the company must be approved and registered on the chain first")
