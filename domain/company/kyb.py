"""Deciders about a company's KYB and standing. Each refuses, or returns the event; None: it is so already."""

from __future__ import annotations

from datetime import datetime

from domain.company.events import (
    CompanyReinstated,
    CompanySuspended,
    KybApproved,
    KybExpired,
    KybInformationRequested,
    KybRejected,
    KybRenewed,
    KybReviewStarted,
    KybSubmitted,
    RegistrationConfirmed,
    WalletRotated,
    WalletRotationRequested,
)
from domain.company.state import Company
from domain.errors import Refusal
from domain.eyes import check_other_eyes, check_own_hands, same_fact
from domain.journal.entries import Actor, Event
from domain.values import ChainFact, check_later, check_over, check_text, check_wallet


def submit(company: Company, *, by: Actor) -> Event:
    company.check_owned(by)
    # Renewed only once the chain has answered: what is on its way there is what was approved.
    waiting = any(document.state == "pending" for document in company.documents.values())
    renewing = company.kyb == "approved" and company.registration != "obliged" and waiting
    if not company.editable and not renewing:
        raise Refusal("kyb-closed", f"the KYB is {company.kyb} already", status=company.kyb)
    if not any(document.state in {"pending", "approved"} for document in company.documents.values()):
        raise Refusal("documents-missing", "attach at least one document before submitting the KYB")
    return KybSubmitted(documents_hash=company.documents_hash, submitter=by.id)


def start_review(company: Company, *, by: Actor) -> Event | None:
    """Take the KYB for review; from then on it is this reviewer who decides."""
    if company.kyb == "in_review" and company.reviewer == by.id:
        return None
    _reviewable(company, by)
    return KybReviewStarted(reviewer=by.id)


def request_information(company: Company, *, reason: str, by: Actor) -> Event:
    _reviewable(company, by)
    check_text(reason, name="reason")
    return KybInformationRequested(reason=reason)


def approve(company: Company, *, documents_hash: str, valid_until: datetime | None, now: datetime, by: Actor) -> Event:
    """Approve exactly what is there: the reviewer names the hash of the documents."""
    _reviewable(company, by)
    waiting = [str(key) for key, document in company.documents.items() if document.state == "pending"]
    if waiting:
        raise Refusal("documents-unapproved", "every document must be approved first", documents=waiting)
    if not any(document.state == "approved" for document in company.documents.values()):
        raise Refusal("documents-missing", "no document of the company is approved")
    if documents_hash != company.documents_hash:
        text = "the hash is not that of the company's documents"
        raise Refusal("approved-otherwise", text, documents_hash=company.documents_hash)
    check_later(valid_until, than=now, name="valid_until")
    if company.is_on_chain:
        return KybRenewed(wallet=company.wallet, documents_hash=company.documents_hash, valid_until=valid_until)
    return KybApproved(wallet=company.wallet, documents_hash=company.documents_hash, valid_until=valid_until)


def reject(company: Company, *, reason: str, by: Actor) -> Event:
    _reviewable(company, by)
    check_text(reason, name="reason")
    return KybRejected(reason=reason)


def expire(company: Company, *, now: datetime) -> Event | None:
    """The scheduler's word that the approval's time is over; None if it is not approved any more."""
    if company.kyb != "approved":
        return None
    return KybExpired(valid_until=check_over(company.valid_until, now=now, what="the approval"))


def suspend(company: Company, *, reason: str, by: Actor) -> Event | None:
    check_other_eyes(by, company.owner)
    check_text(reason, name="reason")
    return None if company.suspension is not None else CompanySuspended(reason=reason, by=by.id)


def reinstate(company: Company, *, reason: str, by: Actor) -> Event | None:
    """By another person than the one who suspended it."""
    check_text(reason, name="reason")
    if company.suspension is None:
        return None
    check_other_eyes(by, company.owner, company.suspension.by)
    return CompanyReinstated(reason=reason)


def request_rotation(company: Company, *, wallet: str, by: Actor) -> Event | None:
    """Ask for another wallet; it counts once compliance has approved it."""
    company.check_owned(by)
    check_wallet(wallet)
    if wallet == company.wallet:
        return None
    if company.rotation is not None:
        if company.rotation.wallet == wallet:
            return None
        raise Refusal("already-requested", "another wallet is waiting for approval", wallet=company.rotation.wallet)
    return WalletRotationRequested(wallet=wallet, requester=by.id)


def approve_rotation(company: Company, *, wallet: str, by: Actor) -> Event:
    """Approve exactly the wallet that was asked for."""
    if company.rotation is None:
        raise Refusal("not-requested", "no other wallet was asked for")
    check_other_eyes(by, company.owner, company.rotation.requester)
    if wallet != company.rotation.wallet:
        text = "the wallet is not the one that was asked for"
        raise Refusal("approved-otherwise", text, wallet=company.rotation.wallet)
    return WalletRotated(
        wallet=wallet,
        previous=company.wallet,
        documents_hash=company.documents_hash,
        registered=company.is_on_chain,
    )


def confirm_registration(company: Company, fact: ChainFact) -> Event | None:
    if same_fact(company.registered, fact):
        return None
    if company.registration == "none":
        raise Refusal("not-obliged", "nothing obliged the registration of this company")
    return RegistrationConfirmed(on_chain=fact)


def _reviewable(company: Company, by: Actor) -> None:
    """Refuse unless the KYB waits for a decision that is this person's to make."""
    if company.kyb not in {"submitted", "in_review"}:
        raise Refusal("kyb-not-submitted", f"the KYB is {company.kyb}, not submitted", status=company.kyb)
    check_other_eyes(by, company.owner, company.submitter)
    check_own_hands(by, company.reviewer)
