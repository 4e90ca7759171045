"""The chain ledger posted again on a second chain, beside a living house: killed on the way, compared, not believed
blindly, and promoted by two people."""

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
from domain.ledger import generation_id
from domain.topics import codec
from ops.errors import OperatorError
from ops.places import ROOT, raw_key
from ops.reconcile import reconcile
from ops.rpc import Rpc
from ops.settings import load
from ops.stack import Chain
from ops.supervisor import House
from tests.conftest import TOOLS
from tests.support.chain import ChainAtHand
from tests.support.platform import Platform
from tests.support.wait import until

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("chain-rebuild")]

LANDED = (
    "SELECT count(*) FROM writer.intents JOIN writer.followers USING (generation) WHERE rebuilt AND state = 'landed'"
)
PUT_ASIDE = "SELECT count(*) FROM writer.slots JOIN writer.lanes USING (lane) WHERE name LIKE '%@%'"
ENDED = "SELECT coalesce(max(ended_position), 0) FROM writer.followers"
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
    yield from started(tmp_path_factory.mktemp("second"))


@pytest.fixture
def third(tmp_path: Path) -> Iterator[Chain]:
    yield from started(tmp_path)


def started(home: Path) -> Iterator[Chain]:
    chain = Chain(home, tools=TOOLS, block_time_s=0.3)
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


def test_two_people_move_the_house_to_another_chain_and_nothing_is_lost_or_told_twice(
    house: House, third: Chain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given a campaign that is open, and an investment that the living chain has
    platform = Platform(house)
    campaign = platform.campaign(platform.company(f"ET-{uuid4().hex}"))
    almaz, bekele = (platform.investor(f"{name}-{uuid4().hex}") for name in ("almaz", "bekele"))
    first = invested(platform, campaign, almaz)
    founding = str(generation_id(house.generation))
    assert generation_of(platform, first) == founding

    # when one person proposes what was posted again, that person may not approve it, and another one may
    home = ("--home", str(house.home))
    proposed = told(ops("chain", "propose", "--to", third.url, *home, "--json"))
    second = invested(platform, campaign, bekele)  # life goes on: the living chain has it, the new one does not yet
    key = tmp_path / "operator.key"
    key.write_text(house.keys["operator"])
    own = ops("chain", "promote", "--report", proposed["report"], "--key-file", str(key), *home)
    assert (own.returncode, "four-eyes" in own.stderr) == (2, True)
    assert told(ops("chain", "show", *home, "--json"))["living"] is None
    promoted = told(ops("chain", "promote", "--report", proposed["report"], *home, "--json"))
    new = promoted["generation_id"]
    assert told(ops("chain", "show", *home, "--json"))["past"] == [founding]

    # then the house that runs ends there, and does not start on the old chain again
    until(lambda: asked(house, ENDED) == promoted["position"], "the old generation has ended in the writer")
    until(lambda: "GenerationEnded" in (house.home / "logs" / "indexer.log").read_text(), "the indexer has ended")
    assert reconcile(house.settings).differences == []  # what has ended can be audited as long as its chain answers
    sent = asked(house, PUT_ASIDE)
    platform.http.close()
    house.stop()
    with pytest.raises(OperatorError, match=f"promoted generation {new} at position {promoted['position']}"):
        House(house.home, block_time_s=0.5).start()

    # when it is started on the new one
    monkeypatch.setenv("POLYGON_EDGE_RPC_URL", third.url)
    monkeypatch.setenv("TANDEM_GENERATION_FILE", promoted["file"])
    with House(house.home, given=load()) as moved:
        platform = Platform(moved)

        # then a later investment is posted and confirmed there, under its name, and the whole story ends there
        chaltu = platform.investor(f"chaltu-{uuid4().hex}")
        last = invested(platform, campaign, chaltu)
        assert generation_of(platform, last) == new
        assert [generation_of(platform, one) for one in (first, second)] == [founding, founding]
        platform.do("operator", f"/v1/campaigns/{campaign}:close", {"reason": "enough"})
        for one in (first, second, last):
            platform.wait(one, "investment.certificate_confirmed")
            assert platform.topics(one).count("investment.recording_confirmed") == 1
        until(lambda: reconcile(moved.settings).ok, "journal, book and the new chain agree")

        # and nobody has written to the old one since, whose logs are kept as they were read
        assert asked(moved, PUT_ASIDE) == sent
        assert asked(moved, "SELECT count(*) FROM indexer.past_logs") > 0
        assert "lane-0@" in ops("explain", first, *home).stdout
        platform.http.close()


def invested(platform: Platform, campaign: str, investor: str) -> str:
    investment = platform.commit(campaign, investor, 100_000)
    platform.pay(investment, 100_000)
    platform.wait(investment, "investment.recording_confirmed")
    return investment


def generation_of(platform: Platform, investment: str) -> str | None:
    """The generation that the book says confirmed the recording of an investment."""

    def found() -> list[dict[str, Any]]:
        items = platform.ask("auditor", "/v1/operations", stream=investment, state="confirmed")["items"]
        return [one for one in items if one["topic"] == "investment.funded"]

    until(found, "the book knows of the confirmation")
    generation: str | None = found()[0]["generation"]
    return generation


def told(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    """What a command said as JSON."""
    assert done.stdout, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer
