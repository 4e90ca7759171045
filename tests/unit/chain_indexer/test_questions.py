"""What others may ask of the indexer, and what each role may do in its schema."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from abis.calls import selector
from chain_indexer.blocks import Checkpoint, Fed, Header
from chain_indexer.errors import CheckpointMoved
from chain_indexer.logs import Logs
from chain_indexer.questions import Questions
from chain_indexer.store import IndexerStore
from tests.support.roles import as_room
from tests.unit.chain_indexer.parts import HOLDER, World, caught_up


@pytest.fixture
def questions(database: str) -> Iterator[Questions]:
    questions = Questions(as_room(database, "api"))
    yield questions
    questions.close()


def test_before_the_first_checkpoint_there_is_no_standing(questions: Questions) -> None:
    assert questions.standing() is None
    assert questions.foreign() == []


def test_the_standing_tells_checkpoint_head_lag_and_counts(world: World, questions: Questions) -> None:
    world.post_registration(world.kyb_approved())
    world.chain.mine(2)
    progress = caught_up(world.indexer(finality_depth=1))
    head = world.chain.rpc.call("eth_getBlockByNumber", "latest", False)
    standing = questions.standing()
    assert standing is not None
    assert (standing.block_number, standing.lag, standing.finality_depth) == (progress.position, 0, 1)
    assert (standing.head_number, standing.head_hash) == (int(head["number"], 16), head["hash"])
    assert standing.head_timestamp_s == int(head["timestamp"], 16)
    assert standing.head_age_s >= 0
    (noted,) = world.rows("SELECT count(*) FROM indexer.logs WHERE verdict = 'noted'")  # the deployment's own
    assert (standing.confirmed, standing.foreign_logs) == (1, 0)
    assert standing.logs == standing.confirmed + noted[0]
    assert (standing.confirmed, standing.children, standing.reorgs) == (1, 0, 0)


def test_a_head_that_stands_still_grows_old(world: World, questions: Questions, database: str) -> None:
    caught_up(world.indexer())
    with psycopg.connect(database) as owner:
        owner.execute("UPDATE indexer.checkpoint SET head_timestamp_s = head_timestamp_s - 500")
    standing = questions.standing()
    assert standing is not None
    assert standing.head_age_s >= 500


def test_foreign_logs_are_listed_page_by_page_with_all_that_is_needed(world: World, questions: Questions) -> None:
    entry = world.kyb_approved()
    for _ in range(4):
        world.send("CampaignFactory", selector("pause()"), key=world.chain.deployer_key)
        world.send("CampaignFactory", selector("unpause()"), key=world.chain.deployer_key)
    receipt = world.post_registration(entry, wallet=HOLDER)
    caught_up(world.indexer())
    everything = questions.foreign()
    paged, after = [], 0
    while page := questions.foreign(after=after, limit=3):
        paged.extend(page)
        after = page[-1].id
    assert paged == everything
    assert len(paged) == 9
    last = everything[-1]
    (log,) = receipt["logs"]
    assert (last.reason, last.kind, last.leaf, last.entry_position) == (
        "content-differs",
        "IssuerRegistered",
        entry.leaf,
        entry.position,
    )
    assert (last.tx_hash, last.block_hash, last.address) == (
        log["transactionHash"],
        log["blockHash"],
        log["address"].lower(),
    )
    assert ["0x" + topic.hex() for topic in last.topics] == log["topics"]
    assert "0x" + last.data.hex() == log["data"]


def test_a_lost_connection_is_opened_anew(world: World, questions: Questions, database: str) -> None:
    caught_up(world.indexer())
    assert questions.standing() is not None
    with psycopg.connect(database, autocommit=True) as owner:
        owner.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    with pytest.raises(psycopg.OperationalError):
        questions.standing()
    assert questions.standing() is not None


HEADER = Header(number=5, hash="0x" + "05" * 32, parent_hash="0x" + "04" * 32, timestamp_s=5)
NEXT = Header(number=6, hash="0x" + "06" * 32, parent_hash=HEADER.hash, timestamp_s=6)


def _fed(before: Header, after: Header) -> Fed:
    return Fed(before=Checkpoint(before), after=Checkpoint(after), logs=Logs(), verdicts=(), children=(), remembered=())


@pytest.fixture
def store(database: str) -> Iterator[IndexerStore]:
    store = IndexerStore(as_room(database, "indexer"))
    store.begin(Checkpoint(HEADER), generation="100:a", head=NEXT, finality_depth=0)
    yield store
    store.close()


def test_a_checkpoint_that_another_indexer_moved_is_not_moved_again(store: IndexerStore) -> None:
    store.keep(_fed(HEADER, NEXT))
    with pytest.raises(CheckpointMoved):
        store.keep(_fed(HEADER, NEXT))
    remembered = store.load()
    assert remembered is not None
    assert remembered.chain.checkpoint == Checkpoint(NEXT)


def test_the_database_refuses_a_checkpoint_that_goes_back(store: IndexerStore) -> None:
    store.keep(_fed(HEADER, NEXT))
    with pytest.raises(psycopg.Error) as caught:
        store.keep(_fed(NEXT, HEADER))
    assert caught.value.sqlstate == "TD003"


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM indexer.checkpoint",
        "UPDATE indexer.logs SET verdict = 'noted'",
        "DELETE FROM indexer.logs",
        "UPDATE indexer.foreign_logs SET reason = ''",
        "DELETE FROM indexer.foreign_logs",
        "DELETE FROM indexer.children",
        "TRUNCATE indexer.logs",
    ],
)
def test_the_indexer_itself_may_not_forget(database: str, statement: str) -> None:
    with (
        psycopg.connect(as_room(database, "indexer")) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute(statement)


@pytest.mark.parametrize("room", ["writer", "book", "processes"])
def test_other_rooms_see_nothing_of_it(database: str, room: str) -> None:
    with psycopg.connect(as_room(database, room)) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("SELECT * FROM indexer.logs")


def test_the_api_only_reads(database: str) -> None:
    with (
        psycopg.connect(as_room(database, "api")) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute("DELETE FROM indexer.headers")
