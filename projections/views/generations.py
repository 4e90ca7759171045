"""Generations: each deployment of the chain ledger that was proposed, that lives, or that has ended."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from domain.journal import Entry
from domain.ledger import LedgerPromoted, PromotionProposed, PromotionWithdrawn
from projections.folding import Change, Ref, Sight, Table, View, changed
from projections.rows import Generation

TABLE = Table("generations", Generation, "id")


def _reads(entry: Entry) -> Sequence[Ref]:
    match entry.event:
        case PromotionProposed(generation=generation):
            return [(TABLE, generation.id)]
        case PromotionWithdrawn(generation_id=named):
            return [(TABLE, named)]
        case LedgerPromoted(generation=generation, previous=previous):
            return [(TABLE, generation.id), (TABLE, previous)]
        case _:
            return []


def _fold(sight: Sight, entry: Entry) -> Sequence[Change]:
    match entry.event:
        case PromotionProposed() as event:
            return [(TABLE, _proposed(sight, entry, event))]
        case PromotionWithdrawn(generation_id=named, reason=reason):
            return [(TABLE, changed(_row(sight, entry, named), state="withdrawn", withdrawn_reason=reason))]
        case LedgerPromoted(generation=generation, previous=previous):
            promoted = {"promoted_position": entry.position, "promoted_at": entry.meta.at, "promoted_by": entry.meta.by}
            ended = changed(_row(sight, entry, previous), state="ended", ended_position=entry.position)
            return [(TABLE, changed(_row(sight, entry, generation.id), state="living", **promoted)), (TABLE, ended)]
        case _:
            return []


def _proposed(sight: Sight, entry: Entry, event: PromotionProposed) -> Generation:
    generation = event.generation
    return changed(
        _row(sight, entry, generation.id),
        state="proposed",
        chain_id=generation.chain_id,
        genesis_hash=generation.genesis_hash,
        start_block=generation.start_block,
        compared_position=event.compared_position,
        report_hash=event.report_hash,
        proposed_position=entry.position,
        proposed_at=entry.meta.at,
        proposed_by=entry.meta.by,
        withdrawn_reason=None,
    )


def _row(sight: Sight, entry: Entry, named: UUID) -> Generation:
    """What is known of a generation so far; one that is new is named by this entry."""
    return sight.find(Generation, TABLE, named) or Generation(id=named, position=entry.position, state="proposed")


GENERATIONS = View(
    name="generations",
    version=1,
    tables=(TABLE,),
    topics=frozenset({PromotionProposed.TOPIC, PromotionWithdrawn.TOPIC, LedgerPromoted.TOPIC}),
    reads=_reads,
    fold=_fold,
)
