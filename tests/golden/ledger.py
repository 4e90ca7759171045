"""Examples of what happened to the chain ledger as a whole, and of a confirmation that names its generation."""

from __future__ import annotations

from msgspec.structs import replace

from domain.investment import RecordingConfirmed
from domain.ledger import LEDGER, ChainGeneration, LedgerPromoted, PromotionProposed, PromotionWithdrawn
from tests.golden.example import DIGEST, FACT, OTHER_WALLET, WALLET, A, D, Example

GENERATION = ChainGeneration(
    chain_id=31_337,
    genesis_hash="0x" + "6e" * 32,
    addresses={"CampaignFactory": WALLET, "FundEscrow": OTHER_WALLET},
    code_hashes={"CampaignFactory": "0x" + "c0" * 32, "FundEscrow": "0x" + "c1" * 32},
    start_block=17,
    deployed_block=23,
)

LEDGERS = (
    Example(
        position=168,
        stream=LEDGER,
        version=1,
        event=PromotionProposed(
            generation=GENERATION, living=A, compared_position=160, report_hash=DIGEST, proposer="operator-1"
        ),
        by="operator:operator-1",
    ),
    Example(
        position=169,
        stream=LEDGER,
        event=PromotionWithdrawn(generation_id=GENERATION.id, reason="the new network is not watched yet"),
        by="operator:operator-1",
    ),
    Example(
        position=170,
        stream=LEDGER,
        event=LedgerPromoted(
            generation=GENERATION, previous=A, compared_position=160, report_hash=DIGEST, proposer="operator-1"
        ),
        by="compliance:compliance-1",
    ),
    Example(
        position=171,
        stream=D,
        event=RecordingConfirmed(on_chain=replace(FACT, generation=GENERATION.id)),
        by="indexer:chain-indexer",
        variant="of-its-generation",
    ),
)
