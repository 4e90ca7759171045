"""A story in sentences, with what an operator can do where it stands still. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from ops.explained import Attempt, Effect, Explained, Log, Ride, Told

RUNBOOKS = "ops/docs/runbooks.md"


def sentences(explained: Explained) -> list[str]:
    """One line a sentence; what belongs to an effect or a nonce is set in beneath it."""
    return [f"Asked for {explained.asked}.", *(line for told in explained.entries for line in _entry(told))]


def _entry(told: Told) -> Iterator[str]:
    cause = f", because of entry {told.cause}" if told.cause is not None else ""
    yield (
        f"Entry {told.position} is {told.topic}, version {told.version} of stream {told.stream}: recorded at"
        f" {_at(told.at)} by {told.by} with command {told.command_id}{cause}."
    )
    if not told.effects and not told.logs:
        yield "  It obliges nothing on the chain, or the writer has not read it yet: `status` shows its lag."
    for effect in told.effects:
        yield from (f"  {line}" for line in _effect(effect, told))
    for log in told.logs:
        yield f"  {_log(log)}"


def _effect(effect: Effect, told: Told) -> Iterator[str]:
    again = f", again because of entry {effect.position}" if effect.position != told.position else ""
    yield (
        f"It obliges {effect.kind} at {effect.target}{again}: intent {effect.intent}, queued at"
        f" {_at(effect.queued_at)} on {effect.lane}, now {effect.state}."
    )
    for ride in effect.rides:
        yield from _ride(ride)
    if effect.releases:
        yield f"It was released from its nonce {_times(effect.releases)} and queued again."
    yield _standing(effect, confirmed=any(log.confirmed_position is not None for log in told.logs))


def _ride(ride: Ride) -> Iterator[str]:
    others = ride.members - 1
    company = f" together with {others} other{'s' if others > 1 else ''}" if others else ""
    yield f"It was bound{company} to nonce {ride.nonce} of {ride.lane} ({ride.signer}) at {_at(ride.allotted_at)}."
    for attempt in ride.attempts:
        yield f"  {_attempt(attempt)}"
    if ride.block_number is not None:
        final = "final" if ride.state == "final" else "not final yet"
        yield f"  Block {ride.block_number} ({ride.block_hash}) has {ride.winner} {ride.winner_hash}: {final}."
    if ride.outcome is not None:
        yield f"  What it did for this intent: {ride.outcome}{f' ({ride.reason})' if ride.reason else ''}."


def _attempt(attempt: Attempt) -> str:
    signed = (
        f"Signed as {attempt.hash} ({attempt.purpose}) at block {attempt.made_block}: at most {attempt.gas_limit} gas"
        f" for {attempt.gas_price_wei} wei each"
    )
    if not attempt.sends:
        return f"{signed}; not known to have been sent."
    said = f"; the node last said {attempt.reply}" if attempt.reply else ""
    words = f" ({attempt.reply_text})" if attempt.reply_text else ""
    return f"{signed}; sent {_times(attempt.sends)}, last at block {attempt.sent_block}{said}{words}."


def _log(log: Log) -> str:
    seen = f"Block {log.block_number} logs {log.kind or 'something unknown'} in tx {log.tx_hash}, place {log.log_index}"
    if log.confirmed_position is not None:
        return f"{seen}: entry {log.confirmed_position} confirms it."
    return f"{seen}: {log.verdict}."


def _standing(effect: Effect, *, confirmed: bool) -> str:
    """Where the effect stands, and what can be done."""
    match effect.state:
        case "queued":
            return _waiting(effect)
        case "bound":
            return _under_way(effect.rides[-1] if effect.rides else None)
        case "landed":
            return (
                "It has landed, and the journal says so."
                if confirmed
                else "It has landed by the writer's evidence; the indexer has not confirmed it yet: if that does not"
                " come, look at the indexer in `status`."
            )
        case _:
            told = (
                f"entry {effect.reported_position} says so"
                if effect.reported_position is not None
                else "the domain has not been told yet: is a `writer` process running?"
            )
            return (
                f"It will never land: {effect.code}, {effect.reason}; {told}. What can be done stands in {RUNBOOKS},"
                " “A posting is rejected”."
            )


def _waiting(effect: Effect) -> str:
    if effect.code is None:
        return (
            "It waits for its turn: for what its company or campaign obliged before it, for a free nonce, or for a"
            " worker that drives the lane (`lanes list`)."
        )
    until = (
        f"it is tried again at block {effect.held_until_block}"
        if effect.held_until_block is not None
        else "it is tried again by itself"
    )
    since = f" since block {effect.refused_block}" if effect.refused_block is not None else ""
    return f"It is held back{since}: {effect.code}, {effect.reason}; {until}, and needs nobody unless the reason stays."


def _under_way(ride: Ride | None) -> str:
    if ride is None or (ride.state == "live" and not any(attempt.sends for attempt in ride.attempts)):
        return "Its bytes are signed and not sent: the next worker that drives the lane sends them."
    if ride.state == "live":
        return f"It waits for a block. If that takes long: {RUNBOOKS}, “A lane is stuck”."
    return "It is in a block and waits until that block is final."


def _times(number: int) -> str:
    return "once" if number == 1 else f"{number} times"


def _at(at: datetime) -> str:
    return at.isoformat(timespec="seconds")
