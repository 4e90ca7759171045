"""Where a rebuild reads the journal: a replica, once it is sure that it holds the same journal as far as is read."""

from __future__ import annotations

import time

import psycopg

from ops.errors import OperatorError
from ops.settings import Settings

WAIT_S_MAX = 60.0
ASK_AGAIN_S = 0.1

SEALED_SQL = "SELECT size, root FROM journal.tree WHERE size <= %s ORDER BY size DESC LIMIT 1"
LEAF_SQL = "SELECT leaf FROM journal.entries WHERE notification_id = %s"
SAME_SQL = (
    "SELECT (SELECT leaf FROM journal.entries WHERE notification_id = %s) IS NOT DISTINCT FROM %s"
    " AND (%s = 0 OR EXISTS (SELECT FROM journal.tree WHERE size = %s AND root = %s))"
)

Connection = psycopg.Connection[tuple[object, ...]]


class ReplicaRefused(OperatorError):
    """The replica cannot be read from. Nothing was loaded, and nothing is read from elsewhere in its stead."""


def reading_dsn(settings: Settings, room: str, *, to: int, wait_s_max: float = WAIT_S_MAX) -> str:
    """Where entries up to a position are read: the replica if one is set, else the database itself.

    Waits until the replica has the position. Raises ReplicaRefused if it does not come, or is of another journal.
    """
    dsn = settings.replica_dsn(room)
    if dsn is None:
        return settings.dsn(room)
    try:
        with psycopg.connect(dsn, autocommit=True) as replica:
            _wait(replica, to=to, wait_s_max=wait_s_max)
            with psycopg.connect(settings.dsn(room), autocommit=True) as primary:
                _same(primary, replica, to=to)
    except psycopg.Error as error:
        text = f"the replica (TANDEM_REPLICA_URL) cannot be asked: {str(error).strip()}"
        raise ReplicaRefused(f"{text}; mend it, or unset TANDEM_REPLICA_URL to read from the database itself") from None
    return dsn


def _wait(replica: Connection, *, to: int, wait_s_max: float) -> None:
    until = time.monotonic() + wait_s_max
    while (head := _head(replica)) < to:
        if time.monotonic() >= until:
            raise ReplicaRefused(
                f"the replica (TANDEM_REPLICA_URL) is at position {head}, not at {to}, after {wait_s_max:.0f} s:"
                " see whether it receives anything, or unset TANDEM_REPLICA_URL to read from the database itself"
            )
        time.sleep(ASK_AGAIN_S)


def _same(primary: Connection, replica: Connection, *, to: int) -> None:
    """The seal of the whole journal as far as it reaches, and that of the last entry, are the same in both."""
    size, root = primary.execute(SEALED_SQL, (to,)).fetchone() or (0, None)
    (leaf,) = primary.execute(LEAF_SQL, (to,)).fetchone() or (None,)
    if replica.execute(SAME_SQL, (to, leaf, size, size, root)).fetchone() != (True,):
        raise ReplicaRefused(
            f"the replica (TANDEM_REPLICA_URL) holds another journal: the seals up to position {to} are not those of"
            " DATABASE_URL. Point it at a replica of that database, or unset it"
        )


def _head(replica: Connection) -> int:
    row = replica.execute("SELECT size FROM journal.head").fetchone()
    return int(str(row[0])) if row else 0
