"""Both ports to a node, over the simulated chain and over a real one: the same answers in the same forms."""

from __future__ import annotations

import itertools

import msgspec
import pytest

from abis import calls, campaign_address, decode, to_bytes32
from abis.calls import selector
from abis.logs import CampaignCreated, InvestmentRecorded, IssuerRegistered
from chain_indexer.completeness import differing
from chain_indexer.node import NodeLagging, RangeRefused
from chain_writer.node import NodeUnavailable
from chain_writer.pins import NO_CODE_HASH, clone_code_hash
from chain_writer.replies import Passed, Refused
from tests.unit.simulator.chains_at_hand import (
    CAMPAIGN,
    COMPANY,
    WALLET,
    World,
    call,
    count,
    creation,
    entry,
    investment,
    investment_id,
    registration,
    send,
)

DIGEST_OF = selector("digestOf(bytes32)")


def opened(world: World) -> str:
    """A company and a campaign of it; the campaign's contract."""
    places = world.generation.addresses
    call(world, places["IssuerRegistry"], registration())
    call(world, places["CampaignFactory"], creation())
    return campaign_address(world.generation, CAMPAIGN)


def contracts(world: World) -> list[str]:
    return [address.lower() for address in world.generation.addresses.values()]


def test_a_look_is_of_one_chain(world: World) -> None:
    world.mine(3)
    seen = world.node.look(world.writer.address, [0, 1])

    ahead = seen.head.number + 5
    assert world.node.look(world.writer.address, [0, ahead]).headers == {0: seen.headers[0], ahead: None}
    assert seen.genesis_hash == world.generation.genesis_hash
    assert seen.chain_id == world.generation.chain_id
    assert (seen.headers[0] or seen.head).hash == seen.genesis_hash


def test_a_count_is_of_the_block_that_is_told_with_it(world: World) -> None:
    before = world.node.look(world.writer.address, [])
    call(world, world.generation.addresses["IssuerRegistry"], registration())
    after = world.node.look(world.writer.address, [])

    counts = {seen.count: world.node.count_at(world.writer.address, seen.head.number) for seen in (before, after)}
    assert counts == {before.count: (before.count, before.head), before.count + 1: (before.count + 1, after.head)}
    with pytest.raises(NodeUnavailable):
        world.node.count_at(world.writer.address, after.head.number + 5)


def test_blocks_follow_each_other_as_far_as_there_are_any(world: World) -> None:
    world.mine(25)
    head = world.node.look(world.writer.address, []).head

    found = world.node.blocks(1, head.number + 9)

    assert [block.header.number for block in found] == list(range(1, head.number + 1))
    assert all(b.header.parent_hash == a.header.hash for a, b in itertools.pairwise(found))
    assert found[-1].header == head
    assert world.node.blocks(head.number + 1, head.number + 2) == []


def test_a_call_is_in_its_block_with_its_receipt_and_its_logs(world: World) -> None:
    campaign = opened(world)
    receipt = call(world, campaign, investment(1, amount=60_000))

    (block,) = world.node.blocks(receipt.block_number, receipt.block_number)
    (tx,) = block.txs
    assert (tx.sender, tx.nonce, tx.to) == (world.writer.address.lower(), 2, campaign.lower())
    assert (tx.data, block.header.hash) == (investment(1, amount=60_000), receipt.block_hash)
    assert receipt.succeeded
    (log,) = map(decode, receipt.logs)
    assert isinstance(log, InvestmentRecorded)
    assert (log.amount, log.entry) == (60_000, entry(1_001))
    assert world.node.receipts([tx.hash, "0x" + "77" * 32]) == [receipt, None]


def test_a_call_that_reverts_or_runs_out_of_gas_uses_its_nonce_and_logs_nothing(world: World) -> None:
    campaign = opened(world)
    failed = [
        call(world, campaign, calls.close(successful=True, raised=1, entry=entry(9))),
        call(world, campaign, investment(1, amount=60_000), gas_limit=40_000),
    ]

    assert [(receipt.succeeded, receipt.logs) for receipt in failed] == [(False, ())] * 2
    assert count(world, world.writer) == 4


def test_the_words_of_a_contract_are_those_of_the_block_that_was_asked_for(world: World) -> None:
    campaign = opened(world)
    before = world.node.look(world.writer.address, []).head.number
    call(world, campaign, investment(1, amount=60_000))
    key = DIGEST_OF + COMPANY.bytes + bytes(16)
    recorded = DIGEST_OF + to_bytes32(investment_id(1))
    asked = [(campaign, recorded), (world.generation.addresses["IssuerRegistry"], key), (WALLET, key)]

    then = world.node.words(asked, block=before)
    now = world.node.words(asked, block=before + 1)

    assert then[0] == then[2] == now[2] == bytes(32)
    assert int.from_bytes(now[0][16:], "big") == 60_000
    assert then[1] == now[1] != bytes(32)
    assert world.node.words([asked[0]], block=before - 1) == [bytes(32)]  # the contract is a block old
    with pytest.raises(NodeUnavailable):
        world.node.words(asked, block=before + 9)


