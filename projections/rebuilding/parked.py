"""What the new rows of a rebuild have parked: kept beside it, and in the place of the live rows' own at the swap."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from projections.folding import Apart, Parked, View
from projections.store import Connection

PARK_SQL = (
    "INSERT INTO book.parked_new (rebuild, view, version, position, stream, topic, error)"
    " VALUES (%(rebuild)s, %(view)s, %(version)s, %(position)s, %(stream)s, %(topic)s, %(error)s)"
    " ON CONFLICT DO NOTHING"  # where entries are dealt, each part is told of one that cannot be read
)
# What the live rows had parked is folded in the new ones, unless it is parked there again.
REBUILT_SQL = "UPDATE book.parked SET state = 'rebuilt', decided_at = now() WHERE state = 'parked' AND view = ANY(%s)"
AGAIN_SQL = (
    "INSERT INTO book.parked (view, version, position, stream, topic, error)"
    " SELECT view, version, position, stream, topic, error FROM book.parked_new WHERE rebuild = %s"
    " ON CONFLICT (view, version, position) DO UPDATE SET state = 'parked', error = EXCLUDED.error, by = NULL,"
    " reason = NULL, decided_at = NULL WHERE parked.state <> 'skipped'"
)
# The rows that the last swap put aside lack what was parked in them, which that swap has marked in the same moment.
TAKE_BACK_SQL = (
    "INSERT INTO book.parked_new (rebuild, view, version, position, stream, topic, error)"
    " SELECT %s, view, version, position, stream, topic, error FROM book.parked WHERE view = %s AND state = 'rebuilt'"
    " AND decided_at = (SELECT max(ended_at) FROM book.rebuilds WHERE state = 'swapped' AND %s = ANY(views))"
)


def park(connection: Connection, parked: Sequence[Parked], *, rebuild: int) -> None:
    """Park entries in the new rows."""
    with connection.cursor() as rows:
        rows.executemany(PARK_SQL, [{**msgspec.structs.asdict(one), "rebuild": rebuild} for one in parked])


def parked_in(connection: Connection, rebuild: int) -> set[Apart]:
    """The streams that are parked in the new rows, each with the view in which it is."""
    found = connection.execute("SELECT DISTINCT view, stream FROM book.parked_new WHERE rebuild = %s", (rebuild,))
    return set(found.fetchall())


def replace(connection: Connection, views: Sequence[View], *, rebuild: int) -> None:
    """At a swap: what is parked of these views is from now on what the new rows have parked."""
    connection.execute(REBUILT_SQL, ([view.name for view in views],))
    connection.execute(AGAIN_SQL, (rebuild,))


def take_back(connection: Connection, view: View, *, rebuild: int) -> None:
    """What was parked in the rows that the last swap of a view put aside, for a rebuild that begins with them."""
    connection.execute(TAKE_BACK_SQL, (rebuild, view.name, view.name))
