"""Who drives lanes in a process: one thread a lane at a time, a net under the messages, defects told, others not."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta

import pytest

from chain_writer.driving import MENDED_EVERY_S, STEPS_PER_DRIVE_MAX, UNDRIVEN_S_MAX, Built, Lanes
from chain_writer.errors import WrongChain
from domain.progress import Progress
from tests.unit.chain_writer.house import NOON


class Away(Exception):
    pass


class Fake:
    """A lane of so much work, or of one error."""

    def __init__(self, work: int = 0, error: BaseException | None = None) -> None:
        self.work = work
        self.error = error
        self.steps = 0
        self.rests = 0
        self.closed = 0

    def step(self) -> Progress:
        self.steps += 1
        if self.error is not None:
            raise self.error
        done = min(self.work, 1)
        self.work -= done
        return Progress(advanced=done, position=0, lag=0)

    def rest(self) -> None:
        self.rests += 1

    def close(self) -> None:
        self.closed += 1


class Yard:
    """Lanes on fakes, with a clock in hand."""

    def __init__(self, *fakes: Fake) -> None:
        self.now: datetime = NOON
        self.fakes = list(fakes)
        self.built: list[str] = []
        self.lanes = Lanes(self._build, [f"lane-{n}" for n in range(len(fakes))], away=(Away,), clock=lambda: self.now)

    def _build(self, name: str) -> Built:
        self.built.append(name)
        fake = self.fakes[int(name[-1])]
        return Built(fake, fake.close)

    def later(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


def test_a_lane_is_stepped_until_it_has_nothing_to_do_and_then_rests() -> None:
    yard = Yard(Fake(work=3))
    yard.lanes.drive("lane-0")
    assert (yard.fakes[0].steps, yard.fakes[0].rests) == (4, 1)
    assert yard.lanes.step().advanced == 3


def test_a_busy_lane_gives_others_their_turn() -> None:
    yard = Yard(Fake(work=10 * STEPS_PER_DRIVE_MAX))
    yard.lanes.drive("lane-0")
    assert yard.fakes[0].steps == STEPS_PER_DRIVE_MAX


def test_a_lane_is_built_once_for_many_turns() -> None:
    yard = Yard(Fake())
    for _ in range(3):
        yard.lanes.drive("lane-0")
    assert yard.built == ["lane-0"]


def test_what_no_message_wakes_is_driven_all_the_same() -> None:
    yard = Yard(Fake(), Fake())
    yard.lanes.step()
    assert [fake.steps for fake in yard.fakes] == [1, 1]
    yard.lanes.step()
    assert [fake.steps for fake in yard.fakes] == [1, 1]
    yard.later(UNDRIVEN_S_MAX)
    yard.lanes.step()
    assert [fake.steps for fake in yard.fakes] == [2, 2]


def test_a_lane_whose_services_went_away_is_built_anew_at_its_next_turn() -> None:
    yard = Yard(Fake(error=Away("gone")))
    yard.lanes.drive("lane-0")
    assert yard.lanes.troubles == {"lane-0": "Away: gone"}
    assert yard.fakes[0].closed == 1
    yard.fakes[0].error = None
    yard.lanes.drive("lane-0")
    assert yard.built == ["lane-0", "lane-0"]
    assert yard.lanes.troubles == {}


def test_a_lane_that_needs_an_operator_waits_while_others_go_on() -> None:
    yard = Yard(Fake(error=WrongChain("other")), Fake(work=1))
    yard.lanes.step()
    yard.lanes.drive("lane-0")
    assert yard.fakes[0].steps == 1
    progress = yard.lanes.step()
    assert (progress.lag, progress.trouble) == (1, "lane-0 waits: WrongChain: other")
    assert yard.fakes[1].steps == 2
    yard.later(MENDED_EVERY_S)
    yard.lanes.drive("lane-0")
    assert yard.fakes[0].steps == 2


def test_a_defect_ends_the_process() -> None:
    yard = Yard(Fake(error=ZeroDivisionError()), Fake())
    yard.lanes.drive("lane-0")
    with pytest.raises(ZeroDivisionError):
        yard.lanes.step()


def test_a_lane_that_cannot_be_built_now_is_built_later() -> None:
    tries: list[str] = []

    def build(name: str) -> Built:
        tries.append(name)
        raise Away("no database")

    lanes = Lanes(build, ["lane-0"], away=(Away,), clock=lambda: NOON)
    lanes.drive("lane-0")
    lanes.drive("lane-0")
    assert len(tries) == 2


def test_a_name_that_is_not_known_here_is_left_alone() -> None:
    yard = Yard(Fake())
    yard.lanes.drive("lane-9")
    assert yard.built == []


def test_a_message_that_comes_while_a_lane_is_driven_drives_it_once_more() -> None:
    # given a lane whose step waits until a second message was heard
    inside, heard = threading.Event(), threading.Event()

    class Slow(Fake):
        def step(self) -> Progress:
            inside.set()
            assert heard.wait(60)
            return super().step()

    yard = Yard(Slow())
    first = threading.Thread(target=yard.lanes.drive, args=("lane-0",))
    first.start()
    assert inside.wait(60)

    # when
    yard.lanes.drive("lane-0")
    heard.set()
    first.join()

    # then it was driven twice, by one thread
    assert (yard.fakes[0].steps, yard.fakes[0].rests) == (2, 2)


def test_closing_lets_every_lane_go() -> None:
    yard = Yard(Fake(), Fake())
    yard.lanes.step()
    yard.lanes.close()
    assert [(fake.rests, fake.closed) for fake in yard.fakes] == [(2, 1), (2, 1)]
