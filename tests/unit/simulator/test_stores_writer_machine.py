"""Any calls in any order: the writer's store in memory answers, refuses and keeps what the one in PostgreSQL does."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, ClassVar
from uuid import UUID

import psycopg
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from chain_writer.deciders import Hold, Reject
from chain_writer.errors import GuardBroken, LeaseLost
from chain_writer.intents import IntentState, Outcome, Purpose, SlotState, Verdict, Winner
from chain_writer.replies import Classified, Reply
from chain_writer.store import Bound, Lease, WriterStore
from tests.simulator.stores import MemoryDatabase, MemoryWriterStore
from tests.support.roles import as_room
from tests.unit.simulator.stores_at_hand import (
    CHAIN_ID,
    GENERATION,
    LANE,
    NAME,
    SIGNER,
    effect,
    fields,
    found,
    hash_of,
    named,
    obligation,
    open_lane,
    signed,
)

EXAMPLES = int(os.environ.get("TANDEM_EXAMPLES", "50"))
ANSWERS = (GuardBroken, LeaseLost, psycopg.errors.UniqueViolation)
LANES = {LANE: (NAME, SIGNER), named("other lane"): ("lane-1", "0x" + "52" * 20)}
NAMES = [NAME, "lane-1", "lane-2"]
SUBJECTS = [named(f"subject {number}") for number in range(3)]

positions = st.integers(1, 12)
few = st.lists(positions, max_size=3)
lanes = st.sampled_from(list(LANES))
names = st.sampled_from(NAMES)
texts = st.integers(1, 60).map("tx {}".format)
ahead = st.sampled_from([0, 0, 0, 0, -1, 1])
subjects = st.sampled_from(SUBJECTS)
# Most have nothing before them, so that much is ready.
wanted = st.fixed_dictionaries(
    {
        "subject": subjects,
        "stream": st.integers(1, 6).map("stream {}".format).map(named),
        "stage": st.sampled_from([1, 1, 1, 0, 2]),
        "parent": st.sampled_from([None, None, None, None, *SUBJECTS]),
    },
    optional={"flaw": st.just("no wallet")},
)
refusals = st.sampled_from([Hold("paused", "wait", 10, 20), Hold("unclear", "?", 11, 30), Reject("over", "never")])
outcomes = st.sampled_from(
    [
        (Outcome.RECORDED, IntentState.LANDED, None),
        (Outcome.RELEASED, IntentState.QUEUED, "filler"),
        (Outcome.CONFLICT, IntentState.REJECTED, "conflict"),
    ]
)


class TwoStores(RuleBasedStateMachine):
    """Every rule asks both; what is due next is read from the one in memory, which must not matter."""

    owner: ClassVar[str] = ""
    refused: ClassVar[set[str]] = set()
    passed: ClassVar[set[str]] = set()

    def __init__(self) -> None:
        super().__init__()
        with psycopg.connect(self.owner) as connection:  # a fresh database, without the time that one takes
            connection.execute("SET session_replication_role = replica")
            connection.execute(
                "TRUNCATE writer.followers, writer.lanes, writer.intents, writer.slots, writer.members,"
                " writer.submissions, writer.unknown_replies"
            )
        self.memory = MemoryWriterStore(MemoryDatabase(lambda: datetime.now(UTC)))
        self.postgres = WriterStore(as_room(self.owner, "writer"))
        self.sight = psycopg.connect(self.owner, autocommit=True)
        self.leases = {lane: Lease(lane, 0) for lane in LANES}
        self.late = 0
        self.both(lambda store: store.position(GENERATION, chain_id=CHAIN_ID))
        for lane, (name, _) in LANES.items():
            self.an_operator_comes(lane, name, "open")

    def teardown(self) -> None:
        self.postgres.close()
        self.sight.close()

    def both(self, ask: Callable[[Any], Any], name: str = "") -> Any:
        """Ask both, compare what they answered or raised, and give it back."""
        ours, theirs = _asked(ask, self.memory), _asked(ask, self.postgres)
        assert ours == theirs
        refused = isinstance(ours, type) and issubclass(ours, ANSWERS)
        (self.refused if refused else self.passed).add(name)
        return ours

    def next_nonce(self, lane: UUID) -> int:
        row = self.memory.lane(lane)
        assert row is not None
        return row.next_nonce

    def lease(self, lane: UUID) -> Lease:
        """The newest there is; once after `is_overtaken` that of an earlier epoch."""
        late, self.late = self.late, 0
        return Lease(lane, self.leases[lane].epoch - late)

    # Promises.

    @initialize(shapes=st.lists(wanted, min_size=4, max_size=8))
    def begin(self, shapes: list[dict[str, Any]]) -> None:
        for position, shape in enumerate(shapes, start=1):
            self.promise(position, shape, NAMES[position % 2], 0)

    @rule(position=positions, shape=wanted, name=names, behind=st.sampled_from([0, 0, 0, 1]))
    def promise(self, position: int, shape: dict[str, Any], name: str, behind: int) -> None:
        after = self.memory.position(GENERATION, chain_id=CHAIN_ID) + behind
        wish = [(obligation(position, **shape), name)]
        self.both(lambda s: s.promise(GENERATION, after=after, through=after + 1, obligations=wish), "promise")

    @rule(position=positions, subject=subjects, name=names)
    def report_and_rehome(self, position: int, subject: UUID, name: str) -> None:
        self.both(lambda store: store.reported(effect(position), position=position + 100))
        self.both(lambda store: store.rehome(GENERATION, subject, lane=name))

    # Leases and operators.

    @rule(lane=lanes, owner=st.sampled_from(["a", "b"]), lease_s=st.sampled_from([60, -1]))
    def acquire(self, lane: UUID, owner: str, lease_s: float) -> None:
        lease = self.both(lambda store: store.acquire(lane, owner=owner, lease_s=lease_s))
        if lease is not None:
            self.leases[lane] = lease

    @rule(lane=lanes, lease_s=st.sampled_from([60, -1, None]))
    def renew_or_let_go(self, lane: UUID, lease_s: float | None) -> None:
        lease = self.lease(lane)
        if lease_s is None:
            self.both(lambda store: store.let_go(lease))
        else:
            self.both(lambda store: store.renew(lease, lease_s=lease_s), "renew")

    @rule()
    def is_overtaken(self) -> None:
        self.late = 1

    @rule(lane=lanes, name=names, what=st.sampled_from(["open", "reinstate", "restored"]))
    def an_operator_comes(self, lane: UUID, name: str, what: str) -> None:
        if what == "open":
            self.both(lambda store: _open(store, lane, name, LANES[lane][1]))
        else:
            self.both(lambda store: getattr(store, what)(name))

    # Nonces.

    @rule(lane=lanes, ahead=ahead, text=texts, which=few)
    def allot(self, lane: UUID, ahead: int, text: str, which: list[int]) -> None:
        made, wish = fields(self.next_nonce(lane) + ahead), [effect(one) for one in which]
        lease = self.lease(lane)
        self.both(lambda store: store.allot(lease, [Bound(made, signed(text), tuple(wish))], made_block=9), "allot")

    @rule(lane=lanes, text=texts, refusal=st.none() | refusals, apart=st.booleans())
    def allot_what_is_ready(self, lane: UUID, text: str, refusal: Hold | Reject | None, apart: bool) -> None:  # noqa: FBT001
        """In one nonce, or in several of one commit. It may have been refused before."""
        ready = self.memory.ready(GENERATION, LANES[lane][0], head=25, limit=3)
        if ready and refusal is not None:
            self._refuse(lane, ready[0].id, refusal)
        nonce, lease = self.next_nonce(lane), self.lease(lane)
        groups = [(one.id,) for one in ready] if apart else [tuple(one.id for one in ready)]
        bound = [
            Bound(fields(nonce + place), signed(f"{text} {place}" if place else text), group)
            for place, group in enumerate(groups)
        ]
        self.both(lambda store: store.allot(lease, bound, made_block=9), "allot")

    @rule(lane=lanes, ahead=ahead, text=texts)
    def fill(self, lane: UUID, ahead: int, text: str) -> None:
        made, lease = fields(self.next_nonce(lane) + ahead), self.lease(lane)
        self.both(lambda store: store.fill(lease, made, signed(text), made_block=9), "fill")

    @rule(lane=lanes, back=st.integers(0, 4), text=texts, purpose=st.sampled_from(Purpose))
    def submit(self, lane: UUID, back: int, text: str, purpose: Purpose) -> None:
        made, lease = fields(self.next_nonce(lane) - back), self.lease(lane)
        self.both(lambda store: store.submit(lease, made, signed(text), purpose=purpose, made_block=9), "submit")

    @rule(lane=lanes, which=few)
    def adopt(self, lane: UUID, which: list[int]) -> None:
        lease = self.lease(lane)
        self.both(lambda store: store.adopt(lease, [effect(one) for one in which]), "adopt")

    @rule(lane=lanes, position=positions, refusal=refusals)
    def refuse(self, lane: UUID, position: int, refusal: Hold | Reject) -> None:
        self._refuse(lane, effect(position), refusal)

    def _refuse(self, lane: UUID, intent: UUID, refusal: Hold | Reject) -> None:
        lease = self.lease(lane)
        self.both(lambda store: store.refuse(lease, intent, refusal), "refuse")

    @rule(lane=lanes, heard=st.lists(texts, max_size=3), reply=st.sampled_from(Reply), known=st.booleans())
    def note_sent(self, lane: UUID, heard: list[str], reply: Reply, known: bool) -> None:  # noqa: FBT001
        said = {hash_of(text): Classified(reply, text, known=known) for text in heard}
        self.both(lambda store: store.note_sent(lane, said, block=12))

    # Blocks.

    @rule(
        lane=lanes,
        back=st.integers(0, 3),
        count=st.integers(0, 4),
        winner=st.sampled_from(Winner),
        quarantine=st.none() | st.just("two of us"),
        burn_through=st.none() | st.integers(0, 40),
    )
    def mine(self, lane: UUID, back: int, count: int, winner: Winner, **marks: Any) -> None:
        following, lease = self.next_nonce(lane), self.lease(lane)
        seen = [
            (found(nonce, f"block tx {nonce}"), winner) for nonce in range(following - back, following - back + count)
        ]
        checkpoint = (11, hash_of("block 11"))
        self.both(
            lambda store: store.mine(lease, found=seen, next_nonce=following, checkpoint=checkpoint, **marks),
            "mine",
        )

    @rule(lane=lanes, skipped=st.integers(1, 2))
    def mine_beyond_the_next(self, lane: UUID, skipped: int) -> None:
        following, lease = self.next_nonce(lane), self.lease(lane)
        seen = [(found(following + skipped, "stranger"), Winner.FOREIGN)]
        moved = {"checkpoint": (11, hash_of("block 11")), "quarantine": "why", "burn_through": 9}
        self.both(lambda store: store.mine(lease, found=seen, next_nonce=following, **moved), "mine")

    @rule(lane=lanes, number=st.integers(0, 20))
    def move_checkpoint(self, lane: UUID, number: int) -> None:
        checkpoint, lease = (number, hash_of(f"block {number}")), self.lease(lane)
        self.both(lambda store: store.move_checkpoint(lease, checkpoint), "move_checkpoint")

    @rule(lane=lanes, back=st.lists(st.integers(0, 4), max_size=3))
    def roll_back(self, lane: UUID, back: list[int]) -> None:
        nonces, checkpoint = [self.next_nonce(lane) - one for one in back], (10, hash_of("block 10"))
        lease = self.lease(lane)
        self.both(lambda store: store.roll_back(lease, nonces, checkpoint=checkpoint), "roll_back")

    @rule(lane=lanes, outcome=outcomes, stranger=st.none() | positions, count=st.integers(1, 3))
    def conclude(
        self, lane: UUID, outcome: tuple[Outcome, IntentState, str | None], stranger: int | None, count: int
    ) -> None:
        mined = [s.nonce for s in self.memory.open_slots(lane) if s.state is SlotState.MINED]
        what, state, code = outcome
        verdicts: dict[int, list[Verdict]] = {}
        for nonce in mined[:count] or [5]:
            told = [member.intent for member in self.memory.members(lane, [nonce])]
            told += [] if stranger is None or stranger > 2 else [effect(stranger)]
            verdicts[nonce] = [Verdict(intent=one, outcome=what, state=state, code=code, reason=code) for one in told]
        lease = self.lease(lane)
        self.both(lambda store: store.conclude(lease, verdicts), "conclude")

    # What both say, and what they keep.

    @invariant()
    def both_say_the_same(self) -> None:
        for lane, (name, _) in LANES.items():
            self._say_the_same_of(lane, name)
        for name in NAMES:
            self._are_ready_alike(name)
        self.both(lambda store: (store.rejections(limit=9), store.busy_lanes()))
        self.both(lambda store: set(store.homeless(GENERATION, [NAME])))

    def _say_the_same_of(self, lane: UUID, name: str) -> None:
        self.both(lambda store: (store.lane(lane), store.open_slots(lane), store.last_final(lane)))
        self.both(lambda store: store.members(lane, range(4, 40)))
        self.both(lambda store: [store.campaigns_of(lane, nonce) for nonce in (5, 6)])
        self.both(lambda store: store.undecided_signer(lane, name))

    def _are_ready_alike(self, name: str) -> None:
        self.both(lambda store: store.ready(GENERATION, name, head=20, limit=4))

    @invariant()
    def both_keep_the_same(self) -> None:
        tables = self.memory.tables
        assert self._rows(
            "SELECT intent, lane, state, releases, code, reason, refused_block, held_until_block, reported_position"
            " FROM writer.intents"
        ) == {
            (
                key,
                r.lane,
                r.state,
                r.releases,
                r.code,
                r.reason,
                r.refused_block,
                r.held_until_block,
                r.reported_position,
            )
            for key, r in tables.intents.items()
        }
        assert self._rows("SELECT lane, nonce, epoch FROM writer.slots") == {
            (*place, row.epoch) for place, row in tables.slots.items()
        }
        assert self._rows("SELECT lane, nonce, place, intent, outcome, reason FROM writer.members") == {
            (*key, place, member.intent, member.outcome, member.reason)
            for key, row in tables.slots.items()
            for place, member in enumerate(row.members)
        }
        assert self._rows("SELECT text, seen FROM writer.unknown_replies") == set(tables.unknown_replies.items())
        assert self._rows("SELECT lane, name, epoch, owner FROM writer.lanes") == {
            (lane, kept.name, kept.epoch, kept.owner) for lane, kept in tables.lanes.items()
        }

    def _rows(self, query: str) -> set[tuple[Any, ...]]:
        return set(self.sight.execute(query))


def _open(store: WriterStore, lane: UUID, name: str, address: str) -> None:
    open_lane(store, lane, name=name, address=address)


def _asked(ask: Callable[[Any], Any], store: Any) -> Any:
    try:
        return ask(store)
    except ANSWERS as refusal:
        return type(refusal)


def test_any_calls_in_any_order_are_answered_alike(database: str) -> None:
    TwoStores.owner = database
    run_state_machine_as_test(
        TwoStores,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=50,
            deadline=None,
            derandomize="TANDEM_EXAMPLES" not in os.environ,
            suppress_health_check=list(HealthCheck),
            database=None,
        ),
    )
    fenced = {"allot", "fill", "submit", "adopt", "mine", "conclude"}
    assert fenced | {"promise"} <= TwoStores.refused
    assert fenced | {"promise", "refuse", "renew", "roll_back", "move_checkpoint"} <= TwoStores.passed
