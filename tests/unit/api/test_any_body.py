"""Whatever a client sends: a problem or an answer, never a defect. Bodies drawn from each command's own members."""

from __future__ import annotations

import typing
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.bodies import Body
from api.commands import CommandRoute
from api.routes import COMMANDS
from domain.values import AMOUNT_MAX, WEI_MAX
from tests.unit.api.steps import AMOUNT, Story

TEXTS = ["", " ", "risk", "reject", "first_come", "documents", "extension", "transfer", "reissue", "basic", "licence"]
TEXTS += ["ETB", "wei", "local@1", "eu-ecspr@1", "eip712", "x" * 501, "\u202e", "\U0001f33f", "Qm" + "1" * 44]
TIMES = ["2027-01-01T00:00:00Z", "1971-01-01T00:00:00+14:00", "2999-12-31T23:59:59-12:00", "2027-01-01T00:00:00"]
HEX = ["ab" * 32, "AB" * 32, "0x" + "1b" * 65, "0x" + "00" * 65, "0x" + "0" * 40, "0x" + "a1" * 20]
NUMBERS = [0, 1, -1, 2, 10_000, AMOUNT, AMOUNT_MAX, AMOUNT_MAX + 1, 10**40, 0.5, True]
WRITTEN = ["0", "1", str(AMOUNT), str(AMOUNT_MAX + 1), str(WEI_MAX), str(WEI_MAX + 1), "-1", "1.5"]
ANYTHING: st.SearchStrategy[Any] = st.sampled_from([*TEXTS, *TIMES, *HEX, *NUMBERS, *WRITTEN, None, [], {}])


def _members(body: type[Body], ids: list[str]) -> st.SearchStrategy[dict[str, Any]]:
    """Bodies with this body's members: most of them fitting, any of them wrong or left out."""
    made: dict[str, st.SearchStrategy[Any]] = {}
    for name, field in body.model_fields.items():
        made[name] = st.one_of(_fitting(field.annotation, ids), _fitting(field.annotation, ids), ANYTHING)
    needed = {name: made[name] for name, field in body.model_fields.items() if field.is_required()}
    return st.fixed_dictionaries(needed, optional={name: made[name] for name in made.keys() - needed.keys()})


def _fitting(kind: Any, ids: list[str]) -> st.SearchStrategy[Any]:
    inner = [_fitting(option, ids) for option in typing.get_args(kind) if option is not type(None)]
    if typing.get_origin(kind) is list:
        return st.lists(inner[0], max_size=3)
    if inner:
        return inner[0]
    if isinstance(kind, type) and issubclass(kind, Body):
        return _members(kind, ids)
    values: dict[Any, list[Any]] = {UUID: ids, bool: [True, False], int: [*NUMBERS, *WRITTEN]}
    return st.sampled_from(values.get(kind, [*TEXTS, *TIMES, *HEX]))


@pytest.mark.parametrize("route", COMMANDS, ids=lambda route: route.name)
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_body_of_any_command_is_a_defect(funded: Story, route: CommandRoute, data: st.DataObject) -> None:
    ids = [funded.company, funded.campaign, funded.investor, funded.investment, funded.payment, funded.document]
    path = route.path
    for name in ("id", "document_id", "change_id", "release_id", "override_id"):
        if f"{{{name}}}" in path:
            path = path.replace(f"{{{name}}}", data.draw(st.sampled_from(ids), label=name))
    body = data.draw(_members(route.body, ids), label="body")
    role = min(route.roles - {"process"})
    response = funded.house.post(role, path, body)
    assert response.status_code < 500, response.text
    assert response.is_success or response.json()["code"]
