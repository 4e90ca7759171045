"""The simulated chain by itself: its beginning, its blocks, forks, halts, prices, and the same again from a seed."""

from __future__ import annotations

import itertools
from collections import Counter
from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from abis import campaign_address, decode
from abis.hashing import keccak
from abis.logs import InvestmentRecorded, RoleGranted
from chain_indexer.continuity import first_break
from chain_writer.pins import check_chain, check_codes
from chain_writer.transactions import Fields, read_back
from tests.simulator.chain.chain import SimChain
from tests.simulator.chain.faults import Faults
from tests.simulator.chain.indexer_node import SimIndexerNode
from tests.simulator.chain.node import SimNode
from tests.simulator.chain.signing import SimSigner, parsed
from tests.simulator.chain.weather import WEATHER, befall
from tests.support.wallets import wallet_of
from tests.unit.simulator.chains_at_hand import (
    BEGUN_S,
    CAMPAIGN,
    PERIOD_S,
    Simulated,
    call,
    count,
    creation,
    investment,
    refusal,
    registration,
    send,
    signed,
)

RICH_WEI = 10**18


@pytest.fixture
def world() -> Simulated:
    return Simulated(writer=wallet_of("writer"), admin=wallet_of("admin"))


def opened(world: Simulated) -> str:
    call(world, world.generation.addresses["IssuerRegistry"], registration())
    call(world, world.generation.addresses["CampaignFactory"], creation())
    return campaign_address(world.generation, CAMPAIGN)


def recorded(world: Simulated) -> int:
    return sum(isinstance(decode(log.raw), InvestmentRecorded) for log in world.chain.logs())


# Signatures.


@pytest.mark.parametrize("address", [wallet_of("writer"), "0x" + "00" * 3 + "0a" * 17])
def test_signed_bytes_are_read_back_and_name_their_sender(address: str) -> None:
    fields = Fields(chain_id=100, nonce=7, to=wallet_of("to"), data=b"\1" * 70, gas_limit=21_000, gas_price_wei=5)
    signer = SimSigner(address)
    made = signer.sign(fields)

    assert read_back(made.raw) == fields
    assert signer.sign(fields) == made
    assert made.hash == "0x" + keccak(made.raw).hex()
    assert parsed(made.raw).sender == address.lower()
    assert SimSigner(wallet_of("other")).sign(fields).hash != made.hash


# The beginning.


def test_the_contracts_are_there_from_the_first_block_on_with_the_roles_of_the_writers(world: Simulated) -> None:
    generation, seen = world.generation, world.node.look(world.writer.address, [])
    check_chain(generation, chain_id=seen.chain_id, genesis_hash=seen.genesis_hash)
    check_codes(generation, world.node.code_hashes(list(generation.addresses.values())))
    assert all(world.chain.code(place, at=world.chain.blocks[0]) == b"" for place in generation.addresses.values())

    granted = [decode(log.raw) for log in world.chain.logs()]
    assert Counter(type(log) for log in granted) == {RoleGranted: 6}
    assert {log.account for log in granted if isinstance(log, RoleGranted)} == {
        world.writer.address,
        generation.addresses["FundEscrow"],
    }


def test_a_generation_of_the_same_chain_is_always_the_same() -> None:
    ones = [Simulated(writer=wallet_of(name), admin=wallet_of("admin")) for name in ("one", "two")]
    assert ones[0].generation == ones[1].generation


# Blocks.


def test_blocks_are_linked_and_no_earlier_than_the_clock(world: Simulated) -> None:
    world.mine(5)
    world.now_s -= 100  # a clock that goes back
    world.mine(2)
    headers = [block.for_indexer for block in world.chain.blocks]
    assert first_break(headers[0], headers[1:]) is None
    assert all(a.timestamp_s < b.timestamp_s for a, b in itertools.pairwise(headers))
    assert headers[6].timestamp_s == BEGUN_S + 5 * PERIOD_S


