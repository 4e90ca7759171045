"""The command line of the chain ledger: posted again (`ops/chain_rebuild.py`), and promoted (`ops/promotion.py`)."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

chain_app = typer.Typer(help="The chain ledger: post it again elsewhere, and move there.", no_args_is_help=True)

Home = Annotated[
    Path, typer.Option("--home", help="Folder of the local stack: data, keys, logs.", envvar="TANDEM_HOME")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object instead.")]
To = Annotated[str, typer.Option("--to", help="A node of the chain that the ledger is posted to.")]
KeyFile = Annotated[
    Path | None,
    typer.Option("--key-file", help="File with the API key of whoever decides; a local stack has one of its own."),
]
HOME = Path(".tandem")


@chain_app.command("rebuild")
def chain_rebuild(to: To, *, home: Home = HOME, as_json: AsJson = False) -> None:
    """Post the chain ledger again, onto another chain, and compare the two. May be stopped and repeated."""
    from ops.chain_words import rebuild
    from ops.cli import settings_of

    raise typer.Exit(rebuild(settings_of(home), to, as_json=as_json))


@chain_app.command("propose")
def chain_propose(to: To, *, key_file: KeyFile = None, home: Home = HOME, as_json: AsJson = False) -> None:
    """Rebuild what is missing there, compare, and propose its promotion; nothing if anything differs. Exits 1 then."""
    from ops.chain_words import propose
    from ops.cli import settings_of

    raise typer.Exit(propose(settings_of(home), to, key_file=key_file, as_json=as_json))


@chain_app.command("promote")
def chain_promote(
    report: Annotated[Path, typer.Option("--report", help="The comparison's report, as it was proposed and read.")],
    *,
    key_file: KeyFile = None,
    home: Home = HOME,
    as_json: AsJson = False,
) -> None:
    """Approve the promotion that is proposed, as another person; then the house is started on that generation."""
    from ops.chain_words import promote
    from ops.cli import settings_of

    raise typer.Exit(promote(settings_of(home), report, key_file=key_file, as_json=as_json))


@chain_app.command("withdraw")
def chain_withdraw(
    reason: Annotated[str, typer.Option("--reason", help="Why: it is recorded.")],
    *,
    key_file: KeyFile = None,
    home: Home = HOME,
) -> None:
    """Withdraw the promotion that is proposed."""
    from ops.cli import settings_of
    from ops.promotion import key_of, withdraw

    settings = settings_of(home)
    position = withdraw(settings, reason, key=key_of(settings, key_file, role="operator"))
    typer.echo(f"the proposal is withdrawn at position {position}")


@chain_app.command("show")
def chain_show(*, home: Home = HOME, as_json: AsJson = False) -> None:
    """The generations as the journal knows them: which one lives, which have ended, which one is proposed."""
    from ops.cli import settings_of
    from ops.promotion import show

    show(settings_of(home), as_json=as_json)
