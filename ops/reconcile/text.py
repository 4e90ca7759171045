"""A reconciliation for people and for machines."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from ops.reconcile.nouns import Difference, Reconciliation
from ops.reconcile.reconciler import reconcile
from ops.settings import Settings
from ops.tables import print_json

SHOWN_MAX = 50


def show(settings: Settings, *, as_json: bool) -> int:
    """Reconcile and print it. Returns 1 when anything differs; what is pending differs from nothing yet."""
    result = reconcile(settings)
    if as_json:
        print_json(result)
    else:
        print_reconciliation(result, Console())
    return 0 if result.ok else 1


def print_reconciliation(result: Reconciliation, console: Console) -> None:
    """What was compared, every difference with its sides, what is pending, and the verdict."""
    console.print(_checked(result))
    if result.differences:
        console.print(_differences(result.differences))
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
        console.print(f"{len(result.differences):,} differences.", style="red")


def _checked(result: Reconciliation) -> Table:
    title = (
        f"Reconciliation: journal at {result.journal_position:,}, book at {result.book_position:,},"
        f" chain at block {result.block:,} of {result.head:,} (indexed through {result.checkpoint:,})"
    )
    table = Table(title=title, title_justify="left")
    table.add_column("compared")
    table.add_column("count", justify="right")
    for what, count in result.checked.items():
        table.add_row(what, f"{count:,}")
    return table


def _differences(differences: list[Difference]) -> Table:
    table = Table(title="Differences", title_justify="left")
    for column in ("kind", "thing", "what", "journal", "book", "chain", "entries"):
        table.add_column(column, overflow="fold")
    for d in differences[:SHOWN_MAX]:
        sides = (d.journal or "", d.book or "", d.chain or "")
        table.add_row(d.kind, f"{d.subject} {d.id}", d.what, *sides, _entries(d.positions))
    return table


def _entries(positions: tuple[int, ...]) -> str:
    return f"(entries {', '.join(map(str, positions))})" if positions else ""
