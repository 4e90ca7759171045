"""The cast of a run: whatever its size, one campaign succeeds, one fails, and both keep the rules of their pack."""

from __future__ import annotations

import random

import msgspec
import pytest

from domain.rule_packs import load_packs
from domain.values import Terms
from ops.demo.board import Board
from ops.demo.chaos import strikes
from ops.demo.plan import INVESTORS_MAX, plan

NAMES = ("api", "projections", "processes", "writer", "worker", "indexer", "postgres", "valkey", "chain")


@pytest.mark.parametrize("investors", [1, 2, 3, 12, 1_000, 9_999, pytest.param(INVESTORS_MAX, marks=pytest.mark.slow)])
def test_of_any_cast_one_campaign_reaches_its_threshold_and_one_does_not(investors: int) -> None:
    pack = load_packs(["local"]).get("local@1")

    cast = plan(run_id="run", investors=investors)

    for offering in cast.offerings:
        terms = msgspec.convert(offering.terms, Terms)
        pack.check(terms)
        total = sum(commitment.amount for commitment in offering.commitments)
        assert all(commitment.amount % terms.share_price == 0 for commitment in offering.commitments)
        assert all(commitment.amount >= terms.minimum for commitment in offering.commitments)
        assert total <= terms.cap
        assert (total >= terms.threshold) == offering.succeeds
    assert len(cast.investors) == investors
    assert cast.commitments == max(investors, 2)


def test_two_runs_have_nothing_in_common() -> None:
    one, other = plan(run_id="one", investors=12), plan(run_id="other", investors=12)

    assert one.streams.isdisjoint(other.streams)
    assert plan(run_id="one", investors=12) == one


@pytest.mark.parametrize("investors", [1, 3, 12, 1_000])
@pytest.mark.parametrize("seed", range(20))
def test_chaos_strikes_each_process_and_service_once_at_moments_that_come(investors: int, seed: int) -> None:
    board = Board(plan(run_id="run", investors=investors), clock=lambda: 0.0)

    planned = strikes(NAMES, board.stages, chance=random.Random(seed))

    assert sorted(strike.name for strike in planned) == sorted(NAMES)
    assert len({(strike.stage, strike.half) for strike in planned}) == len(NAMES)
    assert all(1 <= strike.count <= board.stages[strike.stage].total for strike in planned)


def test_a_seed_decides_what_chaos_does() -> None:
    board = Board(plan(run_id="run", investors=12), clock=lambda: 0.0)

    def planned(seed: int) -> object:
        return strikes(NAMES, board.stages, chance=random.Random(seed))

    assert planned(1) == planned(1)
    assert planned(1) != planned(2)
