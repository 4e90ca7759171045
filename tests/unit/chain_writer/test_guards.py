"""What the database itself refuses, whoever asks: what would let an effect happen twice, or hide that it did."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from chain_writer.errors import GuardBroken
from chain_writer.intents import Purpose
from chain_writer.policy import Policy
from chain_writer.signer import KeySigner
from chain_writer.transactions import Fields
from tests.support.chain import ChainAtHand
from tests.support.roles import as_room
from tests.unit.chain_writer.house import House, exhaust


@pytest.fixture
def bound(database: str, chain: ChainAtHand) -> Iterator[House]:
    """Two registrations: one final, one sent and not mined."""
    with House(database, chain) as house:
        lane = house.lane()
        house.company("first")
        house.follow()
        house.settle(lane)
        house.company("second")
        house.follow()
        exhaust(lane)
        yield house


def refused(house: House, statement: str, *, code: str) -> None:
    with psycopg.connect(house.database) as owner, pytest.raises(psycopg.Error) as caught:
        owner.execute(statement)  # type: ignore[call-overload]
    assert caught.value.sqlstate == code, caught.value


def take(nonce: str, *, epoch: str = "epoch") -> str:
    """A slot of the lane, made by hand."""
    return f"INSERT INTO writer.slots (lane, nonce, target, epoch) SELECT lane, {nonce}, '', {epoch} FROM writer.lanes"


def test_a_nonce_is_never_used_again(bound: House) -> None:
    refused(bound, take("next_nonce - 1"), code="TD011")
    refused(bound, take("first_nonce"), code="TD011")


def test_a_nonce_is_never_left_out(bound: House) -> None:
    refused(bound, take("next_nonce + 1"), code="TD011")


def test_a_worker_of_an_earlier_epoch_is_given_no_nonce(bound: House) -> None:
    refused(bound, take("next_nonce", epoch="epoch - 1"), code="TD011")


def test_a_worker_of_an_earlier_epoch_may_not_store_signed_bytes(bound: House) -> None:
    refused(
        bound,
        "INSERT INTO writer.submissions (lane, nonce, number, purpose, hash, raw, gas_limit, gas_price_wei, epoch,"
        " made_block) SELECT lane, nonce, 2, purpose, 'other', raw, gas_limit, 1, epoch - 1, 1 FROM writer.submissions"
        " JOIN writer.slots s USING (lane, nonce, epoch) WHERE s.state = 'live'",
        code="TD011",
    )


def test_an_intent_is_never_in_two_slots_that_may_run(bound: House) -> None:
    second = (
        "INSERT INTO writer.members (lane, nonce, place, intent) SELECT l.lane, l.next_nonce - 1, 0, i.intent"
        " FROM writer.lanes l, writer.intents i WHERE i.state = 'bound'"
    )
    refused(bound, f"{take('next_nonce')}; {second}", code="23505")


def test_an_intent_that_has_landed_is_given_no_slot(bound: House) -> None:
    refused(
        bound,
        "INSERT INTO writer.members (lane, nonce, place, intent) SELECT s.lane, s.nonce, 9, i.intent"
        " FROM writer.slots s, writer.intents i WHERE s.state = 'live' AND i.state = 'landed'",
        code="TD014",
    )


@pytest.mark.parametrize("column", ["raw = '\\x00'", "hash = 'other'", "gas_price_wei = 9", "nonce = nonce + 1"])
def test_what_was_signed_stays(bound: House, column: str) -> None:
    refused(bound, f"UPDATE writer.submissions SET {column}", code="TD012")


def test_a_member_is_not_released_before_its_nonce_is_final(bound: House) -> None:
    refused(bound, "UPDATE writer.members SET outcome = 'released' WHERE outcome IS NULL", code="TD014")


@pytest.mark.parametrize("state", ["queued", "landed", "rejected"])
def test_an_intent_does_not_leave_a_slot_that_may_still_run(bound: House, state: str) -> None:
    settled = "NULL" if state == "queued" else "now()"
    refused(
        bound,
        f"UPDATE writer.intents SET state = '{state}', settled_at = {settled}, code = 'x', reason = 'x'"
        " WHERE state = 'bound'",
        code="TD014",
    )


def test_what_has_landed_stays_landed(bound: House) -> None:
    refused(bound, "UPDATE writer.intents SET state = 'queued', settled_at = NULL WHERE state = 'landed'", code="TD013")


def test_a_final_nonce_stays_final(bound: House) -> None:
    refused(bound, "UPDATE writer.slots SET block_hash = 'other' WHERE state = 'final'", code="TD013")


def test_a_nonce_is_not_final_before_it_was_seen_in_a_block(bound: House) -> None:
    refused(
        bound,
        "UPDATE writer.slots SET state = 'final', block_number = 1, block_hash = 'b', winner_hash = 'w',"
        " winner = 'effect' WHERE state = 'live'",
        code="TD013",
    )


@pytest.mark.parametrize("table", ["lanes", "intents", "slots", "members", "submissions"])
def test_nothing_is_deleted(bound: House, table: str) -> None:
    refused(bound, f"DELETE FROM writer.{table}", code="TD010")
    refused(bound, f"TRUNCATE writer.{table} CASCADE", code="TD010")


@pytest.mark.parametrize(
    "counter",
    ["next_nonce = next_nonce - 1", "epoch = epoch - 1", "gas_used = -1", "fees_wei = -1", "address = 'other'"],
)
def test_a_lane_stays_what_it_is_and_its_counters_only_rise(bound: House, counter: str) -> None:
    refused(bound, f"UPDATE writer.lanes SET {counter}", code="TD012")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE writer.lanes SET next_nonce = next_nonce + 1",
        "UPDATE writer.intents SET call = '{}'",
        "UPDATE writer.submissions SET raw = raw",
        "DELETE FROM writer.intents",
        "DELETE FROM writer.followers",
    ],
)
def test_the_writer_itself_has_no_right_to_more_than_it_needs(bound: House, statement: str) -> None:
    with psycopg.connect(as_room(bound.database, "writer")) as writer, pytest.raises(psycopg.Error) as caught:
        writer.execute(statement)  # type: ignore[call-overload]
    assert caught.value.sqlstate == "42501"


def test_the_api_may_only_read(bound: House) -> None:
    with psycopg.connect(as_room(bound.database, "api"), autocommit=True) as api:
        assert api.execute("SELECT count(*) FROM writer.intents").fetchone() == (2,)
        with pytest.raises(psycopg.Error) as caught:
            api.execute("UPDATE writer.intents SET state = 'queued'")
    assert caught.value.sqlstate == "42501"


def test_the_same_bytes_are_stored_once(bound: House) -> None:
    signer = KeySigner(bound.chain.signer_key)
    store = bound.new_store()
    lease = store.acquire(bound.lane_id, owner="worker", lease_s=15)
    assert lease is not None
    (slot,) = store.open_slots(bound.lane_id)
    fields = Fields(
        chain_id=bound.generation.chain_id,
        nonce=slot.nonce,
        to=signer.address,
        data=b"",
        gas_limit=21_000,
        gas_price_wei=0,
    )
    Policy(bound.generation, signer=signer.address, gas_price_wei_max=0).check(fields, campaigns=())
    signed = signer.sign(fields)
    store.submit(lease, fields, signed, purpose=Purpose.FILLER, made_block=1)
    with pytest.raises(GuardBroken):
        store.submit(lease, fields, signed, purpose=Purpose.FILLER, made_block=1)
