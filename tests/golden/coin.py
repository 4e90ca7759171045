"""The examples of what others do with coin in the chain's escrow."""

from __future__ import annotations

from domain import campaign, investment, payment
from domain.values import ChainPlace
from tests.golden.example import COIN, INDEXER, OTHER_WALLET, YEAR_LATER, C, D, Example

PLACE = ChainPlace(chain_id=100, block_number=4_712, block_hash="0x" + "b2" * 32, tx_hash="0x" + "7b" * 32, log_index=1)
DEPOSIT = payment.Deposit(investment=str(D), campaign=str(C), depositor=OTHER_WALLET, place=PLACE)
STRANGE = payment.Deposit(investment="0x" + "ff" * 32, campaign=str(C), depositor=OTHER_WALLET, place=PLACE)
HELD = payment.payment_id(payment.CHAIN, PLACE.reference)

COINS = (
    Example(
        position=143,
        stream=HELD,
        version=1,
        event=payment.PaymentRecorded(
            provider=payment.CHAIN,
            reference=PLACE.reference,
            amount=500 * COIN,
            currency="wei",
            recorder="chain-100",
            investment_id=D,
            campaign_id=C,
            applied=500 * COIN,
            deposit=DEPOSIT,
        ),
        by=INDEXER,
        variant="deposit",
    ),
    Example(
        position=144,
        stream=HELD,
        version=1,
        event=payment.PaymentRecorded(
            provider=payment.CHAIN,
            reference=PLACE.reference,
            amount=1,
            currency="wei",
            recorder="chain-100",
            deposit=STRANGE,
        ),
        by=INDEXER,
        variant="deposit-for-nothing-known",
    ),
    Example(
        position=145,
        stream=HELD,
        event=payment.PaymentReclaimed(amount=500 * COIN, return_reference=f"0x{'7c' * 32}:2", campaign_id=C),
        by=INDEXER,
    ),
    Example(
        position=146,
        stream=D,
        event=investment.DepositReclaimed(campaign_id=C, payment_id=HELD, amount=500 * COIN),
        by=INDEXER,
    ),
    Example(
        position=147,
        stream=C,
        event=campaign.RefundPaid(investment_id=D, amount=250 * COIN, emergency=True),
        by=INDEXER,
        variant="emergency",
    ),
    Example(
        position=148,
        stream=C,
        event=campaign.ReleaseWithdrawn(release_id=D, payee=OTHER_WALLET, place=PLACE),
        by=INDEXER,
    ),
    Example(position=149, stream=C, event=campaign.EmergencyAnnounced(begins_at=YEAR_LATER, place=PLACE), by=INDEXER),
    Example(position=150, stream=C, event=campaign.EmergencyCancelled(place=PLACE), by=INDEXER),
)
