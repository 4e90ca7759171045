"""The tables of the client documentation, made from the route tables and registries: `python -m api.tables <page>`."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

from api.bodies import Body, Nothing
from api.metrics import FIGURES
from api.problems import CODES
from api.reach import refusals_of
from api.requests import MIN_POSITION
from api.routes import COMMANDS, QUESTIONS
from domain.commands import ROLES

_BLOCK = re.compile(r"(<!-- table of (?P<name>[a-z]+) -->\n).*?(<!-- end of table -->)", re.DOTALL)


def commands() -> str:
    """Every command with its roles, its body, when it is allowed, and the refusals of the domain that it can meet."""
    rows = (
        (
            f"`POST {route.path}`",
            route.summary,
            _roles(route.roles),
            _members(route.body),
            route.when,
            ", ".join(f"`{code}`" for code in sorted(refusals_of(route.command))),
            f"`{route.name}`",
        )
        for route in COMMANDS
    )
    return _table(("Route", "What it does", "Roles", "Body", "Allowed in", "Refusals", "Operation"), rows)


def questions() -> str:
    """Every question with its parameters."""
    rows = (
        (
            f"`GET {route.path}`",
            route.summary,
            ", ".join(f"`{parameter.name}`" for parameter in (*route.parameters, MIN_POSITION)),
            f"`{route.name}`",
        )
        for route in QUESTIONS
    )
    return _table(("Route", "What it answers", "Parameters", "Operation"), rows)


def problems() -> str:
    """Every code, by status."""
    ordered = sorted(CODES.values(), key=lambda code: (code.http_status, code.code))
    return _table(
        ("Status", "`code`", "What it means", "What to do"),
        ((str(code.http_status), f"`{code.code}`", code.text, code.cure) for code in ordered),
    )


def metrics() -> str:
    """Every figure."""
    return _table(("Figure", "Meaning"), ((f"`{name}`", meaning) for name, meaning in FIGURES.items()))


TABLES: dict[str, Callable[[], str]] = {
    "commands": commands,
    "questions": questions,
    "problems": problems,
    "metrics": metrics,
}


def filled(page: str) -> str:
    """The page with its tables as they are now."""
    return _BLOCK.sub(lambda found: f"{found[1]}\n{TABLES[found['name']]()}\n{found[3]}", page)


def _table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    names = list(heads)
    lines = [names, ["---"] * len(names), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _roles(roles: frozenset[str]) -> str:
    return ", ".join(f"`{role}`" for role in sorted(roles & ROLES))


def _members(body: type[Body]) -> str:
    """The members of a body; those that may be left out carry a question mark."""
    if body is Nothing:
        return "none"
    return ", ".join(f"`{name}`" if field.is_required() else f"`{name}`?" for name, field in body.model_fields.items())


def main() -> None:
    page = Path(sys.argv[1])
    page.write_text(filled(page.read_text()))


if __name__ == "__main__":
    main()
