"""Companies: documents, KYB, registration on the chain, exclusivity."""

from __future__ import annotations

from collections.abc import Sequence

from domain import company as c
from domain.journal import Entry
from projections.folding import Change, Ref, Sight, Table, View, changed
from projections.rows import Company, Document

TABLE = Table("companies", Company, "id")


def _reads(entry: Entry) -> Sequence[Ref]:
    return [(TABLE, entry.stream)]


def _fold(sight: Sight, entry: Entry) -> Sequence[Change]:
    if isinstance(entry.event, c.CompanyRegistered):
        return [(TABLE, _registered(entry, entry.event))]
    row = sight.find(Company, TABLE, entry.stream)
    return [(TABLE, changed(_after(row, entry), version=entry.version))] if row else []


def _registered(entry: Entry, event: c.CompanyRegistered) -> Company:
    return Company(
        id=entry.stream,
        position=entry.position,
        version=entry.version,
        registered_at=entry.meta.at,
        owner=event.owner,
        legal_name=event.legal_name,
        tax_number=event.tax_number,
        sector=event.sector,
        registration_year=event.registration_year,
        wallet=event.wallet,
    )


def _after(row: Company, entry: Entry) -> Company:
    return _checked(row, entry) or _standing(row, entry) or row


def _checked(row: Company, entry: Entry) -> Company | None:
    """After an event of the KYB."""
    match entry.event:
        case c.DocumentAttached(document_id=id_, kind=kind, sha256=sha256):
            document = Document(id=id_, kind=kind, sha256=sha256, approved=False)
            return changed(row, documents=[*row.documents, document])
        case c.DocumentApproved(document_id=id_):
            return changed(row, documents=[_approved(d) if d.id == id_ else d for d in row.documents])
        case c.KybSubmitted(documents_hash=hash_, submitter=submitter):
            return changed(row, kyb="submitted", documents_hash=hash_, submitter=submitter)
        case c.KybApproved():
            return changed(row, kyb="approved")
        case c.KybRejected():
            return changed(row, kyb="rejected")
        case _:
            return None


def _standing(row: Company, entry: Entry) -> Company | None:
    """After an event of its registration or its exclusivity."""
    match entry.event:
        case c.RegistrationConfirmed(on_chain=fact):
            return changed(row, confirmed_position=entry.position, confirmed_tx_hash=fact.tx_hash)
        case c.ExclusivityLocked(campaign_id=campaign_id):
            return changed(row, locked_by=campaign_id)
        case c.ExclusivityReleased():
            return changed(row, locked_by=None)
        case _:
            return None


def _approved(document: Document) -> Document:
    return Document(id=document.id, kind=document.kind, sha256=document.sha256, approved=True)


COMPANIES = View(
    name="companies",
    version=1,
    tables=(TABLE,),
    topics=frozenset(
        event.TOPIC
        for event in (
            c.CompanyRegistered,
            c.DocumentAttached,
            c.DocumentApproved,
            c.KybSubmitted,
            c.KybApproved,
            c.KybRejected,
            c.RegistrationConfirmed,
            c.ExclusivityLocked,
            c.ExclusivityReleased,
            c.CompanyPostingRejected,
        )
    ),
    reads=_reads,
    fold=_fold,
)
