"""What may be asked of the chain ledger as a whole, and by whom."""

from __future__ import annotations

from uuid import UUID

from domain.asking import Command
from domain.ledger.state import ChainGeneration


class ProposePromotion(Command, frozen=True, kw_only=True):
    """Put this generation in the place of the living one; another person must approve it.

    `report_hash` is the SHA-256 of the comparison's report, which reached `compared_position` of the journal.
    """

    generation: ChainGeneration
    living: UUID
    compared_position: int
    report_hash: str


class WithdrawPromotion(Command, frozen=True, kw_only=True):
    reason: str


class ApprovePromotion(Command, frozen=True, kw_only=True):
    """Approve what is proposed, named by its generation and by the report that was read."""

    generation_id: UUID
    report_hash: str


ALLOWED: dict[type[Command], frozenset[str]] = {
    ProposePromotion: frozenset({"operator"}),
    WithdrawPromotion: frozenset({"operator", "compliance"}),
    ApprovePromotion: frozenset({"operator", "compliance"}),
}
