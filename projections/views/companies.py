"""Companies: profile, documents, KYB, standing, registration on the chain, exclusivity."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec

from domain import company as c
from domain.journal import Entry
from domain.values import documents_hash
from projections.folding import Change, Fields, Ref, Sight, Table, View, changed, topics_of
from projections.rows import Company, Document, Override, Profile, Raise

TABLE = Table("companies", Company, "id")
Documents = tuple[Document, ...]
COUNTED = frozenset({"pending", "approved"})


def _reads(entry: Entry) -> Sequence[Ref]:
    return [(TABLE, entry.stream)]


def _fold(sight: Sight, entry: Entry) -> Sequence[Change]:
    if isinstance(entry.event, c.CompanyRegistered):
        return [(TABLE, _registered(entry, entry.event))]
    row = sight.find(Company, TABLE, entry.stream)
    if row is None:
        return []
    fields = (
        _about(entry.event)
        or _documents(row, entry.event)
        or _checked(entry.event)
        or _standing(entry)
        or _registration(row, entry)
        or _exclusive(row, entry.event)
    )
    return [(TABLE, changed(row, version=entry.version, **fields))]


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


def _about(event: Any) -> Fields:
    """What the company says of itself."""
    match event:
        case c.DetailsAmended(legal_name=legal_name, sector=sector):
            return {"legal_name": legal_name, "sector": sector}
        case c.ProfilePublished(profile=profile):
            return {"profile": Profile(**msgspec.structs.asdict(profile))}
        case c.MemorandumPublished(sha256=sha256, number=number, cid=cid):
            return {"memorandum": sha256, "memorandum_number": number, "memorandum_cid": cid}
        case _:
            return {}


def _documents(row: Company, event: Any) -> Fields:
    match event:
        case c.DocumentAttached(document_id=id_, kind=kind, sha256=sha256, cid=cid, expires_at=expires_at):
            document = Document(id=id_, kind=kind, sha256=sha256, cid=cid, expires_at=expires_at)
            return _kept(_put(row.documents, document))
        case c.DocumentApproved(document_id=id_):
            return _became(row, id_, "approved")
        case c.DocumentRejected(document_id=id_, reason=reason):
            return _became(row, id_, "rejected", reason)
        case c.DocumentWithdrawn(document_id=id_):
            return _became(row, id_, "withdrawn")
        case c.DocumentExpired(document_id=id_):
            return _became(row, id_, "expired")
        case _:
            return {}


def _put(documents: Documents, document: Document) -> Documents:
    """Other content takes the place of a document of the same id."""
    if all(known.id != document.id for known in documents):
        return (*documents, document)
    return tuple(document if known.id == document.id else known for known in documents)


def _became(row: Company, document_id: UUID, state: str, reason: str | None = None) -> Fields:
    return _kept(
        tuple(
            msgspec.structs.replace(document, state=state, reason=reason) if document.id == document_id else document
            for document in row.documents
        )
    )


def _kept(documents: Documents) -> Fields:
    counted = {str(document.id): document.sha256 for document in documents if document.state in COUNTED}
    return {"documents": documents, "documents_hash": documents_hash(counted)}


def _checked(event: Any) -> Fields:  # noqa: PLR0911  # one line an event
    """After an event of the KYB."""
    match event:
        case c.KybSubmitted(documents_hash=hash_, submitter=by):
            return {"kyb": "submitted", "submitted_hash": hash_, "submitter": by, "reviewer": None, "kyb_reason": None}
        case c.KybReviewStarted(reviewer=reviewer):
            return {"kyb": "in_review", "reviewer": reviewer}
        case c.KybInformationRequested(reason=reason):
            return {"kyb": "info_required", "reviewer": None, "kyb_reason": reason}
        case c.KybApproved(valid_until=until):
            return {"kyb": "approved", "valid_until": until, "kyb_reason": None, "registration": "obliged"}
        case c.KybRenewed(valid_until=until):
            return {"kyb": "approved", "valid_until": until, "kyb_reason": None}
        case c.KybRejected(reason=reason):
            return {"kyb": "rejected", "reviewer": None, "kyb_reason": reason}
        case c.KybExpired():
            return {"kyb": "expired"}
        case _:
            return {}


def _standing(entry: Entry) -> Fields:
    """After an event of its suspension or its wallet."""
    match entry.event:
        case c.CompanySuspended(reason=reason, by=by):
            return {"suspended_by": by, "suspended_reason": reason}
        case c.CompanyReinstated():
            return {"suspended_by": None, "suspended_reason": None}
        case c.WalletRotationRequested(wallet=wallet, requester=requester):
            return {"rotation_wallet": wallet, "rotation_requester": requester}
        case c.WalletRotated(wallet=wallet):
            return {"wallet": wallet, "rotation_wallet": None, "rotation_requester": None}
        case _:
            return {}


def _registration(row: Company, entry: Entry) -> Fields:
    """After the chain's answer."""
    match entry.event:
        case c.RegistrationConfirmed(on_chain=fact):
            place = {"confirmed_position": entry.position, "confirmed_tx_hash": fact.tx_hash}
            return {"registration": "confirmed", **place}
        case c.CompanyPostingRejected(effect="" | "register") if row.registration == "obliged":
            return {"registration": "refused"}
        case c.CompanyPostingReleased(effect="register") if row.registration == "refused":
            return {"registration": "obliged"}
        case c.CompanyPostingAbandoned(effect="register", reason=reason) if row.registration == "refused":
            void = {"kyb": "info_required", "reviewer": None, "kyb_reason": reason}
            return void if row.kyb == "approved" else {}
        case _:
            return {}


def _exclusive(row: Company, event: Any) -> Fields:
    match event:
        case c.ExclusivityLocked(campaign_id=campaign_id, year=year):
            return {"locked_by": campaign_id, "campaign_years": (*row.campaign_years, year)}
        case c.ExclusivityReleased():
            return _unlocked(row, event)
        case c.OverrideRequested(override_id=id_, year=year, reason=reason, requester=requester):
            override = Override(id=id_, year=year, reason=reason, requester=requester)
            return {"overrides": (*row.overrides, override)}
        case c.OverrideGranted(override_id=id_):
            granted = (msgspec.structs.replace(o, granted=True) if o.id == id_ else o for o in row.overrides)
            return {"overrides": tuple(granted)}
        case _:
            return {}


def _unlocked(row: Company, event: c.ExclusivityReleased) -> Fields:
    """A year that was not used is given back; what was raised counts for twelve months."""
    years = row.campaign_years if event.year_used else row.campaign_years[:-1]
    raises = row.raises
    if event.raised and event.ended_at is not None:
        raises = (*raises, Raise(ended_at=event.ended_at, amount=event.raised))
    return {"locked_by": None, "campaign_years": years, "raises": raises}


COMPANIES = View(name="companies", version=3, tables=(TABLE,), topics=topics_of("company"), reads=_reads, fold=_fold)
