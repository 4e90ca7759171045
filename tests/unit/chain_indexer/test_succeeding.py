"""The indexer of a promoted generation begins on empty tables; what was read of the one before is kept aside."""

from __future__ import annotations

import psycopg
import pytest
from msgspec.structs import replace

from abis import Generation
from chain_indexer.indexer import name_of
from chain_indexer.questions import Questions
from tests.support.roles import as_room
from tests.unit.chain_indexer.parts import World, caught_up


def another(generation: Generation) -> Generation:
    """Another generation on the same chain, as far as the names tell: one contract of it is not followed."""
    addresses = {name: address for name, address in generation.addresses.items() if name != "JournalAnchor"}
    return replace(generation, addresses=addresses)


def test_what_was_read_is_put_aside_whole_and_the_next_generation_is_read_from_its_start(world: World) -> None:
    # given a generation that is read as far as it goes
    world.post_registration(world.kyb_approved())
    caught_up(world.indexer())
    world.stop_indexers()
    logs = world.rows("SELECT block_hash, log_index, verdict FROM indexer.logs ORDER BY block_number, log_index")
    reached = world.rows("SELECT generation, block_number, logs FROM indexer.checkpoint")
    assert logs

    # when the indexer of the one that was promoted comes, and a second one after it
    new = another(world.generation)
    for _ in range(2):
        caught_up(world.indexer(generation=new, promoted=True))
        world.stop_indexers()

    # then both are there, each under its name
    past = "SELECT block_hash, log_index, verdict FROM indexer.past_logs ORDER BY block_number, log_index"
    assert world.rows(past) == logs
    assert world.rows("SELECT generation, block_number, logs FROM indexer.past_checkpoints") == reached
    assert world.rows("SELECT generation, logs > 0 FROM indexer.checkpoint") == [(name_of(new), True)]
    questions = Questions(as_room(world.dsn, "api"))
    assert questions.checkpoint_of(name_of(world.generation)) == reached[0][1]
    assert questions.checkpoint_of("1:unheard-of") is None
    questions.close()


def test_the_indexer_itself_may_delete_no_log_nor_put_aside_what_is_not_read(world: World) -> None:
    caught_up(world.indexer())
    world.stop_indexers()
    for statement in ("DELETE FROM indexer.logs", "DELETE FROM indexer.past_logs", "SELECT indexer.put_aside('other')"):
        with psycopg.connect(as_room(world.dsn, "indexer")) as connection, pytest.raises(psycopg.Error):
            connection.execute(statement)  # type: ignore[arg-type]
    with psycopg.connect(as_room(world.dsn, "api")) as connection, pytest.raises(psycopg.Error):
        connection.execute("SELECT indexer.put_aside('any')")
