"""What the processes remember: their position, the investments of each campaign, and what falls due."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

import msgspec
import psycopg

from domain.due import Due, Settled


class Held(msgspec.Struct, frozen=True):
    """One investment of a campaign as its process knows it; `position` is that of its commitment."""

    investment_id: UUID
    amount: int
    state: str
    position: int


class Change(msgspec.Struct, frozen=True):
    """A new state of an investment; `amount` and `position` 0 where they are known already."""

    campaign_id: UUID
    investment_id: UUID
    amount: int
    state: str
    position: int


COMMITTED_SQL = "INSERT INTO journal.campaign_investments VALUES (%s, %s, %s, %s, %s) ON CONFLICT DO NOTHING"
CHANGED_SQL = "UPDATE journal.campaign_investments SET state = %s WHERE campaign_id = %s AND investment_id = %s"
DUE_SQL = (
    "INSERT INTO journal.deadlines (kind, stream, item, due, position) VALUES (%s, %s, %s, %s, %s)"
    " ON CONFLICT (kind, stream, item) DO UPDATE SET due = EXCLUDED.due, position = EXCLUDED.position"
)
SETTLED_SQL = "DELETE FROM journal.deadlines WHERE kind = %s AND stream = %s AND item = %s"


class ProcessStore:
    """Tables `journal.followers`, `journal.campaign_investments` and `journal.deadlines`."""

    def __init__(self, dsn: str) -> None:
        self._connection = psycopg.connect(dsn, autocommit=True, prepare_threshold=1)

    def position(self, name: str) -> int:
        """How far a process has read; 0 for one that never ran."""
        row = self._connection.execute("SELECT position FROM journal.followers WHERE name = %s", (name,)).fetchone()
        return int(row[0]) if row else 0

    def advance(
        self,
        name: str,
        position: int,
        *,
        changes: Iterable[Change] = (),
        news: Iterable[Due | Settled] = (),
    ) -> None:
        """Keep what was learnt, in its order, and the position it was learnt at, in one transaction."""
        with self._connection.transaction(), self._connection.cursor() as rows:
            for change in changes:
                key = (change.campaign_id, change.investment_id)
                if change.amount:
                    rows.execute(COMMITTED_SQL, (*key, change.amount, change.state, change.position))
                else:
                    rows.execute(CHANGED_SQL, (change.state, *key))
            for one in news:
                if isinstance(one, Due):
                    rows.execute(DUE_SQL, (one.kind, one.stream, one.item, one.at, one.position))
                else:
                    rows.execute(SETTLED_SQL, (one.kind, one.stream, one.item))
            rows.execute(
                "INSERT INTO journal.followers VALUES (%s, %s) ON CONFLICT (name) DO UPDATE"
                " SET position = EXCLUDED.position WHERE journal.followers.position < EXCLUDED.position",
                (name, position),
            )

    def postpone(self, due: Due, *, until: datetime) -> None:
        """Ask again later for what could not happen yet."""
        self._connection.execute(
            "UPDATE journal.deadlines SET due = %s WHERE kind = %s AND stream = %s AND item = %s",
            (until, due.kind, due.stream, due.item),
        )

    def held(self, campaign_id: UUID, *, after: UUID | None, limit: int) -> list[Held]:
        """The investments of a campaign in the order of their ids, after one of them."""
        with self._connection.cursor(binary=True) as rows:
            rows.execute(
                "SELECT investment_id, amount, state, position FROM journal.campaign_investments"
                " WHERE campaign_id = %s AND (%s::uuid IS NULL OR investment_id > %s) ORDER BY investment_id LIMIT %s",
                (campaign_id, after, after, limit),
            )
            return [_held(row) for row in rows]

    def in_state(self, campaign_id: UUID, state: str, *, limit: int | None = None) -> list[Held]:
        """The investments of a campaign in a state, in the order of their commitments."""
        with self._connection.cursor(binary=True) as rows:
            rows.execute(
                "SELECT investment_id, amount, state, position FROM journal.campaign_investments"
                " WHERE campaign_id = %s AND state = %s ORDER BY position LIMIT %s",
                (campaign_id, state, limit),
            )
            return [_held(row) for row in rows]

    def due(self, now: datetime, *, limit: int) -> list[Due]:
        """What is due, the oldest first; of equally old things the answers of investors before the closing."""
        rows = self._connection.execute(
            "SELECT kind, stream, item, due, position FROM journal.deadlines"
            " WHERE due <= %s ORDER BY due, kind DESC LIMIT %s",
            (now, limit),
        )
        return [Due(*row) for row in rows]

    def close(self) -> None:
        self._connection.close()


def _held(row: tuple[UUID, int, str, int]) -> Held:
    investment_id, amount, state, position = row
    return Held(investment_id, int(amount), state, position)
