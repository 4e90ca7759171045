"""What can go wrong with the book, sorted by what to do next."""

from __future__ import annotations


class ViewOutdated(Exception):
    """The rows of a view were folded by another version of its code. Nothing was changed: rebuild the view."""

    def __init__(self, view: str, *, stored: int, known: int) -> None:
        super().__init__(
            f"the rows of view {view!r} are of version {stored}, this release folds version {known}:"
            f" run `rebuild {view}` of this release, or the release that folds version {stored}"
        )
        self.view = view


class BookOvertaken(Exception):
    """Another runner has posted these entries. Nothing was written; read its position and go on from there."""


class RowsRefused(Exception):
    """The database takes a row for wrong. Nothing was written: fold entry by entry, and park the one that made it."""


class ParkingRefused(Exception):
    """What is parked cannot be tried again or passed over as asked. Nothing was changed."""


class SwapBlocked(Exception):
    """Somebody reads a table for longer than a swap may keep other readers waiting. Nothing was changed: try again."""


class RebuildRefused(Exception):
    """A rebuild cannot be begun or ended as asked. Nothing was changed; the text says what can be done."""
