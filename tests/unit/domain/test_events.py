"""Every event: it comes back from storage as it went in, says what it obliges, and stands under a topic for ever."""

from __future__ import annotations

from datetime import UTC, datetime
from types import NoneType, UnionType
from typing import Any, get_args, get_origin, get_type_hints
from uuid import UUID

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain import topics
from domain.errors import JournalCorrupt
from domain.investment import CommitmentLapsed
from domain.journal import Event, Meta
from domain.journal.encoding import EXACT_MAX
from domain.topics import EVENT_CLASSES, EVENTS
from domain.values import WEI_MAX

CODEC = topics.codec()

words = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=40)
moments = st.datetimes(datetime(1970, 1, 1), datetime(9000, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
# Wei go far beyond 2^53; below zero there are only small numbers.
whole_numbers = st.integers(-(2**31), WEI_MAX)
PLAIN: dict[Any, st.SearchStrategy[Any]] = {
    str: words,
    int: whole_numbers,
    bool: st.booleans(),
    UUID: st.uuids(),
    datetime: moments,
    NoneType: st.none(),
}


def values(hint: Any) -> st.SearchStrategy[Any]:
    """Any value of a type that events are made of."""
    if hint in PLAIN:
        return PLAIN[hint]
    if get_origin(hint) is tuple:
        return st.lists(values(get_args(hint)[0]), max_size=3).map(tuple)
    if get_origin(hint) is dict:
        return st.dictionaries(*(values(one) for one in get_args(hint)), max_size=3)
    if get_origin(hint) is UnionType:
        return st.one_of(*(values(one) for one in get_args(hint)))
    return structs(hint)


def structs(kind: type[Any]) -> st.SearchStrategy[Any]:
    hints = get_type_hints(kind)
    return st.builds(kind, **{name: values(hints[name]) for name in kind.__struct_fields__})


metas = st.builds(
    Meta,
    at=moments,
    by=words,
    command_id=st.uuids(),
    correlation_id=st.uuids(),
    cause=st.none() | st.integers(1, 2**53),
    pack=words,
)


@pytest.mark.parametrize("kind", EVENT_CLASSES, ids=lambda kind: kind.TOPIC)
@settings(max_examples=10)  # of each event: more than a thousand in all
@given(data=st.data(), meta=metas)
def test_every_event_comes_back_from_storage_as_it_went_in(kind: type[Event], data: st.DataObject, meta: Meta) -> None:
    event = data.draw(structs(kind))
    stored = CODEC.encode(event, meta)
    assert CODEC.decode(event.TOPIC, stored) == (event, meta)
    assert CODEC.encode(*CODEC.decode(event.TOPIC, stored)) == stored


@pytest.mark.parametrize("kind", EVENT_CLASSES, ids=lambda kind: kind.TOPIC)
def test_every_event_is_frozen_and_named_by_its_aggregate(kind: type[Event]) -> None:
    assert kind.__struct_config__.frozen
    assert kind.TOPIC.partition(".")[0] == kind.__module__.split(".")[1]


def test_no_two_events_share_a_topic() -> None:
    assert len(EVENTS) == len(EVENT_CLASSES)


def test_every_event_class_there_is_can_be_read_from_the_journal() -> None:
    modules = {kind.__module__ for kind in EVENT_CLASSES}
    defined = {kind for kind in _subclasses(Event) if kind.__module__ in modules}
    assert defined == set(EVENT_CLASSES)


def _subclasses(kind: type[Event]) -> set[type[Event]]:
    return {kind for below in kind.__subclasses__() for kind in (below, *_subclasses(below))}


META = Meta(
    at=datetime(2026, 1, 1, tzinfo=UTC),
    by="b",
    command_id=UUID(int=2),
    correlation_id=UUID(int=3),
    cause=None,
    pack="-",
)


def test_a_field_that_is_not_known_is_left_alone_so_that_an_older_reader_reads_on() -> None:
    event = CommitmentLapsed(campaign_id=UUID(int=1), amount=5, reason="r")
    stored = msgspec.json.decode(CODEC.encode(event, META))
    stored["d"]["added_later"] = True
    assert CODEC.decode(event.TOPIC, msgspec.json.encode(stored)) == (event, META)


@pytest.mark.parametrize(
    ("amount", "stored"),
    [
        (1, b'"amount":1,'),
        (EXACT_MAX, b'"amount":9007199254740991,'),
        (EXACT_MAX + 1, b'"amount":"9007199254740992",'),
        (WEI_MAX, b'"amount":"1000000000000000000000000000",'),
    ],
)
def test_only_an_integer_that_json_readers_would_round_is_stored_as_a_string(amount: int, stored: bytes) -> None:
    """RFC 8785: integers are exact up to 2^53 - 1. Older entries keep their bytes."""
    event = CommitmentLapsed(campaign_id=UUID(int=1), amount=amount, reason="r")
    assert stored in CODEC.encode(event, META)
    assert CODEC.decode(event.TOPIC, CODEC.encode(event, META)) == (event, META)


@pytest.mark.parametrize("kind", [kind for kind in EVENT_CLASSES if kind.VERSION > 1], ids=lambda kind: kind.TOPIC)
def test_what_a_newer_house_stored_is_not_guessed_at(kind: type[Event]) -> None:
    stored = CODEC.encode(CommitmentLapsed(campaign_id=UUID(int=1), amount=1, reason="r"), META)
    newer = stored[:-1] + b',"v":%d}' % (kind.VERSION + 1)
    with pytest.raises(JournalCorrupt, match="newer than the 2 known here"):
        CODEC.decode(kind.TOPIC, newer)
