"""The chain ledger posted again on a second chain, beside a living house: killed on the way, compared, and not believed
blindly."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from abis import Generation, calls
from domain.journal import JournalReader
from domain.topics import codec
from ops.places import ROOT, raw_key
from ops.rpc import Rpc
from ops.stack import Chain
from ops.supervisor import House
from tests.conftest import TOOLS
from tests.support.chain import ChainAtHand
from tests.support.wait import until

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("chain-rebuild")]

LANDED = (
    "SELECT count(*) FROM writer.intents JOIN writer.followers USING (generation) WHERE rebuilt AND state = 'landed'"
)
LIVING = "SELECT count(*) FROM writer.intents JOIN writer.followers USING (generation) WHERE NOT rebuilt"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A house in which two campaigns have lived and ended."""
    home = tmp_path_factory.mktemp("rebuilt") / "home"
    played = ops("demo", "--investors", "6", "--json", "--home", str(home))
    assert played.returncode == 0, played.stderr
    with House(home, block_time_s=0.5) as running:
        yield running


@pytest.fixture(scope="module")
def second(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chain]:
    chain = Chain(tmp_path_factory.mktemp("second"), tools=TOOLS, block_time_s=0.3)
    chain.start()
    yield chain
    chain.stop()


def ops(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "ops", *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )


def asked(house: House, query: str) -> int:
    with psycopg.connect(house.settings.database_url.get_secret_value()) as owner:
        row = owner.execute(query.encode()).fetchone()
    assert row is not None
    return int(row[0])


def rebuilt(house: House, chain: Chain) -> tuple[int, dict[str, Any]]:
    done = ops("chain", "rebuild", "--to", chain.url, "--home", str(house.home), "--json")
    assert done.stdout, done.stderr
    report: dict[str, Any] = json.loads(done.stdout)
    return done.returncode, report


def test_a_rebuild_that_was_killed_goes_on_and_both_generations_agree(house: House, second: Chain) -> None:
    with closing(JournalReader(house.settings.dsn("api"), codec=codec())) as reader:
        before = reader.head()
    first = subprocess.Popen(
        [sys.executable, "-m", "ops", "chain", "rebuild", "--to", second.url, "--home", str(house.home)],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
    )
    until(lambda: asked(house, LANDED) or first.poll() is not None, "an effect posted again")
    first.send_signal(signal.SIGKILL)
    first.wait()
    obliged = asked(house, LIVING)
    assert 0 < asked(house, LANDED) < obliged

    code, report = rebuilt(house, second)

    assert (code, report["ok"], report["refused"], report["compared"]["differences"]) == (0, True, [], [])
    assert asked(house, LANDED) == obliged == report["compared"]["checked"]["postings"]
    assert report["compared"]["checked"]["certificates"] > 0
    assert report["compared"]["checked"]["logs that repeat"] == 0
    assert report["compared"]["journal_position"] == before  # nobody was told of it
    generation = Generation.load(Path(report["file"]))
    assert generation.genesis_hash != house.generation.genesis_hash
    assert ops("reconcile", "--home", str(house.home)).returncode == 0


def test_what_somebody_else_does_on_the_second_chain_is_named_and_nothing_else(house: House, second: Chain) -> None:
    code, report = rebuilt(house, second)
    assert code == 0
    file = Path(report["file"])
    generation = Generation.load(file)
    key = raw_key(file.parent, "lane-0")
    certificate = UUID(certificates_of(house)[0])
    data = calls.revoke_certificate(
        change_id=uuid4(), investment_id=certificate, evidence=os.urandom(32), entry=os.urandom(32)
    )
    with closing(Rpc(second.url)) as rpc:
        chain = ChainAtHand(url=second.url, rpc=rpc, generation=generation, signer_key=key, deployer_key=key)
        assert int(chain.send(generation.addresses["NFTShareCertificate"], data)["status"], 16) == 1

    code, report = rebuilt(house, second)

    differences = report["compared"]["differences"]
    assert (code, report["ok"], report["refused"]) == (1, False, [])
    assert {one["kind"] for one in differences} == {"chain-foreign", "chain-differs", "generation-differs"}
    about = {one["id"] for one in differences if one["kind"] != "chain-foreign"}
    assert about == {str(certificate)}
    owners = [one for one in differences if (one["kind"], one["what"]) == ("generation-differs", "certificate owner")]
    assert [(one["living"].startswith("0x"), one["chain"]) for one in owners] == [(True, "None")]


def certificates_of(house: House) -> list[str]:
    with psycopg.connect(house.settings.database_url.get_secret_value()) as owner:
        rows = owner.execute(
            "SELECT stream::text FROM writer.intents JOIN writer.followers USING (generation)"
            " WHERE NOT rebuilt AND kind = 'issue-certificate' ORDER BY intents.position"
        ).fetchall()
    return [row[0] for row in rows]


def test_the_living_chain_itself_is_refused(house: House) -> None:
    before = asked(house, "SELECT count(*) FROM writer.followers")
    refused = ops("chain", "rebuild", "--to", house.settings.rpc_url, "--home", str(house.home))
    assert refused.returncode == 2
    assert "the chain of the living generation" in refused.stderr
    assert asked(house, "SELECT count(*) FROM writer.followers") == before
