"""A reconciliation for people and for machines."""

from __future__ import annotations

import signal
import sys
import threading
import time
from collections import Counter
from contextlib import closing
from datetime import UTC, datetime

import httpx
import psycopg
from rich import box
from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from api.reconciled_store import Reconciliations
from ops.reconcile.nouns import Difference, Reconciliation
from ops.reconcile.reconciler import READER_ROOM, reconcile
from ops.reconcile.repair import repair
from ops.rpc import RpcRefused
from ops.settings import Settings
from ops.tables import print_json

SHOWN_MAX = 50
AWAY = (psycopg.OperationalError, httpx.HTTPError, RpcRefused)


def show(settings: Settings, *, as_json: bool, repairing: bool = False) -> int:
    """Reconcile, keep what it came to, and print it. Returns 1 when anything differs; what is pending does not yet.

    `repairing` does again what can be done again, and reconciles once more.
    """
    result = _kept(settings)
    if repairing and not result.ok:
        for done in repair(settings, result):
            sys.stderr.write(f"{done}\n")
        result = _kept(settings)
    if as_json:
        print_json(result)
    else:
        print_reconciliation(result, Console())
    return 0 if result.ok else 1


def again_and_again(settings: Settings, *, every_s: int) -> int:
    """Reconcile on a schedule until somebody ends it; one line each time. A service that is away is waited for."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    code = 0
    while True:
        try:
            result = _kept(settings)
            code = 0 if result.ok else 1
            sys.stdout.write(f"{datetime.now(UTC).isoformat(timespec='seconds')} {summary(result)}\n")
        except AWAY as away:
            sys.stdout.write(f"{datetime.now(UTC).isoformat(timespec='seconds')} not now: {type(away).__name__}\n")
        sys.stdout.flush()
        if stop.wait(every_s):
            return code


def summary(result: Reconciliation) -> str:
    """One line: how many things differ, by kind."""
    if result.ok:
        return f"journal, book and chain agree at entry {result.journal_position}; {len(result.pending)} pending"
    kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds_of(result).items()))
    return f"{len(result.differences)} differences at entry {result.journal_position}: {kinds}"


def kinds_of(result: Reconciliation) -> dict[str, int]:
    return dict(Counter(difference.kind for difference in result.differences))


def _kept(settings: Settings) -> Reconciliation:
    began = time.monotonic()
    result = reconcile(settings)
    with closing(Reconciliations(settings.dsn(READER_ROOM))) as kept:
        kept.keep(
            journal_position=result.journal_position,
            kinds=kinds_of(result),
            pending=len(result.pending),
            took_s=time.monotonic() - began,
        )
    return result


def print_reconciliation(result: Reconciliation, console: Console) -> None:
    """What was compared, every difference with its sides, what is pending, and the verdict."""
    console.print(_checked(result))
    for found in result.differences[:SHOWN_MAX]:
        console.print(difference(found), soft_wrap=True)
    for pending in result.pending[:SHOWN_MAX]:
        console.print(
            f"pending: {pending.subject} {pending.id}: {pending.what} {_entries(pending.positions)}",
            style="yellow",
            markup=False,
            soft_wrap=True,
        )
    hidden = max(len(result.differences) - SHOWN_MAX, 0) + max(len(result.pending) - SHOWN_MAX, 0)
    if hidden:
        console.print(f"… and {hidden:,} more; --json prints all of them", style="dim")
    if result.ok:
        waiting = f"; {len(result.pending):,} things are pending" if result.pending else ""
        console.print(f"Journal, book and chain agree{waiting}.", style="green")
    else:
        count = len(result.differences)
        console.print(f"{count:,} difference{'' if count == 1 else 's'}.", style="red")


def _checked(result: Reconciliation) -> Group:
    where = (
        f"Reconciliation: journal at {result.journal_position:,}, book at {result.book_position:,},"
        f" chain at block {result.block:,} of {result.head:,}"
    )
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("compared")
    table.add_column("count", justify="right")
    for what, count in result.checked.items():
        table.add_row(what, f"{count:,}")
    return Group(Text(where, style="bold"), table)


def difference(d: Difference) -> Text:
    """What it is about in one line, then what each side says."""
    told = Text.assemble((d.kind, "red"), f"  {d.subject} {d.id}: {d.what} {_entries(d.positions)}")
    for side, said in (("journal", d.journal), ("book", d.book), ("living", d.living), ("chain", d.chain)):
        if said is not None:
            told.append(f"\n    {side:8}{said}", style="bright_black")
    return told


def _entries(positions: tuple[int, ...]) -> str:
    return f"(entries {', '.join(map(str, positions))})" if positions else ""
