"""`demo`: a house of its own, the circle in it, and what happened, for a person or as JSON."""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
import signal
import tempfile
from contextlib import ExitStack
from pathlib import Path
from uuid import uuid4

import msgspec
from rich.console import Console

from ops.demo.display import Display, Lines, Picture
from ops.demo.errors import CircleBroken
from ops.demo.performance import Performance
from ops.demo.plan import INVESTORS_MAX, plan
from ops.demo.report import Report
from ops.demo.show import show
from ops.errors import OperatorError
from ops.settings import known_names
from ops.supervisor import House
from ops.tables import print_json
from ops.up import show as show_house

INTERRUPTED = 130  # the exit code that shells expect after Ctrl-C


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """What was asked for at the command line."""

    investors: int
    chaos: bool
    seed: int
    stay: bool
    as_json: bool


def run(*, investors: int, chaos: bool, seed: int, stay: bool, as_json: bool, home: Path | None) -> int:
    """Play the circle. Returns 0 if journal, book and chain agree at its end, 1 if not.

    Without a home the run has one of its own, removed at the end; after a failure it is kept, with its logs.
    """
    if not 0 < investors <= INVESTORS_MAX:
        raise OperatorError(f"--investors takes 1 to {INVESTORS_MAX:,}: so many fit under one campaign's cap")
    _forget_other_houses()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # ends as Ctrl-C does: everything is stopped in order
    place = home or Path(tempfile.mkdtemp(prefix="tandem-demo-"))
    _prepare(place)
    console = Console(stderr=as_json)
    options = Options(investors=investors, chaos=chaos, seed=seed, stay=stay, as_json=as_json)
    keep = True
    try:
        code = _play(place, console, options)
        keep = code != 0 or home is not None
    except KeyboardInterrupt:
        code, keep = INTERRUPTED, home is not None
    finally:
        if not keep:
            shutil.rmtree(place, ignore_errors=True)
        elif home is None:
            console.print(f"Data and logs of this run are kept in {place}", style="yellow", soft_wrap=True)
    return code


def _forget_other_houses() -> None:
    """Drop the settings of the environment: they are another house's, and its ledger is no place to play in."""
    for name in known_names():
        os.environ.pop(name, None)


def _prepare(place: Path) -> None:
    """Make the home, and let everything that this process logs go there: the display owns the terminal."""
    place.mkdir(parents=True, exist_ok=True)
    place.chmod(0o755)  # the database may run as another user
    (place / "logs").mkdir(exist_ok=True)
    handler = logging.FileHandler(place / "logs" / "demo.log")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    logging.getLogger().handlers[:] = [handler]


def _play(place: Path, console: Console, options: Options) -> int:
    display = _display(console, options)
    with ExitStack() as showing:
        showing.enter_context(display)
        with House(place, on_stage=display.starting) as house:
            try:
                report = asyncio.run(_performed(house, display, options))
            except (CircleBroken, ExceptionGroup) as failure:
                showing.close()
                _tell(failure, console)
                return 1
            showing.close()
            _print(report, console, options)
            if options.stay:
                show_house(house, console)
                console.print("Everything keeps running; Ctrl-C stops it.")
                house.wait_for_end()
    return 0 if report.ok else 1


async def _performed(house: House, display: Display, options: Options) -> Report:
    cast = plan(run_id=uuid4().hex[:8], investors=options.investors)
    return await Performance(house, cast, display, chaos=options.chaos, seed=options.seed).perform()


def _display(console: Console, options: Options) -> Display:
    if options.as_json:
        return Display()
    return Picture(console) if console.is_terminal else Lines(console)


def _print(report: Report, console: Console, options: Options) -> None:
    if options.as_json:
        print_json(report)
    else:
        show(report, console)


def _tell(failure: CircleBroken | ExceptionGroup[Exception], console: Console) -> None:
    """Say what broke the circle. What is not known to break it is raised again: a defect shows its trace."""
    if isinstance(failure, ExceptionGroup):
        broken, others = failure.split(CircleBroken)
        if others is not None or broken is None:
            raise failure
        told = _leaves(broken)
    else:
        told = [failure]
    for text in dict.fromkeys(str(leaf) for leaf in told):
        console.print(f"The circle is broken. {text}", style="bold red", soft_wrap=True)


def _leaves(group: BaseExceptionGroup[CircleBroken]) -> list[CircleBroken]:
    found: list[CircleBroken] = []
    for one in group.exceptions:
        found.extend(_leaves(one) if isinstance(one, BaseExceptionGroup) else [one])
    return found
