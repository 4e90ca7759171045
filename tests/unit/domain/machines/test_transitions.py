"""Every transition of every state machine is made at least once, and none that is not written down.

`transitions.txt` holds them, one a line: the aggregate, its status before, what happened, its status after. Walks make
every move in every situation; random stories look for what the walks did not think of.
"""

from __future__ import annotations

from collections import Counter
from functools import cache
from pathlib import Path

import pytest
from hypothesis.stateful import run_state_machine_as_test

from domain.topics import EVENTS
from tests.unit.domain.machines.machines import MACHINES, STEPS, STORIES, Machine
from tests.unit.domain.machines.situations import WALKS
from tests.unit.domain.machines.watched import Transition

LISTED = Path(__file__).with_name("transitions.txt").read_text().splitlines()
NO_COMMAND_MAKES = {"investment.payment_unapplied", "investment.payment_returned"}  # of the first circle, still read


def line_of(transition: Transition) -> str:
    kind, before, topic, after = transition
    return f"{kind}: {before} --{topic}--> {after}"


@cache
def walked() -> tuple[Counter[str], int]:
    """What the walks made, and in how many situations."""
    seen: Counter[Transition] = Counter()
    situations = sum(walk(seen) for walk in WALKS)
    return Counter({line_of(transition): times for transition, times in seen.items()}), situations


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["company", "campaign", "investment", "investor", "payment", "ledger"])
def test_every_transition_is_made_and_no_other(kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    made, situations = walked()
    ours = {line for line in made if line.startswith(f"{kind}: ")}
    listed = {line for line in LISTED if line.startswith(f"{kind}: ")}
    assert sorted(listed - ours) == [], "these are listed and were never made"
    assert sorted(ours - listed) == [], "these were made and are not listed"
    with capsys.disabled():
        print(f"\n{kind}: {len(ours)} transitions, all listed; {situations} situations walked")


@pytest.mark.slow
@pytest.mark.parametrize("machine", MACHINES, ids=lambda machine: machine.__name__)
def test_no_random_story_makes_a_transition_that_is_not_listed(
    machine: type[Machine], capsys: pytest.CaptureFixture[str]
) -> None:
    Machine.seen.clear()
    run_state_machine_as_test(machine, settings=STORIES)
    made = {line_of(transition) for transition in Machine.seen}
    assert sorted(made - set(LISTED)) == []
    with capsys.disabled():
        examples = Machine.examples[machine.__name__]
        print(f"\n{machine.__name__}: {examples} stories of {STEPS} steps, {len(made)} distinct transitions")


def test_every_event_that_a_command_makes_stands_in_a_transition() -> None:
    topics = {line.split("--")[1] for line in LISTED}
    assert set(EVENTS) - topics == NO_COMMAND_MAKES


def test_the_list_is_sorted_and_says_each_transition_once() -> None:
    assert sorted(set(LISTED)) == LISTED
