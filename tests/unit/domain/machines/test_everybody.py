"""Random stories of everybody at once against an independent bookkeeper: who may do what, and where every santim is."""

from __future__ import annotations

import pytest
from hypothesis.stateful import run_state_machine_as_test

from domain.refusals import CODES
from tests.unit.domain.machines.everybody import Everybody
from tests.unit.domain.machines.machines import STEPS, STORIES
from tests.unit.domain.machines.test_transitions import LISTED, line_of


@pytest.mark.slow
def test_no_story_leads_where_the_books_do_not(capsys: pytest.CaptureFixture[str]) -> None:
    run_state_machine_as_test(Everybody, settings=STORIES)
    made = {line_of(transition) for transition in Everybody.seen}
    assert sorted(made - set(LISTED)) == []
    assert set(Everybody.codes) <= set(CODES)
    with capsys.disabled():
        stories = Everybody.examples["everybody"]
        print(f"\neverybody: {stories} stories of {STEPS} steps, {len(made)} distinct transitions")
        print(f"refusals of {len(Everybody.codes)} kinds: {', '.join(sorted(Everybody.codes))}")
