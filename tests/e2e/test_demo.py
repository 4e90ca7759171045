"""The demonstration as a person runs it: real processes, the whole circle, and the same agreement after any crash."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from ops.places import ROOT
from ops.processes import PROCESSES

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("demo")]

SERVICES = ("postgres", "valkey", "chain")
ELSEWHERE = "postgresql://somebody:secret@127.0.0.1:1/elsewhere"


def demo(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run it to its end, with its home of its own below a folder, and another house's settings in the environment."""
    return subprocess.run(
        [sys.executable, "-m", "ops", "demo", *arguments],
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(folder), "DATABASE_URL": ELSEWHERE, "TANDEM_HOME": str(folder / "other")},
        capture_output=True,
        text=True,
        check=False,
    )


def reported(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    assert done.returncode == 0, done.stderr[-3000:]
    report: dict[str, Any] = json.loads(done.stdout)
    return report


def test_the_circle_closes_and_the_report_names_every_place(tmp_path: Path) -> None:
    report = reported(demo("--investors", "3", "--json", folder=tmp_path))

    assert report["ok"]
    assert report["reconciliation"]["ok"]
    assert (report["reconciliation"]["differences"], report["reconciliation"]["pending"]) == ([], [])
    succeeded, failed = report["campaigns"]
    assert (succeeded["status"], failed["status"]) == ("settled", "refunded")
    assert succeeded["escrow"]["held"] == failed["escrow"]["held"] == "0"
    assert int(succeeded["escrow"]["released"]) + int(succeeded["escrow"]["fee"]) == int(
        succeeded["escrow"]["received"]
    )
    assert failed["escrow"]["refunded"] == failed["escrow"]["received"] != "0"
    assert [row["outcome"] for row in report["investments"]].count("certificate") == 2
    for row in report["investments"]:
        recorded, ended = row["recorded"], row["ended"]
        assert recorded["event_position"] < recorded["confirmation_position"] < ended["event_position"]
        assert ended["event_position"] < ended["confirmation_position"]
        assert 0 < recorded["block"] < ended["block"]
        assert recorded["transaction"].startswith("0x")
    assert report["kills"] == []
    assert report["reconciliation"]["checked"]["certificates on the chain"] == 2
    assert list(tmp_path.iterdir()) == []  # it leaves nothing behind


def test_every_process_and_service_may_die_once_and_all_three_agree_the_same(tmp_path: Path) -> None:
    report = reported(demo("--investors", "4", "--chaos", "--seed", "7", "--json", folder=tmp_path))

    assert report["ok"]
    assert sorted(kill["name"] for kill in report["kills"]) == sorted((*PROCESSES, *SERVICES))
    assert len({kill["when"] for kill in report["kills"]}) == len(report["kills"])
    assert [campaign["status"] for campaign in report["campaigns"]] == ["settled", "refunded"]
    assert len(report["investments"]) == 4


def test_a_kept_house_tells_how_to_use_it_and_stops_when_asked(tmp_path: Path) -> None:
    home = tmp_path / "home"
    arguments = ["--investors", "1", "--stay", "--home", str(home)]
    with subprocess.Popen(
        [sys.executable, "-m", "ops", "demo", *arguments], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        lines = []
        for line in process.stdout:
            lines.append(line)
            if "Everything keeps running" in line:
                break
        told = "".join(lines)
        url = next(word for word in told.split() if word.startswith("http://"))
        key = next(word for word in told.split() if word.startswith("tdm_"))
        asked = httpx.get(f"{url}/v1/me", headers={"Authorization": f"Bearer {key}"})
        compared = subprocess.run(
            [sys.executable, "-m", "ops", "reconcile", "--json", "--home", str(home)],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        process.send_signal(signal.SIGTERM)
        code = process.wait()

    assert "journal, book and chain agree" in told
    assert asked.status_code == httpx.codes.OK
    assert compared.returncode == 0, compared.stderr
    assert json.loads(compared.stdout)["ok"]
    assert code == 0
    assert (home / "logs" / "api.log").exists()


def test_more_investors_than_fit_are_refused_in_a_line(tmp_path: Path) -> None:
    done = demo("--investors", "60000", folder=tmp_path)

    assert done.returncode == 2
    assert "--investors takes 1 to 50,000" in done.stderr
    assert list(tmp_path.iterdir()) == []
