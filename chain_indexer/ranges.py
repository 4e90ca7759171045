"""How many blocks to ask for at once: fewer after a refusal or a large answer, more after small ones. Pure."""

from __future__ import annotations

import msgspec

BLOCKS_PER_RANGE_MIN = 1
BLOCKS_PER_RANGE_MAX = 1_000  # Polygon Edge refuses more than 1,001
BLOCKS_PER_RANGE_START = 64
LOGS_PER_RANGE_AIM = 2_000  # their commands and rows are one step's work, and fit the journal's queue
BYTES_PER_RANGE_AIM = 4 * 1024 * 1024
RANGES_AHEAD_MAX = 4  # being read, or read and waiting for their turn


class RangeSize(msgspec.Struct, frozen=True):
    """The number of blocks of the next range."""

    blocks: int = BLOCKS_PER_RANGE_START

    @property
    def is_least(self) -> bool:
        return self.blocks == BLOCKS_PER_RANGE_MIN

    def refused(self, blocks: int) -> RangeSize:
        """After the node refused a range of so many blocks, gave too much, or took too long. Ranges of an earlier,
        larger size may still be under way: what is halved is the size of the range itself."""
        return RangeSize(min(self.blocks, max(BLOCKS_PER_RANGE_MIN, blocks // 2)))

    def answered(self, *, blocks: int, logs: int, size_bytes: int) -> RangeSize:
        """After an answer over so many blocks.

        1. More than an aim allows: half of them.
        2. A full range with less than half of each aim: double.
        3. Otherwise it is right as it is; a range cut short by the head, or by an earlier size, says nothing about
           growing.
        """
        if logs > LOGS_PER_RANGE_AIM or size_bytes > BYTES_PER_RANGE_AIM:
            return self.refused(blocks)
        if blocks >= self.blocks and logs <= LOGS_PER_RANGE_AIM // 2 and size_bytes <= BYTES_PER_RANGE_AIM // 2:
            return RangeSize(min(BLOCKS_PER_RANGE_MAX, self.blocks * 2))
        return self


def touches_head(*, checkpoint: int, head: int, size: RangeSize, finality_depth: int) -> bool:
    """Whether the next range reaches what is not final yet: from there on every header up to the head is wanted."""
    return checkpoint + size.blocks >= head - finality_depth


def lag_of(*, checkpoint: int, head: int, finality_depth: int) -> int:
    """How many blocks are final but not fed back; while the node is behind the checkpoint, how far it is behind."""
    return checkpoint - head if head < checkpoint else max(0, head - finality_depth - checkpoint)
