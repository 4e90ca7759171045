"""One lane: one signer on one chain, driven by one worker at a time. The protocol, one look and what follows from it.

Each step: hold the lease, look at the chain and at what is stored, take back what the chain took back, read new blocks,
conclude what is final, do what the head needs, bind what is ready to new nonces, send what was never sent.

Safety does not rest on the lease. A nonce is bound to its intents and their signed bytes in one commit that the
database fences; whoever is overtaken can only send bytes again that are stored already, and the chain ignores them.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from abis import Generation
from chain_writer.blocks import Seen
from chain_writer.deciders import IN_FLIGHT_MAX
from chain_writer.errors import Drained, LeaseLost, Quarantined, SignerChanged
from chain_writer.intents import lane_id
from chain_writer.means import Means, no_crash
from chain_writer.node import Chain
from chain_writer.pins import check_chain, check_codes
from chain_writer.policy import Policy, Spending
from chain_writer.restoring import is_burning
from chain_writer.sending import Sender
from chain_writer.signer import Signer
from chain_writer.store import Lease, WriterStore
from chain_writer.watching import Watched, Watcher
from domain.ledger import generation_id
from domain.progress import Progress

LEASE_S = 2.0  # how long a lane waits for a worker that died
RENEW_EVERY_S = 0.5
PINS_EVERY_S = 60.0  # how often the contracts' code is compared again

log = logging.getLogger(__name__)


class Lane:
    """Built from what is stored, any number of times. `owner` names the worker; two of them share only the lease.

    `tip_wei` is for chains that have London: its txs are those of EIP-1559 then, legacy ones without it.
    `spending` bounds its fees over time; without it, only the price and the gas of each tx are bounded.
    `crash` is told the name of every crash point that is passed (`chain_writer.means.CRASH_POINTS`).
    """

    def __init__(
        self,
        name: str,
        *,
        store: WriterStore,
        node: Chain,
        signer: Signer,
        generation: Generation,
        clock: Callable[[], datetime],
        owner: str,
        gas_price_wei: int,
        gas_price_wei_max: int,
        tip_wei: int | None = None,
        finality_depth: int,
        spending: Spending | None = None,
        crash: Callable[[str], None] = no_crash,
    ) -> None:
        self.name = name
        self._means = Means(
            store=store,
            chain=node,
            signer=signer,
            generation=generation,
            policy=Policy(generation, signer=signer.address, gas_price_wei_max=gas_price_wei_max),
            gas_price_wei=gas_price_wei,
            gas_price_wei_max=gas_price_wei_max,
            tip_wei=tip_wei,
            finality_depth=finality_depth,
            spending=spending,
            crash=crash,
        )
        self._clock = clock
        self._owner = owner
        self._id = lane_id(generation, signer.address)
        self._watcher = Watcher(self._means)
        self._sender = Sender(self._means, lane=name, generation=generation_id(generation), keep=self._keep)
        self._lease: Lease | None = None
        self._renewed_at: datetime | None = None
        self._pinned_at: datetime | None = None

    def step(self) -> Progress:
        """Everything that can be done now. `position` is the chain's head, `lag` the blocks that are not read yet.

        Advanced by 0 when there is nothing to do, or when another worker holds the lane. Raises OperatorNeeded for what
        only a person can mend, NodeUnavailable while there is no node.
        """
        self._check_pins()
        try:
            lease = self._hold()
            if lease is None:
                return Progress(advanced=0, position=0, lag=0)
            return self._drive(lease)
        except LeaseLost as lost:
            log.info("lane %s stands by: %s", self.name, lost)
            self._lease = None
            return Progress(advanced=0, position=0, lag=0)

    def rest(self) -> None:
        """Let another worker have the lane at once, instead of when the lease runs out."""
        lease, self._lease = self._lease, None
        if lease is not None:
            with self._means.durable("let-go"):
                self._means.store.let_go(lease)

    def _drive(self, lease: Lease) -> Progress:
        watched = self._look(lease)
        advanced = 0
        if not watched.is_behind:
            advanced += self._watcher.step(lease, watched)
            if advanced:
                watched = self._look(lease)
            advanced += self._send(lease, watched)
            self._check_drained(watched)
        lag = max(0, watched.head - watched.row.checkpoint)
        return Progress(advanced=advanced, position=watched.head, lag=lag)

    def _send(self, lease: Lease, watched: Watched) -> int:
        """Move what is bound, bind what is ready, and send what that made. Nothing while blocks wait to be read.

        With blocks unread, a nonce that seems free may have been taken by a tx that the next block shows.
        """
        if watched.is_behind or watched.seen.count > watched.awaited:
            return 0
        signed = self._sender.move(lease, watched)
        if not watched.row.draining or is_burning(watched):
            signed += self._sender.allot(lease, watched)
        if signed:
            self._sender.move(lease, self._watcher.stored(lease, watched))
        return signed

    def _check_drained(self, watched: Watched) -> None:
        """A lane that drains is watched until its last nonce is final, then built anew: perhaps with a new key."""
        if watched.row.draining and not watched.slots and not is_burning(watched):
            raise Drained(f"lane {self.name} has nothing in flight: change its key, or let it resume")

    def _look(self, lease: Lease) -> Watched:
        watched = self._watcher.look(lease)
        check_chain(self._means.generation, chain_id=watched.seen.chain_id, genesis_hash=watched.seen.genesis_hash)
        if watched.row.quarantine is not None:
            raise Quarantined(f"lane {self.name} is in quarantine: {watched.row.quarantine}")
        return watched

    # The lease.

    def _hold(self) -> Lease | None:
        """The lease, taken or renewed; None while it is another worker's."""
        if self._lease is not None:
            self._keep(self._lease)
            return self._lease
        now = self._clock()
        with self._means.durable("lease"):
            self._lease = self._means.store.acquire(self._id, owner=self._owner, lease_s=LEASE_S)
        self._renewed_at = now
        return self._lease

    def _keep(self, lease: Lease) -> None:
        """Renew the lease if it is time to: before a step, and between what takes long within one."""
        now = self._clock()
        if self._renewed_at is None or now - self._renewed_at >= timedelta(seconds=RENEW_EVERY_S):
            self._means.store.renew(lease, lease_s=LEASE_S)
            self._renewed_at = now

    # The pins.

    def _check_pins(self) -> None:
        """Before the first signature, and every so often: the right chain, the right code, the right signer."""
        now = self._clock()
        if self._pinned_at is not None and now - self._pinned_at < timedelta(seconds=PINS_EVERY_S):
            return
        means, generation = self._means, self._means.generation
        seen = means.chain.look(means.signer.address, [])
        check_chain(generation, chain_id=seen.chain_id, genesis_hash=seen.genesis_hash)
        check_codes(generation, means.chain.code_hashes(list(generation.addresses.values())))
        if self._pinned_at is None:
            self._make_known(seen)
        self._pinned_at = now

    def _make_known(self, seen: Seen) -> None:
        """A new lane begins at the last final block: what a later one has may be lost again, and is read as any other.

        A signer with used nonces and no record of a lane: the records are lost, or it was somebody else's before.
        """
        generation = self._means.generation
        final = max(0, seen.head.number - self._means.finality_depth)
        nonce, block = self._means.chain.count_at(self._means.signer.address, final)
        used = max(nonce, seen.count)  # the newest count may be of a node that is behind
        self._means.store.open_lane(
            self._id,
            self.name,
            chain_id=generation.chain_id,
            genesis_hash=generation.genesis_hash,
            address=self._means.signer.address,
            nonce=nonce,
            block=(block.number, block.hash),
            burn_through=used + IN_FLIGHT_MAX if used else None,
        )
        former = self._means.store.undecided_signer(self._id, self.name)
        if former is not None:
            raise SignerChanged(f"lane {self.name} has open nonces of {former}: start it with that key first")
