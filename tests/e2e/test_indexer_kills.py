"""Indexers' processes killed by SIGKILL in the middle of a backfill, at every crash point and at any moment, twenty
times: what they leave is, byte for byte, what an undisturbed one leaves.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import psycopg
import pytest

from chain_indexer.ranges import RANGES_AHEAD_MAX
from ops.crashing import arm
from ops.supervisor import Role
from tests.support.chain import ChainAtHand
from tests.support.wait import until
from tests.unit.chain_indexer.hostile import Calls, Hostile
from tests.unit.chain_indexer.parts import World, caught_up

pytestmark = pytest.mark.slow

FINALITY_DEPTH = 2
QUIET_BLOCKS = 200  # between two stories: three of an indexer's first ranges, so that no kill meets the end
STORIES = 15
CAMPAIGNS = ("a", "b", "c")
AT_ONCE = "any moment"
KILLS = [
    "chain-begun",
    *["commands-submitted", "range-kept", AT_ONCE, "commands-answered", AT_ONCE] * 3,
    "range-kept",
    AT_ONCE,
    "chain-remembered",
    "chain-unwound",
]
# What only says when, and what counts anew in each database, is left out.
TABLES = {
    "logs": "SELECT * FROM indexer.logs ORDER BY block_number, tx_index, log_index",
    "foreign": "SELECT block_number, tx_index, log_index, reason, detail, leaf, entry_position"
    " FROM indexer.foreign_logs ORDER BY 1, 2, 3",
    "children": "SELECT * FROM indexer.children ORDER BY address",
    "checkpoint": "SELECT generation, block_number, block_hash, logs, confirmed, foreign_logs, children"
    " FROM indexer.checkpoint",
}
EVENTS = "SELECT notification_id, originator_id, originator_version, topic, state FROM journal.entries ORDER BY 1"


class Site:
    """A database, and the indexer's process on it."""

    def __init__(self, home: Path, database: str, chain: ChainAtHand, node: Hostile) -> None:
        home.mkdir()
        self.node = node
        chain.generation.save(home / "generation.json")
        self.crash = home / "crash"
        self._owner = psycopg.connect(database, autocommit=True)
        self.role = Role(
            "indexer",
            home,
            {
                "DATABASE_URL": database,
                "POLYGON_EDGE_RPC_URL": node.url,
                "TANDEM_HOME": str(home),
                "TANDEM_LOCAL": "1",
                "TANDEM_POLL_MS": "50",
                "TANDEM_RULE_PACKS": "default,local",
                "TANDEM_FINALITY_DEPTH": str(FINALITY_DEPTH),
                "TANDEM_CRASH_FILE": str(self.crash),
            },
        )

    def close(self) -> None:
        self.role.kill()
        self._owner.close()

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        return self._owner.execute(query.encode()).fetchall()

    def block(self) -> int:
        return next((int(number) for (number,) in self.rows("SELECT block_number FROM indexer.checkpoint")), 0)

    def is_through(self, head: int) -> bool:
        return self.block() == head - FINALITY_DEPTH

    def left(self) -> dict[str, Any]:
        """All that the indexer left, in its tables and in the journal."""
        events = [(*row[:4], _without_moment(row[4])) for row in self.rows(EVENTS)]
        return {name: self.rows(query) for name, query in TABLES.items()} | {"events": events}

    def killed(self, point: str, chain: ChainAtHand) -> None:
        if point == AT_ONCE:
            self._kill_while_it_asks()
            return
        arm(self.crash, point)
        self.role.start()
        if point in ("chain-unwound", "chain-remembered"):
            _lose_blocks(self, chain)
        until(lambda: self.role.pid is None, f"the indexer killed at {point}")
        assert not self.crash.exists(), f"not {point} ended the indexer:\n{self.role.log.read_text()[-3000:]}"

    def _kill_while_it_asks(self) -> None:
        """While the first range is fed or kept, and the next ones are being read."""
        asked = len(self.node.asked("eth_getLogs"))

        def reply(_: Calls) -> None:
            if len(self.node.asked("eth_getLogs")) >= asked + RANGES_AHEAD_MAX:
                self.role.kill()

        self.node.reply = reply
        self.role.start()
        until(lambda: self.role.pid is None, "the indexer killed while it asked")
        self.node.reply = lambda _: None


