"""The command line of the indexer: reading the chain here and now, or again. The work is done in `ops/index.py`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ops.settings import SettingsInvalid

index_app = typer.Typer()

Home = Annotated[
    Path, typer.Option("--home", help="Folder of the local stack: data, keys, logs.", envvar="TANDEM_HOME")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object instead.")]
HOME = Path(".tandem")


@index_app.command("index")
def index_chain(
    *,
    first: Annotated[int | None, typer.Option("--from", min=1, help="The first block to read again.")] = None,
    last: Annotated[int | None, typer.Option("--to", min=1, help="The last block to read.")] = None,
    verify: Annotated[bool, typer.Option("--verify", help="Compare what is stored with the chain.")] = False,
    as_import: Annotated[bool, typer.Option("--import", help="Store a history, and do not tell the journal.")] = False,
    home: Home = HOME,
    as_json: AsJson = False,
) -> None:
    """Read the chain here and now, with a bar; or read blocks again and compare. Exits 1 when they differ."""
    from ops import index
    from ops.cli import settings_of

    settings = settings_of(home)
    if verify:
        raise typer.Exit(index.verify(settings, first=first, last=last, as_json=as_json))
    if first is not None:
        raise SettingsInvalid("--from goes with --verify: reading goes on where the last one ended")
    raise typer.Exit(index.read(settings, to=last, as_import=as_import, as_json=as_json))
