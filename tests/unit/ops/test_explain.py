"""The story of an effect, told from the journal, the writer's tables and the indexer's."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing
from datetime import UTC, datetime
from uuid import UUID

import pytest

from chain_writer.follower import Follower
from chain_writer.lane import Lane
from chain_writer.node import Node
from chain_writer.signer import KeySigner
from chain_writer.store import WriterStore
from ops.explain import NothingFound, explain
from ops.explain_words import sentences
from tests.support.roles import as_room
from tests.support.world import World

ROUNDS_MAX = 60


class Poster:
    """The writer of a world: it posts what the journal obliges, step by step."""

    def __init__(self, world: World, opened: ExitStack) -> None:
        self._world = world
        dsn = as_room(world.database, "writer")
        store = opened.enter_context(closing(WriterStore(dsn)))
        self._follower = Follower(world.reader, store, world.chain.generation, ["lane-0"])
        self.lane = Lane(
            "lane-0",
            store=store,
            node=opened.enter_context(closing(Node(world.chain.url))),
            signer=KeySigner(world.chain.signer_key),
            generation=world.chain.generation,
            clock=lambda: datetime.now(UTC),
            owner="worker",
            gas_price_wei=0,
            gas_price_wei_max=0,
            finality_depth=0,
        )

    def follow(self) -> None:
        while self._follower.step().advanced:
            pass

    def settle(self) -> None:
        self.follow()
        for _ in range(ROUNDS_MAX):
            self.lane.step()
            self._world.chain.mine()


@pytest.fixture
def poster(world: World) -> Iterator[Poster]:
    with ExitStack() as opened:
        world.chain.rpc.call("anvil_dropAllTransactions")
        yield Poster(world, opened)


def text_of(world: World, asked: object) -> str:
    return "\n".join(sentences(explain(world.settings, str(asked))))


def approval(world: World) -> int:
    world.register(world.succeeding)
    return world.entry(world.succeeding.company_id, "company.kyb_approved").position


def test_the_story_goes_from_the_command_to_the_confirmation(world: World, poster: Poster) -> None:
    # given a registration that was posted, mined, and confirmed
    position = approval(world)
    poster.settle()
    world.index()

    # when
    explained = explain(world.settings, str(position))

    # then
    (told,) = explained.entries
    (effect,) = told.effects
    (ride,) = effect.rides
    (attempt,) = ride.attempts
    (log,) = told.logs
    assert told.by == "compliance:compliance"
    assert (effect.kind, effect.state, ride.state, ride.outcome) == ("register", "landed", "final", "recorded")
    assert attempt.sends >= 1
    assert ride.winner_hash == attempt.hash == log.tx_hash
    assert log.kind == "IssuerRegistered"
    assert log.confirmed_position is not None
    text = "\n".join(sentences(explained))
    for said in (attempt.hash, f"nonce {ride.nonce} of lane-0", f"entry {log.confirmed_position} confirms it"):
        assert said in text


def test_every_name_of_an_effect_leads_to_its_story(world: World, poster: Poster) -> None:
    position = approval(world)
    poster.settle()
    world.index()
    (told,) = explain(world.settings, str(position)).entries
    (effect,) = told.effects

    names = [f"{told.stream}@{told.version}", str(effect.intent), str(effect.rides[0].winner_hash)]

    for name in names:
        assert explain(world.settings, name).entries == [told]
    assert told in explain(world.settings, str(told.stream)).entries


def test_what_is_under_way_says_what_it_waits_for(world: World, poster: Poster) -> None:
    # given an approval that nobody has read, then one that is queued, then one that is sent
    position = approval(world)
    assert "the writer has not read it yet" in text_of(world, position)

    poster.follow()
    assert "waits for its turn" in text_of(world, position)

    poster.lane.step()
    assert "waits for a block" in text_of(world, position)


def test_a_rejection_says_why_and_what_can_be_done(world: World, poster: Poster) -> None:
    position = approval(world)
    poster.follow()
    world.execute(
        "UPDATE writer.intents SET state = 'rejected', code = 'wallet-missing', reason = 'no wallet',"
        " settled_at = now() WHERE position = %s",
        position,
    )

    text = text_of(world, position)

    assert "It will never land: wallet-missing, no wallet" in text
    assert "the domain has not been told yet" in text
    assert "runbooks.md" in text


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("999999", "there is nothing at journal position 999999: the journal ends at 0"),
        ("0x" + "ab" * 32, "neither the writer's submissions nor the indexer's logs know it"),
        (f"{UUID(int=7)}@3", "there is no such stream"),
        (str(UUID(int=7)), "no stream and no intent has this id"),
        ("the last one", "'the last one' is no journal position"),
        ("-1", "'-1' is no journal position"),
    ],
)
def test_a_name_of_nothing_is_told_with_what_was_looked_for(world: World, asked: str, said: str) -> None:
    with pytest.raises(NothingFound, match=said.replace("'", ".")):
        explain(world.settings, asked)
