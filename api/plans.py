"""From what a client says to the command it is. Ids that are left out are derived from the request, never drawn."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid5

import msgspec

from api.commands import Asked, Plan
from domain.commands import Command


class Made(msgspec.Struct, frozen=True):
    """The id of what a command makes: its field, and the namespace in which it is derived where a client names none.

    The namespaces are for ever: with others, a retry after an upgrade would be another thing. `seed` says from what it
    is derived; without one, from the name of this one request.
    """

    field: str
    namespace: UUID
    seed: Callable[[dict[str, Any]], str] | None = None


def plan(
    command: type[Command],
    *,
    subject: str | None = None,
    made: Made | None = None,
    stream: Callable[[dict[str, Any]], UUID] | None = None,
    given: Callable[[Asked], dict[str, Any]] | None = None,
) -> Callable[[Asked], Plan]:
    """How a request becomes this command: the path's `id` is its `subject`, other ids and members keep their names.

    `stream` finds the stream where it is no id of the command; `given` are fields that no client says.
    """

    def planned(asked: Asked) -> Plan:
        fields = asked.body.model_dump(exclude_none=True)
        fields |= {subject if name == "id" else name: value for name, value in asked.ids.items()}
        if made is not None and made.field not in fields:
            seed = asked.seed if made.seed is None else made.seed(fields)
            fields[made.field] = uuid5(made.namespace, seed)
        if given is not None:
            fields |= given(asked)
        about = stream(fields) if stream is not None else fields[subject or (made.field if made else "")]
        asks = msgspec.convert(fields, command, strict=False)
        return Plan(command=asks, stream=about, made=fields[made.field] if made is not None else None)

    return planned
