"""`up`: the whole house for a developer, with the addresses and keys to use."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console
from rich.table import Table

from ops import logs
from ops.settings import load
from ops.supervisor import House


def stay_up(home: Path, *, block_time_s: float) -> int:
    """Start, print how to use it, and stay until interrupted."""
    logs.configure(process="up", as_json=False)
    console = Console()
    house = House(
        home, block_time_s=block_time_s, given=load(), on_stage=lambda name: console.print(f"[dim]starting[/] {name} …")
    )
    with house:
        show(house, console)
        console.print("Ctrl-C stops everything; the next start finds its data again.")
        house.wait_for_end()
    return 0


def show(house: House, console: Console) -> None:
    """Addresses and keys of a running house."""
    table = Table(title="Tandem is up", title_justify="left", show_header=False)
    table.add_column()
    table.add_column(overflow="fold")
    table.add_row("API", house.api_url)
    table.add_row("PostgreSQL", house.settings.database_url.get_secret_value())
    table.add_row("Redis", house.settings.redis_url.get_secret_value())
    table.add_row("Chain", f"{house.settings.rpc_url} (chain id {house.generation.chain_id})")
    for name, address in house.generation.addresses.items():
        table.add_row(name, address)
    for role, token in house.keys.items():
        table.add_row(f"key: {role}", token)
    table.add_row("logs", str(house.home / "logs"))
    console.print(table)
