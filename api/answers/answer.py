"""How a row of the book becomes an answer: the members of the same names, amounts as decimal strings."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from types import UnionType
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin, get_type_hints

import msgspec

_AMOUNT = msgspec.Meta(
    pattern="^(0|[1-9][0-9]*)$", description="Minor units of the currency (or wei), as a decimal string."
)
Amount = Annotated[str, _AMOUNT]

Shown = TypeVar("Shown", bound=msgspec.Struct)


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """Members that are not known (yet) are null, never left out."""


def shown(kind: type[Shown], row: Any, **given: Any) -> Shown:
    """A row as an answer: the members of the same names, amounts as decimal strings, nested rows likewise.

    `given` are the members that the row has not, or not in this form.
    """
    taken = {name: make(getattr(row, name)) for name, make in _members(kind) if name not in given}
    return kind(**taken, **given)


@cache
def _members(kind: type[msgspec.Struct]) -> tuple[tuple[str, Callable[[Any], Any]], ...]:
    hints = get_type_hints(kind, include_extras=True)
    return tuple((name, _maker(hints[name])) for name in kind.__struct_fields__)


def _maker(hint: Any) -> Callable[[Any], Any]:
    if get_origin(hint) in {Union, UnionType}:
        (inner,) = (option for option in get_args(hint) if option is not type(None))
        return partial(_if_there, _maker(inner))
    if get_origin(hint) is list:
        return partial(_each, _maker(get_args(hint)[0]))
    if get_origin(hint) is Annotated and _AMOUNT in get_args(hint):
        return str
    if isinstance(hint, type) and issubclass(hint, Answer):
        return partial(shown, hint)
    return _as_it_is


def _if_there(make: Callable[[Any], Any], value: Any) -> Any:
    return None if value is None else make(value)


def _each(make: Callable[[Any], Any], values: Any) -> list[Any]:
    return [make(value) for value in values]


def _as_it_is(value: Any) -> Any:
    return value
