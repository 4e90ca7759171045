"""The register of holders: at every position it says what a plain replay of the journal to that position says."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from domain import investment as i
from domain.journal import Entry, Event, Meta
from domain.values import ChainFact
from projections.folding import Batch
from projections.register import as_of
from projections.rows import Certificate, Holding
from projections.views.certificates import CERTIFYING
from tests.support.story import HOLDER, Story, ledger_on, succeed
from tests.unit.projections.posted import ask, post

CAMPAIGN = UUID(int=0xC)
BEGUN = datetime(2026, 3, 1, tzinfo=UTC)
DIGEST = "ab" * 32
WALLETS = ("0xA", "0xB", "0xC")
# What may be tried next; what cannot happen to the certificate as it is, is passed over.
TRIED = st.tuples(
    st.integers(0, 2),
    st.sampled_from(("allot", "issue", "revoke", "reissue", "approve", "confirm", "transfer", "give up", "late")),
    st.sampled_from(WALLETS),
)


class Told:
    """Entries of three certificates as the domain would record them, and who holds what after each of them."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.holds: list[dict[UUID, str]] = [{}]  # by position
        self._allotted: dict[UUID, str] = {}
        self._issued: set[UUID] = set()
        self._changes: dict[UUID, list[tuple[UUID, str, str]]] = {}
        self._given_up: dict[UUID, list[tuple[UUID, str, str]]] = {}

    def attempt(self, number: int, what: str, wallet: str) -> None:
        stream = UUID(int=number + 1)
        holds = dict(self.holds[-1])
        made = self._made(stream, what, wallet, holds)
        if made is not None:
            position = len(self.entries) + 1
            at = BEGUN + timedelta(seconds=position)
            meta = Meta(at=at, by="t", command_id=stream, correlation_id=stream, cause=None, pack="-")
            self.entries.append(
                Entry(
                    position=position,
                    stream=stream,
                    version=position,
                    topic=made.TOPIC,
                    event=made,
                    meta=meta,
                    leaf=b"",
                    state=b"",
                )
            )
            self.holds.append(holds)

    def _made(self, stream: UUID, what: str, wallet: str, holds: dict[UUID, str]) -> Event | None:
        if what == "allot" and stream not in self._allotted:
            self._allotted[stream] = wallet
            return i.SharesAllotted(campaign_id=CAMPAIGN, wallet=wallet, shares=10)
        if what == "issue" and stream in self._allotted and stream not in self._issued:
            self._issued.add(stream)
            holds[stream] = self._allotted[stream]
            return i.CertificateConfirmed(token_id=str(stream.int), on_chain=self._fact())
        if stream not in self._issued:
            return None
        changes = self._changes.setdefault(stream, [])
        if what in {"revoke", "reissue", "approve"}:
            return None if changes else self._decided(stream, what, wallet, holds)
        waiting = self._given_up.setdefault(stream, []) if what == "late" else changes
        return self._settled(stream, what, waiting, holds) if waiting else None

    def _decided(self, stream: UUID, what: str, wallet: str, holds: dict[UUID, str]) -> Event | None:
        if stream not in holds and what != "reissue":
            return None
        change = UUID(int=len(self.entries) + 100)
        self._changes[stream].append((change, what, wallet))
        named: dict[str, Any] = {
            "change_id": change,
            "campaign_id": CAMPAIGN,
            "wallet": wallet,
            "reason": "r",
            "evidence": DIGEST,
        }
        match what:
            case "revoke":
                return i.CertificateRevoked(**named, shares=10)
            case "reissue":
                return i.CertificateReissued(**named, previous_wallet="0x0", shares=10)
            case _:
                return i.TransferApproved(**named, new_wallet=wallet)

    def _settled(
        self, stream: UUID, what: str, waiting: list[tuple[UUID, str, str]], holds: dict[UUID, str]
    ) -> Event | None:
        change, kind, wallet = waiting[0]
        if what == "give up":
            self._given_up.setdefault(stream, []).append(waiting.pop(0))
            return i.InvestmentPostingAbandoned(
                entry_position=1, effect=f"{kind}-certificate", reason="r", proposer="p", change_id=change, held=None
            )
        if what == "transfer" and kind == "approve":
            waiting.pop(0)
            holds[stream] = wallet
            return i.CertificateTransferred(
                change_id=change, from_wallet="0x0", to_wallet=wallet, on_chain=self._fact()
            )
        if what not in {"confirm", "late"} or kind == "approve":
            return None
        waiting.pop(0)
        if kind == "revoke":
            holds.pop(stream, None)
        else:
            holds[stream] = wallet
        return i.CertificateChangeConfirmed(change_id=change, on_chain=self._fact())

    def _fact(self) -> ChainFact:
        number = len(self.entries)
        return ChainFact(
            chain_id=1, block_number=number, block_hash="0x", tx_hash=f"0x{number}", log_index=0, entry_position=1
        )


