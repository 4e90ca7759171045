"""What a reconciliation finds can be done again, promised or rebuilt; nothing is edited. What it came to is kept."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing

import psycopg
import pytest

from api.reconciled_store import Reconciliations
from ops.reconcile import show
from ops.reconcile.repair import repair
from tests.support.roles import as_room
from tests.support.world import World, only
from tests.unit.ops.test_rejections import Writer

FORGOTTEN = """
WITH gone AS (DELETE FROM writer.intents WHERE kind = 'register' AND state = 'queued' RETURNING intent)
SELECT count(*) FROM gone
"""


@pytest.fixture
def writer(world: World) -> Iterator[Writer]:
    with ExitStack() as opened:
        yield Writer(world, opened)


def forget_an_intent(world: World) -> None:
    """As no role of ours can: by the owner, past the guards."""
    with psycopg.connect(world.database) as owner:
        owner.execute("SET session_replication_role = replica")
        assert owner.execute(FORGOTTEN).fetchone() == (1,)


def test_an_intent_that_is_gone_is_named_and_promised_again(world: World, writer: Writer) -> None:
    # given
    world.register(world.succeeding)
    writer.follow()
    forget_an_intent(world)

    # when
    found = world.reconcile()

    # then it is named, and nothing else
    difference = only(found)
    entry = world.entry(world.succeeding.company_id, "company.kyb_approved")
    assert (difference.kind, difference.positions) == ("intent-missing", (entry.position,))
    assert repair(world.settings, found) == ["1 intents are promised again: the writer posts them"]
    writer.work()
    world.index()
    after = world.reconcile()
    assert (after.differences, after.pending) == ([], [])
    assert repair(world.settings, after) == []


def test_a_book_that_somebody_changed_is_rebuilt(world: World) -> None:
    world.finish()
    world.project()
    world.execute("UPDATE book.companies SET legal_name = 'somebody else' WHERE id = %s", world.failing.company_id)
    found = world.reconcile()
    assert {difference.kind for difference in found.differences} == {"book-differs"}
    before = world.reader.head()

    (done,) = repair(world.settings, found)

    assert done.startswith("the book is rebuilt")
    assert world.reconcile().ok
    assert world.reader.head() == before


def test_what_it_came_to_is_kept_for_the_metrics(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    world.finish()
    world.project()
    world.execute("UPDATE book.companies SET legal_name = 'somebody else' WHERE id = %s", world.failing.company_id)

    assert show(world.settings, as_json=True) == 1

    assert "somebody else" in capsys.readouterr().out
    with closing(Reconciliations(as_room(world.database, "api"))) as kept:
        last = kept.last()
    assert last is not None
    assert (last.differences, last.kinds, last.pending) == (1, {"book-differs": 1}, 0)
    assert last.journal_position == world.reader.head()
