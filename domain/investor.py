"""The investor: an opaque id, a wallet and a KYC state. Who the person is never enters the journal."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

import msgspec

from domain.errors import Refusal
from domain.journal.entries import Actor, Event
from domain.values import check_text, check_wallet

KYC_LEVELS = frozenset({"basic", "enhanced", "premium"})


class Investor(msgspec.Struct, frozen=True, kw_only=True):
    """State. `level` is None until the KYC is approved."""

    id: UUID
    owner: str
    wallet: str
    level: str | None = None

    def approve_kyc(self, *, level: str, by: Actor) -> Event | None:
        """None if this level is approved already. Four eyes: not by the investor."""
        if level not in KYC_LEVELS:
            raise Refusal("unknown-value", f"level must be one of {', '.join(sorted(KYC_LEVELS))}", field="level")
        if by.id == self.owner:
            raise Refusal("four-eyes", "another person than the investor must approve the KYC")
        return None if self.level == level else KycApproved(level=level)

    def check_eligible(self, *, by: Actor, issuer: str, issuer_wallet: str) -> None:
        """Refuse a commitment by somebody else, before the KYC is approved, or by the issuer itself (seed rule 8)."""
        if by.id != self.owner:
            raise Refusal("not-yours", "this investor is another client's")
        if self.level is None:
            raise Refusal("kyc-missing", "the investor's KYC must be approved first")
        if self.owner == issuer or self.wallet.lower() == issuer_wallet.lower():
            raise Refusal("own-campaign", "the issuer may not invest in its own campaign")


def register(*, investor_id: UUID, wallet: str, reference: str, by: Actor) -> Event:
    """Decide on a new investor. `reference` is the client's own opaque name for the person, never personal data."""
    check_wallet(wallet)
    check_text(reference, name="reference")
    return InvestorRegistered(investor_id=investor_id, wallet=wallet, reference=reference, owner=by.id)


class InvestorRegistered(Event, frozen=True, kw_only=True):
    TOPIC: ClassVar[str] = "investor.registered"
    investor_id: UUID
    wallet: str
    reference: str
    owner: str

    def apply(self, state: Any) -> Investor:
        return Investor(id=self.investor_id, owner=self.owner, wallet=self.wallet)


class KycApproved(Event, frozen=True, kw_only=True):
    TOPIC: ClassVar[str] = "investor.kyc_approved"
    level: str

    def apply(self, state: Investor) -> Investor:
        return msgspec.structs.replace(state, level=self.level)
