"""The simulated pool, and a node's before a real chain: both take, refuse, replace and forget the same txs."""

from __future__ import annotations

from chain_writer.blocks import Answered
from tests.unit.simulator.chains_at_hand import World, count, refusal, send, signed

RICH_WEI = 10**18


def test_what_is_wrong_at_sight_is_refused_in_the_same_words(world: World) -> None:
    by = world.account("sender")

    def said(nonce: int = 0, **fields: object) -> str | None:
        return refusal(world, signed(world, by, nonce, **fields))

    assert said(data=b"\0" * 131_073, gas_limit=5_000_000) == "oversized data"
    assert said(gas_limit=20_999) == "intrinsic gas too low"
    assert said(gas_limit=6_000_000) == "exceeds block gas limit"
    assert said(gas_price_wei=1) == "insufficient funds for gas * price + value"
    assert said(value=1) == "insufficient funds for gas * price + value"
    assert said() is None


def test_a_tx_of_another_chain_has_no_sender_here(world: World) -> None:
    by = world.account("sender")

    assert refusal(world, signed(world, by, 0, chain_id=99)) == "cannot extract signature"


def test_a_replacement_needs_one_wei_more(world: World) -> None:
    by = world.account("sender")
    world.endow(by.address, RICH_WEI)
    first = send(world, by, 0)

    assert refusal(world, first) == "already known"
    assert refusal(world, signed(world, by, 0, gas_limit=100_001)) == "replacement tx underpriced"
    second = send(world, by, 0, gas_price_wei=1)
    world.mine()

    gone, mined = world.node.receipts([first.hash, second.hash])
    assert gone is None
    assert mined is not None
    assert mined.succeeded
    assert refusal(world, first) == refusal(world, second) == "nonce too low"


def test_what_waits_behind_a_hole_is_mined_when_the_hole_is_filled(world: World) -> None:
    by = world.account("sender")
    for nonce in (2, 1):
        send(world, by, nonce)
    world.mine()
    assert count(world, by) == 0

    send(world, by, 0)
    world.mine()

    assert count(world, by) == 3


def test_128_txs_may_wait_behind_a_hole_and_the_next_nonce_always_may(world: World) -> None:
    by, other = world.account("sender"), world.account("other")
    for nonce in range(129, 1, -1):
        send(world, by, nonce)

    assert refusal(world, signed(world, by, 1)) == "maximum number of enqueued transactions reached"
    send(world, by, 0)
    for nonce in range(130):
        send(world, other, nonce)


def test_an_account_without_a_mined_tx_for_ten_blocks_is_dropped(world: World) -> None:
    by = world.account("sender")
    waiting = [signed(world, by, nonce) for nonce in (1, 2)]
    assert [refusal(world, one) for one in waiting] == [None, None]
    world.mine(9)
    assert [refusal(world, one) for one in waiting] == ["already known"] * 2

    world.mine()

    assert [refusal(world, one) for one in waiting] == [None, None]


def test_a_mined_tx_gives_its_account_ten_blocks_more(world: World) -> None:
    by = world.account("sender")
    waiting = send(world, by, 2)
    world.mine(9)
    send(world, by, 0)
    world.mine(10)
    assert refusal(world, waiting) == "already known"

    world.mine()

    assert refusal(world, waiting) is None


def test_above_four_fifths_the_future_is_refused_and_wiped(world: World) -> None:
    world.allow_slots(10)
    steady, gapped = world.account("steady"), world.account("gapped")
    for nonce in range(8):
        send(world, steady, nonce)
    future = send(world, gapped, 5)

    assert refusal(world, signed(world, steady, 9)) == "rejected future tx due to low slots"
    for nonce in (8, 9):
        send(world, steady, nonce)
    assert refusal(world, signed(world, steady, 10)) == "txpool is full"
    world.mine()

    assert count(world, steady) == 10
    assert refusal(world, future) is None  # not known: it was wiped


def test_what_no_validator_got_is_known_and_never_mined(world: World) -> None:
    by = world.account("sender")
    lost = signed(world, by, 0)
    world.swallow(lost)
    send(world, by, 1)
    world.mine(9)

    assert refusal(world, lost) == "already known"
    assert count(world, by) == 0
    world.mine()
    for nonce in (0, 1):
        send(world, by, nonce)
    world.mine()

    assert count(world, by) == 2


def test_a_better_price_leads_out_of_the_hole(world: World) -> None:
    by = world.account("sender")
    world.endow(by.address, RICH_WEI)
    world.swallow(signed(world, by, 0))

    send(world, by, 0, gas_price_wei=1)
    world.mine()

    assert count(world, by) == 1


def test_a_restart_empties_the_pool(world: World) -> None:
    by, other = world.account("sender"), world.account("other")
    one, lost = send(world, by, 0), signed(world, other, 0)
    world.swallow(lost)
    world.restart()

    assert refusal(world, lost) is None
    world.mine()
    assert (count(world, by), count(world, other)) == (0, 1)
    assert refusal(world, one) is None


def test_a_block_has_the_dearest_first_and_each_account_in_the_order_of_its_nonces(world: World) -> None:
    cheap, dear = world.account("cheap"), world.account("dear")
    world.endow(dear.address, RICH_WEI)
    world.endow(cheap.address, RICH_WEI)
    sent = [send(world, cheap, nonce, gas_price_wei=5 + nonce) for nonce in (0, 1)]
    sent += [send(world, dear, nonce, gas_price_wei=9 - nonce) for nonce in (1, 0)]
    world.mine()

    head = world.node.look(cheap.address, []).head.number
    (block,) = world.node.blocks(head, head)

    assert [tx.hash for tx in block.txs] == [sent[3].hash, sent[2].hash, sent[0].hash, sent[1].hash]
    assert [(tx.sender, tx.nonce) for tx in block.txs[:2]] == [(dear.address.lower(), n) for n in (0, 1)]


def test_a_batch_is_answered_one_by_one(world: World) -> None:
    by = world.account("sender")
    ones = [signed(world, by, nonce) for nonce in range(25)]
    assert world.node.send([one.raw for one in ones]) == [Answered(one.hash, None) for one in ones]
    world.mine()

    assert world.node.send([ones[0].raw, signed(world, by, 25).raw])[0] == Answered(None, "nonce too low")
    assert count(world, by) == 25
