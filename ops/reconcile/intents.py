"""Journal against the writer's promises: once the writer has read an entry that obliges an effect, it has an intent."""

from __future__ import annotations

from collections.abc import Container, Iterator

import msgspec
import psycopg

from abis import Generation
from domain.ledger import generation_id
from ops.reconcile.journal import JournalSide
from ops.reconcile.nouns import Difference


class Promised(msgspec.Struct, frozen=True):
    """The writer's side: how far it has read the journal for a generation, and the entries that it has intents of."""

    position: int
    positions: Container[int]


def read_promises(dsn: str, generation: Generation) -> Promised:
    """At position 0 if the writer has not begun yet."""
    name = generation_id(generation)
    with psycopg.connect(dsn) as connection:
        # the position first: what is promised between the two is only more
        follower = connection.execute("SELECT position FROM writer.followers WHERE generation = %s", (name,)).fetchone()
        rows = connection.execute("SELECT position FROM writer.intents WHERE generation = %s", (name,)).fetchall()
    return Promised(int(follower[0]) if follower else 0, {int(position) for (position,) in rows})


def missing_intents(journal: JournalSide, promised: Promised) -> Iterator[Difference]:
    """The obligations that the writer has passed and does not know."""
    for position, obligation in journal.obligations.items():
        if position > promised.position or position in promised.positions:
            continue
        yield Difference(
            kind="intent-missing",
            subject=obligation.subject,
            id=str(obligation.stream),
            what=f"{type(obligation.log).__name__} of {obligation.contract} has no intent",
            journal=f"entry {position} obliges it",
            positions=(position,),
        )
