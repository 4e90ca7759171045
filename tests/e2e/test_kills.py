"""Writers' processes are killed by SIGKILL at every crash point, on real parts: nothing is lost, nothing doubled."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from ops.crashing import POINTS
from ops.stack import Postgres
from tests.conftest import TOOLS
from tests.support.kills import Grounds, kill_all

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("kills")]

SITES = 6


@pytest.fixture
def databases(postgres: Postgres) -> Iterator[list[str]]:
    names = [f"kills_{number}" for number in range(SITES)]
    with psycopg.connect(postgres.dsn("postgres"), autocommit=True) as connection:
        for name in names:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE template")
        yield [postgres.dsn(name) for name in names]
        for name in names:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def test_a_process_killed_at_any_point_loses_nothing_and_doubles_nothing(databases: list[str], tmp_path: Path) -> None:
    with Grounds(tmp_path, tools=TOOLS, sites=SITES) as grounds:
        kills, tallies = kill_all(grounds, databases, POINTS)

    assert Counter(kill.point for kill in kills) == Counter(POINTS)
    assert [(tally.lost, tally.double, tally.gaps) for tally in tallies] == [(0, 0, 0)] * SITES
    assert sum(tally.effects for tally in tallies) >= len(POINTS) // 2
