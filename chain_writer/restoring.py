"""What a lane does when records of it were lost: its database is older than the chain, as after a restored one.

A transaction that could be ours and of which no record speaks is the sign, or an operator's word. What was lost then
are at most the nonces that may be in flight at once (`deciders.IN_FLIGHT_MAX`), whose bytes may lie in any pool. So:

1. All nonces that the lost bytes could have are filled. Whichever wins a nonce, filler or lost bytes, that nonce is
   over, and bytes of it that still lie somewhere never run again.
2. Nothing is allotted until all of them are final. From then on each queued intent is first looked up in its contract:
   what is there on final state is adopted without sending anything, what is there on newer state waits.

Skipping used nonces is not enough: the effects of the lost bytes are queued here again, and would be sent twice.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from chain_writer.intents import Intent, SlotState
from chain_writer.means import Means
from chain_writer.policy import GAS_PER_FILLER
from chain_writer.store import Lease
from chain_writer.watching import DIGEST_OF, Watched


def is_burning(watched: Watched) -> bool:
    """Whether a nonce that lost bytes could have is not final yet."""
    through = watched.row.burn_through
    if through is None:
        return False
    return watched.row.next_nonce < through or any(slot.nonce < through for slot in watched.slots)


class Restorer:
    """Burns and adopts for one lane. Every write is fenced by the lease it is given."""

    def __init__(self, means: Means, *, keep: Callable[[Lease], None]) -> None:
        self._means = means
        self._keep = keep

    def burn(self, lease: Lease, watched: Watched, *, window: int) -> int:
        """Fill the nonces that lost bytes could have, as far as the window is open. How many were signed."""
        through = watched.row.burn_through
        if through is None:
            return 0
        in_flight = sum(slot.state is SlotState.LIVE for slot in watched.slots)
        first = watched.row.next_nonce
        nonces = range(first, min(through, first + max(0, window - in_flight)))
        for nonce in nonces:
            self._keep(lease)
            fields = self._means.fields(
                nonce=nonce,
                to=self._means.signer.address,
                data=b"",
                gas_limit=GAS_PER_FILLER,
                gas_price_wei=self._means.gas_price_wei,
            )
            signed = self._means.signed(fields)
            with self._means.durable("burn"):
                self._means.store.fill(lease, fields, signed, made_block=watched.head)
        return len(nonces)

    def missing(self, lease: Lease, ready: Sequence[Intent], watched: Watched) -> list[Intent]:
        """What of these the chain does not have. What it has for good is adopted, what it may lose again waits."""
        if watched.row.burn_through is None or not ready:
            return list(ready)
        views = [(intent.target, DIGEST_OF + intent.natural_key) for intent in ready]
        newest = self._means.chain.words(views, block=watched.head)
        final = self._means.chain.words(views, block=max(0, watched.head - self._means.finality_depth))
        there = [i.id for i, now, then in zip(ready, newest, final, strict=True) if now == then == i.digest]
        if there:
            with self._means.durable("adopt"):
                self._means.store.adopt(lease, there)
        return [intent for intent, now in zip(ready, newest, strict=True) if now != intent.digest]
