"""The nouns of a rebuild: how it stands, and what a comparison of old and new rows has found."""

from __future__ import annotations

from typing import Any

import msgspec


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """A rebuild that is not over. `target`: how far it is loaded in bulk; `position`: how far its rows are posted.

    `state`: loading (slices are missing, or keys and indexes), following (it is posted as the live view is).
    """

    number: int
    views: tuple[str, ...]
    versions: tuple[int, ...]
    target: int
    position: int
    state: str


class Differing(msgspec.Struct, frozen=True, kw_only=True):
    """One row that is not the same in both; None where it is not there."""

    key: str
    live: dict[str, Any] | None
    new: dict[str, Any] | None


class Compared(msgspec.Struct, frozen=True, kw_only=True):
    """A live table beside its new one at the same position, over `columns`: rows, totals of amounts, sum of hashes.

    `declared`: the new version says that whole rows come or go, so that a difference is no reason to stop.
    """

    table: str
    columns: tuple[str, ...]
    live_rows: int
    new_rows: int
    live_totals: dict[str, int]
    new_totals: dict[str, int]
    same: bool
    declared: bool
    sample: tuple[Differing, ...] = ()
