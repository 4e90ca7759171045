"""Dealing the entries of a view that looks across streams: by the campaign, say, that all of an entry's rows are of."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec

from domain.errors import JournalCorrupt
from domain.journal import Codec
from domain.topics import EVENTS
from projections.rows import Row


class Dealt:
    """Which entries are one part's. Every part is given those that name nobody, and those that cannot be read: each
    must know what they say, or that their streams are parked. The first part alone writes the rows of the former."""

    def __init__(self, within: str, *, part: int, parts: int, codec: Codec) -> None:
        self._nobodys: set[int] = set()
        self._own = f"{within}."
        self._field = f"{within}_id"
        self._part, self._parts = part, parts
        self._codec = codec
        # Of what was stored no more than this is looked at: reading all of it takes several times as long.
        named = msgspec.defstruct("Named", [("who", UUID | None, None)], rename={"who": self._field})
        self._look = msgspec.json.Decoder(msgspec.defstruct("Look", [("d", named), ("v", int, 1)])).decode

    def __call__(self, position: int, stream: UUID, topic: str, state: bytes) -> bool:
        if topic not in EVENTS:
            return True
        if topic.startswith(self._own):
            return stream.int % self._parts == self._part
        try:
            who = self._named(topic, state)
        except (JournalCorrupt, ValueError):
            return True
        if who is None:
            self._nobodys.add(position)
            return True
        return who.int % self._parts == self._part

    def kept(self, rows: list[Row]) -> list[Row]:
        """Of the rows that this part has appended, those that it writes."""
        if self._part == 0 or not self._nobodys:
            return rows
        return [row for row in rows if getattr(row, "position", None) not in self._nobodys]

    def _named(self, topic: str, state: bytes) -> UUID | None:
        look: Any = self._look(state)
        if look.v != EVENTS[topic].VERSION:
            event, _ = self._codec.decode(topic, state)
            return getattr(event, self._field, None)
        who: UUID | None = look.d.who
        return who
