"""A lane's key is changed and nothing is lost, sent twice or left in the old key's hands, wherever it is broken off."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from chain_writer.errors import Drained
from chain_writer.lane import Lane
from chain_writer.signer import KeySigner
from ops import lanes, rotation, status
from ops.contracts import ROLES
from ops.places import address_of, raw_key, write_secret
from ops.rpc import Rpc
from ops.settings import Settings, SettingsInvalid
from tests.unit.chain_writer.house import LANE, House, exhaust

OTHER_KEY = "0x" + "5c" * 32
OTHER = KeySigner(OTHER_KEY).address
STRANGER = KeySigner("0x" + "5d" * 32).address


def local(house: House, home: Path) -> Settings:
    """A local stack whose keys are those of the house."""
    (home / "keys").mkdir(exist_ok=True)
    write_secret(home / "keys" / "deployer.key", house.chain.deployer_key.encode())
    write_secret(home / "keys" / "lane-0.key", house.chain.signer_key.encode())
    return elsewhere(house, home).model_copy(update={"local": True})


def elsewhere(house: House, home: Path) -> Settings:
    house.generation.save(home / "generation.json")
    return Settings.model_validate({"home": home, "database_url": house.database, "rpc_url": house.chain.url})


@contextmanager
def mining(house: House) -> Iterator[None]:
    """Every transaction is mined at once, as long as this lasts."""
    house.chain.rpc.call("evm_setAutomine", True)
    try:
        yield
    finally:
        house.chain.rpc.call("evm_setAutomine", False)


def drained(house: House, lane: Lane) -> Drained:
    """Step and mine until the lane says that it has nothing left."""
    for _ in range(20):
        try:
            exhaust(lane)
        except Drained as said:
            return said
        house.chain.mine()
    raise AssertionError("the lane never said that it is drained")


def test_a_lane_that_drains_lands_what_it_sent_binds_nothing_more_and_says_so(house: House, tmp_path: Path) -> None:
    # given a registration in flight, and a campaign that is queued after the operator's word
    house.company()
    house.follow()
    lane = house.lane()
    exhaust(lane)
    assert rotation.drain(elsewhere(house, tmp_path), LANE, wait=False) == 0
    house.campaign()
    house.follow()

    # when
    said = drained(house, lane)

    # then
    assert house.questions.counts() == {"landed": 1, "queued": 1}
    assert LANE in str(said)
    (figures,) = house.questions.lanes()
    assert (figures.draining, figures.in_flight, figures.queued) == (True, 0, 1)
    assert any("lane-0 drains" in trouble for trouble in status.look(elsewhere(house, tmp_path)).troubles)

    # and it goes on where it was, if it may
    assert rotation.resume(elsewhere(house, tmp_path), LANE) == 0
    house.settle(house.lane())
    assert house.questions.counts() == {"landed": 2}
    assert not any("drains" in trouble for trouble in status.look(elsewhere(house, tmp_path)).troubles)


def test_a_worker_that_looked_before_the_word_binds_nothing_after_it(house: House) -> None:
    # given a lane that is told to drain when it has signed already, and is about to bind
    house.company()
    house.follow()
    store = house.new_store()

    def told(point: str) -> None:
        if point == "before allot":
            store.drain(LANE, draining=True)

    # when
    exhaust(house.lane(crash=told))

    # then
    assert house.rows("SELECT FROM writer.slots") == []
    assert house.rows("SELECT next_nonce = first_nonce, draining FROM writer.lanes") == [(True, True)]
    store.drain(LANE, draining=False)
    house.settle(house.lane())
    assert house.questions.counts() == {"landed": 1}


def test_on_a_local_stack_one_command_changes_the_key_and_what_was_queued_lands_by_the_new_one(
    house: House, tmp_path: Path
) -> None:
    # given work in flight and work queued
    settings = local(house, tmp_path)
    house.company()
    house.follow()
    lane = house.lane()
    exhaust(lane)
    rotation.drain(settings, LANE, wait=False)
    position = house.campaign()
    house.follow()
    drained(house, lane)

    # when
    with mining(house):
        assert rotation.rotate(settings, LANE, to=None) == 0

    # then the new key is in the old one's place, which is kept beside it
    key = raw_key(tmp_path, LANE)
    assert key != house.chain.signer_key
    assert raw_key(tmp_path, f"{LANE}-{house.chain.signer}") == house.chain.signer_key
    assert not (tmp_path / "keys" / "lane-0-next.key").exists()
    house.settle(house.lane(key=key))
    assert house.questions.counts() == {"landed": 2}
    assert house.story(position).nonce == 0
    assert rotation.prove(settings, LANE, to=None) == 0
    assert not any("drains" in trouble for trouble in status.look(settings).troubles)


def test_a_rotation_that_was_broken_off_is_taken_up_where_it_was(house: House, tmp_path: Path) -> None:
    # given a new key that was made, and has some of the roles
    settings = local(house, tmp_path)
    exhaust(house.lane())
    new = address_of(tmp_path, "lane-0-next")
    rpc = Rpc(house.chain.url)
    calls = rotation.calls_left(rpc, house.generation, new=new, former=[house.chain.signer])
    for call in calls[:3]:
        house.chain.send(call.to, call.data, key=house.chain.deployer_key)

    # when
    with mining(house):
        assert rotation.rotate(settings, LANE, to=None) == 0

    # then
    assert address_of(tmp_path, LANE) == new
    assert rotation.calls_left(rpc, house.generation, new=new, former=[house.chain.signer]) == []
    rpc.close()


def test_elsewhere_the_calls_are_shown_and_proved_once_the_admin_has_made_them(
    house: House, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # given
    settings = elsewhere(house, tmp_path)
    exhaust(house.lane())

    # when
    assert rotation.rotate(settings, LANE, to=OTHER) == 1

    # then every call is shown whole, and nothing was done
    shown = re.findall(r"^to=(0x\w+) data=(0x\w+)$", capsys.readouterr().out, re.MULTILINE)
    assert len(shown) == 2 * len(ROLES)
    assert rotation.prove(settings, LANE, to=OTHER) == 1

    # and with them made, it is proved
    for to, data in shown:
        assert house.chain.send(to, bytes.fromhex(data[2:]), key=house.chain.deployer_key)["status"] == "0x1"
    assert rotation.prove(settings, LANE, to=OTHER) == 0
    house.company()
    house.follow()
    house.settle(house.lane(key=OTHER_KEY))
    assert house.questions.counts() == {"landed": 1}
    assert rotation.prove(settings, LANE, to=None) == 0  # the one key that does not drain is meant


def test_a_key_with_nonces_in_flight_is_not_proved_to_be_done(
    house: House, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    house.company()
    house.follow()
    exhaust(house.lane())

    assert rotation.prove(elsewhere(house, tmp_path), LANE, to=OTHER) == 1

    assert f"{house.chain.signer} has 1 nonces in flight" in capsys.readouterr().out


def test_what_makes_no_sense_is_refused_and_changes_nothing(house: House, tmp_path: Path) -> None:
    settings = elsewhere(house, tmp_path)
    exhaust(house.lane())
    for name, to, text in (
        ("lane-9", OTHER, "there is no lane lane-9"),
        (LANE, None, "with --to"),
        (LANE, "0x12", "is not an address"),
        (LANE, house.chain.signer, "has been the key of lane-0 already"),
    ):
        with pytest.raises(SettingsInvalid, match=re.escape(text)):
            rotation.rotate(settings, name, to=to)
    assert rotation.drain(settings, "lane-9", wait=True) == 1
    with pytest.raises(SettingsInvalid, match="leave --to out"):
        rotation.rotate(local(house, tmp_path), LANE, to=STRANGER)
    assert house.rows("SELECT draining FROM writer.lanes") == [(False,)]


def test_only_the_writers_role_and_the_owner_may_let_a_lane_drain(house: House) -> None:
    exhaust(house.lane())
    with psycopg.connect(house.database) as connection:
        connection.execute("SET ROLE tandem_api")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("UPDATE writer.lanes SET draining = true")


def test_lanes_are_shown_with_their_whole_address_and_why_they_stand_still(
    house: House, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # given a lane in quarantine
    exhaust(house.lane())
    with psycopg.connect(house.database) as connection:
        connection.execute("UPDATE writer.lanes SET quarantine = 'a tx of nobody'")

    # when
    lanes.show(elsewhere(house, tmp_path), as_json=False)

    # then
    told = capsys.readouterr().out
    assert house.chain.signer in told
    assert f"! {LANE} is in quarantine: a tx of nobody" in told
    assert lanes.reinstate(elsewhere(house, tmp_path), "lane-9") == 1
    assert "lane-9 is not known on any chain" in capsys.readouterr().out
    assert lanes.reinstate(elsewhere(house, tmp_path), LANE) == 0
    assert lanes.reinstate(elsewhere(house, tmp_path), LANE) == 1
    assert f"{LANE} is not in quarantine" in capsys.readouterr().out
