"""What the journal says, as a client learns it: one reader of GET /v1/events that everybody in the run waits on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime
from uuid import UUID

import msgspec

from domain.values import ChainFact
from ops.demo.board import Board
from ops.demo.client import Client
from ops.demo.errors import Stalled, Surprised

PAGE = 200
POLL_S = 0.15
STALL_S_MAX = 180.0  # without any new entry while something is awaited

# The topics that oblige a write to the chain, those that confirm it, and the stage of the circle both belong to.
OBLIGES = {
    "company.kyb_approved": "registered",
    "campaign.approved": "deployed",
    "investment.funded": "recorded",
    "campaign.closed": "closed",
    "investment.allotted": "certified",
    "investment.refund_ordered": "refunded",
    "campaign.release_approved": "released",
}
CONFIRMS = {
    "company.registration_confirmed": "registered",
    "campaign.deployment_confirmed": "deployed",
    "investment.recording_confirmed": "recorded",
    "campaign.closing_confirmed": "closed",
    "investment.certificate_confirmed": "certified",
    "investment.refund_confirmed": "refunded",
    "campaign.release_confirmed": "released",
}


class Data(msgspec.Struct):
    """The parts of an entry's data that the run reads."""

    on_chain: ChainFact | None = None
    address: str | None = None
    outcome: str | None = None
    code: str | None = None
    reason: str | None = None


class Item(msgspec.Struct):
    """An entry as the API gives it."""

    position: int
    stream: UUID
    topic: str
    at: datetime
    data: Data


class Posting(msgspec.Struct, kw_only=True):
    """One obliging entry and, once it is there, its confirmation."""

    position: int
    at: datetime
    fact: ChainFact | None = None
    confirmation_position: int | None = None
    confirmed_at: datetime | None = None


class Feed:
    """Follows the journal of one run from the position at which the run began."""

    def __init__(
        self, client: Client, board: Board, *, streams: set[UUID], after: int, clock: Callable[[], float]
    ) -> None:
        self.position = after
        self.postings: dict[tuple[UUID, str], Posting] = {}
        self.seen: dict[tuple[UUID, str], Item] = {}
        self._client = client
        self._board = board
        self._streams = streams
        self._changed = asyncio.Condition()
        self._now_s = clock
        self._moved_s = 0.0

    async def follow(self) -> None:
        """Read for ever; ended by cancelling."""
        self._moved_s = self._now_s()
        while True:
            if await self._read() < PAGE:
                await asyncio.sleep(POLL_S)

    async def catch_up(self) -> None:
        """Read on to the end of the journal."""
        while await self._read():
            pass

    async def _read(self) -> int:
        """Take in one page. Returns how many entries it had."""
        page = await self._client.read("auditor", "/v1/events", after=self.position, limit=PAGE)
        items = msgspec.convert(page["items"], list[Item], strict=False)
        if items:
            self._moved_s = self._now_s()
        async with self._changed:
            for item in items:
                self.position = item.position
                if item.stream in self._streams:
                    self._take(item)
            self._changed.notify_all()
        return len(items)

    async def until(self, reached: Callable[[], bool], *, awaited: str) -> None:
        """Wait until the journal says so. Raises Stalled when nothing at all happens for too long."""
        async with self._changed:
            while not reached():
                await self._changed.wait()
                if self._now_s() - self._moved_s > STALL_S_MAX:
                    raise Stalled(f"waiting for {awaited}: the journal has not grown for {STALL_S_MAX:.0f} s")

    def has(self, stream: UUID, topic: str) -> bool:
        return (stream, topic) in self.seen

    def posting(self, stream: UUID, stage: str) -> Posting | None:
        """What became of the write that a stage obliges of this stream."""
        return self.postings.get((stream, stage))

    def _take(self, item: Item) -> None:
        self.seen[item.stream, item.topic] = item
        if item.topic in OBLIGES:
            stage = OBLIGES[item.topic]
            self.postings[item.stream, stage] = Posting(position=item.position, at=item.at)
            self._board.begin(stage)
        elif item.topic in CONFIRMS:
            stage = CONFIRMS[item.topic]
            posting = self.postings[item.stream, stage]
            posting.fact = item.data.on_chain
            posting.confirmation_position, posting.confirmed_at = item.position, item.at
            self._board.finish(stage)
        elif item.topic.endswith(".posting_rejected"):
            raise Surprised(f"the chain refused a posting of {item.stream}: {item.data.code} ({item.data.reason})")
