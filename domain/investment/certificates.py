"""Deciders about the certificate: issued, revoked, reissued, transferred, each by two people and with evidence."""

from __future__ import annotations

from uuid import UUID

from domain.errors import Refusal
from domain.eyes import check_other_eyes, same_fact
from domain.investment.events import (
    CertificateChangeConfirmed,
    CertificateChangeDeclined,
    CertificateChangeRequested,
    CertificateConfirmed,
    CertificateReissued,
    CertificateRevoked,
    CertificateTransferred,
    TransferApproved,
)
from domain.investment.state import ChangeRequest, Investment
from domain.journal.entries import Actor, Event
from domain.values import ChainFact, check_digest, check_text, check_wallet

CHANGES = frozenset({"revoke", "reissue", "transfer"})


def confirm(investment: Investment, *, token_id: str, fact: ChainFact) -> Event | None:
    if same_fact(investment.certified, fact):
        return None
    if investment.allotted is None:
        raise Refusal("not-obliged", "nothing obliged a certificate of this investment")
    return CertificateConfirmed(token_id=token_id, on_chain=fact)


def request_change(
    investment: Investment, *, change_id: UUID, kind: str, wallet: str | None, reason: str, evidence: str, by: Actor
) -> Event:
    """Ask for a change. A revoked certificate can only be reissued; a new wallet must be another one."""
    if kind not in CHANGES:
        raise Refusal("unknown-value", f"kind must be one of {', '.join(sorted(CHANGES))}", field="kind")
    investment.check_status("certified", "revoked")
    if investment.revoked and kind != "reissue":
        raise Refusal("wrong-status", "a revoked certificate can only be reissued", status=investment.status)
    _nothing_under_way(investment)
    check_text(reason, name="reason")
    check_digest(evidence, name="evidence")
    _check_new_wallet(investment, kind, wallet)
    if change_id in investment.changes:
        raise Refusal("already-exists", "a change of this id was made before", change_id=str(change_id))
    request = ChangeRequest(id=change_id, kind=kind, wallet=wallet, reason=reason, evidence=evidence, requester=by.id)
    return CertificateChangeRequested(request=request)


def approve_change(investment: Investment, *, change_id: UUID, by: Actor) -> Event:
    """Approve exactly the change of this id; by another person than the one who asked."""
    request = _requested(investment, change_id)
    check_other_eyes(by, request.requester)
    holder = investment.holder or investment.wallet
    shares = investment.allotted or investment.shares
    if request.kind == "revoke":
        return CertificateRevoked(
            change_id=change_id,
            campaign_id=investment.campaign_id,
            wallet=holder,
            shares=shares,
            reason=request.reason,
            evidence=request.evidence,
        )
    assert request.wallet is not None
    if request.kind == "reissue":
        return CertificateReissued(
            change_id=change_id,
            campaign_id=investment.campaign_id,
            wallet=request.wallet,
            previous_wallet=holder,
            shares=shares,
            reason=request.reason,
            evidence=request.evidence,
        )
    return TransferApproved(
        change_id=change_id,
        campaign_id=investment.campaign_id,
        wallet=holder,
        new_wallet=request.wallet,
        reason=request.reason,
        evidence=request.evidence,
    )


def decline_change(investment: Investment, *, change_id: UUID, reason: str) -> Event:
    """Anybody of compliance may, also whoever asked."""
    _requested(investment, change_id)
    check_text(reason, name="reason")
    return CertificateChangeDeclined(change_id=change_id, reason=reason)


def confirm_change(investment: Investment, *, change_id: UUID, fact: ChainFact) -> Event | None:
    if same_fact(investment.changes.get(change_id), fact):
        return None
    given_up = investment.given_up.get(change_id)
    if given_up is None and investment.changing != change_id:
        raise Refusal("not-obliged", "nothing obliged this change of the certificate")
    return CertificateChangeConfirmed(change_id=change_id, on_chain=fact, held=given_up)


def record_transfer(
    investment: Investment, *, change_id: UUID, sender: str, receiver: str, fact: ChainFact
) -> Event | None:
    """The chain shows that the holder made the approved transfer; None if that is recorded already.

    The chain spells wallets in mixed case, people in any.
    """
    held, approved = (wallet and wallet.lower() for wallet in (investment.holder, investment.transfer_to))
    if held == receiver.lower() and investment.changing is None and change_id in investment.changes:
        return None
    if investment.changing != change_id or approved != receiver.lower():
        raise Refusal("not-obliged", "no transfer to this wallet was approved")
    return CertificateTransferred(change_id=change_id, from_wallet=sender, to_wallet=receiver, on_chain=fact)


def _nothing_under_way(investment: Investment) -> None:
    if investment.request is not None:
        raise Refusal("already-requested", "a change is waiting for approval", change_id=str(investment.request.id))
    # An approved transfer that the holder has not made yet bars nobody: a later change takes its place.
    if investment.changing is not None and investment.changing not in investment.changes:
        raise Refusal("already-requested", "a change is on its way", change_id=str(investment.changing))


def _check_new_wallet(investment: Investment, kind: str, wallet: str | None) -> None:
    if kind == "revoke":
        if wallet is not None:
            raise Refusal("wallet-not-acceptable", "a revocation names no wallet", field="wallet")
        return
    if wallet is None:
        raise Refusal("wallet-not-acceptable", f"a {kind} needs the new wallet", field="wallet")
    check_wallet(wallet)
    if not investment.revoked and wallet.lower() == (investment.holder or investment.wallet).lower():
        raise Refusal("wallet-not-acceptable", "this wallet holds the certificate already", field="wallet")


def _requested(investment: Investment, change_id: UUID) -> ChangeRequest:
    request = investment.request
    if request is None or request.id != change_id:
        raise Refusal("not-requested", "no change of this id is waiting", change_id=str(change_id))
    return request
