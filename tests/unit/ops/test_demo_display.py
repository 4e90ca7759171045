"""What a person sees: lines where nothing can move, one picture where it can, nothing beside the JSON."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from ops.demo.board import Board
from ops.demo.chaos import Kill
from ops.demo.display import Display, Lines, Picture, Pulse
from ops.demo.plan import plan

KILL = Kill(name="indexer", pid=7, at_s=1.5, when="payments recorded: 2 of 3 done", journal_position=9)


def shown(kind: type[Lines | Picture], *, terminal: bool) -> str:
    """What a run of three investors leaves on the screen, from the start of the house to the comparison."""
    console = Console(file=io.StringIO(), force_terminal=terminal, width=140, height=60)
    board = Board(plan(run_id="run", investors=3), clock=lambda: 2.0)
    with kind(console) as display:
        display.starting("services")
        display.starting("migrations")
        display.playing(board, Pulse(journal_position=41, block=8, alive={"api": True}), told=["it will stand at 0x1"])
        for _ in range(3):
            board.begin("committed")
            board.finish("committed")
        board.begin("paid")
        display.killed(KILL)
        display.reconciling()
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_lines_tell_each_thing_once_when_it_is_over() -> None:
    lines = [line.split(" s  ", 1)[1] for line in shown(Lines, terminal=False).splitlines()]

    assert lines == [
        "starting services",
        "starting migrations",
        "it will stand at 0x1",
        "3 commitments accepted (position 41, block 8)",
        "killed indexer (pid 7) when payments recorded: 2 of 3 done",
        "comparing journal, book and chain",
    ]


@pytest.mark.parametrize(
    "part",
    ["it will stand at 0x1", "commitments accepted", "3/3", "1 on their way", "journal", "41", "killed", "comparing"],
)
def test_the_picture_shows_stages_house_and_kills(part: str) -> None:
    assert part in shown(Picture, terminal=True)


def test_for_json_nothing_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    board = Board(plan(run_id="run", investors=3), clock=lambda: 2.0)
    with Display() as display:
        display.starting("services")
        display.playing(board, Pulse(), told=[])
        display.killed(KILL)
        display.reconciling()
    assert capsys.readouterr() == ("", "")
