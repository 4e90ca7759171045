"""The writer's store in memory: each method means what that of `chain_writer.store.WriterStore` means."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
import psycopg

from chain_writer.deciders import IN_FLIGHT_MAX, Found, Hold, Reject
from chain_writer.errors import GuardBroken, LeaseLost
from chain_writer.intents import (
    NOTHING,
    Intent,
    IntentState,
    Member,
    Obligation,
    Outcome,
    Purpose,
    Rejection,
    Slot,
    SlotState,
    Spent,
    Submission,
    Switch,
    Verdict,
    Winner,
)
from chain_writer.replies import Classified
from chain_writer.rows import cut
from chain_writer.signer import Signed
from chain_writer.store import Bound, LaneRow, Lease
from chain_writer.transactions import Fields
from tests.simulator.stores.database import Connection, MemoryDatabase
from tests.simulator.stores.writer_tables import (
    NEVER,
    FollowerRow,
    IntentRow,
    LaneKept,
    MemberRow,
    SlotRow,
    WriterTables,
    intent_of,
    member_of,
    promised,
    rejection_of,
)


def _comes_before(other: Obligation, this: Obligation) -> bool:
    """Of one stream: what was obliged earlier, unless it stands in a later stage."""
    return other.position < this.position and other.stage <= this.stage


CLEARED = {"code": None, "reason": None, "refused_block": None, "held_until_block": None}


class MemoryPromises(Connection):
    """The follower's and the reporter's part."""

    def __init__(self, database: MemoryDatabase) -> None:
        super().__init__(database)
        self._tables = database.room(WriterTables)

    @property
    def tables(self) -> WriterTables:
        self._check()
        return self._tables

    def position(self, generation: UUID, *, chain_id: int, rebuilt: bool = False) -> int:
        with self._transaction("writer.position"):
            if generation not in self.tables.followers:
                self.tables.followers.put(generation, FollowerRow(chain_id, 0, rebuilt))
        return self.tables.followers[generation].position

    def promise(
        self,
        generation: UUID,
        *,
        after: int,
        through: int,
        obligations: Sequence[tuple[Obligation, str]],
        switch: Switch | None = None,
    ) -> bool:
        with self._transaction("writer.promise"):
            follower = self.tables.followers.get(generation)
            if follower is None or follower.position != after or follower.ended is not None:
                return False
            self.tables.followers.put(generation, msgspec.structs.replace(follower, position=through))
            known = self.tables.intents
            taken = {row.obligation.position for row in known.values() if row.generation == generation}
            for obligation, lane in obligations:
                if obligation.effect in known or obligation.position in taken:
                    raise GuardBroken(f"an intent of position {obligation.position} is there already")
                taken.add(obligation.position)
                known.put(obligation.effect, promised(generation, obligation, lane))
            if switch is not None:
                self._switch(switch)
        return True

    def ended(self, generation: UUID) -> int | None:
        follower = self.tables.followers.get(generation)
        return follower.ended if follower is not None else None

    def _switch(self, switch: Switch) -> None:
        """What is open of both, and the lanes of both chains, take their new names with the first who comes here."""
        followers = self.tables.followers
        previous, successor = followers.get(switch.previous), followers.get(switch.successor)
        ends = previous is not None and previous.ended is None
        if not ends and (successor is None or not successor.rebuilt):
            return
        if previous is not None and ends:
            followers.put(switch.previous, msgspec.structs.replace(previous, ended=switch.position))
        if successor is not None:
            followers.put(switch.successor, msgspec.structs.replace(successor, rebuilt=False))
        ending, living = f"@{str(switch.previous)[:8]}", f"@{str(switch.successor)[:8]}"
        for row in [*self.tables.in_state(IntentState.QUEUED), *self.tables.in_state(IntentState.BOUND)]:
            if row.generation in {switch.previous, switch.successor}:
                name = row.lane.partition("@")[0] + (ending if row.generation == switch.previous else "")
                self.tables.change_intent(row.obligation.effect, lane=name)
        for lane, kept in list(self.tables.lanes.items()):
            here = kept.chain == (switch.chain_id, switch.genesis_hash)
            if here and kept.name.endswith(living):
                self.tables.lanes.put(lane, msgspec.structs.replace(kept, name=kept.name.partition("@")[0]))
            elif not here and "@" not in kept.name:
                self.tables.lanes.put(lane, msgspec.structs.replace(kept, name=kept.name + ending))

    def homeless(self, generation: UUID, lanes: Sequence[str]) -> list[UUID]:
        waiting = [row for row in self._queued(generation) if row.lane not in lanes]
        return list(dict.fromkeys(row.obligation.subject for row in waiting))

    def rehome(self, generation: UUID, subject: UUID, *, lane: str) -> None:
        with self._transaction("writer.rehome"):
            for row in self._queued(generation):
                if row.obligation.subject == subject:
                    self.tables.change_intent(row.obligation.effect, lane=lane)

    def rejections(self, *, limit: int) -> list[Rejection]:
        followers = self.tables.followers
        rows = [
            row
            for row in self.tables.in_state(IntentState.REJECTED)
            if row.reported_position is None
            and not followers[row.generation].rebuilt
            and followers[row.generation].ended is None
        ]
        rows.sort(key=lambda row: row.obligation.position)
        return [
            rejection_of(row, position=self._first(row), chain_id=followers[row.generation].chain_id)
            for row in rows[:limit]
        ]

    def _first(self, row: IntentRow) -> int:
        """The position of the entry that obliged this effect: of all intents with its leaf, the first."""
        return min(
            known.obligation.position
            for known in self.tables.intents.values()
            if (known.generation, known.obligation.leaf) == (row.generation, row.obligation.leaf)
        )

    def reported(self, intent: UUID, *, position: int) -> None:
        with self._transaction("writer.reported"):
            if intent in self.tables.intents:
                self.tables.change_intent(intent, reported_position=position)

    def busy_lanes(self) -> list[str]:
        queued = {row.lane for row in self.tables.in_state(IntentState.QUEUED)}
        busy = queued | {kept.name for lane, kept in self.tables.lanes.items() if self.tables.is_open(lane)}
        return sorted(name for name in busy if "@" not in name)

    def _queued(self, generation: UUID) -> list[IntentRow]:
        return [row for row in self.tables.in_state(IntentState.QUEUED) if row.generation == generation]


class MemoryLeases(MemoryPromises):
    """Who drives a lane."""

    def open_lane(
        self,
        lane: UUID,
        name: str,
        *,
        chain_id: int,
        genesis_hash: str,
        address: str,
        nonce: int,
        block: tuple[int, str],
        burn_through: int | None = None,
    ) -> None:
        with self._transaction("writer.open_lane"):
            lanes, chain = self.tables.lanes, (chain_id, genesis_hash)
            if lane in lanes:
                lanes.put(lane, msgspec.structs.replace(lanes[lane], name=name))
            elif any((kept.chain, kept.address) == (chain, address) for kept in lanes.values()):
                raise psycopg.errors.UniqueViolation(f"another lane has {address}")
            else:
                lanes.put(lane, LaneKept(name, chain, address, LaneRow(nonce, nonce, *block, None, burn_through)))

    def undecided_signer(self, lane: UUID, name: str) -> str | None:
        mine = self.tables.lanes.get(lane)
        for key, other in self.tables.lanes.items():
            is_another = mine is not None and key != lane and other.name == name and other.chain == mine.chain
            if is_another and self.tables.is_open(key):
                return other.address
        return None

    def acquire(self, lane: UUID, *, owner: str, lease_s: float) -> Lease | None:
        with self._transaction("writer.acquire"):
            kept, now = self.tables.lanes.get(lane), self.database.clock()
            if kept is None or (kept.lease_until >= now and kept.owner != owner):
                return None
            until = now + timedelta(seconds=lease_s)
            taken = msgspec.structs.replace(kept, owner=owner, epoch=kept.epoch + 1, lease_until=until)
            self.tables.lanes.put(lane, taken)
        return Lease(lane, taken.epoch)

    def renew(self, lease: Lease, *, lease_s: float) -> None:
        with self._fenced(lease, "renew"):
            until = self.database.clock() + timedelta(seconds=lease_s)
            self.tables.lanes.put(lease.lane, msgspec.structs.replace(self._kept(lease), lease_until=until))

    def let_go(self, lease: Lease) -> None:
        with self._transaction("writer.let_go"):
            kept = self.tables.lanes.get(lease.lane)
            if kept is not None and kept.epoch == lease.epoch:
                self.tables.lanes.put(lease.lane, msgspec.structs.replace(kept, owner=None, lease_until=NEVER))

    def reinstate(self, name: str) -> int:
        with self._transaction("writer.reinstate"):
            found = [lane for lane in self._named(name) if self.tables.lanes[lane].row.quarantine is not None]
            for lane in found:
                self.tables.change_lane(lane, quarantine=None)
        return len(found)

    def restored(self, name: str) -> int:
        with self._transaction("writer.restored"):
            found = self._named(name)
            for lane in found:
                self._burn_through(lane, self.tables.lanes[lane].row.next_nonce + IN_FLIGHT_MAX)
        return len(found)

    def drain(self, name: str, *, draining: bool) -> int:
        with self._transaction("writer.drain"):
            found = self._named(name)
            for lane in found:
                self.tables.change_lane(lane, draining=draining)
        return len(found)

    def _named(self, name: str) -> list[UUID]:
        return [lane for lane, kept in self.tables.lanes.items() if kept.name == name]

    def _burn_through(self, lane: UUID, nonce: int) -> None:
        self.tables.change_lane(lane, burn_through=max(self.tables.lanes[lane].row.burn_through or 0, nonce))

    def _kept(self, lease: Lease) -> LaneKept:
        return self.tables.lanes[lease.lane]

    @contextmanager
    def _fenced(self, lease: Lease, name: str) -> Iterator[None]:
        with self._transaction(f"writer.{name}"):
            kept = self.tables.lanes.get(lease.lane)
            if kept is None or kept.epoch != lease.epoch:
                raise LeaseLost(f"epoch {lease.epoch} of the lane is over")
            yield


class MemoryWriterStore(MemoryLeases):
    """One connection to the writer's tables of a database; `tables` is what an invariant looks at."""

    # Reading a lane.

    def lane(self, lane: UUID) -> LaneRow | None:
        kept = self.tables.lanes.get(lane)
        return kept.row if kept else None

    def open_slots(self, lane: UUID) -> list[Slot]:
        return [one.slot for one in self.tables.slots_of(lane) if one.slot.state is not SlotState.FINAL]

    def last_final(self, lane: UUID) -> tuple[int, str] | None:
        for one in reversed(self.tables.slots_of(lane)):
            if one.slot.state is SlotState.FINAL:
                assert one.slot.block_number is not None
                assert one.slot.block_hash is not None
                return one.slot.block_number, one.slot.block_hash
        return None

    def members(self, lane: UUID, nonces: Sequence[int]) -> list[Member]:
        intents, slots = self.tables.intents, self.tables.slots
        return [
            member_of(nonce, intents[member.intent])
            for nonce in sorted(set(nonces))
            if (lane, nonce) in slots
            for member in slots[lane, nonce].members
        ]

    def ready(self, generation: UUID, lane: str, *, head: int, limit: int) -> list[Intent]:
        """The conditions of `ready.sql`: earlier stages, the parent, and what the stream obliged before."""
        unsettled = [row for row in self.tables.intents.values() if row.is_open and row.generation == generation]
        first_stage: dict[UUID, int] = {}
        of_stream: dict[UUID, list[Obligation]] = {}
        for row in unsettled:
            o = row.obligation
            first_stage[o.subject] = min(o.stage, first_stage.get(o.subject, o.stage))
            of_stream.setdefault(o.stream, []).append(o)
        found = [
            row
            for row in unsettled
            if row.lane == lane
            and row.state is IntentState.QUEUED
            and (row.held_until_block is None or row.held_until_block <= head)
            and first_stage[row.obligation.subject] >= row.obligation.stage
            and row.obligation.parent not in first_stage
            and not any(_comes_before(other, row.obligation) for other in of_stream[row.obligation.stream])
        ]
        found.sort(key=lambda row: row.obligation.position)
        return [intent_of(row) for row in found[:limit]]

    def campaigns_of(self, lane: UUID, nonce: int) -> frozenset[UUID]:
        row = self.tables.slots.get((lane, nonce))
        return frozenset(
            self.tables.intents[member.intent].obligation.subject for member in (row.members if row else ())
        )

    # Writing a lane. Each is one commit, or nothing.

    def allot(self, lease: Lease, bound: Sequence[Bound], *, made_block: int) -> None:
        with self._fenced(lease, "allot"):
            if self.tables.lanes[lease.lane].row.draining:
                raise LeaseLost("the lane drains")
            intents = [intent for one in bound for intent in one.intents]
            first = self.tables.intents.get(intents[0]) if intents else None
            if first is not None and self.ended(first.generation) is not None:
                raise LeaseLost("the generation has ended")
            for one in bound:
                self._take(lease, one.fields, members=one.intents)
            self.tables.queued(intents, wanted_for="bound")
            for intent in intents:
                self.tables.change_intent(intent, state=IntentState.BOUND, **CLEARED)
            for one in bound:
                self._submit(lease, one.fields, one.signed, purpose=Purpose.EFFECT, made_block=made_block)

    def fill(self, lease: Lease, fields: Fields, signed: Signed, *, made_block: int) -> None:
        with self._fenced(lease, "fill"):
            self._take(lease, fields)
            self._submit(lease, fields, signed, purpose=Purpose.FILLER, made_block=made_block)

    def adopt(self, lease: Lease, intents: Sequence[UUID]) -> None:
        with self._fenced(lease, "adopt"):
            self.tables.queued(list(intents), wanted_for="adopted")
            for intent in intents:
                adopted = CLEARED | {"state": IntentState.LANDED, "reason": "found on the chain"}
                self.tables.change_intent(intent, **adopted)

    def submit(self, lease: Lease, fields: Fields, signed: Signed, *, purpose: Purpose, made_block: int) -> None:
        with self._fenced(lease, "submit"):
            self._submit(lease, fields, signed, purpose=purpose, made_block=made_block)

    def note_sent(self, lane: UUID, said: Mapping[str, Classified], *, block: int) -> None:
        with self._transaction("writer.note_sent"):
            for tx_hash, one in said.items():
                of, nonce = self.tables.hashes.get(tx_hash, (None, 0))
                if of == lane:
                    self._note(lane, nonce, tx_hash, one, block=block)
            counts = self.tables.unknown_replies
            for text in sorted({one.text for one in said.values() if not one.known}):
                counts.put(text, counts.get(text, 0) + 1)

    def mine(
        self,
        lease: Lease,
        *,
        found: Sequence[tuple[Found, Winner]],
        next_nonce: int,
        checkpoint: tuple[int, str],
        quarantine: str | None,
        burn_through: int | None,
    ) -> None:
        with self._fenced(lease, "mine"):
            for seen, winner in found:
                self._mine(lease, seen, winner, given_out=seen.tx.nonce < next_nonce)
            self._move_checkpoint(lease, checkpoint)
            if quarantine is not None:
                self.tables.change_lane(lease.lane, quarantine=quarantine)
            if burn_through is not None:
                self._burn_through(lease.lane, burn_through)

    def move_checkpoint(self, lease: Lease, checkpoint: tuple[int, str]) -> None:
        with self._fenced(lease, "move_checkpoint"):
            self._move_checkpoint(lease, checkpoint)

    def roll_back(self, lease: Lease, nonces: Sequence[int], *, checkpoint: tuple[int, str]) -> None:
        with self._fenced(lease, "roll_back"):
            for nonce in nonces:
                row = self.tables.slots.get((lease.lane, nonce))
                if row is not None and row.slot.state is SlotState.MINED:
                    gone = dict.fromkeys(("block_number", "block_hash", "winner_hash", "winner"))
                    unsent = [msgspec.structs.replace(s, sent_block=None, reply=None) for s in row.slot.submissions]
                    self.tables.change_slot(lease.lane, nonce, state=SlotState.LIVE, submissions=tuple(unsent), **gone)
            self._move_checkpoint(lease, checkpoint)

    def conclude(self, lease: Lease, verdicts: Mapping[int, Sequence[Verdict]], *, spent: Spent = NOTHING) -> None:
        """What was spent is a figure for people: nothing here reads it."""
        with self._fenced(lease, "conclude"):
            for nonce, several in verdicts.items():
                self._conclude(lease.lane, nonce, several)

    def _conclude(self, lane: UUID, nonce: int, verdicts: Sequence[Verdict]) -> None:
        row = self.tables.slots.get((lane, nonce))
        if row is None or row.slot.state is not SlotState.MINED:
            raise GuardBroken(f"nonce {nonce} was to become final, but is not mined")
        told = {verdict.intent: verdict for verdict in verdicts}
        members = tuple(_concluded(member, told.get(member.intent)) for member in row.members)
        settled = sum(member.intent in told for member in members)
        if settled != len(verdicts):
            raise GuardBroken(f"nonce {nonce} has {len(verdicts)} verdicts for {settled} members")
        self.tables.change_slot(lane, nonce, state=SlotState.FINAL)
        final = self.tables.slots[lane, nonce]
        self.tables.slots.put((lane, nonce), msgspec.structs.replace(final, members=members))
        for verdict in verdicts:
            self._settle(verdict)

    def refuse(self, lease: Lease, intent: UUID, refusal: Hold | Reject) -> None:
        with self._fenced(lease, "refuse"):
            row = self.tables.intents.get(intent)
            if row is None or row.state is not IntentState.QUEUED:
                return
            said: dict[str, object] = {"code": refusal.code, "reason": cut(refusal.reason)}
            if isinstance(refusal, Hold):
                said |= {"refused_block": refusal.since_block, "held_until_block": refusal.until_block}
            else:
                said |= {"state": IntentState.REJECTED}
            self.tables.change_intent(intent, **said)

    # Inside.

    def _take(self, lease: Lease, fields: Fields, *, members: Sequence[UUID] = ()) -> None:
        slot = Slot(nonce=fields.nonce, state=SlotState.LIVE, target=fields.to, submissions=())
        self.tables.take_nonce(lease.lane, SlotRow(slot, lease.epoch, tuple(map(MemberRow, members))))

    def _submit(self, lease: Lease, fields: Fields, signed: Signed, *, purpose: Purpose, made_block: int) -> None:
        row = self.tables.slots.get((lease.lane, fields.nonce))
        if row is None or row.slot.state is SlotState.FINAL:
            raise GuardBroken(f"nonce {fields.nonce} is final")
        self.tables.take_hash(lease.lane, fields.nonce, signed.hash)
        made = Submission(
            number=len(row.slot.submissions) + 1,
            purpose=purpose,
            hash=signed.hash,
            raw=signed.raw,
            gas_limit=fields.gas_limit,
            gas_price_wei=fields.gas_price_wei,
            made_block=made_block,
            sends=0,
            sent_block=None,
            reply=None,
        )
        self.tables.change_slot(lease.lane, fields.nonce, submissions=(*row.slot.submissions, made))

    def _note(self, lane: UUID, nonce: int, tx_hash: str, said: Classified, *, block: int) -> None:
        row = self.tables.slots[lane, nonce]
        submissions = tuple(
            msgspec.structs.replace(one, sends=one.sends + 1, sent_block=block, reply=said.reply.value)
            if one.hash == tx_hash
            else one
            for one in row.slot.submissions
        )
        slot = msgspec.structs.replace(row.slot, submissions=submissions)
        self.tables.slots.put((lane, nonce), msgspec.structs.replace(row, slot=slot))

    def _mine(self, lease: Lease, seen: Found, winner: Winner, *, given_out: bool) -> None:
        tx, block = seen.tx, seen.block
        mined: dict[str, Any] = {
            "state": SlotState.MINED,
            "block_number": block.number,
            "block_hash": block.hash,
            "winner_hash": tx.hash,
            "winner": winner,
        }
        if not given_out:
            taken = Slot(nonce=tx.nonce, target=tx.to or "", submissions=(), **mined)
            self.tables.take_nonce(lease.lane, SlotRow(taken, lease.epoch))
            return
        row = self.tables.slots.get((lease.lane, tx.nonce))
        if row is not None and row.slot.state is SlotState.LIVE:
            self.tables.change_slot(lease.lane, tx.nonce, **mined)

    def _move_checkpoint(self, lease: Lease, checkpoint: tuple[int, str]) -> None:
        number, block_hash = checkpoint
        self.tables.change_lane(lease.lane, checkpoint=number, checkpoint_hash=block_hash)

    def _settle(self, verdict: Verdict) -> None:
        row = self.tables.intents[verdict.intent]
        releases = row.releases + (verdict.outcome is Outcome.RELEASED)
        said = {"state": verdict.state, "code": verdict.code, "reason": cut(verdict.reason), "releases": releases}
        self.tables.change_intent(verdict.intent, **(CLEARED | said))


def _concluded(member: MemberRow, verdict: Verdict | None) -> MemberRow:
    return MemberRow(member.intent, verdict.outcome, cut(verdict.reason)) if verdict else member
