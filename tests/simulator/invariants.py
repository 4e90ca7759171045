"""What must hold after every turn of a world, and what must have come of everything once it is at rest.

The numbers are those of the protocol's invariants. Words are compared with the chain itself, never with what a process
believes of it.
"""

from __future__ import annotations

from collections import Counter
from typing import Any
from uuid import UUID

from abis import decode
from abis import logs as l
from chain_writer.deciders import IN_FLIGHT_MAX
from chain_writer.intents import IntentState, Outcome, Purpose, SlotState
from chain_writer.obligations import obligation_of
from chain_writer.transactions import read_back
from chain_writer.verdicts import recorded_by
from tests.simulator.stores import (
    BookTables,
    IndexerTables,
    JournalTables,
    MemoryBook,
    ProcessTables,
    WriterTables,
)
from tests.simulator.world import FINALITY_DEPTH, SIGNERS, World


class Broken(AssertionError):
    """An invariant does not hold."""


def hold(what: bool, text: str) -> None:  # noqa: FBT001  # the sentence says it
    if not what:
        raise Broken(text)


class Watch:
    """Looks at a world after each turn. What only rises is remembered."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._commits = self._writes = -1
        self._compared: set[tuple[Any, int, int]] = set()
        self._heights: dict[str, int] = {}
        self._restores = 0
        self._finals: dict[tuple[Any, int], str] = {}

    def look(self) -> None:
        world = self._world
        if world.commits == self._commits:
            return
        self._commits = world.commits
        self._positions()
        if world.writes != self._writes:
            self._writes = world.writes
            self._slots(world.writer)

    def _positions(self) -> None:
        """Positions and checkpoints never go back."""
        world, room = self._world, self._world.database.room
        if world.restores != self._restores:
            self._restores = world.restores
            self._heights = {name: at for name, at in self._heights.items() if not name.startswith("writer")}
            # What an older backup calls final was looked at when it became so; the chain has gone on since.
            self._finals = {
                (lane, row.slot.nonce): row.slot.winner_hash or ""
                for lane in world.writer.lanes
                for row in world.writer.slots_of(lane)
                if row.slot.state is SlotState.FINAL
            }
        stand = room(IndexerTables).stand
        now = {"journal": room(JournalTables).head, "book": room(BookTables).position}
        now["indexer"] = stand.block.number if stand else 0
        now |= {f"process {name}": at for name, at in room(ProcessTables).followers.items()}
        now["writer"] = sum(row.position for row in world.writer.followers.values())
        for name, kept in ((kept.name, kept) for kept in world.writer.lanes.values()):
            now |= {f"writer's nonce of {name}": kept.row.next_nonce, f"writer's epoch of {name}": kept.epoch}
        for name, at in now.items():
            hold(at >= self._heights.get(name, 0), f"{name} went back from {self._heights.get(name)} to {at}")
        self._heights = now

    def _slots(self, tables: WriterTables) -> None:
        homes: Counter[UUID] = Counter()
        for lane in tables.lanes:
            in_flight, row_of = 0, tables.lanes[lane].row
            nonces = [row.slot.nonce for row in tables.slots_of(lane)]
            hold(
                nonces == list(range(row_of.first_nonce, row_of.next_nonce)),
                f"I3, I10: a nonce without a slot: {nonces}",
            )
            for row in tables.slots_of(lane):
                slot = row.slot
                in_flight += slot.state is SlotState.LIVE
                homes.update(m.intent for m in row.members if m.outcome is not Outcome.RELEASED)
                if slot.state is SlotState.FINAL and (lane, slot.nonce) not in self._finals:
                    self._final(lane, row)
                elif slot.state is SlotState.FINAL:
                    hold(self._finals[lane, slot.nonce] == slot.winner_hash, f"nonce {slot.nonce} changed its winner")
                elif (signed := (lane, slot.nonce, len(slot.submissions))) not in self._compared:
                    self._compared.add(signed)
                    self._effects(slot)
            # Those of a block that was lost come back to what was given out after it; they are sent in turns.
            hold(in_flight <= IN_FLIGHT_MAX or bool(self._world.chain.lost), f"I13: {in_flight} nonces in flight")
        doubled = [intent for intent, count in homes.items() if count > 1]
        hold(not doubled, f"I2: intents in two slots: {doubled}")
        for intent, kept in tables.intents.items():
            if kept.state is IntentState.BOUND:
                hold(homes[intent] == 1, f"intent {intent} is bound to no slot")

    def _effects(self, slot: Any) -> None:
        """I3: all that was signed for a nonce's effect says the same."""
        said = {
            (fields.chain_id, fields.nonce, fields.to, fields.data, fields.value)
            for s in slot.submissions
            if s.purpose is Purpose.EFFECT
            for fields in [read_back(s.raw)]
        }
        hold(len(said) <= 1, f"I3: nonce {slot.nonce} was signed for several effects")
        hold(all(nonce == slot.nonce for _, nonce, *_ in said), f"I3: nonce {slot.nonce} holds another's bytes")

    def _final(self, lane: Any, row: Any) -> None:
        """I8, I9: it was decided in a block that stays, and its members did what was written down of them."""
        world, slot = self._world, row.slot
        self._finals[lane, slot.nonce] = slot.winner_hash
        block = world.chain.blocks[slot.block_number] if slot.block_number < len(world.chain.blocks) else None
        hold(block is not None and block.hash == slot.block_hash, f"I8: nonce {slot.nonce} is final in a lost block")
        depth = world.chain.height - slot.block_number
        hold(depth >= FINALITY_DEPTH, f"I8: nonce {slot.nonce} is final at depth {depth}")
        for member in row.members:
            intent = world.writer.intents[member.intent].obligation
            have = _digest(world, intent)
            if member.outcome in {Outcome.RECORDED, Outcome.ALREADY_RECORDED}:
                hold(have == intent.digest, f"an effect of {intent.kind} was called done, and is not there")
            elif not self._is_bound_anew(lane, slot, member.intent):
                hold(have != intent.digest, f"an effect of {intent.kind} is there, and was {member.outcome}")

    def _is_bound_anew(self, lane: Any, slot: Any, intent: UUID) -> bool:
        """Within the same turn: a fork may have put what was sent anew into a block that is final by now."""
        later = (row for row in self._world.writer.slots_of(lane) if row.slot.nonce > slot.nonce)
        return any(member.intent == intent for row in later for member in row.members)


