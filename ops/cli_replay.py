"""The command line of `replay`. The work is done in `ops/replay.py`, the printing in `ops/replayed.py`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

replay_app = typer.Typer(
    help="The journal read again, without effects: what was when, what changed, what followed.", no_args_is_help=True
)

Home = Annotated[
    Path, typer.Option("--home", help="Folder of the local stack: data, keys, logs.", envvar="TANDEM_HOME")
]
At = Annotated[str | None, typer.Option("--at", help="A position, or a moment with its zone; else now.")]
Since = Annotated[str | None, typer.Option("--since", help="Show what has changed since this position or moment.")]
Form = Annotated[str, typer.Option("--format", help="text, json or csv.")]
HOME = Path(".tandem")


@replay_app.command("stream")
def replay_stream(
    stream: Annotated[UUID, typer.Argument(help="A company, campaign, investment, investor or payment by its id.")],
    *,
    at: At = None,
    since: Since = None,
    form: Form = "text",
    home: Home = HOME,
) -> None:
    """The state of an aggregate at a position or moment; with --since what changed, and by which entries."""
    from ops import replay, replayed
    from ops.cli import settings_of

    replayed.show(replay.stream(settings_of(home), stream, at=at, since=since), form=form)


@replay_app.command("view")
def replay_view(
    view: Annotated[str, typer.Argument(help="A view by its name.")],
    *,
    key: Annotated[str | None, typer.Option("--key", help="Only the row under this key.")] = None,
    at: At = None,
    since: Since = None,
    form: Form = "text",
    home: Home = HOME,
) -> None:
    """The rows of a view at a position or moment, folded anew; with --since the fields that changed."""
    from ops import replay, replayed
    from ops.cli import settings_of

    replayed.show(replay.view(settings_of(home), view, at=at, since=since, key=key), form=form)


@replay_app.command("correlation")
def replay_correlation(
    correlation: Annotated[UUID, typer.Argument(help="The correlation id of a command's entries.")],
    *,
    form: Form = "text",
    home: Home = HOME,
) -> None:
    """Everything that followed from a command, up to what the chain has confirmed."""
    from ops import replay, replayed
    from ops.cli import settings_of

    replayed.show(replay.correlation(settings_of(home), correlation), form=form)
