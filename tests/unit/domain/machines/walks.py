"""Walks: from a beginning, every move in every situation that differs, until nothing new is found. No chance in it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable, Mapping

from tests.unit.domain.machines.moves import Move, try_move
from tests.unit.domain.machines.watched import Watched

Passing = Callable[[Watched], None]


def walk(
    beginning: Watched,
    *,
    moves: Mapping[str, Move],
    passing: tuple[Passing, ...] = (),
    situation: Callable[[Watched], Hashable],
    situations_max: int,
) -> int:
    """How many situations there were. `situation` says what of a world makes a difference; None: go no further."""
    met = {situation(beginning)}
    waiting = deque([beginning])
    while waiting and len(met) < situations_max:
        world = waiting.popleft()
        for after in _steps(world, moves, passing):
            there = situation(after)
            if there is not None and there not in met:
                met.add(there)
                waiting.append(after)
    assert len(met) < situations_max, "the walk was cut off: it may have missed something"
    return len(met)


def _steps(world: Watched, moves: Mapping[str, Move], passing: tuple[Passing, ...]) -> list[Watched]:
    steps = []
    for move in moves.values():
        after = world.clone()
        before = len(after.history), sum(version for _, version in after.states.values())
        try_move(after, move)
        if (len(after.history), sum(version for _, version in after.states.values())) != before:
            steps.append(after)
    for pass_by in passing:
        after = world.clone()
        pass_by(after)
        steps.append(after)
    return steps
