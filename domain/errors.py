"""What can go wrong with a command, sorted by what to do next."""

from __future__ import annotations

from typing import Any
from uuid import UUID


class Refusal(Exception):
    """A rule said no. Nothing was recorded; asking again changes nothing until the state changes.

    `code` is one of `domain.refusals.CODES`; `fields` say about what, for the problem document.
    """

    def __init__(self, code: str, text: str, **fields: Any) -> None:
        super().__init__(text)
        self.code = code
        self.text = text
        self.fields = fields


class StreamConflict(Exception):
    """The caller decided on another version than the stream has now. Read again, then decide again."""

    def __init__(self, stream: UUID, *, expected: int, actual: int) -> None:
        super().__init__(f"stream {stream} is at version {actual}, the command expected {expected}")
        self.stream = stream
        self.expected = expected
        self.actual = actual


class KeyReused(Exception):
    """The same idempotency key came with another request. Use a new key for a new request."""

    def __init__(self, scope: str, key: str) -> None:
        super().__init__(f"the idempotency key {key!r} was used before for another request")
        self.scope = scope
        self.key = key


class JournalBusy(Exception):
    """Too many commands are waiting. Nothing was recorded; try again after `after_s` seconds, same key."""

    def __init__(self, *, after_s: int) -> None:
        super().__init__(f"too many commands are waiting; try again in {after_s} s")
        self.after_s = after_s


class JournalUnavailable(Exception):
    """The database is away. Whether the command was recorded is settled by asking again with the same key."""

    def __init__(self, reason: str, *, after_s: int = 1) -> None:
        super().__init__(f"the journal cannot be reached ({reason}); try again with the same key")
        self.reason = reason
        self.after_s = after_s


class JournalCorrupt(Exception):
    """What was read from the journal is not what may be there. Stop, and look before anything else is written."""
