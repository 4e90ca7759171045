"""What is copied by hand in binary form arrives in PostgreSQL as it was given."""

from __future__ import annotations

from contextlib import closing

import psycopg

from abis import RawLog
from chain_indexer.blocks import Checkpoint, Confirmed, Fed, Foreign, Header, Imported, Noted, Reason, Recorded, Verdict
from chain_indexer.logs import ChainPosition, Logs, PlacedLog
from chain_indexer.store import IndexerStore
from tests.support.roles import as_room

BLOCK = Header(number=2**40, hash="0x" + "0b" * 32, parent_hash="0x" + "0a" * 32, timestamp_s=1)
BEFORE = Header(number=2**40 - 1, hash="0x" + "0a" * 32, parent_hash="0x" + "00" * 32, timestamp_s=0)


def _log(index: int, topics: tuple[bytes, ...], data: bytes) -> PlacedLog:
    at = ChainPosition(
        block_number=BLOCK.number, tx_index=7, log_index=index, block_hash=BLOCK.hash, tx_hash="0x" + "7e" * 32
    )
    return PlacedLog(at, RawLog("0x" + "ad" * 20, topics, data))


def test_logs_and_verdicts_of_every_kind_arrive_whole(database: str) -> None:
    verdicts: list[tuple[PlacedLog, Verdict]] = [
        (_log(0, (), b""), Noted(kind="Transfer")),
        (_log(1, (b"\0" * 32,), bytes(range(256))), Confirmed(kind="CampaignClosed", entry_position=3, position=2**40)),
        (
            _log(2, (b"\\" * 32, b"\t" * 32), b"\n\\N"),
            Confirmed(kind="CampaignClosed", entry_position=4, position=None),
        ),
        (_log(3, (b"\xff" * 32,) * 4, b"x" * 100_000), Recorded(kind="Deposited", position=9)),
        (_log(4, (b"1" * 32,), b"1"), Foreign(reason=Reason.UNKNOWN_SIGNATURE)),
        (_log(5, (b"2" * 32,), b"2"), Foreign(reason=Reason.CONFLICT, kind="Conflict", entry_position=5)),
        (_log(6, (b"3" * 32,), b"3"), Imported(kind=None)),
        (_log(7, (b"4" * 32,), b"4"), Imported(kind="Locked")),
    ]
    with closing(IndexerStore(as_room(database, "indexer"))) as store:
        store.begin(Checkpoint(BEFORE), generation="g", head=BLOCK, finality_depth=0)
        fed = Fed(
            before=Checkpoint(BEFORE),
            after=Checkpoint(BLOCK),
            logs=Logs.of(log for log, _ in verdicts),
            verdicts=tuple(verdict for _, verdict in verdicts),
            children=(),
            remembered=(),
        )
        store.keep(fed)
    with psycopg.connect(database) as owner:
        rows = owner.execute("SELECT * FROM indexer.logs ORDER BY log_index").fetchall()
    with closing(IndexerStore(as_room(database, "indexer"))) as store:
        assert store.logs_between(BLOCK.number, BLOCK.number) == [log for log, _ in verdicts]
    block_hash, tx_hash, emitter = bytes.fromhex(BLOCK.hash[2:]), b"\x7e" * 32, b"\xad" * 20
    assert [row[:8] for row in rows] == [
        (BLOCK.number, block_hash, 7, n, tx_hash, emitter, b"".join(log.raw.topics), log.raw.data)
        for n, (log, _) in enumerate(verdicts)
    ]
    assert [row[8:] for row in rows] == [
        ("Transfer", "noted", None, None),
        ("CampaignClosed", "confirmed", 3, 2**40),
        ("CampaignClosed", "confirmed", 4, None),
        ("Deposited", "recorded", None, 9),
        (None, "foreign", None, None),
        ("Conflict", "foreign", 5, None),
        (None, "imported", None, None),
        ("Locked", "imported", None, None),
    ]
