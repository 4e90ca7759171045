"""The emergency of a campaign in coin: announced, cancelled or begun, and the fee wallet; all that the admin can do."""

from __future__ import annotations

from uuid import UUID

import pytest

from abis import calls, to_bytes32
from abis.logs import EmergencyAnnounced, EmergencyCancelled, FeeWalletSet
from tests.unit.abis.coin import ESCROW, ISSUER_KEY, ISSUER_WALLET, KEYS, RICH, WALLETS, Coins, member, refund_of, word
from tests.unit.abis.ledger import CAMPAIGN, DURATION_S, ZERO, LedgerOnChain, create, entry, release

NOTICE_S = 30 * 86_400
OTHER_CAMPAIGN = UUID(int=2**127 + 0xCB)
ANNOUNCE, CANCEL = calls.announce_emergency(CAMPAIGN), calls.cancel_emergency(CAMPAIGN)


@pytest.fixture
def coins(ledger: LedgerOnChain) -> Coins:
    return Coins(ledger)


def begun(coins: Coins) -> Coins:
    coins.administer(ANNOUNCE)
    coins.chain.wait(NOTICE_S)
    return coins


def test_only_the_admin_announces_cancels_and_names_the_fee_wallet(coins: Coins) -> None:
    coins.opened()
    for data in (ANNOUNCE, CANCEL, calls.set_fee_wallet(WALLETS[0])):
        for key in (coins.chain.signer_key, KEYS[0]):
            assert coins.ledger.refused(ESCROW, data, key=key).code == "AccessControlUnauthorizedAccount"


def test_an_emergency_is_announced_thirty_days_ahead_and_may_be_cancelled_until_it_begins(coins: Coins) -> None:
    (log,) = coins.opened().administer(ANNOUNCE)
    now = int(coins.chain.rpc.call("eth_getBlockByNumber", "latest", False)["timestamp"], 16)
    assert log == EmergencyAnnounced(campaign_id=to_bytes32(CAMPAIGN), begins_at=now + NOTICE_S)
    assert coins.administer_refused(ANNOUNCE) == f"EmergencyIsAnnounced({word(CAMPAIGN)})"
    coins.chain.wait(NOTICE_S - 60)
    assert coins.administer(CANCEL) == [EmergencyCancelled(campaign_id=to_bytes32(CAMPAIGN))]
    assert coins.administer_refused(CANCEL) == f"EmergencyNotCancellable({word(CAMPAIGN)})"

    begun(coins)
    assert coins.administer_refused(CANCEL) == f"EmergencyNotCancellable({word(CAMPAIGN)})"
    assert coins.administer_refused(ANNOUNCE) == f"EmergencyIsAnnounced({word(CAMPAIGN)})"


def test_an_emergency_is_of_a_campaign_in_coin(coins: Coins) -> None:
    assert coins.administer_refused(ANNOUNCE) == f"CampaignUnknown({word(CAMPAIGN)})"
    coins.ledger.created()
    assert coins.administer_refused(ANNOUNCE) == f"CampaignNotNative({word(CAMPAIGN)})"


def test_while_it_is_announced_nobody_deposits_and_everything_else_goes_on(coins: Coins) -> None:
    coins.opened()
    for number in (1, 2):
        coins.deposit(number)
    coins.administer(ANNOUNCE)
    assert coins.deposit_refused(3) == f"EmergencyIsAnnounced({word(CAMPAIGN)})"
    coins.record(member(1), member(2))
    assert coins.reclaim_refused(1) == "NotReclaimable"
    coins.ledger.post(ESCROW, calls.record_refunds([refund_of(2)]))
    coins.reclaim(2)
    coins.close(successful=True)
    coins.ledger.post(ESCROW, release(issuer=ISSUER_WALLET, amount=40_000, fee=0))


def test_once_it_has_begun_nothing_is_recorded_released_or_refunded(coins: Coins) -> None:
    coins.opened(duration_s=100 * 86_400).paid(member(1))
    coins.deposit(2)
    begun(coins)
    has_begun = f"EmergencyHasBegun({word(CAMPAIGN)})"
    assert coins.ledger.refused("campaign", calls.record_investments([member(2)])).text == has_begun
    assert coins.ledger.refused(ESCROW, calls.record_refunds([refund_of(1)])).text == has_begun
    coins.close(successful=True)
    assert coins.ledger.refused(ESCROW, release(amount=1, fee=0)).text == has_begun


def test_everybody_takes_back_everything_that_is_not_released(coins: Coins) -> None:
    coins.opened().paid(member(1), member(2, by=1))
    coins.deposit(3, by=2)
    coins.ledger.post(ESCROW, calls.record_refunds([refund_of(1)]))
    begun(coins)
    for number in (1, 2, 3):
        coins.reclaim(number, by=number - 1)
        assert coins.reclaim_refused(number, by=number - 1) == "NotReclaimable"
    assert coins.held == 0
    assert [coins.balance(wallet) for wallet in WALLETS[:3]] == [RICH] * 3


