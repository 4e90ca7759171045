"""Deciders about the commitment: made, admitted, reconfirmed, cancelled, lapsed. None: it is so already."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from domain.errors import Refusal
from domain.investment.events import (
    CommitmentLapsed,
    InvestmentAdmitted,
    InvestmentCancelled,
    InvestmentCommitted,
    InvestmentReconfirmed,
)
from domain.investment.state import Acknowledgement, Investment
from domain.journal.entries import Event
from domain.rule_packs import RulePack
from domain.values import Terms, check_amount, check_text

ACKNOWLEDGEMENTS_MAX = 20


def commit(
    *,
    investment_id: UUID,
    campaign_id: UUID,
    investor_id: UUID,
    wallet: str,
    amount: int,
    terms: Terms,
    acknowledgements: Sequence[Acknowledgement],
    documents_hash: str | None,
    reflection_s: int,
    change_id: UUID | None,
    waiting: bool,
    now: datetime,
) -> Event:
    """Decide on a new investment: whole shares only, with the texts and documents that the investor saw, by hash."""
    check_amount(amount, name="amount", maximum=terms.amount_max)
    shares, rest = divmod(amount, terms.share_price)
    if rest:
        raise Refusal("not-whole-shares", f"the amount must be a multiple of {terms.share_price}", field="amount")
    if len(acknowledgements) > ACKNOWLEDGEMENTS_MAX:
        raise Refusal("too-many", f"a commitment has at most {ACKNOWLEDGEMENTS_MAX} acknowledgements")
    for acknowledgement in acknowledgements:
        check_text(acknowledgement.kind, name="kind")
        check_text(acknowledgement.text, name="acknowledgements")
    return InvestmentCommitted(
        investment_id=investment_id,
        campaign_id=campaign_id,
        investor_id=investor_id,
        wallet=wallet,
        amount=amount,
        shares=shares,
        acknowledgements=tuple(acknowledgements),
        documents_hash=documents_hash,
        reflection_ends_at=now + timedelta(seconds=reflection_s) if reflection_s else None,
        change_id=change_id,
        waiting=waiting,
    )


def admit(investment: Investment, *, change_id: UUID | None) -> Event:
    """Take a commitment from the waiting list. It is told of the material change that there is."""
    assert investment.status == "waiting"
    return InvestmentAdmitted(campaign_id=investment.campaign_id, change_id=change_id)


def reconfirm(investment: Investment, *, change_id: UUID) -> Event | None:
    if investment.change_id == change_id:
        return None
    investment.check_status("committed", "paid", "funded")
    return InvestmentReconfirmed(campaign_id=investment.campaign_id, change_id=change_id)


def cancel(
    investment: Investment, *, reason: str, deadline: datetime, open_change: UUID | None, pack: RulePack, now: datetime
) -> Event | None:
    """The investor withdraws; None if they have already. What their rules allow, whoever asks for them:

    1. Money that has not come yet binds nobody: always.
    2. Within the reflection period, without reason (ECSPR art. 22).
    3. Until some time before the deadline, where the pack says so (17 CFR 227.304(a)).
    4. After a material change, until they reconfirm (17 CFR 227.304(c)).
    """
    if investment.cancelled is not None:
        return None
    check_text(reason, name="reason")
    investment.check_status("waiting", "committed", "paid", "funded")
    ends_at = investment.reflection_ends_at
    reflecting = ends_at is not None and now < ends_at
    notice = pack.cancel_before_deadline_s
    in_time = notice is not None and now < deadline - timedelta(seconds=notice)
    unconfirmed = open_change is not None and investment.change_id != open_change
    if investment.paid and not (reflecting or in_time or unconfirmed):
        raise Refusal("cancellation-closed", f"a paid commitment cannot be cancelled any more ({pack.id})")
    return end(investment, reason=reason)


def end(investment: Investment, *, reason: str) -> Event:
    """The commitment ends before its campaign does."""
    return InvestmentCancelled(
        campaign_id=investment.campaign_id,
        amount=investment.amount,
        reason=reason,
        funded=investment.funded,
        waiting=investment.waiting,
    )


def lapse(investment: Investment, *, reason: str) -> Event | None:
    """A commitment without its money ends with its campaign; None if it is not waiting for money."""
    if investment.ended or investment.funded:
        return None
    return CommitmentLapsed(campaign_id=investment.campaign_id, amount=investment.amount, reason=reason)
