"""Journal against book on planted faults, and how a reconciliation is told."""

from __future__ import annotations

import io

import msgspec
import pytest
from rich.console import Console

from ops.reconcile import Reconciliation, print_reconciliation, reconcile, show
from tests.support.world import World, only

CHANGE_ESCROW = """
UPDATE book.escrows e SET claimed = 7 FROM book.campaigns c WHERE c.id = e.campaign_id AND c.company_id = %s
"""
CHANGE_CERTIFICATE = """
UPDATE book.certificates SET shares = shares + 1 WHERE id = (
    SELECT min(k.id::text)::uuid FROM book.certificates k JOIN book.campaigns c ON c.id = k.campaign_id
    WHERE c.company_id = %s)
"""


def test_a_row_changed_by_hand_is_named_with_its_column_and_both_values(world: World) -> None:
    world.finish()
    world.project()
    investment = world.succeeding.commitments[0].investment_id
    world.execute("UPDATE book.investments SET shares = shares + 1 WHERE id = %s", investment)

    difference = only(world.reconcile())

    assert (difference.kind, difference.subject, difference.id) == ("book-differs", "investment", str(investment))
    assert difference.what == "shares"
    assert int(difference.book or 0) == int(difference.journal or 0) + 1
    assert difference.positions == tuple(entry.position for entry in world.reader.stream(investment))


@pytest.mark.parametrize(
    ("statement", "subject", "what"),
    [
        ("UPDATE book.companies SET legal_name = 'Other' WHERE id = %s", "company", "legal_name"),
        ("UPDATE book.companies SET locked_by = id WHERE id = %s", "company", "locked_by"),
        ("UPDATE book.campaigns SET raised = raised - 1 WHERE company_id = %s", "campaign", "raised"),
        ("UPDATE book.campaigns SET status = 'closed' WHERE company_id = %s", "campaign", "status"),
        (CHANGE_ESCROW, "escrow", "claimed"),
        (CHANGE_CERTIFICATE, "certificate", "shares"),
        (
            "UPDATE book.postings SET state = 'waiting' WHERE topic = 'company.kyb_approved' AND stream = %s",
            "posting",
            "state",
        ),
    ],
)
def test_every_kind_of_row_is_compared(world: World, statement: str, subject: str, what: str) -> None:
    world.finish()
    world.project()
    world.execute(statement, world.succeeding.company_id)

    difference = only(world.reconcile())

    assert (difference.kind, difference.subject, difference.what) == ("book-differs", subject, what)
    assert difference.positions


def test_a_row_that_is_gone_is_missing(world: World) -> None:
    world.register(world.succeeding)
    world.project()
    world.execute("DELETE FROM book.companies")

    difference = only(world.reconcile())

    assert (difference.kind, difference.id) == ("book-missing", str(world.succeeding.company_id))
    assert difference.book is None


def test_a_row_that_no_entry_made_is_foreign(world: World) -> None:
    world.register(world.succeeding)
    world.project()
    world.execute(
        "INSERT INTO book.updates SELECT 1, gen_random_uuid(), gen_random_uuid(), 'made up', '0x1', NULL, now()"
    )

    difference = only(world.reconcile())

    assert (difference.kind, difference.subject, difference.journal) == ("book-foreign", "update", None)


def test_a_line_changed_by_hand_makes_its_account_differ(world: World) -> None:
    world.finish()
    world.project()
    world.execute("UPDATE book.lines SET amount = amount + 5 WHERE account = 'fees'")

    difference = only(world.reconcile())

    assert (difference.subject, difference.id, difference.what) == ("account", "fees (ETB)", "balance")
    assert int(difference.book or 0) == int(difference.journal or 0) + 5


def test_a_book_that_is_behind_is_pending_and_compared_where_it_is(world: World) -> None:
    world.register(world.succeeding)
    world.project()
    at = world.reader.head()
    world.go_on()

    result = reconcile(world.settings)

    assert result.ok
    assert [(waiting.subject, waiting.positions) for waiting in result.pending] == [("book", (at + 1, at + 1))]
    assert (result.book_position, result.journal_position) == (at, at + 1)


def test_the_text_names_each_difference_with_both_sides_and_its_entries(world: World) -> None:
    world.register(world.succeeding)
    world.project()
    world.execute("UPDATE book.companies SET legal_name = 'Other'")
    console = Console(file=io.StringIO(), width=80)

    print_reconciliation(world.reconcile(), console)

    assert isinstance(console.file, io.StringIO)
    told = console.file.getvalue()
    assert f"book-differs  company {world.succeeding.company_id}: legal_name (entries 1, 2, 3, 4, 5, 6, 7)" in told
    assert f"journal {world.succeeding.company['legal_name']}" in told
    assert "book    Other" in told
    assert "pending: company" in told
    assert "1 difference." in told


def test_the_command_answers_in_json_and_with_its_exit_code(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    world.register(world.succeeding)
    world.go_on()
    world.project()

    agreed = show(world.settings, as_json=True)
    report = msgspec.json.decode(capsys.readouterr().out, type=Reconciliation)
    world.execute("UPDATE book.companies SET legal_name = 'Other'")
    differed = show(world.settings, as_json=True)

    assert (agreed, report.ok, report.differences) == (0, True, [])
    assert differed == 1
    assert msgspec.json.decode(capsys.readouterr().out, type=Reconciliation).differences[0].what == "legal_name"
