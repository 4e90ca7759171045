"""What every row of the book is: one frozen value, as the views fold it and the questions answer it."""

from __future__ import annotations

import msgspec


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """The fields are the columns of the row's table. What is nested is stored as JSON."""


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """A value within a row."""
