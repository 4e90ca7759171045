"""What every body of a command is: members by name and kind; whatever else a client says is refused."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from api.errors import Fault, RequestUnacceptable
from api.fields import Text
from domain.values import AMOUNT_MAX

FAULTS_MAX = 20  # of one body; the rest shows when these are mended
NAME_CHARS_MAX = 100  # of a member's name that is shown back

# The library's names for what can be wrong, where they are not ours already.
_CODES = {
    "extra_forbidden": ("unknown-field", "there is no such field here"),
    "missing": ("missing", "this field is required"),
    "int_type": ("wrong-type", "this is an integer"),
    "bool_type": ("wrong-type", "this is true or false"),
    "list_type": ("wrong-type", "this is a list"),
    "string_type": ("wrong-type", "this is a text"),
    "model_type": ("wrong-type", "this is an object"),
    "greater_than_equal": ("out-of-bounds", "this is not below zero"),
    "less_than_equal": ("out-of-bounds", f"this is at most {AMOUNT_MAX} (2^53 - 1)"),
}


class Body(BaseModel):
    """Nothing is guessed: no unknown members, no conversions."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, hide_input_in_errors=True)


class Nothing(Body):
    """A command that says everything by its path."""


class ReasonBody(Body):
    reason: Text


def read_body(kind: type[Body], members: dict[str, Any]) -> Body:
    """The body that plain values make. Raises RequestUnacceptable naming every fault with its JSON pointer."""
    try:
        return kind.model_validate(members)
    except ValidationError as error:
        faults = tuple(_faults(error))
        first = faults[0]
        more = f", and {len(faults) - 1} more" if len(faults) > 1 else ""
        detail = f"{first.pointer}: {first.message}{more}"
        raise RequestUnacceptable("body-not-acceptable", detail, faults=faults) from None


def pointer_to(body: Body, name: str) -> str | None:
    """Where in a body a field of this name stands, if it does: refusals name fields without their place."""
    for member in type(body).model_fields:
        if member == name:
            return f"/{name}"
        value = getattr(body, member)
        if isinstance(value, Body) and (inner := pointer_to(value, name)) is not None:
            return f"/{member}{inner}"
    return None


def _faults(error: ValidationError) -> Iterator[Fault]:
    for found in error.errors(include_url=False, include_input=False, include_context=False)[:FAULTS_MAX]:
        code, message = _CODES.get(found["type"], (found["type"], found["msg"]))
        pointer = "".join(f"/{_escaped(str(step))}" for step in found["loc"])
        yield Fault(pointer=pointer, code=code, message=message)


def _escaped(step: str) -> str:
    """A member's name within a JSON pointer (RFC 6901), cut where a client made one up."""
    return step[:NAME_CHARS_MAX].replace("~", "~0").replace("/", "~1")
