"""What people decided about effects of a company that the chain refused for good."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from domain.company.state import Company
from domain.postings import REGISTER, AbandonmentProposed, AbandonmentWithdrawn, PostingAbandoned, PostingReleased

replace = msgspec.structs.replace


class CompanyPostingReleased(PostingReleased, frozen=True, kw_only=True):
    TOPIC: ClassVar[str] = "company.posting_released"

    def apply(self, state: Company) -> Company:
        after: Company = PostingReleased.apply(self, state)
        again = self.effect == REGISTER and state.registration == "refused"
        return replace(after, registration="obliged") if again else after


class CompanyAbandonmentProposed(AbandonmentProposed, frozen=True, kw_only=True):
    TOPIC: ClassVar[str] = "company.posting_abandonment_proposed"


class CompanyAbandonmentWithdrawn(AbandonmentWithdrawn, frozen=True, kw_only=True):
    TOPIC: ClassVar[str] = "company.posting_abandonment_withdrawn"


class CompanyPostingAbandoned(PostingAbandoned, frozen=True, kw_only=True):
    """Without its registration an approval is worth nothing: the issuer submits the KYB anew."""

    TOPIC: ClassVar[str] = "company.posting_abandoned"

    def apply(self, state: Company) -> Company:
        after: Company = PostingAbandoned.apply(self, state)
        void = self.effect == REGISTER and state.registration == "refused" and state.kyb == "approved"
        return replace(after, kyb="info_required", reviewer=None) if void else after
