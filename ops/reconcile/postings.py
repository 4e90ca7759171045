"""Journal against chain, posting by posting: each obligation with its log, its digest and its confirmation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

import msgspec

from abis.logs import CampaignCreated
from domain.campaign import DeploymentConfirmed
from domain.journal.entries import Event
from ops.reconcile.chain import Found
from ops.reconcile.explain import where
from ops.reconcile.journal import Confirmation, JournalSide, Rejection
from ops.reconcile.nouns import Difference, Kind, Pending
from ops.reconcile.obligations import Obligation


class Posted(msgspec.Struct, frozen=True):
    """The verdict on the obligations. `on_chain`: the positions of those that the chain holds, or is said to; `moved`:
    of those whose permission a holder has used."""

    differences: list[Difference]
    pending: list[Pending]
    on_chain: set[int]
    moved: set[int]


def compare_postings(
    journal: JournalSide,
    *,
    digests: Mapping[int, bytes],
    met: Mapping[int, Found],
    moved: Mapping[int, Found],
    checkpoint: int,
) -> Posted:
    """What each entry obliged, against the chain. For one obligation:

    1. Confirmed: its log stands where the confirmation says, and the contract keeps its digest.
    2. Abandoned: it is not expected on the chain. 3. Rejected: somebody has to decide what happens next. 4. Logged, and
    confirmed by another generation: that is not said again. 5. Logged, not confirmed: on its way, unless the indexer
    has passed it. 6. Neither: on its way, unless the contract keeps something under its key.
    """
    posted = Posted([], [], set(met) | set(journal.confirmations), set(moved) | set(journal.transfers))
    for position, obligation in journal.obligations.items():
        confirmation, rejection = journal.confirmations.get(position), journal.rejections.get(position)
        found, digest = met.get(position), digests[position]
        if position in journal.abandonments:
            posted.differences.extend(_abandoned(obligation, journal.abandonments[position], found, digest))
        if confirmation is not None:
            posted.differences.extend(_confirmed(obligation, confirmation, found, digest))
        elif position in journal.abandonments:
            continue
        elif rejection is not None:
            positions = (position, rejection.position)
            said = f"rejected: {rejection.code} ({rejection.reason})"
            posted.differences.append(_about(obligation, "posting-rejected", journal=said, positions=positions))
        elif found is None and digest:
            posted.differences.append(_digest_differs(obligation, digest))
        elif found is not None and position in journal.elsewhere:
            posted.differences.extend(_digests_differ(obligation, digest))
        elif found is not None and found.log.block_number <= checkpoint:
            posted.differences.append(_about(obligation, "log-without-confirmation", chain=where(found.log)))
        else:
            posted.pending.append(_pending(obligation, logged=found is not None))
    posted.differences.extend(_confirmed_nothing(journal))
    for position in sorted(posted.moved & journal.obligations.keys()):
        _transferred(posted, journal, moved.get(position), position, checkpoint=checkpoint)
    return posted


def _transferred(posted: Posted, journal: JournalSide, found: Found | None, position: int, *, checkpoint: int) -> None:
    """A transfer by a holder: recorded where the chain shows it, or on its way to the journal."""
    obligation, recorded = journal.obligations[position], journal.transfers.get(position)
    if recorded is not None:
        posted.differences.extend(_elsewhere(obligation, recorded, found))
    elif found is not None and found.log.block_number <= checkpoint:
        posted.differences.append(_about(obligation, "log-without-confirmation", chain=where(found.log)))
    else:
        pending = _pending(obligation, logged=True)
        what = "the holder's transfer awaits its confirmation"
        posted.pending.append(msgspec.structs.replace(pending, what=what))


def _confirmed(
    obligation: Obligation, confirmation: Confirmation, found: Found | None, digest: bytes
) -> Iterator[Difference]:
    yield from _elsewhere(obligation, confirmation, found)
    yield from _digests_differ(obligation, digest)
    if found is not None:
        positions = (obligation.position, confirmation.position)
        yield from _deadline_differs(obligation, confirmation.event, found, positions)


def _abandoned(
    obligation: Obligation, abandonment: Rejection, found: Found | None, digest: bytes
) -> Iterator[Difference]:
    """The chain has what people went on without: they must know, because the book tells another story."""
    if found is not None or digest == obligation.digest:
        chain = where(found.log) if found is not None else f"digest 0x{digest.hex()}"
        positions = (obligation.position, abandonment.position)
        said = f"abandoned: {abandonment.reason}"
        yield _about(obligation, "abandoned-on-chain", journal=said, chain=chain, positions=positions)


def _elsewhere(obligation: Obligation, confirmation: Confirmation, found: Found | None) -> Iterator[Difference]:
    """The log that a confirmation believes stands at another place, or nowhere."""
    fact = confirmation.fact
    have = (found.log.block_hash, found.log.tx_hash, found.log.log_index) if found is not None else None
    if have != (fact.block_hash, fact.tx_hash, fact.log_index):
        believed = f"block {fact.block_number} tx {fact.tx_hash} log {fact.log_index}"
        chain = where(found.log) if found is not None else None
        positions = (obligation.position, confirmation.position)
        yield _about(obligation, "confirmation-without-log", journal=believed, chain=chain, positions=positions)


def _deadline_differs(
    obligation: Obligation, event: Event, found: Found, positions: tuple[int, ...]
) -> Iterator[Difference]:
    """The deadline is the chain's to say: what the journal learnt must be it."""
    if isinstance(event, DeploymentConfirmed) and isinstance(found.said, CampaignCreated):
        chain = datetime.fromtimestamp(found.said.deadline, UTC)
        if event.deadline != chain:
            difference = _about(obligation, "chain-differs", journal=str(event.deadline), chain=str(chain))
            yield msgspec.structs.replace(difference, what="deadline", positions=positions)


def _confirmed_nothing(journal: JournalSide) -> Iterator[Difference]:
    for place, confirmation in (*journal.confirmations.items(), *journal.transfers.items()):
        obligation = journal.obligations.get(place)
        if obligation is None or obligation.stream != confirmation.stream:
            yield Difference(
                kind="confirmation-without-log",
                subject="entry",
                id=str(confirmation.stream),
                what=f"{confirmation.event.TOPIC} confirms entry {place}, which obliges nothing of this stream",
                positions=(place, confirmation.position),
            )


def _digests_differ(obligation: Obligation, digest: bytes) -> Iterator[Difference]:
    if digest != obligation.digest:
        yield _digest_differs(obligation, digest)


def _digest_differs(obligation: Obligation, digest: bytes) -> Difference:
    kind: Kind = "chain-differs" if digest in {b"", obligation.digest} else "chain-conflict"
    chain = f"digest 0x{digest.hex()}" if digest else None
    return _about(obligation, kind, journal=f"digest 0x{obligation.digest.hex()}", chain=chain)


def _about(
    obligation: Obligation,
    kind: Kind,
    *,
    journal: str | None = None,
    chain: str | None = None,
    positions: tuple[int, ...] = (),
) -> Difference:
    return Difference(
        kind=kind,
        subject=obligation.subject,
        id=str(obligation.stream),
        what=f"{type(obligation.log).__name__} of {obligation.contract}",
        journal=journal,
        chain=chain,
        positions=positions or (obligation.position,),
    )


def _pending(obligation: Obligation, *, logged: bool) -> Pending:
    awaited = "its confirmation" if logged else "a block"
    return Pending(
        subject=obligation.subject,
        id=str(obligation.stream),
        what=f"{type(obligation.log).__name__} of {obligation.contract} awaits {awaited}",
        positions=(obligation.position,),
    )
