"""Grounds on which writers' processes are killed for real: each site has a journal, a lane and processes of its own.

All sites share one PostgreSQL, one Valkey and one chain behind a node that speaks as Polygon Edge does. The hand that
mines is ours, so that a block can be withheld or taken back while a site waits for it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, Self

import msgspec
import psycopg

from abis import Generation
from chain_writer.means import PROMISING_STEPS
from ops import contracts
from ops.crashing import arm
from ops.places import address_of, raw_key
from ops.rpc import Rpc
from ops.stack import Chain, Valkey
from ops.supervisor import Role
from tests.support.chain import BASE_URI, ChainAtHand
from tests.support.edge import EdgeProxy
from tests.support.wait import until
from tests.unit.chain_writer.house import ALREADY, LANE, REGISTERED, WALLET, House

MINE_EVERY_S = 0.3
FINALITY_DEPTH = 2
OVERDUE_BLOCKS = 14
LOG_LINES_TOLD = 30
NOBODY = "0x" + "00" * 20  # the register refuses this wallet for good

UNSETTLED = """
SELECT (SELECT count(*) FROM writer.intents WHERE state IN ('queued', 'bound')
                                               OR (state = 'rejected' AND reported_position IS NULL))
     + (SELECT count(*) FROM writer.slots WHERE state <> 'final')
     + (SELECT size FROM journal.head) - coalesce((SELECT max(position) FROM writer.followers), 0)
     + (SELECT count(*) FROM writer.lanes WHERE next_nonce < burn_through)
"""
# Every company is approved once, so that a second word on one of them is one too many.
REJECTED = "SELECT count(*) FROM writer.intents WHERE state = 'rejected'"
REPORTED = """
SELECT count(DISTINCT originator_id), count(*) - count(DISTINCT originator_id) FROM journal.entries
WHERE topic = 'company.posting_rejected'
"""

LANE_STATE = "SELECT to_jsonb(l) || jsonb_build_object('now', clock_timestamp()) FROM writer.lanes l"
SLOTS_STATE = """
SELECT to_jsonb(s), (SELECT jsonb_agg(to_jsonb(m) - 'raw') FROM writer.submissions m
                     WHERE (m.lane, m.nonce) = (s.lane, s.nonce))
FROM writer.slots s WHERE state <> 'final' ORDER BY nonce LIMIT 8
"""


class Kill(msgspec.Struct, frozen=True, kw_only=True):
    """One process killed at one point, and when another one held its work, and when all of it was done."""

    point: str
    recovered_s: float
    settled_s: float


class Tally(msgspec.Struct, frozen=True, kw_only=True):
    """What a site's journal obliged, against what the chain has of it. All but `effects` must be 0."""

    effects: int
    lost: int
    double: int
    gaps: int


class Grounds:
    """The shared parts, and a hand that mines. Use as a context manager."""

    def __init__(self, folder: Path, *, tools: Path, sites: int) -> None:
        self._folder = folder
        self._tools = tools
        self._homes = [folder / f"site-{number}" for number in range(sites)]
        self._open = ExitStack()
        self._hand = threading.Lock()
        self._stop = threading.Event()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            valkey = Valkey(self._home("valkey"), password="of-these-grounds")
            chain = Chain(self._home("chain"), tools=self._tools, block_time_s=0)
            for part in (valkey, chain):
                part.start()
                stack.callback(part.stop)
            self.rpc = stack.enter_context(closing(Rpc(chain.url)))
            self.redis_url = valkey.url
            self.generation = self._deploy()
            self.node_url = stack.enter_context(EdgeProxy(chain.url)).url
            self.chain_url = chain.url
            miner = threading.Thread(target=self._mine, name="miner", daemon=True)
            miner.start()
            stack.callback(miner.join)
            stack.callback(self._stop.set)
            self._open = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def _home(self, part: str) -> Path:
        home = self._folder / part
        home.mkdir(exist_ok=True)
        return home

    def _deploy(self) -> Generation:
        """The contracts, with a role for the signer of each site, who can pay."""
        for home in self._homes:
            home.mkdir()
        signers = [address_of(home, LANE) for home in self._homes]
        generation = contracts.deploy(
            self.rpc,
            deployer_key=raw_key(self._home("chain"), "deployer"),
            signers=signers,
            base_uri=BASE_URI,
            plan=self._folder / "plan.json",
            gas_price_wei=0,
            wait=lambda: None,
        )
        for home, signer in zip(self._homes, signers, strict=True):
            generation.save(home / "generation.json")
            self.rpc.call("anvil_setBalance", signer, hex(10**18))
        self.rpc.call("evm_setAutomine", False)
        return generation

    def _mine(self) -> None:
        while not self._stop.wait(MINE_EVERY_S):
            with self._hand:
                self.rpc.call("evm_mine")

    @contextmanager
    def hand(self) -> Iterator[Rpc]:
        """Nobody else mines meanwhile."""
        with self._hand:
            yield self.rpc

    def chain_of(self, number: int) -> ChainAtHand:
        home = self._homes[number]
        return ChainAtHand(
            url=self.chain_url,
            rpc=self.rpc,
            generation=self.generation,
            signer_key=raw_key(home, LANE),
            deployer_key=raw_key(self._home("chain"), "deployer"),
        )

    def environment(self, number: int, database: str) -> dict[str, str]:
        home = self._homes[number]
        return {
            "DATABASE_URL": database,
            "REDIS_URL": f"{self.redis_url.rpartition('/')[0]}/{number}",
            "POLYGON_EDGE_RPC_URL": self.node_url,
            "TANDEM_HOME": str(home),
            "TANDEM_LOCAL": "1",
            "TANDEM_POLL_MS": "100",
            "TANDEM_FINALITY_DEPTH": str(FINALITY_DEPTH),
            "TANDEM_GAS_PRICE_WEI": "1",
            "TANDEM_GAS_PRICE_WEI_MAX": "1000",
            "TANDEM_CRASH_FILE": str(home / "crash"),
        }


