"""Coin in a test's hand: depositors with a balance, campaigns paid in it, and receivers that are contracts."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from eth_abi.abi import encode
from eth_account import Account

from abis import Log, calls
from abis.calls import InvestmentMember, RefundMember
from tests.unit.abis.ledger import CAMPAIGN, LedgerOnChain, create, entry

ESCROW = "FundEscrow"
RICH = 10**24
KEYS = [f"0x{number:064x}" for number in range(0xD0, 0xD6)]
WALLETS: list[str] = [Account.from_key(key).address for key in KEYS]
ISSUER_KEY = KEYS[-1]
ISSUER_WALLET = WALLETS[-1]

# What a receiver that is a contract does with coin. Written by hand for an Istanbul chain.
REFUSING = bytes.fromhex("60006000fd")  # revert(0, 0)


def member(number: int, *, amount: int = 40_000, by: int = 0) -> InvestmentMember:
    """An investment of one of the depositors."""
    return InvestmentMember(UUID(int=number), WALLETS[by], amount, 40, entry(1_000 + number))


def refund_of(number: int, *, amount: int = 40_000, by: int = 0, campaign: UUID = CAMPAIGN) -> RefundMember:
    return RefundMember(campaign, UUID(int=number), WALLETS[by], amount, entry(3_000 + number))


def greedy(escrow: str, call: bytes) -> bytes:
    """A receiver that calls the escrow again as soon as it is paid.

    In its first slot it keeps what came of it: 1 for a refusal, 2 for a success.
    """
    code = b""
    for place in range(0, len(call), 32):
        word = call[place : place + 32].ljust(32, b"\0")
        code += b"\x7f" + word + b"\x61" + place.to_bytes(2, "big") + b"\x52"  # mstore(place, word)
    # sstore(0, call(gas, escrow, 0, 0, length, 0, 0) + 1)
    code += bytes.fromhex("60006000") + b"\x61" + len(call).to_bytes(2, "big") + bytes.fromhex("60006000")
    code += b"\x73" + bytes.fromhex(escrow[2:]) + bytes.fromhex("5af1") + bytes.fromhex("60010160005500")
    return code


class Coins:
    """A ledger on a chain with a campaign in coin, and everybody's hand in it."""

    def __init__(self, ledger: LedgerOnChain) -> None:
        self.ledger = ledger
        self.chain = ledger.chain
        self.escrow = ledger.addresses[ESCROW]
        for wallet in WALLETS:
            self.chain.rpc.call("anvil_setBalance", wallet, hex(RICH))

    def opened(self, **changes: Any) -> Coins:
        self.ledger.created(asset=calls.NATIVE, **changes)
        return self

    def opened_beside(self, campaign: UUID) -> Coins:
        self.ledger.post("CampaignFactory", create(campaign_id=campaign, asset=calls.NATIVE, entry=entry(60)))
        return self

    def deposit(self, number: int, *, amount: int = 40_000, by: int = 0, campaign: UUID = CAMPAIGN) -> list[Log]:
        data = calls.deposit(campaign_id=campaign, investment_id=UUID(int=number))
        return self.ledger.post(ESCROW, data, key=KEYS[by], value=amount)

    def deposit_refused(self, number: int, *, amount: int = 40_000, by: int = 0, campaign: UUID = CAMPAIGN) -> str:
        data = calls.deposit(campaign_id=campaign, investment_id=UUID(int=number))
        return self.ledger.refused(ESCROW, data, key=KEYS[by], value=amount).text

    def record(self, *members: InvestmentMember) -> list[Log]:
        return self.ledger.post("campaign", calls.record_investments(members))

    def paid(self, *members: InvestmentMember) -> Coins:
        """Deposited by their investors and recorded."""
        for one in members:
            self.deposit(one.investment_id.int, amount=one.amount, by=WALLETS.index(one.investor))
        self.record(*members)
        return self

    def close(self, *, successful: bool) -> Coins:
        raised = self.ledger.ask("campaign", "totalRaised()")
        self.ledger.post("campaign", calls.close(successful=successful, raised=raised, entry=entry(9)))
        return self

    def reclaim(self, number: int, *, by: int = 0) -> list[Log]:
        return self.ledger.post(ESCROW, calls.reclaim(UUID(int=number)), key=KEYS[by])

    def reclaim_refused(self, number: int, *, by: int = 0) -> str:
        return self.ledger.refused(ESCROW, calls.reclaim(UUID(int=number)), key=KEYS[by]).code

    def administer(self, data: bytes) -> list[Log]:
        return self.ledger.post(ESCROW, data, key=self.chain.deployer_key)

    def administer_refused(self, data: bytes) -> str:
        return self.ledger.refused(ESCROW, data, key=self.chain.deployer_key).text

    def balance(self, wallet: str) -> int:
        return int(self.chain.rpc.call("eth_getBalance", wallet, "latest"), 16)

    @property
    def held(self) -> int:
        """What the escrow holds."""
        return self.balance(self.escrow)

    # Receivers that are contracts.

    def become(self, wallet: str, code: bytes) -> None:
        """An account gets code, as if it had been a contract from the beginning."""
        self.chain.rpc.call("anvil_setCode", wallet, "0x" + code.hex())

    def send_as(self, wallet: str, data: bytes) -> bool:
        """A call of a contract to the escrow; whether it went through."""
        self.chain.rpc.call("anvil_impersonateAccount", wallet)
        fields = {"from": wallet, "to": self.escrow, "data": "0x" + data.hex(), "gas": hex(500_000), "gasPrice": "0x0"}
        tx = self.chain.rpc.call("eth_sendTransaction", fields)
        self.chain.mine()
        self.chain.rpc.call("anvil_stopImpersonatingAccount", wallet)
        return int(self.chain.rpc.call("eth_getTransactionReceipt", tx)["status"], 16) == 1

    def kept(self, wallet: str) -> int:
        """The first slot of a contract."""
        return int(self.chain.rpc.call("eth_getStorageAt", wallet, "0x0", "latest"), 16)


def word(value: UUID) -> str:
    """An id as refusals show it."""
    return "0x" + bytes(encode(["bytes32"], [value.bytes + bytes(16)])).hex()
