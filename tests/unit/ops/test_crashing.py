"""A process ends itself where its crash file says, once, and nowhere but on a local stack."""

from __future__ import annotations

from pathlib import Path

import pytest

from chain_writer.means import no_crash
from ops.crashing import Crash, arm, crash_of
from ops.settings import SettingsInvalid, load


class Ended(BaseException):
    """The process is gone."""


def _end() -> None:
    raise Ended


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "crash"


def test_a_process_ends_at_the_nth_passing_of_its_point_and_at_no_other(file: Path) -> None:
    crash = Crash(file, end=_end)
    arm(file, "after allot", passing=3)

    for point in ("before allot", "after allot", "after send", "after allot"):
        crash(point)
    with pytest.raises(Ended):
        crash("after allot")


def test_whoever_is_started_next_lives(file: Path) -> None:
    arm(file, "before send")
    with pytest.raises(Ended):
        Crash(file, end=_end)("before send")

    Crash(file, end=_end)("before send")

    assert not file.exists()


def test_without_a_crash_file_nothing_is_looked_at() -> None:
    assert crash_of(load({"TANDEM_LOCAL": "1"})) is no_crash


def test_a_crash_file_is_refused_where_it_could_do_harm(file: Path) -> None:
    with pytest.raises(SettingsInvalid, match="TANDEM_CRASH_FILE is accepted on a local stack only"):
        load({"TANDEM_CRASH_FILE": str(file)})
    assert isinstance(crash_of(load({"TANDEM_CRASH_FILE": str(file), "TANDEM_LOCAL": "1"})), Crash)
