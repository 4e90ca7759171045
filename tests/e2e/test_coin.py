"""Campaigns in the chain's own coin live whole lives on a whole house, through a node that speaks as Polygon Edge does.

Investors pay the escrow with their own keys; nobody records a payment by hand. Whoever is to have coin takes it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid4

import pytest
from eth_account import Account

from abis import calls
from domain.payment import CHAIN, payment_id
from ops.reconcile import reconcile
from ops.rpc import Rpc
from ops.supervisor import House
from tests.support.platform import Platform
from tests.support.wait import until
from tests.support.wallets import key_of, wallet_of

pytestmark = pytest.mark.slow

COIN = 10**18
TERMS = {
    "currency": "wei",
    "rule_pack": "local-coin@1",
    "funding_goal": str(3 * COIN),
    "minimum": str(COIN // 10),
    "cap": str(3 * COIN),
    "share_price": str(COIN // 100),
    "oversubscription": "reject",
    "milestones": [],
}
# The development chain's one rich account; its key is anvil's own, and everybody's.
RICH_KEY = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"


class Purses:
    """Everybody's own keys, at the node that the house has."""

    def __init__(self, house: House) -> None:
        self._rpc = Rpc(house.settings.rpc_url)
        self._chain_id = house.generation.chain_id
        self.escrow = house.generation.addresses["FundEscrow"]

    def send(self, key: str, to: str | None, data: bytes = b"", *, value: int = 0) -> dict[str, Any]:
        """Signed, sent and mined; the receipt."""
        account = Account.from_key(key)
        fields = {"chainId": self._chain_id, "gas": 300_000, "gasPrice": 0, "value": value, "data": data}
        nonce = self._rpc.number("eth_getTransactionCount", account.address, "latest")
        signed = account.sign_transaction(fields | {"nonce": nonce} | ({"to": to} if to else {}))
        tx = self._rpc.call("eth_sendRawTransaction", "0x" + signed.raw_transaction.hex().removeprefix("0x"))
        until(lambda: self._rpc.call("eth_getTransactionReceipt", tx), f"tx {tx} is mined")
        receipt: dict[str, Any] = self._rpc.call("eth_getTransactionReceipt", tx)
        return receipt

    def done(self, key: str, to: str | None, data: bytes = b"", *, value: int = 0) -> dict[str, Any]:
        receipt = self.send(key, to, data, value=value)
        assert int(receipt["status"], 16) == 1
        return receipt

    def endow(self, wallet: str) -> None:
        self.done(RICH_KEY, wallet, value=10 * COIN)

    def deposit(self, campaign: str, investment: str, *, key: str, amount: int, to: str | None = None) -> UUID:
        """The payment that it becomes."""
        data = calls.deposit(campaign_id=UUID(campaign), investment_id=UUID(investment))
        receipt = self.done(key, to or self.escrow, data, value=amount)
        (log,) = receipt["logs"]
        return payment_id(CHAIN, f"{receipt['transactionHash']}:{int(log['logIndex'], 16)}")

    def balance(self, wallet: str) -> int:
        return self._rpc.number("eth_getBalance", wallet, "latest")

    def close(self) -> None:
        self._rpc.close()


def refusing(escrow: str) -> bytes:
    """The making of a contract that passes calls on to the escrow and takes no coin. By hand, for Istanbul."""
    passes_on = "3660006000376000600036600034" + "73" + escrow[2:] + "5af1"
    runtime = bytes.fromhex("3615602f57" + passes_on + "15602f5700" + "5b60006000fd")
    assert len(runtime) == 0x35
    return bytes.fromhex("6035600c60003960356000f3") + runtime


@pytest.fixture
def platform(edge_house: House) -> Iterator[Platform]:
    platform = Platform(edge_house)
    yield platform
    platform.http.close()


@pytest.fixture
def purses(edge_house: House) -> Iterator[Purses]:
    purses = Purses(edge_house)
    yield purses
    purses.close()