def _digest(world: World, obligation: Any) -> bytes:
    found = world.chain.final(FINALITY_DEPTH).state.get((obligation.target.lower(), "digest", obligation.natural_key))
    return bytes(32) if found is None else bytes(found)


# At rest.


def unrest(world: World) -> str | None:
    """What is not done yet; None when everything is."""
    tables, room = world.writer, world.database.room
    head = room(JournalTables).head
    stand = room(IndexerTables).stand
    checks = {
        "acts are left": len(world.done) < len(world.story),
        "the follower is behind": {row.position for row in tables.followers.values()} != {head},
        "intents are open": any(row.is_open for row in tables.intents.values()),
        "nonces are open": any(tables.is_open(lane) for lane in tables.lanes),
        "rejections are not reported": any(
            row.state is IntentState.REJECTED and row.reported_position is None for row in tables.intents.values()
        ),
        "the indexer is behind": stand is None or stand.block.number < world.chain.height - FINALITY_DEPTH,
        "the book is behind": room(BookTables).position != head,
        "a process is behind": any(at != head for at in room(ProcessTables).followers.values()),
        "the pool is not empty": any(tx.sender in SIGNERS.values() for tx in world.chain.pool.txs()),
    }
    return next((text for text, is_so in checks.items() if is_so), None)


def check_rest(world: World) -> None:
    """Each intent has exactly one effect or a reason; nonces have no holes; journal, book and chain say the same."""
    _intents(world)
    _nonces(world)
    _logs(world)
    _book(world)


def _intents(world: World) -> None:
    tables, journal = world.writer, world.database.room(JournalTables)
    obliged = {o.effect for e in journal.entries.values() if (o := obligation_of(e, world.generation)) is not None}
    hold(set(tables.intents) == obliged, "the intents are not what the journal obliges")
    for row in tables.intents.values():
        done = _digest(world, row.obligation) == row.obligation.digest
        if row.state is IntentState.LANDED:
            hold(done, f"lost: {row.obligation.kind} landed, and is not on the chain")
        else:
            hold(row.state is IntentState.REJECTED, f"{row.obligation.kind} is {row.state}")
            hold(not done, f"{row.obligation.kind} was rejected as {row.code}, and is on the chain")
            hold(bool(row.code and row.reason), f"{row.obligation.kind} was rejected without a reason")


def _nonces(world: World) -> None:
    for name, lane in world.lanes():
        kept = world.writer.lanes.get(lane)
        if kept is not None:
            count = world.chain.count(SIGNERS[name])
            hold(
                kept.row.next_nonce == count, f"{name} gave out {kept.row.next_nonce} nonces, the chain counts {count}"
            )


def _logs(world: World) -> None:
    """Every effect was recorded once, and by a single call: no repetition of ours was ever needed."""
    recorded: Counter[bytes] = Counter()
    repeated = 0
    for log in world.chain.logs():
        decoded = decode(log.raw)
        named = recorded_by(decoded) if decoded is not None else None
        if named is not None:
            recorded[named[2]] += 1
        if isinstance(decoded, l.AlreadyRecorded | l.Conflict) and log.sender in SIGNERS.values():
            repeated += 1
    landed = [row.obligation for row in world.writer.intents.values() if row.state is IntentState.LANDED]
    for obligation in landed:
        hold(recorded[obligation.leaf] == 1, f"{obligation.kind} was recorded {recorded[obligation.leaf]} times")
    hold(sum(recorded.values()) == len(landed), f"{sum(recorded.values())} effects of {len(landed)} intents")
    hold(not repeated or bool(world.faults.struck["X3"]), f"double: {repeated} effects were sent twice")


def _book(world: World) -> None:
    room = world.database.room
    kept = room(IndexerTables).logs
    contracts = {address.lower() for address in world.generation.addresses.values()}
    contracts |= set(room(IndexerTables).children)
    last = room(IndexerTables).stand
    assert last is not None
    blocks = world.chain.blocks[: last.block.number + 1]
    there = {log.at.key for block in blocks for log in block.placed if log.raw.address in contracts}
    hold(set(kept) == there, f"the indexer kept {len(kept)} logs, the chain has {len(there)}")
    book = MemoryBook(world.database)
    hold(book.rows() == book.rebuilt(), "the book is not what a rebuild of it gives")
