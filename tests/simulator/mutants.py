"""Seven mistakes of other transaction managers, put into ours one at a time: the simulator must catch each.

Each goes around the guards of the database, as it would where there are none.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from unittest.mock import patch

import msgspec

from chain_writer.deciders import Fate
from chain_writer.intents import IntentState, Outcome, Slot, SlotState
from chain_writer.replies import Reply
from chain_writer.sending import Sender
from chain_writer.store import Bound, Lease
from chain_writer.watching import Watcher


def _tables(means: Any) -> Any:
    return means.store.tables


def _free(means: Any, lease: Lease, nonce: int) -> None:
    """The nonce's intents are queued again, as if nothing of it could happen any more."""
    tables = _tables(means)
    row = tables.slots[lease.lane, nonce]
    with means.store.database.transaction():
        released = tuple(msgspec.structs.replace(member, outcome=Outcome.RELEASED) for member in row.members)
        tables.slots.put((lease.lane, nonce), msgspec.structs.replace(row, members=released))
        for member in row.members:
            intent = tables.intents[member.intent]
            if intent.state is IntentState.BOUND:
                tables.intents.put(member.intent, msgspec.structs.replace(intent, state=IntentState.QUEUED))


def _freeing(is_freed: Callable[[str | None], bool]) -> Any:
    """A send whose reply frees the nonces that it names."""
    send = Sender._send

    def mistaken(self: Sender, lease: Lease, slots: Sequence[Slot], head: int) -> None:
        send(self, lease, slots, head)
        for slot in slots:
            last = _tables(self._means).slots[lease.lane, slot.nonce].slot
            if last.state is SlotState.LIVE and is_freed(last.best.reply):
                _free(self._means, lease, slot.nonce)

    return patch.object(Sender, "_send", mistaken)


def error_frees() -> Any:
    """(a) Whatever error a send ends in, its nonce is free."""
    return _freeing(lambda reply: reply != Reply.ACCEPTED)


def nonce_too_low_frees() -> Any:
    """(b) "nonce too low" is believed."""
    return _freeing(lambda reply: reply == Reply.CONSUMED)


def missing_receipt_frees() -> Any:
    """(c) No receipt, so it was not mined: its work is queued again."""
    conclude = Watcher._conclude

    def mistaken(self: Watcher, lease: Lease, watched: Any) -> int:
        mined = [slot for slot in watched.slots if slot.state is SlotState.MINED]
        receipts = self._means.chain.receipts([slot.winner_hash or "" for slot in mined])
        for slot, receipt in zip(mined, receipts, strict=True):
            if receipt is None:
                _free(self._means, lease, slot.nonce)
        return conclude(self, lease, watched)

    return patch.object(Watcher, "_conclude", mistaken)


def replacement_sent_before_stored() -> Any:
    """(d) A dearer one is on its way before it is written down."""
    submit = Sender._submit

    def mistaken(self: Sender, lease: Lease, fields: Any, purpose: Any, head: int) -> None:
        campaigns = self._means.store.campaigns_of(lease.lane, fields.nonce)
        self._means.chain.send([self._means.signed(fields, campaigns=campaigns).raw])
        submit(self, lease, fields, purpose, head)

    return patch.object(Sender, "_submit", mistaken)


def sent_before_stored() -> Any:
    """(e) The first one is on its way before it is written down."""
    bind = Sender._bind

    def mistaken(self: Sender, lease: Lease, bound: Sequence[Bound], head: int) -> None:
        self._means.chain.send([one.signed.raw for one in bound])
        bind(self, lease, bound, head)

    return patch.object(Sender, "_bind", mistaken)


def nonce_taken_in_two_steps() -> Any:
    """(f) The counter moves in one commit, the row is written in another."""
    bind = Sender._bind

    def mistaken(self: Sender, lease: Lease, bound: Sequence[Bound], head: int) -> None:
        store: Any = self._means.store
        tables = store.tables
        if bound:
            first = bound[0].fields.nonce
            with store._transaction("writer.count"):
                tables.change_lane(lease.lane, next_nonce=first + len(bound))
            tables.change_lane(lease.lane, next_nonce=first)  # the row's guard asks for it: no part of the mistake
        bind(self, lease, bound, head)

    return patch.object(Sender, "_bind", mistaken)


def decided_at_once() -> Any:
    """(g) What is in a block is done; nobody looks again."""

    def mistaken(self: Watcher, slot: Slot, _watched: Any) -> Fate:
        return Fate.CONCLUDE if slot.state is SlotState.MINED else Fate.KEEP

    return patch.object(Watcher, "_fate", mistaken)


MUTANTS: dict[str, Callable[[], Any]] = {
    "a send error frees the nonce": error_frees,
    '"nonce too low" frees the nonce': nonce_too_low_frees,
    "a missing receipt frees the nonce": missing_receipt_frees,
    "a replacement is sent before it is stored": replacement_sent_before_stored,
    "the first send comes before the store": sent_before_stored,
    "nonce and row are two commits": nonce_taken_in_two_steps,
    "a verdict at depth 0 is never looked at again": decided_at_once,
}
