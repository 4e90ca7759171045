"""What falls due, by the very rule that the scheduler acts on: deadlines, early closes, reconfirmations, expiries."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from domain.campaign import ChangeApproved, ClosingStarted, DeploymentConfirmed, EarlyCloseAnnounced, EarlyCloseLapsed
from domain.company import (
    DocumentAttached,
    DocumentExpired,
    DocumentWithdrawn,
    KybApproved,
    KybExpired,
    KybRenewed,
)
from domain.due import NOTHING, learnt
from domain.due import Due as Learnt
from domain.investor import KycApproved, KycExpired
from domain.journal import Entry
from projections.folding import Change, Ref, Sight, Table, View, changed
from projections.rows import Due

TABLE = Table("due", Due, "id")
NUMBERS = ("deadline", "reconfirmation")  # an approved change makes both of them fall due


def _key(kind: str, stream: UUID, item: UUID) -> str:
    # A campaign has one change at a time: another one takes its place.
    named = item != NOTHING and kind != "reconfirmation"
    return f"{kind}/{stream}/{item}" if named else f"{kind}/{stream}"


def _settled(entry: Entry) -> set[str]:
    """What falls due no longer; with the end of a campaign nobody is waited for, and a withdrawn document is none."""
    _, settled = learnt(entry)
    keys = {_key(one.kind, one.stream, one.item) for one in settled}
    match entry.event:
        case ClosingStarted():
            keys.add(_key("reconfirmation", entry.stream, NOTHING))
        case DocumentWithdrawn(document_id=item):
            keys.add(_key("document", entry.stream, item))
    return keys


def _reads(entry: Entry) -> Sequence[Ref]:
    return [(TABLE, key) for key in sorted(_settled(entry))]


def _fold(sight: Sight, entry: Entry) -> Sequence[Change]:
    due, _ = learnt(entry)
    changes: list[Change] = [(TABLE, _row(one)) for one in due]
    for key in sorted(_settled(entry)):
        row = sight.find(Due, TABLE, key)
        if row is not None and row.settled_position is None:
            changes.append((TABLE, changed(row, settled_position=entry.position)))
    return changes


def _row(one: Learnt) -> Due:
    return Due(
        id=_key(one.kind, one.stream, one.item),
        number=one.position * len(NUMBERS) + (one.kind == NUMBERS[1]),
        kind=one.kind,
        stream=one.stream,
        item=None if one.item == NOTHING else one.item,
        at=one.at,
        position=one.position,
    )


DUE = View(
    name="due",
    version=1,
    tables=(TABLE,),
    topics=frozenset(
        event.TOPIC
        for event in (
            DeploymentConfirmed,
            ChangeApproved,
            EarlyCloseAnnounced,
            EarlyCloseLapsed,
            ClosingStarted,
            KybApproved,
            KybRenewed,
            KybExpired,
            KycApproved,
            KycExpired,
            DocumentAttached,
            DocumentWithdrawn,
            DocumentExpired,
        )
    ),
    reads=_reads,
    fold=_fold,
)