def invest(platform: Platform, purses: Purses, campaign: str, amount: int) -> tuple[str, str, str]:
    """A new investor commits and deposits. The investment, its payment, and the investor's key."""
    name = f"investor-{uuid4().hex}"
    investment = platform.commit(campaign, platform.investor(name), amount)
    purses.endow(wallet_of(name))
    payment = purses.deposit(campaign, investment, key=key_of(name), amount=amount)
    platform.wait(investment, "investment.recording_confirmed")
    return investment, str(payment), key_of(name)


def shown(platform: Platform, payment: str, topic: str) -> dict[str, Any]:
    """A payment once the book shows it after an event."""
    platform.wait(payment, topic)
    position = platform.ask("auditor", f"/v1/streams/{payment}/timeline")["items"][-1]["position"]
    return platform.ask("auditor", f"/v1/payments/{payment}", min_position=position)


def test_a_campaign_in_coin_succeeds_and_its_issuer_takes_what_was_raised(
    platform: Platform, purses: Purses, edge_house: House
) -> None:
    campaign = platform.campaign(platform.company(f"ET-{uuid4().hex}"), **TERMS)
    investments = [invest(platform, purses, campaign, amount)[0] for amount in (2 * COIN, COIN)]
    path = f"/v1/campaigns/{campaign}"
    platform.do("operator", f"{path}:close", {"reason": "enough"})
    platform.wait(campaign, "campaign.closing_confirmed")
    release = platform.do("treasury_maker", f"{path}/releases", {})["id"]
    platform.do("treasury_checker", f"{path}/releases/{release}:approve")
    platform.wait(campaign, "campaign.release_confirmed")

    before = purses.balance(wallet_of("awash"))
    purses.done(key_of("awash"), purses.escrow, calls.withdraw())
    platform.wait(campaign, "campaign.release_withdrawn")

    assert purses.balance(wallet_of("awash")) - before == 3 * COIN * 9_750 // 10_000
    for investment in investments:
        platform.wait(investment, "investment.certificate_confirmed")
    (taken,) = platform.ask("issuer", f"{path}/releases")["items"]
    until(lambda: platform.ask("issuer", f"{path}/releases")["items"][0]["state"] == "withdrawn", "it is shown")
    assert int(taken["amount"]) + int(taken["fee"]) == 3 * COIN
    until(lambda: reconcile(edge_house.settings).ok, "journal, book and chain agree")


def test_a_campaign_in_coin_fails_and_everybody_takes_their_own_back(
    platform: Platform, purses: Purses, edge_house: House
) -> None:
    campaign = platform.campaign(platform.company(f"ET-{uuid4().hex}"), **TERMS)
    people = [invest(platform, purses, campaign, amount) for amount in (COIN // 2, COIN)]
    stranger = f"stranger-{uuid4().hex}"
    purses.endow(wallet_of(stranger))
    # One deposit belongs to nothing. Another is a contract's, for an investment of somebody else: it refuses coin.
    stray_for = str(uuid4())
    stray = str(purses.deposit(campaign, stray_for, key=key_of(stranger), amount=COIN))
    contract = purses.done(key_of(stranger), None, refusing(purses.escrow))["contractAddress"]
    held_up = str(purses.deposit(campaign, people[0][0], key=key_of(stranger), amount=COIN, to=contract))
    assert shown(platform, stray, "payment.recorded")["state"] == "unmatched"
    assert shown(platform, held_up, "payment.recorded")["state"] == "owed"

    platform.do("operator", f"/v1/campaigns/{campaign}:close", {"reason": "too little"})
    platform.wait(campaign, "campaign.refunds_completed")
    refused = purses.send(key_of(stranger), contract, calls.reclaim(UUID(people[0][0])))
    assert int(refused["status"], 16) == 0
    for investment, payment, key in people:
        purses.done(key, purses.escrow, calls.reclaim(UUID(investment)))
        assert shown(platform, payment, "payment.reclaimed")["state"] == "returned"
    purses.done(key_of(stranger), purses.escrow, calls.reclaim(UUID(stray_for)))

    assert shown(platform, stray, "payment.returned")["returned"] == str(COIN)
    assert shown(platform, held_up, "payment.recorded")["state"] == "owed"  # who refuses coin harms nobody else
    until(lambda: reconcile(edge_house.settings).ok, "journal, book and chain agree")
