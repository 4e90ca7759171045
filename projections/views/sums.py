"""What a campaign's row counts and adds up: commitments, what waits, what was raised, what goes back."""

from __future__ import annotations

from typing import Any

from domain import campaign as c
from projections.folding import Fields
from projections.rows import Campaign


def summed(row: Campaign, event: Any) -> Fields:
    """The sums after an event of a commitment or its money; empty for another event."""
    return _commitments(row, event) or _money(row, event)


def _commitments(row: Campaign, event: Any) -> Fields:
    match event:
        case c.CommitmentAccepted(amount=amount, reflection_ends_at=ends_at):
            until = max((at for at in (row.reflection_until, ends_at) if at is not None), default=None)
            sums = {"committed": row.committed + amount, "commitments": row.commitments + 1}
            return {**sums, "reflection_until": until}
        case c.CommitmentReleased(amount=amount, unconfirmed=unconfirmed, held=held):
            sums = {"committed": row.committed - amount, "commitments": row.commitments - 1}
            answers = {"unconfirmed": row.unconfirmed - unconfirmed}
            return {**sums, **answers, "held_investments": row.held_investments - held}
        case c.CommitmentReconfirmed():
            return {"unconfirmed": row.unconfirmed - 1}
        case c.CommitmentWaitlisted(amount=amount):
            return {"waiting": row.waiting + amount}
        case c.WaitingLeft(amount=amount):
            return {"waiting": row.waiting - amount}
        case _:
            return {}


def _money(row: Campaign, event: Any) -> Fields:
    match event:
        case c.FundingHeld():
            return {"held_investments": row.held_investments + 1}
        case c.FundingLost():
            return {"held_investments": row.held_investments - 1}
        case c.FundingReceived(amount=amount, held=held, excess=excess):
            sums = {"raised": row.raised + amount, "committed": row.committed - excess}
            counts = {"funded_investments": row.funded_investments + 1}
            return {**sums, **counts, "held_investments": row.held_investments - held}
        case c.FundingWithdrawn(amount=amount):
            counts = {"funded_investments": row.funded_investments - 1, "unwinding": row.unwinding + 1}
            return {"raised": row.raised - amount, **counts}
        case c.RefundPaid(withdrawn=withdrawn, emergency=emergency):
            refunded = row.refunded_investments + (not (withdrawn or emergency))
            return {"unwinding": row.unwinding - withdrawn, "refunded_investments": refunded}
        case _:
            return {}
