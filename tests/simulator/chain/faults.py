"""What a node and a pool get wrong, by kind: how often each does in one run, and how often it did.

The names are those of the usual list of such faults. One table a part says which method carries a kind out: `SENDING`
and `SENDING_ONE` in `node`, `WEATHER` in `weather`; the rest are asked for where the answer is made.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from random import Random
from typing import Self

KINDS = {
    # A whole request, whatever was asked or sent.
    "F1": "it times out before it arrives",
    "F2": "all that was sent is taken, the reply is lost",
    "F3": "what was sent arrives blocks later, or earlier than what was sent before it",
    "F4": "a prefix of what was sent is taken, then the line is cut",
    "F19": "a server in between answers 502",
    "F20": "a batch is refused as one object",
    "F21": "an answer has another id than was asked with",
    # One sent tx. Half of the refusals are untrue: the tx was taken all the same.
    "F5": "already known, and no validator will ever see it",
    "F6": "nonce too low, by the state",
    "F7": "nonce too low, by the pool's counter",
    "F8": "nonce too high",
    "F9": "transaction underpriced",
    "F10": "replacement underpriced, in either spelling",
    "F11": "the same nonce is present",
    "F12": "too many enqueued",
    "F13": "the future is rejected",
    "F14": "the pool is full",
    "F15": "insufficient funds",
    "F16": "exceeds the block gas limit",
    "F17": "oversized",
    "F18": "words that nobody knows",
    "F22": "the tx is named otherwise than it is",
    # An answer to a question.
    "F23": "no receipt though mined",
    "F24": "a receipt of a block that the chain lost, or never had",
    "F26": "an old count of mined nonces, or none",
    "F26/call": "a call meets a nonce that has just changed",
    "F27": "the node stays some blocks behind for a while",
    "F27/mixed": "one request is answered by a node that is behind",
    "F28": "one request is answered by a node that has not left the lost branch yet",
    "F30": "a call passes that will revert",
    "F31": "a call is estimated at too little gas, and runs out of it in a block",
    "F38/missing": "one log is missing",
    "F38/truncated": "the logs end early",
    "F38/refused": "the range is too much for the node",
    "F39/doubled": "a log comes twice",
    "F39/reordered": "logs come in another order",
    # The pool and the chain, between two steps of anybody.
    "F32/one": "the pool silently loses a tx",
    "F32/account": "the pool silently loses all of an account",
    "F32/all": "the node restarts with an empty pool",
    "F33": "the pool wipes what stands behind holes",
    "F34": "no blocks for a while",
    "F35/returned": "the newest blocks are replaced, their txs return to the pool",
    "F35/lost": "the newest blocks are replaced, their txs are lost",
    "F37": "validators take only dearer txs for a while",
}
RATES = (0.01, 0.03, 0.1, 0.2)  # of a whole run
SCALES = (0.3, 1.0, 2.0)  # of a kind within its run
RATE_OF_BLOCKS = 0.2  # what befalls a whole pool or chain is rarer than what befalls a request
ONCE_A_BLOCK = frozenset(kind for kind in KINDS if kind.partition("/")[0] in {"F32", "F33", "F34", "F35", "F37"})
FATAL = frozenset({"F22"})  # a lane that hears it stops until a person has looked


class Faults:
    """`rates` has the probability of each kind; one that is not in it never strikes. Switch by writing to it."""

    def __init__(self, rates: Mapping[str, float]) -> None:
        self.rates = dict(rates)
        self.struck: Counter[str] = Counter()

    @classmethod
    def none(cls) -> Self:
        return cls({})

    @classmethod
    def drawn(cls, random: Random, *, kinds: Iterable[str] = tuple(KINDS), rate: float | None = None) -> Self:
        """Each kind off by one half, so that what some faults hide is seen without them; FATAL ones always off."""
        common = random.choice(RATES) if rate is None else rate
        rates: dict[str, float] = {}
        for kind in kinds:
            off, scale = random.random() < 0.5, random.choice(SCALES)
            if not off and kind not in FATAL:
                rates[kind] = common * scale * (RATE_OF_BLOCKS if kind in ONCE_A_BLOCK else 1.0)
        return cls(rates)

    def strike(self, kind: str, random: Random) -> bool:
        """Whether this kind strikes now."""
        rate = self.rates.get(kind)
        if not rate or random.random() >= rate:
            return False
        self.struck[kind] += 1
        return True

    def calm(self) -> None:
        """From now on nothing strikes."""
        self.rates.clear()
