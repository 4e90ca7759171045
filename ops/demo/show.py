"""The report for people: every investment's places in both ledgers, the campaigns, the time, the agreement."""

from __future__ import annotations

from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ops.demo.report import Invested, Offered, Posted, Report
from ops.reconcile import print_reconciliation

INVESTMENTS_SHOWN_MAX = 12
TX_CHARS = 14
TIMES_SHOWN = 3  # the stretches; the single kinds of command are for --json
QUIET = "bright_black"


def show(report: Report, console: Console) -> None:
    """Print it all; no table is wider than a terminal of 80 columns."""
    console.print(_investments(report.investments))
    hidden = len(report.investments) - INVESTMENTS_SHOWN_MAX
    if hidden > 0:
        console.print(f"… and {hidden:,} investments more; --json prints all of them\n", style=QUIET)
    for row in report.campaigns:
        console.print(_campaign(row))
    console.print(_times(report))
    console.print(_stages(report))
    if report.kills:
        console.print(_kills(report))
    print_reconciliation(report.reconciliation, console)
    console.print(_verdict(report))


def _investments(rows: Sequence[Invested]) -> Table:
    table = _table("Investments", "investor", "birr", "posting", "event", "transaction", "block", "confirmed")
    for row in rows[:INVESTMENTS_SHOWN_MAX]:
        table.add_row(row.investor, birr(row.amount), "recorded", *_places(row.recorded))
        table.add_row("", "", row.outcome, *_places(row.ended), style=QUIET)
    return table


def _places(posted: Posted) -> tuple[str, str, str, str]:
    return (
        f"{posted.event_position:,}",
        posted.transaction[:TX_CHARS] + "…",
        f"{posted.block:,}",
        f"{posted.confirmation_position:,}",
    )


def _campaign(row: Offered) -> Text:
    """Its company, its contract and its money, in three lines."""
    money = {"goal": row.funding_goal, **row.escrow}
    sums = "  ".join(f"{name} {birr(money[name])}" for name in ("goal", "received", "released", "fee"))
    rest = "  ".join(f"{name} {birr(money[name])}" for name in ("refunded", "held"))
    return Text.assemble(
        (f"{row.company}: {row.status}\n", "bold"),
        (f"  contract {row.address}, since block {row.deployed.block:,}\n", QUIET),
        f"  {sums}\n  {rest} (birr)\n",
    )


def _times(report: Report) -> Table:
    table = _table("Where the time goes", "", "count", "half within", "95 % within", "all within")
    for took in report.where_the_time_goes[:TIMES_SHOWN]:
        times = (f"{ms:,.0f} ms" for ms in (took.p50_ms, took.p95_ms, took.max_ms))
        table.add_row(took.what, f"{took.count:,}", *times)
    return table


def _stages(report: Report) -> Table:
    table = _table("Stages", "", "count", "in all", "each")
    for stage in report.stages:
        table.add_row(stage.name, f"{stage.count:,}", f"{stage.took_s:,.1f} s", f"{stage.each_ms:,.1f} ms")
    return table


def _kills(report: Report) -> Table:
    table = _table(f"Killed with SIGKILL (seed {report.seed})", "what", "at", "when")
    for kill in report.kills:
        table.add_row(f"{kill.name} ({kill.pid})", f"{kill.at_s:.1f} s", kill.when)
    return table


def _verdict(report: Report) -> Text:
    given = report.commands
    line = (
        f"{given.given:,} commands in {given.requests:,} requests made {report.entries:,} entries"
        f" in {report.circle_s:.1f} s; {given.replayed:,} were answered from the record.\n"
    )
    if report.ok:
        return Text.assemble(line, ("The circle is closed: journal, book and chain agree.", "bold green"))
    return Text.assemble(line, ("The circle is not closed: see what differs or is pending above.", "bold red"))


LEFT = frozenset({"", "investor", "posting", "transaction", "what", "when"})


def _table(title: str, *columns: str) -> Table:
    """Words to the left, numbers to the right."""
    table = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        table.add_column(column, justify="left" if column in LEFT else "right")
    return table


def birr(santim: str) -> str:
    """Minor units as people write them."""
    whole, cents = divmod(int(santim), 100)
    return f"{whole:,}.{cents:02d}"
