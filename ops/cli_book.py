"""The command line of the book ledger: rebuilding views, and the way back. The work is done in `ops/rebuild.py`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

book_app = typer.Typer()

Home = Annotated[
    Path, typer.Option("--home", help="Folder of the local stack: data, keys, logs.", envvar="TANDEM_HOME")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object instead.")]
HOME = Path(".tandem")
PROCESSES_MAX = 64


@book_app.command("rebuild")
def rebuild_views(
    views: Annotated[list[str] | None, typer.Argument(help="Views by name.", show_default=False)] = None,
    *,
    everything: Annotated[bool, typer.Option("--all", help="All views.")] = False,
    to: Annotated[int | None, typer.Option(min=0, help="Post only as far as this position, and swap nothing.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Compare, then drop what was made.")] = False,
    despite_differences: Annotated[
        bool, typer.Option("--despite-differences", help="Swap although rows differ from the live ones.")
    ] = False,
    processes: Annotated[int, typer.Option(min=1, max=PROCESSES_MAX, help="Processes that load.")] = 2,
    back: Annotated[str | None, typer.Option(help="Swap this view back to what its last swap put aside.")] = None,
    drop: Annotated[bool, typer.Option("--drop", help="Give up the rebuild that is not over.")] = False,
    as_json: AsJson = False,
    home: Home = HOME,
) -> None:
    """Post views anew beside the live ones, compare, swap. Stopped or killed, the same command goes on. Exits 1 when
    rows differ."""
    from ops.cli import settings_of
    from ops.rebuilt import Asked, run

    asked = Asked(
        views=tuple(views or ()),
        everything=everything,
        to=to,
        dry_run=dry_run,
        despite_differences=despite_differences,
        processes=processes,
        back=back,
        drop=drop,
    )
    raise typer.Exit(run(settings_of(home), asked, as_json=as_json))