def test_what_would_pass_is_told_from_what_would_be_refused(world: World) -> None:
    campaign = opened(world)
    sender = world.writer.address

    passes = world.node.simulate(to=campaign, data=investment(1, amount=60_000), sender=sender)
    closes = world.node.simulate(
        to=campaign, data=calls.close(successful=True, raised=1, entry=entry(9)), sender=sender
    )
    stranger = world.node.simulate(to=campaign, data=investment(1, amount=60_000), sender=WALLET)
    nothing = world.node.simulate(to=campaign, data=selector("nothing()"), sender=sender)

    assert isinstance(passes, Passed)
    assert isinstance(closes, Refused)
    assert (closes.revert.code, closes.revert.custom) == ("RaisedMismatch", True)
    assert isinstance(stranger, Refused)
    assert stranger.revert.text.lower() == f"notoperator({WALLET})"
    assert isinstance(nothing, Refused)
    assert (nothing.revert.code, nothing.revert.text) == ("reverted", "reverted without a reason")


def test_a_campaign_is_a_clone_and_elsewhere_there_is_no_code(world: World) -> None:
    campaign = campaign_address(world.generation, CAMPAIGN)
    assert world.node.code_hashes([campaign]) == {campaign: NO_CODE_HASH}

    opened(world)

    assert world.node.code_hashes([campaign]) == {campaign: clone_code_hash(world.generation)}


def test_funds_are_the_balance_and_a_price(world: World) -> None:
    by = world.account("sender")
    world.endow(by.address, 12_345)

    assert world.node.funds(by.address) == (12_345, 0)


def test_coin_pays_for_gas_and_goes_where_it_is_sent(world: World) -> None:
    by, receiver = world.account("sender"), world.account("receiver")
    world.endow(by.address, 1_000_000)
    send(world, by, 0, to=receiver.address, value=500, gas_limit=21_000, gas_price_wei=2)
    world.mine()

    assert world.node.funds(by.address)[0] == 1_000_000 - 500 - 42_000
    assert world.node.funds(receiver.address)[0] == 500


# The indexer's port.


def test_headers_and_logs_are_the_same_by_range_by_block_and_by_receipts(world: World) -> None:
    campaign = opened(world)
    call(world, campaign, investment(1, amount=60_000))
    world.mine(2)
    addresses = [*contracts(world), campaign.lower()]
    head = world.indexer.look([]).head

    headers = world.indexer.headers(1, head.number)
    ranged = world.indexer.logs(1, head.number, addresses)

    by_block = [log for header in headers for log in world.indexer.logs_of(header, addresses).logs]
    assert ranged.last == head == headers[-1]
    assert list(ranged.logs) == by_block == sorted(by_block, key=lambda log: log.at)
    assert differing(ranged.logs, world.indexer.logs_by_receipts(headers, addresses)) is None
    kinds = [type(decode(log.raw)) for log in ranged.logs]
    assert kinds[-3:] == [IssuerRegistered, CampaignCreated, InvestmentRecorded]
    assert all(b.parent_hash == a.hash for a, b in itertools.pairwise(headers))
    assert all(b.timestamp_s >= a.timestamp_s for a, b in itertools.pairwise(headers))
    assert not any(head.bloom)


def test_only_the_logs_of_the_contracts_asked_for_are_given(world: World) -> None:
    campaign = opened(world)
    call(world, campaign, investment(1, amount=60_000))
    head = world.indexer.look([]).head.number

    (log,) = world.indexer.logs(1, head, [campaign.lower()]).logs

    assert log.raw.address == campaign.lower()
    assert log.at.block_number == head


def test_what_the_node_does_not_have_it_cannot_give(world: World) -> None:
    head = world.indexer.look([]).head
    stranger = msgspec.structs.replace(head, hash="0x" + "77" * 32)
    ghost = msgspec.structs.replace(head, tx_hashes=("0x" + "77" * 32,))

    with pytest.raises(NodeLagging):
        world.indexer.headers(1, head.number + 1)
    with pytest.raises(NodeLagging):
        world.indexer.logs(1, head.number + 1, contracts(world))
    with pytest.raises(RangeRefused):
        world.indexer.logs_of(stranger, contracts(world))
    with pytest.raises(NodeLagging):
        world.indexer.logs_by_receipts([ghost], contracts(world))


def test_a_node_that_lags_shows_an_older_chain_and_nothing_else(world: World) -> None:
    campaign = opened(world)
    receipt = call(world, campaign, investment(1, amount=60_000))
    head = world.indexer.look([]).head
    key = DIGEST_OF + to_bytes32(investment_id(1))

    world.lag(1)

    assert world.indexer.look([]).head.number == head.number - 1
    seen = world.node.look(world.writer.address, [head.number])
    assert (seen.head.number, seen.count, seen.headers) == (head.number - 1, 2, {head.number: None})
    assert world.node.receipts([_tx(world, receipt.block_number)]) == [None]
    with pytest.raises(NodeUnavailable):
        world.node.words([(campaign, key)], block=head.number)
    with pytest.raises(NodeLagging):
        world.indexer.logs_of(head, contracts(world))


def _tx(world: World, number: int) -> str:
    world.lag(0)
    (block,) = world.node.blocks(number, number)
    world.lag(1)
    return block.txs[0].hash