def _rows(entries: Sequence[Entry]) -> list[Any]:
    batch = Batch()
    batch.fold([CERTIFYING], entries)
    return [row for _, row in batch.changes]


@given(st.lists(TRIED, max_size=60))
def test_at_every_position_the_register_is_what_a_replay_to_it_gives(tried: list[tuple[int, str, str]]) -> None:
    told = Told()
    for number in range(3):
        told.attempt(number, "allot", "0xA")
        told.attempt(number, "issue", "0xA")
    for one in tried:
        told.attempt(*one)
    periods = [row for row in _rows(told.entries) if isinstance(row, Holding)]
    for position, holds in enumerate(told.holds):
        then = [as_of(row, position) for row in periods if row.position <= position]
        assert {row.investment_id: row.wallet for row in then if row.to_position is None} == holds
        replayed = [row for row in _rows(told.entries[:position]) if isinstance(row, Holding)]
        assert sorted(then, key=lambda row: row.position) == sorted(replayed, key=lambda row: row.position)


@given(st.lists(TRIED, max_size=40))
def test_a_certificate_says_what_stands_of_it_in_the_register(tried: list[tuple[int, str, str]]) -> None:
    told = Told()
    for one in tried:
        told.attempt(*one)
    rows = _rows(told.entries)
    standing = {row.investment_id: row.position for row in rows if isinstance(row, Holding) and row.ended is None}
    certificates = [row for row in rows if isinstance(row, Certificate)]
    assert {row.id: row.held.position for row in certificates if row.held is not None} == standing
    for row in certificates:
        assert (row.state == "active") == (row.held is not None)
        assert (row.certified_position is None) == (row.state in {"allotted", "abandoned"})


def test_the_register_of_a_whole_story_is_asked_at_any_position(database: str) -> None:
    with ledger_on(database) as ledger:
        story: Story = succeed(ledger)
    head = post(database)
    asked = {"campaign_id": story.campaign, "limit": 10}
    first, second = ask(database, lambda book: book.register.holdings(**asked, at=head))
    assert [(row.wallet, row.shares, row.began, row.ended) for row in (first, second)] == [
        (HOLDER, 500, "issued", None),
        (HOLDER, 300, "issued", None),
    ]
    for at, expected in ((first.position - 1, []), (first.position, [first]), (second.position, [first, second])):
        assert ask(database, lambda book, at=at: book.register.holdings(**asked, at=at)) == expected
        lines = ask(database, lambda book, at=at: book.register.cap_table(story.campaign, at=at, limit=10))
        assert [line.position for line in lines] == [row.position for row in expected]
    company = {"company_id": story.company, "limit": 10}
    assert ask(database, lambda book: book.register.holdings(**company, at=head, standing=True)) == [first, second]
    (kept,) = ask(database, lambda book: book.register.certificates(campaign_id=story.campaign, limit=1))
    assert (kept.state, kept.held.position) == ("active", first.position)
