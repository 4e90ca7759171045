"""The table of rules names tests that exist, and no row goes without one unless it says that the part is not built."""

from __future__ import annotations

import re

import pytest

from tests.architecture.source import ROOT

DOCUMENT = (ROOT / "ops/docs/rules.md").read_text()
NAMED = re.compile(r"`([a-z0-9_/]+\.py)::(test_\w+)`")
ROWS = [line for line in DOCUMENT.splitlines() if line.startswith("| ") and not line.startswith(("| ---", "| Rule |"))]
HEADS = ("| Part |", "| Flow |", "| Endpoint |", "| Defect |")
OURS = ("test_", "machines/")


def path_of(name: str) -> str:
    return f"tests/unit/domain/{name}" if name.startswith(OURS) else f"tests/{name}"


@pytest.mark.parametrize(("name", "test"), sorted(set(NAMED.findall(DOCUMENT))), ids=lambda part: part)
def test_every_test_that_the_table_names_exists(name: str, test: str) -> None:
    text = (ROOT / path_of(name)).read_text()
    assert re.search(rf"^(async )?def {test}\(", text, flags=re.MULTILINE), f"{path_of(name)} has no {test}"


def test_no_row_goes_without_a_test_unless_its_part_is_not_built() -> None:
    rows = [row for row in ROWS if not row.startswith(HEADS)]
    silent = [row for row in rows if not NAMED.search(row) and "Not built" not in row]
    assert silent == []
    assert len(rows) >= 100


def test_every_row_has_three_parts() -> None:
    assert [row for row in ROWS if row.count("|") != 4] == []
