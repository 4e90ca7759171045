"""Every command has its handler and its roles, and no other role gets past the door."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, get_type_hints
from uuid import UUID

import pytest

from domain import commands
from domain.commands import ALLOWED, MACHINE_ROLES, ROLES, Command
from domain.handlers import HANDLERS
from domain.journal import Actor
from domain.refusals import CODES
from domain.values import ChainFact, Terms
from tests.unit.domain.examples import TERMS, fact
from tests.unit.domain.scenario import given

COMMANDS = [
    kind
    for kind in vars(commands).values()
    if isinstance(kind, type) and issubclass(kind, Command) and kind is not Command
]
SAMPLES: dict[Any, Any] = {
    UUID: UUID(int=1),
    str: "x",
    int: 1,
    datetime: datetime(2026, 1, 1, tzinfo=UTC),
    ChainFact: fact(1),
    Terms: TERMS,
}


def _sample(kind: type[Command]) -> Command:
    return kind(
        **{name: SAMPLES[hint] for name, hint in get_type_hints(kind).items() if name in kind.__struct_fields__}
    )


def test_every_command_has_a_handler_and_roles_that_may_give_it() -> None:
    assert set(HANDLERS) == set(COMMANDS)
    assert set(ALLOWED) == set(COMMANDS)
    assert all(roles and roles <= ROLES | MACHINE_ROLES for roles in ALLOWED.values())


@pytest.mark.parametrize("kind", COMMANDS, ids=lambda kind: kind.__name__)
def test_no_other_role_gets_past_the_door(kind: type[Command]) -> None:
    everyone = {role for roles in ALLOWED.values() for role in roles} | {"auditor", ""}
    for role in everyone - ALLOWED[kind]:
        given().when(_sample(kind), by=Actor("somebody", role)).then_refused("role-not-allowed")


def test_every_refusal_says_what_to_do_and_under_which_status() -> None:
    for code in CODES.values():
        assert 400 <= code.http_status < 500
        assert code.text.endswith(".")
        assert code.cure.endswith(".")
