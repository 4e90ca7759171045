"""The answer to the question about the chain ledger as a whole, folded from its own short stream."""

from __future__ import annotations

from api import answers as a
from api.questions import Question, Sources
from domain.journal import JournalReader
from domain.journal.work import Versioned, fold
from domain.ledger import LEDGER, ChainLedger


async def chain_ledger(sources: Sources, _: Question) -> a.ChainLedger:
    ledger, version = await sources.journal.ask(_folded) or (ChainLedger(), 0)
    return a.chain_ledger(ledger, version=version)


def _folded(reader: JournalReader) -> Versioned | None:
    return fold((entry.event, entry.version) for entry in reader.stream(LEDGER))