def test_a_block_is_closed_by_the_first_tx_that_does_not_fit(world: Simulated) -> None:
    dear, cheap = world.account("dear"), world.account("cheap")
    world.endow(dear.address, RICH_WEI)
    world.endow(cheap.address, RICH_WEI)
    send(world, dear, 0, gas_price_wei=9)
    send(world, dear, 1, gas_price_wei=8, gas_limit=5_230_000)
    send(world, cheap, 0, gas_price_wei=7, gas_limit=21_000)
    world.mine()
    assert [receipt.tx.gas_price for receipt in world.chain.head.receipts] == [9]
    world.mine()
    assert [receipt.tx.gas_price for receipt in world.chain.head.receipts] == [8, 7]


def test_ties_go_to_the_lowest_nonce_whoever_waits(world: Simulated) -> None:
    old, new = world.account("old"), world.account("new")
    for nonce in range(2):
        send(world, old, nonce)
    world.mine()
    send(world, old, 2)
    send(world, new, 0)
    world.mine()
    assert [receipt.tx.nonce for receipt in world.chain.head.receipts] == [0, 2]


def test_who_cannot_pay_any_more_waits_in_the_pool(world: Simulated) -> None:
    by = world.account("sender")
    world.endow(by.address, 100_000)
    for nonce in range(2):
        send(world, by, nonce, gas_price_wei=1)
    world.mine()
    assert count(world, by) == 1
    assert world.chain.balance(by.address) == 79_000
    world.endow(by.address, 100_000)
    world.mine()
    assert count(world, by) == 2


def test_validators_may_ask_for_more_than_the_pool_does(world: Simulated) -> None:
    by = world.account("sender")
    world.endow(by.address, RICH_WEI)
    world.chain.raise_floor(10, blocks=5)
    send(world, by, 0)
    world.mine()
    assert world.node.funds(by.address) == (RICH_WEI, 10)
    assert count(world, by) == 0
    send(world, by, 0, gas_price_wei=10)
    send(world, by, 1)
    world.mine()
    assert count(world, by) == 1
    world.mine(3)
    assert (count(world, by), world.chain.floor_wei) == (2, 0)


def test_who_is_censored_waits_and_others_do_not(world: Simulated) -> None:
    by, other = world.account("sender"), world.account("other")
    world.chain.censored.add(by.address.lower())
    send(world, by, 0)
    send(world, other, 0)
    world.mine()
    assert (count(world, by), count(world, other)) == (0, 1)
    world.chain.resume()
    world.mine()
    assert count(world, by) == 1


def test_a_halted_chain_makes_no_blocks_and_takes_txs(world: Simulated) -> None:
    by, number = world.account("sender"), world.chain.height
    world.chain.halt(blocks=3)
    send(world, by, 0)
    world.mine(3)
    assert world.chain.height == number
    world.mine()
    assert (world.chain.height, count(world, by)) == (number + 1, 1)


def test_a_call_to_nowhere_costs_its_bytes(world: Simulated) -> None:
    send(world, world.account("sender"), 0, data=b"\x01\x00\x02")
    world.mine()
    assert [receipt.gas_used for receipt in world.chain.head.receipts] == [21_000 + 2 * 16 + 4]


# Forks.


def test_what_a_reorg_lost_is_mined_again_if_it_returns(world: Simulated) -> None:
    campaign = opened(world)
    for number in range(3):
        call(world, campaign, investment(number, amount=10_000))
    before = [block.hash for block in world.chain.blocks]
    nonces = world.chain.nonces(world.writer.address)

    world.chain.reorg(3, drop=False)
    after = [block.hash for block in world.chain.blocks]
    world.mine(2)

    assert after[:-3] == before[:-3]
    assert not set(after[-3:]) & set(before)
    assert [block.hash for block in world.chain.lost] == before
    assert world.chain.nonces(world.writer.address) == nonces
    assert recorded(world) == 3


def test_what_a_reorg_lost_is_gone_if_it_does_not_return(world: Simulated) -> None:
    campaign = opened(world)
    one = send(world, world.writer, 2, to=campaign, data=investment(1, amount=10_000), gas_limit=200_000)
    world.mine()
    waiting = send(world, world.writer, 3, to=campaign, data=investment(2, amount=10_000), gas_limit=200_000)

    world.chain.reorg(1, drop=True)
    world.mine(2)

    assert (recorded(world), count(world, world.writer)) == (0, 2)
    assert refusal(world, waiting) == "already known"  # it waits for what was lost
    assert refusal(world, one) is None
    world.mine()
    assert recorded(world) == 2


