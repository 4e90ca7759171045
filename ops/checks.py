"""`check`, `test` and `bench`: the three ways this house proves itself."""

from __future__ import annotations

import importlib
import os
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import psycopg

from ops.migrate import migrate
from ops.places import ROOT
from ops.settings import SettingsInvalid
from ops.stack import Postgres

BENCHES = ("journal", "domain", "writer", "indexer", "kills", "rebuild")
LOADS = {"indexer": "logs", "rebuild": "events"}  # what the size of a benchmark is called
ROUNDS = 3  # of a benchmark, if nobody says how many
ROUNDS_OF = {"kills": 5, "rebuild": 1}
WORKERS = str(max(os.cpu_count() or 1, 2))

# The fast ones: what `check` runs of the tests. The end-to-end suite is for `test`.
FAST_TESTS = ("tests/architecture", "tests/golden", "tests/unit")


def run_tests(arguments: Sequence[str]) -> int:
    """All tests, or those that the arguments choose. Returns pytest's exit code."""
    _in_a_clone()
    command = [sys.executable, "-m", "pytest", "-n", WORKERS, "--dist", "worksteal", *arguments]
    return subprocess.run(command, cwd=ROOT, check=False).returncode


def run_checks() -> int:
    """Format, lint, types, floors and unit tests, beside each other. Prints what failed. Returns 0 or 1."""
    _in_a_clone()
    python = sys.executable
    began = time.monotonic()
    commands = {
        # Without ruff's cache: it keeps a verdict on imports although the folders that it judged by have changed.
        "format": [python, "-m", "ruff", "format", "--no-cache", "--check", "--quiet", "."],
        "lint": [python, "-m", "ruff", "check", "--no-cache", "--quiet", "."],
        "types": [python, "-m", "mypy"],
        "tests": [python, "-m", "pytest", "-q", "-n", WORKERS, "-m", "not slow and not parts", *FAST_TESTS],
    }
    with ThreadPoolExecutor(len(commands)) as pool:
        done = dict(zip(commands, pool.map(_captured, commands.values()), strict=True))
    failed = [name for name, run in done.items() if run.returncode != 0]
    for name in failed:
        sys.stdout.write(f"--- {name}\n{done[name].stdout}{done[name].stderr}\n")
    counted = done["tests"].stdout.strip().splitlines()[-1:] or ["no tests"]
    verdict = f"failed: {', '.join(failed)}" if failed else "all good"
    sys.stdout.write(f"{verdict} in {time.monotonic() - began:.0f} s; tests: {counted[0]}\n")
    return 1 if failed else 0


def _captured(command: Sequence[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def run_simulation(arguments: Sequence[str]) -> int:
    """Run the simulator with its own arguments. Returns 1 if a seed broke something."""
    _in_a_clone()
    command = [sys.executable, "-m", "tests.simulator", *arguments]
    return subprocess.run(command, cwd=ROOT, check=False).returncode


def run_bench(name: str, *, rounds: int | None, as_json: bool, **load: int | None) -> int:
    """Run a benchmark on a PostgreSQL of its own, with the load that is given. Returns 0 if it met its goals."""
    _in_a_clone()
    if name not in BENCHES:
        raise SettingsInvalid(f"there is no benchmark {name!r}; there are: {', '.join(BENCHES)}")
    given = {option: size for option, size in load.items() if size is not None}
    for option in given:
        if LOADS.get(name) != option:
            raise SettingsInvalid(f"--{option} is not for `bench {name}`: leave it out")
    measure = partial(importlib.import_module(f"tests.bench.{name}").measure, **given)
    report = importlib.import_module("tests.bench.report")
    with tempfile.TemporaryDirectory(prefix="tandem-bench-") as folder:
        Path(folder).chmod(0o755)
        server = Postgres(Path(folder), password=secrets.token_urlsafe(16))
        server.start()
        try:
            with psycopg.connect(server.dsn("postgres"), autocommit=True) as connection:
                connection.execute("CREATE DATABASE bench")
            migrate(server.dsn("bench"))
            times = rounds or ROUNDS_OF.get(name, ROUNDS)
            code: int = report.main(measure, dsn=server.dsn("bench"), rounds=times, as_json=as_json)
        finally:
            server.stop()
    return code


def _in_a_clone() -> None:
    if not (ROOT / "tests").is_dir():
        raise SettingsInvalid("tests and benchmarks are run from a clone of the sources, not from an installed wheel")
