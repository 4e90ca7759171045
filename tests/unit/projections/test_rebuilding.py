"""A rebuild: the same rows as the live ones, however it is cut and restarted; nothing is swapped unseen."""

from __future__ import annotations

import msgspec
import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from projections.errors import RebuildRefused, SwapBlocked, ViewOutdated
from projections.rebuilding import plan
from projections.rebuilding import rebuild as rebuild_module
from projections.rebuilding.nouns import Compared
from projections.views import TABLES, VIEWS
from projections.views.campaigns import CAMPAIGNS
from tests.support.crowd import crowd, write
from tests.support.roles import as_room
from tests.support.story import Story, ledger_on
from tests.unit.projections.posted import empty, post, rows_hash, runner_module, runner_on
from tests.unit.projections.rebuilt import ALL, load, owner, perform, prepare, rebuild_on

NEWER = [msgspec.structs.replace(v, version=v.version + 1) if v is CAMPAIGNS else v for v in VIEWS]


@given(
    names=st.sets(st.sampled_from(ALL), min_size=1),
    entries_per_part=st.integers(5, 200),
    live_steps=st.integers(0, 4),
    live_size=st.integers(3, 90),
    follow_size=st.integers(1, 50),
    slices=st.lists(st.integers(0, 3), max_size=4),
    processes=st.integers(1, 3),
)
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_parts_and_any_restarts_give_the_rows_of_the_live_views(
    rich: str,
    monkeypatch: pytest.MonkeyPatch,
    *,
    names: set[str],
    entries_per_part: int,
    live_steps: int,
    live_size: int,
    follow_size: int,
    slices: list[int],
    processes: int,
) -> None:
    monkeypatch.setattr(runner_module, "ENTRIES_PER_STEP_MAX", 1_000)
    empty(rich)
    post(rich)
    expected = rows_hash(rich)
    empty(rich)
    monkeypatch.setattr(plan, "ENTRIES_PER_PART", entries_per_part)
    monkeypatch.setattr(runner_module, "ENTRIES_PER_STEP_MAX", live_size)
    monkeypatch.setattr(rebuild_module, "ENTRIES_PER_STEP_MAX", follow_size)
    with runner_on(rich) as runner:
        for _ in range(live_steps):
            runner.step()
    for some in slices:
        with rebuild_on(rich) as rebuild:
            rebuild.begin(sorted(names), to=None, processes=processes)
            load(rich, rebuild, slices=some)
    with runner_on(rich) as runner:
        runner.step()
    with rebuild_on(rich) as rebuild:
        rebuild.begin(sorted(names), to=None, processes=processes)
        load(rich, rebuild)
        assert all(one.same for one in rebuild.compare())
        rebuild.swap()
    post(rich)
    assert rows_hash(rich) == expected


def test_a_book_that_has_nothing_is_posted_as_far_as_the_journal_goes(rich: str) -> None:
    position = post(rich)
    expected = rows_hash(rich)
    empty(rich)
    perform(rich)
    assert rows_hash(rich) == expected
    assert post(rich) == position


def test_a_view_that_looks_across_streams_is_loaded_by_several_as_by_one(database: str) -> None:
    write(database, crowd(6_000))
    post(database)
    expected = rows_hash(database)
    perform(database, "escrow", processes=4)
    assert rows_hash(database) == expected


def test_a_runner_goes_on_with_the_rows_that_were_swapped_in(rich: str) -> None:
    with runner_on(rich) as runner:
        while runner.step().lag:
            pass
        perform(rich, "investments", "escrow")
        with ledger_on(rich) as ledger:
            Story(ledger, name="more").register_company()
        while runner.step().lag:
            pass
    after = rows_hash(rich)
    empty(rich)
    post(rich)
    assert rows_hash(rich) == after


