"""Who may put another generation of the chain ledger in the place of the living one, and which. Pure."""

from __future__ import annotations

import re
from uuid import UUID

from domain.errors import Refusal
from domain.eyes import check_other_eyes
from domain.journal.encoding import EXACT_MAX
from domain.journal.entries import Actor
from domain.ledger.events import LedgerPromoted, PromotionProposed, PromotionWithdrawn
from domain.ledger.state import ChainGeneration, ChainLedger, Proposal
from domain.values import check_digest, check_text

CONTRACTS_MAX = 32

_NAME = re.compile(r"[A-Za-z]{1,64}")
_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")
_HASH = re.compile(r"0x[0-9a-f]{64}")


def propose(
    ledger: ChainLedger,
    *,
    generation: ChainGeneration,
    living: UUID,
    compared_position: int,
    report_hash: str,
    by: Actor,
) -> PromotionProposed:
    """Refuse while another proposal stands, and what lives or lived: a generation that has ended does not come back,
    because what was decided since is not on it. The ledger is posted again, as a further generation."""
    _check_generation(generation)
    check_digest(report_hash, name="report_hash")
    if not 0 < compared_position <= EXACT_MAX:
        raise _unacceptable("compared_position is the position up to which journal and generations were compared")
    if ledger.proposal is not None:
        text = "a promotion is proposed already: approve or withdraw that one"
        raise Refusal("already-requested", text, generation=str(ledger.proposal.generation.id))
    if ledger.living is not None and living != ledger.living.id:
        text = f"the living generation is {ledger.living.id}: compare with that one"
        raise Refusal("wrong-status", text, status="past", generation=str(living))
    if generation.id == living:
        raise Refusal("wrong-status", "this generation is the living one", status="living", generation=str(living))
    if generation.id in ledger.past:
        text = "this generation has ended: post the ledger again, as a further generation on that chain"
        raise Refusal("wrong-status", text, status="past", generation=str(generation.id))
    return PromotionProposed(
        generation=generation,
        living=living,
        compared_position=compared_position,
        report_hash=report_hash,
        proposer=by.id,
    )


def withdraw(ledger: ChainLedger, *, reason: str) -> PromotionWithdrawn:
    """Anybody who may decide may withdraw, also whoever proposed it."""
    check_text(reason, name="reason")
    return PromotionWithdrawn(generation_id=_proposed(ledger).generation.id, reason=reason)


def promote(ledger: ChainLedger, *, generation: UUID, report_hash: str, by: Actor) -> LedgerPromoted:
    """The second person names what they approve: the generation, and the report of the comparison that was read."""
    proposal = _proposed(ledger)
    if (generation, report_hash) != (proposal.generation.id, proposal.report_hash):
        text = "another generation, or another report of the comparison, is proposed"
        raise Refusal("approved-otherwise", text, generation=str(proposal.generation.id), report=proposal.report_hash)
    check_other_eyes(by, proposal.proposer)
    return LedgerPromoted(
        generation=proposal.generation,
        previous=proposal.living,
        compared_position=proposal.compared_position,
        report_hash=proposal.report_hash,
        proposer=proposal.proposer,
    )


def check_stays(ledger: ChainLedger | None) -> None:
    """Refuse what could not move to another chain, while a move is proposed."""
    if ledger is not None and ledger.proposal is not None:
        text = "coin stays on its chain, and a promotion to another one is proposed: decide that first"
        raise Refusal("wrong-status", text, status="proposed", generation=str(ledger.proposal.generation.id))


def _proposed(ledger: ChainLedger) -> Proposal:
    if ledger.proposal is None:
        raise Refusal("not-requested", "no promotion is proposed")
    return ledger.proposal


def _check_generation(generation: ChainGeneration) -> None:
    """Refuse what cannot be a deployment: the text says what is wrong with it."""
    addresses, codes = generation.addresses, generation.code_hashes
    if not 0 < generation.chain_id <= EXACT_MAX:
        raise _unacceptable(f"a chain id is 1 to {EXACT_MAX}")
    if not _HASH.fullmatch(generation.genesis_hash):
        raise _unacceptable("genesis_hash is 0x and 64 hex digits in lower case")
    if not 0 <= generation.start_block <= EXACT_MAX or not 0 <= generation.deployed_block <= EXACT_MAX:
        raise _unacceptable("start_block and deployed_block are block numbers")
    if not 0 < len(addresses) <= CONTRACTS_MAX or addresses.keys() != codes.keys():
        raise _unacceptable(f"addresses and code_hashes are of the same contracts, 1 to {CONTRACTS_MAX} of them")
    for name, address in addresses.items():
        if not _NAME.fullmatch(name) or not _ADDRESS.fullmatch(address) or not _HASH.fullmatch(codes[name]):
            raise _unacceptable(f"{name[:64]!r} needs an address (0x and 40 hex digits) and a code hash (0x and 64)")
    if len({address.lower() for address in addresses.values()}) != len(addresses):
        raise _unacceptable("each contract has an address of its own")


def _unacceptable(text: str) -> Refusal:
    return Refusal("generation-not-acceptable", text, field="generation")