def test_a_reorg_never_takes_the_contracts(world: Simulated) -> None:
    first = world.chain.blocks[:2]
    world.chain.reorg(5, drop=False)
    assert world.chain.blocks == first
    world.mine(2)
    world.chain.reorg(50, drop=False)
    assert (world.chain.blocks[:2], world.chain.height) == (first, 3)


def test_final_blocks_are_those_below_a_depth(world: Simulated) -> None:
    world.mine(4)
    assert world.chain.final(0) is world.chain.head
    assert world.chain.final(2).number == world.chain.height - 2
    assert world.chain.final(99).number == 0


def test_a_chain_that_begins_anew_has_the_same_id_and_nothing_else(world: Simulated) -> None:
    opened(world)
    genesis = world.chain.blocks[0].hash
    world.chain.regenesis()
    world.mine()
    seen = world.node.look(world.writer.address, [0])
    assert (seen.chain_id, seen.head.number, seen.count) == (world.generation.chain_id, 1, 0)
    assert seen.genesis_hash == world.chain.blocks[0].hash != genesis
    assert not list(world.chain.logs())
    assert world.chain.code(world.generation.addresses["IssuerRegistry"]) == b""


# The same again.


def test_a_snapshot_brings_back_everything(world: Simulated) -> None:
    campaign = opened(world)
    send(world, world.writer, 2, to=campaign, data=investment(1, amount=10_000), gas_limit=200_000)
    world.chain.delay(signed(world, world.account("late"), 0).raw, blocks=2)
    taken, digest = world.chain.snapshot(), _told(world.chain)

    world.mine(4)
    world.chain.reorg(2, drop=True)
    world.chain.restart_pool()
    world.chain.censored.add("0x" + "00" * 20)
    assert _told(world.chain) != digest
    world.chain.restore(taken)
    assert _told(world.chain) == digest
    world.mine(3)
    assert (recorded(world), count(world, world.account("late"))) == (1, 1)
    world.chain.restore(taken)
    assert _told(world.chain) == digest


def _told(chain: SimChain) -> object:
    pool = {address: (account.next_nonce, sorted(account.txs)) for address, account in chain.pool.accounts.items()}
    return (
        [block.hash for block in chain.blocks],
        pool,
        list(chain.arriving),
        set(chain.censored),
        len(list(chain.logs())),
    )


def storm(seed: int) -> tuple[list[str], Counter[str]]:
    """A hundred blocks of bad weather over a sender who sends the same bytes again and again, then a calm."""
    random, now = Random(seed), [datetime.fromtimestamp(BEGUN_S, UTC)]
    signer = SimSigner(wallet_of("writer"))
    chain = SimChain(chain_id=100, random=random, clock=lambda: now[0], writers=[signer.address])
    faults = Faults.drawn(random)
    node, indexer = SimNode(chain, faults, random), SimIndexerNode(chain, faults, random)
    fields = [
        Fields(chain_id=100, nonce=nonce, to=signer.address, data=b"", gas_limit=21_000, gas_price_wei=10**6 * nonce)
        for nonce in range(40)
    ]
    raws = [signer.sign(one).raw for one in fields]
    for block in range(160):
        if block == 100:
            faults.calm()
        befall(chain, faults, random, finality_depth=2)
        now[0] += timedelta(seconds=PERIOD_S)
        chain.mine()
        node.send(raws[chain.count(signer.address) :][:20])
        assert [one.number for one in chain.blocks] == list(range(chain.height + 1))
    assert sorted(chain.nonces(signer.address)) == list(range(40))
    head = indexer.look([]).head
    assert first_break(chain.blocks[0].for_indexer, indexer.headers(1, head.number)) is None
    return [one.hash for one in chain.blocks], faults.struck


def test_whatever_befalls_it_every_nonce_is_mined_in_the_end_and_a_seed_tells_the_same_story() -> None:
    struck: Counter[str] = Counter()
    for seed in range(30):
        blocks, kinds = storm(seed)
        struck.update(kinds)
        if seed < 3:
            assert storm(seed) == (blocks, kinds)
    assert set(WEATHER) <= set(struck)
