"""Deciders about a company's particulars and its documents. Each refuses or returns the event; None: it is so."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from domain.company.events import (
    CompanyRegistered,
    DetailsAmended,
    DocumentApproved,
    DocumentAttached,
    DocumentExpired,
    DocumentRejected,
    DocumentWithdrawn,
    MemorandumPublished,
    ProfilePublished,
)
from domain.company.state import SECTORS, Company, Document, Profile
from domain.errors import Refusal
from domain.eyes import check_other_eyes
from domain.journal.entries import Actor, Event
from domain.values import check_cid, check_digest, check_later, check_name, check_over, check_text, check_wallet

DOCUMENTS_MAX = 50
YEAR_MAX = 9_999
EMPLOYEES_MAX = 10_000_000
DOCUMENT_KINDS = frozenset(
    {
        "articles",
        "business_license",
        "extract",
        "financial_statement",
        "incorporation_cert",
        "licence",
        "national_id",
        "other",
        "ownership",
        "passport",
        "proof_of_address",
        "tax_certificate",
    }
)


def register(
    *, legal_name: str, tax_number: str, sector: str, registration_year: int, wallet: str, now: datetime, by: Actor
) -> Event:
    """Decide on a new company. The stream is `company_id(tax_number)`."""
    check_name(legal_name, name="legal_name")
    check_text(tax_number, name="tax_number")
    check_wallet(wallet)
    _check_year(registration_year, latest=now.year, name="registration_year")
    _check_sector(sector)
    return CompanyRegistered(
        legal_name=legal_name,
        tax_number=tax_number,
        sector=sector,
        registration_year=registration_year,
        wallet=wallet,
        owner=by.id,
    )


def amend_details(company: Company, *, legal_name: str, sector: str, by: Actor) -> Event | None:
    """Name and sector as long as nobody has approved or is looking at them."""
    company.check_owned(by)
    check_name(legal_name, name="legal_name")
    _check_sector(sector)
    if not company.editable:
        raise Refusal("kyb-closed", f"the KYB is {company.kyb}: details cannot change now", status=company.kyb)
    if (legal_name, sector) == (company.legal_name, company.sector):
        return None
    return DetailsAmended(legal_name=legal_name, sector=sector)


def publish_profile(company: Company, *, profile: Profile, now: datetime, by: Actor) -> Event | None:
    company.check_owned(by)
    for name in ("website", "city", "country", "description"):
        if text := getattr(profile, name):
            check_text(text, name=name)
    if profile.founded_year:
        _check_year(profile.founded_year, latest=now.year, name="founded_year")
    if not 0 <= profile.employees <= EMPLOYEES_MAX:
        text = f"employees must lie between 0 and {EMPLOYEES_MAX}"
        raise Refusal("unknown-value", text, field="employees")
    return None if profile == company.profile else ProfilePublished(profile=profile)


def publish_memorandum(company: Company, *, sha256: str, cid: str | None, by: Actor) -> Event | None:
    """The information memorandum (the registry of the platform replaced kept its hash but never got one)."""
    company.check_owned(by)
    check_digest(sha256, name="sha256")
    check_cid(cid)
    if company.memorandum == sha256:
        return None
    return MemorandumPublished(sha256=sha256, cid=cid, number=company.memorandum_version + 1)


def attach(
    company: Company,
    *,
    document_id: UUID,
    kind: str,
    sha256: str,
    cid: str | None,
    expires_at: datetime | None,
    now: datetime,
    by: Actor,
) -> Event | None:
    """None if exactly this document is attached already."""
    company.check_owned(by)
    if kind not in DOCUMENT_KINDS:
        raise Refusal("unknown-value", f"kind must be one of {', '.join(sorted(DOCUMENT_KINDS))}", field="kind")
    check_digest(sha256, name="sha256")
    check_cid(cid)
    known = company.documents.get(document_id)
    if known is not None:
        if (known.kind, known.sha256) == (kind, sha256):
            return None
        raise Refusal("already-exists", f"document {document_id} is attached with other content")
    check_later(expires_at, than=now, name="expires_at")
    if company.kyb in {"submitted", "in_review"}:
        raise Refusal("kyb-closed", f"the KYB is {company.kyb}: documents cannot change now", status=company.kyb)
    if len(company.documents) >= DOCUMENTS_MAX:
        raise Refusal("too-many", f"a company keeps at most {DOCUMENTS_MAX} documents")
    return DocumentAttached(document_id=document_id, kind=kind, sha256=sha256, cid=cid, expires_at=expires_at)


def withdraw(company: Company, *, document_id: UUID, by: Actor) -> Event | None:
    """Take back a document that nobody has approved or is looking at."""
    company.check_owned(by)
    document = _document(company, document_id)
    if document.state == "withdrawn":
        return None
    if not company.editable or document.state == "approved":
        raise Refusal("kyb-closed", f"the document is {document.state}, the KYB {company.kyb}", status=document.state)
    return DocumentWithdrawn(document_id=document_id)


def approve(company: Company, *, document_id: UUID, by: Actor) -> Event | None:
    """None if it is approved already. Four eyes: not by the company's own principal."""
    document = _document(company, document_id)
    check_other_eyes(by, company.owner)
    if document.state == "approved":
        return None
    _pending(document)
    return DocumentApproved(document_id=document_id)


def reject(company: Company, *, document_id: UUID, reason: str, by: Actor) -> Event | None:
    document = _document(company, document_id)
    check_other_eyes(by, company.owner)
    check_text(reason, name="reason")
    if document.state == "rejected":
        return None
    _pending(document)
    return DocumentRejected(document_id=document_id, reason=reason)


def expire(company: Company, *, document_id: UUID, now: datetime) -> Event | None:
    """The scheduler's word that a document's time is over; None if it does not count any more."""
    document = _document(company, document_id)
    if document.state not in {"pending", "approved"}:
        return None
    over = check_over(document.expires_at, now=now, what="the document")
    return DocumentExpired(document_id=document_id, expires_at=over)


def _document(company: Company, document_id: UUID) -> Document:
    document = company.documents.get(document_id)
    if document is None:
        raise Refusal("not-found", f"there is no document {document_id}", kind="document", id=str(document_id))
    return document


def _pending(document: Document) -> None:
    if document.state != "pending":
        raise Refusal("wrong-status", f"the document is {document.state}, not pending", status=document.state)


def _check_sector(sector: str) -> None:
    if sector not in SECTORS:
        raise Refusal("unknown-value", f"sector must be one of {', '.join(sorted(SECTORS))}", field="sector")


def _check_year(year: int, *, latest: int, name: str) -> None:
    if not 1 <= year <= min(latest, YEAR_MAX):
        raise Refusal("unknown-value", f"{name} must lie between 1 and {latest}", field=name)
