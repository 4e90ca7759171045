"""What can go wrong with the book, sorted by what to do next."""

from __future__ import annotations


class ViewOutdated(Exception):
    """The rows of a view were folded by another version of its code. Nothing was changed: post the book again."""

    def __init__(self, view: str, *, stored: int, known: int) -> None:
        super().__init__(
            f"the rows of view {view!r} are of version {stored}, this release folds version {known}:"
            " empty the book and let it be posted again"
        )
        self.view = view


class BookOvertaken(Exception):
    """Another runner has posted these entries. Nothing was written; read its position and go on from there."""
