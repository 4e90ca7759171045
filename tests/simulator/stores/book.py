"""The book's store in memory, for the production runner and its folds; and the book as one fold from the beginning."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from projections.errors import BookOvertaken, ViewOutdated
from projections.folding import Apart, Batch, Change, Key, Parked, View
from projections.folding import Table as BookTable
from projections.rows import Row
from projections.views import VIEWS
from tests.simulator.stores.database import Connection, MemoryDatabase, NewTable, Table
from tests.simulator.stores.journal import JournalTables

ONE = 0  # the key of a table's only row

Rows = dict[tuple[str, Key], Row]


class BookTables:
    """The rows of all views by table and key, the versions of the views, and the position they stand at."""

    def __init__(self, table: NewTable) -> None:
        self.rows: Table[tuple[str, Key], Row] = table()
        self.views: Table[str, int] = table()
        self.progress: Table[int, int] = table()

    @property
    def position(self) -> int:
        return self.progress.get(ONE, 0)


class MemoryBook(Connection):
    """As `projections.store.BookStore`."""

    def __init__(self, database: MemoryDatabase) -> None:
        super().__init__(database)
        self._tables = database.room(BookTables)

    @property
    def tables(self) -> BookTables:
        self._check()
        return self._tables

    def lead(self) -> bool:
        return self._leads("book")

    def position(self) -> int:
        return self.tables.position

    def adopt(self, views: Sequence[View]) -> None:
        with self._transaction("book.adopt"):
            empty = self.tables.position == 0
            for view in views:
                version = self.tables.views.get(view.name)
                if version is None and empty:
                    self.tables.views.put(view.name, view.version)
                elif version != view.version:
                    raise ViewOutdated(view.name, stored=version or 0, known=view.version)

    def load(self, wanted: Mapping[str, tuple[BookTable, set[Key]]]) -> list[Change]:
        rows = self.tables.rows
        return [
            (table, rows[table.name, key])
            for table, keys in wanted.values()
            for key in keys
            if (table.name, key) in rows
        ]

    def parked(self) -> set[Apart]:
        return set()

    def commit(self, changes: Iterable[Change], *, before: int, position: int, parked: Sequence[Parked] = ()) -> None:
        assert not parked, f"no fold breaks on an entry of the domain: {parked[0]}"
        with self._transaction("book.commit"):
            if self.tables.position != before:
                raise BookOvertaken
            self.tables.progress.put(ONE, position)
            for table, row in changes:
                self.tables.rows.put((table.name, table.key_of(row)), row)

    def rows(self) -> Rows:
        """All rows as they stand."""
        return dict(self.tables.rows)

    def rebuilt(self, views: Sequence[View] = VIEWS) -> Rows:
        """The rows that one fold from the first entry to the position gives."""
        journal = self.database.room(JournalTables)
        batch = Batch()
        batch.fold(views, (journal.entries[position] for position in range(1, self.tables.position + 1)))
        return {(table.name, table.key_of(row)): row for table, row in batch.changes}
