"""`index`: what it reads, imports and verifies, and what it says of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import psycopg
import pytest

from chain_indexer.health import Healths
from chain_indexer.pace import Pace
from chain_indexer.questions import Questions
from chain_indexer.store import IndexerStore
from domain.progress import Progress
from ops import index
from ops.errors import OperatorError
from ops.indexing import NOTE_EVERY_S, Watched
from ops.settings import Settings
from tests.support.chain import ChainAtHand
from tests.support.roles import as_room
from tests.unit.chain_indexer.parts import World, caught_up


@pytest.fixture
def world(database: str, chain: ChainAtHand) -> Iterator[World]:
    world = World(database, chain)
    yield world
    world.close()


@pytest.fixture
def settings(world: World, tmp_path: Path) -> Settings:
    world.generation.save(tmp_path / "generation.json")
    given = {"home": tmp_path, "database_url": world.dsn, "rpc_url": world.chain.url, "finality_depth": 0}
    return Settings.model_validate(given | {"generation_file": tmp_path / "generation.json"})


def told(capsys: pytest.CaptureFixture[str]) -> Any:
    return msgspec.json.decode(capsys.readouterr().out)


def test_reading_in_the_foreground_feeds_up_to_the_head(
    world: World, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    world.post_registration(world.kyb_approved())
    head = world.chain.rpc.number("eth_blockNumber")
    assert index.read(settings, to=None, as_import=False, as_json=True) == 0
    result = told(capsys)
    assert (result["block_number"], result["blocks"]) == (head, head - world.generation.start_block)
    assert world.rows("SELECT count(*) FROM indexer.logs") == [(result["logs"],)]
    assert len(world.journal.entries("company.registration_confirmed")) == 1
    assert index.read(settings, to=None, as_import=False, as_json=True) == 0
    assert told(capsys)["blocks"] == 0


def test_an_import_tells_the_journal_nothing_and_needs_an_end(world: World, settings: Settings) -> None:
    world.post_registration(world.kyb_approved())
    with pytest.raises(OperatorError, match="--to"):
        index.read(settings, to=None, as_import=True, as_json=True)
    head = world.chain.rpc.number("eth_blockNumber")
    assert index.read(settings, to=head, as_import=True, as_json=True) == 0
    assert world.rows("SELECT DISTINCT verdict FROM indexer.logs") == [("imported",)]
    assert world.journal.entries("company.registration_confirmed") == []


def test_beside_a_running_indexer_nothing_is_read(world: World, settings: Settings) -> None:
    caught_up(world.indexer())
    with pytest.raises(OperatorError, match="reads already"):
        index.read(settings, to=None, as_import=False, as_json=True)


def test_what_is_stored_is_verified_against_the_chain(
    world: World, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    indexer = world.indexer()
    world.post_registration(world.kyb_approved())
    caught_up(indexer)
    world.post_campaign(world.campaign_approved("a"))
    head = caught_up(indexer).position
    first = world.generation.start_block + 1
    assert index.verify(settings, first=first, last=head, as_json=True) == 0
    result = told(capsys)
    assert world.rows("SELECT count(*) FROM indexer.logs") == [(result["logs"],)]
    assert (result["differing"], result["differences"]) == (0, [])


@pytest.mark.parametrize(
    ("spoil", "what"),
    [
        ("DELETE FROM indexer.logs WHERE kind = 'IssuerRegistered'", "missing"),
        ("UPDATE indexer.logs SET data = data || '\\x00' WHERE kind = 'IssuerRegistered'", "other"),
        ("UPDATE indexer.logs SET log_index = log_index + 900 WHERE kind = 'IssuerRegistered'", "missing"),
    ],
)
def test_a_store_that_differs_from_the_chain_is_told_log_by_log(
    world: World, settings: Settings, capsys: pytest.CaptureFixture[str], spoil: str, what: str
) -> None:
    receipt = world.post_registration(world.kyb_approved())
    head = caught_up(world.indexer()).position
    with psycopg.connect(world.dsn) as owner:
        owner.execute(spoil.encode())
    assert index.verify(settings, first=head, last=head, as_json=True) == 1
    found = told(capsys)["differences"]
    assert found[0]["what"] == what
    assert found[0]["tx_hash"] == receipt["transactionHash"]
    assert [one["what"] for one in found[1:]] == (["extra"] if "900" in spoil else [])
    assert index.verify(settings, first=head, last=head, as_json=False) == 1
    assert f"{what}: log" in capsys.readouterr().out


def test_only_what_is_stored_can_be_verified(world: World, settings: Settings) -> None:
    with pytest.raises(OperatorError, match="--from and --to"):
        index.verify(settings, first=None, last=5, as_json=True)
    with pytest.raises(OperatorError, match="not all stored"):
        index.verify(settings, first=1, last=5, as_json=True)
    head = caught_up(world.indexer()).position
    with pytest.raises(OperatorError, match=f"to {head}"):
        index.verify(settings, first=head, last=head + 1, as_json=True)


# The indexer as its process runs it.


class Store:
    def __init__(self) -> None:
        self.noted = 0

    def note_nodes(self, *_: Any, **__: Any) -> None:
        self.noted += 1


class Standing:
    def __init__(self, head: Any) -> None:
        self.head = head

    def step(self) -> Progress:
        return Progress(advanced=0, position=1, lag=0)


def test_how_the_nodes_do_is_told_now_and_then_by_who_leads(world: World) -> None:
    head = caught_up(world.indexer())
    store, standing, now, rests = Store(), Standing(None), [0.0], list[float]()
    watched = Watched(
        standing,  # type: ignore[arg-type]
        store,  # type: ignore[arg-type]
        Healths(["1:a"]),
        Pace(0.2),
        clock_s=lambda: now[0],
        chance=lambda: 0.5,
        rest=rests.append,
    )
    watched.step()
    assert store.noted == 0
    standing.head = type("Head", (), {"number": head.position})()
    for _ in range(3):
        watched.idle(watched.step())
    assert (store.noted, rests) == (1, [0.2] * 3)
    now[0] += NOTE_EVERY_S
    watched.step()
    assert store.noted == 2


def test_nodes_are_noted_for_people_and_counted(world: World) -> None:
    world.chain.mine()
    caught_up(world.indexer())
    healths = Healths(["1:a", "2:b"])
    healths.all[1].failed("away", now_s=0)
    store = IndexerStore(as_room(world.dsn, "indexer"))
    for _ in range(2):
        store.note_nodes(healths.all, in_charge=0)
    store.close()
    assert world.rows("SELECT name, in_charge, trouble FROM indexer.nodes ORDER BY name") == [
        ("1:a", True, ""),
        ("2:b", False, "away"),
    ]
    assert standing_of(world, head_age_s=5) == (2, 1, 1, 0)
    assert standing_of(world, head_age_s=500) == (2, 1, 0, 0)


def standing_of(world: World, *, head_age_s: int) -> tuple[int, ...]:
    """Nodes, nodes set aside, readiness and lag, with a head of this age: the chain's own clock is not ours."""
    with psycopg.connect(world.dsn, autocommit=True) as owner:
        owner.execute(
            "UPDATE indexer.checkpoint SET head_timestamp_s = extract(epoch FROM now())::bigint - %s", (head_age_s,)
        )
    with closing(Questions(as_room(world.dsn, "api"))) as questions:
        standing = questions.standing()
    assert standing is not None
    return standing.nodes, standing.nodes_aside, standing.ready, standing.lag_s
