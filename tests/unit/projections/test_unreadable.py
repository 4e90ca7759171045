"""An entry that this release cannot read parks its stream in the views that it concerns, live and in a rebuild."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import ClassVar
from uuid import UUID

import msgspec
import psycopg
import pytest

from domain.errors import JournalCorrupt
from domain.investment import InvestmentReconfirmed
from domain.journal import Codec, Entry, Event, JournalReader, Meta
from domain.journal.sealing import leaf_of
from domain.topics import EVENTS, UPCASTERS, codec
from ops import book, rebuilt
from ops.rebuilt import Asked
from ops.settings import Settings
from projections.errors import ParkingRefused
from projections.folding import Change, Sight, View
from projections.parking import Parking
from projections.rebuilding import plan
from projections.rebuilding import rebuild as rebuild_module
from projections.rows import Investment
from projections.store import ParkingStore
from projections.views import VIEWS
from projections.views.investments import INVESTMENTS, TABLE
from tests.support.roles import as_room
from tests.unit.domain.acts import investment_id
from tests.unit.projections.posted import ask, empty, post, rows_hash
from tests.unit.projections.rebuilt import perform, prepare, rebuild_on

STREAM = investment_id(1)
NOVEL = "investment.gifted"
READABLE = "investment.reconfirmed"
META = Meta(
    at=datetime(2026, 3, 1, tzinfo=UTC),
    by="client:abeba",
    command_id=UUID(int=7),
    correlation_id=UUID(int=7),
    cause=None,
    pack="default@1",
)
STORED = codec().encode(InvestmentReconfirmed(campaign_id=UUID(int=8), change_id=UUID(int=9)), META)
NEWER = STORED[:-1] + b',"v":99}'
TORN = STORED[:40] + b"\xff\xfe" + STORED[42:]


def _plant(dsn: str, stream: UUID, topic: str, state: bytes) -> int:
    """An entry that no release of ours has written. Its position."""
    with psycopg.connect(dsn) as connection:
        version = "SELECT coalesce(max(originator_version), 0) + 1 FROM journal.entries WHERE originator_id = %s"
        (version,) = connection.execute(version, (stream,)).fetchone() or (1,)
        (position,) = connection.execute("UPDATE journal.head SET size = size + 1 RETURNING size").fetchone() or (1,)
        leaf = leaf_of(position=position, stream=stream, version=version, topic=topic, state=state)
        connection.execute(
            "INSERT INTO journal.entries (originator_id, originator_version, topic, state, notification_id, leaf)"
            " VALUES (%s, %s, %s, %s, %s, %s)",
            (stream, version, topic, state, position, leaf),
        )
    return int(position)


@contextmanager
def _parking(dsn: str, *, reading: Codec | None = None, views: Sequence[View] = VIEWS) -> Iterator[Parking]:
    reader = JournalReader(as_room(dsn, "book"), codec=reading or codec())
    store = ParkingStore(as_room(dsn, "book"))
    try:
        yield Parking(reader, store, views=views)
    finally:
        store.close()
        reader.close()


def _parked(dsn: str) -> dict[str, list[tuple[int, bool]]]:
    """What is parked of each view: the positions, and whether a reason is told."""
    found: dict[str, list[tuple[int, bool]]] = {}
    with _parking(dsn) as parking:
        for one in parking.parked(everything=False):
            found.setdefault(one.view, []).append((one.position, one.error is not None))
    return found


@pytest.mark.parametrize(
    ("topic", "state", "views"),
    [
        (NOVEL, STORED, {"investments", "payments", "escrow"}),
        ("loan.taken", STORED, {view.name for view in VIEWS}),
        ("investment.funded", NEWER, {"investments"}),
        ("investment.funded", TORN, {"investments"}),
        ("payment.recorded", TORN, {"payments", "escrow"}),
    ],
    ids=["an unknown topic", "an unknown kind", "a newer version", "torn bytes", "what another view needs"],
)
def test_an_entry_that_cannot_be_read_parks_its_stream_live_and_in_a_rebuild(
    rich: str, monkeypatch: pytest.MonkeyPatch, topic: str, state: bytes, views: set[str]
) -> None:
    poison = _plant(rich, STREAM, topic, state)
    waits = _plant(rich, STREAM, READABLE, STORED)
    assert post(rich) == waits
    parked, rows = _parked(rich), rows_hash(rich)
    assert views <= set(parked)
    assert all(found[0] == (poison, True) for found in parked.values())
    assert all(found[1:] in ([], [(waits, False)]) for found in parked.values())
    assert (parked.get("investments", []) != []) == ("investments" in views)
    # Beside the live rows, in several parts, and following by small steps.
    monkeypatch.setattr(plan, "ENTRIES_PER_PART", 30)
    monkeypatch.setattr(rebuild_module, "ENTRIES_PER_STEP_MAX", 3)
    perform(rich)
    assert (_parked(rich), rows_hash(rich)) == (parked, rows)
    # From nothing, in bulk alone.
    empty(rich)
    perform(rich, processes=3)
    assert (_parked(rich), rows_hash(rich)) == (parked, rows)


class Gifted(Event, frozen=True, kw_only=True):
    """What a later release knows."""

    TOPIC: ClassVar[str] = NOVEL
    change_id: UUID


def _fold(sight: Sight, entry: Entry) -> Sequence[Change]:
    if isinstance(entry.event, Gifted):
        row = sight.find(Investment, TABLE, entry.stream)
        assert row is not None
        return [(TABLE, msgspec.structs.replace(row, version=entry.version, lapsed_reason="gifted"))]
    return INVESTMENTS.fold(sight, entry)


LATER = Codec({**EVENTS, NOVEL: Gifted}, upcasters=UPCASTERS)
LATER_VIEWS = [
    msgspec.structs.replace(view, fold=_fold, topics=view.topics | {NOVEL}) if view is INVESTMENTS else view
    for view in VIEWS
]


def test_what_could_not_be_read_is_shown_and_tried_again_with_a_release_that_can(
    rich: str, capsys: pytest.CaptureFixture[str]
) -> None:
    poison = _plant(rich, STREAM, NOVEL, STORED)
    waits = _plant(rich, STREAM, READABLE, STORED)
    post(rich)
    assert book.show(Settings(database_url=rich), everything=False, as_json=True) == 1
    shown = capsys.readouterr().out
    assert NOVEL in shown
    assert "this release does not know it" in shown
    with _parking(rich) as parking, pytest.raises(ParkingRefused, match=r"cannot be folded still: .*does not know it"):
        parking.retry("investments", STREAM, by="abeba")
    with _parking(rich, reading=LATER, views=LATER_VIEWS) as parking:
        assert parking.retry("investments", STREAM, by="abeba") == 2
    row = ask(rich, lambda asked: asked.investment(STREAM))
    assert (row.lapsed_reason, row.change_id) == ("gifted", UUID(int=9))
    assert "investments" not in _parked(rich)
    assert waits == poison + 1


def test_what_cannot_be_read_can_be_passed_over_and_a_rebuild_passes_it_over_too(rich: str) -> None:
    poison = _plant(rich, STREAM, "investment.funded", TORN)
    waits = _plant(rich, STREAM, READABLE, STORED)
    post(rich)
    with _parking(rich) as parking:
        assert parking.pass_over("investments", poison, by="abeba", reason="a torn page") == 1
    rows, parked = rows_hash(rich), _parked(rich)
    assert "investments" not in parked
    perform(rich, "investments")
    assert (rows_hash(rich), _parked(rich)) == (rows, parked)
    assert ask(rich, lambda asked: asked.investment(STREAM)).version == waits - poison + _version(rich, poison)


def _version(dsn: str, position: int) -> int:
    with psycopg.connect(dsn) as connection:
        query = "SELECT originator_version FROM journal.entries WHERE notification_id = %s"
        (version,) = connection.execute(query, (position,)).fetchone() or (0,)
    return int(version)


def test_the_way_back_knows_what_was_parked_in_the_rows_that_were_put_aside(rich: str) -> None:
    _plant(rich, STREAM, NOVEL, STORED)
    post(rich)
    parked = _parked(rich)
    with rebuild_on(rich, views=LATER_VIEWS, reading=LATER) as rebuild:
        prepare(rich, rebuild, "investments", views=LATER_VIEWS, reading=LATER)
        rebuild.swap()
    assert "investments" not in _parked(rich)
    waits = _plant(rich, STREAM, READABLE, STORED)
    with rebuild_on(rich) as rebuild:
        rebuild.back("investments")
        post(rich)
        rebuild.swap()
    assert _parked(rich)["investments"] == [*parked["investments"], (waits, False)]
    assert ask(rich, lambda asked: asked.investment(STREAM)).lapsed_reason is None


def test_a_rebuild_of_a_book_that_has_nothing_says_how_many_streams_are_parked(
    rich: str, capsys: pytest.CaptureFixture[str]
) -> None:
    _plant(rich, STREAM, "investment.funded", NEWER)
    assert rebuilt.run(Settings(database_url=rich), Asked(everything=True), as_json=False) == 0
    assert f"{len(_parked(rich))} streams are parked in the new rows" in capsys.readouterr().out


def test_whoever_acts_on_entries_stops_at_one_that_cannot_be_read(rich: str) -> None:
    poison = _plant(rich, STREAM, "investment.funded", TORN)
    reader = JournalReader(as_room(rich, "writer"), codec=codec())
    try:
        with pytest.raises(JournalCorrupt, match="cannot be read"):
            reader.read(after=poison - 1, limit=10)
    finally:
        reader.close()
