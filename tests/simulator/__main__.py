"""`python3 -m ops simulate`: seeds, one seed told in words, or the seven mistakes. Written for people."""

from __future__ import annotations

import argparse
import itertools
import multiprocessing
import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from typing import Any

from chain_writer.means import CRASH_POINTS
from tests.simulator.faults import ALL
from tests.simulator.mutants import MUTANTS
from tests.simulator.runs import Ran, run, soaked

SEEDS_PER_MUTANT_MAX = 300
CATCHING = {"Broken", "GuardBroken", "AssertionError"}
SAID_EVERY_S = 10.0
SEEDS_AT_ONCE = 64


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python3 -m ops simulate", description=__doc__)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--seeds", help="the first and the last seed, as in 1..1000")
    what.add_argument("--seed", type=int, help="one seed")
    what.add_argument(
        "--soak", type=int, metavar="INTENTS", help="large campaigns with 1 % of all faults, until so many"
    )
    what.add_argument("--mutants", action="store_true", help="put seven mistakes in, one by one, and catch each")
    parser.add_argument("--trace", action="store_true", help="tell what happens, with --seed")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    asked = parser.parse_args(arguments)
    if asked.mutants:
        return _mutants()
    if asked.soak is not None:
        return _soak(asked.soak, processes=asked.processes)
    if asked.seed is not None:
        return _one(asked.seed, trace=asked.trace)
    first, _, last = asked.seeds.partition("..")
    if not (first.isdigit() and last.isdigit() and int(first) <= int(last)):
        parser.error(f"--seeds takes a first and a last seed, as in 1..1000, not {asked.seeds!r}")
    return _many(range(int(first), int(last) + 1), processes=asked.processes)


def _one(seed: int, *, trace: bool) -> int:
    ran = run(seed, trace=_say if trace else None)
    _say(f"seed {seed}: {ran.turns} turns, {ran.blocks} blocks, {ran.intents} intents, {ran.crashes} crashes")
    _say(f"violation: {ran.violation}" if ran.violation else "no violation")
    return 1 if ran.violation else 0


def _many(seeds: range, *, processes: int) -> int:
    began, said_at = time.monotonic(), time.monotonic()
    total, failed, together = _Total(), list[Ran](), Counter[tuple[str, str]]()
    for ran in _ran(seeds, processes):
        total.add(ran)
        together.update((point, kind) for point in ran.points for kind in ran.struck)
        if ran.violation:
            failed.append(ran)
            _say(f"seed {ran.seed}: {ran.violation}\n  again: python3 -m ops simulate --seed {ran.seed} --trace")
        if time.monotonic() - said_at > SAID_EVERY_S:
            said_at = time.monotonic()
            _say(f"{total.seeds} of {len(seeds)} seeds, {total.seeds / (said_at - began):.1f} a second")
    _table(together)
    lasted = time.monotonic() - began
    _say(
        f"{total.seeds} seeds in {lasted:.0f} s, {total.seeds / lasted:.1f} a second: {len(failed)} with a violation;"
        f" {total.intents} intents, {total.blocks} blocks, {total.crashes} crashes, {total.faults} faults"
    )
    return 1 if failed else 0


def _soak(intents: int, *, processes: int) -> int:
    """Seeds until so many intents have come to rest."""
    began, total, failed = time.monotonic(), _Total(), 0
    said_at = began
    for ran in _ran(itertools.count(1), processes, soaked):
        total.add(ran)
        if ran.violation:
            failed += 1
            _say(f"soak of seed {ran.seed}: {ran.violation}")
        if time.monotonic() - said_at > SAID_EVERY_S:
            said_at = time.monotonic()
            _say(f"{total.intents} of {intents} intents, {total.intents / (said_at - began):.0f} a second")
        if total.intents >= intents:
            break
    lasted = time.monotonic() - began
    _say(
        f"{total.intents} intents in {lasted:.0f} s: {failed} seeds with a violation of {total.seeds};"
        f" {total.blocks} blocks, {total.crashes} crashes, {total.faults} faults"
    )
    return 1 if failed else 0


class _Total:
    def __init__(self) -> None:
        self.seeds = self.intents = self.blocks = self.crashes = self.faults = 0

    def add(self, ran: Ran) -> None:
        self.seeds += 1
        self.intents += ran.intents
        self.blocks += ran.blocks
        self.crashes += ran.crashes
        self.faults += sum(ran.struck.values())


def _ran(seeds: Iterable[int], processes: int, one: Callable[[int], Ran] = run) -> Iterator[Ran]:
    """Results, a few seeds at a time: there may be no end of them. A process that dies ends the run, loudly."""
    if processes == 1:
        yield from map(one, seeds)
        return
    with ProcessPoolExecutor(processes, mp_context=multiprocessing.get_context("spawn")) as pool:
        waiting = iter(seeds)
        while some := list(itertools.islice(waiting, SEEDS_AT_ONCE)):
            yield from (done.result() for done in as_completed([pool.submit(one, seed) for seed in some]))


def _table(together: Counter[tuple[str, str]]) -> None:
    """For each crash point, how many runs died there while a kind of fault struck, too."""
    groups: dict[str, list[str]] = {}
    for kind in ALL:
        groups.setdefault(kind.partition("/")[0], []).append(kind)
    del groups["crash"]
    _say("crash points and faults: runs with both\n" + f"{'':<18}" + "".join(f"{group:>5}" for group in groups))
    for point in CRASH_POINTS:
        cells = [sum(together[point, kind] for kind in several) for several in groups.values()]
        _say(f"{point:<18}" + "".join(f"{cell or '.':>5}" for cell in cells))


def _mutants() -> int:
    missed = 0
    for name, mutant in MUTANTS.items():
        seed, violation = caught(mutant)
        missed += violation is None
        verdict = f"seed {seed}: {violation[:120]}" if violation else f"MISSED in {SEEDS_PER_MUTANT_MAX} seeds"
        _say(f"{name}\n    {verdict}")
    _say(f"{len(MUTANTS) - missed} of {len(MUTANTS)} caught")
    return 1 if missed else 0


def caught(mutant: Callable[[], Any], *, watching: bool = True) -> tuple[int, str | None]:
    """The first seed that catches a mistake, and how it shows."""
    with mutant():
        for seed in range(1, SEEDS_PER_MUTANT_MAX + 1):
            violation = run(seed, watching=watching).violation
            if violation is not None:
                # anything else is a mistake in the making of the mistake
                assert violation.partition(":")[0] in CATCHING, violation
                return seed, violation
    return SEEDS_PER_MUTANT_MAX, None


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    raise SystemExit(main())