def _compared(dsn: str, name: str) -> dict[str, Compared]:
    with rebuild_on(dsn) as rebuild:
        prepare(dsn, rebuild, name)
        found = {one.table: one for one in rebuild.compare()}
        rebuild.drop()
    return found


def test_a_row_that_was_changed_by_hand_is_named_with_both_sides(rich: str) -> None:
    post(rich)
    owner(rich, "UPDATE book.escrows SET fee = fee + 1, released = released - 1")
    found = _compared(rich, "escrow")
    assert found["lines"].same
    assert not found["escrows"].same
    (row,) = found["escrows"].sample
    assert row.live is not None
    assert row.new is not None
    assert {name for name in row.live if row.live[name] != row.new[name]} == {"fee", "released"}
    assert found["escrows"].live_totals["fee"] == found["escrows"].new_totals["fee"] + 1


def test_a_row_too_many_and_a_row_too_few_are_named(rich: str) -> None:
    post(rich)
    owner(rich, "DELETE FROM book.lines WHERE id = (SELECT min(id) FROM book.lines)")
    owner(rich, "INSERT INTO book.lines VALUES ('planted', 1, NULL, 'ETB', 'fees', 1)")
    found = _compared(rich, "escrow")["lines"]
    assert found.live_rows == found.new_rows
    assert sorted((row.live is None, row.new is None) for row in found.sample) == [(False, True), (True, False)]


def test_what_a_new_version_declares_to_differ_is_not_compared_and_the_older_runner_stops(rich: str) -> None:
    newer = [msgspec.structs.replace(v, differs=frozenset({"title"})) if v.name == "campaigns" else v for v in NEWER]
    with runner_on(rich) as runner:
        while runner.step().lag:
            pass
        owner(rich, "UPDATE book.campaigns SET title = 'as the version before had it'")
        with rebuild_on(rich, views=newer) as rebuild:
            prepare(rich, rebuild, "campaigns", views=newer)
            (compared,) = rebuild.compare()
            assert compared.same
            assert "title" not in compared.columns
            rebuild.swap()
        with pytest.raises(ViewOutdated, match=r"version 4, this release folds version 3.*rebuild campaigns"):
            runner.step()


def test_the_way_back_leads_to_what_was_put_aside_posted_up_to_now(rich: str) -> None:
    post(rich)
    perform(rich, "campaigns", "escrow")
    owner(rich, "UPDATE book.campaigns SET title = 'wrong'")
    with ledger_on(rich) as ledger:
        Story(ledger, name="more").register_company()
    post(rich)
    with rebuild_on(rich) as rebuild:
        rebuild.back("campaigns")
        rebuild.catch_up()
        rebuild.swap()
    after = rows_hash(rich)
    empty(rich)
    post(rich)
    assert rows_hash(rich) == after


def test_there_is_no_way_back_where_nothing_was_put_aside_or_by_another_release(rich: str) -> None:
    post(rich)
    with rebuild_on(rich) as rebuild, pytest.raises(RebuildRefused, match="no way back"):
        rebuild.back("campaigns")
    perform(rich, "campaigns", views=NEWER)
    with rebuild_on(rich, views=NEWER) as rebuild, pytest.raises(RebuildRefused, match="is of version 3"):
        rebuild.back("campaigns")


def test_the_release_before_goes_back_to_its_own_rows_and_the_newer_one_stops(rich: str) -> None:
    post(rich)
    before = rows_hash(rich)
    perform(rich, "campaigns", views=NEWER)
    with pytest.raises(ViewOutdated, match="version 4, this release folds version 3"), runner_on(rich):
        pass
    with rebuild_on(rich) as rebuild:
        rebuild.back("campaigns")
        rebuild.swap()
    assert rows_hash(rich) == before
    with runner_on(rich) as runner:
        assert runner.step().lag == 0
    # What is put aside now is the newer release's: it goes forth again in the same way.
    with rebuild_on(rich) as rebuild, pytest.raises(RebuildRefused, match="is of version 4"):
        rebuild.back("campaigns")
    with rebuild_on(rich, views=NEWER) as rebuild:
        rebuild.back("campaigns")
        rebuild.swap()
    with pytest.raises(ViewOutdated), runner_on(rich):
        pass