class Site:
    """A journal of its own, whose companies a lane of its own registers. Used and closed by one thread."""

    def __init__(self, grounds: Grounds, number: int, database: str) -> None:
        self._grounds = grounds
        self._number = number
        home = Path(grounds.environment(number, database)["TANDEM_HOME"])
        self._crash = home / "crash"
        self.house = House(database, grounds.chain_of(number))
        self._roles = {role: Role(role, home, grounds.environment(number, database)) for role in ("writer", "worker")}
        self._recorded = 0
        self._owner = psycopg.connect(database, autocommit=True)

    def __enter__(self) -> Self:
        for role in self._roles.values():
            role.start()
        self.register()
        until(self.is_settled, "the first company registered")
        return self

    def __exit__(self, *_: object) -> None:
        for role in self._roles.values():
            role.kill()
        self._owner.close()
        self.house.__exit__(None, None, None)

    # What is to be done, and whether it is.

    def register(self, *, wallet: str = WALLET) -> None:
        """A company's approval, which obliges one call."""
        self._recorded += 1
        self.house.company(f"site-{self._number}/{self._recorded}", wallet=wallet)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        return self._owner.execute(query).fetchall()  # type: ignore[arg-type]

    def asked(self, query: str) -> int:
        ((answer,),) = self.rows(query)
        return int(answer or 0)

    def is_settled(self) -> bool:
        return self.asked(UNSETTLED) == 0

    # Killing.

    def kill(self, point: str) -> Kill:
        """Let a process end itself at a point, start another one in its place, and see everything through."""
        step = point.rpartition(" ")[2]
        role = self._roles["writer" if step in PROMISING_STEPS else "worker"]
        arm(self._crash, point)
        with self._telling(role):
            PROVOKED_BY.get(step, _plainly)(self)
            until(lambda: role.pid is None, f"the {role.name} of site {self._number} killed at {point!r}")
        assert not self._crash.exists(), f"not {point!r} ended the {role.name} of site {self._number}:\n{_end_of(role)}"
        epoch = self._epoch()
        began_s = time.monotonic()
        role.start()
        with self._telling(role):
            until(self._is_held(role.name, epoch), f"site {self._number} at work again after {point!r}")
            recovered_s = time.monotonic() - began_s
            until(self.is_settled, f"everything settled on site {self._number} after {point!r}")
        return Kill(point=point, recovered_s=recovered_s, settled_s=time.monotonic() - began_s)

    @contextmanager
    def _telling(self, role: Role) -> Iterator[None]:
        """What the process said last, and where its lane stands, when something never comes."""
        try:
            yield
        except AssertionError as never:
            never.add_note(_end_of(role))
            never.add_note("\n".join(map(str, [*self.rows(LANE_STATE), *self.rows(SLOTS_STATE)])))
            raise

    def _epoch(self) -> int:
        return self.asked("SELECT max(epoch) FROM writer.lanes")

    def _is_held(self, role: str, epoch: int) -> Callable[[], bool]:
        """Whether the work of the killed process is in another one's hands: a lane's lease, or all that was waiting."""
        if role == "worker":
            return lambda: self._epoch() > epoch
        return lambda: (
            self.asked("SELECT count(*) FROM writer.intents WHERE state = 'rejected' AND reported_position IS NULL")
            == 0
            and self.asked("SELECT size - (SELECT max(position) FROM writer.followers) FROM journal.head") <= 0
        )

    @property
    def worker(self) -> Role:
        return self._roles["worker"]

    @contextmanager
    def hand(self) -> Iterator[Rpc]:
        with self._grounds.hand() as rpc:
            yield rpc

    # The end.

    def tally(self) -> Tally:
        """Every effect counted on the chain by its natural key, and every nonce of the lane."""
        house = self.house
        wanted = self.rows("SELECT '0x' || encode(natural_key, 'hex'), state FROM writer.intents")
        logged = [log["topics"][1] for log in house.logs("IssuerRegistry", REGISTERED)]
        again = [log["topics"][1] for log in house.logs("IssuerRegistry", ALREADY)]
        counts = {key: logged.count(key) for key, _ in wanted}
        landed = {key for key, state in wanted if state == "landed"}
        ((reported, repeated),) = self.rows(REPORTED)
        unmatched = self._recorded - len(wanted) + self.asked(REJECTED) - reported
        nonces = [nonce for (nonce,) in self.rows("SELECT nonce FROM writer.slots ORDER BY nonce")]
        mined = house.chain.rpc.number("eth_getTransactionCount", house.chain.signer, "latest")
        return Tally(
            effects=len(landed),
            lost=unmatched + len(wanted) - len(landed) - reported + sum(counts[key] == 0 for key in landed),
            double=repeated
            + sum(count > 1 for count in counts.values())
            + sum(key in counts for key in again)
            + sum(counts[key] for key, state in wanted if state == "rejected"),
            gaps=len(set(range(mined)) ^ set(nonces)),
        )


