"""What can go wrong while reading the chain, sorted by what to do next.

Try again, nothing is lost: `NodeUnavailable` and its kinds, which live with the transport in `node.py`, and
`CheckpointMoved`, which lives with the database in `store.py`; the runner builds the indexer anew after them.
Stop, and let a person look: the errors below. Their texts name the blocks and say what an operator does.
"""

from __future__ import annotations

from chain_indexer.blocks import Header
from chain_indexer.node import NodeContradicts, NodeLagging, NodeUnavailable, RangeRefused
from chain_indexer.store import CheckpointMoved

__all__ = [
    "CheckpointMoved",
    "ForkBelowFinality",
    "IndexerStopped",
    "NodeContradicts",
    "NodeLagging",
    "NodeUnavailable",
    "RangeRefused",
    "WrongChain",
    "WrongGeneration",
]


class IndexerStopped(Exception):
    """Going on would record what may not be true. Nothing was fed; a person must look first."""


class ForkBelowFinality(IndexerStopped):
    """The node has another block where logs were already believed and fed back."""

    def __init__(self, *, ours: Header, theirs: Header) -> None:
        super().__init__(
            f"fork below finality at block {ours.number}: its logs and all before were fed back from {ours.hash}, but "
            f"the node now has {theirs.hash} there. Find out which chain is true. If this node is wrong or was restored"
            " from a backup, point POLYGON_EDGE_RPC_URL at one that has our block. If the chain itself was rolled back,"
            " confirmations in the journal rest on logs that are gone: reconcile, then post a new chain generation."
        )
        self.ours = ours
        self.theirs = theirs


class WrongChain(IndexerStopped):
    """The node does not speak for the chain of this generation, or our contracts are not on it."""

    def __init__(self, what: str, *, pinned: object, found: object) -> None:
        super().__init__(
            f"{what}: the generation pins {pinned}, the node says {found}. Point POLYGON_EDGE_RPC_URL at a node of the"
            " pinned chain, or TANDEM_GENERATION_FILE at the generation of this one."
        )
        self.pinned = pinned
        self.found = found


class WrongGeneration(IndexerStopped):
    """The database holds the logs of another chain generation."""

    def __init__(self, *, stored: str, given: str) -> None:
        super().__init__(
            f"the indexer's tables hold generation {stored}, the settings name {given}, which the journal has not"
            " promoted. Set TANDEM_GENERATION_FILE back, or empty the schema indexer to read the given generation from"
            " its first block."
        )
        self.stored = stored
        self.given = given
