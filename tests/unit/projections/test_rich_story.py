"""Rows come back from the database as they were folded, whatever they hold and however the journal was cut."""

from __future__ import annotations

import pytest

from domain.journal import JournalReader
from domain.topics import codec
from projections.folding import Batch, refs_of
from projections.store import BookStore
from projections.views import TABLES, VIEWS
from tests.support.roles import as_room
from tests.unit.domain.acts import CAMPAIGN, investor_id
from tests.unit.projections.posted import ask, empty, post, rows_hash, runner_module


def test_every_row_comes_back_as_it_was_folded(rich: str) -> None:
    post(rich)
    reader, store = JournalReader(as_room(rich, "book"), codec=codec()), BookStore(as_room(rich, "book"))
    try:
        entries = reader.read(after=0, limit=1_000)
        batch = Batch()
        batch.fold(VIEWS, entries)
        folded = {(table.name, table.key_of(row)): row for table, row in batch.changes}
        wanted = {table.name: (table, {key for name, key in folded if name == table.name}) for table in TABLES}
        stored = {(table.name, table.key_of(row)): row for table, row in store.load(wanted)}
    finally:
        store.close()
        reader.close()
    assert stored == folded
    assert {name for name, _ in stored} == {table.name for table in TABLES}
    assert set(refs_of(VIEWS, entries)) <= {table.name for table in TABLES}


def test_entry_by_entry_gives_the_rows_that_one_batch_gives(rich: str, monkeypatch: pytest.MonkeyPatch) -> None:
    post(rich)
    at_once = rows_hash(rich)
    for size in (1, 7):
        empty(rich)
        monkeypatch.setattr(runner_module, "ENTRIES_PER_STEP_MAX", size)
        post(rich)
        assert rows_hash(rich) == at_once


def test_the_portfolio_of_the_rich_story_accounts_for_every_payment(rich: str) -> None:
    position = post(rich)
    for number, held in ((1, 50), (2, 0)):
        (stake,) = ask(rich, lambda book, number=number: book.portfolios.of(investor_id(number)))
        parts = (stake.pending, stake.counted, stake.refunded, stake.owed, stake.returned, stake.reversed)
        assert stake.received == sum(parts)
        assert (stake.committed, stake.counted, stake.currency) == (50_000, 50_000, "ETB")
        assert (stake.certificates, stake.shares_held) == ((1, held) if held else (0, 0))
    accounts = ask(rich, lambda book: book.trial_balance(campaign_id=CAMPAIGN, at=position))
    assert sum(row.balance for row in accounts) == 0 == sum(row.debits - row.credits for row in accounts)
    assert any(row.debits for row in accounts)


def test_the_trial_balance_of_the_rich_story_is_zero(rich: str) -> None:
    post(rich)
    balances = {row.account: row.balance for row in ask(rich, lambda book: book.trial_balance())}
    assert sum(balances.values()) == 0
    assert (balances["owed"], balances["payers"], balances["investors"]) == (7_000, -7_000, -100_000)
