"""Every command has its handler and its roles, no other role gets past the door, and every refusal is registered."""

from __future__ import annotations

import re
from pathlib import Path
from uuid import UUID

import pytest
from msgspec.structs import replace

import domain
from domain import commands
from domain.commands import ALLOWED, MACHINE_ROLES, ROLES, Command
from domain.handlers import HANDLERS
from domain.journal import Actor
from domain.refusals import CODES
from domain.topics import EVENTS
from domain.values import TEXT_CHARS_MAX
from tests.unit.domain.acts import CAMPAIGN, COMPANY, INDEXER, WRITER, investment_id, investor_id, live
from tests.unit.domain.scenario import given

COMMANDS = [
    kind
    for kind in vars(commands).values()
    if isinstance(kind, type) and issubclass(kind, Command) and kind is not Command
]
RAISED = re.compile(r"Refusal\(\s*\"([a-z-]+)\"")


def _empty(kind: type[Command]) -> Command:
    """A command of this kind that says nothing: the door looks at the role alone."""
    return kind(**dict.fromkeys(kind.__struct_fields__))


def test_every_command_has_a_handler_and_roles_that_may_give_it() -> None:
    assert set(HANDLERS) == set(COMMANDS)
    assert set(ALLOWED) == set(COMMANDS)
    assert all(roles and roles <= ROLES | MACHINE_ROLES for roles in ALLOWED.values())


@pytest.mark.parametrize("kind", COMMANDS, ids=lambda kind: kind.__name__)
def test_no_other_role_gets_past_the_door(kind: type[Command]) -> None:
    everyone = {role for roles in ALLOWED.values() for role in roles} | {"auditor", ""}
    for role in everyone - ALLOWED[kind]:
        given().when(_empty(kind), by=Actor("somebody", role)).then_refused("role-not-allowed")


def test_every_refusal_says_what_to_do_and_under_which_status() -> None:
    for code in CODES.values():
        assert 400 <= code.http_status < 500
        assert code.text.endswith(".")
        assert code.cure.endswith(".")


def test_the_registry_of_refusals_is_what_the_domain_raises() -> None:
    source = "\n".join(path.read_text() for path in Path(domain.__path__[0]).rglob("*.py"))
    assert set(RAISED.findall(source)) == set(CODES)


def test_what_the_chain_refuses_for_good_is_recorded_where_it_was_obliged() -> None:
    stage = live()
    stage.invest(1, 20_000)
    for stream, kind in ((COMPANY, "company"), (CAMPAIGN, "campaign"), (investment_id(1), "investment")):
        reject = commands.RejectPosting(stream=stream, entry_position=7, code="reverted", reason="x" * 900)
        (event,) = stage.ask(reject, by=WRITER).events
        assert f"{kind}.posting_rejected" == event.TOPIC
        assert len(event.reason) == TEXT_CHARS_MAX  # type: ignore[attr-defined]


@pytest.mark.parametrize("stream", [COMPANY, CAMPAIGN])
def test_what_the_chain_shows_is_confirmed_once_and_by_one_log(stream: UUID) -> None:
    stage = live()
    fact = stage.fact()
    confirm = commands.ConfirmPosting(stream=stream, on_chain=fact)
    stage.ask(confirm, by=INDEXER).then_topics(f"{'company' if stream == COMPANY else 'campaign'}.posting_confirmed")
    stage.ask(confirm, by=INDEXER).then_nothing()
    other = commands.ConfirmPosting(stream=stream, on_chain=replace(fact, log_index=9))
    stage.ask(other, by=INDEXER).then_refused("confirmed-otherwise")
    nowhere = commands.ConfirmPosting(stream=UUID(int=9), on_chain=fact)
    stage.ask(nowhere, by=INDEXER).then_refused("not-found")


@pytest.mark.parametrize("stream", [UUID(int=9), investor_id(1)])
def test_what_obliges_nothing_has_no_posting_to_reject(stream: UUID) -> None:
    reject = commands.RejectPosting(stream=stream, entry_position=7, code="reverted", reason="no")
    live().ask(reject, by=WRITER).then_refused("not-found")


def test_every_event_of_the_domain_is_made_by_one_kind_of_thing() -> None:
    assert {topic.partition(".")[0] for topic in EVENTS} == {
        "campaign",
        "company",
        "investment",
        "investor",
        "ledger",
        "payment",
    }
