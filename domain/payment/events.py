"""What can have happened to a payment. Applying never refuses: each of these is a fact."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

import msgspec

from domain.journal.entries import Event
from domain.payment.state import Deposit, Payment, payment_id

replace = msgspec.structs.replace


class PaymentRecorded(Event, frozen=True, kw_only=True):
    """Money came. `applied` of it counts for the investment that it names; the rest is owed back to the payer.

    `deposit`: it is coin that the chain's escrow holds.
    """

    TOPIC: ClassVar[str] = "payment.recorded"
    provider: str
    reference: str
    amount: int
    currency: str
    recorder: str
    investment_id: UUID | None = None
    campaign_id: UUID | None = None
    applied: int = 0
    deposit: Deposit | None = None

    def apply(self, state: Any) -> Payment:
        return Payment(
            id=payment_id(self.provider, self.reference),
            provider=self.provider,
            reference=self.reference,
            currency=self.currency,
            amount=self.amount,
            recorder=self.recorder,
            investment_id=self.investment_id,
            campaign_id=self.campaign_id,
            applied=self.applied,
            owed=self.amount - self.applied,
            deposit=self.deposit,
        )


class PaymentMatched(Event, frozen=True, kw_only=True):
    """It was not clear what the money was for; now it is."""

    TOPIC: ClassVar[str] = "payment.matched"
    investment_id: UUID
    campaign_id: UUID
    applied: int

    def apply(self, state: Payment) -> Payment:
        return replace(
            state,
            investment_id=self.investment_id,
            campaign_id=self.campaign_id,
            applied=self.applied,
            owed=state.owed - self.applied,
        )


class PaymentFreed(Event, frozen=True, kw_only=True):
    """What counted for an investment counts no longer, and is owed to the payer."""

    TOPIC: ClassVar[str] = "payment.freed"
    amount: int
    reason: str
    campaign_id: UUID | None = None

    def apply(self, state: Payment) -> Payment:
        return replace(state, applied=state.applied - self.amount, owed=state.owed + self.amount)


class PaymentReturned(Event, frozen=True, kw_only=True):
    """What was owed has gone back to the source; `return_reference` is the provider's name for that."""

    TOPIC: ClassVar[str] = "payment.returned"
    amount: int
    return_reference: str
    campaign_id: UUID | None = None

    def apply(self, state: Payment) -> Payment:
        return replace(state, owed=state.owed - self.amount, returned=state.returned + self.amount)


class PaymentReversed(Event, frozen=True, kw_only=True):
    """The provider took the money back: `applied` of what counted, `owed` of what was owed anyway."""

    TOPIC: ClassVar[str] = "payment.reversed"
    applied: int
    owed: int
    reason: str
    campaign_id: UUID | None = None

    def apply(self, state: Payment) -> Payment:
        return replace(
            state,
            applied=state.applied - self.applied,
            owed=state.owed - self.owed,
            reversed=state.reversed + self.applied + self.owed,
        )


class PaymentReclaimed(Event, frozen=True, kw_only=True):
    """The depositor has taken out of the chain's escrow what had counted: after its refund, or in an emergency.

    `return_reference` is the place of the log. What never counted is returned (`payment.returned`).
    """

    TOPIC: ClassVar[str] = "payment.reclaimed"
    amount: int
    return_reference: str
    campaign_id: UUID | None = None

    def apply(self, state: Payment) -> Payment:
        return replace(state, applied=state.applied - self.amount, returned=state.returned + self.amount)
