"""Coin reconciled: a whole life of deposits agrees in all three, and each planted fault is named with both sides."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

from abis import calls
from ops.reconcile import Difference, Reconciliation
from tests.support.chain import ChainAtHand
from tests.support.coin import CoinWorld
from tests.support.wallets import key_of, wallet_of
from tests.support.world import STRANGER, only


@pytest.fixture
def coin(database: str, chain: ChainAtHand, tmp_path: Path) -> Iterator[CoinWorld]:
    """Both campaigns are open, everybody has committed, and a stranger has coin."""
    with ExitStack() as opened:
        world = CoinWorld(database, chain, tmp_path, opened)
        world.open_both()
        for offering in (world.succeeding, world.failing):
            for commitment in offering.commitments:
                world.commit(offering, commitment)
        world.endow(wallet_of("stranger"))
        yield world


def told(differences: list[Difference]) -> list[tuple[str, str, str]]:
    return [(d.kind, d.subject, d.what) for d in differences]


def pending(result: Reconciliation) -> list[str]:
    return [waiting.what for waiting in result.pending]


def test_a_whole_life_in_coin_agrees_at_every_step(coin: CoinWorld) -> None:
    stray = uuid4()
    data = calls.deposit(campaign_id=coin.failing.campaign_id, investment_id=stray)
    coin.at_escrow(data, key=key_of("stranger"), value=7)
    for offering in (coin.succeeding, coin.failing):
        coin.fund(offering)
        assert coin.reconcile().differences == []
    for offering in (coin.succeeding, coin.failing):
        coin.close(offering)
    coin.release()
    result = coin.reconcile()
    assert result.differences == []
    assert (result.checked["deposits in the escrow"], result.checked["payees of the escrow"]) == (4, 2)

    coin.reclaim(stray, key=key_of("stranger"))
    for commitment in coin.failing.commitments:
        coin.reclaim(commitment.investment_id, key=commitment.investor.key)
    coin.at_escrow(calls.withdraw(), key=key_of(coin.succeeding.name))
    coin.at_escrow(calls.withdraw(), key=coin.chain.deployer_key)
    assert coin.reconcile().differences == []  # nothing of it is indexed yet
    coin.index()
    coin.go_on()

    result = coin.reconcile()
    assert (result.differences, result.pending) == ([], [])
    assert coin.chain.rpc.number("eth_getBalance", coin.escrow, "latest") == 0


def test_what_the_indexer_has_not_reached_is_pending_and_the_sums_agree_all_the_same(coin: CoinWorld) -> None:
    coin.deposit(coin.succeeding, coin.succeeding.commitments[0])

    result = coin.reconcile()

    assert (result.differences, pending(result)) == ([], ["Deposited awaits its entry"])


def test_a_deposit_that_the_indexer_passed_without_recording_it_is_a_difference(coin: CoinWorld) -> None:
    coin.deposit(coin.succeeding, coin.succeeding.commitments[0])
    coin.execute("UPDATE indexer.checkpoint SET block_number = block_number + 1")

    difference = only(coin.reconcile())

    assert (difference.kind, difference.what, difference.journal) == ("log-without-confirmation", "Deposited", None)
    assert str(coin.succeeding.commitments[0].amount) in (difference.chain or "")


def test_a_deposit_whose_block_is_gone_is_named_with_all_that_it_carried(coin: CoinWorld) -> None:
    commitment = coin.succeeding.commitments[0]
    snapshot = coin.chain.rpc.call("evm_snapshot")
    payment = coin.payment_of(coin.succeeding, commitment)
    coin.chain.rpc.call("evm_revert", snapshot)
    coin.chain.mine(5)

    result = coin.reconcile()

    assert told(result.differences) == [
        ("confirmation-without-log", "payment", "payment.recorded"),
        ("chain-differs", "deposit", "state and amount"),
        ("chain-differs", "campaign", "coin in the escrow"),
        ("chain-differs", "escrow", "balance"),
    ]
    amount = str(commitment.amount)
    assert [(d.journal, d.chain) for d in result.differences[1:]] == [
        (f"held {amount}", "none 0"),
        (amount, "0"),
        (amount, "0"),
    ]
    (recorded,) = coin.reader.stream(payment.id)
    assert {d.positions for d in result.differences[:2]} == {(recorded.position,)}


def test_coin_that_came_into_the_escrow_by_force_is_named(coin: CoinWorld) -> None:
    coin.chain.rpc.call("anvil_setBalance", coin.escrow, hex(5))

    difference = only(coin.reconcile())

    assert (difference.subject, difference.what, difference.journal, difference.chain) == (
        "escrow",
        "balance",
        "0",
        "5",
    )


def test_a_release_that_no_entry_obliged_takes_from_its_campaign_and_is_named(coin: CoinWorld) -> None:
    coin.fund(coin.succeeding)
    coin.close(coin.succeeding)
    coin.grant_stranger("FundEscrow", "TREASURY_ROLE")
    thief = wallet_of("stranger")
    steal = calls.record_release(
        campaign_id=coin.succeeding.campaign_id, release_id=uuid4(), issuer=thief, amount=9, fee=0, entry=b"\x07" * 32
    )
    coin.at_escrow(steal, key=STRANGER)

    result = coin.reconcile()

    raised = coin.state(coin.succeeding.campaign_id).raised
    assert told(result.differences) == [
        ("chain-foreign", "log", "RoleGranted of FundEscrow"),
        ("chain-foreign", "log", "ReleaseRecorded of FundEscrow"),
        ("chain-differs", "campaign", "released"),
        ("chain-differs", "campaign", "coin in the escrow"),
    ]
    assert (result.differences[3].journal, result.differences[3].chain) == (str(raised), str(raised - 9))


def test_a_fee_wallet_that_is_changed_is_credited_from_then_on(coin: CoinWorld) -> None:
    coin.fund(coin.succeeding)
    coin.close(coin.succeeding)
    coin.at_escrow(calls.set_fee_wallet(wallet_of("stranger")), key=coin.chain.deployer_key)
    coin.release()

    # Who may have the fees is the admin's to say: a person looks at it.
    assert told(coin.reconcile().differences) == [("chain-foreign", "log", "FeeWalletSet of FundEscrow")]


def test_an_emergency_agrees_to_the_last_wei(coin: CoinWorld) -> None:
    coin.fund(coin.succeeding)
    coin.close(coin.succeeding)
    coin.begin_emergency(coin.succeeding)
    first = coin.succeeding.commitments[0]
    coin.reclaim(first.investment_id, key=first.investor.key)
    assert coin.reconcile().differences == []
    coin.index()
    assert coin.reconcile().differences == []


def test_a_payment_changed_in_the_journal_s_state_is_seen_in_the_book_beside_the_chain(coin: CoinWorld) -> None:
    commitment = coin.succeeding.commitments[0]
    coin.payment_of(coin.succeeding, commitment)
    coin.project()
    with psycopg.connect(coin.database, autocommit=True) as owner:
        owner.execute("UPDATE book.payments SET depositor = %s", (wallet_of("stranger"),))

    difference = only(coin.reconcile())

    assert (difference.kind, difference.what) == ("book-differs", "depositor")
    assert difference.journal == commitment.investor.wallet
