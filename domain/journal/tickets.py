"""Tickets: the commands that wait for the committer, and how their askers, threads or event loops, hear the answers."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import Any

from domain.journal.entries import Envelope, Outcome

log = logging.getLogger(__name__)


class Ticket:
    """A waiting command and the future that its asker holds, of a thread or of an event loop."""

    __slots__ = ("envelope", "future", "loop", "tried")

    def __init__(self, envelope: Envelope, future: Any, loop: asyncio.AbstractEventLoop | None) -> None:
        self.envelope = envelope
        self.future = future
        self.loop = loop
        self.tried = False  # sent to the database before, with an unknown end


Answer = tuple[Ticket, Outcome | None, BaseException | None]


def settle(answers: Sequence[Answer]) -> None:
    """Answer all tickets: threads at once, event loops with one call each."""
    loops: dict[asyncio.AbstractEventLoop, list[Answer]] = {}
    for answer in answers:
        ticket, outcome, error = answer
        if ticket.loop is not None:
            loops.setdefault(ticket.loop, []).append(answer)
        elif error is not None:
            ticket.future.set_exception(error)
        else:
            ticket.future.set_result(outcome)
    for loop, several in loops.items():
        try:
            loop.call_soon_threadsafe(_settle_in_loop, several)
        except RuntimeError:
            log.warning("an event loop closed before %d answers reached it", len(several))


def _settle_in_loop(answers: Sequence[Answer]) -> None:
    for ticket, outcome, error in answers:
        if ticket.future.done():  # its asker went away
            continue
        if error is not None:
            ticket.future.set_exception(error)
        else:
            ticket.future.set_result(outcome)
