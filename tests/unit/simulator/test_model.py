"""All interleavings of two workers on one lane, with no lease between them."""

from __future__ import annotations

import pytest

from tests.simulator.model import Bounds, explore
from tests.simulator.mutants import MUTANTS


@pytest.mark.slow
@pytest.mark.parametrize(
    ("intents", "bounds"),
    [
        (2, Bounds(blocks=1)),
        (2, Bounds(blocks=1, lost_replies=1)),
        (1, Bounds(blocks=2)),
        (1, Bounds(blocks=1, crashes=1, drops=1)),
        (1, Bounds(blocks=2, reorgs=1)),
    ],
    ids=str,
)
def test_no_interleaving_breaks_the_protocol_and_from_each_end_everything_comes_to_rest(
    intents: int, bounds: Bounds
) -> None:
    explored = explore(bounds, intents=intents)

    assert explored.broken is None, explored.path
    assert explored.states > 1_000
    assert explored.ends > 1


def test_a_mistake_is_found_by_the_shortest_way() -> None:
    with MUTANTS["a send error frees the nonce"]():
        explored = explore(Bounds(blocks=0, lost_replies=1), intents=1)

    assert explored.broken == "an intent is in two slots"
    assert explored.path[-1].endswith("store.allot")
