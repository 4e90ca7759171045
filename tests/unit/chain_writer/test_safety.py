"""What a lane will not do: sign for another chain, double another's work, believe a node, lose what a pool lost."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from eth_account import Account

from abis.hashing import checksummed
from chain_writer.errors import ChainWentBack, NodeLies, Quarantined, SignerChanged, WrongChain
from chain_writer.lane import RENEW_EVERY_S
from chain_writer.signer import KeySigner, Signed
from chain_writer.transactions import Fields
from tests.unit.chain_writer.house import RECORDED, REGISTERED, House, exhaust
from tests.unit.chain_writer.nodes import (
    DeafNode,
    LateReceiptsNode,
    OtherChainNode,
    RenamingNode,
    SayingNode,
)
from tests.unit.chain_writer.test_lane import grant_all


@pytest.mark.parametrize(
    "lie", [{"chain_id": 1}, {"genesis_hash": "0x" + "12" * 32}, {"code_hash": "0x" + "34" * 32}], ids=str
)
def test_nothing_is_signed_for_another_chain_or_other_contracts(house: House, lie: dict[str, object]) -> None:
    house.company()
    house.follow()
    node = OtherChainNode(house.chain.url, **lie)
    lane = house.lane(node=node)

    with pytest.raises(WrongChain):
        lane.step()

    node.close()
    assert house.rows("SELECT count(*) FROM writer.slots") == [(0,)]
    assert house.rows("SELECT count(*) FROM writer.submissions") == [(0,)]


def test_a_node_that_turns_to_another_chain_stops_the_lane_in_the_middle(house: House) -> None:
    node = OtherChainNode(house.chain.url)
    lane = house.lane(node=node)
    lane.step()
    house.company()
    house.follow()
    node._lie = {"genesis_hash": "0x" + "12" * 32}

    with pytest.raises(WrongChain):
        lane.step()

    node.close()
    assert house.rows("SELECT count(*) FROM writer.slots") == [(0,)]


def test_of_two_workers_on_one_lane_one_stands_by_and_nothing_doubles(house: House) -> None:
    # given two workers, interleaved step by step
    house.company()
    house.campaign()
    for number in range(5):
        house.fund(f"investment-{number}")
    house.follow()
    first, second = house.lane(owner="first"), house.lane(owner="second")

    # when
    advanced = {"first": 0, "second": 0}
    for _ in range(20):
        advanced["first"] += first.step().advanced
        advanced["second"] += second.step().advanced
        house.chain.mine()

    # then
    assert advanced["second"] == 0
    assert house.questions.counts() == {"landed": 7}
    assert len(house.logs("campaign", RECORDED)) == 5


def test_a_worker_that_rests_hands_its_lane_over_at_once(house: House) -> None:
    house.company()
    house.follow()
    first, second = house.lane(owner="first"), house.lane(owner="second")
    exhaust(first)
    first.rest()

    house.settle(second)

    assert len(house.logs("IssuerRegistry", REGISTERED)) == 1


def test_a_worker_that_was_overtaken_writes_nothing_more(house: House) -> None:
    # given a worker that fell asleep, and another that took its lane over under the same name
    house.company()
    house.follow()
    asleep, awake = house.lane(), house.lane()
    asleep.step()
    awake.step()

    # when it wakes up
    assert asleep.step().advanced == 0

    # then it begins anew as any other, and nothing is doubled
    house.settle(asleep)
    assert len(house.logs("IssuerRegistry", REGISTERED)) == 1
    assert house.rows("SELECT count(*) FROM writer.slots") == [(1,)]


def test_a_worker_with_a_slow_signer_holds_on_to_its_lease_between_signatures(house: House) -> None:
    # given a campaign for each of several signatures, each of which takes longer than a lease is left alone
    house.company()
    for number in range(4):
        house.campaign(f"campaign-{number}")
    house.follow()
    lane = house.lane()
    house.settle(lane)
    for number in range(4):
        house.fund(f"investment-{number}", campaign=f"campaign-{number}")
    house.follow()
    leased: list[datetime] = []
    sign = KeySigner.sign

    def slowly(signer: KeySigner, fields: Fields) -> Signed:
        leased.extend(until for (until,) in house.rows("SELECT lease_until FROM writer.lanes"))
        house.now += timedelta(seconds=RENEW_EVERY_S)
        return sign(signer, fields)

    # when they are signed in one step
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(KeySigner, "sign", slowly)
        lane.step()

    # then each found the lease newer than the one before
    assert len(leased) == 4
    assert leased == sorted(set(leased))
    assert house.rows("SELECT count(*) FROM writer.slots WHERE state = 'live'") == [(4,)]


def test_a_worker_that_loses_its_lease_while_it_signs_binds_nothing(house: House) -> None:
    house.company()
    house.follow()
    slow, other = house.lane(owner="slow"), house.lane(owner="other")
    sign = KeySigner.sign

    def overtaken(signer: KeySigner, fields: Fields) -> Signed:
        house.rows("UPDATE writer.lanes SET lease_until = now() RETURNING lane")
        patched.undo()
        exhaust(other)
        return sign(signer, fields)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(KeySigner, "sign", overtaken)
        assert slow.step().advanced == 0

    house.settle(other)
    assert len(house.logs("IssuerRegistry", REGISTERED)) == 1
    assert house.rows("SELECT count(*) FROM writer.submissions") == [(1,)]


def test_a_lost_block_takes_back_what_was_mined_and_it_is_sent_again(house: House) -> None:
    # given a registration that was seen in a block
    position = house.company()
    house.follow()
    lane = house.lane()
    exhaust(lane)
    before = house.chain.rpc.call("evm_snapshot")
    house.chain.mine()
    exhaust(lane)
    assert house.story(position).slot_state == "mined"

    # when the chain loses that block and goes on without it
    house.chain.rpc.call("evm_revert", before)
    house.chain.rpc.call("anvil_dropAllTransactions")
    house.chain.mine(2)
    exhaust(lane)
    assert house.story(position).slot_state == "live"

    # then the same bytes land
    house.settle(lane)
    assert house.story(position).state == "landed"
    assert len(house.logs("IssuerRegistry", REGISTERED)) == 1
    assert len(house.story(position).submissions) == 1


def test_a_lost_final_block_stops_the_lane(house: House) -> None:
    before = house.chain.rpc.call("evm_snapshot")
    house.company()
    house.follow()
    lane = house.lane()
    house.settle(lane)

    house.chain.rpc.call("evm_revert", before)
    house.chain.mine(10)

    with pytest.raises(ChainWentBack):
        exhaust(lane)


def test_a_tx_that_a_pool_forgot_is_sent_again_until_it_is_mined(house: House) -> None:
    position = house.company()
    house.follow()
    lane = house.lane()
    exhaust(lane)
    house.chain.rpc.call("anvil_dropAllTransactions")

    house.settle(lane)

    assert house.story(position).state == "landed"
    assert house.story(position).submissions[0].sends >= 2


def test_a_deaf_node_costs_time_and_a_higher_price_only_where_one_can_be_paid(house: House) -> None:
    # given a signer without coin, and a node that says "already known" and does nothing
    position = house.company()
    house.follow()
    node = DeafNode(house.chain.url)
    lane = house.lane(node=node, gas_price_wei_max=1_000)
    for _ in range(40):
        exhaust(lane)
        house.chain.mine()
    assert len(house.story(position).submissions) == 1

    # when it can pay
    house.chain.rpc.call("anvil_setBalance", house.chain.signer, hex(10**18))
    exhaust(lane)
    prices = [submission.gas_price_wei for submission in house.story(position).submissions]
    assert prices[0] == 0
    assert 0 < prices[-1] <= 1_000

    # then the dearest lands when the node hears
    node.deaf = False
    house.settle(lane)
    node.close()
    assert len(house.logs("IssuerRegistry", REGISTERED)) == 1


@pytest.mark.parametrize("forwards", [True, False], ids=["it-arrived", "it-did-not"])
@pytest.mark.parametrize(
    "text",
    [
        "nonce too low",
        "replacement tx underpriced",
        "no answer: ReadTimeout",
        "something that nobody has ever seen",
        "insufficient funds for gas * price + value",
        "txpool is full",
    ],
)
def test_no_reply_ever_frees_a_nonce(house: House, text: str, forwards: bool) -> None:  # noqa: FBT001
    # given a node that answers every send so, whether or not the tx arrived
    house.company()
    house.follow()
    node = SayingNode(house.chain.url, text=text, forwards=forwards)
    lane = house.lane(node=node)
    for _ in range(4):
        exhaust(lane)

    # when it answers as it should
    node.text = None
    house.settle(lane)
    node.close()

    # then there was one nonce and one effect
    assert house.rows("SELECT count(*) FROM writer.slots") == [(1,)]
    assert len(house.logs("IssuerRegistry", REGISTERED)) == 1


def test_a_reply_that_nobody_knows_is_counted(house: House) -> None:
    house.company()
    house.follow()
    node = SayingNode(house.chain.url, text="Flux capacitor 42 drained", forwards=True)
    exhaust(house.lane(node=node))
    node.close()

    assert house.rows("SELECT text, seen FROM writer.unknown_replies") == [("flux capacitor # drained", 1)]
    assert house.questions.unknown_replies() == 1


def test_bytes_that_can_never_run_are_replaced_by_a_filler_and_their_intents_go_on(house: House) -> None:
    position = house.company()
    house.follow()
    node = SayingNode(house.chain.url, text="exceeds block gas limit", forwards=False)
    lane = house.lane(node=node)
    exhaust(lane)
    exhaust(lane)
    node.text = None

    house.settle(lane)
    node.close()

    story = house.story(position)
    assert (story.state, story.releases) == ("landed", 1)
    assert house.rows("SELECT winner FROM writer.slots ORDER BY nonce") == [("filler",), ("effect",)]
    assert len(house.logs("IssuerRegistry", REGISTERED)) == 1


def test_a_node_that_renames_a_tx_stops_the_lane(house: House) -> None:
    house.company()
    house.follow()
    node = RenamingNode(house.chain.url)

    with pytest.raises(NodeLies):
        exhaust(house.lane(node=node))

    node.close()


def test_a_block_without_its_receipts_concludes_nothing(house: House) -> None:
    position = house.company()
    house.follow()
    node = LateReceiptsNode(house.chain.url)
    lane = house.lane(node=node)
    exhaust(lane)
    house.chain.mine(5)
    exhaust(lane)
    assert house.story(position).slot_state == "mined"

    node.late = False
    house.settle(lane)
    node.close()
    assert house.story(position).state == "landed"


def test_a_foreign_use_of_the_key_stops_the_lane_until_an_operator_has_looked(house: House) -> None:
    # given a lane, and a tx that somebody signed with its key
    position = house.company()
    house.follow()
    lane = house.lane()
    exhaust(lane)
    house.chain.rpc.call("anvil_dropAllTransactions")
    house.chain.send(checksummed("0x" + "cd" * 20), b"")

    # when
    with pytest.raises(Quarantined):
        exhaust(lane)
    with pytest.raises(Quarantined):
        house.lane().step()

    # then, released by an operator, the intent that rode in that nonce lands in another
    assert house.new_store().reinstate("lane-0") == 1
    house.settle(lane)
    assert house.story(position).state == "landed"
    assert len(house.logs("IssuerRegistry", REGISTERED)) == 1


def test_a_lane_whose_former_key_has_open_nonces_waits_for_them(house: House) -> None:
    house.company()
    house.follow()
    former = house.lane()
    exhaust(former)
    former.rest()
    key = "0x" + "5c" * 32
    grant_key = Account.from_key(key).address

    with pytest.raises(SignerChanged):
        house.lane(key=key).step()

    house.settle(former)
    grant_all(house, grant_key)
    house.company("second")
    house.follow()
    house.settle(house.lane(key=key))
    assert house.questions.counts() == {"landed": 2}


def test_a_signer_shows_nothing_of_its_key(house: House) -> None:
    signer = KeySigner(house.chain.signer_key)
    assert house.chain.signer_key[2:] not in f"{signer!r} {signer} {vars(house.lane())}"
