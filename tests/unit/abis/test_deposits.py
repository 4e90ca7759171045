"""Campaigns in the chain's own coin: deposits, their recording, releases and refunds, and whoever means harm."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from abis import calls, campaign_address, to_bytes32
from abis.calls import selector
from abis.logs import (
    AlreadyRecorded,
    Conflict,
    CreditWithdrawn,
    Deposited,
    DepositReclaimed,
    InvestmentRecorded,
    InvestmentWithdrawn,
    RefundRecorded,
    ReleaseRecorded,
)
from tests.unit.abis.coin import (
    ESCROW,
    ISSUER_KEY,
    ISSUER_WALLET,
    KEYS,
    REFUSING,
    RICH,
    WALLETS,
    Coins,
    greedy,
    member,
    refund_of,
    word,
)
from tests.unit.abis.ledger import CAMPAIGN, DURATION_S, INVESTOR, LedgerOnChain, create, entry, release

OTHER_CAMPAIGN = UUID(int=2**127 + 0xCB)
ONE = UUID(int=1)


@pytest.fixture
def coins(ledger: LedgerOnChain) -> Coins:
    return Coins(ledger)


def deposited(number: int, *, by: int = 0, amount: int = 40_000) -> dict[str, Any]:
    ids = {"investment_id": to_bytes32(UUID(int=number)), "campaign_id": to_bytes32(CAMPAIGN)}
    return {**ids, "depositor": WALLETS[by], "amount": amount}


# Deposits.


def test_a_deposit_is_kept_with_its_depositor_and_amount(coins: Coins) -> None:
    assert coins.opened().deposit(1) == [Deposited(**deposited(1))]
    assert coins.held == 40_000
    assert coins.balance(WALLETS[0]) == RICH - 40_000


def test_a_depositor_deposits_once_for_an_investment_whatever_became_of_it(coins: Coins) -> None:
    coins.opened().deposit(1)
    again = f"DepositExists({word(ONE)}, {WALLETS[0].lower()})"
    assert coins.deposit_refused(1) == again
    coins.record(member(1))
    assert coins.deposit_refused(1) == again
    coins.ledger.post(ESCROW, calls.record_refunds([refund_of(1)]))
    assert coins.deposit_refused(1) == again
    coins.reclaim(1)
    assert coins.deposit_refused(1) == again


def test_coin_is_taken_for_campaigns_in_coin_alone_while_they_are_open(coins: Coins) -> None:
    assert coins.deposit_refused(1) == f"CampaignUnknown({word(CAMPAIGN)})"
    coins.opened()
    coins.ledger.post("CampaignFactory", create(campaign_id=OTHER_CAMPAIGN, entry=entry(60)))
    assert coins.deposit_refused(1, campaign=OTHER_CAMPAIGN) == f"DepositsRefused({word(OTHER_CAMPAIGN)})"
    for amount in (0, 2**128):
        coins.chain.rpc.call("anvil_setBalance", WALLETS[0], hex(2**129))
        assert coins.deposit_refused(1, amount=amount) == f"DepositInvalid({word(ONE)})"
    coins.ledger.post("campaign", calls.set_paused(revision=1, paused=True, entry=entry(61)))
    refused = f"DepositsRefused({word(CAMPAIGN)})"
    assert coins.deposit_refused(1) == refused
    coins.ledger.post("campaign", calls.set_paused(revision=2, paused=False, entry=entry(62)))
    coins.deposit(1)
    coins.chain.wait(DURATION_S)
    assert coins.deposit_refused(2) == refused


def test_a_closed_campaign_takes_no_coin(coins: Coins) -> None:
    coins.opened().close(successful=False)
    assert coins.deposit_refused(1) == f"DepositsRefused({word(CAMPAIGN)})"


def test_coin_that_is_sent_without_a_word_is_refused(coins: Coins) -> None:
    assert coins.ledger.refused(ESCROW, b"", key=KEYS[0], value=1).code == "reverted"


# Recording.


def test_an_investment_is_recorded_with_its_investor_s_own_deposit(coins: Coins) -> None:
    coins.opened().deposit(1)
    (log,) = coins.record(member(1))
    assert isinstance(log, InvestmentRecorded)
    assert coins.ledger.ask(ESCROW, "heldOf(bytes32)", to_bytes32(CAMPAIGN)) == 40_000
    (again,) = coins.record(member(1))
    assert isinstance(again, AlreadyRecorded)
    assert coins.ledger.ask(ESCROW, "heldOf(bytes32)", to_bytes32(CAMPAIGN)) == 40_000


def test_an_investment_without_its_very_deposit_is_refused(coins: Coins) -> None:
    coins.opened().opened_beside(OTHER_CAMPAIGN).deposit(1)
    coins.deposit(2, campaign=OTHER_CAMPAIGN)

    def refused(one: calls.InvestmentMember) -> str:
        return coins.ledger.refused("campaign", calls.record_investments([one])).text

    assert refused(member(1, amount=39_999)) == f"DepositDiffers({word(ONE)}, 40000, 39999)"
    assert refused(member(1, by=1)) == f"DepositMissing({word(ONE)}, {WALLETS[1].lower()})"
    for number in (2, 3):
        assert refused(member(number)) == f"DepositMissing({word(UUID(int=number))}, {WALLETS[0].lower()})"


def test_only_the_campaign_that_a_deposit_was_made_for_records_it(coins: Coins) -> None:
    coins.opened().deposit(1)
    types = "recordDeposit(bytes32,bytes32,address,uint256)"
    said = to_bytes32(CAMPAIGN) + to_bytes32(ONE) + bytes(12) + bytes.fromhex(WALLETS[0][2:]) + (40_000).to_bytes(32)
    for key in (coins.chain.signer_key, coins.chain.deployer_key, KEYS[0]):
        assert coins.ledger.refused(ESCROW, selector(types) + said, key=key).code == "DepositMissing"


def test_a_stranger_s_deposit_for_an_investment_stands_in_nobody_s_way(coins: Coins) -> None:
    # given a stranger who is faster, with the same amount and with another
    coins.opened().deposit(1, by=1)
    coins.deposit(1, by=2, amount=1)

    # when the investor deposits and the campaign records
    coins.deposit(1)
    coins.record(member(1))
    coins.close(successful=True)

    # then only the investor's counts, and the strangers have theirs back
    assert coins.ledger.ask(ESCROW, "heldOf(bytes32)", to_bytes32(CAMPAIGN)) == 40_000
    for by, amount in ((1, 40_000), (2, 1)):
        assert coins.reclaim(1, by=by) == [DepositReclaimed(**deposited(1, by=by, amount=amount))]
    assert coins.held == 40_000
    assert coins.reclaim_refused(1) == "NotReclaimable", "what is recorded is not taken back"


# Releases.


def test_a_release_credits_the_issuer_and_the_fee_wallet_who_take_it_themselves(coins: Coins) -> None:
    coins.opened().paid(member(1), member(2, by=1)).close(successful=True)
    fees = KEYS[4]
    coins.administer(calls.set_fee_wallet(WALLETS[4]))
    (log,) = coins.ledger.post(ESCROW, release(issuer=ISSUER_WALLET))
    assert isinstance(log, ReleaseRecorded)
    (again,) = coins.ledger.post(ESCROW, release(issuer=ISSUER_WALLET, entry=entry(70)))
    assert isinstance(again, AlreadyRecorded)
    (other,) = coins.ledger.post(ESCROW, release(issuer=WALLETS[0]))
    assert isinstance(other, Conflict)
    assert coins.held == 80_000

    for key, wallet, amount in ((ISSUER_KEY, ISSUER_WALLET, 78_000), (fees, WALLETS[4], 2_000)):
        assert coins.ledger.ask(ESCROW, "creditOf(address)", wallet) == amount
        assert coins.ledger.post(ESCROW, calls.withdraw(), key=key) == [CreditWithdrawn(payee=wallet, amount=amount)]
        assert coins.balance(wallet) == RICH + amount
        assert coins.ledger.refused(ESCROW, calls.withdraw(), key=key).code == "NothingToWithdraw"
    assert coins.held == 0


def test_no_release_before_the_success_nor_beyond_what_was_raised(coins: Coins) -> None:
    coins.opened().paid(member(1), member(2, by=1))
    coins.deposit(3, by=2)
    assert coins.ledger.refused(ESCROW, release()).code == "CampaignNotSuccessful"
    coins.close(successful=True)
    assert coins.ledger.refused(ESCROW, release(fee=2_001)).code == "RaisedExceeded", (
        "what is not recorded is not raised"
    )
    assert coins.ledger.refused(ESCROW, calls.record_refunds([refund_of(1)])).code == "CampaignNotFailed"


def test_an_issuer_that_refuses_coin_harms_itself_alone(coins: Coins) -> None:
    coins.opened().paid(member(1), member(2, by=1)).close(successful=True)
    coins.administer(calls.set_fee_wallet(WALLETS[4]))
    coins.ledger.post(ESCROW, release(issuer=ISSUER_WALLET))
    coins.become(ISSUER_WALLET, REFUSING)
    assert not coins.send_as(ISSUER_WALLET, calls.withdraw())
    assert coins.ledger.ask(ESCROW, "creditOf(address)", ISSUER_WALLET) == 78_000
    coins.ledger.post(ESCROW, calls.withdraw(), key=KEYS[4])
    coins.become(ISSUER_WALLET, b"")
    coins.ledger.post(ESCROW, calls.withdraw(), key=ISSUER_KEY)
    assert coins.held == 0


# Refunds.


def test_a_refund_before_the_closing_is_taken_by_its_depositor(coins: Coins) -> None:
    coins.opened().paid(member(1), member(2, by=1))
    logs = coins.ledger.post(ESCROW, calls.record_refunds([refund_of(1)]))
    assert [type(log) for log in logs] == [InvestmentWithdrawn, RefundRecorded]
    assert coins.held == 80_000
    assert coins.reclaim(1) == [DepositReclaimed(**deposited(1))]
    assert (coins.held, coins.balance(WALLETS[0])) == (40_000, RICH)
    assert coins.reclaim_refused(1) == "NotReclaimable"
    coins.close(successful=True)
    assert coins.ledger.refused(ESCROW, release(amount=40_000, fee=1)).code == "RaisedExceeded"
    coins.ledger.post(ESCROW, release(amount=40_000, fee=0))


def test_refunds_after_the_failure_are_taken_by_their_depositors_and_by_nobody_else(coins: Coins) -> None:
    coins.opened().paid(member(1), member(2, by=1)).close(successful=False)
    assert coins.reclaim_refused(1) == "NotReclaimable", "the treasury orders refunds"
    batch = [refund_of(1), refund_of(2, by=1), refund_of(1)]
    logs = coins.ledger.post(ESCROW, calls.record_refunds(batch))
    assert [type(log) for log in logs] == [RefundRecorded, RefundRecorded, AlreadyRecorded]
    assert coins.reclaim_refused(1, by=1) == "NotReclaimable"
    coins.reclaim(1)
    coins.reclaim(2, by=1)
    assert (coins.held, coins.balance(WALLETS[0]), coins.balance(WALLETS[1])) == (0, RICH, RICH)


def test_a_refund_names_the_depositor_and_the_amount_of_a_recorded_deposit(coins: Coins) -> None:
    coins.opened().opened_beside(OTHER_CAMPAIGN).paid(member(1))
    coins.deposit(2)

    def refused(one: calls.RefundMember) -> str:
        return coins.ledger.refused(ESCROW, calls.record_refunds([one])).code

    for one in (refund_of(2), refund_of(1, by=1), refund_of(1, campaign=OTHER_CAMPAIGN)):
        assert refused(one) == "DepositMissing"
    assert refused(refund_of(1, amount=39_999)) == "DepositDiffers"


# Taking back what was never recorded.


@pytest.mark.parametrize("successful", [True, False])
def test_what_was_never_recorded_is_taken_back_once_the_campaign_is_closed(coins: Coins, *, successful: bool) -> None:
    coins.opened().paid(member(1))
    coins.deposit(2, by=1)
    assert coins.reclaim_refused(2, by=1) == "NotReclaimable"
    coins.close(successful=successful)
    coins.reclaim(2, by=1)
    assert (coins.held, coins.balance(WALLETS[1])) == (40_000, RICH)


def test_what_was_never_recorded_is_taken_back_when_it_cannot_be_recorded_any_more(coins: Coins) -> None:
    coins.opened().deposit(1)
    coins.chain.wait(DURATION_S + 30 * 86_400 - 60)
    assert coins.reclaim_refused(1) == "NotReclaimable"
    coins.chain.wait(120)
    coins.reclaim(1)
    assert (coins.held, coins.balance(WALLETS[0])) == (0, RICH)


def test_a_deposit_taken_back_is_not_recorded_when_the_deadline_moves_again(coins: Coins) -> None:
    coins.opened().deposit(1)
    coins.chain.wait(DURATION_S + 31 * 86_400)
    coins.reclaim(1)
    now = int(coins.chain.rpc.call("eth_getBlockByNumber", "latest", False)["timestamp"], 16)
    coins.ledger.post("campaign", calls.set_deadline(revision=1, deadline_s=now + 86_400, entry=entry(61)))
    assert coins.ledger.refused("campaign", calls.record_investments([member(1)])).code == "DepositMissing"


# Whoever means harm.


def test_a_depositor_that_calls_again_while_it_is_paid_gets_nothing_twice(coins: Coins) -> None:
    coins.opened().deposit(1)
    coins.deposit(2)
    coins.deposit(1, by=1)
    coins.close(successful=False)
    for attack in (calls.reclaim(ONE), calls.reclaim(UUID(int=2)), calls.withdraw()):
        snapshot = coins.chain.rpc.call("evm_snapshot")
        coins.become(WALLETS[0], greedy(coins.escrow, attack))
        before = coins.balance(WALLETS[0])
        assert coins.send_as(WALLETS[0], calls.reclaim(ONE))
        assert coins.kept(WALLETS[0]) == 1, "the second call is refused while the first runs"
        assert coins.balance(WALLETS[0]) == before + 40_000
        assert coins.held == 80_000
        coins.chain.rpc.call("evm_revert", snapshot)


def test_an_issuer_that_calls_again_while_it_is_paid_gets_nothing_twice(coins: Coins) -> None:
    coins.opened().paid(member(1), member(2, by=1)).close(successful=True)
    coins.ledger.post(ESCROW, release(issuer=ISSUER_WALLET, amount=30_000, fee=0))
    coins.become(ISSUER_WALLET, greedy(coins.escrow, calls.withdraw()))
    assert coins.send_as(ISSUER_WALLET, calls.withdraw())
    assert (coins.kept(ISSUER_WALLET), coins.balance(ISSUER_WALLET), coins.held) == (1, RICH + 30_000, 50_000)


def test_a_depositor_that_refuses_coin_harms_itself_alone(coins: Coins) -> None:
    coins.opened().paid(member(1), member(2, by=1)).close(successful=False)
    coins.become(WALLETS[0], REFUSING)
    coins.ledger.post(ESCROW, calls.record_refunds([refund_of(1), refund_of(2, by=1)]))
    assert not coins.send_as(WALLETS[0], calls.reclaim(ONE))
    coins.reclaim(2, by=1)
    coins.become(WALLETS[0], b"")
    coins.reclaim(1)
    assert coins.held == 0


def test_coin_forced_upon_the_escrow_belongs_to_nobody_and_disturbs_nobody(coins: Coins) -> None:
    coins.chain.rpc.call("anvil_setBalance", coins.escrow, hex(7))
    coins.opened().paid(member(1)).close(successful=True)
    coins.ledger.post(ESCROW, release(issuer=ISSUER_WALLET, amount=40_000, fee=0))
    coins.ledger.post(ESCROW, calls.withdraw(), key=ISSUER_KEY)
    assert coins.held == 7


def test_one_campaign_s_coin_never_pays_another_s(coins: Coins) -> None:
    coins.opened().opened_beside(OTHER_CAMPAIGN).paid(member(1))
    coins.deposit(2, by=1, campaign=OTHER_CAMPAIGN)
    other = campaign_address(coins.chain.generation, OTHER_CAMPAIGN)
    coins.chain.send(other, calls.record_investments([member(2, by=1)]))
    coins.close(successful=True)
    assert coins.ledger.refused(ESCROW, release(amount=40_001, fee=0)).code == "RaisedExceeded"
    assert coins.ledger.refused(ESCROW, release(campaign_id=OTHER_CAMPAIGN)).code == "CampaignNotSuccessful"


def test_the_largest_batches_of_members_in_coin_fit_one_transaction(coins: Coins) -> None:
    coins.opened(funding_goal=10**9, cap=10**9)
    members = [member(n, amount=1_000 + n) for n in range(1, 91)]
    for one in members:
        coins.deposit(one.investment_id.int, amount=one.amount)
    logs = coins.record(*members)
    assert {type(log) for log in logs} == {InvestmentRecorded}
    assert len(logs) == 90


def test_a_fiat_campaign_moves_no_coin(coins: Coins) -> None:
    coins.ledger.created()
    one = calls.InvestmentMember(ONE, INVESTOR, 40_000, 40, entry(1_001))
    coins.record(one)
    coins.close(successful=True)
    coins.ledger.post(ESCROW, release(issuer=ISSUER_WALLET, amount=39_000, fee=1_000))
    assert coins.ledger.ask(ESCROW, "creditOf(address)", ISSUER_WALLET) == 0
    assert coins.ledger.refused(ESCROW, calls.withdraw(), key=ISSUER_KEY).code == "NothingToWithdraw"
