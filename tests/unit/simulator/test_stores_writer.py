"""The writer's store, in memory and in PostgreSQL: the same calls, the same answers, the same refusals."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest

from chain_writer.deciders import IN_FLIGHT_MAX, Hold, Reject
from chain_writer.errors import GuardBroken, LeaseLost
from chain_writer.intents import IntentState, Purpose, SlotState, Verdict, Winner
from chain_writer.replies import Classified, Reply
from chain_writer.store import Bound, LaneRow, Lease, WriterStore
from tests.simulator.stores import MemoryDatabase, MemoryWriterStore
from tests.support.roles import as_room
from tests.unit.simulator.stores_at_hand import (
    BLOCK,
    CHAIN_ID,
    GENERATION,
    LANE,
    NAME,
    SIGNER,
    allot,
    begin,
    effect,
    fields,
    found,
    hash_of,
    landed,
    mine,
    named,
    obligation,
    open_lane,
    released,
    signed,
)

CAMPAIGN, COMPANY = named("campaign"), named("company")
OTHER_LANE = named("other lane")


@pytest.fixture(params=["memory", pytest.param("postgres", marks=pytest.mark.parts)])
def store(request: pytest.FixtureRequest) -> Iterator[WriterStore]:
    opened: Any
    if request.param == "memory":
        opened = MemoryWriterStore(MemoryDatabase(lambda: datetime.now(UTC)))
    else:
        opened = WriterStore(as_room(request.getfixturevalue("database"), "writer"))
    yield opened
    opened.close()


def ready(store: WriterStore, *, head: int = 100, limit: int = 100) -> list[int]:
    """The positions of what is ready, by the amount that each call tells."""
    return [intent.call.raised for intent in store.ready(GENERATION, NAME, head=head, limit=limit)]  # type: ignore[union-attr]


# Promises.


def test_a_follower_keeps_intents_and_its_position_together(store: WriterStore) -> None:
    assert store.position(GENERATION, chain_id=CHAIN_ID) == 0
    assert store.promise(GENERATION, after=0, through=7, obligations=[(obligation(3), NAME)])
    assert not store.promise(GENERATION, after=0, through=9, obligations=[(obligation(8), NAME)])
    assert store.position(GENERATION, chain_id=CHAIN_ID) == 7
    assert ready(store) == [3]
    (intent,) = store.ready(GENERATION, NAME, head=0, limit=1)
    promised = obligation(3)
    assert (intent.id, intent.leaf, intent.digest) == (promised.effect, promised.leaf, promised.digest)
    assert (intent.call, intent.releases, intent.refused_code) == (promised.call, 0, None)


def test_an_entry_is_never_promised_twice(store: WriterStore) -> None:
    begin(store, obligation(3))
    with pytest.raises(GuardBroken):
        store.promise(GENERATION, after=99, through=100, obligations=[(obligation(4), NAME), (obligation(3), NAME)])
    assert store.position(GENERATION, chain_id=CHAIN_ID) == 99
    assert ready(store) == [3]


def test_a_follower_that_never_asked_for_its_position_keeps_nothing(store: WriterStore) -> None:
    assert not store.promise(GENERATION, after=0, through=7, obligations=[(obligation(3), NAME)])
    assert ready(store) == []


def test_what_has_a_flaw_is_rejected_as_it_is_promised_and_reported_once(store: WriterStore) -> None:
    begin(store, obligation(4, flaw="f" * 600), obligation(2, flaw="no wallet"), obligation(3))
    first, second = store.rejections(limit=10)
    assert (first.position, first.code, first.reason, first.chain_id) == (2, "not-callable", "no wallet", CHAIN_ID)
    assert (second.position, len(second.reason)) == (4, 500)
    assert [one.position for one in store.rejections(limit=1)] == [2]
    store.reported(first.intent, position=50)
    store.reported(named("nobody's intent"), position=51)
    assert [one.position for one in store.rejections(limit=10)] == [4]
    assert ready(store) == [3]


def test_what_is_ready_has_nothing_unsettled_before_it(store: WriterStore) -> None:
    stream = named("a certificate")
    lease = begin(
        store,
        obligation(9, subject=CAMPAIGN, stage=0, parent=COMPANY),
        obligation(2, subject=CAMPAIGN, stage=1),
        obligation(5, subject=COMPANY, stage=0),
        obligation(8, stream=stream),
        obligation(7, stream=stream),
        obligation(1),
    )
    assert ready(store) == [1, 5, 7]
    assert ready(store, limit=2) == [1, 5]
    store.refuse(lease, effect(7), Hold("paused", "wait", 10, 20))
    assert (ready(store, head=19), ready(store, head=20)) == ([1, 5], [1, 5, 7])
    allot(store, lease, 5, 5, 7)
    assert ready(store) == [1]
    mine(store, lease, 5)
    store.conclude(lease, {5: [landed(5), landed(7)]})
    assert ready(store) == [1, 8, 9]
    store.adopt(lease, [effect(9)])
    assert ready(store) == [1, 2, 8]


def test_what_waits_on_a_lane_that_is_gone_is_queued_on_another(store: WriterStore) -> None:
    lease = begin(store, obligation(1, subject=CAMPAIGN), obligation(2, subject=CAMPAIGN), obligation(3))
    allot(store, lease, 5, 1)
    assert set(store.homeless(GENERATION, ["lane-1"])) == {CAMPAIGN, named("campaign 3")}
    assert store.homeless(GENERATION, [NAME]) == []
    store.rehome(GENERATION, CAMPAIGN, lane="lane-1")
    assert store.homeless(GENERATION, [NAME]) == [CAMPAIGN]
    assert [intent.id for intent in store.ready(GENERATION, "lane-1", head=0, limit=9)] == [effect(2)]
    assert store.busy_lanes() == [NAME, "lane-1"]


# Leases.


def test_a_lease_is_anothers_only_once_it_is_over(store: WriterStore) -> None:
    lease = begin(store)
    assert store.acquire(LANE, owner="rival", lease_s=60) is None
    again = store.acquire(LANE, owner="worker", lease_s=60)
    assert again == Lease(LANE, lease.epoch + 1)
    store.let_go(lease)  # an epoch that is over: nothing happens
    assert store.acquire(LANE, owner="rival", lease_s=60) is None
    store.renew(again, lease_s=-1)
    rival = store.acquire(LANE, owner="rival", lease_s=60)
    assert rival == Lease(LANE, lease.epoch + 2)
    store.let_go(rival)
    assert store.acquire(LANE, owner="worker", lease_s=60) == Lease(LANE, lease.epoch + 3)
    assert store.acquire(named("no lane"), owner="worker", lease_s=60) is None


CHECKPOINT = (12, hash_of("block 12"))
WRITES: dict[str, Callable[[WriterStore, Lease], None]] = {
    "renew": lambda store, lease: store.renew(lease, lease_s=60),
    "allot": lambda store, lease: allot(store, lease, 6, 2),
    "fill": lambda store, lease: store.fill(lease, fields(6), signed("filler"), made_block=12),
    "adopt": lambda store, lease: store.adopt(lease, [effect(2)]),
    "submit": lambda store, lease: store.submit(
        lease, fields(5), signed("dearer"), purpose=Purpose.EFFECT, made_block=12
    ),
    "mine": lambda store, lease: mine(store, lease, 5),
    "move_checkpoint": lambda store, lease: store.move_checkpoint(lease, CHECKPOINT),
    "roll_back": lambda store, lease: store.roll_back(lease, [5], checkpoint=CHECKPOINT),
    "conclude": lambda store, lease: store.conclude(lease, {5: [landed(1)]}),
    "refuse": lambda store, lease: store.refuse(lease, effect(2), Reject("no", "never")),
}


@pytest.mark.parametrize("write", WRITES)
def test_a_worker_of_an_earlier_epoch_writes_nothing(store: WriterStore, write: str) -> None:
    lease = begin(store, obligation(1), obligation(2))
    allot(store, lease, 5, 1)
    store.acquire(LANE, owner="worker", lease_s=60)
    before = (store.lane(LANE), store.open_slots(LANE), ready(store))
    with pytest.raises(LeaseLost):
        WRITES[write](store, lease)
    with pytest.raises(LeaseLost):
        WRITES[write](store, Lease(named("no lane"), 1))
    assert (store.lane(LANE), store.open_slots(LANE), ready(store)) == before


# Lanes.


def test_a_lane_begins_where_the_chain_is_and_takes_its_present_name(store: WriterStore) -> None:
    assert store.lane(LANE) is None
    open_lane(store)
    store.open_lane(LANE, "new", chain_id=CHAIN_ID, genesis_hash="0x", address="0x", nonce=9, block=(99, "0x"))
    assert store.lane(LANE) == LaneRow(5, 5, *BLOCK, None, None)
    assert (store.restored(NAME), store.restored("new")) == (0, 1)
    with pytest.raises(psycopg.errors.UniqueViolation):
        open_lane(store, OTHER_LANE)
    assert store.lane(OTHER_LANE) is None


def test_a_lane_that_is_new_here_though_its_signer_is_not_is_filled_from_its_beginning(store: WriterStore) -> None:
    for through in (70, 90):  # the second time it is known, and keeps what it has
        store.open_lane(
            LANE,
            NAME,
            chain_id=CHAIN_ID,
            genesis_hash="0x",
            address=SIGNER,
            nonce=6,
            block=BLOCK,
            burn_through=through,
        )
    assert store.lane(LANE) == LaneRow(6, 6, *BLOCK, None, 70)


def test_open_nonces_of_a_former_signer_are_seen(store: WriterStore) -> None:
    lease = begin(store, obligation(1))
    open_lane(store, OTHER_LANE, address="0x" + "52" * 20)
    assert store.undecided_signer(OTHER_LANE, NAME) is None
    allot(store, lease, 5, 1)
    assert store.undecided_signer(OTHER_LANE, NAME) == SIGNER
    assert store.undecided_signer(OTHER_LANE, "other") is None
    assert store.undecided_signer(LANE, NAME) is None
    assert store.undecided_signer(named("no lane"), NAME) is None
    mine(store, lease, 5)
    store.conclude(lease, {5: [landed(1)]})
    assert store.undecided_signer(OTHER_LANE, NAME) is None
    assert store.busy_lanes() == []


def test_an_operators_word_lifts_a_quarantine_and_fills_what_may_be_lost(store: WriterStore) -> None:
    lease = begin(store)
    store.mine(lease, found=[], next_nonce=5, checkpoint=CHECKPOINT, quarantine="two of us", burn_through=200)
    assert store.lane(LANE) == LaneRow(5, 5, *CHECKPOINT, "two of us", 200)
    assert (store.reinstate("another"), store.reinstate(NAME), store.reinstate(NAME)) == (0, 1, 0)
    assert store.restored(NAME) == 1
    assert store.lane(LANE) == LaneRow(5, 5, *CHECKPOINT, None, 200)
    store.mine(lease, found=[], next_nonce=5, checkpoint=CHECKPOINT, quarantine=None, burn_through=7)
    assert store.lane(LANE) == LaneRow(5, 5, *CHECKPOINT, None, 200)


def test_a_lane_that_lost_nothing_is_filled_as_far_as_bytes_may_be(store: WriterStore) -> None:
    begin(store)
    store.restored(NAME)
    assert store.lane(LANE) == LaneRow(5, 5, *BLOCK, None, 5 + IN_FLIGHT_MAX)


def test_a_lane_that_drains_binds_nothing_until_it_resumes(store: WriterStore) -> None:
    lease = begin(store, obligation(1))
    assert (store.drain("another", draining=True), store.drain(NAME, draining=True)) == (0, 1)
    with pytest.raises(LeaseLost):
        allot(store, lease, 5, 1)
    assert store.lane(LANE) == LaneRow(5, 5, *BLOCK, None, None, draining=True)
    assert ready(store) == [1]
    store.drain(NAME, draining=False)
    allot(store, lease, 5, 1)
    store.drain(NAME, draining=True)
    store.mine(lease, found=[], next_nonce=6, checkpoint=CHECKPOINT, quarantine=None, burn_through=7)
    assert store.lane(LANE) == LaneRow(5, 6, *CHECKPOINT, None, 7, draining=True)


# Slots.


def test_intents_are_bound_to_the_next_nonce_with_the_bytes_that_carry_them(store: WriterStore) -> None:
    lease = begin(store, obligation(1), obligation(2, subject=CAMPAIGN))
    allot(store, lease, 5, 2, 1)
    (slot,) = store.open_slots(LANE)
    assert (slot.nonce, slot.state, slot.winner) == (5, SlotState.LIVE, None)
    assert (slot.best.number, slot.best.purpose, slot.best.raw) == (1, Purpose.EFFECT, b"tx 5")
    assert (slot.best.gas_price_wei, slot.best.sends, slot.best.reply) == (10**30, 0, None)
    assert [member.intent for member in store.members(LANE, [5, 6])] == [effect(2), effect(1)]
    assert store.campaigns_of(LANE, 5) == {CAMPAIGN, named("campaign 1")}
    assert store.campaigns_of(LANE, 6) == frozenset()
    assert ready(store) == []
    row = store.lane(LANE)
    assert row is not None
    assert row.next_nonce == 6


@pytest.mark.parametrize("nonce", [4, 5, 7])
def test_no_nonce_but_the_next_is_taken(store: WriterStore, nonce: int) -> None:
    lease = begin(store, obligation(1), obligation(2))
    allot(store, lease, 5, 1)
    with pytest.raises(GuardBroken):
        store.allot(lease, [Bound(fields(nonce), signed("again"), (effect(2),))], made_block=10)
    with pytest.raises(GuardBroken):
        store.fill(lease, fields(nonce), signed("filler"), made_block=10)
    assert ready(store) == [2]
    assert [slot.nonce for slot in store.open_slots(LANE)] == [5]


@pytest.mark.parametrize("intents", [[1, 2], [2, 2], [2, 77], [3], [4]], ids=str)
def test_only_what_is_queued_is_bound_or_adopted(store: WriterStore, intents: list[int]) -> None:
    lease = begin(store, obligation(1), obligation(2), obligation(3), obligation(4, flaw="no"))
    allot(store, lease, 5, 1)
    store.adopt(lease, [effect(3)])
    with pytest.raises(GuardBroken):
        allot(store, lease, 6, *intents)
    with pytest.raises(GuardBroken):
        store.adopt(lease, [effect(one) for one in intents])
    assert ready(store) == [2]
    assert [slot.nonce for slot in store.open_slots(LANE)] == [5]


def test_signed_bytes_belong_to_one_nonce(store: WriterStore) -> None:
    lease = begin(store, obligation(1), obligation(2))
    allot(store, lease, 5, 1)
    with pytest.raises(GuardBroken):
        store.fill(lease, fields(6), signed("tx 5"), made_block=10)
    with pytest.raises(GuardBroken):
        store.submit(lease, fields(5), signed("tx 5"), purpose=Purpose.EFFECT, made_block=10)
    with pytest.raises(GuardBroken):
        store.submit(lease, fields(6), signed("tx 6"), purpose=Purpose.EFFECT, made_block=10)
    store.submit(lease, fields(5), signed("filler"), purpose=Purpose.FILLER, made_block=12)
    (slot,) = store.open_slots(LANE)
    assert [(one.number, one.purpose, one.made_block) for one in slot.submissions] == [
        (1, Purpose.EFFECT, 10),
        (2, Purpose.FILLER, 12),
    ]


def test_what_a_node_said_is_kept_with_the_submission(store: WriterStore) -> None:
    lease = begin(store, obligation(1))
    allot(store, lease, 5, 1)
    unheard = Classified(Reply.MAYBE, "strange words", known=False)
    for block in (11, 14):
        store.note_sent(LANE, {hash_of("tx 5"): unheard, hash_of("nobody's"): unheard}, block=block)
    store.note_sent(OTHER_LANE, {hash_of("tx 5"): unheard}, block=99)
    (slot,) = store.open_slots(LANE)
    assert (slot.best.sends, slot.best.sent_block, slot.best.reply) == (2, 14, Reply.MAYBE)


def test_a_mined_nonce_may_be_taken_back_until_it_is_final(store: WriterStore) -> None:
    lease = begin(store, obligation(1), obligation(2))
    allot(store, lease, 5, 1)
    store.note_sent(LANE, {hash_of("tx 5"): Classified(Reply.ACCEPTED, "ok", known=True)}, block=10)
    mine(store, lease, 5)
    (slot,) = store.open_slots(LANE)
    assert (slot.state, slot.block_number, slot.winner_hash) == (SlotState.MINED, 11, hash_of("tx 5"))
    mine(store, lease, 5, number=12, winner=Winner.FOREIGN)  # mined already: stays as it is, only the blocks are read
    assert store.open_slots(LANE) == [slot]
    store.roll_back(lease, [4, 5], checkpoint=BLOCK)
    (slot,) = store.open_slots(LANE)
    assert (slot.state, slot.block_hash, slot.winner) == (SlotState.LIVE, None, None)
    assert (slot.best.sends, slot.best.sent_block, slot.best.reply) == (1, None, None)
    mine(store, lease, 5)
    store.conclude(lease, {5: [landed(1)]})
    store.roll_back(lease, [5], checkpoint=BLOCK)
    assert store.open_slots(LANE) == []
    assert store.last_final(LANE) == (11, hash_of("block 11"))


def test_a_nonce_that_was_never_given_out_becomes_nobodys_slot(store: WriterStore) -> None:
    lease = begin(store)
    strangers = [(found(5, "a", to=None), Winner.FOREIGN), (found(6, "b"), Winner.FOREIGN)]
    with pytest.raises(GuardBroken):
        store.mine(lease, found=strangers[1:], next_nonce=5, checkpoint=CHECKPOINT, quarantine="why", burn_through=None)
    assert store.lane(LANE) == LaneRow(5, 5, *BLOCK, None, None)
    store.mine(lease, found=strangers, next_nonce=5, checkpoint=CHECKPOINT, quarantine="why", burn_through=70)
    assert store.lane(LANE) == LaneRow(5, 7, *CHECKPOINT, "why", 70)
    taken, _ = store.open_slots(LANE)
    assert (taken.nonce, taken.target, taken.submissions) == (5, "", ())
    assert store.last_final(LANE) is None


def test_several_nonces_are_taken_in_one_commit_or_none_is(store: WriterStore) -> None:
    lease = begin(store, obligation(1), obligation(2), obligation(3))

    def bound(nonce: int, position: int) -> Bound:
        return Bound(fields(nonce), signed(f"tx {nonce}"), (effect(position),))

    for wrong in ([bound(5, 1), bound(7, 2)], [bound(5, 1), bound(6, 1)], [bound(5, 1), bound(6, 77)]):
        with pytest.raises(GuardBroken):
            store.allot(lease, wrong, made_block=10)
    assert (store.open_slots(LANE), ready(store)) == ([], [1, 2, 3])

    store.allot(lease, [bound(5, 2), bound(6, 1)], made_block=10)

    assert [(slot.nonce, slot.best.hash) for slot in store.open_slots(LANE)] == [
        (5, signed("tx 5").hash),
        (6, signed("tx 6").hash),
    ]
    assert [(one.nonce, one.intent) for one in store.members(LANE, [5, 6])] == [(5, effect(2)), (6, effect(1))]
    assert ready(store) == [3]


def test_several_nonces_become_final_in_one_commit_or_none_does(store: WriterStore) -> None:
    lease = begin(store, obligation(1), obligation(2))
    for nonce, position in ((5, 1), (6, 2)):
        allot(store, lease, nonce, position)
    mine(store, lease, 5)
    for wrong in ({5: [landed(1)], 6: [landed(2)]}, {5: [landed(1), landed(2)]}):
        with pytest.raises(GuardBroken):
            store.conclude(lease, wrong)
    assert [slot.state for slot in store.open_slots(LANE)] == [SlotState.MINED, SlotState.LIVE]
    mine(store, lease, 6)

    store.conclude(lease, {5: [landed(1)], 6: [released(2)]})

    assert (store.open_slots(LANE), ready(store)) == ([], [2])


def test_a_final_slot_settles_or_releases_its_members_once(store: WriterStore) -> None:
    lease = begin(store, obligation(1), obligation(2), obligation(3))
    allot(store, lease, 5, 1, 2, 3)
    with pytest.raises(GuardBroken):
        store.conclude(lease, {5: [landed(1), landed(2), landed(3)]})
    mine(store, lease, 5)
    for wrong in ([landed(1), landed(1)], [landed(77)]):
        with pytest.raises(GuardBroken):
            store.conclude(lease, {5: wrong})
    rejected = Verdict(
        intent=effect(2), outcome=landed(2).outcome, state=IntentState.REJECTED, code="conflict", reason="another"
    )
    store.conclude(lease, {5: [landed(1), rejected, released(3)]})
    with pytest.raises(GuardBroken):
        store.conclude(lease, {5: [landed(1), rejected, released(3)]})
    with pytest.raises(GuardBroken):
        store.submit(lease, fields(5), signed("late"), purpose=Purpose.EFFECT, made_block=12)
    assert [(one.position, one.code) for one in store.rejections(limit=9)] == [(2, "conflict")]
    (again,) = store.ready(GENERATION, NAME, head=0, limit=9)
    assert (again.id, again.releases, again.refused_code) == (effect(3), 1, "filler")
    allot(store, lease, 6, 3)
    assert [(one.nonce, one.releases) for one in store.members(LANE, [5, 6]) if one.intent == effect(3)] == [
        (5, 1),
        (6, 1),
    ]


def test_a_refused_intent_waits_or_is_rejected_and_one_that_is_bound_is_left_alone(store: WriterStore) -> None:
    lease = begin(store, obligation(1), obligation(2))
    store.refuse(lease, effect(1), Hold("paused", "w" * 600, 10, 20))
    (held,) = [one for one in store.ready(GENERATION, NAME, head=20, limit=9) if one.id == effect(1)]
    assert (held.refused_code, held.refused_block) == ("paused", 10)
    store.refuse(lease, effect(1), Reject("over", "for good"))
    assert [(one.code, one.reason) for one in store.rejections(limit=9)] == [("over", "for good")]
    allot(store, lease, 5, 2)
    store.refuse(lease, effect(2), Reject("late", "too late"))
    store.refuse(lease, effect(1), Hold("late", "too late", 1, 2))
    assert [one.code for one in store.rejections(limit=9)] == ["over"]