def test_a_rebuild_that_is_not_over_keeps_others_from_beginning(rich: str) -> None:
    post(rich)
    before = rows_hash(rich)
    with rebuild_on(rich) as rebuild:
        rebuild.begin(["due"], to=None, processes=1)
        with pytest.raises(RebuildRefused, match="a rebuild of due is not over"):
            rebuild.begin(["escrow"], to=None, processes=1)
        with pytest.raises(RebuildRefused, match="another rebuild runs"), rebuild_on(rich):
            pass
    with rebuild_on(rich, views=[msgspec.structs.replace(v, version=9) for v in VIEWS]) as rebuild:
        with pytest.raises(RebuildRefused, match="begun by another release"):
            rebuild.begin(["due"], to=None, processes=1)
        dropped = rebuild.drop()
    assert dropped is not None
    assert dropped.views == ("due",)
    assert rows_hash(rich) == before


def test_a_view_that_nobody_knows_is_refused_with_those_that_there_are(rich: str) -> None:
    with rebuild_on(rich) as rebuild, pytest.raises(RebuildRefused, match="no view loans; there are: companies, "):
        rebuild.begin(["loans"], to=None, processes=1)


def test_posted_as_far_as_was_asked_and_then_to_the_end(rich: str) -> None:
    post(rich)
    expected = rows_hash(rich)
    with rebuild_on(rich) as rebuild:
        assert rebuild.begin(["investments"], to=20, processes=1).target == 20
        load(rich, rebuild)
        assert rebuild.standing().position == 20
    with psycopg.connect(rich) as connection:
        (last,) = connection.execute("SELECT coalesce(max(position), 0) FROM book.investments_new").fetchone() or (0,)
    assert last <= 20
    perform(rich, "investments")
    assert rows_hash(rich) == expected


def test_a_reader_who_does_not_end_keeps_the_swap_away_and_nothing_is_changed(
    rich: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    post(rich)
    before = rows_hash(rich)
    monkeypatch.setattr(rebuild_module, "SWAPS_TRIED_MAX", 2)
    with rebuild_on(rich) as rebuild:
        prepare(rich, rebuild, "due")
        with psycopg.connect(as_room(rich, "api")) as reader:
            reader.execute("SELECT count(*) FROM book.due")
            with pytest.raises(SwapBlocked):
                rebuild.swap()
        assert rows_hash(rich) == before
        rebuild.swap()
    assert rows_hash(rich) == before


@pytest.mark.parametrize(
    ("room", "statement"),
    [
        ("book", "DROP TABLE book.due"),
        ("book", "ALTER TABLE book.due RENAME TO due_old"),
        ("book", "CREATE TABLE book.mine (id int)"),
        ("api", "DROP TABLE book.due"),
        ("rebuild", "DELETE FROM book.progress"),
        ("rebuild", "UPDATE journal.head SET size = 0"),
        ("rebuild", "SELECT journal.lock()"),
        ("rebuild", "SELECT * FROM journal.commands"),
        ("rebuild", "SELECT * FROM writer.lanes"),
    ],
)
def test_each_role_can_do_no_more_than_its_part(database: str, room: str, statement: str) -> None:
    with psycopg.connect(as_room(database, room)) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(statement.encode())


def test_every_table_has_its_new_one_after_a_swap_and_its_old_one_is_kept(rich: str) -> None:
    post(rich)
    perform(rich)
    with psycopg.connect(rich) as connection:
        there = {name for (name,) in connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'book'")}
    assert {table.name for table in TABLES} <= there
    assert {plan.old(table) for table in TABLES} <= there
    assert not {plan.new(table) for table in TABLES} & there