def test_after_a_release_each_takes_back_the_same_part_and_no_more_than_there_is(coins: Coins) -> None:
    coins.opened().paid(member(1, amount=33_333), member(2, amount=11_111, by=1), member(3, amount=5_557, by=2))
    coins.close(successful=True)
    coins.ledger.post(ESCROW, release(issuer=ISSUER_WALLET, amount=20_000, fee=1))
    begun(coins)
    for number, amount in ((3, 5_557), (1, 33_333), (2, 11_111)):
        wallet = WALLETS[number - 1]
        before = coins.balance(wallet)
        coins.reclaim(number, by=number - 1)
        assert coins.balance(wallet) == before + amount * (50_001 - 20_001) // 50_001
    assert coins.held - 20_001 in range(3), "what cannot be divided stays"
    coins.ledger.post(ESCROW, calls.withdraw(), key=ISSUER_KEY)
    coins.ledger.post(ESCROW, calls.withdraw(), key=coins.chain.deployer_key)
    assert coins.held in range(3)


def test_what_is_released_whole_is_not_taken_back(coins: Coins) -> None:
    coins.opened().paid(member(1)).close(successful=True)
    coins.ledger.post(ESCROW, release(issuer=ISSUER_WALLET, amount=40_000, fee=0))
    begun(coins)
    assert coins.reclaim_refused(1) == "NotReclaimable"


def test_one_campaign_s_emergency_is_not_another_s(coins: Coins) -> None:
    coins.opened().opened_beside(OTHER_CAMPAIGN).paid(member(1)).close(successful=True)
    coins.deposit(2, by=1, campaign=OTHER_CAMPAIGN)
    coins.administer(calls.announce_emergency(OTHER_CAMPAIGN))
    coins.chain.wait(NOTICE_S)
    assert coins.reclaim_refused(1) == "NotReclaimable"
    coins.ledger.post(ESCROW, release(issuer=ISSUER_WALLET, amount=40_000, fee=0))
    coins.reclaim(2, by=1)


def test_fees_go_to_the_wallet_that_stands_at_their_release(coins: Coins) -> None:
    coins.opened().paid(member(1)).close(successful=True)
    admin = coins.ledger.ask(ESCROW, "defaultAdmin()")
    assert coins.ledger.ask(ESCROW, "feeWallet()") == admin, "at first it is the admin"
    coins.ledger.post(ESCROW, release(issuer=ISSUER_WALLET, amount=10_000, fee=500))
    assert coins.administer(calls.set_fee_wallet(WALLETS[4])) == [FeeWalletSet(fee_wallet=WALLETS[4])]
    assert coins.administer_refused(calls.set_fee_wallet(ZERO)) == "FeeWalletMissing()"
    again = release(release_id=UUID(int=2**127 + 0x4F), issuer=ISSUER_WALLET, amount=10_000, fee=700, entry=entry(70))
    coins.ledger.post(ESCROW, again)
    of_admin = coins.ledger.ask(ESCROW, "creditOf(address)", f"0x{admin:040x}")
    assert (of_admin, coins.ledger.ask(ESCROW, "creditOf(address)", WALLETS[4])) == (500, 700)


def test_no_key_of_the_house_moves_a_deposit_to_itself(coins: Coins) -> None:
    # given every role in one hand, and two deposits: one recorded, one not
    coins.opened().paid(member(1))
    coins.deposit(2, by=1)
    signer, admin = coins.chain.signer_key, coins.chain.deployer_key

    # then none of them has anything to withdraw or to reclaim, before the closing, after it, and in an emergency
    def nothing_for_the_house() -> None:
        for key in (signer, admin):
            assert coins.ledger.refused(ESCROW, calls.withdraw(), key=key).code == "NothingToWithdraw"
            for number in (1, 2):
                refusal = coins.ledger.refused(ESCROW, calls.reclaim(UUID(int=number)), key=key)
                assert refusal.code == "NotReclaimable"

    nothing_for_the_house()
    coins.close(successful=False)
    nothing_for_the_house()
    assert coins.ledger.refused(ESCROW, release(amount=1, fee=0)).code == "CampaignNotSuccessful"
    begun(coins)
    nothing_for_the_house()
    assert coins.held == 80_000


def test_a_new_campaign_of_a_known_id_cannot_take_the_deposits_of_the_old_one(coins: Coins) -> None:
    coins.opened().paid(member(1))
    logs = coins.ledger.post("CampaignFactory", create(asset=calls.NATIVE, duration_s=DURATION_S + 1, entry=entry(70)))
    assert [type(log).__name__ for log in logs] == ["Conflict"]
    assert coins.ledger.ask("campaign", "totalRaised()") == 40_000
