"""Waiting for a fact, never for a time: asked again and again until it is so."""

from __future__ import annotations

import time
from collections.abc import Callable

PATIENCE_S = 120.0  # no measure of speed: a fact that has not come by then will not come
ASK_EVERY_S = 0.05


def until(fact: Callable[[], object], what: str) -> None:
    """Return once the fact holds. Fails, naming it, if it never does."""
    deadline = time.monotonic() + PATIENCE_S
    while not fact():
        if time.monotonic() > deadline:
            raise AssertionError(f"it never came to this: {what}")
        time.sleep(ASK_EVERY_S)
