"""The switch from one generation to another in the writer's store, in memory and in PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import psycopg
import pytest
from msgspec.structs import replace

from chain_writer.errors import LeaseLost
from chain_writer.intents import Obligation, Switch
from chain_writer.store import WriterStore
from tests.simulator.stores import MemoryDatabase, MemoryWriterStore
from tests.support.roles import as_room
from tests.unit.simulator.stores_at_hand import (
    CHAIN_ID,
    GENERATION,
    NAME,
    allot,
    begin,
    landed,
    mine,
    named,
    obligation,
    open_lane,
)

OTHER, OTHER_GENESIS, OTHER_LANE = named("other generation"), "0x" + "01" * 32, named("other lane")
BESIDE, PUT_ASIDE = f"{NAME}@{str(OTHER)[:8]}", f"{NAME}@{str(GENERATION)[:8]}"
SWITCH = Switch(position=120, previous=GENERATION, successor=OTHER, chain_id=CHAIN_ID, genesis_hash=OTHER_GENESIS)


@pytest.fixture(params=["memory", pytest.param("postgres", marks=pytest.mark.parts)])
def store(request: pytest.FixtureRequest) -> Iterator[WriterStore]:
    opened: Any
    if request.param == "memory":
        opened = MemoryWriterStore(MemoryDatabase(lambda: datetime.now(UTC)))
    else:
        opened = WriterStore(as_room(request.getfixturevalue("database"), "writer"))
    yield opened
    opened.close()


def of_other(position: int, *, flaw: str | None = None) -> Obligation:
    return replace(obligation(position, flaw=flaw), generation=OTHER, effect=named(f"other effect {position}"))


def beside(store: WriterStore) -> None:
    """A second generation, posted again beside the first as far as entry 50: one effect waits, one was refused."""
    store.position(OTHER, chain_id=CHAIN_ID, rebuilt=True)
    of_it = [(of_other(3), BESIDE), (of_other(4, flaw="no wallet"), BESIDE)]
    assert store.promise(OTHER, after=0, through=50, obligations=of_it)
    open_lane(store, OTHER_LANE, name=BESIDE, genesis_hash=OTHER_GENESIS)


def queued(store: WriterStore, generation: UUID, lane: str) -> list[UUID]:
    return [intent.id for intent in store.ready(generation, lane, head=0, limit=9)]


def test_a_generation_ends_at_the_promotion_of_another_and_binds_nothing_any_more(store: WriterStore) -> None:
    lease = begin(store, obligation(1), obligation(2))
    allot(store, lease, 5, 1)
    beside(store)

    assert store.promise(GENERATION, after=99, through=120, obligations=[], switch=SWITCH)

    assert (store.ended(GENERATION), store.ended(OTHER)) == (120, None)
    assert not store.promise(GENERATION, after=120, through=130, obligations=[(obligation(125), NAME)])
    with pytest.raises(LeaseLost):
        allot(store, lease, 6, 2)
    mine(store, lease, 5)
    store.conclude(lease, {5: [landed(1)]})  # what was in flight is watched to its end


def test_the_generation_that_is_promoted_takes_the_names_of_the_houses_lanes(store: WriterStore) -> None:
    begin(store, obligation(1))
    beside(store)
    assert store.busy_lanes() == [NAME]

    assert store.promise(GENERATION, after=99, through=120, obligations=[], switch=SWITCH)

    assert (queued(store, GENERATION, NAME), queued(store, OTHER, NAME)) == ([], [of_other(3).effect])
    assert len(queued(store, GENERATION, PUT_ASIDE)) == 1
    assert (store.drain(NAME, draining=True), store.drain(PUT_ASIDE, draining=True)) == (1, 1)
    assert store.drain(BESIDE, draining=True) == 0


def test_what_the_promoted_generation_refused_is_told_from_then_on_and_nothing_of_the_ended_one(
    store: WriterStore,
) -> None:
    begin(store, obligation(6, flaw="no wallet either"))
    beside(store)
    assert [one.position for one in store.rejections(limit=9)] == [6]
    assert store.promise(OTHER, after=50, through=120, obligations=[], switch=SWITCH)
    assert [(one.position, one.code) for one in store.rejections(limit=9)] == [(4, "not-callable")]


@pytest.mark.parametrize("first", ["the one that ends", "the one that is promoted"])
def test_whichever_follower_reads_the_promotion_first_makes_the_switch_once(store: WriterStore, first: str) -> None:
    begin(store, obligation(1))
    beside(store)
    both = [(GENERATION, 99), (OTHER, 50)]
    for generation, after in both if first == "the one that ends" else reversed(both):
        store.promise(generation, after=after, through=120, obligations=[], switch=SWITCH)
    assert (store.ended(GENERATION), store.ended(OTHER)) == (120, None)
    assert store.busy_lanes() == [NAME]
    assert store.promise(OTHER, after=120, through=121, obligations=[(of_other(121), NAME)])


def test_a_switch_that_is_met_again_long_after_moves_no_lane(store: WriterStore) -> None:
    # given a third generation, promoted in its turn
    begin(store)
    beside(store)
    store.promise(OTHER, after=50, through=120, obligations=[], switch=SWITCH)
    third = named("third generation")
    store.position(third, chain_id=CHAIN_ID)
    again = replace(SWITCH, position=140, previous=OTHER, successor=third, genesis_hash="0x" + "02" * 32)
    store.promise(OTHER, after=120, through=140, obligations=[], switch=again)
    open_lane(store, named("third lane"), genesis_hash="0x" + "02" * 32)

    # when a follower of the first one, restored from an old backup, comes to its own end once more
    assert not store.promise(GENERATION, after=99, through=120, obligations=[], switch=SWITCH)

    # then the lanes of the third one keep their name
    assert store.drain(NAME, draining=True) == 1


@pytest.mark.parts
@pytest.mark.parametrize(
    "change",
    ["ended_position = 130", "ended_position = NULL", "rebuilt = true, ended_position = NULL", "position = 121"],
)
def test_the_database_itself_keeps_an_end_what_it_is(database: str, change: str) -> None:
    store = WriterStore(as_room(database, "writer"))
    begin(store)
    beside(store)
    store.promise(GENERATION, after=99, through=120, obligations=[], switch=SWITCH)
    with psycopg.connect(as_room(database, "writer")) as connection, pytest.raises(psycopg.Error) as refused:
        connection.execute(f"UPDATE writer.followers SET {change} WHERE generation = %s", (GENERATION,))
    assert refused.value.sqlstate in {"TD012", "23514"}
    store.close()
