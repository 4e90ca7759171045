"""A row of the tables: one command as one route."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from uuid import UUID

from api.bodies import Body, Nothing
from api.commands import Asked, CommandRoute
from api.plans import Made, plan
from domain.commands import Command

COMPANY = "/v1/companies/{id}"
CAMPAIGN = "/v1/campaigns/{id}"
INVESTMENT = "/v1/investments/{id}"
INVESTOR = "/v1/investors/{id}"
PAYMENT = "/v1/payments/{id}"


def asks(
    command: type[Command],
    path: str,
    summary: str,
    *,
    when: str,
    body: type[Body] = Nothing,
    subject: str | None = None,
    made: Made | None = None,
    stream: Callable[[dict[str, Any]], UUID] | None = None,
    given: Callable[[Asked], dict[str, Any]] | None = None,
    location: str | None = None,
    name: str | None = None,
) -> CommandRoute:
    """A command as a route. `when` says in which states it is allowed; `name` is its operation, the command's own."""
    return CommandRoute(
        path=path,
        name=name or re.sub(r"(?<!^)(?=[A-Z])", "_", command.__name__).lower(),
        summary=summary,
        command=command,
        body=body,
        plan=plan(command, subject=subject, made=made, stream=stream, given=given),
        when=when,
        location=location,
    )
