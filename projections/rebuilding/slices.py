"""One slice: entries out of the journal, folded, rows into the new tables, all in one transaction with its end."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from importlib.resources import files
from itertools import islice

import msgspec
import psycopg
from psycopg import sql
from psycopg.pq import ExecStatus

from domain.journal import Codec, Entry, Unreadable
from projections.folding import Apart, Bulk, Parked, Table, View
from projections.rebuilding.copying import HEADER, TRAILER, encoder_of, entries_in, rows_out
from projections.rebuilding.dealing import Dealt
from projections.rebuilding.parked import park
from projections.rebuilding.plan import Slice, folded_in, new, read_by, tables_of
from projections.rows import Row
from projections.store import Connection, columns, names, passed_over, place

ENTRIES_SQL = sql.SQL(files("projections.rebuilding").joinpath("sql/entries.sql").read_text())
ROWS_PER_COPY = 1_000  # more of them at once leave the processor's own memory
ENTRIES_PER_BATCH = 5_000  # after so many the progress is told, and rows that nobody reads again leave the memory

CLAIM_SQL = (
    "SELECT number, views, part, parts FROM book.slices WHERE rebuild = %s AND entries IS NULL"
    " ORDER BY number LIMIT 1 FOR UPDATE SKIP LOCKED"
)

Tell = Callable[[int, int, int], None]  # the slice, the position it has reached, and how many of its entries are folded


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """What whoever loads needs to know of a rebuild. `entries` is where the journal is read, a replica for instance."""

    dsn: str
    entries: str
    rebuild: int
    target: int


def load_next(job: Job, views: Sequence[View], *, codec: Codec, tell: Tell) -> Slice | None:
    """Load a slice that nobody has loaded or is loading. None if there is none left."""
    with psycopg.connect(job.entries, autocommit=True) as out, psycopg.connect(job.dsn) as into:
        # Folding may take longer than a server lets a transaction rest.
        into.execute("SET idle_in_transaction_session_timeout = 0")
        # The row is locked until the commit, and free again if this process or its connection dies before.
        claimed = into.execute(CLAIM_SQL, (job.rebuild,)).fetchone()
        if claimed is None:
            return None
        part = Slice(number=claimed[0], views=tuple(claimed[1]), part=claimed[2], parts=claimed[3])
        own = passed_over(into, [view for view in views if view.name in part.views])
        chunks, dealt = _chunks(out, job, part, own), _dealt(part, own, codec)
        entries, rows, parked = _load(
            into, own, entries_in(chunks, codec, is_mine=dealt), dealt, tell=partial(tell, part.number)
        )
        park(into, parked, rebuild=job.rebuild)
        into.execute(
            "UPDATE book.slices SET entries = %s, rows = %s WHERE rebuild = %s AND number = %s",
            (entries, rows, job.rebuild, part.number),
        )
    tell(part.number, job.target, entries)
    return part


def _dealt(part: Slice, own: list[View], codec: Codec) -> Dealt | None:
    """What deals the entries of a view that looks across streams; None where the database deals streams."""
    (within,) = {view.within for view in own}
    return None if within is None else Dealt(within, part=part.part, parts=part.parts, codec=codec)


def _load(
    into: Connection,
    own: list[View],
    entries: Iterator[Entry | Unreadable],
    dealt: Dealt | None,
    *,
    tell: Callable[[int, int], None],
) -> tuple[int, int, list[Parked]]:
    """Fold and load. Returns how many entries were read, how many rows were written, and what its views parked."""
    tables, names = tables_of(own), {view.name for view in own}
    appended = [table for table in tables if table.appended]
    batch, folded, read, rows = Bulk(), folded_in(own), 0, 0
    apart, parked = set[Apart](), list[Parked]()
    while several := _next(entries):
        # What a fold of another view breaks on is parked there; here its rows are as that view has them.
        parked += [one for one in batch.fold_apart(folded, several, apart) if one.view in names]
        read += len(several)
        rows += sum(_copy_in(into, table, _kept(batch.take(table), dealt)) for table in appended)
        tell(several[-1].position, read)
    rows += sum(_copy_in(into, table, batch.take(table)) for table in tables if not table.appended)
    return read, rows, parked


def _kept(rows: list[Row], dealt: Dealt | None) -> list[Row]:
    return rows if dealt is None else dealt.kept(rows)


def _next(entries: Iterator[Entry | Unreadable]) -> list[Entry | Unreadable]:
    return list(islice(entries, ENTRIES_PER_BATCH))


def _chunks(out: Connection, job: Job, part: Slice, own: list[View]) -> Iterator[memoryview]:
    """The rows of COPY as libpq gives them: psycopg's own way costs as much again as all the rest of the reading."""
    read = read_by(own)
    query = ENTRIES_SQL.format(
        target=sql.Literal(job.target),
        whole=sql.Literal(list(read.whole)),
        others=sql.Literal([*read.others, *read.whole]),
        part=sql.Literal(part.part),
        parts=sql.Literal(part.parts if all(view.local for view in own) else 1),  # else they are dealt here
    )
    # The order is the index's own: sorting would write all of it to disk once more before the first row comes.
    out.execute("SET enable_sort = off")
    out.execute("SET max_parallel_workers_per_gather = 0")
    server = out.pgconn
    begun = server.exec_(query.as_bytes(out))
    if begun.status != ExecStatus.COPY_OUT:
        raise psycopg.OperationalError(begun.get_error_message())
    while True:
        size, data = server.get_copy_data(0)
        if size < 0:
            break
        yield data
    while (end := server.get_result()) is not None:
        if end.status != ExecStatus.COMMAND_OK:
            raise psycopg.OperationalError(end.get_error_message())


def _copy_in(into: Connection, table: Table, rows: list[Row]) -> int:
    if not rows:
        return 0
    encoders = [encoder_of(name) for name in _types(into, table)]
    into_table = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT binary)").format(place(new(table)), columns(table))
    with into.cursor() as cursor, cursor.copy(into_table) as copy:
        copy.write(HEADER)
        for at in range(0, len(rows), ROWS_PER_COPY):
            copy.write(rows_out(rows[at : at + ROWS_PER_COPY], encoders))
        copy.write(TRAILER)
    return len(rows)


def _types(connection: Connection, table: Table) -> list[str]:
    """PostgreSQL's names for the types of a row's columns, in the row's order."""
    found: dict[str, str] = dict(
        connection.execute(
            "SELECT attname, typname FROM pg_attribute JOIN pg_type ON pg_type.oid = atttypid"
            " WHERE attrelid = to_regclass(%s) AND attnum > 0 AND NOT attisdropped",
            (f"book.{new(table)}",),
        ).fetchall()
    )
    return [found[name] for name in names(table.row)]
