"""Effects that the chain refused for good: what is kept of each, and what two people may decide about it. Pure.

An effect is named by the position of the entry that obliged it. What the chain shows stands above all that
is said here.
"""

from __future__ import annotations

from collections.abc import Container
from typing import Any, Protocol

import msgspec

from domain.errors import Refusal
from domain.eyes import check_other_eyes
from domain.journal.entries import Actor, Event
from domain.values import check_text

REGISTER, CREATE, RECORD, CLOSE = "register", "create-campaign", "record-investment", "close"
CERTIFY, RELEASE, REFUND = "issue-certificate", "record-release", "record-refund"
CHANGES = frozenset({"revoke-certificate", "reissue-certificate", "approve-transfer"})
REVISIONS = frozenset({"update", "set-active", "lock", "unlock", "set-paused", "set-deadline"})
# The kinds of effects, in the words that the writer stores.
EFFECTS = frozenset({REGISTER, CREATE, RECORD, CLOSE, CERTIFY, RELEASE, REFUND}) | CHANGES | REVISIONS

replace = msgspec.structs.replace


class Posting(msgspec.Struct, frozen=True):
    """What became of an effect that was refused for good. `state`: rejected, released, proposed, abandoned."""

    effect: str
    state: str = "rejected"
    proposer: str | None = None
    reason: str = ""


class Posted(Protocol):
    """An aggregate as far as this is concerned: its refused effects, and the positions of those the chain shows."""

    @property
    def postings(self) -> dict[int, Posting]: ...
    @property
    def on_chain(self) -> Container[int]: ...


def rejected(state: Any, position: int, effect: str) -> Any:
    """The state after a rejection. What the chain shows is not rejected, whatever is said of it later; and what people
    propose or have decided stands, whichever chain generation refuses it once more."""
    known = state.postings.get(position)
    if position in state.on_chain or (known is not None and known.state in {"proposed", "abandoned"}):
        return state
    return replace(state, postings={**state.postings, position: Posting(effect)})


class PostingReleased(Event, frozen=True, kw_only=True):
    """The reason of the rejection is mended: the effect of the entry at this position is obliged anew."""

    entry_position: int
    effect: str
    reason: str

    def apply(self, state: Any) -> Any:
        return _moved(state, self.entry_position, Posting(self.effect, "released"))


class AbandonmentProposed(Event, frozen=True, kw_only=True):
    """Somebody proposes to go on without this effect on the chain."""

    entry_position: int
    effect: str
    reason: str
    proposer: str

    def apply(self, state: Any) -> Any:
        return _moved(state, self.entry_position, Posting(self.effect, "proposed", self.proposer, self.reason))


class AbandonmentWithdrawn(Event, frozen=True, kw_only=True):
    entry_position: int
    effect: str
    reason: str

    def apply(self, state: Any) -> Any:
        return _moved(state, self.entry_position, Posting(self.effect))


class PostingAbandoned(Event, frozen=True, kw_only=True):
    """Two people decided to go on without this effect on the chain; what follows depends on the effect."""

    entry_position: int
    effect: str
    reason: str
    proposer: str

    def apply(self, state: Any) -> Any:
        return _moved(state, self.entry_position, Posting(self.effect, "abandoned", self.proposer, self.reason))


def release(state: Posted, kind: type[PostingReleased], *, position: int, reason: str) -> Event:
    check_text(reason, name="reason")
    known = _open(state, position)
    if known.state == "proposed":
        raise Refusal("already-requested", "its abandonment is proposed: withdraw that first", entry_position=position)
    return kind(entry_position=position, effect=known.effect, reason=reason)


def propose(state: Posted, kind: type[AbandonmentProposed], *, position: int, reason: str, by: Actor) -> Event:
    check_text(reason, name="reason")
    known = _open(state, position)
    if known.state == "proposed":
        raise Refusal("already-requested", "its abandonment is proposed already", entry_position=position)
    if known.effect not in EFFECTS:
        raise Refusal("wrong-status", "nothing tells what this effect is: it can only be released", status="unnamed")
    return kind(entry_position=position, effect=known.effect, reason=reason, proposer=by.id)


def withdraw(state: Posted, kind: type[AbandonmentWithdrawn], *, position: int, reason: str) -> Event:
    """Anybody who may propose may withdraw, also whoever proposed it."""
    check_text(reason, name="reason")
    return kind(entry_position=position, effect=_proposed(state, position).effect, reason=reason)


def abandon(state: Posted, kind: type[PostingAbandoned], *, position: int, by: Actor) -> Event:
    known = _proposed(state, position)
    assert known.proposer is not None
    check_other_eyes(by, known.proposer)
    return kind(entry_position=position, effect=known.effect, reason=known.reason, proposer=known.proposer)


def _open(state: Posted, position: int) -> Posting:
    """The refused effect that waits for a decision."""
    known = state.postings.get(position)
    if position in state.on_chain:
        raise Refusal("wrong-status", "the chain shows this effect", status="confirmed", entry_position=position)
    if known is None:
        raise Refusal("not-obliged", "no effect of an entry at this position was rejected", entry_position=position)
    if known.state in {"released", "abandoned"}:
        raise Refusal("wrong-status", f"the effect is {known.state}", status=known.state, entry_position=position)
    return known


def _proposed(state: Posted, position: int) -> Posting:
    known = _open(state, position)
    if known.state != "proposed":
        raise Refusal("not-requested", "nobody has proposed to abandon this effect", entry_position=position)
    return known


def _moved(state: Any, position: int, posting: Posting) -> Any:
    return replace(state, postings={**state.postings, position: posting})
