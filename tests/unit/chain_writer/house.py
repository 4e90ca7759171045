"""A journal with campaigns in it, a lane on a chain, and a hand that mines: what the writer's tests are made of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self
from uuid import UUID, uuid5

import psycopg

from abis import campaign_address
from abis.calls import selector
from abis.hashing import keccak
from chain_writer.follower import Follower
from chain_writer.intents import lane_id
from chain_writer.lane import Lane
from chain_writer.means import no_crash
from chain_writer.node import Chain, Node
from chain_writer.questions import Questions, Story
from chain_writer.signer import KeySigner
from chain_writer.store import WriterStore
from domain.campaign import CampaignApproved, CampaignClosed, CampaignDrafted, CampaignRejected, ReleaseApproved
from domain.company import CompanyRegistered, KybApproved
from domain.investment import (
    CertificateReissued,
    CertificateRevoked,
    InvestmentCommitted,
    InvestmentFunded,
    RefundOrdered,
    SharesAllotted,
    TransferApproved,
)
from domain.journal import Draft, Event, Journal, JournalReader, Meta
from domain.ledger import generation_id
from domain.topics import codec
from domain.values import Terms
from tests.support.chain import ChainAtHand
from tests.support.roles import as_room

TESTS = UUID("11f2c1c0-6d0f-5a4b-8a27-0b8a5a0f7e11")
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
LANE = "lane-0"
FINALITY_DEPTH = 1
ROUNDS_MAX = 60
WALLET = "0x" + "a1" * 20
DECIDED = {"reason": "a judgement", "evidence": "ee" * 32}
TERMS = Terms(
    currency="ETB",
    funding_goal=1_000_000,
    minimum=10_000,
    cap=2_000_000,
    share_price=100,
    duration_s=86_400,
    success_threshold_bps=100,
    fee_bps=500,
    rule_pack="default@1",
)


def name(text: str) -> UUID:
    return uuid5(TESTS, text)


class House:
    """Events go straight into the journal: the writer takes them as they are, whoever decided on them."""

    def __init__(self, database: str, chain: ChainAtHand) -> None:
        self.database = database
        self.chain = chain
        self.generation = chain.generation
        self.now = NOON
        chain.rpc.call("anvil_dropAllTransactions")  # going back to a snapshot leaves the pool as it was
        self._journal = Journal(database, codec=codec())
        self._versions: Counter[UUID] = Counter()
        self._open: list[Any] = [self._journal]
        self.store = self.new_store()
        self.node = self.new_node()
        self.questions = self._kept(Questions(as_room(database, "api")))
        self.reader = self._kept(JournalReader(as_room(database, "writer"), codec=codec()))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for part in reversed(self._open):
            part.close()

    def _kept(self, part: Any) -> Any:
        self._open.append(part)
        return part

    # The journal.

    def record(self, stream: UUID, event: Event) -> int:
        """Append one event; its position."""
        self._versions[stream] += 1
        meta = Meta(at=NOON, by="test:test", command_id=name("c"), correlation_id=name("s"), cause=None, pack="-")
        (recorded,) = self._journal.save(Draft(stream, self._versions[stream], event, meta))
        position = recorded.notification.id
        assert isinstance(position, int)
        return position

    def catch_up(self, text: str) -> None:
        """Go on behind what others have appended to a stream."""
        self._versions[name(text)] = len(self.reader.stream(name(text)))

    def company(self, text: str = "company", *, wallet: str = WALLET) -> int:
        stream = name(text)
        self.record(
            stream,
            CompanyRegistered(
                legal_name=text,
                tax_number=text,
                sector="energy",
                registration_year=2020,
                wallet=wallet,
                owner="issuer",
            ),
        )
        return self.record(stream, KybApproved(wallet=wallet, documents_hash="11" * 32))

    def campaign(self, text: str = "campaign", *, company: str = "company", terms: Terms = TERMS) -> int:
        stream = name(text)
        drafted = CampaignDrafted(campaign_id=stream, company_id=name(company), title=text, terms=terms, owner="issuer")
        self.record(stream, drafted)
        approved = CampaignApproved(company_id=name(company), wallet=WALLET, terms=terms, terms_hash="22" * 32)
        return self.record(stream, approved)

    def fund(self, text: str, *, campaign: str = "campaign", amount: int = 10_000, wallet: str = WALLET) -> int:
        stream, shares = name(text), amount // 100
        if not self._versions[stream]:
            self.record(
                stream,
                InvestmentCommitted(
                    investment_id=stream,
                    campaign_id=name(campaign),
                    investor_id=name("investor"),
                    wallet=wallet,
                    amount=amount,
                    shares=shares,
                    acknowledgements=(),
                ),
            )
        funded = InvestmentFunded(
            campaign_id=name(campaign), wallet=wallet, provider="bank", reference=text, amount=amount, shares=shares
        )
        return self.record(stream, funded)

    def close(self, *, raised: int, campaign: str = "campaign", outcome: str = "successful") -> int:
        return self.record(name(campaign), CampaignClosed(outcome=outcome, raised=raised, reason="deadline"))

    def allot(self, text: str, *, campaign: str = "campaign", shares: int = 100, wallet: str = WALLET) -> int:
        return self.record(name(text), SharesAllotted(campaign_id=name(campaign), wallet=wallet, shares=shares))

    def order_refund(self, text: str, *, campaign: str = "campaign", amount: int = 10_000, live: bool = False) -> int:
        event = RefundOrdered(campaign_id=name(campaign), wallet=WALLET, amount=amount, reason="failed", live=live)
        return self.record(name(text), event)

    def revoke(self, text: str, *, change: str, campaign: str = "campaign") -> int:
        event = CertificateRevoked(
            change_id=name(change), campaign_id=name(campaign), wallet=WALLET, shares=100, **DECIDED
        )
        return self.record(name(text), event)

    def reissue(self, text: str, *, change: str, wallet: str, campaign: str = "campaign") -> int:
        event = CertificateReissued(
            change_id=name(change),
            campaign_id=name(campaign),
            wallet=wallet,
            previous_wallet=WALLET,
            shares=100,
            **DECIDED,
        )
        return self.record(name(text), event)

    def approve_transfer(self, text: str, *, change: str, wallet: str, campaign: str = "campaign") -> int:
        event = TransferApproved(
            change_id=name(change), campaign_id=name(campaign), wallet=WALLET, new_wallet=wallet, **DECIDED
        )
        return self.record(name(text), event)

    def release(self, text: str = "release", *, amount: int, fee: int, campaign: str = "campaign") -> int:
        event = ReleaseApproved(release_id=name(text), amount=amount, fee=fee, wallet=WALLET)
        return self.record(name(campaign), event)

    def chain_of_nothing(self, entries: int) -> None:
        """Entries that oblige nothing."""
        for _ in range(entries):
            self.record(name("other"), CampaignRejected(reason="no"))

    # The writer.

    def new_store(self) -> WriterStore:
        store: WriterStore = self._kept(WriterStore(as_room(self.database, "writer")))
        return store

    def new_node(self) -> Node:
        node: Node = self._kept(Node(self.chain.url))
        return node

    def follow(self, *, lanes: tuple[str, ...] = (LANE,)) -> None:
        follower = Follower(self.reader, self.store, self.generation, lanes)
        while follower.step().advanced:
            pass

    def lane(
        self,
        lane: str = LANE,
        *,
        owner: str = "worker",
        key: str | None = None,
        crash: Callable[[str], None] = no_crash,
        node: Chain | None = None,
        store: WriterStore | None = None,
        gas_price_wei: int = 0,
        gas_price_wei_max: int = 0,
        tip_wei: int | None = None,
        opened: bool = True,
    ) -> Lane:
        signer = KeySigner(key or self.chain.signer_key)
        if opened:
            self._open_lane(lane, signer.address)
        return Lane(
            lane,
            store=store or self.new_store(),
            node=node or self.new_node(),
            signer=signer,
            generation=self.generation,
            clock=lambda: self.now,
            owner=owner,
            gas_price_wei=gas_price_wei,
            gas_price_wei_max=gas_price_wei_max,
            tip_wei=tip_wei,
            finality_depth=FINALITY_DEPTH,
            crash=crash,
        )

    def _open_lane(self, lane: str, address: str) -> None:
        """The tests' keys were used before, to deploy and to pay: no record of these lanes is lost."""
        seen = self.node.look(address, [])
        self.store.open_lane(
            lane_id(self.generation, address),
            lane,
            chain_id=self.generation.chain_id,
            genesis_hash=self.generation.genesis_hash,
            address=address,
            nonce=seen.count,
            block=(seen.head.number, seen.head.hash),
        )

    def settle(self, *lanes: Lane) -> None:
        """Step and mine until nothing is queued or in flight."""
        for _ in range(ROUNDS_MAX):
            for lane in lanes:
                exhaust(lane)
            if not self.unsettled():
                return
            self.chain.mine()
        raise AssertionError(f"still unsettled: {self.rows('SELECT * FROM writer.intents')}")

    def unsettled(self) -> int:
        counts = self.questions.counts()
        in_flight = sum(lane.in_flight for lane in self.questions.lanes())
        return counts.get("queued", 0) + counts.get("bound", 0) + in_flight

    def story(self, position: int) -> Story:
        story = self.questions.story(position)
        assert story is not None
        return story

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """What the owner of the database sees."""
        with psycopg.connect(self.database) as connection:
            return connection.execute(query).fetchall()  # type: ignore[arg-type]

    @property
    def lane_id(self) -> UUID:
        return lane_id(self.generation, self.chain.signer)

    @property
    def generation_id(self) -> UUID:
        return generation_id(self.generation)

    # The chain.

    def logs(self, contract: str, signature: str) -> list[dict[str, Any]]:
        """The logs of a kind that a contract of the generation, or a campaign's, has emitted."""
        address = self.generation.addresses.get(contract) or campaign_address(self.generation, name(contract))
        topic = "0x" + keccak(signature.encode()).hex()
        where = {"fromBlock": "0x1", "toBlock": "latest", "address": address, "topics": [topic]}
        found: list[dict[str, Any]] = self.chain.rpc.call("eth_getLogs", where)
        return found

    def digest(self, target: str, key: bytes) -> bytes:
        return self.chain.rpc.read(target, selector("digestOf(bytes32)") + key)


