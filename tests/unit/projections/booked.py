"""A world whose every entry is posted to a book in memory at once, and what must be the same in both."""

from __future__ import annotations

from collections import Counter
from typing import Any
from uuid import UUID

from abis import Generation
from abis.generation import CONTRACTS
from chain_writer.obligations import obligation_of
from domain.campaign import Campaign
from domain.company import Company
from domain.investment import Investment
from domain.investor import Investor
from domain.journal import Entry, Event, Meta
from domain.payment import Payment
from projections import rows
from projections.folding import Batch
from projections.views import VIEWS
from tests.unit.domain.machines.watched import Transition, Watched

GENERATION = Generation(
    chain_id=100,
    genesis_hash="0x" + "00" * 32,
    addresses={contract: f"0x{number:040x}" for number, contract in enumerate(CONTRACTS, start=1)},
    code_hashes=dict.fromkeys(CONTRACTS, "0x" + "00" * 32),
    start_block=0,
)
KIND: dict[Any, Any] = {
    Company: rows.Company,
    Campaign: rows.Campaign,
    Investor: rows.Investor,
    Investment: rows.Investment,
    Payment: rows.Payment,
}
# What the domain's states and the book's rows have under the same name.
SAME: dict[Any, tuple[str, ...]] = {
    Company: (
        *("owner", "legal_name", "wallet", "kyb", "submitter", "reviewer", "valid_until", "registration"),
        *("memorandum", "locked_by", "campaign_years"),
    ),
    Campaign: (
        *("title", "status", "documents_hash", "terms_hash", "submitter", "reviewer", "opened_at", "deadline"),
        *("early_deadline", "pauser", "committed", "waiting", "raised", "commitments", "funded_investments"),
        *("held_investments", "unwinding", "unconfirmed", "reflection_until", "outcome", "refunded_investments"),
        "deployment_rejected",
    ),
    Investor: (
        *("wallet", "kyc", "level", "kyc_until", "classification", "classified_until", "test_passed_until"),
        "erased",
    ),
    Investment: (
        *("wallet", "amount", "shares", "status", "ended", "waiting", "reflection_ends_at", "change_id", "paid"),
        *("allotted", "holder", "revoked", "changing", "transfer_to"),
    ),
    Payment: ("amount", "currency", "investment_id", "campaign_id", "applied", "owed", "returned", "reversed"),
}


class Booked(Watched):
    """The same world with a book. `check_book` says whether they agree."""

    def __init__(self, seen: Counter[Transition]) -> None:
        super().__init__(seen)
        self.book = Batch()
        self.position = 0
        self.obliged: set[int] = set()

    def clone(self) -> Booked:
        other = Booked(self.seen)
        other.now, other._places, other._commands = self.now, self._places, self._commands
        other.states, other.history = dict(self.states), dict(self.history)
        other.book, other.position, other.obliged = Batch(self.book.changes), self.position, set(self.obliged)
        return other

    def _append(self, stream: UUID, event: Event) -> None:
        super()._append(stream, event)
        self.position += 1
        meta = Meta(
            at=self.now, by="test", command_id=stream, correlation_id=UUID(int=self._commands), cause=None, pack="-"
        )
        entry = Entry(
            position=self.position,
            stream=stream,
            version=self.states[stream][1],
            topic=event.TOPIC,
            event=event,
            meta=meta,
            leaf=b"",
            state=b"",
        )
        self.book.fold(VIEWS, [entry])
        if obligation_of(entry, GENERATION) is not None:
            self.obliged.add(entry.position)

    def all_of(self, kind: type[Any]) -> list[Any]:
        return [row for _, row in self.book.changes if isinstance(row, kind)]

    def check_book(self) -> None:
        self.check_streams()
        self.check_releases()
        self.check_money()
        self.check_register()
        # What the writer takes for an obligation has its posting, and nothing else has.
        assert {row.position for row in self.all_of(rows.Posting)} == self.obliged

    def check_streams(self) -> None:
        """Each state has its row, with the same status, sums and facets."""
        by_id = {row.id: row for kind in KIND.values() for row in self.all_of(kind)}
        assert set(by_id) == set(self.states)
        for stream, (state, version) in self.states.items():
            row = by_id[stream]
            assert isinstance(row, KIND[type(state)])
            assert row.version == version
            differing = {
                name: (getattr(row, name), getattr(state, name))
                for name in SAME[type(state)]
                if getattr(row, name) != getattr(state, name)
            }
            assert differing == {}

    def check_releases(self) -> None:
        """Each release that stands is in its table; those that were declined stay there too."""
        found = {
            (row.campaign_id, row.release_id): (row.amount, row.fee, row.state)
            for row in self.all_of(rows.Release)
            if row.state != "declined"
        }
        assert found == {
            (stream, release.id): (release.amount, release.fee, _state_of(release))
            for stream, (state, _) in self.states.items()
            if isinstance(state, Campaign)
            for release in state.releases
        }

    def check_money(self) -> None:
        """The lines of each campaign are its own accounts, and what its payers are owed; all of them sum to zero."""
        sums: Counter[tuple[UUID | None, str]] = Counter()
        for line in self.all_of(rows.Line):
            sums[line.campaign_id, line.account] += line.amount
        assert sum(sums.values()) == 0
        entries: Counter[tuple[int, UUID | None, str]] = Counter()
        for line in self.all_of(rows.Line):
            entries[line.position, line.campaign_id, line.currency] += line.amount
        assert not any(entries.values())  # every entry is balanced by itself, campaign by campaign
        for escrow in self.all_of(rows.Escrow):
            stream = escrow.campaign_id
            accounts = self.states[stream][0].accounts
            for name in ("investors", "escrow", "issuer", "fees", "claims"):
                assert sums[stream, name] == getattr(accounts, name)
            assert (escrow.held, escrow.released, escrow.fee) == (accounts.escrow, accounts.issuer, accounts.fees)
            assert (escrow.owed, escrow.returned) == (self._paid(stream, "owed"), self._paid(stream, "returned"))
            assert escrow.pending == self._pending(stream)
            assert (sums[stream, "owed"], sums[stream, "pending"]) == (escrow.owed, escrow.pending)
        assert sums[None, "owed"] == self._paid(None, "owed")

    def check_register(self) -> None:
        """Whom the domain takes for the holder of a certificate, the register has, once nothing is under way."""
        standing = {row.investment_id: row.wallet for row in self.all_of(rows.Holding) if row.to_position is None}
        for stream, (state, _) in self.states.items():
            if not isinstance(state, Investment) or state.changing is not None or state.given_up:
                continue
            holds = state.certified is not None and not state.revoked
            assert standing.get(stream) == (state.holder if holds else None)

    def _paid(self, campaign: UUID | None, part: str) -> int:
        payments = [state for state, _ in self.states.values() if isinstance(state, Payment)]
        return sum(getattr(payment, part) for payment in payments if payment.campaign_id == campaign)

    def _pending(self, campaign: UUID) -> int:
        shares = [state for state, _ in self.states.values() if isinstance(state, Investment)]
        return sum(share.paid for share in shares if share.campaign_id == campaign and not share.funded)


def _state_of(release: Any) -> str:
    if release.confirmed is not None:
        return "confirmed"
    return "approved" if release.approved else "requested"
