"""The walk over promotions: two generations, each proposed, withdrawn and approved in every situation."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable

from domain import commands as c
from domain.ledger import LEDGER, ChainGeneration, ChainLedger
from tests.unit.domain.acts import COMPLIANCE, DIGEST, OPERATOR
from tests.unit.domain.machines.moves import Move
from tests.unit.domain.machines.walks import walk
from tests.unit.domain.machines.watched import Transition, Watched

SITUATIONS_MAX = 50
FOUNDING, SECOND, THIRD = (
    ChainGeneration(
        chain_id=100 + number,
        genesis_hash="0x" + f"{number:064x}",
        addresses={"FundEscrow": "0x" + f"{number:040x}"},
        code_hashes={"FundEscrow": "0x" + "c0" * 32},
        start_block=number,
    )
    for number in (1, 2, 3)
)


def proposal(generation: ChainGeneration, *, living: ChainGeneration) -> c.ProposePromotion:
    return c.ProposePromotion(generation=generation, living=living.id, compared_position=7, report_hash=DIGEST)


def approval(generation: ChainGeneration) -> c.ApprovePromotion:
    return c.ApprovePromotion(generation_id=generation.id, report_hash=DIGEST)


def _ledger(world: Watched) -> ChainLedger:
    found: ChainLedger | None = world.find(LEDGER)
    return found or ChainLedger()


def _proposes(generation: ChainGeneration) -> Move:
    return lambda world: (proposal(generation, living=_ledger(world).living or FOUNDING), OPERATOR)


def _approves(generation: ChainGeneration) -> Move:
    return lambda _: (approval(generation), COMPLIANCE)


def walk_ledgers(seen: Counter[Transition]) -> int:
    moves: dict[str, Move] = {"withdraw": lambda _: (c.WithdrawPromotion(reason="not yet"), OPERATOR)}
    for name, generation in (("founding", FOUNDING), ("second", SECOND), ("third", THIRD)):
        moves |= {f"propose {name}": _proposes(generation), f"approve {name}": _approves(generation)}

    def situation(there: Watched) -> Hashable:
        ledger = _ledger(there)
        living, proposed = ledger.living, ledger.proposal
        return living.id if living else None, ledger.past, proposed.generation.id if proposed else None

    return walk(Watched(seen), moves=moves, situation=situation, situations_max=SITUATIONS_MAX)
