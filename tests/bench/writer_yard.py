"""What the writer's bench runs on: campaigns in a journal, a chain whose blocks it sets, lanes with a key each."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import msgspec
import psycopg
from eth_account import Account

from chain_writer.follower import Follower
from chain_writer.lane import Lane
from chain_writer.node import Chain, Node
from chain_writer.obligations import lane_of
from chain_writer.signer import KeySigner
from chain_writer.store import WriterStore
from domain.campaign import CampaignApproved, CampaignClosed, CampaignDrafted
from domain.company import CompanyRegistered, KybApproved
from domain.investment import InvestmentCommitted, InvestmentFunded, RefundOrdered, SharesAllotted
from domain.journal import Draft, Event, Journal, JournalReader, Meta
from domain.ledger import generation_id
from domain.topics import codec
from domain.values import Terms
from ops import contracts
from ops.rpc import Rpc
from ops.stack import Chain as ChainPart
from tests.support.roles import as_room

TOOLS = Path(__file__).resolve().parents[2] / ".tandem" / "tools"
LANES_MAX = 4
BLOCK_S = 1  # half of Polygon Edge's, so that a run is short: the writer has half the time to fill a block
FINALITY_DEPTH = 1
IDLE_S = 0.02
AMOUNT = 10_000
EVENTS_PER_SAVE = 500
WALLET = "0x" + "a1" * 20
GOALS = {"successful": 1_000_000, "failed": 10**12}  # what the campaigns of each outcome need
TERMS = Terms(
    currency="ETB",
    funding_goal=10**12,
    minimum=AMOUNT,
    cap=10**13,
    share_price=100,
    duration_s=86_400,
    success_threshold_bps=1,
    fee_bps=500,
    rule_pack="default@1",
)


class Investment(msgspec.Struct, frozen=True):
    campaign: UUID
    stream: UUID
    wallet: str


class Run(msgspec.Struct, frozen=True):
    """How many seconds something took, and the chain's heads before and after it."""

    seconds: float
    first: int
    last: int


class Forgetful(ChainPart):
    """The development chain without the files that it keeps: a bench measures no writing of them."""

    def command(self) -> Sequence[str]:
        command = list(super().command())
        for option in ("--state", "--state-interval"):
            place = command.index(option)
            del command[place : place + 2]
        return command


