"""What is parked, and what people decide about it: try the stream again, or pass an entry over. Recorded with who."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from domain.journal import Entry, JournalReader, Unreadable
from projections.errors import ParkingRefused
from projections.folding import Batch, View, refs_of
from projections.store import ParkingStore


class Decided(msgspec.Struct, frozen=True, kw_only=True):
    """An entry of the parked ones, with what was decided. `state`: parked, retried, skipped, rebuilt."""

    view: str
    version: int
    position: int
    stream: UUID
    topic: str
    error: str | None
    state: str
    parked_at: datetime
    by: str | None
    reason: str | None
    decided_at: datetime | None


class Parking:
    """Works beside a running book: it stands still while a stream is tried again, and looks at its rows anew."""

    def __init__(self, reader: JournalReader, store: ParkingStore, *, views: Sequence[View]) -> None:
        self._reader = reader
        self._store = store
        self._views = {view.name: view for view in views}

    def parked(self, *, everything: bool) -> list[Decided]:
        """The entries that are parked, or all that ever were, in order."""
        return [Decided(**row) for row in self._store.listed(everything=everything)]

    def retry(self, view: str, stream: UUID, *, by: str) -> int:
        """Fold what is parked of a stream, in order. How many entries. Raises ParkingRefused if one cannot be folded
        still, or if nothing is parked."""
        with self._store.still():
            return self._try(self._known(view), stream, by=by)

    def pass_over(self, view: str, position: int, *, by: str, reason: str) -> int:
        """Pass over the first parked entry of its stream, and fold what waits behind it. How many were folded."""
        known = self._known(view)
        with self._store.still():
            entry = self._reader.any_entry(position)
            waiting = self._store.waiting(view, entry.stream) if entry is not None else []
            if entry is None or not waiting or waiting[0] != position:
                first = f"; the first of its stream is {waiting[0]}" if waiting else ""
                raise ParkingRefused(f"entry {position} is not the first that is parked in view {view!r}{first}")
            self._store.decide(view, [position], state="skipped", by=by, reason=reason)
            return self._try(known, entry.stream, by=by) if waiting[1:] else 0

    def _try(self, view: View, stream: UUID, *, by: str) -> int:
        positions = self._store.waiting(view.name, stream)
        if not positions:
            raise ParkingRefused(f"nothing of stream {stream} is parked in view {view.name!r}")
        entries = [entry for position in positions if (entry := self._reader.any_entry(position)) is not None]
        batch = Batch(self._store.load(refs_of([view], entries)))
        self._fold(batch, view, entries)
        self._store.write(batch.changes)
        self._store.decide(view.name, positions, state="retried", by=by)
        return len(entries)

    @staticmethod
    def _fold(batch: Batch, view: View, entries: Sequence[Entry | Unreadable]) -> None:
        failed = [one for one in batch.fold_apart([view], entries, set()) if one.error is not None]
        if failed:
            raise ParkingRefused(f"entry {failed[0].position} cannot be folded still: {failed[0].error}")

    def _known(self, name: str) -> View:
        if name not in self._views:
            raise ParkingRefused(f"there is no view {name!r}; there are: {', '.join(self._views)}")
        return self._views[name]
