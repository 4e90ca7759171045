"""The command line of the book ledger: rebuilding views (`ops/rebuild.py`), and what is parked (`ops/book.py`)."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

book_app = typer.Typer()
parked_app = typer.Typer(help="The book ledger: what is parked, and deciding about it.", no_args_is_help=True)
book_app.add_typer(parked_app, name="book")

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


By = Annotated[str, typer.Option("--by", help="Who decides: it is recorded.")]


@parked_app.command("parked")
def book_parked(
    *,
    everything: Annotated[bool, typer.Option("--all", help="Also what was decided already.")] = False,
    as_json: AsJson = False,
    home: Home = HOME,
) -> None:
    """Entries that a view could not fold, and what waits behind them in their streams. Exits 1 if there are any."""
    from ops import book
    from ops.cli import settings_of

    raise typer.Exit(book.show(settings_of(home), everything=everything, as_json=as_json))


@parked_app.command("retry")
def book_retry(
    view: Annotated[str, typer.Argument(help="The view.")],
    stream: Annotated[UUID, typer.Argument(help="The stream that is parked in it.")],
    *,
    by: By,
    home: Home = HOME,
) -> None:
    """Fold what is parked of a stream, in order, once the defect is mended."""
    from ops import book
    from ops.cli import settings_of

    typer.echo(f"{book.retry(settings_of(home), view, stream, by=by)} entries are folded")


@parked_app.command("skip")
def book_skip(
    view: Annotated[str, typer.Argument(help="The view.")],
    position: Annotated[int, typer.Argument(min=1, help="The first parked entry of its stream.")],
    *,
    by: By,
    reason: Annotated[str, typer.Option("--reason", help="Why: it is recorded.")],
    home: Home = HOME,
) -> None:
    """Pass over an entry for this version of the view, and fold what waits behind it."""
    from ops import book
    from ops.cli import settings_of

    folded = book.skip(settings_of(home), view, position, by=by, reason=reason)
    typer.echo(f"entry {position} is passed over, {folded} behind it are folded")
