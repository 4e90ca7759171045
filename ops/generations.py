"""Which generation the house runs on: the one that the journal promoted last. None other is started, or goes on."""

from __future__ import annotations

from contextlib import closing

import httpx

from domain.journal import JournalReader
from domain.ledger import LedgerPromoted, generation_id
from domain.ledger.standing import Promotion, last_promotion
from domain.progress import Progress
from domain.topics import codec
from ops.errors import OperatorError
from ops.rpc import Rpc, RpcRefused
from ops.settings import Settings

ENTRIES_PER_LOOK = 10
NODE_S_MAX = 2.0


class GenerationEnded(OperatorError):
    """The settings name a generation that another one has taken the place of. The text says which, and what to set."""


def check_living(settings: Settings, room: str) -> None:
    """Raise GenerationEnded unless the settings name the generation that the journal promoted last, if it did, and a
    node of its chain. A node that does not answer may come yet. Raises psycopg.OperationalError without a database."""
    with closing(JournalReader(settings.dsn(room), codec=codec())) as reader:
        promotion = last_promotion(reader)
    if promotion is None:
        return
    check_named(settings, promotion)
    _check_node(settings, promotion)


def check_named(settings: Settings, promotion: Promotion) -> None:
    """Raise GenerationEnded unless the settings' generation is the one that was promoted."""
    have, living = generation_id(settings.generation()), promotion.generation
    if have != living.id:
        raise GenerationEnded(
            f"the journal promoted generation {living.id} at position {promotion.position} (chain {living.chain_id},"
            f" genesis {living.genesis_hash}), but the settings name {have}: set TANDEM_GENERATION_FILE to the"
            " promoted one's file and POLYGON_EDGE_RPC_URL to a node of its chain, then start again"
        )


def _check_node(settings: Settings, promotion: Promotion) -> None:
    if not settings.rpc_url:
        return
    try:
        with closing(Rpc(settings.rpc_url, timeout_s=NODE_S_MAX)) as rpc:
            found = rpc.number("eth_chainId"), rpc.call("eth_getBlockByNumber", "0x0", False)["hash"]
    except (httpx.HTTPError, RpcRefused):
        return
    living = promotion.generation
    if found != (living.chain_id, living.genesis_hash):
        raise GenerationEnded(
            f"the living generation {living.id} is of chain {living.chain_id} with genesis {living.genesis_hash}, but"
            f" POLYGON_EDGE_RPC_URL leads to chain {found[0]} with genesis {found[1]}: set it to a node of that chain"
        )


class Promotions:
    """Watches the journal for the end of the generation that a process runs on. `step` raises GenerationEnded then, and
    the process with it; whoever starts it again is told what to set."""

    def __init__(self, reader: JournalReader, settings: Settings) -> None:
        self._reader = reader
        self._settings = settings
        self._position = reader.head()
        promotion = last_promotion(reader)
        if promotion is not None:
            check_named(settings, promotion)

    def step(self) -> Progress:
        head = self._reader.head()
        if head > self._position:
            self._look(head)
        return Progress(advanced=0, position=self._position, lag=0)

    def _look(self, head: int) -> None:
        topics = [LedgerPromoted.TOPIC]
        if self._reader.read(after=self._position, limit=ENTRIES_PER_LOOK, topics=topics):
            promotion = last_promotion(self._reader)
            assert promotion is not None
            check_named(self._settings, promotion)
        self._position = head
