"""What every benchmark prints: a table for people, or one JSON object for machines."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable

import msgspec
from rich.console import Console
from rich.table import Table


class Goal(msgspec.Struct, frozen=True):
    """A bound that a figure or ratio must keep: `at_least` or `at_most`."""

    what: str
    goal: float
    got: float
    met: bool

    @classmethod
    def at_least(cls, what: str, goal: float, got: float) -> Goal:
        return cls(what, goal, round(got, 3), got >= goal)

    @classmethod
    def at_most(cls, what: str, goal: float, got: float) -> Goal:
        return cls(what, goal, round(got, 3), got <= goal)


class Report(msgspec.Struct, frozen=True):
    bench: str
    figures: dict[str, float]
    ratios: dict[str, float]
    goals: list[Goal]


def show(report: Report, *, as_json: bool) -> None:
    """Print a report; a person also sees which goals were met."""
    if as_json:
        json.dump(msgspec.to_builtins(report), sys.stdout)
        sys.stdout.write("\n")
        return
    console = Console()
    for title, rows in (("figures", report.figures), ("ratios", report.ratios)):
        table = Table(title=f"{report.bench}: {title}")
        table.add_column("what")
        table.add_column("median", justify="right")
        for name, value in rows.items():
            table.add_row(name, f"{value:,.2f}" if value < 100 else f"{value:,.0f}")
        console.print(table)
    for goal in report.goals:
        console.print(f"{'met   ' if goal.met else 'MISSED'}  {goal.what}: {goal.got:,} (goal {goal.goal:,})")


def main(measure: Callable[[str, int], Report], *, dsn: str, rounds: int, as_json: bool) -> int:
    """Run a benchmark. The exit code says whether every goal was met."""
    report = measure(dsn, rounds)
    show(report, as_json=as_json)
    return 0 if all(goal.met for goal in report.goals) else 1
