"""Where the effect of an entry stands: the book's posting, the writer's story and the confirmation as one. Pure."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

import msgspec

from chain_indexer.questions import Standing
from chain_writer.questions import Attempt, Story
from projections.rows import Posting

State = Literal[
    "none",
    "waiting",
    "queued",
    "submitted",
    "mined",
    "confirmed",
    "rejected",
    "released",
    "abandonment-proposed",
    "abandoned",
]


class Submission(msgspec.Struct, frozen=True, kw_only=True):
    """One signed transaction that the writer sent, or tried to. The gas price is in wei, as a decimal string.

    `reply` is the class of the node's last answer, `reply_text` its words without their numbers.
    """

    number: int
    tx_hash: str
    gas_limit: int
    gas_price_wei: str
    sends: int
    sent_block: int | None
    reply: str | None
    reply_text: str | None


class Rejected(msgspec.Struct, frozen=True, kw_only=True):
    """Why the chain will never record it."""

    code: str
    reason: str


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """What a person decided about a rejected effect: at which position, who (role and principal), and why."""

    position: int
    by: str
    reason: str | None


class Operation(msgspec.Struct, frozen=True, kw_only=True):
    """One entry and its effect on the chain.

    `obliges` is the contract call, null for an entry that obliges none. `state`: none · waiting (the writer has not
    taken it up) · queued · submitted · mined (in a block that is not yet believed) · confirmed (the journal says so,
    at `confirmation_position`) · rejected (for good) · released (rejected, and obliged anew) · abandonment-proposed ·
    abandoned. `generation` is that of the chain ledger which confirmed it; old confirmations name none. `release`,
    `proposal` and `abandonment` are the last of each. `held_because` says what a queued one waits for; `indexed_block`
    how far the chain is read.
    """

    position: int
    topic: str
    stream: UUID
    obliges: str | None
    state: State
    tx_hash: str | None
    lane: str | None
    nonce: int | None
    submissions: list[Submission]
    block_number: int | None
    block_hash: str | None
    indexed_block: int | None
    confirmation_position: int | None
    generation: UUID | None
    held_because: str | None
    rejection: Rejected | None
    release: Decision | None = None
    proposal: Decision | None = None
    abandonment: Decision | None = None


def operation_of_entry(
    *, position: int, topic: str, stream: UUID, posting: Posting | None, story: Story | None, standing: Standing | None
) -> Operation:
    """What is known of one entry's effect. The journal's word (confirmed, rejected) stands above the writer's."""
    if posting is None:
        return _operation(position=position, topic=topic, stream=stream, obliges=None, state="none")
    on_its_way = posting.state == "waiting" or (posting.state == "released" and story and story.state != "rejected")
    if not on_its_way or story is None:
        return operation_of_posting(posting, story=story, standing=standing)
    sent = [attempt for attempt in story.submissions if attempt.sends]
    told = _operation(
        position=position,
        topic=topic,
        stream=stream,
        obliges=posting.call,
        state=_state(story, sent),
        tx_hash=story.tx_hash or (sent[-1].hash if sent else None),
        story=story,
        block_number=story.block_number,
        block_hash=story.block_hash,
        standing=standing,
        held_because=story.reason if story.state == "queued" else None,
        rejection=Rejected(code=story.code or "", reason=story.reason or "") if story.state == "rejected" else None,
    )
    return _with_decisions(told, posting)


def operation_of_posting(
    posting: Posting, *, story: Story | None = None, standing: Standing | None = None
) -> Operation:
    """What the book knows of it, with the writer's story for its attempts."""
    rejected = posting.rejection_code is not None
    told = _operation(
        position=posting.position,
        topic=posting.topic,
        stream=posting.stream,
        obliges=posting.call,
        state=_POSTED[posting.state],
        tx_hash=posting.tx_hash,
        story=story,
        block_number=posting.block_number,
        block_hash=posting.block_hash,
        standing=standing,
        confirmation_position=posting.confirmation_position,
        generation=posting.generation,
        rejection=Rejected(code=posting.rejection_code or "", reason=posting.rejection_reason or "")
        if rejected
        else None,
    )
    return _with_decisions(told, posting)


def _with_decisions(told: Operation, posting: Posting) -> Operation:
    return msgspec.structs.replace(
        told,
        release=_decision(posting.release_position, posting.released_by, posting.release_reason),
        proposal=_decision(posting.proposal_position, posting.proposed_by, posting.proposal_reason),
        abandonment=_decision(posting.abandonment_position, posting.abandoned_by, posting.proposal_reason),
    )


def _decision(position: int | None, by: str | None, reason: str | None) -> Decision | None:
    return None if position is None else Decision(position=position, by=by or "", reason=reason)


_POSTED: dict[str, State] = {
    "waiting": "waiting",
    "confirmed": "confirmed",
    "rejected": "rejected",
    "released": "released",
    "abandonment-proposed": "abandonment-proposed",
    "abandoned": "abandoned",
}


def _state(story: Story, sent: list[Attempt]) -> State:
    """The writer's states as a client needs them; what landed is `mined` until the journal confirms it."""
    match story.state, story.slot_state:
        case "rejected", _:
            return "rejected"
        case "landed", _:
            return "mined"
        case "bound", "mined" | "final":
            return "mined"
        case "bound", _ if sent:
            return "submitted"
        case _:
            return "queued"


def _operation(
    *,
    position: int,
    topic: str,
    stream: UUID,
    obliges: str | None,
    state: State,
    tx_hash: str | None = None,
    story: Story | None = None,
    block_number: int | None = None,
    block_hash: str | None = None,
    standing: Standing | None = None,
    confirmation_position: int | None = None,
    generation: UUID | None = None,
    held_because: str | None = None,
    rejection: Rejected | None = None,
) -> Operation:
    return Operation(
        position=position,
        topic=topic,
        stream=stream,
        obliges=obliges,
        state=state,
        tx_hash=tx_hash,
        lane=story.lane if story else None,
        nonce=story.nonce if story else None,
        submissions=[_submission(attempt) for attempt in story.submissions] if story else [],
        block_number=block_number,
        block_hash=block_hash,
        indexed_block=standing.block_number if standing else None,
        confirmation_position=confirmation_position,
        generation=generation,
        held_because=held_because,
        rejection=rejection,
    )


def _submission(attempt: Attempt) -> Submission:
    return Submission(
        number=attempt.number,
        tx_hash=attempt.hash,
        gas_limit=attempt.gas_limit,
        gas_price_wei=str(attempt.gas_price_wei),
        sends=attempt.sends,
        sent_block=attempt.sent_block,
        reply=attempt.reply,
        reply_text=attempt.reply_text,
    )
