"""How a rebuild is cut, and how rows are written in PostgreSQL's own format."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest

from domain.journal import Entry
from domain.topics import codec
from projections.rebuilding import plan
from projections.rebuilding.copying import ENCODERS, HEADER, NULL, TRAILER, encoder_of
from projections.rebuilding.dealing import Dealt
from projections.rebuilding.plan import ENTRIES_PER_PART, PARTS_MAX, read_by, slices_of, weights_of
from projections.rows import Line
from projections.views import VIEWS, escrow
from projections.views.escrow import ESCROW
from projections.views.investments import INVESTMENTS
from projections.views.payments import PAYMENTS
from tests.golden.example import Example
from tests.golden.examples import EXAMPLES
from tests.golden.files import path_of

OF_ESCROW = [example for example in EXAMPLES if example.event.TOPIC in ESCROW.topics]


@pytest.mark.parametrize("target", [0, 1, ENTRIES_PER_PART, 10 * ENTRIES_PER_PART, 10_000 * ENTRIES_PER_PART])
@pytest.mark.parametrize("processes", [1, 2, 8])
def test_every_view_is_loaded_whole_in_parts_that_fit(target: int, processes: int) -> None:
    slices = slices_of(VIEWS, target=target, processes=processes)
    assert [one.number for one in slices] == list(range(len(slices)))
    for view in VIEWS:
        mine = [one for one in slices if view.name in one.views]
        assert sorted(one.part for one in mine) == list(range(mine[0].parts))
        if view.local:
            assert target / mine[0].parts <= ENTRIES_PER_PART or mine[0].parts == PARTS_MAX
            assert mine[0].parts % processes == 0 or mine[0].parts == PARTS_MAX


def test_views_that_look_only_at_their_own_streams_share_a_reading() -> None:
    shared = {one.views for one in slices_of(VIEWS, target=100, processes=1)}
    assert {views for views in shared if len(views) == 1} == {("payments",), ("escrow",)}
    assert sorted(name for views in shared for name in views) == sorted(view.name for view in VIEWS)


def test_what_a_view_needs_of_others_is_read_for_all_streams() -> None:
    assert read_by([INVESTMENTS]).whole == ()
    assert read_by([PAYMENTS]).whole == ("campaign.amended", "campaign.drafted")
    assert "payment.recorded" in read_by([ESCROW]).whole
    assert set(read_by([ESCROW]).apart) | set(read_by([ESCROW]).whole) >= ESCROW.topics


@pytest.mark.parametrize("example", OF_ESCROW, ids=lambda example: example.name)
def test_an_entry_of_the_escrow_is_dealt_to_the_part_of_its_campaign_or_to_every_part(example: Example) -> None:
    entry = Entry(
        position=example.position,
        stream=example.stream,
        version=1,
        topic=example.event.TOPIC,
        event=example.event,
        meta=example.meta,
        leaf=b"",
        state=path_of(example).read_bytes(),
    )
    campaign, parts = escrow.campaign_of(entry), 7
    dealt = [Dealt("campaign", part=part, parts=parts, codec=codec()) for part in range(parts)]
    given = [
        part for part, is_mine in enumerate(dealt) if is_mine(entry.position, entry.stream, entry.topic, entry.state)
    ]
    assert given == (list(range(parts)) if campaign is None else [campaign.int % parts])


def test_every_part_is_told_of_what_cannot_be_read_and_the_first_one_writes_what_is_nobodys() -> None:
    dealt = [Dealt("campaign", part=part, parts=2, codec=codec()) for part in range(2)]
    torn = [is_mine(7, UUID(int=1), "payment.recorded", b'{"d":{') for is_mine in dealt]
    novel = [is_mine(8, UUID(int=1), "payment.gifted", b"{}") for is_mine in dealt]
    nobodys = [is_mine(9, UUID(int=1), "payment.recorded", b'{"d":{}}') for is_mine in dealt]
    assert torn == novel == nobodys == [True, True]
    lines = [Line(id=str(at), position=at, campaign_id=None, currency="ETB", account="owed", amount=1) for at in (7, 9)]
    assert [len(part.kept([*lines])) for part in dealt] == [2, 1]


def test_a_slice_weighs_what_its_views_listen_to_shared_by_its_parts_and_what_it_reads_past() -> None:
    def weighed(processes: int) -> tuple[float, float]:
        slices = slices_of([INVESTMENTS, ESCROW], target=10, processes=processes)
        weights = weights_of(slices, VIEWS, counts={"investment.committed": 1_000, "payment.recorded": 100})
        of = {(one.views, one.part): weights[one.number] for one in slices}
        assert of[("investments",), 1] == of[("investments",), 0]
        return of[("investments",), 0], of[("escrow",), 0]

    (investments, escrows), (smaller, hardly_smaller) = weighed(2), weighed(4)
    assert investments > 2 * escrows > 0
    assert smaller / investments < hardly_smaller / escrows < 1, "what is dealt out here is decoded in every part"
    (whole,) = weights_of(slices_of([INVESTMENTS], target=10, processes=1), VIEWS, counts={}).values()
    assert whole > 0, "a journal that nobody has counted would have no end"


def test_new_and_old_tables_have_names_of_their_own() -> None:
    names = [f(table) for view in VIEWS for table in view.tables for f in (plan.new, plan.old, lambda t: t.name)]
    assert len(set(names)) == len(names)


VALUES: dict[str, list[Any]] = {
    "text": ["", "plain", "ä € \U0001f600", "tab\tand\nline \\"],
    "uuid": [UUID(int=0), UUID(int=2**128 - 1), UUID(int=0x1234)],
    "int8": [0, -1, 2**63 - 1, -(2**63)],
    "int4": [0, -1, 2**31 - 1],
    "int2": [0, -1, 2**15 - 1],
    "bool": [True, False],
    "timestamptz": [
        datetime(2026, 1, 2, 3, 4, 5, 678_901, tzinfo=UTC),
        datetime(1999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
        datetime(2000, 1, 1, tzinfo=UTC) + timedelta(days=40_000, microseconds=1),
    ],
    "jsonb": [(), ("a", 1), {"b": None}],
    "numeric": [0, 1, -1, 9_999, 10_000, 10_001, 99_990_000, 10**18, -(10**18) - 5, 10**38 - 1, 120_000_000_000],
}


@pytest.mark.parametrize("column_type", sorted(ENCODERS))
def test_postgresql_reads_what_was_encoded(database: str, column_type: str) -> None:
    encode, values = encoder_of(column_type), VALUES[column_type]
    with psycopg.connect(database) as connection:
        connection.execute(f"CREATE TEMPORARY TABLE copied (place int4, value {column_type})".encode())
        with connection.cursor() as rows, rows.copy("COPY copied FROM STDIN (FORMAT binary)") as copy:
            copy.write(HEADER)
            for place, value in enumerate([*values, None]):
                written = NULL if value is None else encode(value)
                copy.write(b"\x00\x02" + ENCODERS["int4"](place) + written)
            copy.write(TRAILER)
        found = [value for (value,) in connection.execute("SELECT value FROM copied ORDER BY place")]
    expected = [list(value) if isinstance(value, tuple) else value for value in values]
    assert found == [*expected, None]
