"""A lane on a chain that has London: its txs name a tip and the most that gas may cost, on a real node."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest

from chain_writer.lane import Lane
from chain_writer.transactions import is_london, read_back
from ops.stack.chain import Chain
from tests.conftest import TOOLS
from tests.support.chain import ChainAtHand, deploy_on
from tests.unit.chain_writer.house import RECORDED, REGISTERED, House, exhaust

GWEI = 10**9
PRICE_WEI, TIP_WEI, PRICE_WEI_MAX = 20 * GWEI, 2 * GWEI, 200 * GWEI


class London(Chain):
    """The development chain with the hard fork that brought base fees."""

    def command(self) -> Sequence[str]:
        return ["london" if part == "istanbul" else part for part in super().command()]


@pytest.fixture(scope="module")
def london(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChainAtHand]:
    server = London(tmp_path_factory.mktemp("london"), tools=TOOLS, block_time_s=0)
    server.start()
    chain = deploy_on(server.url, plan=tmp_path_factory.mktemp("plan") / "plan.json", gas_price_wei=PRICE_WEI)
    yield chain
    chain.rpc.close()
    server.stop()


@pytest.fixture
def dear(database: str, london: ChainAtHand) -> Iterator[House]:
    """A house on a chain where gas has a price that the blocks set."""
    snapshot = london.rpc.call("evm_snapshot")
    with House(database, london) as opened:
        yield opened
    london.rpc.call("evm_revert", snapshot)


def lane_of(house: House, *, tip_wei: int | None = TIP_WEI) -> Lane:
    return house.lane(gas_price_wei=PRICE_WEI, gas_price_wei_max=PRICE_WEI_MAX, tip_wei=tip_wei)


def raws(house: House) -> list[bytes]:
    return [bytes(raw) for (raw,) in house.rows("SELECT raw FROM writer.submissions ORDER BY lane, nonce, number")]


def base_fee_wei(house: House) -> int:
    return int(house.chain.rpc.call("eth_getBlockByNumber", "latest", False)["baseFeePerGas"], 16)


def test_what_a_lane_sends_pays_the_base_fee_and_its_tip_and_no_more(dear: House) -> None:
    dear.company()
    dear.campaign()
    dear.fund("investment")
    dear.follow()

    dear.settle(lane_of(dear))

    assert dear.questions.counts() == {"landed": 3}
    assert len(dear.logs("campaign", RECORDED)) == 1
    assert all(is_london(raw) and read_back(raw).tip_wei == TIP_WEI for raw in raws(dear))
    receipts = [
        dear.chain.rpc.call("eth_getTransactionReceipt", hash_)
        for (hash_,) in dear.rows("SELECT winner_hash FROM writer.slots")
    ]
    assert {receipt["type"] for receipt in receipts} == {"0x2"}
    paid = [int(receipt["gasUsed"], 16) * int(receipt["effectiveGasPrice"], 16) for receipt in receipts]
    (lane,) = dear.questions.lanes()
    assert int(lane.fees_wei or 0) == sum(paid)
    assert sum(paid) < (lane.gas_used or 0) * PRICE_WEI


def test_a_head_whose_price_no_block_takes_is_replaced_with_a_higher_tip(dear: House) -> None:
    # given blocks that ask for more than the price that was signed
    position = dear.company()
    dear.follow()
    lane = lane_of(dear)
    dear.chain.rpc.call("anvil_setNextBlockBaseFeePerGas", hex(3 * PRICE_WEI))
    dear.chain.mine()
    assert base_fee_wei(dear) == 3 * PRICE_WEI

    # when
    for _ in range(20):
        exhaust(lane)
        dear.chain.rpc.call("anvil_setNextBlockBaseFeePerGas", hex(3 * PRICE_WEI))
        dear.chain.mine()
    dear.settle(lane)

    # then another submission of the same nonce landed, dearer in both
    first, *_, last = map(read_back, raws(dear))
    assert last.gas_price_wei > 3 * PRICE_WEI
    assert last.tip_wei is not None
    assert first.tip_wei is not None
    assert last.tip_wei > first.tip_wei * 110 // 100
    assert (last.nonce, last.data) == (first.nonce, first.data)
    assert dear.story(position).state == "landed"
    assert len(dear.logs("IssuerRegistry", REGISTERED)) == 1


def test_a_chain_without_london_takes_what_follows_once_no_tip_is_asked_for(house: House) -> None:
    # given a tip that was set for a chain of which none of it is known
    position = house.company()
    house.follow()
    house.chain.rpc.call("anvil_setBalance", house.chain.signer, hex(10**18))
    mistaken = lane_of(house)
    for _ in range(3):
        exhaust(mistaken)
        house.chain.mine()
    mistaken.rest()
    assert house.story(position).state == "bound"
    assert {attempt.reply for attempt in house.story(position).submissions} == {"hopeless"}

    # when the setting is taken back
    house.settle(lane_of(house, tip_wei=None))

    # then the nonce was filled, and the effect went out as a legacy tx
    assert house.story(position).state == "landed"
    assert [is_london(raw) for raw in raws(house)][-1] is False
    assert len(house.logs("IssuerRegistry", REGISTERED)) == 1


def test_a_lane_without_a_tip_pays_its_way_there_too(dear: House) -> None:
    dear.company()
    dear.follow()
    dear.settle(lane_of(dear, tip_wei=None))

    assert {is_london(raw) for raw in raws(dear)} == {False}
    assert dear.questions.counts() == {"landed": 1}
