"""The local chain, and what to do when a node's word is laid beside it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from chain_indexer.blocks import Checkpoint, Header


class LocalChain(msgspec.Struct, frozen=True):
    """The checkpoint and the headers above it, each the child of the one before. Nothing above is fed back yet."""

    checkpoint: Checkpoint
    above: tuple[Header, ...] = ()

    @property
    def tip(self) -> Header:
        return self.above[-1] if self.above else self.checkpoint.header

    def at(self, number: int) -> Header:
        """The header of a number from the checkpoint to the tip."""
        place = number - self.checkpoint.number
        assert 0 <= place <= len(self.above), f"block {number} is not in the local chain"
        return self.above[place - 1] if place else self.checkpoint.header

    def between(self, first: int, last: int) -> tuple[Header, ...]:
        """The headers above the checkpoint from one number through another."""
        assert first > self.checkpoint.number
        return self.above[first - self.checkpoint.number - 1 : last - self.checkpoint.number]

    def extended(self, headers: Sequence[Header]) -> LocalChain:
        assert first_break(self.tip, headers) is None, "a local chain is extended by its own children only"
        return LocalChain(self.checkpoint, self.above + tuple(headers))

    def unwound(self, to: Header) -> LocalChain:
        assert self.at(to.number) == to
        return LocalChain(self.checkpoint, self.above[: to.number - self.checkpoint.number])

    def advanced(self, to: int) -> LocalChain:
        """The checkpoint moved up to a block of this chain."""
        return LocalChain(Checkpoint(self.at(to)), self.above[to - self.checkpoint.number :])


class Extend(msgspec.Struct, frozen=True):
    """The node's chain goes through our tip: ask for what comes after it, if anything does."""


class Unwind(msgspec.Struct, frozen=True):
    """The node has other blocks than ours above `to`. Forget ours; nothing of them was fed back."""

    to: Header
    lost: tuple[Header, ...]


class Wait(msgspec.Struct, frozen=True):
    """The node knows nothing that contradicts us, but `behind` blocks less. It lags, or lost its newest blocks."""

    behind: int


class Stop(msgspec.Struct, frozen=True):
    """The node has another block at the checkpoint: what we fed back is not on its chain."""

    ours: Header
    theirs: Header


Decision = Extend | Unwind | Wait | Stop


def reconcile(local: LocalChain, *, head: Header, theirs: Mapping[int, Header]) -> Decision:
    """What to do about the local chain, given the node's head and its headers at our numbers up to that head.

    `theirs` must be linked; where our tip is in it unchanged, the numbers between may be left out.

    1. The node's head is below the checkpoint: wait. A development chain that was killed, a restored or a lagging node
       look like this; whether the chain is still ours shows once it has grown back to the checkpoint's number.
    2. The node has another block at the checkpoint: stop. Its logs were believed, and fed.
    3. The node has our tip: extend. This is the case of nearly every step.
    4. The node's head is one of our blocks below the tip: wait. It may only lag, so nothing is forgotten yet.
    5. The node has another block somewhere above the checkpoint: unwind to the last block that is shared.
    """
    checkpoint, tip = local.checkpoint.header, local.tip
    if head.number < checkpoint.number:
        return Wait(checkpoint.number - head.number)
    if theirs[checkpoint.number].hash != checkpoint.hash:
        return Stop(checkpoint, theirs[checkpoint.number])
    if tip.number in theirs and theirs[tip.number].hash == tip.hash:
        return Extend()
    ancestor = _last_shared(local, theirs)
    if ancestor.number == head.number:
        return Wait(tip.number - head.number)
    return Unwind(ancestor, local.between(ancestor.number + 1, tip.number))


def _last_shared(local: LocalChain, theirs: Mapping[int, Header]) -> Header:
    shared = local.checkpoint.header
    for ours in local.above:
        if ours.number not in theirs or theirs[ours.number].hash != ours.hash:
            break
        shared = ours
    return shared


def disagreeing(local: LocalChain, headers: Sequence[Header]) -> Header | None:
    """The first of these linked headers, all above the checkpoint, that the local chain contradicts: another one
    at its number, or one above the tip that does not follow it. None if they are of one chain."""
    ours = {header.number: header for header in local.between(headers[0].number, headers[-1].number)}
    other = next((h for h in headers if h.number in ours and ours[h.number].hash != h.hash), None)
    return other or first_break(local.tip, headers[len(ours) :])


def first_break(parent: Header, headers: Iterable[Header]) -> Header | None:
    """The first header that is not the child of the one before it; None if all are."""
    for header in headers:
        if header.number != parent.number + 1 or header.parent_hash != parent.hash:
            return header
        parent = header
    return None
