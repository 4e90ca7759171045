"""The page for client developers says what the tables and registries say."""

from __future__ import annotations

import re

from api.metrics import FIGURES
from api.problems import CODES
from api.routes import COMMANDS, QUESTIONS
from api.tables import TABLES, filled
from ops.places import ROOT

PAGE = ROOT / "ops" / "docs" / "api.md"


def test_the_tables_of_the_page_are_those_of_the_code() -> None:
    page = PAGE.read_text()
    assert page == filled(page), "run: python3 -m api.tables ops/docs/api.md"
    assert re.findall(r"<!-- table of (\w+) -->", page) == list(TABLES)


def test_every_route_problem_and_figure_has_its_row() -> None:
    page = PAGE.read_text()
    for route in COMMANDS:
        assert f"| `POST {route.path}` |" in page
    for question in QUESTIONS:
        assert f"| `GET {question.path}` |" in page
    for code in CODES.values():
        assert f"| {code.http_status} | `{code.code}` |" in page
    for name in FIGURES:
        assert f"| `{name}` |" in page


def test_every_code_that_the_text_names_is_in_the_registry() -> None:
    for name in re.findall(r"`([a-z]+(?:-[a-z]+)+)`", PAGE.read_text()):
        assert name in CODES or name in {"min-position", "not-an-amount"}, name


def test_the_examples_name_only_variables_that_the_page_explains() -> None:
    page = PAGE.read_text()
    used = set(re.findall(r"\$(TANDEM_\w+)", page))
    assert used <= set(re.findall(r"`(TANDEM_\w+)`", page))
