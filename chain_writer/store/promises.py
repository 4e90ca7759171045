"""What the writer has promised: intents as the journal is followed, and those rejected that must be told of."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import msgspec

from chain_writer.intents import Obligation, Rejection, Switch
from chain_writer.rows import promised, rejection_of, statement
from chain_writer.store.tables import Cursor, Tables


class Promises(Tables):
    """The follower's and the reporter's part."""

    # Following the journal.

    def position(self, generation: UUID, *, chain_id: int, rebuilt: bool = False) -> int:
        """How far the journal has been read for a generation; one that is new begins at 0, perhaps beside another."""
        self._connection.execute(
            "INSERT INTO writer.followers (generation, chain_id, position, rebuilt) VALUES (%s, %s, 0, %s)"
            " ON CONFLICT DO NOTHING",
            (generation, chain_id, rebuilt),
        )
        row = self._maybe("SELECT position FROM writer.followers WHERE generation = %s", (generation,))
        assert row is not None
        return int(row[0])

    def promise(
        self,
        generation: UUID,
        *,
        after: int,
        through: int,
        obligations: Sequence[tuple[Obligation, str]],
        switch: Switch | None = None,
    ) -> bool:
        """Keep intents with their lanes, the position they were read at, and a switch there, all in one commit.

        False if another follower has moved the position or ended the generation: nothing was written.
        """
        with self._transaction() as rows:
            if switch is not None:
                _hold(rows, switch)
            rows.execute(
                "UPDATE writer.followers SET position = %s"
                " WHERE generation = %s AND position = %s AND ended_position IS NULL",
                (through, generation, after),
            )
            if rows.rowcount == 0:
                return False
            if obligations:
                rows.execute(statement("promise"), promised(generation, obligations))
            if switch is not None:
                _switch(rows, switch)
        return True

    def ended(self, generation: UUID) -> int | None:
        """The position of the entry that ended a generation; None while nothing has."""
        row = self._maybe("SELECT ended_position FROM writer.followers WHERE generation = %s", (generation,))
        return None if row is None or row[0] is None else int(row[0])

    def promise_one(self, generation: UUID, obligation: Obligation, *, lane: str) -> int:
        """Keep an intent unless there is one of this effect: how many were kept."""
        with self._transaction() as rows:
            rows.execute("SELECT FROM writer.intents WHERE intent = %s", (obligation.effect,))
            if rows.rowcount:
                return 0
            rows.execute(statement("promise"), promised(generation, [(obligation, lane)]))
        return 1

    def homeless(self, generation: UUID, lanes: Sequence[str]) -> list[UUID]:
        """The subjects of queued intents on lanes that are no longer."""
        rows = self._all(
            "SELECT DISTINCT subject FROM writer.intents"
            " WHERE generation = %s AND state = 'queued' AND lane <> ALL(%s)",
            (generation, list(lanes)),
        )
        return [row[0] for row in rows]

    def rehome(self, generation: UUID, subject: UUID, *, lane: str) -> None:
        """Queue what a subject has waiting on another lane. What is bound stays where its nonce is."""
        self._connection.execute(
            "UPDATE writer.intents SET lane = %s WHERE generation = %s AND subject = %s AND state = 'queued'",
            (lane, generation, subject),
        )

    def tally(self, generation: UUID) -> dict[str, int]:
        """How many intents of a generation are in each state."""
        rows = self._all(
            "SELECT state, count(*) FROM writer.intents WHERE generation = %s GROUP BY state", (generation,)
        )
        return {str(state): int(count) for state, count in rows}

    def refused(self, generation: UUID, *, limit: int) -> list[tuple[int, str, str, str]]:
        """The intents of a generation that will not land, oldest first: position, kind, code and reason."""
        return [
            (int(position), str(kind), str(code), str(reason))
            for position, kind, code, reason in self._all(
                "SELECT position, kind, code, reason FROM writer.intents"
                " WHERE generation = %s AND state = 'rejected' ORDER BY position LIMIT %s",
                (generation, limit),
            )
        ]

    # Reporting and waking.

    def rejections(self, *, limit: int) -> list[Rejection]:
        """Rejected intents of a generation that lives, which have not been reported, oldest first."""
        return [rejection_of(row) for row in self._all(statement("rejections"), (limit,))]

    def reported(self, intent: UUID, *, position: int) -> None:
        """Keep where in the journal a rejection stands."""
        self._connection.execute(
            "UPDATE writer.intents SET reported_position = %s WHERE intent = %s", (position, intent)
        )

    def busy_lanes(self) -> list[str]:
        """The lanes of the house that have something to do or to watch."""
        return [str(row[0]) for row in self._all(statement("busy_lanes"))]


def _hold(rows: Cursor, switch: Switch) -> None:
    """Hold both generations, in one order: who binds an intent holds its own more lightly, and is waited for."""
    rows.execute(
        "SELECT FROM writer.followers WHERE generation = ANY(%s) ORDER BY generation FOR UPDATE",
        ([switch.previous, switch.successor],),
    )


def _switch(rows: Cursor, switch: Switch) -> None:
    """Whichever of the two followers comes to the promotion first makes the switch whole; the other finds it made."""
    asked = msgspec.structs.asdict(switch)
    rows.execute(statement("switch"), asked)
    if rows.rowcount:
        rows.execute(statement("switch_intents"), asked)
        rows.execute(statement("switch_lanes"), asked)
