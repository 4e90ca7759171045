"""A rebuild from begin to swap: loaded in slices, it follows the journal, is compared with the live rows, swapped."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack

from domain.journal import JournalReader
from domain.progress import Progress
from projections.errors import RebuildRefused, SwapBlocked
from projections.folding import Batch, View, refs_of
from projections.rebuilding.nouns import Compared, Standing
from projections.rebuilding.plan import slices_of, tables_of, weights_of
from projections.rebuilding.store import RebuildStore

ENTRIES_PER_STEP_MAX = 1_000
CLOSE_ENOUGH = 500  # entries behind the live book at which it is asked to stand still
STEPS_WITHOUT_GAIN_MAX = 20  # the live book may be as fast as this one: then it is asked to stand still all the same
SWAPS_TRIED_MAX = 60


class Rebuild:
    """Each verb may be repeated after a crash: what is done is written down with the rows."""

    def __init__(self, reader: JournalReader, store: RebuildStore, *, views: Sequence[View]) -> None:
        """`views` are all that this release knows. Raises RebuildRefused if another rebuild runs."""
        if not store.lead():
            raise RebuildRefused("another rebuild runs: wait for its end, or stop it")
        self._reader = reader
        self._store = store
        self._known = {view.name: view for view in views}

    def begin(self, names: Sequence[str], *, to: int | None, processes: int) -> Standing:
        """Begin, or go on with, the rebuild of these views. Raises RebuildRefused."""
        views = self._views(names)
        standing = self._store.standing()
        if standing is None:
            everything = len(views) == len(self._known)
            reached = self._store.live_position()
            # A book that has nothing yet is ahead of nobody: it may be posted as far as the journal goes.
            most = self._reader.head() if everything and reached == 0 else reached
            target = most if to is None else min(to, most)
            self._store.begin(views, slices_of(views, target=target, processes=processes), target=target)
            standing = self._store.standing()
            assert standing is not None
        elif set(standing.views) != set(names):
            raise RebuildRefused(
                f"a rebuild of {', '.join(standing.views)} is not over: go on with it by the same command,"
                " or give it up with `rebuild --drop`"
            )
        elif list(standing.versions) != [self._known[name].version for name in standing.views]:
            raise RebuildRefused(
                f"the rebuild of {', '.join(standing.views)} was begun by another release: give it up with"
                " `rebuild --drop` and begin again"
            )
        return standing

    def back(self, name: str) -> Standing:
        """Begin to go back to the rows that the last swap put aside. Raises RebuildRefused."""
        (view,) = self._views([name])
        standing = self._store.standing()
        if standing is not None:
            raise RebuildRefused(f"a rebuild of {', '.join(standing.views)} is not over: end it, or `rebuild --drop`")
        _, kept_version, _ = self._store.stored().get(name, (0, None, None))
        if kept_version is None:
            raise RebuildRefused(f"nothing of view {name!r} was put aside: there is no way back")
        if kept_version != view.version:
            raise RebuildRefused(
                f"what was put aside of view {name!r} is of version {kept_version}, this release folds version"
                f" {view.version}: go back with the release that folds version {kept_version}"
            )
        self._store.take_back(view)
        standing = self._store.standing()
        assert standing is not None
        return standing

    def finish(self, standing: Standing) -> None:
        """After the last slice: keys and indexes."""
        missing, _ = self._store.left(standing.number)
        assert missing == 0, "a slice is not loaded"
        self._store.finish(self._of(standing), standing.number)

    def left(self, standing: Standing) -> tuple[int, int]:
        """How many slices are not loaded yet, and how many entries are folded."""
        return self._store.left(standing.number)

    def slices(self, standing: Standing) -> dict[int, int | None]:
        """Every slice by its number: how many entries it has folded, None if it is not loaded yet."""
        return self._store.slices(standing.number)

    def weights(self, standing: Standing) -> dict[int, float]:
        """How much work each slice is beside the others, by its number."""
        counts = self._store.sample(entries=standing.target)
        return weights_of(self._store.pieces(standing.number), self._of(standing), counts=counts)

    def standing(self) -> Standing:
        """How it stands."""
        standing = self._store.standing()
        assert standing is not None, "no rebuild is under way"
        return standing

    def parked(self, standing: Standing) -> int:
        """How many streams are parked in the new rows, counted in each view."""
        return len(self._store.parked(standing.number))

    def step(self) -> Progress:
        """Follow the journal by one batch, never beyond the live book."""
        standing = self.standing()
        live = self._store.live_position()
        advanced = self._follow(standing, to=live)
        position = standing.position + advanced
        return Progress(advanced=advanced, position=position, lag=max(0, live - position))

    def catch_up(self) -> None:
        """Follow until the live book is near, or runs as fast."""
        least, without_gain = self.step().lag, 0
        while least > CLOSE_ENOUGH and without_gain < STEPS_WITHOUT_GAIN_MAX:
            lag = self.step().lag
            without_gain = 0 if lag < least else without_gain + 1
            least = min(least, lag)

    def compare(self) -> list[Compared]:
        """Live and new rows at one position; nothing for a view that has no live rows, or is ahead of them."""
        stored = self._store.stored()
        views = [view for view in self._of(self.standing()) if view.name in stored]
        with ExitStack() as stack:
            with self._store.still() as position:
                if self.standing().position > position or not views:
                    return []
                self._drain(position)
                snapshot = stack.enter_context(self._store.snapshot())
            return [
                snapshot.compare(table, differs=view.differs if stored[view.name][0] != view.version else frozenset())
                for view in views
                for table in view.tables
            ]

    def swap(self) -> int:
        """Make the new rows the live ones. Returns the position of that. Raises SwapBlocked if readers never end."""
        tried = 0
        while True:
            self.catch_up()
            try:
                return self._swap()
            except SwapBlocked:
                tried += 1
                if tried >= SWAPS_TRIED_MAX:
                    raise

    def drop(self) -> Standing | None:
        """Give up the rebuild that is not over."""
        standing = self._store.standing()
        if standing is not None:
            self._store.drop(self._of(standing), standing.number)
        return standing

    def _swap(self) -> int:
        with self._store.still() as live:
            self._drain(live)
            standing = self.standing()
            ahead = standing.position > live
            if ahead and len(standing.views) < len(self._known):
                raise RebuildRefused("the live book was emptied meanwhile: `rebuild --drop`, then `rebuild --all`")
            self._store.swap(self._of(standing), standing.number, position=standing.position, ahead=ahead)
        return standing.position

    def _drain(self, position: int) -> None:
        while (standing := self.standing()).position < position:
            self._follow(standing, to=position)

    def _follow(self, standing: Standing, *, to: int) -> int:
        """Fold a batch of entries up to a position. How many there were."""
        limit = min(ENTRIES_PER_STEP_MAX, to - standing.position)
        if limit <= 0:
            return 0
        views = self._store.passed_over(self._of(standing))
        entries = self._reader.read_any(after=standing.position, limit=limit)
        batch = Batch(self._store.load(refs_of(views, entries), tables_of(views)))
        parked = batch.fold_apart(views, entries, self._store.parked(standing.number))
        self._store.commit(batch.changes, number=standing.number, position=entries[-1].position, parked=parked)
        return len(entries)

    def _of(self, standing: Standing) -> list[View]:
        return [self._known[name] for name in standing.views]

    def _views(self, names: Sequence[str]) -> list[View]:
        unknown = [name for name in names if name not in self._known]
        if unknown or not names:
            raise RebuildRefused(
                f"there is no view {', '.join(unknown) or 'named'}; there are: {', '.join(self._known)}"
            )
        return [view for view in self._known.values() if view.name in names]
