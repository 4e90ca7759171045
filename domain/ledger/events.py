"""What can have happened to the chain ledger as a whole."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

import msgspec

from domain.journal.entries import Event
from domain.ledger.state import ChainGeneration, ChainLedger, Proposal

replace = msgspec.structs.replace


class PromotionProposed(Event, frozen=True, kw_only=True):
    """Somebody proposes that the journal be posted to another generation from now on: one that holds the same."""

    TOPIC: ClassVar[str] = "ledger.promotion_proposed"
    generation: ChainGeneration
    living: UUID
    compared_position: int
    report_hash: str
    proposer: str

    def apply(self, state: Any) -> ChainLedger:
        proposal = Proposal(
            generation=self.generation,
            living=self.living,
            compared_position=self.compared_position,
            report_hash=self.report_hash,
            proposer=self.proposer,
        )
        return replace(state or ChainLedger(), proposal=proposal)


class PromotionWithdrawn(Event, frozen=True, kw_only=True):
    TOPIC: ClassVar[str] = "ledger.promotion_withdrawn"
    generation_id: UUID
    reason: str

    def apply(self, state: ChainLedger) -> ChainLedger:
        return replace(state, proposal=None)


class LedgerPromoted(Event, frozen=True, kw_only=True):
    """Two people decided it. This entry is the end of the generation `previous`: nothing behind it is posted there, and
    the house writes to and reads from `generation`, which owes everything from the first entry on."""

    TOPIC: ClassVar[str] = "ledger.promoted"
    generation: ChainGeneration
    previous: UUID
    compared_position: int
    report_hash: str
    proposer: str

    def apply(self, state: ChainLedger) -> ChainLedger:
        return replace(state, living=self.generation, past=(*state.past, self.previous), proposal=None)
