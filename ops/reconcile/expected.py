"""What the book must say: the journal folded in memory by the book's own views, the domain's states laid over it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

import msgspec

from domain import campaign as campaigns
from domain import company as companies
from domain import investment as investments
from domain import investor as investors
from domain.journal import Entry
from domain.values import ChainFact, Terms
from ops.reconcile.journal import JournalSide
from projections.folding import Batch, Key, refs_of
from projections.rows import Campaign, Company, Document, Escrow, Investment, Investor, Line, Posting, Row
from projections.views import TABLES, VIEWS

Place = tuple[str, Key]  # the kind of a row and its key

# What is compared row by row; lines are compared as the balances of their accounts.
COMPARED = (Company, Campaign, Investor, Investment, Posting, Escrow)
KEYS = {table.row: table.key for table in TABLES}


class ExpectedBook:
    """The rows that entries lead to. The views say every column; where the domain's state says it too, its word counts.

    So a row changed by hand is found whatever its column, and so is a view that folds otherwise than the domain does.
    """

    def __init__(self) -> None:
        self._batch = Batch()

    def take(self, entry: Entry) -> None:
        self._batch.fold(VIEWS, [entry])

    def rows(self, journal: JournalSide) -> dict[Place, Row]:
        """The rows at the journal's position."""
        return {place_of(row): _decided(row, journal) for _, row in self._batch.changes if isinstance(row, COMPARED)}

    def balances(self) -> dict[str, int]:
        """What each account holds, over all campaigns."""
        sums: Counter[str] = Counter()
        for _, row in self._batch.changes:
            if isinstance(row, Line):
                sums[row.account] += row.amount
        return dict(sums)


def place_of(row: Row) -> Place:
    return type(row).__name__, getattr(row, KEYS[type(row)])


def touched(entries: Iterable[Entry]) -> set[Place]:
    """The rows that entries change."""
    wanted = refs_of(VIEWS, list(entries)).values()
    return {(table.row.__name__, key) for table, keys in wanted for key in keys}


def _decided(row: Row, journal: JournalSide) -> Row:
    """A row with what the domain's state says of the same thing."""
    if not isinstance(row, Company | Campaign | Investor | Investment):
        return row
    stream = journal.streams[row.id]
    said = {"position": stream.positions[0], "version": len(stream.positions), **_said(stream.state)}
    return msgspec.structs.replace(row, **said)


def _said(state: Any) -> dict[str, Any]:
    match state:
        case companies.Company():
            return _of_company(state)
        case campaigns.Campaign():
            return _of_campaign(state)
        case investors.Investor():
            return {"owner": state.owner, "wallet": state.wallet, "level": state.level}
        case investments.Investment():
            return _of_investment(state)
        case _:
            raise AssertionError(f"{type(state).__name__} is no aggregate of the book")


def _of_company(state: companies.Company) -> dict[str, Any]:
    return {
        "owner": state.owner,
        "registration_year": state.registration_year,
        "wallet": state.wallet,
        "documents": [
            Document(id=key, kind=d.kind, sha256=d.sha256, approved=d.approved) for key, d in state.documents.items()
        ],
        "kyb": state.kyb,
        "submitter": state.submitter,
        "confirmed_tx_hash": _tx(state.registered),
        "locked_by": state.locked_by,
    }


def _of_campaign(state: campaigns.Campaign) -> dict[str, Any]:
    release = state.release
    return {
        **{name: getattr(state.terms, name) for name in Terms.__struct_fields__},
        "threshold": state.terms.threshold,
        "company_id": state.company_id,
        "owner": state.owner,
        "title": state.title,
        "status": state.status,
        "terms_hash": state.terms_hash,
        "submitter": state.submitter,
        "deadline": state.deadline,
        "deployed_tx_hash": _tx(state.deployed),
        "committed": state.committed,
        "raised": state.raised,
        "funded_investments": state.funded_investments,
        "outcome": state.outcome,
        "release_id": release.id if release else None,
        "release_amount": release.amount if release else None,
        "release_fee": release.fee if release else None,
        "release_requester": release.requester if release else None,
        "released_tx_hash": _tx(state.released),
    }


def _of_investment(state: investments.Investment) -> dict[str, Any]:
    return {
        "campaign_id": state.campaign_id,
        "investor_id": state.investor_id,
        "wallet": state.wallet,
        "amount": state.amount,
        "shares": state.shares,
        "status": state.status,
        "provider": state.payment[0] if state.payment else None,
        "payment_reference": state.payment[1] if state.payment else None,
        "recorded_tx_hash": _tx(state.recorded),
        "certified_tx_hash": _tx(state.certified),
        "refunded_tx_hash": _tx(state.refunded),
        "unapplied": sum(payment.amount for payment in state.unapplied if not payment.returned),
    }


def _tx(fact: ChainFact | None) -> str | None:
    return fact.tx_hash if fact is not None else None
