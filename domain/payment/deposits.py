"""Deciders about coin in the chain's escrow: what of a deposit counts, and what of it has gone back."""

from __future__ import annotations

from uuid import UUID

from domain.campaign import running
from domain.campaign.state import Campaign
from domain.errors import Refusal
from domain.investment.state import Investment
from domain.journal.entries import Actor, Event
from domain.payment.events import PaymentReclaimed, PaymentRecorded, PaymentReturned
from domain.payment.state import CHAIN, Deposit, Payment
from domain.values import DEPOSIT_MAX, WEI, ChainPlace, check_amount


def check_persons(*, provider: str, currency: str) -> None:
    """Refuse a person who reports what only the escrow's own logs can."""
    if provider == CHAIN or currency == WEI:
        raise Refusal(
            "role-not-allowed", "coin in the escrow is recorded from the chain's own logs alone", role="indexer"
        )


def check_no_deposit(payment: Payment) -> None:
    """Refuse a person who says what became of coin in the escrow."""
    if payment.deposit is not None:
        text = "only its depositor can take coin out of the escrow; the chain's log is recorded then"
        raise Refusal("role-not-allowed", text, role="indexer")


def is_recorded(payment: Payment, deposit: Deposit, *, amount: int) -> bool:
    """Whether this is the very deposit; refuses one that says other things under the same place."""
    if (payment.deposit, payment.amount) != (deposit, amount):
        text = f"the deposit {payment.reference} is recorded with another content"
        raise Refusal("already-exists", text, field="deposit", payment_id=str(payment.id))
    return True


def named(text: str) -> UUID | None:
    """The id that a deposit names; None for a word of the log that is no id of ours."""
    return None if text.startswith("0x") else UUID(text)


def fits(deposit: Deposit, *, amount: int, investment: Investment) -> bool:
    """Whether the campaign's contract can record this deposit: all of the amount at once, by the investor's own wallet.

    One of another amount, or by somebody else, stays its depositor's.
    """
    its_own = deposit.depositor.lower() == investment.wallet.lower()
    return its_own and amount == investment.amount and str(investment.campaign_id) == deposit.campaign


def record(
    deposit: Deposit, *, amount: int, investment: Investment | None, campaign: Campaign | None, by: Actor
) -> PaymentRecorded:
    """What comes of a deposit, whatever it is: coin that is there is never refused.

    1. No investment of that campaign has this id, or it waits for room: nobody's, until it is matched or taken back.
    2. It is exactly what its investment asks for, and its campaign takes money: it counts.
    3. It cannot be recorded (of another amount, by somebody else), or comes too late: owed to its depositor.
    """
    check_amount(amount, name="amount", maximum=DEPOSIT_MAX)
    applied = 0
    if investment is not None and campaign is not None:
        due = investment.due == amount and running.takes_money(campaign)
        applied = amount if due and fits(deposit, amount=amount, investment=investment) else 0
    return PaymentRecorded(
        provider=CHAIN,
        reference=deposit.place.reference,
        amount=amount,
        currency=WEI,
        recorder=by.id,
        investment_id=investment.id if investment else None,
        campaign_id=investment.campaign_id if investment else None,
        applied=applied,
        deposit=deposit,
    )


def check_match(payment: Payment, deposit: Deposit, investment: Investment) -> None:
    """Refuse to match a deposit to what its campaign's contract would not record it for."""
    names_it = named(deposit.investment) == investment.id
    if not names_it or not fits(deposit, amount=payment.amount, investment=investment):
        text = "the deposit is not exactly what this investment asks for, from its investor's own wallet"
        raise Refusal("deposit-differs", text, investment_id=str(investment.id))


def give_back(payment: Payment, *, amount: int, place: ChainPlace) -> Event:
    """Its depositor took it back: what was owed is returned, what had counted is reclaimed."""
    if not 0 < amount <= payment.owed + payment.applied:
        text = f"{amount} were taken back, and {payment.owed + payment.applied} are there"
        raise Refusal("sums-differ", text, payment_id=str(payment.id))
    kind = PaymentReclaimed if payment.applied else PaymentReturned
    return kind(amount=amount, return_reference=place.reference, campaign_id=payment.campaign_id)
