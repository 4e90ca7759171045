"""The house as a machine runs it: real processes under the supervisor, killed, stopped, started again, side by side."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from ops.places import ROOT
from ops.processes import PROCESSES
from ops.supervisor import House
from tests.support.wait import until

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("house")]


def _tandem(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "ops", *arguments],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with House(tmp_path_factory.mktemp("house"), block_time_s=0.5) as running:
        yield running


def _register(house: House, key: str, tax_number: str) -> httpx.Response:
    return httpx.post(
        f"{house.api_url}/v1/companies",
        headers={"Authorization": f"Bearer {house.keys['issuer']}", "Idempotency-Key": key},
        json={
            "legal_name": "Selam Coffee PLC",
            "tax_number": tax_number,
            "sector": "agriculture",
            "registration_year": 2019,
            "wallet": "0x00000000000000000000000000000000000000a1",
        },
        timeout=30,
    )


def _is_well(house: House) -> Callable[[], bool]:
    def look() -> bool:
        status = _tandem("status", "--json", "--home", str(house.home))
        return status.returncode == 0 and json.loads(status.stdout)["troubles"] == []

    return look


def test_every_process_runs_and_says_so(house: House) -> None:
    until(_is_well(house), "status without troubles")
    status = json.loads(_tandem("status", "--json", "--home", str(house.home)).stdout)
    assert {beat["process"] for beat in status["beats"]} == set(PROCESSES)


def test_a_killed_process_and_a_killed_service_come_back_and_nothing_is_lost(house: House) -> None:
    before = _register(house, "before", "ET-1")
    assert before.status_code == 201
    for name in ("worker", "postgres"):
        pid = house.pids[name]
        house.kill(name)
        until(lambda name=name, pid=pid: house.pids[name] not in (None, pid), f"{name} started again")
    until(lambda: httpx.get(f"{house.api_url}/readyz", timeout=5).status_code == 200, "the API ready again")
    again = _register(house, "before", "ET-1")
    assert again.status_code == before.status_code
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.json()["events"] == before.json()["events"]
    until(_is_well(house), "status without troubles")


def test_while_the_database_is_away_commands_hear_503_and_readiness_is_false(house: House) -> None:
    postgres = house._stack.parts["postgres"]
    with house._lock:  # the keeper cannot start it again while we hold this
        postgres.kill()
        answer = _register(house, "meanwhile", "ET-2")
        ready = httpx.get(f"{house.api_url}/readyz", timeout=10)
    assert answer.status_code == 503
    assert answer.headers["Retry-After"]
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert ready.status_code == 503
    until(lambda: _register(house, "meanwhile", "ET-2").status_code == 201, "the same command recorded")


def test_a_second_owner_of_a_home_is_refused_with_the_pid_of_the_first(house: House) -> None:
    run = _tandem("up", "--home", str(house.home))
    assert run.returncode == 2
    assert f"process {os.getpid()}" in run.stderr


def test_a_stopped_house_leaves_nothing_running_and_finds_its_data_again(tmp_path: Path) -> None:
    with House(tmp_path, block_time_s=0.5, processes=("api", "projections")) as first:
        made = _register(first, "k", "ET-3")
        pids = [pid for pid in first.pids.values() if pid is not None]
        generation = first.generation
    assert made.status_code == 201
    assert [pid for pid in pids if Path(f"/proc/{pid}").exists()] == []
    with House(tmp_path, block_time_s=0.5, processes=("api", "projections")) as second:
        again = _register(second, "k", "ET-3")
        assert again.headers["Idempotency-Replayed"] == "true"
        assert again.json()["events"] == made.json()["events"]
        assert second.generation == generation


def test_the_children_of_a_killed_owner_end_with_it(tmp_path: Path) -> None:
    owner = subprocess.Popen(
        [sys.executable, "-m", "ops", "up", "--home", str(tmp_path), "--block-time-s", "0.5"],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        until((tmp_path / "environment.json").exists, "the house described")
        until(lambda: len(_children(owner.pid)) >= len(PROCESSES), "the processes started")
        children = _children(owner.pid)
    finally:
        owner.send_signal(signal.SIGKILL)
        owner.wait()
    until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in children), "the children gone")


def _children(pid: int) -> list[int]:
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == pid:
            found.append(int(stat.parent.name))
    return found


@pytest.mark.parametrize(
    ("arguments", "environment", "said"),
    [
        (("run", "baker"), {}, "there is no process 'baker'"),
        (("run", "writer"), {}, "DATABASE_URL is not set"),
        (("run", "writer"), {"TANDEM_SPEED": "9"}, "unknown settings: TANDEM_SPEED"),
        (("run", "api"), {"CHAIN_ID": "many"}, "CHAIN_ID"),
        (("bench", "luck"), {}, "there is no benchmark 'luck'"),
        (("status", "--home", "/nonexistent"), {}, "no local stack runs in this home"),
    ],
)
def test_what_a_person_can_mend_is_told_in_a_line(
    arguments: tuple[str, ...], environment: dict[str, str], said: str
) -> None:
    run = _tandem(*arguments, **environment)
    assert run.returncode == 2
    assert said in run.stderr
    assert "Traceback" not in run.stderr
