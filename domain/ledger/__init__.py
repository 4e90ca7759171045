"""The chain ledger itself, as an aggregate: which generation the journal is posted to, and who decided it."""

from domain.ledger.events import LedgerPromoted, PromotionProposed, PromotionWithdrawn
from domain.ledger.state import LEDGER, ChainGeneration, ChainLedger, Proposal, generation_id

__all__ = [
    "LEDGER",
    "ChainGeneration",
    "ChainLedger",
    "LedgerPromoted",
    "PromotionProposed",
    "PromotionWithdrawn",
    "Proposal",
    "generation_id",
]
