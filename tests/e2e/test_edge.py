"""The whole circle through a node that speaks as Polygon Edge does."""

from __future__ import annotations

import asyncio

import pytest

from ops.demo.display import Display
from ops.demo.performance import Performance
from ops.demo.plan import plan
from ops.supervisor import House

pytestmark = pytest.mark.slow


def test_the_circle_closes_on_a_polygon_edge_node(edge_house: House) -> None:
    performance = Performance(edge_house, plan(run_id="edge", investors=4), Display(), chaos=False, seed=1)
    report = asyncio.run(performance.perform())

    assert report.ok
    assert [campaign.status for campaign in report.campaigns] == ["settled", "refunded"]
    assert report.reconciliation.ok
