"""What to do next with a lane, from what is stored and what was seen of the chain. Pure: values in, a decision out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import StrEnum

import msgspec

from chain_writer.blocks import Block, BlockTx, Header
from chain_writer.intents import Intent, Purpose, Slot, SlotState
from chain_writer.replies import Refused, Reply, Unclear, is_mendable
from chain_writer.transactions import is_london

REBROADCAST_BLOCKS = 3  # Polygon Edge drops a whole account's txs after 10 blocks in which none of them was mined
REPLACE_BLOCKS = 12  # how long a head may wait at its price
HOLD_BLOCKS = 10  # how long an intent waits for an operator, or for a node that makes sense
IN_FLIGHT_MAX = 64  # nonces of a lane that are not mined; Polygon Edge queues 128 an account
PRICE_STEP_PERCENT = 13  # most nodes ask for 10, some for 12.5; Polygon Edge for one wei


# The lane's head, and what waits behind it.


class Wait(msgspec.Struct, frozen=True):
    """Everything that may be done has been done."""


class Send(msgspec.Struct, frozen=True):
    """Send the best submission of each of these slots, in the order of their nonces."""

    slots: tuple[Slot, ...]


class Replace(msgspec.Struct, frozen=True):
    """Sign the head's call again at a higher price, store it, then send it."""

    slot: Slot
    gas_price_wei: int


class Fill(msgspec.Struct, frozen=True):
    """Use up the head's nonce with a tx that does nothing: the bytes it holds can never run here."""

    slot: Slot


Move = Wait | Send | Replace | Fill


class Funds(msgspec.Struct, frozen=True):
    """What a higher price would be paid from: the signer's balance, and the price that the node asks, in wei."""

    balance_wei: int
    asked_wei: int


def next_move(
    live: Sequence[Slot], *, head: int, gas_price_wei_max: int, funds: Funds | None, london: bool = False
) -> Move:
    """The next move for the slots that are not mined, in the order of their nonces. Only the first is ever replaced.

    1. A nonce has no bytes of ours, because one that we never gave out was mined and then lost: fill it. The head's
       bytes are hopeless: fill its nonce too, and again where the filler is of a kind that the chain does not have
       and the lane does not sign any more (`london`).
    2. The head has waited too long at its price (`is_overdue`), and a higher one is allowed and can be paid: replace.
    3. Some were never sent, or the head has been out of sight for a while: send, all that are due.
    """
    if not live:
        return Wait()
    for slot in live:
        if not slot.submissions:
            return Fill(slot)
    first = live[0]
    if first.best.reply == Reply.HOPELESS and _may_be_filled(first, london=london):
        return Fill(first)
    if funds is not None and is_overdue(first, head=head):
        price = dearer(first, gas_price_wei_max=gas_price_wei_max, funds=funds)
        if price is not None:
            return Replace(first, price)
    due = tuple(slot for slot in live if _is_due(slot, head=head))
    # A head that is not due yet was sent a moment ago: what follows it and is due was never sent.
    return Send(due) if due else Wait()


def _may_be_filled(slot: Slot, *, london: bool) -> bool:
    return slot.best.purpose is Purpose.EFFECT or is_london(slot.best.raw) is not london


def is_overdue(slot: Slot, *, head: int) -> bool:
    """Whether a higher price is called for: it has been waiting for long, or the node called the price too low."""
    waited = head - slot.best.made_block
    if slot.best.reply == Reply.FEE:
        return waited >= 1
    return waited >= REPLACE_BLOCKS and slot.best.sent_block is not None


def dearer(slot: Slot, *, gas_price_wei_max: int, funds: Funds) -> int | None:
    """The price of a replacement; None if it would be above the cap or above what the signer can pay.

    On a chain without fees a signer usually holds nothing: then its bytes are sent again and again as they are.
    """
    price = max(submission.gas_price_wei for submission in slot.submissions)
    risen = max(raised(price), funds.asked_wei)
    if risen > gas_price_wei_max or risen * slot.best.gas_limit > funds.balance_wei:
        return None
    return risen


