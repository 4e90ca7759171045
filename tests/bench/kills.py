"""Writers' processes killed by SIGKILL at every crash point, again and again: what was lost, what doubled, how soon
another one went on.
"""

from __future__ import annotations

import statistics
import tempfile
from pathlib import Path

import psycopg

from ops.crashing import POINTS
from ops.places import tools_folder
from tests.bench.report import Goal, Report
from tests.support.kills import Grounds, Kill, kill_all

SITES = 6
RECOVERY_S_MAX = 5.0


def measure(dsn: str, rounds: int) -> Report:
    """Kill so many times at each point. Each site gets a copy of the migrated database, and leaves it there."""
    databases = _copies(dsn)
    with tempfile.TemporaryDirectory(prefix="tandem-kills-") as folder:
        Path(folder).chmod(0o755)
        with Grounds(Path(folder), tools=tools_folder(), sites=SITES) as grounds:
            kills, tallies = kill_all(grounds, databases, POINTS * rounds)
    figures = {"kills": float(len(kills))}
    for name in ("effects", "lost", "double", "gaps"):
        figures[name] = float(sum(getattr(tally, name) for tally in tallies))
    figures |= _recoveries(kills)
    goals = [Goal.at_most(f"figures.{name}", 0, figures[name]) for name in ("lost", "double", "gaps")]
    goals.append(Goal.at_most("figures.recovery_p50_s", RECOVERY_S_MAX, figures["recovery_p50_s"]))
    return Report("kills", figures, {}, goals)


def _copies(dsn: str) -> list[str]:
    server, _, origin = dsn.rpartition("/")
    names = [f"site_{number}" for number in range(SITES)]
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        for name in names:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {origin}")
    return [f"{server}/{name}" for name in names]


def _recoveries(kills: list[Kill]) -> dict[str, float]:
    """Seconds from a kill until another process had its work: over all, and the median of each point."""
    seconds = sorted(kill.recovered_s for kill in kills)
    figures = {
        "recovery_p50_s": statistics.median(seconds),
        "recovery_p95_s": seconds[len(seconds) * 95 // 100],
        "recovery_max_s": seconds[-1],
        "settled_p50_s": statistics.median(kill.settled_s for kill in kills),
    }
    for point in POINTS:
        figures[f"recovery_s {point}"] = statistics.median(k.recovered_s for k in kills if k.point == point)
    return figures
