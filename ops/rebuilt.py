"""What a person sees of a rebuild: a progress bar with rate and time left, then phases, rows compared, differences."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import msgspec
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn

from ops import rebuild
from ops.errors import OperatorError
from ops.rebuild import Report, Watcher, Wish, chosen
from ops.settings import Settings
from ops.tables import print_json, print_table
from projections.rebuilding.nouns import Compared

PARTS_IN_ALL = 1_000  # of the bar


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """The command line's options, as they were given."""

    views: tuple[str, ...] = ()
    everything: bool = False
    to: int | None = None
    dry_run: bool = False
    despite_differences: bool = False
    processes: int = 2
    back: str | None = None
    drop: bool = False


class Silent:
    """Nobody watches."""

    def phase(self, name: str) -> None:
        """Say nothing."""

    def loaded(self, share: float, entries: int) -> None:
        """Say nothing."""


class Bar:
    """A progress bar on the terminal: the share of the loading that is done, its rate, and how long it will take."""

    def __init__(self, progress: Progress, task: TaskID) -> None:
        self._progress = progress
        self._task = task
        self._pace = Pace()

    def phase(self, name: str) -> None:
        self._progress.update(self._task, description=name)

    def loaded(self, share: float, entries: int) -> None:
        elapsed_s = self._progress.tasks[0].elapsed or 0.0
        said = said_of(elapsed_s, entries, self._pace.left_s(elapsed_s, share))
        self._progress.update(self._task, completed=share * PARTS_IN_ALL, said=said)


class Pace:
    """How fast the loading goes from the first that is heard of it: processes take a moment to begin, and what was
    loaded before a restart took no time of this one."""

    def __init__(self) -> None:
        self._first: tuple[float, float] | None = None

    def left_s(self, elapsed_s: float, share: float) -> float | None:
        """The time left if it goes on at that pace; None while nobody can know."""
        if self._first is None:
            self._first = elapsed_s, share
        since_s, done = elapsed_s - self._first[0], share - self._first[1]
        return since_s * (1 - share) / done if done > 0 else None


def said_of(elapsed_s: float, entries: int, left_s: float | None) -> str:
    """The rate so far, and the time left as far as it is known."""
    if elapsed_s <= 0:
        return ""
    rate = f"{entries / elapsed_s:,.0f} entries/s"
    return rate if left_s is None else f"{rate}, {left_s:,.0f} s left"


def run(settings: Settings, asked: Asked, *, as_json: bool) -> int:
    """Do what was asked and print it. Returns 1 if rows differ and nothing was swapped."""
    if asked.drop:
        given_up = rebuild.drop(settings)
        said = f"the rebuild of {', '.join(given_up.views)} is given up" if given_up else "there is none to give up"
        print_json({"dropped": given_up}) if as_json else print(said)
        return 0
    with _watching(as_json=as_json) as watcher:
        report = _done(settings, asked, watcher)
    if as_json:
        print_json(report)
    else:
        _tell(report)
    return 1 if report.outcome == "stopped" or (report.outcome == "compared" and report.differing) else 0


def _done(settings: Settings, asked: Asked, watcher: Watcher) -> Report:
    if asked.back is not None:
        if asked.views or asked.everything:
            raise OperatorError("--back names its own view: leave out the others")
        return rebuild.go_back(settings, asked.back, watcher=watcher)
    wish = Wish(
        views=chosen(asked.views, everything=asked.everything),
        to=asked.to,
        dry_run=asked.dry_run,
        despite_differences=asked.despite_differences,
        processes=asked.processes,
    )
    return rebuild.perform(settings, wish, watcher=watcher)


@contextmanager
def _watching(*, as_json: bool) -> Iterator[Watcher]:
    if as_json or not sys.stderr.isatty():
        yield Silent()
        return
    columns = (
        TextColumn("{task.description:10}"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[said]}"),
    )
    with Progress(*columns, console=Console(stderr=True)) as progress:
        yield Bar(progress, progress.add_task("", total=PARTS_IN_ALL, said=""))


SAID = {
    "swapped": "the new rows are the live ones; what was there before is kept (`rebuild --back VIEW`)",
    "stopped": "rows differ: nothing was swapped. `rebuild --drop` gives up, `--despite-differences` swaps anyway",
    "compared": "a dry run: nothing was swapped, and what was made is dropped",
    "kept": "posted as far as was asked; the same command without --to goes on",
}


def _tell(report: Report) -> None:
    seconds = ", ".join(f"{phase} {duration:.1f} s" for phase, duration in report.seconds.items())
    print(f"{', '.join(report.views)}: {report.entries:,} entries, at position {report.position:,} ({seconds})")
    read_from = f", read from the {report.read_from}" if report.read_from else ""
    print(f"{report.total_s:.1f} s in all{read_from}")
    if report.compared:
        print_table(
            "compared",
            ("table", "live rows", "new rows", "the same"),
            [(c.table, c.live_rows, c.new_rows, _verdict(c)) for c in report.compared],
            right=("live rows", "new rows"),
        )
    for one in report.compared:
        for row in one.sample:
            print(
                f"! {one.table} {row.key}\n    live {_shown(row.live, row.new)}\n    new  {_shown(row.new, row.live)}"
            )
    if report.parked:
        print(f"! {report.parked} streams are parked in the new rows: look at them (`book parked`) once they are live")
    print(SAID[report.outcome])


def _verdict(compared: Compared) -> str:
    if compared.same:
        return "yes"
    return "no, as declared" if compared.declared else "NO"


def _shown(row: dict[str, object] | None, other: dict[str, object] | None) -> str:
    """What of a row is not the same in the other one."""
    if row is None:
        return "has no such row"
    differing = {name: value for name, value in row.items() if other is None or other.get(name) != value}
    return ", ".join(f"{name}={value}" for name, value in differing.items())
