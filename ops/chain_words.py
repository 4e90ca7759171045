"""`ops chain …`: what people type and read of the chain ledger's generations."""

from __future__ import annotations

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from ops.chain_rebuild import ChainRebuild, Rebuilt, Standing
from ops.reconcile.text import difference
from ops.settings import Settings
from ops.tables import print_json

SHOWN_MAX = 50


def rebuild(settings: Settings, url: str, *, as_json: bool) -> int:
    """Post the chain ledger again and print what came of it. Returns 1 if anything differs or was refused."""
    again = ChainRebuild(settings, url)
    console = Console(stderr=True)
    with Progress(
        TextColumn("posting"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[per_s]:.0f}/s"),
        TimeRemainingColumn(),
        console=console,
        disable=as_json or not console.is_terminal,
    ) as progress:
        task = progress.add_task("posting", total=None, per_s=0.0)

        def show(standing: Standing) -> None:
            total = max(standing.obliged, 1) if standing.journal >= standing.head else None
            done = standing.landed + standing.refused
            progress.update(task, total=total, completed=done, per_s=standing.per_s)

        rebuilt = again.run(show)
    if as_json:
        print_json(rebuilt)
    else:
        _print(rebuilt, Console())
    return 0 if rebuilt.ok else 1


def _print(rebuilt: Rebuilt, console: Console) -> None:
    compared = rebuilt.compared
    console.print(
        f"Posted {rebuilt.landed:,} effects of {rebuilt.entries:,} entries to chain {rebuilt.chain_id}"
        f" in {rebuilt.seconds:,.1f} s ({rebuilt.per_s:,.0f} a second). Its generation: {rebuilt.file}",
        soft_wrap=True,
    )
    console.print("Compared: " + ", ".join(f"{count:,} {what}" for what, count in compared.checked.items()))
    for one in rebuilt.refused[:SHOWN_MAX]:
        console.print(
            f"refused: entry {one.position} ({one.kind}): {one.code}: {one.reason}", style="red", markup=False
        )
    for found in compared.differences[:SHOWN_MAX]:
        console.print(difference(found), soft_wrap=True)
    hidden = max(len(compared.differences) - SHOWN_MAX, 0)
    if hidden:
        console.print(f"… and {hidden:,} more; --json prints all of them", style="dim")
    if rebuilt.ok:
        console.print("Journal, rebuilt and living generation agree.", style="green")
    else:
        console.print(f"{len(compared.differences) + len(rebuilt.refused):,} things differ.", style="red")
