"""What a person sees while the circle is played: a calm live picture in a terminal, plain lines elsewhere."""

from __future__ import annotations

import time
from collections.abc import Sequence
from types import TracebackType
from typing import Self

import msgspec
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.padding import Padding
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from ops.demo.board import Board, Half, Stage
from ops.demo.chaos import Kill

REFRESHES_PER_S = 6
BAR_COLUMNS = 28
KILLS_SHOWN_MAX = 3  # the last ones: the picture must fit a terminal of few lines
QUIET, WORKING, DONE, STRUCK = "bright_black", "cyan", "green", "red"


class Pulse(msgspec.Struct):
    """How the house does at this moment, as the run sees it. `block` is None while the node is away."""

    journal_position: int = 0
    book_position: int = 0
    block: int | None = None
    entries_per_s: float = 0.0
    alive: dict[str, bool] = {}

    def see(self, position: int) -> None:
        """The journal has reached a position."""
        self.journal_position = position


class Display:
    """Shows nothing. What shows something overrides what it cares about."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass

    def starting(self, part: str) -> None:
        """A part of the house is being started."""

    def playing(self, board: Board, pulse: Pulse, *, told: Sequence[str]) -> None:
        """The circle begins. `told` are a few lines about it that are known beforehand."""

    def killed(self, kill: Kill) -> None:
        """Chaos has struck."""

    def reconciling(self) -> None:
        """The circle is closed; the ledgers are being compared."""


class Lines(Display):
    """One line for each thing that is over: for logs and pipes."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._began_s = time.monotonic()

    def starting(self, part: str) -> None:
        self._say(f"starting {part}")

    def playing(self, board: Board, pulse: Pulse, *, told: Sequence[str]) -> None:
        for line in told:
            self._say(line)

        def tell(stage: Stage, half: Half) -> None:
            if half == "done" and stage.complete:
                head = f"block {pulse.block}" if pulse.block is not None else "node away"
                self._say(f"{stage.done} {stage.label} (position {pulse.journal_position}, {head})")

        board.observe(tell)

    def killed(self, kill: Kill) -> None:
        self._say(f"killed {kill.name} (pid {kill.pid}) when {kill.when}")

    def reconciling(self) -> None:
        self._say("comparing journal, book and chain")

    def _say(self, text: str) -> None:
        line = f"{time.monotonic() - self._began_s:7.1f} s  {text}"
        self._console.print(line, highlight=False, markup=False, soft_wrap=True)


class Picture(Display):
    """One picture that changes in place: the stages, then how the house does, then whom chaos has struck."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._began_s = time.monotonic()
        self._parts: list[tuple[str, float]] = []
        self._board: Board | None = None
        self._pulse = Pulse()
        self._told: Sequence[str] = ()
        self._kills: list[Kill] = []
        self._comparing = False
        self._live = Live(
            console=console, get_renderable=self._render, refresh_per_second=REFRESHES_PER_S, transient=False
        )

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.stop()

    def starting(self, part: str) -> None:
        self._parts.append((part, time.monotonic()))

    def playing(self, board: Board, pulse: Pulse, *, told: Sequence[str]) -> None:
        self._board, self._pulse, self._told = board, pulse, told

    def killed(self, kill: Kill) -> None:
        self._kills.append(kill)

    def reconciling(self) -> None:
        self._comparing = True

    # The picture, from top to bottom.

    def _render(self) -> RenderableType:
        now_s = time.monotonic()
        title = Text.assemble(
            ("Tandem", "bold"), ("  one journal, two ledgers", QUIET), (f"   {now_s - self._began_s:5.1f} s", QUIET)
        )
        blocks: list[RenderableType] = [title, Text()]
        if self._board is None:
            blocks.append(self._start(now_s))
        else:
            blocks += [Text(line, style=QUIET) for line in self._told]
            blocks += [Text(), self._stages(self._board), Text(), self._house(self._board)]
            blocks += [_struck(kill) for kill in self._kills[-KILLS_SHOWN_MAX:]]
            if self._comparing:
                blocks += [Text(), Text("comparing journal, book and chain …", style=WORKING)]
        return Padding(Group(*blocks), (1, 2))

    def _start(self, now_s: float) -> RenderableType:
        table = Table.grid(padding=(0, 2))
        ends = [began_s for _, began_s in self._parts[1:]]
        for place, (part, began_s) in enumerate(self._parts):
            over = place < len(ends)
            took_s = (ends[place] if over else now_s) - began_s
            table.add_row(Text("✓" if over else "…", style=DONE if over else WORKING), part, f"{took_s:4.1f} s")
        return table

    def _stages(self, board: Board) -> RenderableType:
        table = Table.grid(padding=(0, 2))
        table.add_column()
        table.add_column(width=BAR_COLUMNS)
        table.add_column(justify="right")
        table.add_column(style=QUIET)
        for stage in board.stages.values():
            style = DONE if stage.complete else WORKING if stage.begun else QUIET
            bar = ProgressBar(
                total=stage.total, completed=stage.done, width=BAR_COLUMNS, complete_style=style, finished_style=DONE
            )
            table.add_row(Text(stage.label, style=style), bar, f"{stage.done}/{stage.total}", _note(stage))
        return table

    def _house(self, board: Board) -> RenderableType:
        pulse = self._pulse
        figures = (
            ("journal", f"{pulse.journal_position:,}"),
            ("book", f"{pulse.book_position:,}"),
            ("block", "away" if pulse.block is None else f"{pulse.block:,}"),
            ("in flight", f"{board.in_flight:,}"),
            ("entries/s", f"{pulse.entries_per_s:,.0f}"),
        )
        line = Text()
        for name, value in figures:
            line.append(f"{name} ", style=QUIET).append(f"{value}   ")
        lamps = Text()
        for name, lives in pulse.alive.items():
            lamps.append("● " if lives else "○ ", style=DONE if lives else STRUCK)
            lamps.append(f"{name}  ", style=QUIET if lives else STRUCK)
        return Group(line, lamps)


def _note(stage: Stage) -> str:
    if stage.complete and stage.last_s is not None:
        return f"{stage.took_s:5.1f} s"
    waiting = stage.begun - stage.done
    return f"{waiting:,} on their way" if waiting > 0 else ""


def _struck(kill: Kill) -> Text:
    return Text.assemble(
        (f"{kill.at_s:6.1f} s  ", QUIET), ("killed ", STRUCK), (kill.name, "bold"), (f"  when {kill.when}", QUIET)
    )
