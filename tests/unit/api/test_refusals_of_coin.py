"""Refusals of what people say of coin in the chain's escrow, and of what the escrow itself cannot have said."""

from __future__ import annotations

from uuid import UUID, uuid4

from domain import commands as c
from domain.payment import CHAIN, Deposit, payment_id
from domain.values import ChainPlace
from tests.unit.api.house import ApiHouse
from tests.unit.api.refusing import hears, meets
from tests.unit.api.steps import AMOUNT, Story

REASON = {"reason": "recall"}


def deposited(house: ApiHouse, *, investment: str, campaign: str, amount: int) -> c.RecordDeposit:
    """Coin of a stranger, recorded as the indexer does."""
    place = ChainPlace(
        chain_id=100, block_number=7, block_hash="0x" + "0b" * 32, tx_hash=f"0x{uuid4().hex:0>64}", log_index=0
    )
    deposit = Deposit(investment=investment, campaign=campaign, depositor="0x" + "5a" * 20, place=place)
    command = c.RecordDeposit(deposit=deposit, amount=amount)
    house.machine("indexer", command)
    return command


def test_only_the_escrow_s_own_logs_say_what_becomes_of_coin(shared: ApiHouse) -> None:
    story = Story(shared).live("O-1").join().approve_kyc().commit()
    told = deposited(shared, investment=str(uuid4()), campaign=story.campaign, amount=AMOUNT)
    payment = payment_id(CHAIN, told.deposit.place.reference)
    money = {"provider": "chain", "reference": "o-1", "amount": "1", "currency": "wei"}
    for role, path, body in (
        ("treasury_maker", "/v1/payments", money),
        ("treasury_checker", f"/v1/payments/{payment}:return", {"return_reference": "o-1"}),
        ("treasury_maker", f"/v1/payments/{payment}:reverse", REASON),
    ):
        meets(shared.post(role, path, body), "role-not-allowed")
    match = {"investment_id": story.investment}
    meets(shared.post("treasury_maker", f"/v1/payments/{payment}:match", match), "deposit-differs")


def test_what_the_escrow_cannot_have_said_is_refused(shared: ApiHouse) -> None:
    story = Story(shared).live("O-2")
    told = deposited(shared, investment=str(uuid4()), campaign=story.campaign, amount=AMOUNT)
    place, payment = told.deposit.place, payment_id(CHAIN, told.deposit.place.reference)
    other = c.RecordDeposit(deposit=told.deposit, amount=AMOUNT + 1)
    hears(shared, "indexer", other, "already-exists")
    hears(shared, "indexer", c.RecordDeposit(deposit=_elsewhere(told.deposit), amount=0), "amount-not-positive")
    hears(shared, "indexer", c.RecordReclaim(payment_id=payment, amount=AMOUNT + 1, place=place), "sums-differ")
    hears(shared, "indexer", c.RecordReclaim(payment_id=uuid4(), amount=1, place=place), "not-found")
    hears(shared, "indexer", c.RecordEmergency(campaign_id=uuid4(), begins_at=None, place=place), "not-found")
    fiat = c.RecordEmergency(campaign_id=UUID(story.campaign), begins_at=None, place=place)
    hears(shared, "indexer", fiat, "currency-differs")


def _elsewhere(deposit: Deposit) -> Deposit:
    place = ChainPlace(
        chain_id=100, block_number=8, block_hash="0x" + "0c" * 32, tx_hash=f"0x{uuid4().hex:0>64}", log_index=0
    )
    return Deposit(investment=deposit.investment, campaign=deposit.campaign, depositor=deposit.depositor, place=place)
