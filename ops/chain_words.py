"""`ops chain …`: what people type and read of the chain ledger's generations."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from ops import promotion
from ops.chain_rebuild import ChainRebuild, Rebuilt, Standing
from ops.promotion import key_of
from ops.reconcile.text import difference
from ops.settings import Settings
from ops.tables import print_json

SHOWN_MAX = 50


def rebuild(settings: Settings, url: str, *, as_json: bool) -> int:
    """Post the chain ledger again and print what came of it. Returns 1 if anything differs or was refused."""
    rebuilt = _rebuilt(ChainRebuild(settings, url), as_json=as_json)
    if as_json:
        print_json(rebuilt)
    else:
        _print(rebuilt, Console())
    return 0 if rebuilt.ok else 1


def propose(settings: Settings, url: str, *, key_file: Path | None, as_json: bool) -> int:
    """Rebuild, and propose the promotion of what came of it. Returns 1 if anything differs or was refused."""
    key, again = key_of(settings, key_file, role="operator"), ChainRebuild(settings, url)
    rebuilt = _rebuilt(again, as_json=as_json)
    if not rebuilt.ok:
        _print(rebuilt, Console(stderr=True))
        return 1
    proposed = promotion.propose(settings, again, rebuilt, key=key)
    if as_json:
        print_json(proposed)
        return 0
    console = Console()
    _print(rebuilt, console)
    console.print(
        f"Proposed at position {proposed.position}: generation {proposed.generation_id}. Another person reads"
        f" {proposed.report} and approves it: chain promote --report {proposed.report}",
        soft_wrap=True,
    )
    return 0


def promote(settings: Settings, report: Path, *, key_file: Path | None, as_json: bool) -> int:
    """Approve a proposal, and print what to set."""
    promoted = promotion.promote(settings, report, key=key_of(settings, key_file, role="compliance"))
    if as_json:
        print_json(promoted)
        return 0
    Console().print(
        f"Promoted at position {promoted.position}: generation {promoted.generation_id} lives. Stop the house, set"
        f" TANDEM_GENERATION_FILE={promoted.file} and POLYGON_EDGE_RPC_URL to a node of chain {promoted.chain_id},"
        " and start it again: nothing starts on another generation.",
        soft_wrap=True,
    )
    return 0


def _rebuilt(again: ChainRebuild, *, as_json: bool) -> Rebuilt:
    """Run a rebuild with a bar for whoever watches."""
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

        return again.run(show)


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
