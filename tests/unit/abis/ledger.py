"""The chain ledger in a test's hand: each call as the writer would make it, its logs decoded, its refusal in words."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from eth_abi.abi import encode
from eth_account import Account

from abis import Log, RawLog, calls, campaign_address, decode
from abis.calls import CertificateMember, InvestmentMember, RefundMember, selector
from abis.certificates import content_hash
from abis.errors import Revert, decode_revert
from ops.rpc import RpcRefused
from tests.support.chain import ChainAtHand

COMPANY, CAMPAIGN, RELEASE = UUID(int=2**127 + 0xC0), UUID(int=2**127 + 0xCA), UUID(int=2**127 + 0x4E)
CHANGE = UUID(int=2**127 + 0xC4)
ISSUER = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"
INVESTOR = "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359"
DIGEST = b"\xd1" * 32
EVIDENCE = b"\xe1" * 32
HOLDER_KEY = "0x" + "6a" * 32
HOLDER: str = Account.from_key(HOLDER_KEY).address
GOAL, THRESHOLD, CAP, DURATION_S = 100_000, 40_000, 120_000, 2_592_000
ZERO = "0x" + "00" * 20


def entry(number: int) -> bytes:
    """A leaf hash."""
    return number.to_bytes(32, "big")


def investment(number: int, *, amount: int = 40_000, shares: int = 40, investor: str = INVESTOR) -> InvestmentMember:
    return InvestmentMember(UUID(int=number), investor, amount, shares, entry(1_000 + number))


def certificate(
    number: int, *, campaign: UUID = CAMPAIGN, holder: str = INVESTOR, shares: int = 40, content: bytes | None = None
) -> CertificateMember:
    """A content of zeros differs from none given, which is one of its own for each number."""
    content = content_hash(str(number).encode("ascii")) if content is None else content
    return CertificateMember(UUID(int=number), campaign, holder, shares, content, entry(2_000 + number))


def refund(number: int, *, campaign: UUID = CAMPAIGN, amount: int = 40_000, investor: str = INVESTOR) -> RefundMember:
    return RefundMember(campaign, UUID(int=number), investor, amount, entry(3_000 + number))


class LedgerOnChain:
    """`post` sends a call that must succeed and answers its logs; `refused` asks for one that must not."""

    def __init__(self, chain: ChainAtHand) -> None:
        self.chain = chain
        self.addresses = chain.generation.addresses
        self.campaign = campaign_address(chain.generation, CAMPAIGN)

    def post(self, to: str, data: bytes, *, key: str | None = None, value: int = 0) -> list[Log]:
        receipt = self.chain.send(self._address(to), data, key=key, value=value)
        assert receipt["status"] == "0x1"
        return self.decoded(receipt)

    @staticmethod
    def decoded(receipt: dict[str, Any]) -> list[Log]:
        return [log for raw in receipt["logs"] if (log := decode(_raw(raw))) is not None]

    def refused(self, to: str, data: bytes, *, key: str | None = None, value: int = 0) -> Revert:
        sender = Account.from_key(key or self.chain.signer_key).address
        call = {"from": sender, "to": self._address(to), "data": "0x" + data.hex(), "value": hex(value)}
        with pytest.raises(RpcRefused) as caught:
            self.chain.rpc.call("eth_call", call, "latest")
        return decode_revert(caught.value.data)

    def ask(self, to: str, signature: str, *values: Any) -> int:
        """A question whose answer is one word."""
        inside = signature.partition("(")[2][:-1]
        data = selector(signature) + (bytes(encode(inside.split(","), values)) if inside else b"")
        return int.from_bytes(self.chain.rpc.read(self._address(to), data), "big")

    def _address(self, to: str) -> str:
        return self.campaign if to == "campaign" else self.addresses[to]

    # How far the story has come; each holds the one before.

    def registered(self) -> LedgerOnChain:
        self.post("IssuerRegistry", register())
        return self

    def created(self, **changes: Any) -> LedgerOnChain:
        self.registered().post("CampaignFactory", create(**changes))
        return self

    def recorded(self, *members: InvestmentMember) -> LedgerOnChain:
        self.created().post("campaign", calls.record_investments(members))
        return self

    def certified(self, number: int = 1, *, holder: str = HOLDER) -> LedgerOnChain:
        """One certificate of a successful campaign."""
        ledger = self.closed(investment(number), successful=True)
        ledger.post("NFTShareCertificate", calls.issue_certificates([certificate(number, holder=holder)]))
        return self

    def closed(self, *members: InvestmentMember, successful: bool) -> LedgerOnChain:
        raised = sum(member.amount for member in members)
        ledger = self.recorded(*members) if members else self.created()
        ledger.post("campaign", calls.close(successful=successful, raised=raised, entry=entry(9)))
        return self


def _raw(log: dict[str, Any]) -> RawLog:
    topics = tuple(bytes.fromhex(topic[2:]) for topic in log["topics"])
    return RawLog(log["address"].lower(), topics, bytes.fromhex(log["data"][2:]))


def register(*, wallet: str = ISSUER, leaf: int = 1) -> bytes:
    return calls.register(company_id=COMPANY, wallet=wallet, documents_hash=DIGEST, entry=entry(leaf))


def create(**changes: Any) -> bytes:
    fields: dict[str, Any] = {
        "campaign_id": CAMPAIGN,
        "company_id": COMPANY,
        "funding_goal": GOAL,
        "threshold": THRESHOLD,
        "cap": CAP,
        "duration_s": DURATION_S,
        "asset": calls.FIAT,
        "terms_hash": DIGEST,
        "entry": entry(2),
    }
    return calls.create_campaign(**{**fields, **changes})


def release(**changes: Any) -> bytes:
    fields: dict[str, Any] = {
        "campaign_id": CAMPAIGN,
        "release_id": RELEASE,
        "issuer": ISSUER,
        "amount": 78_000,
        "fee": 2_000,
        "entry": entry(3),
    }
    return calls.record_release(**{**fields, **changes})


# Changes of a certificate. Each is under an id of its own.


def revoke(number: int = 1, *, change: UUID = CHANGE, evidence: bytes = EVIDENCE, leaf: int = 4) -> bytes:
    return calls.revoke_certificate(
        change_id=change, investment_id=UUID(int=number), evidence=evidence, entry=entry(leaf)
    )


def reissue(
    number: int = 1,
    *,
    holder: str = INVESTOR,
    change: UUID = CHANGE,
    evidence: bytes = EVIDENCE,
    leaf: int = 5,
) -> bytes:
    return calls.reissue_certificate(
        change_id=change, investment_id=UUID(int=number), holder=holder, evidence=evidence, entry=entry(leaf)
    )


def approve_transfer(
    number: int = 1,
    *,
    to: str = INVESTOR,
    change: UUID = CHANGE,
    evidence: bytes = EVIDENCE,
    leaf: int = 6,
) -> bytes:
    return calls.approve_transfer(
        change_id=change, investment_id=UUID(int=number), to=to, evidence=evidence, entry=entry(leaf)
    )


def transfer_from(sender: str, receiver: str, number: int = 1, *, how: str = "transferFrom") -> bytes:
    """A holder's own call."""
    types = ["address", "address", "uint256"]
    return selector(f"{how}({','.join(types)})") + bytes(encode(types, [sender, receiver, number]))
