"""The indexer's store, in memory and in PostgreSQL: the same checkpoint, the same local chain, the same refusals."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import msgspec
import psycopg
import pytest

from abis import RawLog
from chain_indexer.blocks import Checkpoint, Child, Confirmed, Fed, Foreign, Header, Noted, Reason, Recorded, Verdict
from chain_indexer.continuity import LocalChain
from chain_indexer.logs import ChainPosition, Logs, PlacedLog
from chain_indexer.store import CheckpointMoved, IndexerStore
from tests.simulator.stores import MemoryDatabase, MemoryIndexerStore
from tests.support.roles import as_room
from tests.support.wait import until
from tests.unit.simulator.stores_at_hand import hash_of

FACTORY = "0x" + "fa" * 20


def header(number: int, fork: str = "") -> Header:
    """With what is audited of it."""
    return Header(
        number=number,
        hash=hash_of(f"block {number}{fork}"),
        parent_hash=hash_of(f"block {number - 1}{fork}"),
        timestamp_s=1_000 + number,
        tx_hashes=(hash_of(f"tx {number}"),),
        bloom=bytes([number]) * 256,
    )


def bare(number: int) -> Header:
    return msgspec.structs.replace(header(number), tx_hashes=(), bloom=b"")


def log(number: int, index: int = 0) -> PlacedLog:
    at = ChainPosition(
        block_number=number,
        tx_index=0,
        log_index=index,
        block_hash=header(number).hash,
        tx_hash=hash_of(f"tx {number}"),
    )
    return PlacedLog(at, RawLog(address=FACTORY, topics=(bytes(32),), data=b"data"))


def fed(
    before: int,
    after: int,
    *verdicts: tuple[PlacedLog, Verdict],
    children: tuple[Child, ...] = (),
    remembered: tuple[Header, ...] = (),
) -> Fed:
    return Fed(
        before=Checkpoint(header(before)),
        after=Checkpoint(header(after)),
        logs=Logs.of(log for log, _ in verdicts),
        verdicts=tuple(verdict for _, verdict in verdicts),
        children=children,
        remembered=remembered,
    )


class Two:
    """Two indexers' connections to one database, and what their table of the checkpoint counts."""

    def __init__(self, first: Any, second: Any, dsn: str | None) -> None:
        self.first, self.second = first, second
        self._dsn = dsn

    def counts(self) -> tuple[Any, ...]:
        """Head, depth, reorgs and their greatest depth, logs, confirmed, foreign, children."""
        if self._dsn is None:
            stand = self.first.tables.stand
            reorgs = (stand.reorgs, stand.reorg_depth_max)
            kept = (stand.logs, stand.confirmed, stand.foreign_logs, stand.children)
            return (stand.head.number, stand.finality_depth, *reorgs, *kept)
        with psycopg.connect(self._dsn) as connection:
            row = connection.execute(
                "SELECT head_number, finality_depth, reorgs, reorg_depth_max, logs, confirmed, foreign_logs, children"
                " FROM indexer.checkpoint"
            ).fetchone()
        assert row is not None
        return row

    def logs(self) -> set[tuple[str, str | None, str]]:
        """Each log's place, its kind, and what became of it."""
        if self._dsn is None:
            return {
                (key, verdict.kind, type(verdict).__name__.lower())
                for key, (_, verdict) in self.first.tables.logs.items()
            }
        with psycopg.connect(self._dsn) as connection:
            return set(
                connection.execute(
                    "SELECT indexer.hex(block_hash) || ':' || indexer.hex(tx_hash) || ':' || log_index, kind, verdict"
                    " FROM indexer.logs"
                )
            )


@pytest.fixture(params=["memory", pytest.param("postgres", marks=pytest.mark.parts)])
def two(request: pytest.FixtureRequest) -> Iterator[Two]:
    if request.param == "memory":
        database = MemoryDatabase(lambda: datetime.now(UTC))
        stores = Two(MemoryIndexerStore(database), MemoryIndexerStore(database), None)
    else:
        dsn = request.getfixturevalue("database")
        room = as_room(dsn, "indexer")
        stores = Two(IndexerStore(room), IndexerStore(room), dsn)
    yield stores
    stores.first.close()
    stores.second.close()


def begin(store: Any) -> None:
    store.begin(Checkpoint(header(5)), generation="100:aa", head=header(9), finality_depth=1)


def chain(store: Any) -> LocalChain:
    remembered = store.load()
    assert remembered is not None
    found: LocalChain = remembered.chain
    return found


def test_one_of_two_leads_until_its_connection_ends(two: Two) -> None:
    assert [store.lead() for store in (two.first, two.second, two.first)] == [True, False, True]
    two.first.close()
    until(two.second.lead, "the other one leads")


def test_nothing_is_remembered_before_the_first_checkpoint(two: Two) -> None:
    assert two.first.load() is None
    two.first.saw(header(9), finality_depth=1)
    two.first.unwind(header(4), depth=1)
    with pytest.raises(CheckpointMoved):
        two.first.keep(fed(5, 6))
    assert two.second.load() is None


