"""What can have happened to an investor. Applying never refuses: each of these is a fact."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

import msgspec

from domain.investor.state import Counted, Investor, Means
from domain.journal.entries import Event
from domain.wallets import Challenge

replace = msgspec.structs.replace


class InvestorRegistered(Event, frozen=True, kw_only=True):
    """Schema version 1 had a wallet that nobody had proved; version 2 has none: a wallet is bound by its signature.

    `claimed_wallet` is what the first version said. It counts as bound, since nothing else was ever asked for.
    """

    TOPIC: ClassVar[str] = "investor.registered"
    VERSION: ClassVar[int] = 2
    investor_id: UUID
    reference: str
    owner: str
    claimed_wallet: str | None = None

    def apply(self, state: Any) -> Investor:
        return Investor(id=self.investor_id, owner=self.owner, wallet=self.claimed_wallet)


class WalletChallenged(Event, frozen=True, kw_only=True):
    TOPIC: ClassVar[str] = "investor.wallet_challenged"
    challenge: Challenge

    def apply(self, state: Investor) -> Investor:
        return replace(state, challenge=self.challenge)


class WalletBound(Event, frozen=True, kw_only=True):
    """The wallet signed its challenge. The signature stands here, so that an auditor can check it too."""

    TOPIC: ClassVar[str] = "investor.wallet_bound"
    wallet: str
    nonce: str
    scheme: str
    signature: str
    previous: str | None = None

    def apply(self, state: Investor) -> Investor:
        nonces = (*state.used_nonces, self.nonce)
        return replace(state, wallet=self.wallet, challenge=None, used_nonces=nonces)


class KycSubmitted(Event, frozen=True, kw_only=True):
    """`evidence` is a hash under the person's own key: it says nothing once the key is destroyed."""

    TOPIC: ClassVar[str] = "investor.kyc_submitted"
    evidence: str

    def apply(self, state: Investor) -> Investor:
        return replace(state, kyc="submitted", level=None)


class KycApproved(Event, frozen=True, kw_only=True):
    TOPIC: ClassVar[str] = "investor.kyc_approved"
    level: str
    valid_until: datetime | None = None

    def apply(self, state: Investor) -> Investor:
        return replace(state, kyc="approved", level=self.level, kyc_until=self.valid_until)


class KycRejected(Event, frozen=True, kw_only=True):
    TOPIC: ClassVar[str] = "investor.kyc_rejected"
    reason: str

    def apply(self, state: Investor) -> Investor:
        return replace(state, kyc="rejected", level=None)


class KycExpired(Event, frozen=True, kw_only=True):
    TOPIC: ClassVar[str] = "investor.kyc_expired"
    valid_until: datetime

    def apply(self, state: Investor) -> Investor:
        return replace(state, kyc="expired", level=None)


class InvestorClassified(Event, frozen=True, kw_only=True):
    TOPIC: ClassVar[str] = "investor.classified"
    classification: str
    evidence: str
    valid_until: datetime | None = None

    def apply(self, state: Investor) -> Investor:
        return replace(state, classification=self.classification, classified_until=self.valid_until)


class EntryTestRecorded(Event, frozen=True, kw_only=True):
    TOPIC: ClassVar[str] = "investor.entry_test_recorded"
    passed: bool
    evidence: str
    valid_until: datetime

    def apply(self, state: Investor) -> Investor:
        return replace(state, test_passed_until=self.valid_until if self.passed else None)


class MeansDeclared(Event, frozen=True, kw_only=True):
    """What follows from declared income and net worth under a pack; the figures themselves are not here."""

    TOPIC: ClassVar[str] = "investor.means_declared"
    means: Means

    def apply(self, state: Investor) -> Investor:
        return replace(state, means={**state.means, self.means.pack: self.means})


class RiskAcknowledged(Event, frozen=True, kw_only=True):
    TOPIC: ClassVar[str] = "investor.risk_acknowledged"
    kind: str
    sha256: str

    def apply(self, state: Investor) -> Investor:
        return replace(state, acknowledged={**state.acknowledged, self.kind: self.sha256})


class CommitmentCounted(Event, frozen=True, kw_only=True):
    """A commitment counts towards this investor's limits, over all campaigns."""

    TOPIC: ClassVar[str] = "investor.commitment_counted"
    investment_id: UUID
    campaign_id: UUID
    currency: str
    amount: int
    at: datetime

    def apply(self, state: Investor) -> Investor:
        counted = Counted(self.campaign_id, self.currency, self.amount, self.at)
        return replace(state, counted={**state.counted, self.investment_id: counted})


class CommitmentUncounted(Event, frozen=True, kw_only=True):
    """It ended without shares, so it counts no longer."""

    TOPIC: ClassVar[str] = "investor.commitment_uncounted"
    investment_id: UUID

    def apply(self, state: Investor) -> Investor:
        rest = {key: counted for key, counted in state.counted.items() if key != self.investment_id}
        return replace(state, counted=rest)


class InvestorErased(Event, frozen=True, kw_only=True):
    """The key of this person's data is to be destroyed. The journal stays as it is, and stays verifiable."""

    TOPIC: ClassVar[str] = "investor.erased"
    reason: str

    def apply(self, state: Investor) -> Investor:
        return replace(state, erased=True)
