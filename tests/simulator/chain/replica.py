"""What one address shows of the chain to one request: its newest blocks, older ones, or those of a lost branch."""

from __future__ import annotations

from random import Random

from tests.simulator.chain.blocks import SimBlock
from tests.simulator.chain.chain import SimChain
from tests.simulator.chain.faults import Faults

LAG_BLOCKS_MAX = 3
OLDEST_LENGTH = 2  # a node that never saw the contracts would be set aside by whoever runs it
CATCHES_UP = 0.1  # of the requests to a node that is behind

UNANSWERED = ("F1", "F4", "F19", "F20", "F21")  # of questions


class Replica:
    """`behind` is how many blocks the node lacks for a while, `lag` how many it lacks until somebody sets it otherwise.

    Besides, a load balancer may send any one request to another node.
    """

    def __init__(self, chain: SimChain, faults: Faults, random: Random) -> None:
        self._chain = chain
        self._faults = faults
        self._random = random
        self.behind = self.lag = 0

    def failure(self) -> str | None:
        """The kind of fault that befalls a whole request for answers; None if it is answered."""
        return next((kind for kind in UNANSWERED if self._faults.strike(kind, self._random)), None)

    def blocks(self) -> list[SimBlock]:
        """Never none. All that one request is told comes from one call."""
        chain, faults, random = self._chain, self._faults, self._random
        if chain.is_forked and faults.strike("F28", random):
            return chain.lost
        if not faults.rates or (self.behind and random.random() < CATCHES_UP):
            self.behind = 0
        elif faults.strike("F27", random):
            self.behind = random.randint(1, LAG_BLOCKS_MAX)
        behind = max(self.behind, self.lag)
        if faults.strike("F27/mixed", random):
            behind = random.randint(1, LAG_BLOCKS_MAX)
        return chain.blocks[: max(OLDEST_LENGTH, len(chain.blocks) - behind)] if behind else chain.blocks
