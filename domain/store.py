"""What the processes remember: their position, the investments of each campaign, the deadlines that wait."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

import msgspec
import psycopg


class Held(msgspec.Struct, frozen=True):
    """One investment of a campaign as its process knows it."""

    investment_id: UUID
    amount: int
    state: str


class Change(msgspec.Struct, frozen=True):
    """A new state of an investment; `amount` 0 where it is known already."""

    campaign_id: UUID
    investment_id: UUID
    amount: int
    state: str


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
        deadlines: Iterable[tuple[UUID, datetime]] = (),
        passed: Iterable[UUID] = (),
    ) -> None:
        """Keep what was learnt and the position it was learnt at, in one transaction."""
        with self._connection.transaction(), self._connection.cursor() as rows:
            for change in changes:
                if change.amount:
                    rows.execute(
                        "INSERT INTO journal.campaign_investments VALUES (%s, %s, %s, %s) ON CONFLICT DO NOTHING",
                        (change.campaign_id, change.investment_id, change.amount, change.state),
                    )
                else:
                    rows.execute(
                        "UPDATE journal.campaign_investments SET state = %s"
                        " WHERE campaign_id = %s AND investment_id = %s",
                        (change.state, change.campaign_id, change.investment_id),
                    )
            for campaign_id, deadline in deadlines:
                rows.execute(
                    "INSERT INTO journal.deadlines VALUES (%s, %s) ON CONFLICT DO NOTHING", (campaign_id, deadline)
                )
            for campaign_id in passed:
                rows.execute("DELETE FROM journal.deadlines WHERE campaign_id = %s", (campaign_id,))
            rows.execute(
                "INSERT INTO journal.followers VALUES (%s, %s) ON CONFLICT (name) DO UPDATE"
                " SET position = EXCLUDED.position WHERE journal.followers.position < EXCLUDED.position",
                (name, position),
            )

    def held(self, campaign_id: UUID, *, after: UUID | None, limit: int) -> list[Held]:
        """The investments of a campaign in the order of their ids, after one of them."""
        with self._connection.cursor(binary=True) as rows:
            rows.execute(
                "SELECT investment_id, amount, state FROM journal.campaign_investments"
                " WHERE campaign_id = %s AND (%s::uuid IS NULL OR investment_id > %s) ORDER BY investment_id LIMIT %s",
                (campaign_id, after, after, limit),
            )
            return [Held(*row) for row in rows]

    def refunds(self, campaign_id: UUID) -> tuple[int, int, int]:
        """How many investments of a campaign are refunded, their sum, and how many still wait for their refund."""
        row = self._connection.execute(
            "SELECT count(*) FILTER (WHERE state = 'refunded'),"
            " coalesce(sum(amount) FILTER (WHERE state = 'refunded'), 0)::bigint,"
            " count(*) FILTER (WHERE state IN ('funded', 'refunding'))"
            " FROM journal.campaign_investments WHERE campaign_id = %s",
            (campaign_id,),
        ).fetchone()
        assert row is not None
        return int(row[0]), int(row[1]), int(row[2])

    def due(self, now: datetime, *, limit: int) -> list[UUID]:
        """The campaigns whose deadline has passed."""
        rows = self._connection.execute(
            "SELECT campaign_id FROM journal.deadlines WHERE deadline <= %s ORDER BY deadline LIMIT %s", (now, limit)
        )
        return [row[0] for row in rows]

    def close(self) -> None:
        self._connection.close()
