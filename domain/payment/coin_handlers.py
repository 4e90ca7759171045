"""Commands about coin in the chain's escrow: each is a log that the indexer has seen, none is the journal's wish."""

from __future__ import annotations

from domain.asking import Command, Handler, Work
from domain.campaign import ending
from domain.campaign.money_events import RefundPaid
from domain.campaign.state import Campaign
from domain.flows import end_commitment, pay_back
from domain.investment import committing
from domain.investment.events import DepositReclaimed
from domain.investment.state import Investment, Source
from domain.payment import commands as c
from domain.payment import deposits
from domain.payment.applying import apply
from domain.payment.events import PaymentReclaimed
from domain.payment.state import CHAIN, Deposit, Payment, payment_id
from domain.values import WEI


def _record_deposit(command: c.RecordDeposit, work: Work) -> None:
    deposit, amount = command.deposit, command.amount
    stream = payment_id(CHAIN, deposit.place.reference)
    known = work.find(Payment, stream)
    if known is not None and deposits.is_recorded(known, deposit, amount=amount):
        return
    investment = _awaiting(deposit, work)
    campaign = work.load(Campaign, investment.campaign_id) if investment else None
    event = deposits.record(deposit, amount=amount, investment=investment, campaign=campaign, by=work.actor)
    work.create(stream, event)
    if investment is not None and event.applied:
        apply(investment, Source(stream, CHAIN, event.reference, event.applied), work)


def _awaiting(deposit: Deposit, work: Work) -> Investment | None:
    """The investment that a deposit is for. One that waits for room has no place yet that coin could count for."""
    stream, campaign_id = deposits.named(deposit.investment), deposits.named(deposit.campaign)
    investment = work.find(Investment, stream) if stream else None
    if investment is None or investment.campaign_id != campaign_id or investment.status == "waiting":
        return None
    return investment if work.load(Campaign, campaign_id).terms.currency == WEI else None


def _record_reclaim(command: c.RecordReclaim, work: Work) -> None:
    payment = work.load(Payment, command.payment_id)
    event = deposits.give_back(payment, amount=command.amount, place=command.place)
    work.record(payment.id, event)
    if isinstance(event, PaymentReclaimed) and payment.investment_id is not None:
        investment = work.load(Investment, payment.investment_id)
        if investment.refunded is None:
            _taken_out(investment, payment, command.amount, work)


def _taken_out(investment: Investment, payment: Payment, amount: int, work: Work) -> None:
    """Coin that had counted is gone, and no refund let it go: an emergency began, or it was never recorded in time.

    1. The shares are allotted: they stand. The money is back all the same.
    2. The chain had not recorded it, and the campaign is open: the commitment ends as a cancelled one does.
    3. The investor has taken the refund in advance.
    """
    campaign = work.load(Campaign, investment.campaign_id)
    ending.check_held(campaign, amount=amount)
    if investment.allotted is not None:
        work.record(campaign.id, RefundPaid(investment_id=investment.id, amount=amount, emergency=True))
        return
    if investment.recorded is None and not investment.ended and not campaign.ended:
        ended = committing.end(investment, reason="deposit taken back")
        end_commitment(investment, ended, reason="deposit taken back", work=work)
        investment = work.load(Investment, investment.id)
    taken = DepositReclaimed(campaign_id=campaign.id, payment_id=payment.id, amount=amount)
    work.record(investment.id, taken)
    pay_back(investment, amount=amount, work=work)


HANDLERS: dict[type[Command], Handler] = {
    c.RecordDeposit: _record_deposit,
    c.RecordReclaim: _record_reclaim,
}
