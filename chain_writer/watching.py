"""What the chain did with a lane's nonces: mined, taken back, final. The chain's blocks decide, no reply ever does."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from abis.calls import selector
from chain_writer.blocks import Header, Receipt, Seen
from chain_writer.deciders import Fate, Found, burn_through, fate, found_in
from chain_writer.errors import ChainWentBack
from chain_writer.intents import Member, Purpose, Slot, SlotState, Spent, Verdict, Winner
from chain_writer.means import Means
from chain_writer.store import LaneRow, Lease
from chain_writer.verdicts import Said, by_content

BLOCKS_PER_STEP_MAX = 100
SLOTS_PER_STEP_MAX = 20
MISSED_LOOKS_MAX = 3  # looks that count more mined nonces than the blocks show, before they are read again

DIGEST_OF = selector("digestOf(bytes32)")


class Watched(msgspec.Struct, frozen=True, kw_only=True):
    """One look of a lane: what is stored of it, its open slots, and what was seen of the chain at once."""

    row: LaneRow
    slots: tuple[Slot, ...]
    seen: Seen
    final: tuple[int, str] | None

    @property
    def head(self) -> int:
        return self.seen.head.number

    @property
    def awaited(self) -> int:
        """The lowest nonce that is not known to be mined."""
        return next((slot.nonce for slot in self.slots if slot.state is SlotState.LIVE), self.row.next_nonce)

    @property
    def is_behind(self) -> bool:
        """The node has not even the blocks that were seen before: nothing follows from anything it lacks."""
        return self.head < max(self.row.checkpoint, self.final[0] if self.final else 0)


class Watcher:
    """Reads the blocks for one lane. Every write is fenced by the lease it is given."""

    def __init__(self, means: Means) -> None:
        self._means = means
        self._missed = 0

    def look(self, lease: Lease) -> Watched:
        """What is stored and what the chain says of it. Raises ChainWentBack if a final block is gone."""
        store = self._means.store
        row, slots, final = store.lane(lease.lane), store.open_slots(lease.lane), store.last_final(lease.lane)
        assert row is not None
        numbers = {slot.block_number for slot in slots if slot.block_number is not None} | {row.checkpoint}
        if final is not None:
            numbers.add(final[0])
        seen = self._means.chain.look(self._means.signer.address, sorted(numbers))
        if final is not None:
            header = seen.headers[final[0]]
            if header is not None and header.hash != final[1]:
                raise ChainWentBack(f"block {final[0]} was final as {final[1]}, the chain now has {header.hash} there")
        return Watched(row=row, slots=tuple(slots), seen=seen, final=final)

    def stored(self, lease: Lease, watched: Watched) -> Watched:
        """The same look at the chain with what is stored by now: bytes leave as they are read back."""
        return msgspec.structs.replace(watched, slots=tuple(self._means.store.open_slots(lease.lane)))

    def step(self, lease: Lease, watched: Watched) -> int:
        """Take back what the chain took back, else read on and conclude what is final. How many things that were."""
        gone = [slot for slot in watched.slots if self._fate(slot, watched) is Fate.ROLL_BACK]
        checkpoint = watched.seen.headers[watched.row.checkpoint]
        if gone or (checkpoint is not None and checkpoint.hash != watched.row.checkpoint_hash):
            return self._take_back(lease, watched, gone)
        return self._read_on(lease, watched) + self._conclude(lease, watched)

    def _fate(self, slot: Slot, watched: Watched) -> Fate:
        if slot.state is not SlotState.MINED:
            return Fate.KEEP
        assert slot.block_number is not None
        canonical = watched.seen.headers[slot.block_number]
        return fate(slot, canonical=canonical, head=watched.head, finality_depth=self._means.finality_depth)

    # Blocks that are gone.

    def _take_back(self, lease: Lease, watched: Watched, gone: Sequence[Slot]) -> int:
        lowest = min([slot.block_number or 0 for slot in gone] + [watched.row.checkpoint])
        known = self._header_at(max(self._floor(watched), lowest - 2 * (self._means.finality_depth + 1)))
        if known is None:
            return 0  # the node is behind: nothing is taken back on its word
        with self._means.durable("roll-back"):
            nonces = [slot.nonce for slot in gone]
            self._means.store.roll_back(lease, nonces, checkpoint=(known.number, known.hash))
        return max(1, len(nonces))

    def _floor(self, watched: Watched) -> int:
        """Below this no open nonce can have been mined."""
        return max(0, watched.final[0] - 1 if watched.final else self._means.generation.start_block)

    def _header_at(self, number: int) -> Header | None:
        blocks = self._means.chain.blocks(number, number)
        return blocks[0].header if blocks else None

    # New blocks.

    def _read_on(self, lease: Lease, watched: Watched) -> int:
        """Read the blocks after the checkpoint if the signer's count says that there is something to find in them."""
        row, head = watched.row, watched.seen.head
        if watched.seen.count <= watched.awaited:
            self._missed = 0
            if head.number > row.checkpoint:
                self._means.store.move_checkpoint(lease, (head.number, head.hash))
            return 0
        if head.number == row.checkpoint:
            return self._read_again(lease, watched)
        blocks = self._means.chain.blocks(row.checkpoint + 1, min(head.number, row.checkpoint + BLOCKS_PER_STEP_MAX))
        if not blocks or blocks[0].header.parent_hash != row.checkpoint_hash:
            return 0  # the chain changed while it was read; the next look shows how
        ours = self._ours(found_in(blocks, sender=self._means.signer.address), watched)
        last = blocks[-1].header
        with self._means.durable("mine"):
            self._means.store.mine(
                lease,
                found=ours,
                next_nonce=row.next_nonce,
                checkpoint=(last.number, last.hash),
                quarantine=self._intruder(ours),
                burn_through=burn_through(row.burn_through, strangers=self._strangers(ours), count=watched.seen.count),
            )
        return len(blocks)

    def _read_again(self, lease: Lease, watched: Watched) -> int:
        """More nonces are mined than the blocks have shown. The count may be of a newer block; else read them again."""
        self._missed += 1
        if self._missed < MISSED_LOOKS_MAX:
            return 0
        self._missed = 0
        known = self._header_at(self._floor(watched))
        if known is not None:
            self._means.store.move_checkpoint(lease, (known.number, known.hash))
        return 1

    def _ours(self, found: Sequence[Found], watched: Watched) -> list[tuple[Found, Winner]]:
        """The txs that take a nonce which is live, or one that was never given out; with what each of them is."""
        live = {slot.nonce: slot for slot in watched.slots if slot.state is SlotState.LIVE}
        following = watched.row.next_nonce
        ours: list[tuple[Found, Winner]] = []
        for one in found:
            if one.tx.nonce in live:
                ours.append((one, _winner(one, live[one.tx.nonce])))
            elif one.tx.nonce == following:
                ours.append((one, Winner.FOREIGN))
                following += 1
        return ours

    def _intruder(self, ours: Sequence[tuple[Found, Winner]]) -> str | None:
        """Why the lane must stop: a tx that was signed with its key, and that we would never sign."""
        for one, winner in ours:
            if winner is Winner.FOREIGN and not self._means.policy.is_ours(to=one.tx.to, data=one.tx.data):
                return f"tx {one.tx.hash} of nonce {one.tx.nonce} to {one.tx.to} is none of ours"
        return None

    def _strangers(self, ours: Sequence[tuple[Found, Winner]]) -> list[int]:
        """The nonces of txs that could be ours, and that no record knows."""
        foreign = [one.tx for one, winner in ours if winner is Winner.FOREIGN]
        return [tx.nonce for tx in foreign if self._means.policy.is_ours(to=tx.to, data=tx.data)]

    # Final blocks.

    def _conclude(self, lease: Lease, watched: Watched) -> int:
        """Conclude the mined nonces from the lowest on, as far as they are final and their receipts are there."""
        ready: list[Slot] = []
        for slot in watched.slots[:SLOTS_PER_STEP_MAX]:
            if self._fate(slot, watched) is not Fate.CONCLUDE:
                break
            ready.append(slot)
        if not ready:
            return 0
        members = self._means.store.members(lease.lane, [slot.nonce for slot in ready])
        receipts = self._means.chain.receipts([slot.winner_hash or "" for slot in ready])
        verdicts: dict[int, list[Verdict]] = {}
        spent = Spent()
        for slot, receipt in zip(ready, receipts, strict=True):
            if receipt is None or receipt.block_hash != slot.block_hash:
                break  # shown before its receipts were written, or gone in this moment: the next look tells
            verdicts[slot.nonce] = self._judge(slot, receipt, [m for m in members if m.nonce == slot.nonce], watched)
            spent += _spent(slot, receipt)
        if verdicts:
            with self._means.durable("conclude"):
                self._means.store.conclude(lease, verdicts, spent=spent)
        return len(verdicts)

    def _judge(self, slot: Slot, receipt: Receipt, members: Sequence[Member], watched: Watched) -> list[Verdict]:
        said = Said(receipt.logs)
        verdicts = {member.intent: said.of(member) for member in members}
        unmarked = [member for member in members if verdicts[member.intent] is None]
        if unmarked:
            final_block = watched.head - self._means.finality_depth
            views = [(member.target, DIGEST_OF + member.natural_key) for member in unmarked]
            words = self._means.chain.words(views, block=final_block)
            for member, have in zip(unmarked, words, strict=True):
                verdicts[member.intent] = by_content(member, have=have, why=_what_happened(slot, receipt))
        return [verdict for verdict in verdicts.values() if verdict is not None]


def _winner(one: Found, slot: Slot) -> Winner:
    for submission in slot.submissions:
        if submission.hash == one.tx.hash:
            return Winner.EFFECT if submission.purpose is Purpose.EFFECT else Winner.FILLER
    return Winner.FOREIGN


def _spent(slot: Slot, receipt: Receipt) -> Spent:
    """What a final nonce cost us, at most where its node does not tell the price that was paid.

    Somebody else's tx with our key paid, too; without that word, nobody knows how much.
    """
    price = receipt.gas_price_wei
    if price is None:
        price = sum(one.gas_price_wei for one in slot.submissions if one.hash == slot.winner_hash)
    return Spent(receipt.gas_used, receipt.gas_used * price)


def _what_happened(slot: Slot, receipt: Receipt) -> str:
    """Why a final nonce did nothing for a member, in words."""
    if slot.winner is Winner.FILLER:
        return "only filled its nonce"
    if slot.winner is Winner.FOREIGN:
        return "was not one of ours"
    return "logged nothing of it" if receipt.succeeded else "reverted"
