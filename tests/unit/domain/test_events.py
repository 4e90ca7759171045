"""Every event: it comes back from storage as it went in, says what it obliges, and stands under a topic for ever."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, get_type_hints
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import topics
from domain.journal import Event, Meta
from domain.topics import EVENT_CLASSES, EVENTS
from domain.values import ChainFact, Terms

CODEC = topics.codec()

words = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=40)
moments = st.datetimes(datetime(1970, 1, 1), datetime(9000, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
whole_numbers = st.integers(-(2**63), 2**63 - 1)
kinds: dict[Any, st.SearchStrategy[Any]] = {
    str: words,
    int: whole_numbers,
    bool: st.booleans(),
    UUID: st.uuids(),
    datetime: moments,
}
kinds[ChainFact] = st.builds(ChainFact, **{n: kinds[t] for n, t in get_type_hints(ChainFact).items()})
kinds[Terms] = st.builds(Terms, **{n: kinds[t] for n, t in get_type_hints(Terms).items()})

metas = st.builds(
    Meta,
    at=moments,
    by=words,
    command_id=st.uuids(),
    correlation_id=st.uuids(),
    cause=st.none() | st.integers(1, 2**53),
    pack=words,
)


def events(kind: type[Event]) -> st.SearchStrategy[Event]:
    hints = get_type_hints(kind)
    return st.builds(kind, **{name: kinds[hints[name]] for name in kind.__struct_fields__})


@given(st.sampled_from(EVENT_CLASSES).flatmap(events), metas)
def test_every_event_comes_back_from_storage_as_it_went_in(event: Event, meta: Meta) -> None:
    stored = CODEC.encode(event, meta)
    assert CODEC.decode(event.TOPIC, stored) == (event, meta)
    assert CODEC.encode(*CODEC.decode(event.TOPIC, stored)) == stored


@pytest.mark.parametrize("kind", EVENT_CLASSES, ids=lambda kind: kind.TOPIC)
def test_every_event_is_frozen_and_named_by_its_aggregate(kind: type[Event]) -> None:
    assert kind.__struct_config__.frozen
    assert kind.TOPIC.partition(".")[0] == kind.__module__.rpartition(".")[2]


def test_no_two_events_share_a_topic() -> None:
    assert len(EVENTS) == len(EVENT_CLASSES)


def test_every_event_class_there_is_can_be_read_from_the_journal() -> None:
    modules = {kind.__module__ for kind in EVENT_CLASSES}
    defined = {kind for kind in _subclasses(Event) if kind.__module__ in modules}
    assert defined == set(EVENT_CLASSES)


def _subclasses(kind: type[Event]) -> set[type[Event]]:
    return {kind for below in kind.__subclasses__() for kind in (below, *_subclasses(below))}


def test_a_field_that_is_not_known_is_left_alone_so_that_an_older_reader_reads_on() -> None:
    event = topics.investment.CommitmentLapsed(campaign_id=UUID(int=1), amount=5, reason="r")
    meta = Meta(
        at=datetime(2026, 1, 1, tzinfo=UTC),
        by="b",
        command_id=UUID(int=2),
        correlation_id=UUID(int=3),
        cause=None,
        pack="-",
    )
    stored = msgspec.json.decode(CODEC.encode(event, meta))
    stored["d"]["added_later"] = True
    assert CODEC.decode(event.TOPIC, msgspec.json.encode(stored)) == (event, meta)
