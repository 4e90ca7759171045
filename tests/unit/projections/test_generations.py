"""The book's rows of the chain ledger's generations, folded entry by entry."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from domain.journal import Entry, Event, Meta
from domain.ledger import LEDGER, ChainGeneration, LedgerPromoted, PromotionProposed, PromotionWithdrawn
from projections.folding import Batch
from projections.rows import Generation
from projections.views.generations import GENERATIONS

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
FOUNDING = UUID(int=1)
SECOND = ChainGeneration(
    chain_id=7,
    genesis_hash="0x" + "6e" * 32,
    addresses={"FundEscrow": "0x" + "0a" * 20},
    code_hashes={"FundEscrow": "0x" + "c0" * 32},
    start_block=3,
)
COMPARED = {"compared_position": 5, "report_hash": "ab" * 32, "proposer": "operator-1"}
PROPOSED = PromotionProposed(generation=SECOND, living=FOUNDING, **COMPARED)


def folded(*events: Event) -> dict[UUID, Generation]:
    batch = Batch()
    for position, event in enumerate(events, start=10):
        meta = Meta(at=NOON, by=f"role:{position}", command_id=FOUNDING, correlation_id=FOUNDING, cause=None, pack="-")
        entry = Entry(
            position=position,
            stream=LEDGER,
            version=position - 9,
            topic=event.TOPIC,
            event=event,
            meta=meta,
            leaf=b"",
            state=b"",
        )
        batch.fold([GENERATIONS], [entry])
    return {row.id: row for _, row in batch.changes if isinstance(row, Generation)}


def test_a_promotion_makes_one_generation_live_and_ends_the_one_before_it() -> None:
    rows = folded(PROPOSED, LedgerPromoted(generation=SECOND, previous=FOUNDING, **COMPARED))
    living, ended = rows[SECOND.id], rows[FOUNDING]
    assert (living.state, living.proposed_by, living.promoted_by) == ("living", "role:10", "role:11")
    assert (living.chain_id, living.compared_position, living.promoted_position) == (7, 5, 11)
    assert (ended.state, ended.ended_position, ended.chain_id) == ("ended", 11, None)


def test_a_withdrawn_proposal_says_why_until_it_is_proposed_again() -> None:
    withdrawn = PromotionWithdrawn(generation_id=SECOND.id, reason="not watched yet")
    assert folded(PROPOSED, withdrawn)[SECOND.id].withdrawn_reason == "not watched yet"
    again = folded(PROPOSED, withdrawn, PROPOSED)[SECOND.id]
    assert (again.state, again.position, again.proposed_position, again.withdrawn_reason) == ("proposed", 10, 12, None)
