"""One performance of the circle on a house that stands: client, feed, chaos and display put together."""

from __future__ import annotations

import asyncio
import random
import time
from collections import deque
from collections.abc import Iterable

import httpx

from abis import campaign_address
from ops.demo import report
from ops.demo.board import Board
from ops.demo.chaos import Chaos, Kill, strikes
from ops.demo.circle import Circle
from ops.demo.client import Client
from ops.demo.display import Display, Pulse
from ops.demo.feed import Feed, Posting
from ops.demo.plan import Plan
from ops.demo.report import Offered, Report
from ops.reconcile import reconcile
from ops.rpc import Rpc, RpcRefused
from ops.supervisor import House

PULSE_S = 0.5
WINDOW_PULSES = 6  # over which entries a second are counted
NODE_S_MAX = 2.0


class Performance:
    """Plays one plan, once."""

    def __init__(self, house: House, plan: Plan, display: Display, *, chaos: bool, seed: int) -> None:
        self._house = house
        self._plan = plan
        self._display = display
        self._with_chaos = chaos
        self._seed = seed
        self._began_s = time.monotonic()
        self._board = Board(plan, clock=self._now_s)
        self._pulse = Pulse()

    async def perform(self) -> Report:
        """The circle, then the comparison. Raises what is in ops.demo.errors."""
        chance = random.Random(self._seed)  # noqa: S311  # it spreads retries and strikes, it guards nothing
        keys = self._house.keys
        async with Client(self._house.api_url, keys=keys, run_id=self._plan.run_id, chance=chance) as client:
            await client.read("auditor", "/v1/companies", limit=1)
            began = client.book_position
            feed = Feed(client, self._board, streams=self._plan.streams, after=began, clock=self._now_s)
            circle = Circle(client, feed, self._board, self._plan, generation=self._house.generation)
            self._board.observe(lambda *_: self._pulse.see(feed.position))
            self._display.playing(self._board, self._pulse, told=self._told())
            kills = await self._play(client, feed, circle, chance)
            circle_s = self._now_s()
            await feed.catch_up()
            campaigns = await self._campaigns(client, feed)
            self._display.reconciling()
            comparing_at_s = self._now_s()
            reconciliation = await asyncio.to_thread(reconcile, self._house.settings)
            comparing_s = self._now_s() - comparing_at_s
            times = await asyncio.to_thread(self._block_times, feed.postings.values())
            return Report(
                ok=reconciliation.ok and not reconciliation.pending,
                run_id=self._plan.run_id,
                seed=self._seed,
                investors=len(self._plan.investors),
                started_s={part: round(took_s, 3) for part, took_s in self._house.timings.items()},
                circle_s=round(circle_s, 3),
                comparing_s=round(comparing_s, 3),
                entries=feed.position - began,
                commands=report.commands(client.tally),
                campaigns=campaigns,
                investments=report.invested(self._plan, feed),
                stages=report.stages(self._board),
                where_the_time_goes=report.where_the_time_goes(circle.answers, feed.postings.values(), times),
                kills=kills,
                reconciliation=reconciliation,
            )

    async def _play(self, client: Client, feed: Feed, circle: Circle, chance: random.Random) -> list[Kill]:
        havoc = Chaos(
            self._house,
            strikes(self._house.names, self._board.stages, chance=chance) if self._with_chaos else (),
            clock=self._now_s,
            position=lambda: feed.position,
            on_kill=self._display.killed,
        )
        self._board.observe(havoc.observe)
        async with asyncio.TaskGroup() as group:
            beside = [group.create_task(feed.follow()), group.create_task(self._feel_pulse(client, feed))]
            await circle.play()
            await havoc.settle()
            for task in beside:
                task.cancel()
        return havoc.kills

    async def _campaigns(self, client: Client, feed: Feed) -> list[Offered]:
        """The campaigns as the book shows them once it has everything that the journal has."""
        rows = []
        for offering in self._plan.offerings:
            path = f"/v1/campaigns/{offering.campaign_id}"
            campaign = await client.read("auditor", path, min_position=feed.position)
            escrow = await client.read("auditor", f"{path}/escrow", min_position=feed.position)
            rows.append(report.offered(offering, feed, campaign=campaign, escrow=escrow))
        return rows

    def _told(self) -> list[str]:
        """What is known before anything has happened: where each campaign's contract will stand."""
        return [
            f"{offering.name} will stand at {campaign_address(self._house.generation, offering.campaign_id)}"
            for offering in self._plan.offerings
        ]

    async def _feel_pulse(self, client: Client, feed: Feed) -> None:
        """Keep the figures of the display fresh; ended by cancelling."""
        seen: deque[tuple[float, int]] = deque(maxlen=WINDOW_PULSES)
        rpc = Rpc(self._house.settings.rpc_url, timeout_s=NODE_S_MAX)
        try:
            while True:
                seen.append((self._now_s(), feed.position))
                (then_s, before), (now_s, after) = seen[0], seen[-1]
                self._pulse.entries_per_s = (after - before) / (now_s - then_s) if now_s > then_s else 0.0
                self._pulse.see(feed.position)
                self._pulse.book_position = client.book_position
                self._pulse.block = await asyncio.to_thread(_head, rpc)
                self._pulse.alive = {name: pid is not None for name, pid in self._house.pids.items()}
                await asyncio.sleep(PULSE_S)
        finally:
            rpc.close()

    def _block_times(self, postings: Iterable[Posting]) -> dict[int, float]:
        """When each block that holds a posting was made."""
        rpc = Rpc(self._house.settings.rpc_url)
        try:
            blocks = {posting.fact.block_number for posting in postings if posting.fact is not None}
            return {
                block: float(int(rpc.call("eth_getBlockByNumber", hex(block), False)["timestamp"], 16))
                for block in blocks
            }
        finally:
            rpc.close()

    def _now_s(self) -> float:
        return time.monotonic() - self._began_s


def _head(rpc: Rpc) -> int | None:
    try:
        return rpc.number("eth_blockNumber")
    except (httpx.HTTPError, RpcRefused):
        return None
