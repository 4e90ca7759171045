"""The documents' commands, run as they stand: a reader who types them sees them work."""

from __future__ import annotations

import os
import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from ops.places import ROOT
from ops.supervisor import House

pytestmark = pytest.mark.slow

DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "ops" / "docs").rglob("*.md"))]
FENCED = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)
TYPED = re.compile(r"python3 -m ops ((?:[a-z]+ ?)+)((?:--?[a-z-]+ ?)*)")
CURLED = [path for path in DOCUMENTS if "curl" in path.read_text()]
LINK = re.compile(r"\]\(([^)#\s]+)(#[^)\s]+)?\)")


def _blocks(document: Path) -> list[str]:
    return FENCED.findall(document.read_text())


@pytest.fixture(scope="session")
def shell(edge_house: House, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of a reader: the house's address and keys, this Python as python3, and a curl."""
    programs = tmp_path_factory.mktemp("programs")
    for name, command in {
        "curl": f'exec "{sys.executable}" "{ROOT}/tests/support/curl.py" "$@"',
        "python3": f'exec "{sys.executable}" "$@"',
    }.items():
        program = programs / name
        program.write_text(f"#!/bin/sh\n{command}\n")
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
    keys = {f"TANDEM_KEY_{role.upper()}": token for role, token in edge_house.keys.items()}
    path = f"{programs}{os.pathsep}{os.environ['PATH']}"
    return {**os.environ, **keys, "PATH": path, "TANDEM_URL": edge_house.api_url, "TANDEM_HOME": str(edge_house.home)}


@pytest.mark.parametrize("document", CURLED, ids=lambda path: path.name)
def test_every_request_in_a_document_is_answered(document: Path, shell: dict[str, str]) -> None:
    blocks = [block for block in _blocks(document) if "curl" in block]
    assert blocks
    for block in blocks:
        run = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", block], env=shell, cwd=ROOT, capture_output=True, text=True, check=False
        )
        assert run.returncode == 0, f"{block}\n{run.stderr}"


@pytest.mark.parametrize(
    "command",
    [
        *("status", "reconcile", "settings", "contracts check", "keys list", "lanes list"),
        *("book parked", "rebuild --all --dry-run", "rebuild investments", "replay view due"),
        "chain show",
    ],
)
def test_the_commands_of_an_operator_work_on_a_running_house(command: str, shell: dict[str, str]) -> None:
    assert any(f"python3 -m ops {command}" in document.read_text() for document in DOCUMENTS)
    run = subprocess.run(
        ["python3", "-m", "ops", *command.split()], env=shell, cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert run.stdout.strip()


def test_every_command_that_a_document_names_exists(shell: dict[str, str]) -> None:
    from typer.main import get_command

    from ops.cli import app

    known = get_command(app).commands  # type: ignore[attr-defined]
    named = {
        (document.name, words.split()[0]) for document in DOCUMENTS for words, _ in TYPED.findall(document.read_text())
    }
    assert named
    assert {(name, verb) for name, verb in named if verb not in known} == set()


def test_every_link_between_documents_leads_somewhere() -> None:
    broken = [
        f"{document.name}: {target}{anchor}"
        for document in DOCUMENTS
        for target, anchor in LINK.findall(document.read_text())
        if "://" not in target and not _leads(document, target, anchor)
    ]
    assert broken == []


def _leads(document: Path, target: str, anchor: str) -> bool:
    place = (document.parent / target).resolve()
    if not place.exists():
        return False
    if not anchor:
        return True
    headings = re.findall(r"^#+ (.+)$", place.read_text(), re.MULTILINE)
    return anchor[1:] in {re.sub(r"[^a-z0-9 -]", "", heading.lower()).replace(" ", "-") for heading in headings}
