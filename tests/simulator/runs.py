"""One seed from its beginning until everything is at rest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import msgspec

from tests.simulator.faults import everywhere
from tests.simulator.invariants import Broken, Watch, check_rest, unrest
from tests.simulator.world import Options, World

ROUNDS_MAX = 600
SOAK_RATE = 0.01
SOAK = Options(turns=5_000, investments_max=60, switching=0.2)


class Ran(msgspec.Struct, kw_only=True):
    """What became of a seed. `violation` is None where everything held."""

    seed: int
    violation: str | None
    turns: int
    intents: int
    blocks: int
    struck: dict[str, int]
    points: dict[str, int]
    crashes: int


def run(seed: int, *, trace: Callable[[str], None] | None = None, watching: bool = True, **options: Any) -> Ran:
    """Without `watching`, only what has come of everything is checked, as somebody outside would."""
    world = World(seed, trace=trace, watching=watching, **options)
    violation = None
    try:
        play(world)
    except Exception as error:  # noqa: BLE001  # whatever it is, it is what the seed found
        violation = f"{type(error).__name__}: {error}"
        if trace is not None:
            trace(f"VIOLATION {violation}")
    finally:
        world.calm = True
        world.scheduler.end()
    return Ran(
        seed=seed,
        violation=violation,
        turns=world.scheduler.turn,
        intents=len(world.writer.intents),
        blocks=world.chain.height,
        struck=dict(world.faults.struck),
        points=dict(world.points),
        crashes=sum(world.crashes.values()),
    )


def soaked(seed: int) -> Ran:
    """Long lives of large campaigns, with every kind of fault at a small rate."""
    return run(seed, faults=everywhere(SOAK_RATE), options=SOAK)


def play(world: World) -> None:
    """Trouble first, then calm until nothing is left to do. Raises whatever breaks."""
    watch = Watch(world)
    look = watch.look if world.watching else lambda: None
    for _ in range(world.options.turns):
        world.take_turn()
        look()
    struck = Counter(world.faults.struck)
    world.faults.calm()
    world.faults.struck = struck
    world.calm = True
    world.chain.resume()
    for _ in range(ROUNDS_MAX):
        if world.is_paused:
            world.pause_factory()
        for process in world.scheduler.processes:
            process.asleep_until = 0
            world.scheduler.let(process)
            look()
        left = unrest(world)
        if left is None:
            check_rest(world)
            return
        world.now += timedelta(seconds=2)
        world.mine()
    raise Broken(f"never at rest: {left}")
