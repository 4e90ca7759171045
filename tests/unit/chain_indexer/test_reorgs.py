"""The development chain's own reorgs, of every depth that is not final, in the middle of a running campaign."""

from __future__ import annotations

from collections import Counter
from typing import Any

from abis import campaign_address
from domain.journal import JournalReader
from domain.topics import codec
from projections.runner import Runner
from projections.store import BookStore
from tests.support.roles import as_room
from tests.unit.chain_indexer.parts import World, caught_up, named

DEPTHS = range(1, 9)


def test_reorgs_of_every_depth_leave_journal_book_store_and_chain_agreed(world: World) -> None:
    indexer = world.indexer(finality_depth=max(DEPTHS))

    def settle() -> None:
        world.chain.mine(max(DEPTHS) + 1)
        caught_up(indexer)

    world.post_registration(world.kyb_approved())
    settle()
    world.post_campaign(world.campaign_approved("a"))
    settle()
    for depth in DEPTHS:
        entry = world.investment_funded(f"i{depth}", campaign="a", amount=100_000)
        world.post_investments(entry)
        world.chain.mine(depth - 1)
        caught_up(indexer)
        before = world.rows("SELECT reorgs FROM indexer.checkpoint")
        world.chain.rpc.call("anvil_reorg", depth, [])
        caught_up(indexer)
        assert world.rows("SELECT reorgs, reorg_depth_max FROM indexer.checkpoint") == [(before[0][0] + 1, depth)]
        world.chain.mine()  # if the chain kept the tx, it is in this block
        world.post_investments(entry)
        settle()
    _agree(world)


def _agree(world: World) -> None:
    addresses = [*world.generation.addresses.values(), campaign_address(world.generation, named("a"))]
    logs = world.chain.rpc.call("eth_getLogs", {"fromBlock": "0x1", "toBlock": "latest", "address": addresses})
    names = [(log["blockHash"], log["transactionHash"], int(log["logIndex"], 16)) for log in logs]
    order = "ORDER BY block_number, tx_index, log_index"
    assert (
        world.rows(f"SELECT indexer.hex(block_hash), indexer.hex(tx_hash), log_index FROM indexer.logs {order}")
        == names
    )
    confirmed = world.journal.entries("investment.recording_confirmed")
    assert Counter(entry.stream for entry in confirmed) == {named(f"i{depth}"): 1 for depth in DEPTHS}
    in_blocks = {log["blockHash"] for log in logs}
    for entry in confirmed:
        fact = entry.event
        assert fact.on_chain.block_hash in in_blocks  # type: ignore[attr-defined]
    _book_agrees(world, logs)


def _book_agrees(world: World, logs: list[dict[str, Any]]) -> None:
    """Every posting that was made is confirmed in the book by the very log that the chain has now, and by no other."""
    reader, store = JournalReader(as_room(world.dsn, "book"), codec=codec()), BookStore(as_room(world.dsn, "book"))
    runner = Runner(reader, store)
    while runner.step().advanced:
        pass
    store.close()
    reader.close()
    on_chain = {(log["blockHash"], log["transactionHash"], int(log["logIndex"], 16)) for log in logs}
    postings = world.rows("SELECT block_hash, tx_hash, log_index FROM book.postings WHERE state = 'confirmed'")
    assert set(postings) <= on_chain
    assert len(set(postings)) == len(postings) == len(DEPTHS) + 2  # the company, the campaign, and each investment
    recorded = world.rows("SELECT recorded_tx_hash, recorded_block FROM book.investments")
    assert len(recorded) == len(DEPTHS)
    assert set(recorded) <= {(log["transactionHash"], int(log["blockNumber"], 16)) for log in logs}