def raised(wei: int) -> int:
    """By as much as nodes ask for where one tx is to replace another. Of an EIP-1559 tx they ask it of its tip, too."""
    return max(wei + 1, wei * (100 + PRICE_STEP_PERCENT) // 100)


def _is_due(slot: Slot, *, head: int) -> bool:
    sent_block = slot.best.sent_block
    return sent_block is None or head - sent_block >= REBROADCAST_BLOCKS


# The window.


def window_after(window: int, replies: Iterable[Reply]) -> int:
    """How many nonces may be in flight after these replies: half as many under pressure, else one more."""
    if Reply.BACKPRESSURE in set(replies):
        return max(1, window // 2)
    return min(IN_FLIGHT_MAX, window + 1)


# Blocks.


class Fate(StrEnum):
    """What becomes of a mined slot."""

    KEEP = "keep"
    CONCLUDE = "conclude"
    ROLL_BACK = "roll-back"


def fate(slot: Slot, *, canonical: Header | None, head: int, finality_depth: int) -> Fate:
    """`canonical` is the header that the chain has now where the slot was mined; None if the node does not say.

    A missing header proves nothing: only another block in its place does.
    """
    assert slot.state is SlotState.MINED
    assert slot.block_number is not None
    if canonical is None:
        return Fate.KEEP
    if canonical.hash != slot.block_hash:
        return Fate.ROLL_BACK
    return Fate.CONCLUDE if head - slot.block_number >= finality_depth else Fate.KEEP


class Found(msgspec.Struct, frozen=True):
    """A tx of the lane's signer in a block."""

    tx: BlockTx
    block: Header


def found_in(blocks: Iterable[Block], *, sender: str) -> list[Found]:
    """The signer's txs in the order of their nonces."""
    ours = [Found(tx, block.header) for block in blocks for tx in block.txs if tx.sender == sender.lower()]
    return sorted(ours, key=lambda found: found.tx.nonce)


# Lost records.


def burn_through(known: int | None, *, strangers: Sequence[int], count: int) -> int | None:
    """The nonce to fill up to, given the nonces of txs that could be ours and are in no record; None for no news.

    `known` is what was decided before, `count` how many nonces the chain has used: lost bytes have at most the next
    `IN_FLIGHT_MAX`.
    """
    if all(nonce < (known or 0) for nonce in strangers):
        return None
    return max(count, max(strangers) + 1) + IN_FLIGHT_MAX


# Refusals before anything is signed.


class Hold(msgspec.Struct, frozen=True):
    """Ask again at a later block. `since_block` is when this very refusal was first heard."""

    code: str
    reason: str
    since_block: int
    until_block: int


class Reject(msgspec.Struct, frozen=True):
    """It will never land."""

    code: str
    reason: str


def on_refusal(intent: Intent, answer: Refused | Unclear, *, head: int, finality_depth: int) -> Hold | Reject:
    """What follows when the chain, asked on its newest state, says no to an intent alone.

    1. It is not clear that it said no: ask again later.
    2. It can be mended, a role or a pause by an operator, a full campaign by a withdrawal that is on its way, a
       suspended company by its reinstatement: ask again later, for as long as it takes.
    3. A rule of the contract: the newest state may still be taken back, so it is asked again when everything that it
       stood on has become final; the same answer then is the last.
    """
    if isinstance(answer, Unclear):
        return Hold("unclear", answer.text, head, head + HOLD_BLOCKS)
    revert = answer.revert
    if is_mendable(revert):
        return Hold(revert.code, revert.text, head, head + HOLD_BLOCKS)
    since = intent.refused_block if intent.refused_code == revert.code else None
    if since is None:
        return Hold(revert.code, revert.text, head, head + finality_depth + 1)
    if head - since > finality_depth:
        return Reject(revert.code, revert.text)
    return Hold(revert.code, revert.text, since, since + finality_depth + 1)
