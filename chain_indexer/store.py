"""What the indexer remembers, in the schema `indexer`: one writer, and a face for those who only read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from importlib.resources import files
from typing import Any, TypeVar

import msgspec
import psycopg
from psycopg.rows import class_row

from chain_indexer.blocks import Checkpoint, Child, Confirmed, Fed, Foreign, Header, Verdict
from chain_indexer.continuity import LocalChain
from chain_indexer.copying import COPY_LOGS_SQL, copied
from chain_indexer.health import Health
from chain_indexer.logs import COLUMNS, Logs, PlacedLog, placed

_SQL = files("chain_indexer").joinpath("sql")
ADVANCE_SQL = _SQL.joinpath("advance.sql").read_text()
BEGIN_SQL = _SQL.joinpath("begin.sql").read_text()
DEPOSITS_SQL = _SQL.joinpath("deposits.sql").read_text()
FOREIGN_SQL = _SQL.joinpath("foreign.sql").read_text()
RELEASES_SQL = _SQL.joinpath("releases.sql").read_text()
STANDING_SQL = _SQL.joinpath("standing.sql").read_text()

NODE_SQL = (
    "INSERT INTO indexer.nodes (name, in_charge, head_number, head_timestamp_s, failures, trouble) VALUES"
    " (%(name)s, %(in_charge)s, %(head_number)s, %(head_timestamp_s)s, %(failures)s, %(trouble)s)"
)

LOCK = 0x1DE7E5  # one indexer a database, by advisory lock
Row = TypeVar("Row")


class CheckpointMoved(psycopg.OperationalError):
    """Another indexer moved the checkpoint. Nothing was written; begin again from what is stored."""


class Remembered(msgspec.Struct, frozen=True, kw_only=True):
    """What is stored: the generation that is read, the local chain, the factory's children, the head last seen."""

    generation: str
    chain: LocalChain
    children: tuple[str, ...]
    head_number: int


class IndexerStore:
    """The writer's connection. Each method is one transaction.

    No commit waits for the disk. Should the database's machine fail, the last ranges are gone together with the
    checkpoint behind them: they are read again, and confirm nothing twice.
    """

    def __init__(self, dsn: str) -> None:
        self._connection = psycopg.connect(dsn, autocommit=True, prepare_threshold=1)
        self._connection.execute("SET synchronous_commit = off")
        self._leads = False

    def lead(self) -> bool:
        """Whether this is the one indexer of the database. The lead is kept until the connection ends."""
        if not self._leads:
            row = self._connection.execute("SELECT pg_try_advisory_lock(%s)", (LOCK,)).fetchone()
            assert row is not None
            self._leads = bool(row[0])
        return self._leads

    def load(self) -> Remembered | None:
        """None before the first checkpoint is laid."""
        row = self._connection.execute(
            "SELECT generation, head_number, block_number, block_hash, parent_hash, block_timestamp_s"
            " FROM indexer.checkpoint"
        ).fetchone()
        if row is None:
            return None
        generation, head_number, *block = row
        above = self._connection.execute(
            "SELECT block_number, block_hash, parent_hash, block_timestamp_s, tx_hashes, bloom"
            " FROM indexer.headers ORDER BY block_number"
        ).fetchall()
        children = self._connection.execute(
            "SELECT address FROM indexer.children ORDER BY block_number, tx_index, log_index"
        ).fetchall()
        return Remembered(
            generation=generation,
            chain=LocalChain(Checkpoint(_header(block))).extended([_header(header) for header in above]),
            children=tuple(address for (address,) in children),
            head_number=head_number,
        )

    def begin(self, checkpoint: Checkpoint, *, generation: str, head: Header, finality_depth: int) -> None:
        """Lay the first checkpoint."""
        parameters = _block(checkpoint.header) | _head(head)
        parameters |= {"generation": generation, "finality_depth": finality_depth}
        self._connection.execute(BEGIN_SQL, parameters)

    def put_aside(self, generation: str) -> None:
        """Keep what was read of a generation that has ended for audit, and forget it here: another one begins."""
        self._connection.execute("SELECT indexer.put_aside(%s)", (generation,))

    def saw(self, head: Header, *, finality_depth: int) -> None:
        """Keep the head last seen, for whoever asks how old it is."""
        self._connection.execute(
            "UPDATE indexer.checkpoint SET head_number = %(head_number)s, head_hash = %(head_hash)s,"
            " head_timestamp_s = %(head_timestamp_s)s, head_seen_at = now(), finality_depth = %(finality_depth)s",
            _head(head) | {"finality_depth": finality_depth},
        )

    def remember(self, headers: Sequence[Header]) -> None:
        """Keep headers that follow the ones kept."""
        with self._connection.transaction(), self._connection.cursor() as rows:
            _remember(rows, headers)

    def unwind(self, to: Header, *, depth: int) -> None:
        """Forget the headers above a block, and count the reorg."""
        with self._connection.transaction():
            self._connection.execute("DELETE FROM indexer.headers WHERE block_number > %s", (to.number,))
            self._connection.execute(
                "UPDATE indexer.checkpoint SET reorgs = reorgs + 1, reorg_depth_max = greatest(reorg_depth_max, %s)",
                (depth,),
            )

    def keep(self, fed: Fed) -> None:
        """Keep a range whole: its logs, the foreign ones, the children, and the checkpoint behind it.

        Raises CheckpointMoved if the checkpoint is not where this range began.
        """
        with self._connection.transaction(), self._connection.cursor() as rows:
            rows.execute(ADVANCE_SQL, _block(fed.after.header) | _counts(fed) | {"before": fed.before.hash})
            if rows.rowcount != 1:
                raise CheckpointMoved(f"the checkpoint is not at {fed.before.header} any more")
            if fed.logs:
                _keep_logs(rows, fed.logs, fed.verdicts)
            if fed.children:
                rows.executemany(
                    "INSERT INTO indexer.children (address, block_number, block_hash, tx_hash, tx_index, log_index)"
                    " VALUES (%s, %s, %s, %s, %s, %s)",
                    [_child(child) for child in fed.children],
                )
            _remember(rows, fed.remembered)

    def note_nodes(self, healths: Sequence[Health], *, in_charge: int) -> None:
        """Tell how the nodes do, in place of what was told before."""
        rows = [
            {
                "name": health.name,
                "in_charge": place == in_charge,
                "head_number": health.head.number if health.head else None,
                "head_timestamp_s": health.head.timestamp_s if health.head else None,
                "failures": health.failures,
                "trouble": health.trouble,
            }
            for place, health in enumerate(healths)
        ]
        with self._connection.transaction(), self._connection.cursor() as cursor:
            cursor.execute("DELETE FROM indexer.nodes")
            cursor.executemany(NODE_SQL, rows)

    def logs(self) -> int:
        """How many logs are kept."""
        row = self._connection.execute("SELECT logs FROM indexer.checkpoint").fetchone()
        return int(row[0]) if row else 0

    def logs_between(self, first: int, last: int) -> list[PlacedLog]:
        """What is stored of these blocks, in the order of the chain."""
        rows = self._connection.execute(
            f"SELECT {COLUMNS} FROM indexer.logs WHERE block_number BETWEEN %s AND %s"
            " ORDER BY block_number, tx_index, log_index",
            (first, last),
        )
        return [placed(row) for row in rows]

    def deposits(self, escrow: str, investments: Collection[bytes]) -> list[PlacedLog]:
        """The logs of coin that came for these investments (words), in the order of the chain."""
        parameters = {"escrow": bytes.fromhex(escrow[2:]), "investments": list(investments)}
        return [placed(row) for row in self._connection.execute(DEPOSITS_SQL, parameters)]

    def releases(self, escrow: str, payees: Collection[bytes]) -> list[PlacedLog]:
        """The logs of releases that credited these payees (words), in the order of the chain."""
        parameters = {"escrow": bytes.fromhex(escrow[2:]), "payees": list(payees)}
        return [placed(row) for row in self._connection.execute(RELEASES_SQL, parameters)]

    def close(self) -> None:
        self._connection.close()


