"""An example of a stored entry, and the values that examples are made of. What stands here is for ever."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import msgspec

from domain.investment.state import ChangeRequest, Source
from domain.investor.state import Means
from domain.journal import Event, Meta
from domain.payment import payment_id
from domain.values import ChainFact, Milestone, Terms
from domain.wallets import Challenge

A, B, C, D, E = (UUID(f"{n}f0c6d2e-9a54-5c0e-8f43-2d1b7a90c61{n}") for n in range(1, 6))
WALLET = "0x52908400098527886E0F7030069857D2E4169EE7"
OTHER_WALLET = "0xde709f2102306220921060314715629080e2fb77"
DIGEST = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
DEADLINE = datetime(2026, 6, 30, 23, 59, 59, tzinfo=UTC)

FACT = ChainFact(
    chain_id=100,
    block_number=4_711,
    block_hash="0x" + "b1" * 32,
    tx_hash="0x" + "7a" * 32,
    log_index=3,
    entry_position=42,
)
TERMS = Terms(
    currency="ETB",
    funding_goal=250_000_000,
    minimum=100_000,
    cap=300_000_000,
    share_price=100_000,
    duration_s=5_184_000,
    success_threshold_bps=7_500,
    fee_bps=250,
    rule_pack="default@1",
)


# For what came after the first circle.
CID = "QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWnPbdG"
SIGNATURE = "0x" + "5a" * 64 + "1b"
OPENED_AT = datetime(2026, 5, 1, 23, 59, 59, tzinfo=UTC)
RECONFIRM_BY = datetime(2026, 6, 8, 9, 30, 0, 500_000, tzinfo=UTC)
YEAR_LATER = datetime(2027, 3, 1, tzinfo=UTC)
COIN = 10**18
PAYMENT = payment_id("telebirr", "TX/9")
SOURCE = Source(PAYMENT, "telebirr", "TX/9", 500_000)
WHOLE_TERMS = Terms(
    currency="wei",
    funding_goal=1_000_000 * COIN,
    minimum=100 * COIN,
    cap=2_000_000 * COIN,
    share_price=10 * COIN,
    duration_s=5_184_000,
    success_threshold_bps=7_500,
    fee_bps=250,
    rule_pack="default-coin@1",
    investor_maximum=50_000 * COIN,
    opens_at=OPENED_AT,
    oversubscription="pro_rata",
    milestones=(Milestone(name="machines", bps=4_000), Milestone(name="opening", bps=6_000)),
)
CHALLENGE = Challenge(wallet=WALLET, nonce="5e1f", domain="tandem.example", chain_id=100, expires_at=OPENED_AT)
MEANS = Means(pack="us-reg-cf@1", yearly_limit=500_000, warning_from=0, declared_at=OPENED_AT)
REISSUE = ChangeRequest(id=B, kind="reissue", wallet=WALLET, reason="a lost key", evidence=DIGEST, requester="almaz")
REVOCATION = ChangeRequest(id=B, kind="revoke", wallet=None, reason="a judgement", evidence=DIGEST, requester="almaz")


class Example(msgspec.Struct, frozen=True, kw_only=True):
    """An entry: its event and place, who made it, and `variant` where one topic needs more than one example."""

    position: int
    event: Event
    stream: UUID
    version: int = 2
    schema: int = 1
    by: str = "issuer:selam"
    cause: int | None = None
    pack: str = "-"
    variant: str = ""

    @property
    def name(self) -> str:
        """The file's name: topic, schema version, variant."""
        return f"{self.event.TOPIC}.v{self.schema}{'.' if self.variant else ''}{self.variant}"

    @property
    def meta(self) -> Meta:
        return Meta(
            at=datetime(2026, 3, 1, 8, 30, 0, self.position, tzinfo=UTC),
            by=self.by,
            command_id=UUID(int=1_000 + self.position),
            correlation_id=UUID(int=2_000 + self.position),
            cause=self.cause,
            pack=self.pack,
        )


ISSUER = "issuer:selam"
COMPLIANCE = "compliance:almaz"
HANNA = "investor:hanna"
MAKER = "treasury_maker:tsehay"
CHECKER = "treasury_checker:girma"
INDEXER = "indexer:chain-100"
WRITER = "writer:lane-0"
SETTLEMENT = "process:settlement"
SCHEDULER = "process:scheduler"
PACK = "default@1"
