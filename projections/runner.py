"""The runner: posts the book from the journal, batch by batch, rows and position in one transaction."""

from __future__ import annotations

from collections.abc import Sequence

from domain.journal import Entry, JournalReader, Unreadable
from domain.progress import Progress
from projections.errors import BookOvertaken, RowsRefused
from projections.folding import Batch, Parked, View, parked_of, refs_of
from projections.store import BookStore
from projections.views import VIEWS

ENTRIES_PER_STEP_MAX = 1_000


class Runner:
    """One step folds a batch into all views. A second runner stands by and takes over when the first one's
    connection ends; should both ever post, the position lets only one of them commit.

    An entry that this release cannot read, or that a view cannot fold, parks its stream in that view; all others go on.
    """

    def __init__(self, reader: JournalReader, store: BookStore, *, views: Sequence[View] = VIEWS) -> None:
        """Raises ViewOutdated if the rows were folded by other versions of these views."""
        self._reader = reader
        self._store = store
        self._views = views
        self._one_by_one_until = 0
        store.adopt(views)

    def step(self) -> Progress:
        """Advanced by 0 when there is nothing new, or when another runner leads."""
        position = self._store.position()
        entries: list[Entry | Unreadable] = []
        if self._store.lead():
            limit = 1 if position < self._one_by_one_until else ENTRIES_PER_STEP_MAX
            entries = self._reader.read_any(after=position, limit=limit)
        if entries:
            try:
                self._post(entries, before=position)
                position = entries[-1].position
            except BookOvertaken:
                entries, position = [], self._store.position()
        lag = max(0, self._reader.head() - position)
        return Progress(advanced=len(entries), position=position, lag=lag)

    def _post(self, entries: list[Entry | Unreadable], *, before: int) -> None:
        batch = Batch(self._store.load(refs_of(self._views, entries)))
        parked = batch.fold_apart(self._views, entries, self._store.parked())
        try:
            self._store.commit(batch.changes, before=before, position=entries[-1].position, parked=parked)
        except RowsRefused as refused:
            if len(entries) == 1:
                self._park(entries[0], refused, before=before, known=parked)
                return
            # Which entry it is that makes a wrong row is known once each is posted alone.
            self._one_by_one_until = entries[-1].position
            raise BookOvertaken from refused

    def _park(self, entry: Entry | Unreadable, refused: RowsRefused, *, before: int, known: Sequence[Parked]) -> None:
        """Park an entry whose rows are wrong in every view that folded it."""
        already = {one.view for one in known}
        more = [
            parked_of(view, entry, error=f"RowsRefused: {refused}")
            for view in self._views
            if entry.topic in view.topics and view.name not in already
        ]
        self._store.commit([], before=before, position=entry.position, parked=[*known, *more])
