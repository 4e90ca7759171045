"""The writer's rows in memory, and the guards that the database keeps over them (ops/migrations/0003_writer.sql)."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import msgspec

from chain_writer.errors import GuardBroken
from chain_writer.intents import Intent, IntentState, Member, Obligation, Outcome, Rejection, Slot, SlotState
from chain_writer.rows import cut
from chain_writer.store import LaneRow
from tests.simulator.stores.database import NewTable, Table

NEVER = datetime.min.replace(tzinfo=UTC)


class FollowerRow(msgspec.Struct, frozen=True):
    chain_id: int
    position: int
    rebuilt: bool = False
    ended: int | None = None


class LaneKept(msgspec.Struct, frozen=True):
    """A lane with its lease. `row` is what `WriterStore.lane` answers."""

    name: str
    chain: tuple[int, str]  # id and genesis hash
    address: str
    row: LaneRow
    epoch: int = 0
    owner: str | None = None
    lease_until: datetime = NEVER


class IntentRow(msgspec.Struct, frozen=True):
    generation: UUID
    obligation: Obligation
    lane: str
    state: IntentState
    releases: int = 0
    code: str | None = None
    reason: str | None = None
    refused_block: int | None = None
    held_until_block: int | None = None
    reported_position: int | None = None

    @property
    def is_open(self) -> bool:
        return self.state is IntentState.QUEUED or self.state is IntentState.BOUND


class MemberRow(msgspec.Struct, frozen=True):
    intent: UUID
    outcome: Outcome | None = None
    reason: str | None = None


class SlotRow(msgspec.Struct, frozen=True):
    slot: Slot
    epoch: int
    members: tuple[MemberRow, ...] = ()


class WriterTables:
    """All that the writer keeps. `hashes` says whose the signed bytes of a hash are, by lane and nonce."""

    def __init__(self, table: NewTable) -> None:
        self.followers: Table[UUID, FollowerRow] = table()
        self.lanes: Table[UUID, LaneKept] = table()
        self.intents: Table[UUID, IntentRow] = table()
        self.slots: Table[tuple[UUID, int], SlotRow] = table()
        self.hashes: Table[str, tuple[UUID, int]] = table()
        self.unknown_replies: Table[str, int] = table()

    def slots_of(self, lane: UUID) -> list[SlotRow]:
        """In the order of their nonces. Whether they have no holes is for the invariants to say."""
        kept = self.lanes.get(lane)
        nonces = range(kept.row.first_nonce, kept.row.next_nonce) if kept else range(0)
        return [self.slots[lane, nonce] for nonce in nonces if (lane, nonce) in self.slots]

    def is_open(self, lane: UUID) -> bool:
        """Whether a nonce of a lane is not final."""
        return any(one.slot.state is not SlotState.FINAL for one in self.slots_of(lane))

    # What the guards hold. Each writes, or raises GuardBroken.

    def take_nonce(self, lane: UUID, made: SlotRow) -> None:
        """A slot takes the next nonce of its lane and moves the counter."""
        kept, nonce = self.lanes[lane], made.slot.nonce
        if nonce != kept.row.next_nonce:
            raise GuardBroken(f"nonce {nonce} is not the next of lane {lane}")
        self.slots.put((lane, nonce), made)
        self.change_lane(lane, next_nonce=nonce + 1)

    def change_lane(self, lane: UUID, **fields: object) -> None:
        kept = self.lanes[lane]
        self.lanes.put(lane, msgspec.structs.replace(kept, row=msgspec.structs.replace(kept.row, **fields)))

    def change_slot(self, lane: UUID, nonce: int, **fields: object) -> None:
        row = self.slots[lane, nonce]
        assert row.slot.state is not SlotState.FINAL, f"nonce {nonce} is final"
        self.slots.put((lane, nonce), msgspec.structs.replace(row, slot=msgspec.structs.replace(row.slot, **fields)))

    def take_hash(self, lane: UUID, nonce: int, tx_hash: str) -> None:
        if tx_hash in self.hashes:
            raise GuardBroken(f"tx {tx_hash} is there already")
        self.hashes.put(tx_hash, (lane, nonce))

    def change_intent(self, intent: UUID, **fields: object) -> None:
        """`state` is a state, or is left as it is. What is settled stays."""
        row = self.intents[intent]
        state = fields.get("state", row.state)
        if row.state is not state and not row.is_open:
            raise GuardBroken(f"intent {intent} may not go from {row.state} to {state}")
        self.intents.put(intent, msgspec.structs.replace(row, **fields))

    def in_state(self, state: IntentState) -> list[IntentRow]:
        return [row for row in self.intents.values() if row.state is state]

    def queued(self, intents: list[UUID], *, wanted_for: str) -> None:
        """Refuse unless each of these is queued, and named once."""
        rows = [self.intents[intent] for intent in set(intents) if intent in self.intents]
        found = sum(row.state is IntentState.QUEUED for row in rows)
        if found != len(intents):
            raise GuardBroken(f"{len(intents)} intents were to be {wanted_for}, {found} were queued")


def promised(generation: UUID, obligation: Obligation, lane: str) -> IntentRow:
    """One with a flaw is rejected as it is made."""
    if obligation.flaw is None:
        return IntentRow(generation, obligation, lane, IntentState.QUEUED)
    reason = cut(obligation.flaw)
    return IntentRow(generation, obligation, lane, IntentState.REJECTED, code="not-callable", reason=reason)


def intent_of(row: IntentRow) -> Intent:
    o = row.obligation
    return Intent(
        id=o.effect,
        kind=o.kind,
        target=o.target,
        natural_key=o.natural_key,
        digest=o.digest,
        leaf=o.leaf,
        call=o.call,
        releases=row.releases,
        refused_code=row.code,
        refused_block=row.refused_block,
    )


def member_of(nonce: int, row: IntentRow) -> Member:
    o = row.obligation
    return Member(
        nonce=nonce,
        intent=o.effect,
        kind=o.kind,
        target=o.target,
        natural_key=o.natural_key,
        digest=o.digest,
        leaf=o.leaf,
        releases=row.releases,
    )


def rejection_of(row: IntentRow, *, position: int, chain_id: int) -> Rejection:
    o = row.obligation
    assert row.code is not None
    assert row.reason is not None
    return Rejection(
        intent=o.effect,
        kind=o.kind,
        stream=o.stream,
        position=position,
        correlation_id=o.correlation_id,
        chain_id=chain_id,
        code=row.code,
        reason=row.reason,
    )