def test_a_checkpoint_is_laid_once_and_headers_follow_it(two: Two) -> None:
    begin(two.first)
    with pytest.raises(psycopg.errors.UniqueViolation):
        begin(two.second)
    two.first.remember([])
    two.first.remember([header(6), header(7)])
    remembered = two.second.load()
    assert (remembered.generation, remembered.head_number, remembered.children) == ("100:aa", 9, ())
    assert remembered.chain == LocalChain(Checkpoint(bare(5)), (header(6), header(7)))
    with pytest.raises(psycopg.errors.UniqueViolation):
        two.first.remember([header(8), header(7)])
    assert chain(two.second) == remembered.chain
    two.first.saw(header(12), finality_depth=3)
    assert two.counts() == (12, 3, 0, 0, 0, 0, 0, 0)


def test_what_a_reorg_took_is_forgotten_and_counted(two: Two) -> None:
    begin(two.first)
    two.first.remember([header(6), header(7), header(8)])
    two.first.unwind(header(6), depth=2)
    two.first.unwind(header(5), depth=1)
    assert chain(two.second) == LocalChain(Checkpoint(bare(5)))
    assert two.counts()[:4] == (9, 1, 2, 2)


def test_a_range_is_kept_whole_with_its_checkpoint(two: Two) -> None:
    begin(two.first)
    two.first.remember([header(6), header(7)])
    late, early = (Child(address="0x" + c * 40, created=log(n).at) for c, n in (("a", 7), ("b", 6)))
    two.first.keep(
        fed(
            5,
            7,
            (log(6), Confirmed(kind="CampaignCreated", entry_position=3, position=4)),
            (log(7), Foreign(reason=Reason.CONFLICT, kind="Conflict", detail="other", leaf=bytes(32))),
            (log(7, 1), Noted(kind="Transfer")),
            (log(7, 2), Foreign(reason=Reason.UNKNOWN_SIGNATURE)),
            children=(late, early),
            remembered=(header(8),),
        )
    )
    assert chain(two.second) == LocalChain(Checkpoint(bare(7)), (header(8),))
    assert two.second.load().children == (early.address, late.address)
    assert two.counts() == (9, 1, 0, 0, 4, 1, 2, 2)
    assert two.logs() == {
        (log(6).at.key, "CampaignCreated", "confirmed"),
        (log(7).at.key, "Conflict", "foreign"),
        (log(7, 1).at.key, "Transfer", "noted"),
        (log(7, 2).at.key, None, "foreign"),
    }


def test_a_range_that_began_at_another_checkpoint_is_not_kept(two: Two) -> None:
    begin(two.first)
    two.first.keep(fed(5, 6, (log(6), Noted(kind="Transfer"))))
    with pytest.raises(CheckpointMoved):
        two.second.keep(fed(5, 6, (log(6), Noted(kind="Transfer"))))
    with pytest.raises(psycopg.DatabaseError, match="may not go back"):
        two.first.keep(fed(6, 5))
    assert chain(two.second) == LocalChain(Checkpoint(bare(6)))
    assert two.counts()[4:] == (1, 0, 0, 0)


@pytest.mark.parametrize("twice", ["log", "child", "header"])
def test_nothing_of_a_range_is_kept_if_some_of_it_was_kept_before(two: Two, twice: str) -> None:
    begin(two.first)
    child = Child(address="0x" + "a" * 40, created=log(6).at)
    two.first.keep(fed(5, 6, (log(6), Noted(kind="Transfer")), children=(child,), remembered=(header(9),)))
    again = {
        "log": fed(6, 7, (log(7), Noted(kind="Transfer")), (log(6), Noted(kind="Transfer"))),
        "child": fed(6, 7, (log(7), Noted(kind="Transfer")), children=(child,)),
        "header": fed(6, 7, (log(7), Noted(kind="Transfer")), remembered=(header(9),)),
    }
    before = two.counts(), two.logs()
    with pytest.raises(psycopg.errors.UniqueViolation):
        two.first.keep(again[twice])
    assert (two.counts(), two.logs()) == before


def test_what_the_escrow_said_before_is_found_by_investment_and_by_payee(two: Two) -> None:
    investment, other, payee, nobody = (bytes([n]) * 32 for n in range(1, 5))

    def said(index: int, *, topics: tuple[bytes, ...], data: bytes = b"", address: str = FACTORY) -> PlacedLog:
        return PlacedLog(log(6, index).at, RawLog(address=address, topics=topics, data=data))

    deposits = [said(n, topics=(bytes(32), named, bytes(32), payee)) for n, named in ((0, investment), (1, other))]
    elsewhere = said(2, topics=(bytes(32), investment), address="0x" + "fb" * 20)
    releases = [said(n, topics=(bytes(32),), data=bytes(32) + to + bytes(32)) for n, to in ((3, payee), (4, nobody))]
    recorded: list[tuple[PlacedLog, Verdict]] = [
        (one, Recorded(kind="Deposited", position=1)) for one in [*deposits, elsewhere]
    ]
    confirmed: list[tuple[PlacedLog, Verdict]] = [
        (one, Confirmed(kind="ReleaseRecorded", entry_position=1, position=2)) for one in releases
    ]
    begin(two.first)
    two.first.keep(fed(5, 6, *recorded, *confirmed))

    assert two.first.deposits(FACTORY, {investment}) == deposits[:1]
    assert two.first.deposits(FACTORY, {investment, other}) == deposits
    assert two.first.deposits(FACTORY, {nobody}) == []
    assert two.first.releases(FACTORY, {payee}) == releases[:1]
    assert two.first.releases("0x" + "fb" * 20, {payee}) == []
    assert {verdict for _, kind, verdict in two.logs() if kind == "Deposited"} == {"recorded"}