class Yard:
    """A journal, a chain and keys, for one run of the bench. Events go straight into the journal."""

    def __init__(self, dsn: str, home: Path) -> None:
        self.dsn = dsn
        self._stack = ExitStack()
        part = Forgetful(home, tools=TOOLS, block_time_s=0)
        part.start()
        self._stack.callback(part.stop)
        self.url = part.url
        self.rpc = self._stack.enter_context(closing(Rpc(part.url)))
        self.keys = ["0x" + secrets.token_hex(32) for _ in range(LANES_MAX + 1)]
        self.generation = contracts.deploy(
            self.rpc,
            deployer_key="0x" + secrets.token_hex(32),
            signers=[Account.from_key(key).address for key in self.keys],
            base_uri="https://ledger.example/v1/certificates/",
            plan=home / "plan.json",
            gas_price_wei=0,
            wait=lambda: None,
        )
        self._journal = self._stack.enter_context(closing(Journal(dsn, codec=codec())))
        self._versions: dict[UUID, int] = {}
        self._at_once = True
        self.reader = self._stack.enter_context(closing(JournalReader(as_room(dsn, "writer"), codec=codec())))
        self.store = self.new_store()
        self._counter = self._stack.enter_context(closing(psycopg.connect(dsn, autocommit=True)))

    def close(self) -> None:
        self._stack.close()

    def new_store(self) -> WriterStore:
        return self._stack.enter_context(closing(WriterStore(as_room(self.dsn, "writer"))))

    def new_node(self) -> Node:
        return self._stack.enter_context(closing(Node(self.url, timeout_s=60.0)))

    @property
    def generation_id(self) -> UUID:
        return generation_id(self.generation)

    # The journal.

    def record(self, events: Sequence[tuple[UUID, Event]]) -> None:
        meta = Meta(
            at=datetime.now(UTC), by="bench:bench", command_id=uuid4(), correlation_id=uuid4(), cause=None, pack="-"
        )
        drafts = []
        for stream, event in events:
            self._versions[stream] = version = self._versions.get(stream, 0) + 1
            drafts.append(Draft(stream, version, event, meta))
        for place in range(0, len(drafts), EVENTS_PER_SAVE):
            self._journal.save(*drafts[place : place + EVENTS_PER_SAVE])

    def campaigns(self, names: Sequence[str], *, outcome: str = "successful") -> list[UUID]:
        """One approved campaign for each lane, each of a company of its own, that will end so."""
        made, events = [], []
        terms = msgspec.structs.replace(TERMS, funding_goal=GOALS[outcome])
        for name in names:
            campaign = uuid4()
            while lane_of(campaign, names) != name:
                campaign = uuid4()
            company, number = uuid4(), str(uuid4())
            registered = CompanyRegistered(
                legal_name=number, tax_number=number, sector="energy", registration_year=2020, wallet=WALLET, owner="i"
            )
            events += [
                (company, registered),
                (company, KybApproved(wallet=WALLET, documents_hash="11" * 32)),
                (
                    campaign,
                    CampaignDrafted(campaign_id=campaign, company_id=company, title="t", terms=terms, owner="i"),
                ),
                (campaign, CampaignApproved(company_id=company, wallet=WALLET, terms=terms, terms_hash="22" * 32)),
            ]
            made.append(campaign)
        self.record(events)
        return made

    def invest(self, campaigns: Sequence[UUID], count: int) -> list[Investment]:
        """So many paid investments over the campaigns, each of a wallet of its own."""
        made, events = [], []
        for number in range(count):
            one = Investment(campaigns[number % len(campaigns)], uuid4(), "0x" + secrets.token_hex(20))
            events += [(one.stream, event) for event in _invested(one)]
            made.append(one)
        self.record(events)
        return made

    def close_campaigns(self, campaigns: Sequence[UUID], investments: Sequence[Investment], outcome: str) -> None:
        raised = {c: AMOUNT * sum(one.campaign == c for one in investments) for c in campaigns}
        self.record([(c, CampaignClosed(outcome=outcome, raised=raised[c], reason="deadline")) for c in campaigns])

    def allot(self, investments: Sequence[Investment]) -> None:
        self.record(
            [(i.stream, SharesAllotted(campaign_id=i.campaign, wallet=i.wallet, shares=100)) for i in investments]
        )

    def refund(self, investments: Sequence[Investment]) -> None:
        self.record(
            [
                (
                    i.stream,
                    RefundOrdered(campaign_id=i.campaign, wallet=i.wallet, amount=AMOUNT, reason="failed", live=False),
                )
                for i in investments
            ]
        )

    # The writer.

    def follow(self, names: Sequence[str]) -> float:
        """Turn what is recorded into intents. Entries read a second."""
        follower = Follower(self.reader, self.store, self.generation, names)
        began, read = time.perf_counter(), 0
        while advanced := follower.step().advanced:
            read += advanced
        return read / (time.perf_counter() - began)

    def lane(self, name: str, *, key: str, node: Chain | None = None) -> Lane:
        return Lane(
            name,
            store=self.new_store(),
            node=node or self.new_node(),
            signer=KeySigner(key),
            generation=self.generation,
            clock=lambda: datetime.now(UTC),
            owner="bench",
            gas_price_wei=0,
            gas_price_wei_max=0,
            finality_depth=FINALITY_DEPTH,
        )

    def queued(self) -> int:
        return self._count("SELECT count(*) FROM writer.intents WHERE state = 'queued'")

    def unsettled(self) -> int:
        """What is queued or bound, but for lanes that were left behind."""
        return self._count("SELECT count(*) FROM writer.intents WHERE state IN ('queued', 'bound') AND lane !~ '^left'")

    def unmined(self) -> int:
        """What is queued, and the nonces that are not mined."""
        return self.queued() + self._live()

    def _live(self) -> int:
        return self._count(
            "SELECT count(*) FROM writer.slots JOIN writer.lanes USING (lane) WHERE state = 'live' AND name !~ '^left'"
        )

    def rejected(self) -> int:
        return self._count("SELECT count(*) FROM writer.intents WHERE state = 'rejected' OR releases > 0")

    def _count(self, query: str) -> int:
        row = self._counter.execute(query.encode()).fetchone()
        assert row is not None
        return int(row[0])

    def settle(self, lanes: Sequence[Lane]) -> None:
        """Drive the lanes until everything is final. A chain that makes blocks for transactions alone is pushed on."""

        def is_settled() -> bool:
            if self._at_once and not self._live():
                self.rpc.call("evm_mine")
            return not self.unsettled()

        self.drive(lanes, is_settled)

    # The chain.

    def blocks_of(self, gas: int, *, seconds: int) -> None:
        """From now on blocks of so much gas, one every so many seconds; 0: one as soon as there is a transaction."""
        self._at_once = seconds == 0
        self.rpc.call("evm_setIntervalMining", seconds)
        self.rpc.call("evm_setAutomine", seconds == 0)
        self.rpc.call("evm_setBlockGasLimit", hex(gas))
        self.rpc.call("evm_mine")

    def gas_used(self, run: Run) -> float:
        """The share of the gas that the blocks between used, without those at both ends, which are never full."""
        blocks: list[dict[str, Any]] = [
            self.rpc.call("eth_getBlockByNumber", hex(number), False) for number in range(run.first, run.last + 1)
        ]
        ours = [block for block in blocks if block["transactions"]]
        full = blocks[blocks.index(ours[0]) + 1 : blocks.index(ours[-1])]
        assert full, "too few blocks to tell how full they are: queue more"
        return sum(int(b["gasUsed"], 16) for b in full) / sum(int(b["gasLimit"], 16) for b in full)

    def drive(self, lanes: Sequence[Lane], until: Callable[[], bool]) -> Run:
        """Step the lanes, each in a thread of its own, until a thing is so."""
        done = threading.Event()
        failed: list[BaseException] = []

        def run(lane: Lane) -> None:
            try:
                while not done.is_set():
                    if not lane.step().advanced:
                        done.wait(IDLE_S)
                lane.rest()
            except BaseException as error:  # noqa: BLE001  # raised below, in the thread that waits
                failed.append(error)
                done.set()

        first = self.rpc.number("eth_blockNumber")
        began = time.perf_counter()
        threads = [threading.Thread(target=run, args=(lane,)) for lane in lanes]
        for thread in threads:
            thread.start()
        while not done.wait(IDLE_S) and not until():
            pass
        seconds = time.perf_counter() - began
        done.set()
        for thread in threads:
            thread.join()
        if failed:
            raise failed[0]
        return Run(seconds, first, self.rpc.number("eth_blockNumber"))


def _invested(one: Investment) -> list[Event]:
    campaign, shares = one.campaign, AMOUNT // 100
    return [
        InvestmentCommitted(
            investment_id=one.stream,
            campaign_id=campaign,
            investor_id=one.stream,
            wallet=one.wallet,
            amount=AMOUNT,
            shares=shares,
            acknowledgements=(),
        ),
        InvestmentFunded(
            campaign_id=campaign,
            wallet=one.wallet,
            provider="bank",
            reference=str(one.stream),
            amount=AMOUNT,
            shares=shares,
        ),
    ]
