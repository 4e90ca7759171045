"""The small world with its campaigns in the chain's own coin, and everybody's hand in the escrow."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec

from abis import calls
from domain import commands as c
from domain.payment import CHAIN, Payment, payment_id
from ops.demo.plan import Commitment, Offering
from tests.support.wallets import key_of, wallet_of
from tests.support.world import World

RICH_WEI = 10**24
DAY_S = 86_400
EMERGENCY_NOTICE_S = 30 * DAY_S


def in_coin(offering: Offering) -> Offering:
    """The same offering in wei, by an issuer whose key is at hand."""
    terms = {**offering.terms, "currency": "wei", "rule_pack": "local-coin@1"}
    company = {**offering.company, "wallet": wallet_of(offering.name)}
    return msgspec.structs.replace(offering, terms=terms, company=company)


class CoinWorld(World):
    """`succeeding` and `failing` take coin; investors pay it themselves, with their own keys."""

    def __init__(self, *parts: Any) -> None:
        super().__init__(*parts)
        self.succeeding, self.failing = in_coin(self.succeeding), in_coin(self.failing)
        self.escrow = self.chain.generation.addresses["FundEscrow"]
        for offering in (self.succeeding, self.failing):
            self.endow(wallet_of(offering.name))
            for commitment in offering.commitments:
                self.endow(commitment.investor.wallet)

    def endow(self, wallet: str) -> None:
        self.chain.rpc.call("anvil_setBalance", wallet, hex(RICH_WEI))

    def pay(self, offering: Offering, commitment: Commitment) -> None:
        self.deposit(offering, commitment)

    def deposit(
        self, offering: Offering, commitment: Commitment, *, amount: int | None = None, by: str | None = None
    ) -> dict[str, Any]:
        """By the investor, or by a stranger of a name; the amount committed, or another one."""
        data = calls.deposit(campaign_id=offering.campaign_id, investment_id=commitment.investment_id)
        return self.at_escrow(
            data, key=key_of(by) if by else commitment.investor.key, value=amount or commitment.amount
        )

    def fund(self, offering: Offering) -> None:
        """Everybody pays, and the chain has recorded it."""
        for commitment in offering.commitments:
            self.deposit(offering, commitment)
        self.index()
        self.go_on()

    def reclaim(self, investment_id: UUID, *, key: str) -> dict[str, Any]:
        return self.at_escrow(calls.reclaim(investment_id), key=key)

    def at_escrow(self, data: bytes, *, key: str, value: int = 0) -> dict[str, Any]:
        """A call that goes through; the receipt."""
        receipt = self.chain.send(self.escrow, data, key=key, value=value)
        assert int(receipt["status"], 16) == 1
        return receipt

    def release(self) -> None:
        """Asked for by one person, approved by another, and on the chain."""
        names = {"campaign_id": self.succeeding.campaign_id, "release_id": self.release_id}
        self.give("treasury_maker", c.RequestRelease(**names))
        self.give("treasury_checker", c.ApproveRelease(**names))
        self.go_on()

    @property
    def release_id(self) -> UUID:
        return UUID(int=0x4E1)

    def close(self, offering: Offering) -> None:
        """Closed, and what follows from it posted."""
        self.give("operator", c.CloseCampaign(campaign_id=offering.campaign_id, reason="over"))
        self.go_on()
        self.go_on()

    def begin_emergency(self, offering: Offering) -> None:
        self.at_escrow(calls.announce_emergency(offering.campaign_id), key=self.chain.deployer_key)
        self.chain.wait(EMERGENCY_NOTICE_S + 1)

    # What came of it.

    def payment(self, receipt: dict[str, Any]) -> Payment:
        """The payment that a deposit became."""
        (log,) = receipt["logs"]
        found = self.state(payment_id(CHAIN, f"{receipt['transactionHash']}:{int(log['logIndex'], 16)}"))
        assert isinstance(found, Payment)
        return found

    def payment_of(self, offering: Offering, commitment: Commitment) -> Payment:
        """Deposited by its investor, and recorded."""
        receipt = self.deposit(offering, commitment)
        self.index()
        return self.payment(receipt)

    def state(self, stream: UUID) -> Any:
        versioned = self.ledger.load(stream)
        return None if versioned is None else versioned[0]

    def topics(self, stream: UUID) -> list[str]:
        return [entry.topic for entry in self.reader.stream(stream)]
