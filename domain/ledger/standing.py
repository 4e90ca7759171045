"""Which promotion of the chain ledger came last, as its own short stream says."""

from __future__ import annotations

import msgspec

from domain.journal import JournalReader
from domain.journal.work import fold
from domain.ledger.events import LedgerPromoted
from domain.ledger.state import LEDGER, ChainGeneration, ChainLedger


class Promotion(msgspec.Struct, frozen=True):
    """A promotion as it is recorded: where, and which generation lives since."""

    position: int
    generation: ChainGeneration


def last_promotion(reader: JournalReader) -> Promotion | None:
    """None while the journal is posted to the generation that it began with."""
    promoted = [entry for entry in reader.stream(LEDGER) if isinstance(entry.event, LedgerPromoted)]
    if not promoted:
        return None
    event = promoted[-1].event
    assert isinstance(event, LedgerPromoted)
    return Promotion(promoted[-1].position, event.generation)


def standing(reader: JournalReader) -> ChainLedger:
    """The chain ledger as it is now."""
    folded = fold((entry.event, entry.version) for entry in reader.stream(LEDGER))
    state: ChainLedger = folded[0] if folded else ChainLedger()
    return state
