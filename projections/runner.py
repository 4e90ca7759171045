"""The runner: posts the book from the journal, batch by batch, rows and position in one transaction."""

from __future__ import annotations

from collections.abc import Sequence

from domain.journal import Entry, JournalReader
from domain.progress import Progress
from projections.errors import BookOvertaken
from projections.folding import Batch, View, refs_of
from projections.store import BookStore
from projections.views import VIEWS

ENTRIES_PER_STEP_MAX = 1_000


class Runner:
    """One step folds a batch into all views. A second runner stands by and takes over when the first one's
    connection ends; should both ever post, the position lets only one of them commit.
    """

    def __init__(self, reader: JournalReader, store: BookStore, *, views: Sequence[View] = VIEWS) -> None:
        """Raises ViewOutdated if the rows were folded by other versions of these views."""
        self._reader = reader
        self._store = store
        self._views = views
        store.adopt(views)

    def step(self) -> Progress:
        """Advanced by 0 when there is nothing new, or when another runner leads."""
        position = self._store.position()
        entries: list[Entry] = []
        if self._store.lead():
            entries = self._reader.read(after=position, limit=ENTRIES_PER_STEP_MAX)
        if entries:
            batch = Batch(self._store.load(refs_of(self._views, entries)))
            batch.fold(self._views, entries)
            try:
                self._store.commit(batch.changes, before=position, position=entries[-1].position)
                position = entries[-1].position
            except BookOvertaken:
                entries, position = [], self._store.position()
        lag = max(0, self._reader.head() - position)
        return Progress(advanced=len(entries), position=position, lag=lag)
