"""What people decided about effects of an investment that the chain refused for good."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

import msgspec

from domain.investment.state import Held, Investment
from domain.postings import AbandonmentProposed, AbandonmentWithdrawn, PostingAbandoned, PostingReleased

replace = msgspec.structs.replace


class InvestmentPostingReleased(PostingReleased, frozen=True, kw_only=True):
    TOPIC: ClassVar[str] = "investment.posting_released"


class InvestmentAbandonmentProposed(AbandonmentProposed, frozen=True, kw_only=True):
    TOPIC: ClassVar[str] = "investment.posting_abandonment_proposed"


class InvestmentAbandonmentWithdrawn(AbandonmentWithdrawn, frozen=True, kw_only=True):
    TOPIC: ClassVar[str] = "investment.posting_abandonment_withdrawn"


class InvestmentPostingAbandoned(PostingAbandoned, frozen=True, kw_only=True):
    """What follows from the effect:

    1. A recording, while its campaign is open, or a refund: the money goes back without the chain (`repaid`).
    2. A certificate: the shares stay allotted in the book, without a token.
    3. A change of a certificate (`change_id`): it has not happened; `held` is what was before it.
    """

    TOPIC: ClassVar[str] = "investment.posting_abandoned"
    repaid: bool = False
    change_id: UUID | None = None
    held: Held | None = None

    def apply(self, state: Investment) -> Investment:
        after: Investment = PostingAbandoned.apply(self, state)
        if self.change_id is not None and self.held is not None:
            given_up = {**state.given_up, self.change_id: state.held}
            back = {"holder": self.held.holder, "revoked": self.held.revoked, "transfer_to": self.held.transfer_to}
            return replace(after, given_up=given_up, changing=None, before=None, **back)
        return replace(after, repaid=True) if self.repaid else after
