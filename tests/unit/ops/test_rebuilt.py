"""What a person sees of a rebuild: the pace and the time left, differences with both sides, and what to do next."""

from __future__ import annotations

import msgspec
import pytest

from ops import rebuild, rebuilt
from ops.errors import OperatorError
from ops.rebuilt import Asked, Pace, said_of
from ops.settings import Settings
from tests.support.story import ledger_on, succeed
from tests.unit.projections.posted import post
from tests.unit.projections.rebuilt import owner


@pytest.fixture
def told(database: str) -> str:
    with ledger_on(database) as ledger:
        succeed(ledger)
    return database


def test_the_time_left_follows_from_the_pace_since_the_first_that_was_heard() -> None:
    # a second until the processes begin, with a fifth that was loaded before
    pace = Pace()
    assert pace.left_s(1.0, 0.2) is None
    assert pace.left_s(2.0, 0.3) == pytest.approx(7.0)
    assert pace.left_s(5.0, 0.6) == pytest.approx(4.0)
    assert pace.left_s(9.0, 1.0) == 0.0


@pytest.mark.parametrize(
    ("elapsed_s", "left_s", "entries", "said"),
    [
        (0.0, None, 0, ""),
        (2.0, None, 10_000, "5,000 entries/s"),
        (2.0, 18.2, 10_000, "5,000 entries/s, 18 s left"),
    ],
)
def test_the_rate_is_told_and_the_time_left_as_far_as_it_is_known(
    elapsed_s: float, left_s: float | None, entries: int, said: str
) -> None:
    assert said_of(elapsed_s, entries, left_s) == said


def test_rows_that_differ_are_shown_with_both_sides_and_nothing_is_swapped(
    told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    post(told)
    owner(told, "UPDATE book.companies SET legal_name = 'Planted'")
    settings = Settings(database_url=told)
    assert rebuilt.run(settings, Asked(views=("companies",)), as_json=False) == 1
    out = capsys.readouterr().out
    assert "legal_name=Planted" in out
    assert "nothing was swapped" in out
    assert rebuilt.run(settings, Asked(views=("companies",), despite_differences=True), as_json=False) == 0
    capsys.readouterr()
    assert rebuilt.run(settings, Asked(views=("companies",), dry_run=True), as_json=True) == 0
    report = msgspec.json.decode(capsys.readouterr().out, type=rebuild.Report)
    assert (report.outcome, report.read_from) == ("compared", "database")
    assert report.total_s >= max(report.seconds.values()) > 0


def test_a_rebuild_that_was_stopped_is_given_up_by_name(told: str, capsys: pytest.CaptureFixture[str]) -> None:
    post(told)
    settings = Settings(database_url=told)
    assert rebuilt.run(settings, Asked(views=("due",), to=3), as_json=False) == 0
    with pytest.raises(OperatorError, match="a rebuild of due is not over"):
        rebuilt.run(settings, Asked(everything=True), as_json=False)
    assert rebuilt.run(settings, Asked(drop=True), as_json=False) == 0
    assert "the rebuild of due is given up" in capsys.readouterr().out


@pytest.mark.parametrize("asked", [Asked(), Asked(views=("due",), everything=True), Asked(views=("due",), back="due")])
def test_a_wish_that_names_no_view_or_too_many_is_refused(told: str, asked: Asked) -> None:
    with pytest.raises(OperatorError, match=r"name views|leave out the others"):
        rebuilt.run(Settings(database_url=told), asked, as_json=False)
