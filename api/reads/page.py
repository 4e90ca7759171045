"""What the answers to questions share: a page of a list, and the word for what is not there."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Generic, NoReturn, TypeVar

import msgspec

from api.errors import Fault, NothingThere, RequestUnacceptable
from api.questions import Question
from projections import rows

Item = TypeVar("Item")
RowKind = TypeVar("RowKind", rows.Company, rows.Investor)


class Page(msgspec.Struct, Generic[Item], frozen=True, kw_only=True):
    """A part of a list. `next` is what to give as `after` for the next part, null at the end."""

    items: list[Item]
    next: int | None


class PageAt(msgspec.Struct, Generic[Item], frozen=True, kw_only=True):
    """A part of a list as it stood at a position. `next` is what to give as `after` for the next part, null at the end:
    give `at_position` as `at` with it, so that all parts are of one position.
    """

    at_position: int
    items: list[Item]
    next: int | None


def page(found: Sequence[Any], show: Callable[[Any], Item], limit: int) -> Page[Item]:
    last = found[-1].position if len(found) == limit else None
    return Page(items=[show(row) for row in found], next=last)


def page_at(found: Sequence[Any], show: Callable[[Any], Item], limit: int, *, at: int) -> PageAt[Item]:
    part = page(found, show, limit)
    return PageAt(at_position=at, items=part.items, next=part.next)


async def own_page(
    read: Callable[..., Awaitable[list[RowKind]]], show: Callable[[RowKind], Item], question: Question
) -> Page[Item]:
    """The viewer's own things; everybody's for whoever sees all."""
    owner = None if question.viewer.sees_all else question.viewer.principal
    found = await read(owner=owner, after=question.after, limit=question.limit)
    return page(found, show, question.limit)


def nothing(kind: str, name: object) -> NoReturn:
    raise NothingThere("not-found", f"there is no {kind} {name}", fields={"kind": kind, "id": str(name)})


def name_one_of(*names: str, detail: str) -> NoReturn:
    """Refuse a question that only whoever sees all may put so widely."""
    faults = [Fault(name, "missing", "this parameter is needed with this key") for name in names]
    raise RequestUnacceptable("parameter-not-acceptable", detail, faults=faults)
