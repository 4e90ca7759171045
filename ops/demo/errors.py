"""What can go wrong with the demonstration, sorted by what to do next."""

from __future__ import annotations

from typing import Any


class CircleBroken(Exception):
    """The circle was not closed. Its kinds say what to look at."""


class CommandRefused(CircleBroken):
    """The API said no, and asking again changes nothing. `problem` is its problem document."""

    def __init__(self, step: str, status: int, problem: dict[str, Any]) -> None:
        text = problem.get("detail") or problem.get("title") or "no reason given"
        super().__init__(f"{step}: {status} {problem.get('code', '')} {text}".replace("  ", " "))
        self.step = step
        self.status = status
        self.problem = problem


class ApiAway(CircleBroken):
    """The API did not answer a step for longer than it may. Look at its log."""


class Stalled(CircleBroken):
    """Nothing moves any more, and something is still awaited. Look at the log of who should have done it."""


class Surprised(CircleBroken):
    """The circle came out otherwise than it must. The text says what was expected and what came."""
