"""Entries of the time before payments had streams are still told: late money by its provider and reference."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from domain.campaign import CampaignApproved, CampaignDrafted, FundingReceived
from domain.investment import LatePaymentReturned, PaymentUnapplied
from domain.journal import Entry, Event, Meta
from projections import rows
from projections.folding import Batch
from projections.views import VIEWS
from tests.golden.examples import EXAMPLES
from tests.unit.domain.acts import DEFAULT as TERMS

CAMPAIGN, COMPANY, INVESTMENT = UUID(int=0xC), UUID(int=0xA), UUID(int=0x1)
META = Meta(
    at=datetime(2026, 3, 1, tzinfo=UTC), by="test", command_id=CAMPAIGN, correlation_id=CAMPAIGN, cause=None, pack="-"
)
OPENED: tuple[tuple[UUID, Event], ...] = (
    (
        CAMPAIGN,
        CampaignDrafted(campaign_id=CAMPAIGN, company_id=COMPANY, title="Roastery", terms=TERMS, owner="selam"),
    ),
    (CAMPAIGN, CampaignApproved(company_id=COMPANY, wallet="0x1", terms=TERMS, terms_hash="ab" * 32)),
)
NAMED: dict[str, Any] = {"campaign_id": CAMPAIGN, "provider": "bank", "reference": "r"}
LATE = (INVESTMENT, PaymentUnapplied(**NAMED, amount=500, recorder="maker"))
BACK = (INVESTMENT, LatePaymentReturned(**NAMED, amount=500, return_reference="back 1"))


def _entry(position: int, stream: UUID, event: Event) -> Entry:
    return Entry(
        position=position,
        stream=stream,
        version=position,
        topic=event.TOPIC,
        event=event,
        meta=META,
        leaf=b"",
        state=b"",
    )


def _folded(*told: tuple[UUID, Event]) -> list[Any]:
    batch = Batch()
    batch.fold(VIEWS, [_entry(position, *one) for position, one in enumerate((*OPENED, *told), start=1)])
    return [row for _, row in batch.changes]


def _only(kind: type[Any], found: list[Any]) -> Any:
    (row,) = [row for row in found if isinstance(row, kind)]
    return row


def test_late_money_of_an_early_journal_is_owed_until_it_has_gone_back() -> None:
    before = _folded(LATE)
    payment = _only(rows.Payment, before)
    assert (payment.state, payment.owed, payment.currency, payment.version) == ("owed", 500, TERMS.currency, 0)
    assert _only(rows.Escrow, before).owed == 500
    after = _folded(LATE, BACK)
    payment = _only(rows.Payment, after)
    assert (payment.state, payment.owed, payment.returned) == ("returned", 0, 500)
    assert (_only(rows.Escrow, after).owed, _only(rows.Escrow, after).returned) == (0, 500)
    assert sum(row.amount for row in after if isinstance(row, rows.Line)) == 0


def test_money_of_an_early_journal_counts_without_having_been_pending() -> None:
    found = _folded((CAMPAIGN, FundingReceived(investment_id=INVESTMENT, amount=700)))
    escrow = _only(rows.Escrow, found)
    assert (escrow.received, escrow.held, escrow.pending) == (700, 700, 0)
    lines = {row.account: row.amount for row in found if isinstance(row, rows.Line)}
    assert lines == {"investors": -700, "escrow": 700}


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
def test_an_entry_without_its_history_changes_nothing_that_is_not_its_own(example: Any) -> None:
    # A view never refuses an entry: what it has no row for, it leaves alone.
    entry = _entry(example.position, example.stream, example.event)
    batch = Batch()
    batch.fold(VIEWS, itertools.repeat(entry, 1))
    changed = [row for _, row in batch.changes]
    parties = [row for row in changed if isinstance(row, rows.Party)]
    assert {row.id for row in parties} <= {entry.stream}
    assert {row.position for row in changed if row not in parties} <= {entry.position}  # type: ignore[attr-defined]
