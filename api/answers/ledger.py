"""The answer about the chain ledger as a whole: which generation lives, and which one is proposed in its place."""

from __future__ import annotations

from uuid import UUID

from api.answers.answer import Answer
from domain import ledger as of


class ChainGeneration(Answer, frozen=True, kw_only=True):
    """One deployment of the contracts on one chain; confirmations name its `id`."""

    id: UUID
    chain_id: int
    genesis_hash: str
    addresses: dict[str, str]
    code_hashes: dict[str, str]
    start_block: int


class Promotion(Answer, frozen=True, kw_only=True):
    """A generation that is proposed in place of `living`, and how far the two were compared."""

    generation: ChainGeneration
    living: UUID
    compared_position: int
    report_hash: str
    proposer: str


class ChainLedger(Answer, frozen=True, kw_only=True):
    """`living` is null until something is promoted: the journal does not know the generation that it began with.

    `past` are the generations that have ended, oldest first; `version` is 0 before anything was proposed.
    """

    id: UUID
    version: int
    status: str
    living: ChainGeneration | None
    past: list[UUID]
    proposal: Promotion | None


def chain_ledger(ledger: of.ChainLedger, *, version: int) -> ChainLedger:
    proposal = ledger.proposal
    return ChainLedger(
        id=ledger.id,
        version=version,
        status=ledger.status,
        living=_generation(ledger.living) if ledger.living else None,
        past=list(ledger.past),
        proposal=_promotion(proposal) if proposal else None,
    )


def _promotion(proposal: of.Proposal) -> Promotion:
    return Promotion(
        generation=_generation(proposal.generation),
        living=proposal.living,
        compared_position=proposal.compared_position,
        report_hash=proposal.report_hash,
        proposer=proposal.proposer,
    )


def _generation(generation: of.ChainGeneration) -> ChainGeneration:
    return ChainGeneration(
        id=generation.id,
        chain_id=generation.chain_id,
        genesis_hash=generation.genesis_hash,
        addresses=generation.addresses,
        code_hashes=generation.code_hashes,
        start_block=generation.start_block,
    )