def _without_moment(state: bytes) -> Any:
    """An event as it is stored, without when it was recorded."""
    stored = msgspec.json.decode(state)
    return {name: value for name, value in stored.items() if name != "at"}


def _lose_blocks(site: Site, chain: ChainAtHand) -> None:
    """Blocks that are not final are seen, and then others stand in their place."""
    until(lambda: site.is_through(chain.rpc.number("eth_blockNumber")), "everything final fed")
    snapshot = chain.rpc.call("evm_snapshot")
    chain.mine(FINALITY_DEPTH)
    head = chain.rpc.number("eth_blockNumber")
    until(lambda: site.is_through(head) or site.role.pid is None, "the newest blocks seen")
    chain.rpc.call("evm_revert", snapshot)
    chain.rpc.call("evm_increaseTime", 60)
    chain.mine(FINALITY_DEPTH)


@pytest.fixture
def journal_and_chain(database: str, chain: ChainAtHand) -> tuple[str, ChainAtHand]:
    """Obligations in a journal, and their writes on a chain, far from each other."""
    world = World(database, chain)
    indexer = world.indexer()
    for campaign in CAMPAIGNS:
        world.post_registration(world.kyb_approved(campaign))
        caught_up(indexer)
        world.post_campaign(world.campaign_approved(campaign, company=campaign))
        caught_up(indexer)
    for number in range(STORIES):
        campaign = CAMPAIGNS[number % len(CAMPAIGNS)]
        names = [f"investment {number} {n}" for n in range(2)]
        invested = [world.investment_funded(name, campaign=campaign, amount=100_000) for name in names]
        world.post_investments(invested[0])
        world.post_investments(*invested)  # the first of them for the second time
        chain.rpc.call("anvil_mine", hex(QUIET_BLOCKS))
    world.close()
    with psycopg.connect(database) as owner:  # what is confirmed will be found so
        owner.execute(
            "TRUNCATE indexer.checkpoint, indexer.headers, indexer.logs, indexer.foreign_logs, indexer.children"
        )
    return database, chain


def test_twenty_kills_leave_what_an_undisturbed_indexer_leaves(
    journal_and_chain: tuple[str, ChainAtHand], tmp_path: Path
) -> None:
    database, chain = journal_and_chain
    assert len(KILLS) == 20
    other = f"{database}_undisturbed"
    server, _, name = database.rpartition("/")
    with psycopg.connect(f"{server}/postgres", autocommit=True) as owner:
        owner.execute(f"CREATE DATABASE {name}_undisturbed TEMPLATE {name}".encode())
    sites: list[Site] = []
    node = Hostile(chain.url)
    try:
        sites.append(killed := Site(tmp_path / "killed", database, chain, node))
        for point in KILLS:
            killed.killed(point, chain)
        head = chain.rpc.number("eth_blockNumber")
        sites.append(undisturbed := Site(tmp_path / "undisturbed", other, chain, node))
        for site in sites:
            site.role.start()
            until(lambda site=site: site.is_through(head), "everything final fed")
        left = killed.left()
        assert left == undisturbed.left()
        confirmed = [event for event in left["events"] if event[3] == "investment.recording_confirmed"]
        assert len(confirmed) == 2 * STORIES
    finally:
        for site in sites:
            site.close()
        node.close()
        with psycopg.connect(f"{server}/postgres", autocommit=True) as owner:
            owner.execute(f"DROP DATABASE {name}_undisturbed WITH (FORCE)".encode())
