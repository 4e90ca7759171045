"""Refusals as they are met: by a client over HTTP, or heard in the domain by a machine that no client can speak for."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from api.reach import refusals_of
from domain.errors import Refusal
from domain.refusals import CODES
from tests.unit.api.house import ApiHouse, refused
from tests.unit.api.rows import route_of


def meets(response: httpx.Response, code: str, *pointers: str) -> dict[str, Any]:
    """The problem of a command that the domain must refuse with this code, and the members of the body at fault.

    What is met must be what the clients' page says of the command.
    """
    route = route_of(response.request.url.path)
    problem = refused(response, CODES[code].http_status, code)
    assert [fault["pointer"] for fault in problem["errors"]] == list(pointers)
    assert code in refusals_of(route.command) | {"role-not-allowed"}, f"{route.name}: {code} is not in its row"
    return problem


def hears(house: ApiHouse, role: str, command: Any, code: str) -> Refusal:
    """The refusal that the domain must answer to a command given in this role, of which no client can be the giver."""
    with pytest.raises(Refusal) as refusal:
        house.machine(role, command)
    assert refusal.value.code == code
    assert code in refusals_of(type(command))
    return refusal.value
