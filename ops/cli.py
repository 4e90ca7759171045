"""The command line: what people type. Each command is a few lines; the work is done in the modules it calls."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from ops.cli_book import book_app
from ops.cli_chain import chain_app
from ops.cli_index import index_app
from ops.cli_replay import replay_app
from ops.errors import OperatorError
from ops.settings import Settings, SettingsInvalid, explain, load

app = typer.Typer(
    name="tandem",
    help="One journal, two ledgers: an event-sourced ledger and chain indexer for equity crowdfunding.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
contracts_app = typer.Typer(help="The contracts: compile, deploy, check.", no_args_is_help=True)
keys_app = typer.Typer(help="Keys to the API: mint, list, revoke.", no_args_is_help=True)
app.add_typer(contracts_app, name="contracts")
app.add_typer(keys_app, name="keys")
vault_app = typer.Typer(help="The vault of personal data: its keys and their rotation.", no_args_is_help=True)
app.add_typer(vault_app, name="vault")
lanes_app = typer.Typer(help="The lanes of the chain writer: how each stands.", no_args_is_help=True)
app.add_typer(lanes_app, name="lanes")
app.add_typer(book_app)
app.add_typer(index_app)
app.add_typer(replay_app, name="replay")
app.add_typer(chain_app, name="chain")

Home = Annotated[
    Path, typer.Option("--home", help="Folder of the local stack: data, keys, logs.", envvar="TANDEM_HOME")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object instead.")]
HOME = Path(".tandem")


def run() -> None:
    """Run the command line. What a person can mend is told in a line, without a trace."""
    try:
        app()
    except OperatorError as error:
        sys.stderr.write(f"tandem: {error}\n")
        sys.exit(2)


def settings_of(home: Path) -> Settings:
    """The settings of the house that runs in a home, or else those of the environment."""
    from ops.places import environment_of

    return load(environment_of(home))


# Running.


@app.command()
def demo(
    *,
    investors: Annotated[int, typer.Option(min=1, help="Investors over both campaigns.")] = 12,
    chaos: Annotated[bool, typer.Option("--chaos", help="Kill each process and service once on the way.")] = False,
    seed: Annotated[int, typer.Option(help="What --chaos kills when.")] = 1,
    stay: Annotated[bool, typer.Option("--stay", help="Keep everything running afterwards.")] = False,
    as_json: AsJson = False,
    home: Annotated[
        Path | None, typer.Option("--home", help="Keep the data here; else in a folder of its own.")
    ] = None,
) -> None:
    """Play the whole circle, from an HTTP command to the chain and back, on a local stack."""
    from ops import demo as demonstration

    raise typer.Exit(
        demonstration.run(investors=investors, chaos=chaos, seed=seed, stay=stay, as_json=as_json, home=home)
    )


@app.command()
def up(
    home: Home = HOME,
    block_time_s: Annotated[float, typer.Option(min=0.1, max=60, help="Block time of the development chain.")] = 1.0,
) -> None:
    """Start everything and stay, for development. Ctrl-C stops it; the next start finds its data again."""
    from ops.up import stay_up

    raise typer.Exit(stay_up(home, block_time_s=block_time_s))


@app.command("run")
def run_role(
    role: Annotated[str, typer.Argument(help="api, projections, processes, writer, worker or indexer.")],
) -> None:
    """Run one process in the foreground, as systemd or a container does."""
    from ops.roles import run_process

    raise typer.Exit(run_process(role, load()))


@app.command()
def migrate() -> None:
    """Apply the missing migrations to DATABASE_URL."""
    from ops.migrate import migrate as apply

    url = load().database_url.get_secret_value()
    if not url:
        raise SettingsInvalid("DATABASE_URL is not set: point it at PostgreSQL")
    for name in apply(url):
        typer.echo(f"applied {name}")
    typer.echo("the database is up to date")


@app.command()
def status(*, home: Home = HOME, as_json: AsJson = False) -> None:
    """Processes, positions, lags and heads. Exits 1 when something is behind or gone."""
    from ops import status as report

    raise typer.Exit(report.show(settings_of(home), as_json=as_json))


@app.command()
def reconcile(
    *,
    repair: Annotated[
        bool,
        typer.Option("--repair", help="Promise again what has no intent, rebuild a book that differs."),
    ] = False,
    every_s: Annotated[int | None, typer.Option("--every", min=1, help="Go on, once in so many seconds.")] = None,
    home: Home = HOME,
    as_json: AsJson = False,
) -> None:
    """Compare journal, book and chain, both ways. Exits 1 when they differ."""
    from ops import reconcile as comparison

    if every_s is not None:
        raise typer.Exit(comparison.again_and_again(settings_of(home), every_s=every_s))
    raise typer.Exit(comparison.show(settings_of(home), as_json=as_json, repairing=repair))


@app.command("explain")
def explain_effect(
    what: Annotated[str, typer.Argument(help="A journal position, stream@version, stream, intent or tx hash.")],
    *,
    home: Home = HOME,
    as_json: AsJson = False,
) -> None:
    """Tell what became of an entry on the chain: its intent, nonces, transactions, block, log and confirmation."""
    from ops import explain as story

    story.show(settings_of(home), what, as_json=as_json)


@app.command()
def settings(*, as_json: AsJson = False) -> None:
    """Every setting: its names, default and meaning."""
    from ops.tables import print_json, print_table

    rows = explain()
    if as_json:
        print_json(rows)
        return
    print_table(
        "settings",
        ("name (aliases)", "default", "meaning"),
        [("\n".join(s.names), "(secret)" if s.secret else s.default, s.meaning) for s in rows],
    )


# Proving.


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def test(context: typer.Context) -> None:
    """All tests, on real parts. Further arguments go to pytest."""
    from ops.checks import run_tests

    raise typer.Exit(run_tests(context.args))


@app.command()
def check() -> None:
    """Format, lint, types, floors and unit tests, in about a minute on two cores."""
    from ops.checks import run_checks

    raise typer.Exit(run_checks())


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def simulate(context: typer.Context) -> None:
    """All processes over simulated parts, seed by seed: --seeds 1..1000, --seed 7 --trace, or --mutants."""
    from ops.checks import run_simulation

    raise typer.Exit(run_simulation(context.args))


@app.command()
def bench(
    name: Annotated[str, typer.Argument(help="journal, domain, writer, indexer, kills or rebuild.")],
    *,
    rounds: Annotated[
        int | None, typer.Option(min=1, max=100, help="Interleaved rounds (3), or kills at each crash point (5).")
    ] = None,
    events: Annotated[int | None, typer.Option(min=1_000, help="Entries of the journal that `rebuild` reads.")] = None,
    logs: Annotated[int | None, typer.Option(min=1_000, help="Logs of the history that `indexer` reads.")] = None,
    as_json: AsJson = False,
) -> None:
    """Measure one thing beside another in the same run; or kill writers at every crash point and count what is lost."""
    from ops.checks import run_bench

    raise typer.Exit(run_bench(name, rounds=rounds, as_json=as_json, events=events, logs=logs))


# Contracts.


@contracts_app.command("compile")
def contracts_compile() -> None:
    """Compile the sources with the pinned compiler and replace the committed artifacts. Needs node and npm."""
    from ops.contracts import write_artifacts

    write_artifacts()
    typer.echo("abis/artifacts and abis/manifest.json are written")


@contracts_app.command("deploy")
def contracts_deploy(home: Home = HOME) -> None:
    """Deploy the contracts, resuming a half-done deployment, and write the generation file."""
    from ops.foundation import Foundation

    generation = Foundation(settings_of(home)).deploy()
    for name, address in generation.addresses.items():
        typer.echo(f"{name:26} {address}")


@contracts_app.command("check")
def contracts_check(home: Home = HOME) -> None:
    """Compare the chain with the pinned generation: chain id, genesis, code, roles."""
    from ops.foundation import Foundation

    differences = Foundation(settings_of(home)).differences()
    for difference in differences:
        typer.echo(difference)
    typer.echo("the chain differs" if differences else "the chain is the pinned one")
    raise typer.Exit(1 if differences else 0)


# Keys.


@keys_app.command("mint")
def keys_mint(
    principal: Annotated[str, typer.Argument(help="Who the key speaks for.")],
    roles: Annotated[list[str], typer.Option("--role", help="A role of the key; several may be given.")],
    *,
    days: Annotated[int, typer.Option(min=1, max=3650, help="How long it is good for.")] = 365,
    home: Home = HOME,
) -> None:
    """Make a key. It is shown once, here; the database keeps its hash."""
    from ops import keys

    typer.echo(keys.mint(settings_of(home), principal=principal, roles=roles, days=days))


@keys_app.command("list")
def keys_list(*, home: Home = HOME, as_json: AsJson = False) -> None:
    """All keys: principals, roles, expiry. Never the keys themselves."""
    from ops import keys

    keys.show(settings_of(home), as_json=as_json)


@keys_app.command("revoke")
def keys_revoke(
    prefix: Annotated[str, typer.Argument(help="The key's id as `list` shows it.")], home: Home = HOME
) -> None:
    """Revoke a key at once."""
    from ops import keys

    raise typer.Exit(keys.revoke(settings_of(home), prefix))


# Lanes.


@vault_app.command("new-key")
def vault_new_key(home: Home = HOME) -> None:
    """Make a new key-encryption key, current from now on; then restart the API and `vault rotate`."""
    from ops import vault

    typer.echo(vault.add_key(settings_of(home)))


@vault_app.command("rotate")
def vault_rotate(home: Home = HOME) -> None:
    """Wrap the keys of all persons by the current key-encryption key; may be stopped and repeated."""
    from ops import vault

    typer.echo(f"{vault.rotate(settings_of(home))} keys are wrapped by the current key")


@vault_app.command("list")
def vault_list(*, home: Home = HOME, as_json: AsJson = False) -> None:
    """Every key-encryption key, and how many keys of persons it wraps."""
    from ops import vault

    vault.show(settings_of(home), as_json=as_json)


@lanes_app.command("list")
def lanes_list(*, home: Home = HOME, as_json: AsJson = False) -> None:
    """Every lane: signer, nonces, what is queued and in flight."""
    from ops import lanes

    lanes.show(settings_of(home), as_json=as_json)


@lanes_app.command("reinstate")
def lanes_reinstate(name: Annotated[str, typer.Argument(help="The lane's name.")], home: Home = HOME) -> None:
    """Lift the quarantine of a lane, once its key is certainly ours alone."""
    from ops import lanes

    raise typer.Exit(lanes.reinstate(settings_of(home), name))


@lanes_app.command("drain")
def lanes_drain(
    name: Annotated[str, typer.Argument(help="The lane's name.")],
    *,
    wait: Annotated[bool, typer.Option(help="Stay until everything in flight is final.")] = True,
    home: Home = HOME,
) -> None:
    """Let a lane bind nothing to new nonces any more. What is queued waits for its next key, or until it resumes."""
    from ops import rotation

    raise typer.Exit(rotation.drain(settings_of(home), name, wait=wait))


@lanes_app.command("resume")
def lanes_resume(name: Annotated[str, typer.Argument(help="The lane's name.")], home: Home = HOME) -> None:
    """Let a lane that drains go on."""
    from ops import rotation

    raise typer.Exit(rotation.resume(settings_of(home), name))


To = Annotated[str | None, typer.Option("--to", help="The address of the key that takes over.")]


@lanes_app.command("rotate")
def lanes_rotate(
    name: Annotated[str, typer.Argument(help="The lane's name.")], *, to: To = None, home: Home = HOME
) -> None:
    """Change a lane's key: drain it, hand its roles over. A local stack makes the calls itself; else they are shown."""
    from ops import rotation

    raise typer.Exit(rotation.rotate(settings_of(home), name, to=to))


@lanes_app.command("prove")
def lanes_prove(
    name: Annotated[str, typer.Argument(help="The lane's name.")], *, to: To = None, home: Home = HOME
) -> None:
    """Whether a lane's key has every role, and its former keys have none and nothing in flight. Exits 1 if not."""
    from ops import rotation

    raise typer.Exit(rotation.prove(settings_of(home), name, to=to))


@lanes_app.command("restored")
def lanes_restored(name: Annotated[str, typer.Argument(help="The lane's name.")], home: Home = HOME) -> None:
    """The database is an older backup: fill every nonce that lost records may have before anything is sent."""
    from ops import lanes

    raise typer.Exit(lanes.restored(settings_of(home), name))
