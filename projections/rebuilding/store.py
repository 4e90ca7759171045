"""A rebuild's seat in PostgreSQL, with the rights of role `tandem_rebuild`: state, new tables, comparing, swapping."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from importlib.resources import files
from typing import Any

import psycopg
from psycopg import sql

from projections.errors import SwapBlocked
from projections.folding import Apart, Change, Parked, Table, View
from projections.layout import created, finished, granted
from projections.rebuilding.nouns import Compared, Differing, Standing
from projections.rebuilding.parked import park, parked_in, replace, take_back
from projections.rebuilding.plan import Slice, new, old, tables_of
from projections.store import Connection, Wanted, loaded, passed_over, place, write

REBUILD_LOCK = 0x7B00D  # one rebuild at a time
SAMPLE_MAX = 5
SAMPLED_ENTRIES = 20_000  # enough to know how the journal's topics are shared out
LOCK_MS_MAX = (
    500  # what a swap may keep readers waiting behind a long question, before it lets them pass and tries again
)

SUMS_SQL = sql.SQL(files("projections.rebuilding").joinpath("sql/sums.sql").read_text())
SAMPLE_SQL = sql.SQL(files("projections.rebuilding").joinpath("sql/sample.sql").read_text())
OPEN_SQL = "SELECT number, views, versions, target, position, state FROM book.rebuilds WHERE ended_at IS NULL"


class RebuildStore:
    """Two connections: one for locks and state, one for rows. Raises psycopg.OperationalError when one is lost."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._state: Connection = psycopg.connect(dsn, autocommit=True)
        self._rows: Connection = psycopg.connect(dsn, autocommit=True, prepare_threshold=1)

    def lead(self) -> bool:
        """Whether this is the only rebuild that runs. The lead ends with the connection."""
        row = self._state.execute("SELECT pg_try_advisory_lock(%s)", (REBUILD_LOCK,)).fetchone()
        return row == (True,)

    def live_position(self) -> int:
        return self._one("SELECT position FROM book.progress")

    def stored(self) -> dict[str, tuple[int, int | None, int | None]]:
        """Of each view the version of its rows, and version and position of those that the last swap put aside."""
        found = self._state.execute("SELECT name, version, kept_version, kept_position FROM book.views")
        return {name: (version, kept_version, kept) for name, version, kept_version, kept in found}

    # A rebuild and its slices.

    def standing(self) -> Standing | None:
        """The rebuild that is not over."""
        row = self._state.execute(OPEN_SQL).fetchone()
        if row is None:
            return None
        number, views, versions, target, position, state = row
        return Standing(
            number=number, views=tuple(views), versions=tuple(versions), target=target, position=position, state=state
        )

    def begin(self, views: Sequence[View], slices: Sequence[Slice], *, target: int) -> None:
        """Make the new tables, empty, and write down what is to be done. All of it or nothing."""
        with self._state.transaction():
            for table in tables_of(views):
                self._state.execute(_drop(new(table)))
                self._state.execute(created(table, new(table)).encode())
            number = self._open(views, position=0, target=target, state="loading")
            with self._state.cursor() as rows:
                rows.executemany(
                    "INSERT INTO book.slices (rebuild, number, views, part, parts) VALUES (%s, %s, %s, %s, %s)",
                    [(number, s.number, list(s.views), s.part, s.parts) for s in slices],
                )

    def left(self, number: int) -> tuple[int, int]:
        """How many slices are not loaded, and how many entries those that are have folded."""
        row = self._state.execute(
            "SELECT count(*) FILTER (WHERE entries IS NULL), coalesce(sum(entries), 0) FROM book.slices"
            " WHERE rebuild = %s",
            (number,),
        ).fetchone()
        assert row is not None
        return int(row[0]), int(row[1])

    def pieces(self, number: int) -> list[Slice]:
        """Every slice."""
        found = self._state.execute("SELECT number, views, part, parts FROM book.slices WHERE rebuild = %s", (number,))
        return [Slice(number=at, views=tuple(views), part=part, parts=parts) for at, views, part, parts in found]

    def sample(self, *, entries: int) -> dict[str, int]:
        """How many entries of each topic there are, in about so many of the journal's."""
        percent = sql.Literal(min(100, 100 * SAMPLED_ENTRIES / max(entries, 1)))
        query = "SELECT topic, count(*) FROM journal.entries TABLESAMPLE SYSTEM ({}) GROUP BY topic"
        return dict(self._state.execute(sql.SQL(query).format(percent)).fetchall())

    def slices(self, number: int) -> dict[int, int | None]:
        """Every slice by its number: how many entries it has folded, None if it is not loaded yet."""
        found = self._state.execute("SELECT number, entries FROM book.slices WHERE rebuild = %s", (number,))
        return dict(found.fetchall())

    def finish(self, views: Sequence[View], number: int) -> None:
        """Keys and indexes for the loaded rows; from now on they follow the journal."""
        with self._state.transaction():
            # A rough idea of the columns is enough to begin with; autovacuum refines it.
            self._state.execute("SET LOCAL default_statistics_target = 10")
            for table in tables_of(views):
                for statement in [*finished(table, new(table)), *granted(new(table))]:
                    self._state.execute(statement.encode())
                self._state.execute(sql.SQL("ANALYZE {}").format(place(new(table))))
            self._state.execute(
                "UPDATE book.rebuilds SET state = 'following', position = target WHERE number = %s", (number,)
            )

    def load(self, wanted: Wanted, own: Iterable[Table]) -> list[Change]:
        """The rows that a batch touches: of the views' own tables the new ones, of others the live ones."""
        names = {table.name for table in own}
        return loaded(self._rows, wanted, named=lambda table: new(table) if table.name in names else table.name)

    def passed_over(self, views: Sequence[View]) -> list[View]:
        """The views without the entries that people decided to pass over."""
        return passed_over(self._state, views)

    def parked(self, number: int) -> set[Apart]:
        """The streams that are parked in the new rows, each with the view in which it is."""
        return parked_in(self._state, number)

    def commit(self, changes: Iterable[Change], *, number: int, position: int, parked: Sequence[Parked]) -> None:
        """Rows, what was parked, and the position of the rebuild, together."""
        with self._rows.transaction(), self._rows.cursor() as rows:
            write(rows, changes, named=new)
            park(self._rows, parked, rebuild=number)
            rows.execute("UPDATE book.rebuilds SET position = %s WHERE number = %s", (position, number))

    @contextmanager
    def still(self) -> Iterator[int]:
        """The live book's position, at which it stays until this ends; readers notice nothing."""
        with self._state.transaction():
            yield self._one("SELECT position FROM book.progress FOR UPDATE")

    # Comparing.

    @contextmanager
    def snapshot(self) -> Iterator[Snapshot]:
        """Live and new rows as they stand now, however long one looks at them."""
        with psycopg.connect(self._dsn) as connection:
            connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            connection.read_only = True
            connection.execute("SELECT 1 FROM book.progress")
            yield Snapshot(connection)

    # Swapping.

    def swap(self, views: Sequence[View], number: int, *, position: int, ahead: bool) -> None:
        """Make the new tables the live ones and put the live ones aside, within `still`. Raises SwapBlocked if
        somebody reads one for longer than readers may be kept waiting; nothing is changed then.

        `ahead`: these are all views, and the book's position becomes theirs.
        """
        try:
            with self._state.transaction():
                self._state.execute(sql.SQL("SET LOCAL lock_timeout = {}").format(sql.Literal(f"{LOCK_MS_MAX}ms")))
                for table in tables_of(views):
                    self._put_aside(table)
        except (psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected) as blocked:
            raise SwapBlocked from blocked
        before = self.stored()
        for view in views:
            version = before[view.name][0] if view.name in before else None
            self._state.execute(
                "INSERT INTO book.views (name, version, kept_version, kept_position) VALUES (%s, %s, %s, %s)"
                " ON CONFLICT (name) DO UPDATE SET version = EXCLUDED.version,"
                " kept_version = EXCLUDED.kept_version, kept_position = EXCLUDED.kept_position",
                (view.name, view.version, version, None if version is None else self.live_position()),
            )
        replace(self._state, views, rebuild=number)
        self._state.execute("UPDATE book.progress SET swaps = swaps + 1")
        if ahead:
            self._state.execute("UPDATE book.progress SET position = %s", (position,))
            self._state.execute("SELECT pg_notify('book_position', %s)", (str(position),))
        self._end(number, "swapped")

    def take_back(self, view: View) -> None:
        """Begin a rebuild whose new rows are those that the last swap of a view put aside."""
        with self._state.transaction():
            kept = self.stored()[view.name][2]
            assert kept is not None
            for table in view.tables:
                self._state.execute(_drop(new(table)))
                self._rename(old(table), new(table))
            self._state.execute(
                "UPDATE book.views SET kept_version = NULL, kept_position = NULL WHERE name = %s", (view.name,)
            )
            number = self._open([view], position=kept, target=kept, state="following")
            take_back(self._state, view, rebuild=number)

    def drop(self, views: Sequence[View], number: int) -> None:
        """Give a rebuild up, and its tables."""
        with self._state.transaction():
            for table in tables_of(views):
                self._state.execute(_drop(new(table)))
            self._end(number, "dropped")

    def close(self) -> None:
        self._state.close()
        self._rows.close()

    def _put_aside(self, table: Table) -> None:
        self._state.execute(_drop(old(table)))
        if self._state.execute("SELECT to_regclass(%s)", (f"book.{table.name}",)).fetchone() != (None,):
            self._rename(table.name, old(table))
        self._rename(new(table), table.name)

    def _rename(self, name: str, other: str) -> None:
        self._state.execute(sql.SQL("ALTER TABLE {} RENAME TO {}").format(place(name), sql.Identifier(other)))

    def _open(self, views: Sequence[View], *, position: int, target: int, state: str) -> int:
        return self._one(
            "INSERT INTO book.rebuilds (views, versions, target, position, state) VALUES (%s, %s, %s, %s, %s)"
            " RETURNING number",
            ([view.name for view in views], [view.version for view in views], target, position, state),
        )

    def _end(self, number: int, state: str) -> None:
        self._state.execute("UPDATE book.rebuilds SET state = %s, ended_at = now() WHERE number = %s", (state, number))

    def _one(self, query: str, parameters: Sequence[Any] = ()) -> int:
        row = self._state.execute(query.encode(), parameters).fetchone()
        assert row is not None
        return int(row[0])


