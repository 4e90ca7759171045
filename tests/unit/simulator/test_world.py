"""The simulator itself: the same seed is the same run, everything that can go wrong does, and mistakes are caught."""

from __future__ import annotations

from collections import Counter

import pytest

from chain_writer.means import CRASH_POINTS
from tests.simulator.__main__ import caught, main
from tests.simulator.faults import KINDS
from tests.simulator.mutants import MUTANTS
from tests.simulator.runs import Ran, run, soaked
from tests.simulator.world import Options

# Seeds that broke something while it was wrong, each with what it broke.
KEPT = {
    4: "a send error freed the nonce: two effects were sent twice",
    18: '"nonce too low" was believed: two effects were sent twice',
    23: "a missing receipt was taken for a missing tx: two effects were sent twice",
    2862: "a lane began at a nonce and did not fill those of lost bytes: the newest count was an old one",
    5024: "a lane began after a block that was lost: nobody filled the nonce before its first",
    6533: "a lane began after a block that was lost, with two workers at it",
}
SEEDS = range(1, 61)


@pytest.fixture(scope="module")
def ran() -> list[Ran]:
    return [run(seed) for seed in SEEDS]


def test_no_seed_breaks_an_invariant(ran: list[Ran]) -> None:
    assert {one.seed: one.violation for one in ran if one.violation} == {}
    assert sum(one.intents for one in ran) > 5 * len(ran)


def test_what_can_go_wrong_with_processes_and_databases_did(ran: list[Ran]) -> None:
    struck = sum((Counter(one.struck) for one in ran), Counter[str]())
    conditions = {"W2", "W3"}  # of a whole run; they do not strike
    assert set(KINDS) - conditions - set(struck) == set()


def test_a_run_without_faults_has_no_rejections(ran: list[Ran]) -> None:
    calm = [one for one in ran if not one.struck]
    assert calm
    assert all(one.violation is None for one in calm)


def test_the_same_seed_tells_the_same_story() -> None:
    told: list[list[str]] = [[], []]
    for lines in told:
        run(7, trace=lines.append)
    assert told[0] == told[1]
    assert told[0]


@pytest.mark.parametrize("seed", sorted(KEPT), ids=str)
def test_a_seed_that_broke_something_breaks_it_no_more(seed: int) -> None:
    assert run(seed).violation is None, KEPT[seed]


@pytest.mark.parametrize("name", MUTANTS)
def test_each_of_seven_mistakes_is_caught(name: str) -> None:
    _, violation = caught(MUTANTS[name])
    assert violation is not None


# What the last two of these lose is found again: judged by its content, whoever sent it.
@pytest.mark.parametrize("name", [name for name in MUTANTS if "stored" not in name and "the store" not in name])
def test_what_a_mistake_does_is_seen_from_outside(name: str) -> None:
    """Not only an invariant within: an effect is lost, or sent twice, or it never comes to rest."""
    _, violation = caught(MUTANTS[name], watching=False)
    assert violation is not None


def test_two_workers_without_any_lease_do_no_harm() -> None:
    for seed in range(1, 9):
        options = Options(same_name=True, switching=0.6)
        assert run(seed, options=options).violation is None


def test_seeds_are_given_as_a_range() -> None:
    with pytest.raises(SystemExit):
        main(["--seeds", "seven"])


def test_what_was_asked_for_is_run_and_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--seeds", "3..4", "--processes", "1"]) == 0
    told = capsys.readouterr().out
    assert "2 seeds" in told
    assert all(point in told for point in CRASH_POINTS)


def test_large_campaigns_with_all_faults_come_to_rest() -> None:
    ran = soaked(3)

    assert ran.violation is None
    assert ran.intents > 100
    assert len(ran.struck) > 20
