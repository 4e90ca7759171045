"""A poison entry parks its stream in its view, in order; all others go on; who decides about it is recorded."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import msgspec
import psycopg
import pytest

from domain.journal import Entry, JournalReader
from domain.topics import codec
from projections.errors import ParkingRefused
from projections.folding import Change, Sight, View
from projections.parking import Parking
from projections.runner import Runner
from projections.store import BookStore, ParkingStore
from projections.views import VIEWS
from projections.views.investments import INVESTMENTS
from tests.support.roles import as_room
from tests.unit.domain.acts import investment_id
from tests.unit.projections.posted import empty, post, rows_hash
from tests.unit.projections.rebuilt import perform

POISONED = investment_id(1)
POISON = "investment.payment_received"


def _broken(fold: Any) -> list[View]:
    return [msgspec.structs.replace(view, fold=fold) if view is INVESTMENTS else view for view in VIEWS]


def _raises(sight: Sight, entry: Entry) -> Sequence[Change]:
    if entry.topic == POISON and entry.stream == POISONED:
        raise ZeroDivisionError("a defect")
    return INVESTMENTS.fold(sight, entry)


def _makes_wrong_rows(sight: Sight, entry: Entry) -> Sequence[Change]:
    changes = INVESTMENTS.fold(sight, entry)
    if entry.topic == POISON and entry.stream == POISONED:
        return [(table, msgspec.structs.replace(row, committed_amount=10**40)) for table, row in changes]
    return changes


def _post(dsn: str, views: Sequence[View]) -> int:
    reader, store = JournalReader(as_room(dsn, "book"), codec=codec()), BookStore(as_room(dsn, "book"))
    try:
        runner = Runner(reader, store, views=views)
        while (progress := runner.step()).lag or progress.advanced:
            pass
        return progress.position
    finally:
        store.close()
        reader.close()


@contextmanager
def _parking(dsn: str, views: Sequence[View] = VIEWS) -> Iterator[Parking]:
    reader, store = JournalReader(as_room(dsn, "book"), codec=codec()), ParkingStore(as_room(dsn, "book"))
    try:
        yield Parking(reader, store, views=views)
    finally:
        store.close()
        reader.close()


def _others_hash(dsn: str) -> list[Any]:
    """Everything but the poisoned stream's own row."""
    with psycopg.connect(dsn) as connection:
        rows = connection.execute("SELECT t::text FROM book.investments t WHERE id <> %s ORDER BY id", (POISONED,))
        return [*rows, *connection.execute("SELECT t::text FROM book.escrows t ORDER BY campaign_id")]


@pytest.mark.parametrize("fold", [_raises, _makes_wrong_rows], ids=["a fold that breaks", "a row that is wrong"])
def test_a_poison_entry_parks_its_stream_and_a_mended_fold_takes_it_up_in_order(rich: str, fold: Any) -> None:
    position = post(rich)
    expected, others = rows_hash(rich), _others_hash(rich)
    empty(rich)
    assert _post(rich, _broken(fold)) == position
    assert _others_hash(rich) == others
    with _parking(rich) as parking:
        parked = parking.parked(everything=False)
        assert {(one.view, one.stream) for one in parked} == {("investments", POISONED)}
        assert parked[0].topic == POISON
        assert [one.error is not None for one in parked] == [True] + [False] * (len(parked) - 1)
        assert len(parked) > 2
        with _parking(rich, _broken(fold)) as unmended, pytest.raises(ParkingRefused, match="still"):
            unmended.retry("investments", POISONED, by="abeba")
        assert parking.parked(everything=False) == parked
        assert parking.retry("investments", POISONED, by="abeba") == len(parked)
        assert {(one.state, one.by) for one in parking.parked(everything=True)} == {("retried", "abeba")}
    assert rows_hash(rich) == expected


def test_an_entry_that_is_passed_over_is_named_with_who_and_why_and_a_rebuild_passes_it_over_too(rich: str) -> None:
    post(rich)
    empty(rich)
    _post(rich, _broken(_raises))
    with _parking(rich, _broken(_raises)) as parking:
        first, second = [one.position for one in parking.parked(everything=False)][:2]
        with pytest.raises(ParkingRefused, match=f"the first of its stream is {first}"):
            parking.pass_over("investments", second, by="abeba", reason="late")
        parking.pass_over("investments", first, by="abeba", reason="told twice")
        decided = {one.position: (one.state, one.by, one.reason) for one in parking.parked(everything=True)}
    assert decided[first] == ("skipped", "abeba", "told twice")
    assert decided[second] == ("retried", "abeba", None)
    after = rows_hash(rich)
    perform(rich, "investments")
    assert rows_hash(rich) == after


def test_what_is_not_parked_cannot_be_tried_again_or_passed_over(rich: str) -> None:
    post(rich)
    with _parking(rich) as parking:
        with pytest.raises(ParkingRefused, match="nothing of stream"):
            parking.retry("investments", POISONED, by="abeba")
        with pytest.raises(ParkingRefused, match="is not the first that is parked"):
            parking.pass_over("investments", 1, by="abeba", reason="why not")
        with pytest.raises(ParkingRefused, match="there is no view 'loans'"):
            parking.retry("loans", POISONED, by="abeba")


def test_a_rebuild_takes_up_what_was_parked(rich: str) -> None:
    post(rich)
    expected = rows_hash(rich)
    empty(rich)
    _post(rich, _broken(_raises))
    perform(rich, "investments")
    assert rows_hash(rich) == expected
    with _parking(rich) as parking:
        assert {one.state for one in parking.parked(everything=True)} == {"rebuilt"}