class Snapshot:
    """Both tables of a view at one moment."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def compare(self, table: Table, *, differs: frozenset[str]) -> Compared:
        """A live table beside the new one, over the columns that both have and that are not declared to differ."""
        live, others = self._columns(table.name), self._columns(new(table))
        common = [name for name in live if name in others and name not in differs]
        amounts = [name for name in common if live[name] == others[name] == "numeric"]
        rows, hashed, totals = self._sums(table.name, common, amounts)
        new_rows, new_hashed, new_totals = self._sums(new(table), common, amounts)
        same = (rows, hashed) == (new_rows, new_hashed)
        return Compared(
            table=table.name,
            columns=tuple(common),
            live_rows=rows,
            new_rows=new_rows,
            live_totals=totals,
            new_totals=new_totals,
            same=same,
            declared="*" in differs,
            sample=() if same else self._sample(table, common),
        )

    def _columns(self, name: str) -> dict[str, str]:
        found = self._connection.execute(
            "SELECT attname, typname FROM pg_attribute JOIN pg_type ON pg_type.oid = atttypid"
            " WHERE attrelid = to_regclass(%s) AND attnum > 0 AND NOT attisdropped ORDER BY attnum",
            (f"book.{name}",),
        )
        return dict(found.fetchall())

    def _sums(self, name: str, common: Sequence[str], amounts: Sequence[str]) -> tuple[int, int, dict[str, int]]:
        totals = [sql.SQL("coalesce(sum({}), 0)").format(sql.Identifier(amount)) for amount in amounts]
        query = SUMS_SQL.format(
            columns=_columns(common), table=place(name), totals=sql.SQL(", ").join([*totals, sql.SQL("0")])
        )
        row = self._connection.execute(query).fetchone()
        assert row is not None
        return int(row[0]), int(row[1]), dict(zip(amounts, map(int, row[2:-1]), strict=True))

    def _sample(self, table: Table, common: Sequence[str]) -> tuple[Differing, ...]:
        names = {"key": sql.Identifier(table.key), "columns": _columns(common), "limit": sql.Literal(SAMPLE_MAX)}
        query = SAMPLE_SQL.format(live=place(table.name), new=place(new(table)), **names)
        return tuple(Differing(key=key, live=a, new=b) for key, a, b in self._connection.execute(query))


def _columns(names: Sequence[str]) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Identifier, names))


def _drop(name: str) -> sql.Composed:
    return sql.SQL("DROP TABLE IF EXISTS {}").format(place(name))
