"""Certificates and the register of holders: each period in which a wallet held one, as the chain showed it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from domain import investment as i
from domain.journal import Entry
from domain.postings import CERTIFY
from projections.folding import Change, Ref, Sight, Table, View, changed
from projections.rows import Certificate, CertificateChange, Holder, Holding

CERTIFICATES = Table("certificates", Certificate, "id")
HOLDINGS = Table("holdings", Holding, "position")  # no fold reads it: a certificate knows its period that stands


def _reads(entry: Entry) -> Sequence[Ref]:
    return [(CERTIFICATES, entry.stream)]


def _fold(sight: Sight, entry: Entry) -> Sequence[Change]:
    if isinstance(entry.event, i.SharesAllotted):
        return [(CERTIFICATES, _allotted(entry, entry.event))]
    row = sight.find(Certificate, CERTIFICATES, entry.stream)
    if row is None:
        return []
    match entry.event:
        case i.CertificateConfirmed(token_id=token_id):
            return _issued(row, entry, token_id) if row.certified_position is None else []
        case i.CertificateChangeConfirmed(change_id=change_id):
            return _confirmed(row, entry, change_id)
        case i.CertificateTransferred(change_id=change_id, to_wallet=wallet):
            made = _became(row, change_id, state="made")
            return _moved(made, entry, why="transferred", wallet=wallet, change_id=change_id)
        case _:
            return [(CERTIFICATES, _decided(row, entry))]


def _allotted(entry: Entry, event: i.SharesAllotted) -> Certificate:
    return Certificate(
        id=entry.stream,
        position=entry.position,
        campaign_id=event.campaign_id,
        wallet=event.wallet,
        shares=event.shares,
        allotted_at=entry.meta.at,
    )


def _issued(row: Certificate, entry: Entry, token_id: str) -> Sequence[Change]:
    event: Any = entry.event
    certified = {"certified_position": entry.position, "certified_at": entry.meta.at}
    issued = changed(row, token_id=token_id, certified_tx_hash=event.on_chain.tx_hash, **certified)
    return _moved(issued, entry, why="issued", wallet=row.wallet, change_id=None)


def _decided(row: Certificate, entry: Entry) -> Certificate:
    """After people decided something: the register stays as it is until the chain shows it."""
    match entry.event:
        case i.CertificateRevoked(change_id=change_id):
            return _with(row, entry, change_id, kind="revoke", wallet=None)
        case i.CertificateReissued(change_id=change_id, wallet=wallet):
            return _with(row, entry, change_id, kind="reissue", wallet=wallet)
        case i.TransferApproved(change_id=change_id, new_wallet=wallet):
            return _with(row, entry, change_id, kind="transfer", wallet=wallet)
        case i.InvestmentPostingAbandoned(change_id=UUID() as change_id):
            return _became(row, change_id, state="given_up")
        case i.InvestmentPostingAbandoned(effect=effect) if effect == CERTIFY and row.certified_position is None:
            return changed(row, state="abandoned")
        case _:
            return row


def _with(row: Certificate, entry: Entry, change_id: UUID, *, kind: str, wallet: str | None) -> Certificate:
    event: Any = entry.event
    change = CertificateChange(
        id=change_id,
        kind=kind,
        wallet=wallet,
        reason=event.reason,
        evidence=event.evidence,
        decided_position=entry.position,
    )
    return changed(row, changes=(*row.changes, change))


def _became(row: Certificate, change_id: UUID, **fields: Any) -> Certificate:
    """The certificate after its change of this id has become something else."""
    changes = (changed(change, **fields) if change.id == change_id else change for change in row.changes)
    return changed(row, changes=tuple(changes))


def _confirmed(row: Certificate, entry: Entry, change_id: UUID) -> Sequence[Change]:
    """The chain shows a change, also one that was given up meanwhile. An approved transfer moves nothing yet."""
    change = next((one for one in row.changes if one.id == change_id), None)
    if change is None or change.confirmed_position is not None:
        return []
    after = _became(row, change_id, state="confirmed", confirmed_position=entry.position)
    match change.kind:
        case "revoke":
            return _moved(after, entry, why="revoked", wallet=None, change_id=change_id)
        case "reissue":
            return _moved(after, entry, why="reissued", wallet=change.wallet, change_id=change_id)
        case _:
            return [(CERTIFICATES, after)]


def _moved(row: Certificate, entry: Entry, *, why: str, wallet: str | None, change_id: UUID | None) -> Sequence[Change]:
    """The period that stands ends, and another begins for a new holder; without one the certificate is revoked."""
    event: Any = entry.event
    tx_hash: str = event.on_chain.tx_hash
    place = {"to_position": entry.position, "to_at": entry.meta.at, "to_change": change_id, "to_tx_hash": tx_hash}
    changes: list[Change] = []
    if row.held is not None:
        changes.append((HOLDINGS, changed(_period(row, row.held), ended=why, **place)))
    if wallet is None:
        return [*changes, (CERTIFICATES, changed(row, state="revoked", held=None))]
    held = Holder(
        position=entry.position, at=entry.meta.at, wallet=wallet, began=why, change_id=change_id, tx_hash=tx_hash
    )
    changes.append((HOLDINGS, _period(row, held)))
    return [*changes, (CERTIFICATES, changed(row, state="active", held=held))]


def _period(row: Certificate, held: Holder) -> Holding:
    assert row.token_id is not None
    return Holding(
        position=held.position,
        investment_id=row.id,
        campaign_id=row.campaign_id,
        wallet=held.wallet,
        shares=row.shares,
        token_id=row.token_id,
        from_at=held.at,
        began=held.began,
        from_change=held.change_id,
        from_tx_hash=held.tx_hash,
    )


REGISTERING = (
    i.SharesAllotted,
    i.CertificateConfirmed,
    i.CertificateRevoked,
    i.CertificateReissued,
    i.TransferApproved,
    i.CertificateChangeConfirmed,
    i.CertificateTransferred,
    i.InvestmentPostingAbandoned,
)
CERTIFYING = View(
    name="certificates",
    version=1,
    tables=(CERTIFICATES, HOLDINGS),
    topics=frozenset(event.TOPIC for event in REGISTERING),
    reads=_reads,
    fold=_fold,
)
