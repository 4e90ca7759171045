"""What a node's words mean for a tx that was sent, and for one that was only tried. One table, pure.

Nothing here frees a nonce: whatever a node says or leaves unsaid, only a final block decides about a tx. A class only
says what is sensible to do until then. Codes of JSON-RPC errors carry no meaning on Polygon Edge: the text decides.
"""

from __future__ import annotations

import re
from enum import StrEnum

import msgspec

from abis.errors import Revert, decode_revert

REPLY_CHARS_MAX = 200


class Reply(StrEnum):
    """What to do until a block decides. The values are stored."""

    ACCEPTED = "accepted"  # the node has it: wait
    MAYBE = "maybe"  # nobody knows: send the same bytes again later
    CONSUMED = "consumed"  # the nonce seems used: the blocks will show; Polygon Edge's pool says so too early
    OTHER_SUBMISSION = "other-submission"  # another submission of this nonce is in that pool: wait
    BACKPRESSURE = "backpressure"  # send fewer, from the head of the lane on
    FEE = "fee"  # the price is too low for this node
    FUNDS = "funds"  # the signer has not enough coin: the same bytes again when it has
    HOPELESS = "hopeless"  # these bytes can never run here: fill the nonce
    WRONG_HASH = "wrong-hash"  # the node names the tx otherwise than it is: stop


# The first match counts. Lower case; texts of Polygon Edge 0.6 to 1.3, geth, Besu, Erigon, Nethermind and anvil.
_TABLE: tuple[tuple[Reply, tuple[str, ...]], ...] = (
    (
        Reply.ACCEPTED,
        ("already known", "known transaction", "already imported", "already_exists", "already in mempool"),
    ),
    (
        Reply.OTHER_SUBMISSION,
        (
            "replacement tx underpriced",
            "replacement transaction underpriced",
            "tx with the same nonce is already present",
            "gas price too low to replace",
        ),
    ),
    (Reply.CONSUMED, ("nonce too low", "nonce is too low", "oldnonce")),
    (
        Reply.BACKPRESSURE,
        (
            "maximum number of enqueued transactions reached",
            "rejected future tx due to low slots",
            "txpool is full",
            "nonce too high",
            "nonce gap",
            "future transaction",
            "rate limit",
            "too many requests",
            "request limit exceeded",
        ),
    ),
    (
        Reply.FEE,
        (
            "transaction underpriced",
            "max fee per gas less than block base fee",
            "fee cap less than block base fee",
            "gas price below",
            "feetoolow",
        ),
    ),
    (Reply.FUNDS, ("insufficient funds",)),
    (
        Reply.HOPELESS,
        (
            "exceeds block gas limit",
            "intrinsic gas too low",
            "intrinsic gas too high",
            "oversized data",
            "invalid sender",
            "cannot extract signature",
            "invalid chain id",
            "invalid tx type",
            "transaction type not supported",
            "unknown transaction type",
            "style fee params",
            "cannot parse rlp",
            "incorrect number of transaction elements",
        ),
    ),
    (
        Reply.MAYBE,  # known, and nothing follows from them
        ("invalid account state", "unable to get snapshot", "no answer", "internal error", "timeout", "batch refused"),
    ),
)


class Classified(msgspec.Struct, frozen=True):
    """A reply's class and its text; `known` is False for a text that is in no row, which counts as MAYBE."""

    reply: Reply
    text: str
    known: bool


def classify(*, sent_hash: str, answered_hash: str | None, error: str | None) -> Classified:
    """What a node answered to a sent tx: its hash, or an error's text."""
    if error is None:
        if answered_hash is not None and answered_hash.lower() == sent_hash.lower():
            return Classified(Reply.ACCEPTED, "ok", known=True)
        return Classified(Reply.WRONG_HASH, f"named {answered_hash}", known=True)
    text = normalised(error)
    for reply, needles in _TABLE:
        if any(needle in text for needle in needles):
            return Classified(reply, text, known=True)
    return Classified(Reply.MAYBE, text, known=False)


def normalised(text: str) -> str:
    """A reply as it is stored and counted: lower case, one space, hashes and numbers taken out, bounded."""
    plain = re.sub(r"0x[0-9a-f]+|\d+", "#", " ".join(text.lower().split()))
    return plain[:REPLY_CHARS_MAX]


# Simulation: eth_call and eth_estimateGas.


class Passed(msgspec.Struct, frozen=True):
    """The call would succeed now, for about so much gas."""

    gas: int


class Refused(msgspec.Struct, frozen=True):
    """The call would revert now, for this reason."""

    revert: Revert


class Unclear(msgspec.Struct, frozen=True):
    """The node did not say whether the call would succeed. Ask again later."""

    text: str


Simulated = Passed | Refused | Unclear

# A contract's word about who may speak to it and when: an operator changes it, and the same call passes. Above the cap
# there is room again as soon as a withdrawal lands that the journal has counted already, whenever that is: the journal
# lets nobody in beyond the cap. A company that was suspended after its campaign was approved may be reinstated.
MENDABLE = frozenset(
    {
        "AccessControlUnauthorizedAccount",
        "NotOperator",
        "NotEscrow",
        "EnforcedPause",
        "CapExceeded",
        "IssuerInactive",
    }
)


def simulated_error(*, message: str, data: bytes) -> Refused | Unclear:
    """What an error of a simulated call means. A revert says so or brings data; everything else is unclear.

    "incorrect nonce" is Polygon Edge's answer when the signer's nonce moves while it is asked; "out of gas" depends on
    the gas that the node allows a call.
    """
    if data or "revert" in message.lower():
        revert = decode_revert(data)
        if not data:
            reason = re.sub(r"^.*execution reverted:?\s*", "", message, flags=re.IGNORECASE | re.DOTALL)
            revert = Revert(revert.code, reason or revert.text, custom=False)
        return Refused(revert)
    return Unclear(normalised(message))


def is_mendable(revert: Revert) -> bool:
    """Whether the same call may pass later, by an operator's act or because what it waits for has landed."""
    return revert.code in MENDABLE
