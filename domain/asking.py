"""The nouns of asking: what every command is, and what a handler may see and do."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, Protocol, TypeVar
from uuid import UUID

import msgspec

from domain.journal.entries import Actor, Event
from domain.rule_packs import RulePacks

State = TypeVar("State")


class Command(msgspec.Struct, frozen=True, kw_only=True):
    """A request: handled or refused, never recorded itself."""


class Work(Protocol):
    """What a handler may see and do; `domain.journal.work.Work` is the one there is."""

    actor: Actor
    now: datetime
    packs: RulePacks

    def find(self, kind: type[State], stream: UUID) -> State | None: ...
    def load(self, kind: type[State], stream: UUID) -> State: ...
    def create(self, stream: UUID, event: Event, *, pack: str | None = None) -> None: ...
    def record(self, stream: UUID, *events: Event, pack: str | None = None) -> None: ...


Handler = Callable[[Any, Work], None]


def record_if(work: Work, stream: UUID, event: Event | None, *, pack: str | None = None) -> None:
    """Record an event; None: it is so already."""
    if event is not None:
        work.record(stream, event, pack=pack)
