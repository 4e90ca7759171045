"""The writer's tables: intents, lanes, slots, members, submissions. A write of a lane names the epoch it is made in.

The database itself refuses what would break the protocol (see the migration); here that is `GuardBroken`.
"""

from __future__ import annotations

from chain_writer.store.lanes import Bound, LaneRow, LaneTables
from chain_writer.store.promises import Promises
from chain_writer.store.tables import SESSION_SQL, Lease, Tables

__all__ = ["Bound", "LaneRow", "Lease", "Tables", "WriterStore"]


class WriterStore(Promises, LaneTables):
    """Everything that the writer keeps and reads back."""

    def __init__(self, dsn: str) -> None:
        super().__init__(dsn)
        self._connection.execute(SESSION_SQL, prepare=False)
