"""What may be asked of a payment, and by whom."""

from __future__ import annotations

from uuid import UUID

from domain.asking import Command
from domain.payment.state import Deposit
from domain.values import ChainPlace


class RecordPayment(Command, frozen=True, kw_only=True):
    """Money came. Without an investment it waits to be matched."""

    provider: str
    reference: str
    amount: int
    currency: str
    investment_id: UUID | None = None


class RecordDeposit(Command, frozen=True, kw_only=True):
    """The chain shows coin in the escrow, in wei. It counts if it is exactly what its investment asks for."""

    deposit: Deposit
    amount: int


class RecordReclaim(Command, frozen=True, kw_only=True):
    """The chain shows that the depositor has taken coin of this deposit back out of the escrow."""

    payment_id: UUID
    amount: int
    place: ChainPlace


class MatchPayment(Command, frozen=True, kw_only=True):
    payment_id: UUID
    investment_id: UUID


class ReturnPayment(Command, frozen=True, kw_only=True):
    """What is owed of a payment has gone back; `return_reference` is the provider's name for that."""

    payment_id: UUID
    return_reference: str


class ReversePayment(Command, frozen=True, kw_only=True):
    """The provider took the money back (a chargeback, a recall)."""

    payment_id: UUID
    reason: str


ALLOWED: dict[type[Command], frozenset[str]] = {
    RecordPayment: frozenset({"treasury_maker"}),
    RecordDeposit: frozenset({"indexer"}),
    RecordReclaim: frozenset({"indexer"}),
    MatchPayment: frozenset({"treasury_maker"}),
    ReturnPayment: frozenset({"treasury_checker"}),
    ReversePayment: frozenset({"treasury_maker"}),
}
