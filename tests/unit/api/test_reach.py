"""What is read from the domain's source about refusals is what the domain can refuse with."""

from __future__ import annotations

import re

import pytest

from api.commands import CommandRoute
from api.reach import refusals_of, states_of
from api.routes import COMMANDS
from domain import commands as c
from domain.commands import ALLOWED
from domain.refusals import CODES


@pytest.mark.parametrize(
    ("command", "codes"),
    [
        (c.RegisterInvestor, {"already-exists", "text-not-acceptable"}),
        (c.ExpireKyb, {"not-due", "not-found"}),
        (c.ConfirmRelease, {"confirmed-otherwise", "not-found", "not-obliged", "sums-differ"}),
        (c.WithdrawDocument, {"kyb-closed", "not-found", "not-yours"}),
        (c.GrantOverride, {"four-eyes", "not-found", "not-requested"}),
        (c.ReturnPayment, {"four-eyes", "not-found", "nothing-owed", "role-not-allowed", "text-not-acceptable"}),
    ],
)
def test_the_refusals_of_a_command_are_those_of_all_that_it_calls(command: type[c.Command], codes: set[str]) -> None:
    assert refusals_of(command) == codes


def test_a_rule_of_a_pack_is_reached_through_the_packs_that_a_handler_asks() -> None:
    assert {"terms-outside-rules", "not-whole-shares", "unknown-value"} <= refusals_of(c.DraftCampaign)
    assert "terms-outside-rules" not in refusals_of(c.SubmitCampaign)


def test_a_check_of_a_literal_outcome_refuses_with_its_own_code_only() -> None:
    assert "not-successful" in refusals_of(c.RequestRelease)
    assert "not-failed" not in refusals_of(c.RequestRelease)
    assert "not-failed" in refusals_of(c.OrderRefund)
    assert "not-successful" not in refusals_of(c.OrderRefund)


def test_every_code_of_the_registry_can_be_met_by_some_command() -> None:
    assert {code for command in ALLOWED for code in refusals_of(command)} == set(CODES)


@pytest.mark.parametrize(
    ("command", "states"),
    [
        (c.PauseCampaign, {"live"}),
        (c.SubmitCampaign, {"draft", "changes_requested", "rejected"}),
        (c.CancelInvestment, {"live", "paused", "waiting", "committed", "paid", "funded"}),
        (c.RegisterInvestor, set()),
    ],
)
def test_the_states_of_a_command_are_those_that_its_deciders_check(command: type[c.Command], states: set[str]) -> None:
    assert states_of(command) == states


@pytest.mark.parametrize("route", COMMANDS, ids=lambda route: route.name)
def test_the_page_names_every_state_in_which_a_command_passes(route: CommandRoute) -> None:
    told = set(re.findall(r"\w+", route.when))
    assert states_of(route.command) - told == set()