def exhaust(lane: Lane) -> None:
    """Step a lane until it has nothing to do."""
    for _ in range(ROUNDS_MAX):
        if not lane.step().advanced:
            return
    raise AssertionError("the lane never came to rest")


RECORDED = "InvestmentRecorded(bytes32,bytes32,address,uint256,uint256)"
REGISTERED = "IssuerRegistered(bytes32,bytes32,address,bytes32)"
CREATED = "CampaignCreated(bytes32,bytes32,address,bytes32,uint256,uint256,uint256,uint64,uint8,bytes32)"
CLOSED = "CampaignClosed(bytes32,bytes32,bool,uint256)"
ISSUED = "CertificateIssued(uint256,bytes32,bytes32,address,uint256,bytes24)"
RELEASED = "ReleaseRecorded(bytes32,bytes32,bytes32,address,uint256,uint256)"
REFUNDED = "RefundRecorded(bytes32,bytes32,bytes32,address,uint256)"
WITHDRAWN = "InvestmentWithdrawn(bytes32,uint256)"
REVOKED = "CertificateRevoked(bytes32,bytes32,uint256,address,bytes32)"
REISSUED = "CertificateReissued(bytes32,bytes32,uint256,address,address,bytes32)"
APPROVED = "TransferApproved(bytes32,bytes32,uint256,address,address,bytes32)"
ALREADY = "AlreadyRecorded(bytes32,bytes32)"
