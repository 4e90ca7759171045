"""The report for people: every investment's places in both ledgers, the campaigns, the time, the agreement."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table
from rich.text import Text

from ops.demo.report import Invested, Offered, Posted, Report
from ops.reconcile import print_reconciliation

ROWS_SHOWN_MAX = 24
TX_CHARS = 12
TIMES_SHOWN = 3  # the stretches; the single kinds of command are for --json


def show(report: Report, console: Console) -> None:
    """Print it all."""
    console.print(_investments(report.investments))
    hidden = len(report.investments) - ROWS_SHOWN_MAX
    if hidden > 0:
        console.print(f"… and {hidden:,} more; --json prints all of them", style="dim")
    console.print(_campaigns(report.campaigns))
    console.print(_times(report))
    if report.kills:
        console.print(_kills(report))
    print_reconciliation(report.reconciliation, console)
    console.print(_verdict(report))


def _investments(rows: list[Invested]) -> Table:
    table = Table(title="Investments", title_justify="left")
    table.add_column("investor")
    table.add_column("campaign")
    table.add_column("birr", justify="right")
    for column in ("event", "transaction", "block", "confirmed"):
        table.add_column(column, justify="right" if column != "transaction" else "left")
    table.add_column("then")
    for column in ("event", "transaction", "block", "confirmed"):
        table.add_column(column, justify="right" if column != "transaction" else "left")
    for row in rows[:ROWS_SHOWN_MAX]:
        table.add_row(
            row.investor, row.campaign, birr(row.amount), *_places(row.recorded), row.outcome, *_places(row.ended)
        )
    return table


def _places(posted: Posted) -> tuple[str, str, str, str]:
    return (
        f"{posted.event_position:,}",
        posted.transaction[:TX_CHARS] + "…",
        f"{posted.block:,}",
        f"{posted.confirmation_position:,}",
    )


def _campaigns(rows: list[Offered]) -> Table:
    table = Table(title="Campaigns (birr)", title_justify="left")
    table.add_column("company")
    table.add_column("contract")
    table.add_column("ended")
    sums = ("goal", "received", "released", "fee", "refunded", "held")
    for column in sums:
        table.add_column(column, justify="right")
    for row in rows:
        money = {"goal": row.funding_goal, **row.escrow}
        table.add_row(row.company, row.address, row.status, *(birr(money[name]) for name in sums))
    return table


def _times(report: Report) -> Table:
    table = Table(title="Where the time goes", title_justify="left")
    table.add_column("")
    for column in ("count", "half within", "95 % within", "all within"):
        table.add_column(column, justify="right")
    for took in report.where_the_time_goes[:TIMES_SHOWN]:
        table.add_row(
            took.what, f"{took.count:,}", *(f"{ms:,.0f} ms" for ms in (took.p50_ms, took.p95_ms, took.max_ms))
        )
    table.add_section()
    for stage in report.stages:
        table.add_row(
            stage.name, f"{stage.count:,}", f"{stage.took_s:.1f} s in all", f"{stage.each_ms:,.1f} ms each", ""
        )
    return table


def _kills(report: Report) -> Table:
    table = Table(title=f"Killed with SIGKILL (seed {report.seed})", title_justify="left")
    for column in ("at", "what", "when", "position"):
        table.add_column(column, justify="right" if column in {"at", "position"} else "left")
    for kill in report.kills:
        table.add_row(f"{kill.at_s:.1f} s", f"{kill.name} (pid {kill.pid})", kill.when, f"{kill.journal_position:,}")
    return table


def _verdict(report: Report) -> Text:
    given = report.commands
    line = (
        f"{given.given:,} commands in {given.requests:,} requests made {report.entries:,} entries"
        f" in {report.circle_s:.1f} s; {given.replayed:,} answered again from the record."
    )
    if report.ok:
        return Text.assemble((line + "\n", ""), ("The circle is closed: journal, book and chain agree.", "bold green"))
    return Text.assemble((line + "\n", ""), ("The circle is not closed: see the differences above.", "bold red"))


def birr(santim: str) -> str:
    """Minor units as people write them."""
    whole, cents = divmod(int(santim), 100)
    return f"{whole:,}.{cents:02d}"