def _end_of(role: Role) -> str:
    return "\n".join(role.log.read_text().splitlines()[-LOG_LINES_TOLD:])


# How each step is brought about.


def _plainly(site: Site) -> None:
    site.register()


def _in_vain(site: Site) -> None:
    site.register(wallet=NOBODY)


def _unheard(site: Site) -> None:
    """The tx is lost after it was sent, so that it is replaced when it is overdue."""
    with site.hand() as rpc:
        if sent := _sent(site):
            rpc.call("anvil_dropTransaction", sent)
            rpc.call("anvil_mine", hex(OVERDUE_BLOCKS))


def _taken_back(site: Site) -> None:
    """The block with the tx is seen, and then it is gone."""
    with site.hand() as rpc:
        before = rpc.call("evm_snapshot")
        if not _sent(site):
            return
        rpc.call("evm_mine")
        mined = "SELECT count(*) FROM writer.slots WHERE state = 'mined'"
        until(lambda: site.asked(mined) or site.worker.pid is None, "the tx seen in its block")
        rpc.call("evm_revert", before)
        rpc.call("anvil_mine", "0x2")


def _sent(site: Site) -> str | None:
    """The hash of a tx that was sent just now and is not mined, while nobody mines.

    None if the worker has met its end already: the chain is everybody's, and what one site takes back or drops, others
    may have to heal.
    """
    site.register()
    query = (
        "SELECT s.hash FROM writer.submissions s JOIN writer.slots USING (lane, nonce)"
        " WHERE state = 'live' AND sends > 0 ORDER BY nonce DESC LIMIT 1"
    )
    until(lambda: site.rows(query) or site.worker.pid is None, "the tx sent")
    return next((str(hash_) for (hash_,) in site.rows(query) if site.worker.pid is not None), None)


def _restored(site: Site) -> None:
    """The database becomes a backup from before the last nonce was given out, whose call the chain has."""
    site.register()
    until(site.is_settled, "a call on the chain that will be forgotten")
    site.worker.kill()
    with psycopg.connect(site.house.database) as owner:
        owner.execute("SET session_replication_role = replica")
        for statement in FORGETTING:
            owner.execute(statement)
    site.worker.start()


LAST = "nonce = (SELECT max(next_nonce) - 1 FROM writer.lanes)"
FORGETTING = (
    f"""UPDATE writer.intents SET state = 'queued', settled_at = NULL
        WHERE intent IN (SELECT intent FROM writer.members WHERE {LAST})""",
    f"DELETE FROM writer.submissions WHERE {LAST}",
    f"DELETE FROM writer.members WHERE {LAST}",
    f"DELETE FROM writer.slots WHERE {LAST}",
    """UPDATE writer.lanes SET next_nonce = next_nonce - 1, lease_until = '-infinity',
           checkpoint = s.block_number, checkpoint_hash = s.block_hash
       FROM (SELECT block_number, block_hash FROM writer.slots ORDER BY nonce DESC LIMIT 1) s""",
)
PROVOKED_BY: dict[str, Callable[[Site], None]] = {
    "refuse": _in_vain,
    "report": _in_vain,
    "mark": _in_vain,
    "submit": _unheard,
    "roll-back": _taken_back,
    "burn": _restored,
    "adopt": _restored,
}


# All of it.

LONG = ("burn", "adopt")


def kill_all(grounds: Grounds, databases: Sequence[str], points: Iterable[str]) -> tuple[list[Kill], list[Tally]]:
    """Kill once for each point that is given, on as many sites at once as there are databases, the longest first."""
    left: SimpleQueue[str] = SimpleQueue()
    for point in sorted(points, key=lambda point: not point.endswith(LONG)):
        left.put(point)
    done: list[Kill] = []

    def work(number: int, database: str) -> Tally:
        with Site(grounds, number, database) as site:
            done.extend(site.kill(point) for point in iter(lambda: _next(left), None))
            return site.tally()

    with ThreadPoolExecutor(len(databases)) as pool:
        tallies = list(pool.map(work, range(len(databases)), databases))
    return done, tallies


def _next(left: SimpleQueue[str]) -> str | None:
    try:
        return left.get_nowait()
    except Empty:
        return None
