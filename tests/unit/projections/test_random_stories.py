"""Whatever happens, the book says what the domain says: every status, every sum, every account."""

from __future__ import annotations

from collections import Counter
from typing import ClassVar

import pytest
from hypothesis import settings
from hypothesis.stateful import invariant, run_state_machine_as_test

from tests.unit.domain.machines import everybody, machines, situations
from tests.unit.domain.machines.machines import MACHINES, STORIES
from tests.unit.domain.machines.watched import Transition
from tests.unit.projections.booked import Booked

pytestmark = pytest.mark.slow

FEWER = settings(STORIES, max_examples=max(100, STORIES.max_examples // 3))


@pytest.fixture
def booked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every world of the domain's own machines has a book."""
    for module in (everybody, machines, situations):
        monkeypatch.setattr(module, "Watched", Booked)


class Everybody(everybody.Everybody):
    """The stories of everybody at once, with a book."""

    seen: ClassVar[Counter[Transition]] = Counter()

    @invariant()
    def the_book_agrees(self) -> None:
        assert isinstance(self.world, Booked)
        self.world.check_book()


@pytest.mark.usefixtures("booked")
def test_the_book_agrees_with_the_domain_after_every_step_of_everybody() -> None:
    run_state_machine_as_test(Everybody, settings=STORIES)
    assert len(Everybody.seen) > 60


@pytest.mark.usefixtures("booked")
@pytest.mark.parametrize("machine", MACHINES, ids=lambda machine: machine.__name__)
def test_the_book_agrees_with_each_state_machine(machine: type[machines.Machine]) -> None:
    kept: list[Booked] = []

    class WithBook(machine):  # type: ignore[misc, valid-type]
        seen: ClassVar[Counter[Transition]] = Counter()

        @invariant()
        def the_book_agrees(self) -> None:
            kept[:] = [self.world]
            self.world.check_book()

    run_state_machine_as_test(WithBook, settings=FEWER)
    assert kept[0].position > 0
