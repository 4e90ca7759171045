"""The chain ledger, posted again: a new generation on another chain, from the journal alone, beside the living one.

1. What cannot be posted again is refused: campaigns in the chain's own coin, whose escrow holds what depositors put in.
2. The contracts are deployed, or found as an interrupted rebuild left them.
3. Every obligation of the journal is posted in order, by lanes of its own: their names have an @, so that no worker of
   the house drives them and the domain hears of nothing that they are refused.
4. Both generations are read and compared, with the journal and with each other.

All that is remembered lies in the writer's tables and in a folder of the home: killed anywhere, it is begun again.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack, closing
from typing import Self

import httpx
import msgspec

from abis import Generation
from chain_writer.follower import Follower
from chain_writer.lane import Lane
from chain_writer.node import Node
from chain_writer.store import WriterStore
from domain.campaign import CampaignApproved, CampaignPostingAbandoned
from domain.company import CompanyPostingAbandoned
from domain.investment import InvestmentPostingAbandoned
from domain.journal import JournalReader
from domain.ledger import generation_id
from domain.postings import PostingAbandoned
from domain.topics import codec
from domain.values import WEI
from ops.errors import OperatorError
from ops.foundation import Foundation
from ops.generations import Promotions, check_living
from ops.reconcile.generations import Compared, compare
from ops.rpc import Rpc
from ops.settings import Settings
from ops.signers import Signers
from ops.wiring import lane_on

SCANNED = (CampaignApproved, CompanyPostingAbandoned, CampaignPostingAbandoned, InvestmentPostingAbandoned)
ENTRIES_PER_READ = 5_000
IDLE_S = 0.1
AWAY_S = 1.0
REFUSED_SHOWN_MAX = 100
NAMED_MAX = 5

log = logging.getLogger(__name__)


class RebuildRefused(OperatorError):
    """The chain ledger cannot be posted there. The text says why, and what to do."""


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """How far the posting is. `journal` entries of `head` have been read; `landed` of `obliged` effects are final."""

    journal: int
    head: int
    obliged: int
    landed: int
    refused: int
    seconds: float

    @property
    def is_done(self) -> bool:
        return self.journal >= self.head and self.landed + self.refused == self.obliged

    @property
    def per_s(self) -> float:
        return self.landed / self.seconds if self.seconds else 0.0


class Refused(msgspec.Struct, frozen=True):
    """An effect that the new generation will not have."""

    position: int
    kind: str
    code: str
    reason: str


class Rebuilt(msgspec.Struct, frozen=True, kw_only=True):
    """The answer. `file` is the new generation's, `seconds` and `per_s` are of this run's posting."""

    ok: bool
    file: str
    chain_id: int
    entries: int
    landed: int
    seconds: float
    per_s: float
    refused: list[Refused]
    compared: Compared


class ChainRebuild:
    """One rebuild, from the settings of the living house onto the node at an address."""

    def __init__(self, living: Settings, url: str) -> None:
        self._living = living
        with closing(Rpc(url)) as rpc:
            chain_id, genesis = rpc.number("eth_chainId"), rpc.call("eth_getBlockByNumber", "0x0", False)["hash"]
        generation = living.generation()
        if (chain_id, genesis) == (generation.chain_id, generation.genesis_hash):
            raise RebuildRefused(
                f"{url} speaks for the chain of the living generation (chain {chain_id}, genesis {genesis}):"
                " name a node of the chain that the ledger is to be posted to"
            )
        self.folder = living.home / "generations" / f"{chain_id}-{genesis[2:10]}"
        self.settings = living.model_copy(
            update={
                "home": self.folder,
                "rpc_url": url,
                "generation_file": self.folder / "generation.json",
                "deployer_key": None,
            }
        )

    def run(self, watching: Callable[[Standing], None]) -> Rebuilt:
        """All of it. Raises RebuildRefused, GenerationEnded, OperatorNeeded, or what a service raises that went."""
        check_living(self._living, "writer")
        abandoned = self._scan()
        generation = self._deploy()
        standing = self._post(generation, abandoned, watching)
        compared = compare(self._living, self.settings)
        refused = self._refused(generation)
        return Rebuilt(
            ok=not compared.differences and not refused,
            file=str(self.folder / "generation.json"),
            chain_id=generation.chain_id,
            entries=standing.journal,
            landed=standing.landed,
            seconds=round(standing.seconds, 3),
            per_s=round(standing.per_s, 1),
            refused=refused,
            compared=compared,
        )

    def check_movable(self) -> None:
        """Raise RebuildRefused if there is what can be posted to no other chain."""
        self._scan()

    # What there is to post.

    def _scan(self) -> set[int]:
        """The entries whose effects were abandoned, which are not posted again. Raises RebuildRefused for coin."""
        coin: list[str] = []
        abandoned: set[int] = set()
        position, topics = 0, [event.TOPIC for event in SCANNED]
        with closing(JournalReader(self._living.dsn("writer"), codec=codec())) as reader:
            while entries := reader.read(after=position, limit=ENTRIES_PER_READ, topics=topics):
                position = entries[-1].position
                for entry in entries:
                    match entry.event:
                        case CampaignApproved(terms=terms) if terms.currency == WEI:
                            coin.append(str(entry.stream))
                        case PostingAbandoned(entry_position=place):
                            abandoned.add(place)
        if coin:
            named = ", ".join(coin[:NAMED_MAX]) + (
                f" and {len(coin) - NAMED_MAX} more" if len(coin) > NAMED_MAX else ""
            )
            raise RebuildRefused(
                f"{len(coin)} campaigns are paid in the chain's own coin ({named}): what their escrow holds or has paid"
                " belongs to that chain, and nobody but its depositors and payees can move it. They stay on the living"
                " generation; a ledger with them cannot be posted to another chain"
            )
        return abandoned

    def _deploy(self) -> Generation:
        """Deploy or check. The lanes' signers are this folder's own on a local stack, else those of the settings."""
        self.folder.mkdir(parents=True, exist_ok=True)
        return Foundation(self.settings).deploy()

    # Posting.

    def _post(self, generation: Generation, abandoned: set[int], watching: Callable[[Standing], None]) -> Standing:
        """Post until nothing is left, or a lane needs an operator."""
        name = generation_id(generation)
        lanes = {f"{lane}@{name.hex[:8]}": lane for lane in self.settings.lane_names}
        with ExitStack() as opened:
            reader = opened.enter_context(closing(JournalReader(self.settings.dsn("writer"), codec=codec())))
            store = opened.enter_context(closing(WriterStore(self.settings.dsn("writer"))))
            follower = Follower(reader, store, generation, list(lanes), rebuilt=True, omitted=abandoned)
            drivers = opened.enter_context(Drivers(self.settings, lanes))
            promotions = Promotions(reader, self._living)
            began, landed_before = time.monotonic(), store.tally(name).get("landed", 0)
            while True:
                promotions.step()
                progress, tally = follower.step(), store.tally(name)
                standing = Standing(
                    journal=progress.position,
                    head=progress.position + progress.lag,
                    obliged=sum(tally.values()),
                    landed=tally.get("landed", 0),
                    refused=tally.get("rejected", 0),
                    seconds=time.monotonic() - began,
                )
                watching(standing)
                if standing.is_done:
                    return msgspec.structs.replace(standing, landed=standing.landed - landed_before)
                drivers.rest(0 if progress.advanced else IDLE_S)

    def _refused(self, generation: Generation) -> list[Refused]:
        with closing(WriterStore(self.settings.dsn("writer"))) as store:
            rows = store.refused(generation_id(generation), limit=REFUSED_SHOWN_MAX)
        return [Refused(*row) for row in rows]


class Drivers:
    """One thread a lane, each with a connection and a node of its own. Use as a context manager."""

    def __init__(self, settings: Settings, lanes: Mapping[str, str]) -> None:
        """`lanes` are names with the name of the signer of each."""
        self._settings = settings
        self._signers = Signers(settings)
        self._done = threading.Event()
        self._failures: list[BaseException] = []
        self._threads = [threading.Thread(target=self._drive, args=lane, name=lane[0]) for lane in lanes.items()]

    def __enter__(self) -> Self:
        self._signers.unlock()
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        for thread in self._threads:
            thread.join()

    def rest(self, seconds: float) -> None:
        """Wait a moment. Raises what ended a lane, an OperatorNeeded most often."""
        if seconds:
            self._done.wait(seconds)
        if self._failures:
            raise self._failures[0]

    def _drive(self, name: str, signer: str) -> None:
        """Step one lane until all is done. A node that goes away comes back; anything else ends the rebuild."""
        with ExitStack() as opened:
            try:
                lane = self._lane(name, signer, opened)
                while not self._done.is_set():
                    self._step(lane)
                lane.rest()
            except BaseException as failure:  # noqa: BLE001  # raised in the thread that waits
                self._failures.append(failure)
                self._done.set()

    def _lane(self, name: str, signer: str, opened: ExitStack) -> Lane:
        settings = self._settings
        return lane_on(
            settings,
            name,
            store=opened.enter_context(closing(WriterStore(settings.dsn("writer")))),
            node=opened.enter_context(closing(Node(settings.rpc_url))),
            signer=self._signers.of(signer),
            owner="rebuild:",
        )

    def _step(self, lane: Lane) -> None:
        try:
            if not lane.step().advanced:
                self._done.wait(IDLE_S)
        except httpx.HTTPError as away:
            log.warning("lane %s waits: %s", lane.name, away)
            self._done.wait(AWAY_S)
