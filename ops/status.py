"""`status`: how every process, position and head stands, and whether anything needs a person."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime
from itertools import starmap

import httpx
import msgspec
import psycopg

from api.reconciled_store import Reconciled, Reconciliations
from chain_indexer.questions import Questions, Standing
from chain_writer.questions import LaneFigures
from ops.heartbeats import Heard, heard
from ops.lanes import figures_of, short, state_of
from ops.processes import PROCESSES
from ops.rpc import Rpc, RpcRefused
from ops.settings import Settings, SettingsInvalid
from ops.tables import print_json, print_table

# A lane whose only keys drain. One whose key was changed has another, that does not.
DRAINING_SQL = (
    "SELECT name FROM writer.lanes WHERE strpos(name, '@') = 0 GROUP BY name HAVING bool_and(draining) ORDER BY name"
)
PARKED_SQL = "SELECT view, count(DISTINCT stream) FROM book.parked WHERE state = 'parked' GROUP BY view ORDER BY view"
SIGNERS_SQL = (
    "SELECT name, address FROM writer.lanes WHERE NOT draining AND strpos(name, '@') = 0 ORDER BY name, address"
)

CHAIN_S_MAX = 60.0  # a head older than this is a halted chain


class ChainHead(msgspec.Struct, frozen=True, kw_only=True):
    block: int
    age_s: float


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """`troubles` holds what needs a person, in sentences; empty when all is well."""

    journal_position: int
    sealed_position: int
    chain: ChainHead | None
    indexer: Standing | None
    beats: list[Heard]
    lanes: list[LaneFigures]
    reconciled: Reconciled | None
    troubles: list[str]


def look(settings: Settings) -> Status:
    """Read everything once. Raises SettingsInvalid when there is nothing to look at."""
    url = settings.database_url.get_secret_value()
    if not url:
        raise SettingsInvalid("DATABASE_URL is not set and no local stack runs in this home: start it with `up`")
    with psycopg.connect(url, autocommit=True, connect_timeout=5) as connection:
        journal = connection.execute(
            "SELECT size, coalesce((SELECT max(size) FROM journal.tree), 0) FROM journal.head"
        ).fetchone()
        beats = heard(connection)
        poor = _poor(connection, settings)
        aside = connection.execute(
            "SELECT name, trouble FROM indexer.nodes WHERE trouble <> '' ORDER BY name"
        ).fetchall()
        parked = [(str(view), int(streams)) for view, streams in connection.execute(PARKED_SQL).fetchall()]
        draining = [str(name) for (name,) in connection.execute(DRAINING_SQL).fetchall()]
    assert journal is not None
    with closing(Reconciliations(settings.dsn("api"))) as kept:
        reconciled = kept.last()
    chain = _chain(settings.rpc_url)
    return Status(
        journal_position=journal[0],
        sealed_position=journal[1],
        chain=chain,
        indexer=_indexer(settings),
        beats=[b for b in beats if not b.gone],
        lanes=figures_of(settings),
        reconciled=reconciled,
        troubles=[
            *_troubles(beats, chain, settings),
            *map(_drains, draining),
            *starmap(_parked, parked),
            *poor,
            *(_aside(*one) for one in aside),
            *_differing(reconciled),
        ],
    )


def _poor(connection: psycopg.Connection[tuple[object, ...]], settings: Settings) -> list[str]:
    """The lanes whose coin is less than what their spending window allows; none where gas costs nothing."""
    if not settings.gas_price_wei:
        return []
    addresses = connection.execute(SIGNERS_SQL).fetchall()
    rpc = Rpc(settings.rpc_url, timeout_s=5)
    try:
        return [
            f"{lane} ({address}) has {balance} wei, less than the {settings.fees_wei_max} that it may spend within"
            f" {settings.fees_window_h} h: fund it, or lower TANDEM_FEES_WEI_MAX"
            for lane, address in addresses
            if (balance := rpc.number("eth_getBalance", address, "latest")) < settings.fees_wei_max
        ]
    except (httpx.HTTPError, RpcRefused):
        return []  # the node's trouble is told by itself
    finally:
        rpc.close()


def _differing(reconciled: Reconciled | None) -> list[str]:
    if reconciled is None or not reconciled.differences:
        return []
    kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(reconciled.kinds.items()))
    return [f"the reconciliation of {reconciled.age_s:.0f} s ago found {kinds}: run `reconcile` and look"]


def _drains(lane: str) -> str:
    return f"{lane} drains, and sends nothing new: change its key (`lanes rotate {lane}`), or `lanes resume {lane}`"


def _aside(node: object, trouble: object) -> str:
    return f"the indexer leaves node {node} aside: {trouble}"


def _indexer(settings: Settings) -> Standing | None:
    questions = Questions(settings.dsn("api"))
    try:
        return questions.standing()
    finally:
        questions.close()


def _read_so_far(standing: Standing) -> str:
    return (
        f"{standing.lag} blocks ({standing.lag_s} s) behind, {standing.logs} logs, {standing.foreign_logs} foreign,"
        f" {standing.reorgs} reorgs, {standing.nodes - standing.nodes_aside} of {standing.nodes} nodes well"
    )


def _parked(view: str, streams: int) -> str:
    return f"{streams} streams are parked in view {view}: look at them (`book parked`)"


def _chain(url: str) -> ChainHead | None:
    rpc = Rpc(url, timeout_s=5)
    try:
        block = rpc.call("eth_getBlockByNumber", "latest", False)
    except (httpx.HTTPError, RpcRefused):
        return None
    finally:
        rpc.close()
    age_s = datetime.now(UTC).timestamp() - int(block["timestamp"], 16)
    return ChainHead(block=int(block["number"], 16), age_s=round(age_s, 1))


def _troubles(beats: list[Heard], chain: ChainHead | None, settings: Settings) -> list[str]:
    troubles = []
    alive = {b.process for b in beats if not b.gone}
    if chain is None:
        troubles.append("the node does not answer: look at POLYGON_EDGE_RPC_URL")
    elif chain.age_s > CHAIN_S_MAX:
        troubles.append(f"the chain's head is {chain.age_s:.0f} s old: the chain stands still")
    troubles.extend(f"no {process} process is running" for process in PROCESSES if process not in alive)
    for b in beats:
        if b.gone:
            if b.process not in alive:
                troubles.append(f"{b.process} ({b.instance}) fell silent {b.silent_s:.0f} s ago")
        elif b.trouble:
            troubles.append(f"{b.process}/{b.loop}: {b.trouble}")
        elif b.lag > settings.lag_max:
            troubles.append(f"{b.process}/{b.loop} is {b.lag} behind")
    return troubles


def show(settings: Settings, *, as_json: bool) -> int:
    """Print it. Returns 1 when something needs a person."""
    status = look(settings)
    if as_json:
        print_json(status)
        return 1 if status.troubles else 0
    print_table(
        "heads",
        ("what", "at", ""),
        [
            ("journal", status.journal_position, ""),
            ("sealed", status.sealed_position, ""),
            (
                "chain",
                status.chain.block if status.chain else "?",
                f"{status.chain.age_s} s old" if status.chain else "",
            ),
            (
                "indexer",
                status.indexer.block_number if status.indexer else "?",
                _read_so_far(status.indexer) if status.indexer else "",
            ),
        ],
        right=("at",),
    )
    print_table(
        "processes",
        ("process", "loop", "instance", "position", "lag", "done", "trouble"),
        [(b.process, b.loop, b.instance, b.position, b.lag, b.advanced, b.trouble or "") for b in status.beats],
        right=("position", "lag", "done"),
    )
    print_table(
        "lanes",
        ("lane", "signer", "state", "in flight", "head age s", "queued", "oldest queued s"),
        [
            (n.name, short(n.signer), state_of(n), n.in_flight, n.head_age_s, n.queued, n.oldest_queued_s)
            for n in status.lanes
        ],
        right=("in flight", "head age s", "queued", "oldest queued s"),
    )
    if status.reconciled is not None:
        last = status.reconciled
        print(f"reconciled {last.age_s:.0f} s ago at entry {last.journal_position}: {last.differences} differences")
    for trouble in status.troubles:
        print(f"! {trouble}")
    return 1 if status.troubles else 0
