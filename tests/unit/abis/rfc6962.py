"""RFC 6962, section 2.1, written down as it stands there: the tree's hash and its two proofs, by recursion over ranges.

It shares nothing with the code under test but SHA-256. Leaves are given by their hashes; where a journal is too large
to write out, all leaves but the marked ones are the same, and equal stretches are hashed once.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from hashlib import sha256

SAME = sha256(b"\x00the leaf of everything that is not marked").digest()


class Leaves:
    """D, the list of leaves. `root(first, end)` is MTH(D[first:end])."""

    def __init__(self, marked: Mapping[int, bytes]) -> None:
        self._marked = marked
        self._marks = sorted(marked)
        self._known: dict[tuple[int, int], bytes] = {}

    @classmethod
    def of(cls, hashes: Sequence[bytes]) -> Leaves:
        return cls(dict(enumerate(hashes)))

    def leaf(self, index: int) -> bytes:
        return self._marked.get(index, SAME)

    def root(self, first: int, end: int) -> bytes:
        """MTH (section 2.1)."""
        size = end - first
        if size == 0:
            return sha256(b"").digest()
        if size == 1:
            return self.leaf(first)
        place = (first, end) if self._is_marked(first, end) else (-1, size)
        if place not in self._known:
            k = largest_power_of_two_below(size)
            pair = self.root(first, first + k) + self.root(first + k, end)
            self._known[place] = sha256(b"\x01" + pair).digest()
        return self._known[place]

    def inclusion(self, index: int, size: int) -> list[bytes]:
        """PATH(m, D[n]) (section 2.1.1)."""
        return self._path(index, 0, size)

    def _path(self, m: int, first: int, end: int) -> list[bytes]:
        if end - first == 1:
            return []
        k = largest_power_of_two_below(end - first)
        if m < k:
            return [*self._path(m, first, first + k), self.root(first + k, end)]
        return [*self._path(m - k, first + k, end), self.root(first, first + k)]

    def consistency(self, m: int, n: int) -> list[bytes]:
        """PROOF(m, D[n]) (section 2.1.2), for 0 < m < n."""
        assert 0 < m < n
        return self._subproof(m, 0, n, whole=True)

    def _subproof(self, m: int, first: int, end: int, *, whole: bool) -> list[bytes]:
        if m == end - first:
            return [] if whole else [self.root(first, end)]
        k = largest_power_of_two_below(end - first)
        if m <= k:
            return [*self._subproof(m, first, first + k, whole=whole), self.root(first + k, end)]
        return [*self._subproof(m - k, first + k, end, whole=False), self.root(first, first + k)]

    def _is_marked(self, first: int, end: int) -> bool:
        at = bisect_left(self._marks, first)
        return at < len(self._marks) and self._marks[at] < end


def largest_power_of_two_below(n: int) -> int:
    """k of the RFC: k < n <= 2k."""
    k = 1
    while k * 2 < n:
        k *= 2
    return k
