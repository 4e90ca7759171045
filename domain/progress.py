"""What one step of a loop did: the answer every `step()` of the house gives."""

from __future__ import annotations

import msgspec


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """`advanced` things done in this step (0: nothing to do), the place reached, and how far the head is ahead of it.

    `position` and `lag` count journal positions for followers of the journal and blocks for followers of the chain.
    `trouble` says what keeps a part of it waiting although the step went well.
    """

    advanced: int
    position: int
    lag: int
    trouble: str | None = None
