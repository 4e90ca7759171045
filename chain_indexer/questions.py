"""Questions to the indexer, under the role tandem_api: how far the chain is read, and which logs nothing explains."""

from __future__ import annotations

from datetime import datetime

import msgspec

from chain_indexer.store import FOREIGN_SQL, STANDING_SQL, ReadingStore

FOREIGN_PER_ANSWER_MAX = 200
REACHED_SQL = (
    "SELECT block_number FROM indexer.checkpoint WHERE generation = %(generation)s UNION ALL"
    " SELECT block_number FROM indexer.past_checkpoints WHERE generation = %(generation)s"
)
HEAD_AGE_S_MAX = 60  # of a head that is called young: thirty blocks of Polygon Edge's usual two seconds


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """How the indexer stands. `lag` counts final blocks not yet fed back, or the blocks that the node lacks.

    `lag_s` is what that is in seconds of the chain's clock. `ready` is 1 while nothing final is missing and the head is
    not older than HEAD_AGE_S_MAX, else 0. `nodes_aside` counts nodes that failed, lag or contradict.

    `head_age_s` is the age of the newest block seen: it grows when the chain stands still, when the node is away, and
    when the indexer does not run.
    """

    generation: str
    block_number: int
    block_hash: str
    block_timestamp_s: int
    fed_at: datetime
    head_number: int
    head_hash: str
    head_timestamp_s: int
    head_seen_at: datetime
    head_age_s: int
    lag: int
    lag_s: int
    finality_depth: int
    reorgs: int
    reorg_depth_max: int
    logs: int
    confirmed: int
    foreign_logs: int
    children: int
    nodes: int
    nodes_aside: int
    ready: int


class _Reached(msgspec.Struct, frozen=True, kw_only=True):
    block_number: int


class ForeignLog(msgspec.Struct, frozen=True, kw_only=True):
    """A log that the journal does not explain, whole. `id` is the cursor for `after`."""

    id: int
    reason: str
    detail: str
    kind: str | None
    leaf: bytes | None
    entry_position: int | None
    found_at: datetime
    block_number: int
    block_hash: str
    tx_hash: str
    tx_index: int
    log_index: int
    address: str
    topics: list[bytes]
    data: bytes


class Questions:
    """Opens its connection when first asked; raises psycopg.OperationalError while the database is away."""

    def __init__(self, dsn: str) -> None:
        self._store = ReadingStore(dsn)

    def standing(self) -> Standing | None:
        """None before the indexer laid its first checkpoint."""
        rows = self._store.rows(Standing, STANDING_SQL, {"head_age_s_max": HEAD_AGE_S_MAX})
        return rows[0] if rows else None

    def checkpoint_of(self, generation: str) -> int | None:
        """How far a generation was fed back, the one that is read or one that was put aside; None where neither is."""
        found = self._store.rows(_Reached, REACHED_SQL, {"generation": generation})
        return found[0].block_number if found else None

    def foreign(self, *, after: int = 0, limit: int = FOREIGN_PER_ANSWER_MAX) -> list[ForeignLog]:
        """The foreign logs in the order in which they were found, after one of them."""
        parameters = {"after": after, "limit": min(limit, FOREIGN_PER_ANSWER_MAX)}
        return self._store.rows(ForeignLog, FOREIGN_SQL, parameters)

    def close(self) -> None:
        self._store.close()
