"""What goes wrong with the processes and their database, beside what goes wrong with nodes and chains.

The letters are those of the usual list of such faults: P of the database, W and X of the rest.
"""

from __future__ import annotations

from random import Random

from tests.simulator.chain.faults import FATAL, Faults
from tests.simulator.chain.faults import KINDS as NODE_KINDS

KINDS = {
    "P1": "the connection is lost before a commit: nothing is written",
    "P2": "the connection is lost behind a commit: it is written, and nobody hears",
    "P3": "the database starts again: all connections are lost",
    "P4": "the writer's tables are those of an older backup, and the operator says so",
    "crash/point": "a process is killed at a named crash point",
    "crash/call": "a process is killed before or behind a call to the outside",
    "crash/line": "a process is killed at any line of its code",
    "W1": "a worker sleeps until its lease is long over, and wakes in the middle of a step",
    "W2": "a worker's clock is minutes off",
    "W3": "two workers go by the same name, so that no lease keeps them apart",
    "X2": "the factory is paused for a while",
    "X3": "somebody else records the same effect first",
}
RARE = {"P3": 0.02, "P4": 0.01, "X2": 0.02, "X3": 0.05, "W1": 0.1, "crash/line": 0.05, "P1": 0.3, "P2": 0.3}
ALL = NODE_KINDS | KINDS
CALM_SHARE = 0.1  # of all seeds: nothing goes wrong, and nothing must


def everywhere(rate: float) -> Faults:
    """Every kind at one rate, but what befalls whole databases: those as rarely as ever."""
    return Faults({kind: rate * RARE.get(kind, 1.0) for kind in ALL if kind not in FATAL})


def drawn(random: Random, *, rate: float | None = None) -> Faults:
    """The faults of a run: each kind off by one half; one run in ten is undisturbed."""
    if rate is None and random.random() < CALM_SHARE:
        return Faults.none()
    faults = Faults.drawn(random, rate=rate)
    own = Faults.drawn(random, kinds=tuple(KINDS), rate=rate)
    faults.rates |= {kind: value * RARE.get(kind, 0.2) for kind, value in own.rates.items()}
    return faults
