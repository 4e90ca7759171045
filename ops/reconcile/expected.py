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
from domain import payment as payments
from domain.journal import Entry
from domain.values import ChainFact, Terms
from ops.reconcile.book import named
from ops.reconcile.journal import JournalSide
from projections.folding import Batch, Key, refs_of
from projections.rows import (
    Campaign,
    Certificate,
    Company,
    Escrow,
    Investment,
    Investor,
    Line,
    Payment,
    Posting,
    Release,
    Row,
    Update,
)
from projections.views import TABLES, VIEWS

Place = tuple[str, Key]  # the kind of a row and its key

# What is compared row by row; lines are compared as the balances of their accounts.
COMPARED = (Company, Campaign, Release, Update, Investor, Investment, Payment, Posting, Escrow, Certificate)
Streamed = Company | Campaign | Investor | Investment | Payment
KEYS = {table.row: table.key for table in TABLES}

# What the domain's states say under the same name as the book's rows do.
COMPANY_SAYS = (
    *("owner", "legal_name", "sector", "registration_year", "wallet", "kyb", "submitter", "reviewer", "valid_until"),
    *("registration", "memorandum", "locked_by", "campaign_years"),
)
CAMPAIGN_SAYS = (
    *("company_id", "owner", "title", "status", "documents_hash", "submitter", "reviewer", "terms_hash", "opened_at"),
    *("deadline", "early_deadline", "pauser", "committed", "waiting", "raised", "commitments", "funded_investments"),
    *("held_investments", "unwinding", "unconfirmed", "reflection_until", "outcome", "refunded_investments"),
    *("deployment_rejected", "emergency_at"),
)
INVESTOR_SAYS = (
    *("owner", "wallet", "kyc", "level", "kyc_until", "classification", "classified_until", "test_passed_until"),
    "erased",
)
INVESTMENT_SAYS = (
    *("campaign_id", "investor_id", "wallet", "amount", "shares", "status", "waiting", "reflection_ends_at"),
    *("change_id", "paid", "allotted", "holder", "revoked", "changing", "transfer_to"),
)
PAYMENT_SAYS = (
    *("provider", "reference", "currency", "amount", "recorder", "investment_id", "campaign_id"),
    *("applied", "owed", "returned", "reversed"),
)


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
                sums[named(row.account, row.currency)] += row.amount
        return dict(sums)


def place_of(row: Row) -> Place:
    return type(row).__name__, getattr(row, KEYS[type(row)])


def touched(entries: Iterable[Entry]) -> set[Place]:
    """The rows that entries change."""
    wanted = refs_of(VIEWS, list(entries)).values()
    return {(table.row.__name__, key) for table, keys in wanted for key in keys}


def _decided(row: Row, journal: JournalSide) -> Row:
    """A row with what the domain's state says of the same thing."""
    if isinstance(row, Escrow):
        return msgspec.structs.replace(row, **_of_accounts(journal.streams[row.campaign_id].state))
    stream = journal.streams.get(row.id) if isinstance(row, Streamed) else None
    if stream is None:  # a row of another kind, or of an entry older than the streams of payments
        return row
    said = {"position": stream.positions[0], "version": len(stream.positions), **_said(stream.state)}
    return msgspec.structs.replace(row, **said)


def _said(state: Any) -> dict[str, Any]:
    match state:
        case companies.Company():
            return _of_company(state)
        case campaigns.Campaign():
            return _of_campaign(state)
        case investors.Investor():
            return {name: getattr(state, name) for name in INVESTOR_SAYS}
        case investments.Investment():
            return _of_investment(state)
        case payments.Payment():
            return {name: getattr(state, name) for name in PAYMENT_SAYS}
        case _:
            raise AssertionError(f"{type(state).__name__} is no aggregate of the book")


def _of_company(state: companies.Company) -> dict[str, Any]:
    return {
        **{name: getattr(state, name) for name in COMPANY_SAYS},
        "documents_hash": state.documents_hash if state.documents else None,
        "suspended_by": state.suspension.by if state.suspension else None,
        "rotation_wallet": state.rotation.wallet if state.rotation else None,
        "memorandum_number": state.memorandum_version,
        "confirmed_tx_hash": _tx(state.registered),
    }


def _of_campaign(state: campaigns.Campaign) -> dict[str, Any]:
    terms = {name: getattr(state.terms, name) for name in Terms.__struct_fields__ if name != "milestones"}
    return {
        **terms,
        **{name: getattr(state, name) for name in CAMPAIGN_SAYS},
        "threshold": state.terms.threshold,
        "deployed_tx_hash": _tx(state.deployed),
        "cancellation_requester": state.cancellation.requester if state.cancellation else None,
        "releases_confirmed": sum(release.confirmed is not None for release in state.releases),
    }


def _of_investment(state: investments.Investment) -> dict[str, Any]:
    return {
        **{name: getattr(state, name) for name in INVESTMENT_SAYS},
        "cancelled_reason": state.cancelled,
        "lapsed_reason": state.lapsed,
        "recorded_tx_hash": _tx(state.recorded),
        "certified_tx_hash": _tx(state.certified),
        "refunded_tx_hash": _tx(state.refunded),
    }


def _of_accounts(state: campaigns.Campaign) -> dict[str, int]:
    """The campaign's own accounts; what its payers are owed is added up from the lines."""
    accounts = state.accounts
    claimed = {"claimed": -accounts.claims}
    return {"held": accounts.escrow, "released": accounts.issuer, "fee": accounts.fees, **claimed}


def _tx(fact: ChainFact | None) -> str | None:
    return fact.tx_hash if fact is not None else None