class ReadingStore:
    """A connection that only reads, opened when first asked and anew after it was lost. Safe to share by threads."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._connection: psycopg.Connection[Any] | None = None

    def rows(self, kind: type[Row], query: str, parameters: Mapping[str, object] | None = None) -> list[Row]:
        """The rows of a query as values of a kind, by their columns' names. Raises psycopg.OperationalError."""
        if self._connection is None or self._connection.broken or self._connection.closed:
            self._connection = psycopg.connect(self._dsn, autocommit=True)
        with self._connection.cursor(row_factory=class_row(kind)) as rows:
            return rows.execute(query, parameters).fetchall()

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()


def _keep_logs(rows: psycopg.Cursor[Any], logs: Logs, verdicts: Sequence[Verdict]) -> None:
    with rows.copy(COPY_LOGS_SQL) as copy:
        copy.write(copied(logs, verdicts))
    foreign = [(logs[place].at, verdict) for place, verdict in enumerate(verdicts) if isinstance(verdict, Foreign)]
    if foreign:
        rows.executemany(
            "INSERT INTO indexer.foreign_logs"
            " (block_number, tx_index, log_index, reason, detail, leaf, entry_position)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s)",
            [
                (at.block_number, at.tx_index, at.log_index, v.reason, v.detail, v.leaf, v.entry_position)
                for at, v in foreign
            ],
        )


def _remember(rows: psycopg.Cursor[Any], headers: Sequence[Header]) -> None:
    if headers:
        rows.executemany(
            "INSERT INTO indexer.headers (block_number, block_hash, parent_hash, block_timestamp_s, tx_hashes, bloom)"
            " VALUES (%(number)s, %(hash)s, %(parent_hash)s, %(timestamp_s)s, %(tx_hashes)s, %(bloom)s)",
            [_block(header) | {"tx_hashes": list(header.tx_hashes), "bloom": header.bloom} for header in headers],
        )


def _counts(fed: Fed) -> dict[str, object]:
    kinds = Counter(map(type, fed.verdicts))
    return {
        "logs": len(fed.logs),
        "confirmed": kinds[Confirmed],
        "foreign_logs": kinds[Foreign],
        "children": len(fed.children),
    }


def _child(child: Child) -> tuple[object, ...]:
    at = child.created
    return child.address, at.block_number, at.block_hash, at.tx_hash, at.tx_index, at.log_index


def _header(row: Sequence[Any]) -> Header:
    number, hash_, parent_hash, timestamp_s, *audited = row
    tx_hashes, bloom = audited or ((), b"")
    return Header(
        number=number,
        hash=hash_,
        parent_hash=parent_hash,
        timestamp_s=timestamp_s,
        tx_hashes=tuple(tx_hashes),
        bloom=bloom,
    )


def _block(header: Header) -> dict[str, object]:
    return {
        "number": header.number,
        "hash": header.hash,
        "parent_hash": header.parent_hash,
        "timestamp_s": header.timestamp_s,
    }


def _head(head: Header) -> dict[str, object]:
    return {"head_number": head.number, "head_hash": head.hash, "head_timestamp_s": head.timestamp_s}
