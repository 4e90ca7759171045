"""A lane's fees over time: counted from what was signed, whoever restarts, and never above the limit of the window."""

from __future__ import annotations

from pathlib import Path

import msgspec
import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain_writer.errors import SpendingExceeded
from chain_writer.intents import Purpose, Spent
from chain_writer.lane import Lane
from chain_writer.policy import Spending, cost_of
from chain_writer.signer import KeySigner
from chain_writer.transactions import Fields, read_back
from ops import status
from ops.settings import Settings
from tests.unit.chain_writer.house import FINALITY_DEPTH, LANE, House, exhaust

PRICE_WEI = 1_000
WINDOW_H = 24
FIELDS = Fields(chain_id=100, nonce=7, to="0x" + "11" * 20, data=b"", gas_limit=100, gas_price_wei=10)


@given(spent_wei=st.integers(min_value=0, max_value=10**30), fees_wei_max=st.integers(min_value=0, max_value=10**30))
def test_a_fee_is_allowed_exactly_as_long_as_the_window_has_room(spent_wei: int, fees_wei_max: int) -> None:
    spending = Spending(fees_wei_max=fees_wei_max, window_h=WINDOW_H)
    if spent_wei + 1_000 <= fees_wei_max:
        spending.check(FIELDS, spent=Spent(0, spent_wei))
        return
    with pytest.raises(SpendingExceeded) as refused:
        spending.check(FIELDS, spent=Spent(0, spent_wei))
    for figure in ("nonce 7", "1000 wei", f"{spent_wei} of {fees_wei_max} wei", f"{WINDOW_H} h"):
        assert figure in str(refused.value)


def test_what_costs_nothing_is_always_allowed() -> None:
    free = msgspec.structs.replace(FIELDS, gas_price_wei=0)
    for fees_wei_max in (0, 5):
        Spending(fees_wei_max=fees_wei_max, window_h=1).check(free, spent=Spent(9, 9))
    with pytest.raises(SpendingExceeded):
        Spending(fees_wei_max=0, window_h=1).check(FIELDS, spent=Spent())


@given(gas=st.integers(min_value=0, max_value=10**12), gas_max=st.integers(min_value=0, max_value=10**12))
def test_where_gas_is_free_it_is_bounded_by_itself(gas: int, gas_max: int) -> None:
    free = msgspec.structs.replace(FIELDS, gas_price_wei=0)
    spending = Spending(fees_wei_max=0, gas_max=gas_max, window_h=WINDOW_H)
    if gas + 100 <= gas_max:
        spending.check(free, spent=Spent(gas, 0))
        return
    with pytest.raises(SpendingExceeded) as refused:
        spending.check(free, spent=Spent(gas, 0))
    for figure in ("nonce 7", "100 gas", f"{gas} of {gas_max}", "TANDEM_GAS_MAX"):
        assert figure in str(refused.value)


def lane_of(house: House, *, fees_wei_max: int, gas_max: int | None = None) -> Lane:
    house.chain.rpc.call("anvil_setBalance", house.chain.signer, hex(10**18))
    return Lane(
        LANE,
        store=house.new_store(),
        node=house.new_node(),
        signer=KeySigner(house.chain.signer_key),
        generation=house.generation,
        clock=lambda: house.now,
        owner="worker",
        gas_price_wei=PRICE_WEI,
        gas_price_wei_max=PRICE_WEI,
        finality_depth=FINALITY_DEPTH,
        spending=Spending(fees_wei_max=fees_wei_max, gas_max=gas_max, window_h=WINDOW_H),
    )


def signed_wei(house: House) -> int:
    (row,) = house.rows("SELECT sum(gas_limit * gas_price_wei)::bigint FROM writer.submissions")
    return int(row[0])


def test_a_lane_at_its_limit_signs_nothing_even_when_it_is_built_anew_and_goes_on_when_the_window_has_moved(
    house: House,
) -> None:
    # given a lane that has spent what its window allows
    house.company()
    house.follow()
    house.settle(lane_of(house, fees_wei_max=10**18))
    limit_wei = signed_wei(house)
    house.campaign()
    house.follow()

    # when and then
    for _ in range(2):
        with pytest.raises(SpendingExceeded, match=f"{limit_wei} of {limit_wei} wei are"):
            exhaust(lane_of(house, fees_wei_max=limit_wei))
    assert house.rows("SELECT count(*) FROM writer.submissions") == [(1,)]
    assert house.questions.counts() == {"landed": 1, "queued": 1}

    # and when a day is over
    with psycopg.connect(house.database) as connection:
        connection.execute("UPDATE writer.submissions SET made_at = made_at - interval '25 hours'")
    house.settle(lane_of(house, fees_wei_max=10**18))
    assert house.questions.counts() == {"landed": 2}
    assert house.store.spent(house.lane_id, window_h=WINDOW_H, besides=-1).fees_wei == signed_wei(house) - limit_wei
    assert house.store.spent(house.lane_id, window_h=2 * WINDOW_H, besides=-1).fees_wei == signed_wei(house)


def test_what_is_signed_in_one_step_counts_together(house: House) -> None:
    # given two campaigns, each of which takes a nonce, and gas for one of them
    house.company()
    house.campaign("before")
    house.follow()
    house.settle(lane_of(house, fees_wei_max=10**18))
    ((used, each),) = house.rows("SELECT sum(gas_limit)::bigint, max(gas_limit) FROM writer.submissions")
    house.campaign("one")
    house.campaign("other")
    house.follow()

    # when
    with pytest.raises(SpendingExceeded, match="TANDEM_GAS_MAX"):
        exhaust(lane_of(house, fees_wei_max=10**18, gas_max=used + each * 3 // 2))

    # then the first is bound, and counted before the second is signed
    assert house.questions.counts() == {"landed": 2, "bound": 1, "queued": 1}


def test_of_each_nonce_only_the_dearest_submission_counts(house: House) -> None:
    # given a nonce whose tx was replaced for three times the price
    house.company()
    house.follow()
    lane = lane_of(house, fees_wei_max=10**18)
    exhaust(lane)
    lane.rest()
    ((raw,),) = house.rows("SELECT raw FROM writer.submissions")
    fields = msgspec.structs.replace(read_back(bytes(raw)), gas_price_wei=3 * PRICE_WEI)
    lease = house.store.acquire(house.lane_id, owner="worker", lease_s=60)
    assert lease is not None
    signed = KeySigner(house.chain.signer_key).sign(fields)
    house.store.submit(lease, fields, signed, purpose=Purpose.EFFECT, made_block=1)

    # then
    assert house.store.spent(house.lane_id, window_h=WINDOW_H, besides=-1).fees_wei == cost_of(fields).fees_wei
    assert house.store.spent(house.lane_id, window_h=WINDOW_H, besides=fields.nonce) == Spent()


def test_a_lane_with_less_coin_than_it_may_spend_is_told_of(house: House, tmp_path: Path) -> None:
    exhaust(lane_of(house, fees_wei_max=10**18))
    given = {"home": tmp_path, "database_url": house.database, "rpc_url": house.chain.url}

    def poor(**more: int) -> list[str]:
        troubles = status.look(Settings.model_validate(given | more)).troubles
        return [trouble for trouble in troubles if "fund it" in trouble]

    assert poor(gas_price_wei=1, fees_wei_max=10**18) == []
    assert poor(gas_price_wei=0, fees_wei_max=10**18 + 1) == []
    (told,) = poor(gas_price_wei=1, fees_wei_max=10**18 + 1)
    assert told.startswith(f"lane-0 ({house.chain.signer}) has {10**18} wei, less than the {10**18 + 1}")
