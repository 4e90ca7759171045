"""The book's seat in PostgreSQL, for the runner: rows of a batch in, rows and position out, in one transaction."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal
from functools import cache
from importlib.resources import files
from string import Formatter
from typing import Any, get_type_hints
from uuid import UUID

import msgspec
import psycopg
from psycopg import sql
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from projections.errors import BookOvertaken, ParkingRefused, RowsRefused, ViewOutdated
from projections.folding import Apart, Change, Key, Parked, Table, View, changed, passing_over
from projections.rows import Row

PARK_SQL = (
    "INSERT INTO book.parked (view, version, position, stream, topic, error)"
    " VALUES (%(view)s, %(version)s, %(position)s, %(stream)s, %(topic)s, %(error)s)"
)

Connection = psycopg.Connection[tuple[Any, ...]]
Wanted = Mapping[str, tuple[Table, set[Key]]]
Named = Callable[[Table], str]
Ask = Callable[[sql.Composed, Mapping[str, Any]], Awaitable[list[tuple[Any, ...]]]]

LEAD_LOCK = 0x7B00C  # one runner posts, others stand by


def named_live(table: Table) -> str:
    return table.name


class BookStore:
    """One connection with the rights of role `tandem_book`. Raises psycopg.OperationalError when the database goes."""

    def __init__(self, dsn: str) -> None:
        self._connection: Connection = psycopg.connect(dsn, autocommit=True, prepare_threshold=1)
        self._leads = False
        self._swaps: int | None = None
        self._views: Sequence[View] = ()

    def lead(self) -> bool:
        """Whether this store's runner is the one that posts. The lead ends with the connection."""
        if not self._leads:
            row = self._connection.execute("SELECT pg_try_advisory_lock(%s)", (LEAD_LOCK,)).fetchone()
            self._leads = row == (True,)
        return self._leads

    def position(self) -> int:
        row = self._connection.execute("SELECT position, swaps FROM book.progress").fetchone()
        assert row is not None
        if self._swaps != row[1]:
            self._look_again(row[1])
        return int(row[0])

    def adopt(self, views: Sequence[View]) -> None:
        """Write down the versions of the views of an empty book. Raises ViewOutdated for rows of other versions."""
        self._views = views
        with self._connection.transaction():
            stored: dict[str, int] = dict(self._connection.execute("SELECT name, version FROM book.views"))
            empty = self.position() == 0
            for view in views:
                version = stored.get(view.name)
                if version is not None and version != view.version:
                    raise ViewOutdated(view.name, stored=version, known=view.version)
                if version is None:
                    if not empty:
                        raise ViewOutdated(view.name, stored=0, known=view.version)
                    self._connection.execute(
                        "INSERT INTO book.views (name, version) VALUES (%s, %s) ON CONFLICT DO NOTHING",
                        (view.name, view.version),
                    )

    def _look_again(self, swaps: int) -> None:
        """Tables were swapped: what stands there now may be of another version of the views."""
        known, self._swaps = self._swaps, swaps
        if known is not None:
            self.adopt(self._views)

    def load(self, wanted: Wanted) -> list[Change]:
        """The rows that are there, of those wanted."""
        return loaded(self._connection, wanted)

    def parked(self) -> set[Apart]:
        """The streams that are parked, each with the view in which it is."""
        found = self._connection.execute("SELECT DISTINCT view, stream FROM book.parked WHERE state = 'parked'")
        return set(found.fetchall())

    def commit(self, changes: Iterable[Change], *, before: int, position: int, parked: Sequence[Parked] = ()) -> None:
        """Rows, what was parked, and position, together. Raises BookOvertaken if the book is not at `before`, or if
        others changed rows since its position was asked for; RowsRefused if the database takes one of the rows for
        wrong. Nothing is written then."""
        try:
            self._commit(changes, before=before, position=position, parked=parked)
        except (psycopg.IntegrityError, psycopg.DataError) as refused:
            raise RowsRefused(str(refused)) from refused

    def _commit(self, changes: Iterable[Change], *, before: int, position: int, parked: Sequence[Parked]) -> None:
        with self._connection.transaction(), self._connection.cursor() as rows:
            rows.execute(
                "UPDATE book.progress SET position = %s WHERE position = %s AND swaps = coalesce(%s, swaps)",
                (position, before, self._swaps),
            )
            if rows.rowcount != 1:
                raise BookOvertaken
            write(rows, changes)
            rows.executemany(PARK_SQL, [msgspec.structs.asdict(one) for one in parked])
            rows.execute("SELECT pg_notify('book_position', %s)", (str(position),))

    def close(self) -> None:
        self._connection.close()


def names(row: type[Row]) -> list[str]:
    """The columns of a row's table, in order."""
    return list(row.__struct_fields__)


@cache
def question(name: str, row: type[Row] | None = None) -> sql.Composed:
    """The statement of a question, from `sql/questions`, with a placeholder for each value that it names; `{columns}`
    in it are those of the row."""
    text = files("projections").joinpath(f"sql/questions/{name}.sql").read_text()
    fields = {field for _, field, _, _ in Formatter().parse(text) if field}
    given: dict[str, sql.Composable] = {field: sql.Placeholder(field) for field in fields - {"columns"}}
    if row is not None:
        given["columns"] = row_columns(row)
    return sql.SQL(text).format(**given)


def columns(table: Table) -> sql.Composed:
    return row_columns(table.row)


