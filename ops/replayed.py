"""What `replay` prints: text for people, JSON or CSV for machines."""

from __future__ import annotations

import csv
import json
import sys
from typing import Any

import msgspec

from ops.errors import OperatorError
from ops.replay import Replayed
from ops.tables import print_json, print_table

FORMATS = ("text", "json", "csv")


def show(replayed: Replayed, *, form: str) -> None:
    """Print in one of FORMATS. Raises OperatorError for another."""
    if form not in FORMATS:
        raise OperatorError(f"there is no format {form!r}; there are: {', '.join(FORMATS)}")
    if form == "json":
        print_json(replayed)
        return
    tables = _tables(replayed)
    if not tables and form == "text":
        print(f"there is nothing at position {replayed.position}")
    for title, columns, rows in tables:
        if form == "csv":
            csv.writer(sys.stdout).writerows([columns, *rows])
        else:
            print_table(title, columns, rows)


def _tables(replayed: Replayed) -> list[tuple[str, tuple[str, ...], list[list[Any]]]]:
    """Each table's title, columns and rows; of a state, fields are rows."""
    found: list[tuple[str, tuple[str, ...], list[list[Any]]]] = []
    if replayed.things:
        fields = [[name, field, _cell(v)] for name, thing in replayed.things.items() for field, v in thing.items()]
        found.append((f"at position {replayed.position}", ("name", "field", "value"), fields))
    if replayed.since is not None:
        changes = [[c.name, c.field, _cell(c.before), _cell(c.after)] for c in replayed.changes]
        title = f"changed from position {replayed.since} to {replayed.position}"
        found.append((title, ("name", "field", "before", "after"), changes))
    if replayed.steps:
        names = ("position", "at", "by", "stream", "version", "topic", "after")
        steps = [[_cell(value) for value in msgspec.structs.astuple(step)] for step in replayed.steps]
        found.append(("entries", names, steps))
    return found


def _cell(value: Any) -> str:
    """A value in one cell: nothing for None, JSON for what is nested."""
    if value is None:
        return ""
    return json.dumps(value) if isinstance(value, dict | list | tuple) else str(value)
