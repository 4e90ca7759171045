"""What a payment is at a moment: the state that its events lead to."""

from __future__ import annotations

from uuid import UUID, uuid5

import msgspec

from domain.values import ChainPlace

CHAIN = "chain"  # the provider of what the escrow's own logs report
PAYMENTS = UUID("6f1b0c37-0c9e-5c58-8b0c-8c5f2f0f7a19")  # the namespace of payment ids, for ever


def payment_id(provider: str, reference: str) -> UUID:
    """The id of a payment, derived from the provider and its reference: the same payment is the same stream."""
    return uuid5(PAYMENTS, f"{provider}\n{reference}")


class Deposit(msgspec.Struct, frozen=True, kw_only=True):
    """Coin in the escrow, by its log: who paid, and for what. An id is a UUID, or the log's own word (0x, 64 hex
    digits) where that is none of ours: anybody may deposit, and name any investment."""

    investment: str
    campaign: str
    depositor: str
    place: ChainPlace


class Payment(msgspec.Struct, frozen=True, kw_only=True):
    """State. amount = applied (to its investment) + owed (to the payer) + returned + reversed."""

    id: UUID
    provider: str
    reference: str
    currency: str
    amount: int
    recorder: str
    investment_id: UUID | None = None
    campaign_id: UUID | None = None
    applied: int = 0
    owed: int = 0
    returned: int = 0
    reversed: int = 0
    deposit: Deposit | None = None

    def check(self) -> None:
        """What cannot happen: a part of a payment appears or vanishes."""
        assert self.amount == self.applied + self.owed + self.returned + self.reversed
        assert min(self.applied, self.owed, self.returned, self.reversed) >= 0
