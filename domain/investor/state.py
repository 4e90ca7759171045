"""What an investor is at a moment: the state that its events lead to."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from domain.errors import Refusal
from domain.journal.entries import Actor
from domain.wallets import Challenge

KYC_LEVELS = frozenset({"basic", "enhanced", "premium"})
CLASSIFICATIONS = frozenset({"non_sophisticated", "sophisticated", "accredited", "professional"})
TWELVE_MONTHS = timedelta(days=365)


class Counted(msgspec.Struct, frozen=True):
    """A commitment that counts towards this investor's limits."""

    campaign_id: UUID
    currency: str
    amount: int
    at: datetime


class Means(msgspec.Struct, frozen=True, kw_only=True):
    """What an investor may commit in twelve months under a pack, and from which amount on a warning is due.

    Only the results: income and net worth are in the vault.
    """

    pack: str
    yearly_limit: int
    warning_from: int
    declared_at: datetime


class Investor(msgspec.Struct, frozen=True, kw_only=True):
    """State. `kyc`: none, submitted, approved, rejected, expired; `level` is None unless approved.

    `used_nonces` are of challenges that were answered: none is good twice.
    """

    id: UUID
    owner: str
    wallet: str | None = None
    challenge: Challenge | None = None
    used_nonces: tuple[str, ...] = ()
    kyc: str = "none"
    level: str | None = None
    kyc_until: datetime | None = None
    classification: str = "non_sophisticated"
    classified_until: datetime | None = None
    test_passed_until: datetime | None = None
    means: dict[str, Means] = {}
    acknowledged: dict[str, str] = {}
    counted: dict[UUID, Counted] = {}
    erased: bool = False

    def check_owned(self, by: Actor) -> None:
        if by.id != self.owner:
            raise Refusal("not-yours", "this investor is another client's")

    def check_there(self) -> None:
        if self.erased:
            raise Refusal("erased", "the personal data of this investor is erased")

    def committed_to(self, campaign_id: UUID) -> int:
        """The sum of what counts in one campaign."""
        return sum(counted.amount for counted in self.counted.values() if counted.campaign_id == campaign_id)

    def committed_in_year(self, currency: str, now: datetime) -> int:
        """The sum over all campaigns of the last twelve months."""
        since = now - TWELVE_MONTHS
        return sum(c.amount for c in self.counted.values() if c.currency == currency and c.at > since)

    def classification_at(self, now: datetime) -> str:
        """The classification, as long as it is valid; without one an investor is non-sophisticated."""
        if self.classified_until is not None and now >= self.classified_until:
            return "non_sophisticated"
        return self.classification
