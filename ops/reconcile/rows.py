"""Journal against book, row by row and column by column, and account by account."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from uuid import UUID

from ops.reconcile.book import BookSide
from ops.reconcile.expected import Place, place_of
from ops.reconcile.journal import JournalSide
from ops.reconcile.nouns import Difference, Kind
from projections.rows import Posting, Row


class RowComparer:
    """`moving` are rows that changed while the book was being read: what was read of them is not one moment."""

    def __init__(self, journal: JournalSide, book: BookSide, *, moving: Collection[Place]) -> None:
        self._journal = journal
        self._have = {place_of(row): row for row in book.rows}
        self._balances = book.balances
        self._moving = moving

    def compare(self, wanted: Mapping[Place, Row]) -> Iterator[Difference]:
        """Each row of either side."""
        for place, row in wanted.items():
            if place in self._moving:
                continue
            have = self._have.get(place)
            if have is None:
                yield self._about("book-missing", row, what="row", journal=_told(row), book=None)
            else:
                yield from self._columns(row, have)
        for place, row in self._have.items():
            if place not in wanted and place not in self._moving:
                yield self._about("book-foreign", row, what="row", journal=None, book=_told(row))

    def compare_balances(self, wanted: Mapping[str, int]) -> Iterator[Difference]:
        """Each account of either side; not while money moves."""
        if self._moving:
            return
        for account in sorted({*wanted, *self._balances}):
            journal, book = wanted.get(account, 0), self._balances.get(account, 0)
            if journal != book:
                yield Difference(
                    kind="book-differs",
                    subject="account",
                    id=account,
                    what="balance",
                    journal=str(journal),
                    book=str(book),
                )

    def _columns(self, wanted: Row, have: Row) -> Iterator[Difference]:
        for name in wanted.__struct_fields__:
            journal, book = getattr(wanted, name), getattr(have, name)
            if journal != book:
                yield self._about("book-differs", wanted, what=name, journal=_shown(journal), book=_shown(book))

    def _about(self, kind: Kind, row: Row, *, what: str, journal: str | None, book: str | None) -> Difference:
        name, key = place_of(row)
        return Difference(
            kind=kind,
            subject=name.lower(),
            id=str(key),
            what=what,
            journal=journal,
            book=book,
            positions=self._positions(row, key),
        )

    def _positions(self, row: Row, key: object) -> tuple[int, ...]:
        if isinstance(row, Posting):
            return (row.position,)
        stream = self._journal.streams.get(key) if isinstance(key, UUID) else None
        return stream.shown if stream is not None else ()


def _told(row: Row) -> str:
    """A whole row for a report: what it is, and where it begins."""
    return f"{type(row).__name__.lower()} from position {getattr(row, 'position', '?')}"


def _shown(value: object) -> str | None:
    return None if value is None else str(value)
