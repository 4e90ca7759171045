"""The sealer: grows the Merkle tree right behind the head, checking each leaf against the bytes of its entry."""

from __future__ import annotations

import psycopg

from domain.errors import JournalCorrupt
from domain.journal.sealing import Tree, leaf_of
from domain.progress import Progress

ENTRIES_PER_STEP_MAX = 5_000


class Sealer:
    """One step seals a batch of entries and records the new tree head. Deterministic: same entries, same roots.

    Several may run at once: a head that another one recorded first is simply taken over.
    """

    def __init__(self, dsn: str) -> None:
        self._connection = psycopg.connect(dsn, autocommit=True, prepare_threshold=1)
        self._tree = self._recorded()

    def step(self) -> Progress:
        """Raises JournalCorrupt if an entry does not match its leaf or a position is missing."""
        with self._connection.cursor(binary=True) as rows:
            rows.execute(
                "SELECT notification_id, originator_id, originator_version, topic, state, leaf FROM journal.entries"
                " WHERE notification_id > %s ORDER BY notification_id LIMIT %s",
                (self._tree.size, ENTRIES_PER_STEP_MAX),
            )
            entries = rows.fetchall()
        leaves = []
        for place, (position, stream, version, topic, state, leaf) in enumerate(entries, start=self._tree.size + 1):
            if position != place:
                raise JournalCorrupt(f"position {place} of the journal is missing: {position} came instead")
            if leaf_of(position=position, stream=stream, version=version, topic=topic, state=state) != leaf:
                raise JournalCorrupt(f"the entry at position {position} is not the one that its leaf seals")
            leaves.append(leaf)
        if leaves:
            self._seal(self._tree.grown(leaves))
        row = self._connection.execute("SELECT size FROM journal.head").fetchone()
        assert row is not None
        return Progress(advanced=len(leaves), position=self._tree.size, lag=row[0] - self._tree.size)

    def close(self) -> None:
        self._connection.close()

    def _seal(self, tree: Tree) -> None:
        self._connection.execute(
            "INSERT INTO journal.tree (size, root, frontier) VALUES (%s, %s, %s) ON CONFLICT (size) DO NOTHING",
            (tree.size, tree.root, list(tree.frontier)),
        )
        self._tree = self._recorded()

    def _recorded(self) -> Tree:
        row = self._connection.execute(
            "SELECT size, frontier, root FROM journal.tree ORDER BY size DESC LIMIT 1"
        ).fetchone()
        if row is None:
            return Tree()
        tree = Tree(row[0], tuple(bytes(node) for node in row[1]))
        if tree.root != bytes(row[2]):
            raise JournalCorrupt(f"the recorded tree head at size {tree.size} contradicts its own frontier")
        return tree
