"""A reconciliation for people and for machines."""

from __future__ import annotations

from rich import box
from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

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