def row_columns(row: type[Row]) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Identifier, names(row)))


def loaded(connection: Connection, wanted: Wanted, *, named: Named = named_live) -> list[Change]:
    """The rows that are there, of those wanted; `named` tells which table of the database holds a view's table."""
    found: list[Change] = []
    for table, keys in wanted.values():
        query = sql.SQL("SELECT {} FROM {} WHERE {} = ANY(%s)").format(
            columns(table), place(named(table)), sql.Identifier(table.key)
        )
        with connection.cursor(binary=True) as rows:
            rows.execute(query, (list(keys),))
            found.extend((table, row_of(table.row, values)) for values in rows)
    return found


def write(rows: psycopg.Cursor[Any], changes: Iterable[Change], *, named: Named = named_live) -> None:
    """Insert or replace rows."""
    by_table: dict[str, tuple[Table, list[Row]]] = {}
    for table, row in changes:
        by_table.setdefault(table.name, (table, []))[1].append(row)
    for table, several in by_table.values():
        rows.executemany(upsert(table, named(table)), [values_of(row) for row in several])


def passed_over(connection: Connection, views: Iterable[View]) -> list[View]:
    """The views without the entries that people decided to pass over; a newer version of a view tries them again."""
    found: dict[tuple[str, int], set[int]] = {}
    query = "SELECT view, version, position FROM book.parked WHERE state = 'skipped'"
    for name, version, position in connection.execute(query):
        found.setdefault((name, version), set()).add(position)

    def passing(view: View) -> View:
        needs = tuple(passing(need) for need in view.needs)
        return passing_over(changed(view, needs=needs), frozenset(found.get((view.name, view.version), ())))

    return [passing(view) for view in views]


def place(name: str) -> sql.Composable:
    return sql.Identifier("book", name)


def upsert(table: Table, name: str) -> sql.Composed:
    replaced = sql.SQL(", ").join(
        sql.SQL("{0} = EXCLUDED.{0}").format(sql.Identifier(column))
        for column in names(table.row)
        if column != table.key
    )
    return sql.SQL("INSERT INTO {} ({}) VALUES ({}) ON CONFLICT ({}) DO UPDATE SET {}").format(
        place(name),
        columns(table),
        sql.SQL(", ").join([sql.Placeholder()] * len(names(table.row))),
        sql.Identifier(table.key),
        replaced,
    )


def plain(value: Any) -> Any:
    """A column's value; every number of the book is whole."""
    return int(value) if isinstance(value, Decimal) else value


def row_of(kind: type[Row], values: Sequence[Any]) -> Any:
    """The row of a tuple of columns. What is nested was stored as JSON."""
    return kind(**{name: _read(kind, name, value) for name, value in zip(names(kind), values, strict=True)})


def _read(kind: type[Row], name: str, value: Any) -> Any:
    return msgspec.convert(value, _hints(kind)[name]) if isinstance(value, list | dict) else plain(value)


@cache
def _hints(kind: type[Row]) -> dict[str, Any]:
    return get_type_hints(kind)


def values_of(row: Row) -> list[Any]:
    return [_stored(getattr(row, name)) for name in names(type(row))]


def _stored(value: Any) -> Any:
    return Jsonb(msgspec.to_builtins(value)) if isinstance(value, tuple | msgspec.Struct) else value


class ParkingStore:
    """What is parked, with the rights of role `tandem_book`. Raises psycopg.OperationalError when the database goes."""

    def __init__(self, dsn: str) -> None:
        self._connection: Connection = psycopg.connect(dsn, autocommit=True)

    @contextmanager
    def still(self) -> Iterator[None]:
        """All or nothing, while the runner waits; afterwards it looks at the rows anew."""
        with self._connection.transaction():
            self._connection.execute("UPDATE book.progress SET swaps = swaps + 1")
            yield

    def listed(self, *, everything: bool) -> list[dict[str, Any]]:
        with self._connection.cursor(row_factory=dict_row) as rows:
            rows.execute(
                "SELECT * FROM book.parked WHERE %s OR state = 'parked' ORDER BY view, stream, position", (everything,)
            )
            return rows.fetchall()

    def waiting(self, view: str, stream: UUID) -> list[int]:
        """The positions that are parked of a stream, in order."""
        found = self._connection.execute(
            "SELECT position FROM book.parked WHERE view = %s AND stream = %s AND state = 'parked' ORDER BY position",
            (view, stream),
        )
        return [position for (position,) in found]

    def load(self, wanted: Wanted) -> list[Change]:
        return loaded(self._connection, wanted)

    def write(self, changes: Iterable[Change]) -> None:
        """Rows of a stream that is tried again. Raises ParkingRefused if the database takes one for wrong."""
        try:
            with self._connection.cursor() as rows:
                write(rows, changes)
        except (psycopg.IntegrityError, psycopg.DataError) as refused:
            raise ParkingRefused(f"a row is wrong still: {refused}") from refused

    def decide(self, view: str, positions: Sequence[int], *, state: str, by: str, reason: str | None = None) -> None:
        self._connection.execute(
            "UPDATE book.parked SET state = %s, by = %s, reason = %s, decided_at = now()"
            " WHERE view = %s AND position = ANY(%s) AND state = 'parked'",
            (state, by, reason, view, list(positions)),
        )

    def close(self) -> None:
        self._connection.close()
