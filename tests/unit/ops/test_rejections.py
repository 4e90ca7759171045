"""A final rejection, through the real chain: released it is confirmed; given up, it is expected no longer."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from contextlib import ExitStack, closing
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg.rows import namedtuple_row

from abis import calls
from abis.hashing import keccak
from chain_writer.follower import Follower
from chain_writer.lane import Lane
from chain_writer.means import no_crash
from chain_writer.node import Node
from chain_writer.questions import Questions
from chain_writer.reporter import Reporter
from chain_writer.signer import KeySigner
from chain_writer.store import WriterStore
from domain import commands as c
from domain.journal import JournalReader
from domain.topics import codec
from ops.reconcile.journal import JournalSide
from ops.reconcile.postings import compare_postings
from tests.support.roles import as_room
from tests.support.world import STRANGER, World

LANE = "lane-0"
ROUNDS_MAX = 80
OTHER = "0x" + "b2" * 20


class Writer:
    """The writer of a world: follows, drives one lane, and reports."""

    def __init__(self, world: World, opened: ExitStack) -> None:
        dsn = as_room(world.database, "writer")
        self._world = world
        self._questions = opened.enter_context(closing(Questions(as_room(world.database, "api"))))
        store = opened.enter_context(closing(WriterStore(dsn)))
        reader = opened.enter_context(closing(JournalReader(dsn, codec=codec())))
        self._follower = Follower(reader, store, world.chain.generation, [LANE])
        self._reporter = Reporter(store, world.ledger)
        self._lane = Lane(
            LANE,
            store=opened.enter_context(closing(WriterStore(dsn))),
            node=opened.enter_context(closing(Node(world.chain.url))),
            signer=KeySigner(world.chain.signer_key),
            generation=world.chain.generation,
            clock=lambda: datetime.now(UTC),
            owner="worker",
            gas_price_wei=0,
            gas_price_wei_max=0,
            finality_depth=1,
            crash=no_crash,
        )

    def follow(self) -> None:
        while self._follower.step().advanced:
            pass

    def work(self) -> None:
        """Until all that the journal obliges is on the chain, or reported as rejected."""
        self.follow()
        for _ in range(ROUNDS_MAX):
            while self._lane.step().advanced:
                pass
            counts = self._questions.counts()
            in_flight = sum(lane.in_flight for lane in self._questions.lanes())
            if not counts.get("queued", 0) + counts.get("bound", 0) + in_flight:
                break
            self._world.chain.mine()
        while self._reporter.step().advanced:
            pass


@pytest.fixture
def writer(world: World) -> Iterator[Writer]:
    with ExitStack() as opened:
        yield Writer(world, opened)


def rejected(world: World, stream: UUID) -> dict[str, Any]:
    """What a decision about the last rejection of a stream names."""
    entry = [e for e in world.reader.stream(stream) if e.topic.endswith(".posting_rejected")][-1]
    return {"stream": stream, "entry_position": entry.event.entry_position}  # type: ignore[attr-defined]


def states(world: World, stream: UUID) -> list[str]:
    return [e.topic.partition(".")[2] for e in world.reader.stream(stream)]


def test_a_rejected_posting_is_mended_released_and_confirmed_under_its_own_entry(world: World, writer: Writer) -> None:
    # given a certificate that somebody revoked on the chain, so that the approval of a transfer is refused for good
    world.finish()
    commitment = world.succeeding.commitments[0]
    investment = commitment.investment_id
    certificates = world.chain.generation.addresses["NFTShareCertificate"]
    world.grant_stranger("NFTShareCertificate", "REGISTRAR_ROLE")
    by_hand: dict[str, Any] = {
        "investment_id": investment,
        "evidence": keccak(b"evidence"),
        "entry": keccak(b"nothing of ours"),
    }
    world.chain.send(certificates, calls.revoke_certificate(change_id=uuid4(), **by_hand), key=STRANGER)
    world.change_certificate(commitment, kind="transfer", wallet=OTHER)
    writer.work()
    assert states(world, investment)[-1] == "posting_rejected"
    place = rejected(world, investment)

    # when the certificate is given back, and an operator releases the effect
    holder = commitment.investor.wallet
    world.chain.send(certificates, calls.reissue_certificate(change_id=uuid4(), holder=holder, **by_hand), key=STRANGER)
    world.give("operator", c.ReleasePosting(**place, reason="the certificate is given back"))
    writer.work()
    world.index()

    # then the chain has it once, and the journal hears of it under the entry that obliged it
    shown = posting(world, place["entry_position"])
    assert (shown.state, shown.released_by) == ("confirmed", "operator:operator")
    assert shown.release_reason == "the certificate is given back"
    assert shown.rejection_position < shown.release_position < shown.confirmation_position
    assert states(world, investment)[-2:] == ["posting_released", "certificate_change_confirmed"]
    confirmed = world.entry(investment, "investment.certificate_change_confirmed").event
    assert confirmed.on_chain.entry_position == place["entry_position"]  # type: ignore[attr-defined]


def test_a_rejected_posting_that_two_people_give_up_is_expected_no_longer(world: World, writer: Writer) -> None:
    # given
    company, place = registered_by_hand(world, writer)
    kinds = {difference.kind for difference in world.reconcile().differences}
    assert "posting-rejected" in kinds

    # when two people go on without it
    world.give("operator", c.ProposeAbandonment(**place, reason="registered by hand with another wallet"))
    world.give("compliance", c.ApproveAbandonment(**place))

    # then the issuer may submit anew, and nobody waits for it; what is foreign there stays named
    state: Any = (world.ledger.load(company) or (None, 0))[0]
    assert state.kyb == "info_required"
    after = {difference.kind for difference in world.reconcile().differences}
    assert "posting-rejected" not in after
    assert "abandoned-on-chain" not in after
    shown = posting(world, place["entry_position"])
    assert (shown.state, shown.rejection_code, shown.release_position) == ("abandoned", "conflict", None)
    assert (shown.proposed_by, shown.proposal_reason) == ("operator:operator", "registered by hand with another wallet")
    assert shown.abandoned_by == "compliance:compliance"
    assert shown.rejection_position < shown.proposal_position < shown.abandonment_position


def test_what_was_given_up_and_is_on_the_chain_all_the_same_is_named(world: World, writer: Writer) -> None:
    _, place = registered_by_hand(world, writer)
    world.give("operator", c.ProposeAbandonment(**place, reason="registered by hand with another wallet"))
    world.give("compliance", c.ApproveAbandonment(**place))
    journal = JournalSide(world.chain.generation)
    with closing(JournalReader(as_room(world.database, "api"), codec=codec())) as reader:
        deque(journal.read(reader), maxlen=0)
    nowhere = dict.fromkeys(journal.obligations, b"")
    there = nowhere | {place["entry_position"]: journal.obligations[place["entry_position"]].digest}

    found = [
        [one.kind for one in compare_postings(journal, digests=digests, met={}, moved={}, checkpoint=0).differences]
        for digests in (nowhere, there)
    ]

    assert found == [[], ["abandoned-on-chain"]]


def registered_by_hand(world: World, writer: Writer) -> tuple[UUID, Any]:
    """A company that somebody registered with another wallet, so that ours is refused; and the place of the refusal."""
    company = world.succeeding.company_id
    world.grant_stranger("IssuerRegistry", "REGISTRAR_ROLE")
    other = calls.register(company_id=company, wallet=OTHER, documents_hash=bytes(32), entry=keccak(b"not ours"))
    world.chain.send(world.chain.generation.addresses["IssuerRegistry"], other, key=STRANGER)
    world.register(world.succeeding)
    writer.work()
    return company, rejected(world, company)


def posting(world: World, position: int) -> Any:
    """The book's row of what an entry obliged."""
    world.project()
    with psycopg.connect(world.database) as owner, owner.cursor(row_factory=namedtuple_row) as rows:
        return rows.execute("SELECT * FROM book.postings WHERE position = %s", (position,)).fetchone()
