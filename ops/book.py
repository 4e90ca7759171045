"""`book`: what is parked, trying it again, passing it over; each decision with the person who made it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from ops.errors import OperatorError
from ops.settings import Settings
from ops.tables import print_json, print_table
from ops.wiring import reader_on
from projections.errors import ParkingRefused
from projections.parking import Parking
from projections.store import ParkingStore
from projections.views import VIEWS


@contextmanager
def parking_on(settings: Settings) -> Iterator[Parking]:
    """What is parked in a house's book, for one command."""
    reader = reader_on(settings, "book")
    store = ParkingStore(settings.dsn("book"))
    try:
        yield Parking(reader, store, views=VIEWS)
    except ParkingRefused as refused:
        raise OperatorError(str(refused)) from None
    finally:
        store.close()
        reader.close()


def show(settings: Settings, *, everything: bool, as_json: bool) -> int:
    """Print what is parked. Returns 1 if anything is."""
    with parking_on(settings) as parking:
        found = parking.parked(everything=everything)
    if as_json:
        print_json(found)
    else:
        print_table(
            "parked",
            ("view", "position", "stream", "topic", "state", "why", "by", "reason"),
            [(p.view, p.position, p.stream, p.topic, p.state, p.error or "", p.by, p.reason) for p in found],
            right=("position",),
        )
    return 1 if any(one.state == "parked" for one in found) else 0


def retry(settings: Settings, view: str, stream: UUID, *, by: str) -> int:
    """Fold what is parked of a stream. How many entries."""
    with parking_on(settings) as parking:
        return parking.retry(view, stream, by=by)


def skip(settings: Settings, view: str, position: int, *, by: str, reason: str) -> int:
    """Pass over an entry and fold what waits behind it. How many entries were folded."""
    with parking_on(settings) as parking:
        return parking.pass_over(view, position, by=by, reason=reason)
