"""The seals: the leaf hash of an entry, and the RFC 6962 Merkle tree that grows over the leaves. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from uuid import UUID

import msgspec

EMPTY_ROOT = sha256(b"").digest()


def leaf_of(*, position: int, stream: UUID, version: int, topic: str, state: bytes) -> bytes:
    """The leaf of an entry: SHA-256 over 0x00 and the canonical JSON (RFC 8785) of its place and its bytes' hash.

    The 0x00 is RFC 6962's leaf prefix (section 2.1), so the same value is the leaf of the Merkle tree.
    """
    preimage = f'{{"h":"{sha256(state).hexdigest()}","i":{position},"s":"{stream}","t":"{topic}","v":{version}}}'
    return sha256(b"\x00" + preimage.encode("ascii")).digest()


def node_of(left: bytes, right: bytes) -> bytes:
    """An inner node of the tree: SHA-256 over 0x01 and its children (RFC 6962, section 2.1)."""
    return sha256(b"\x01" + left + right).digest()


class Tree(msgspec.Struct, frozen=True):
    """A Merkle tree by its size and frontier: the roots of its perfect subtrees, largest first."""

    size: int = 0
    frontier: tuple[bytes, ...] = ()

    def grown(self, leaves: Iterable[bytes]) -> Tree:
        """The tree with these leaves after the ones it has."""
        size, stack = self.size, list(self.frontier)
        for leaf in leaves:
            node, full = leaf, size
            while full & 1:  # each trailing one bit of the size is a perfect subtree waiting for a sibling
                node = node_of(stack.pop(), node)
                full >>= 1
            stack.append(node)
            size += 1
        return Tree(size, tuple(stack))

    @property
    def root(self) -> bytes:
        """The tree's hash, MTH of RFC 6962; the hash of nothing for the empty tree."""
        if not self.frontier:
            return EMPTY_ROOT
        node = self.frontier[-1]
        for left in reversed(self.frontier[:-1]):
            node = node_of(left, node)
        return node
