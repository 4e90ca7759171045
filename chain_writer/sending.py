"""How a lane's intents leave: simulated, bound to a nonce with their signed bytes in one commit, only then sent."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import assert_never
from uuid import UUID

import msgspec

from abis.hashing import keccak
from chain_writer.batches import Batch, Search, gas_limit_of, gas_limits_of, plan
from chain_writer.deciders import (
    IN_FLIGHT_MAX,
    Fill,
    Funds,
    Replace,
    Send,
    Wait,
    is_overdue,
    next_move,
    on_refusal,
    raised,
    window_after,
)
from chain_writer.errors import NodeLies, WrongChain
from chain_writer.intents import NOTHING, Intent, Kind, Purpose, Slot, SlotState
from chain_writer.means import Means
from chain_writer.pins import NO_CODE_HASH, clone_code_hash
from chain_writer.policy import GAS_PER_FILLER, cost_of
from chain_writer.replies import Classified, Passed, Refused, Reply, Simulated, Unclear, classify
from chain_writer.restoring import Restorer, is_burning
from chain_writer.store import Bound, Lease
from chain_writer.transactions import Fields, read_back
from chain_writer.watching import Watched

BATCHES_PER_STEP_MAX = 20  # what one request to a node may ask
INTENTS_PER_STEP_MAX = 1_500


class Sender:
    """Sends for one lane. `window` is how many of its nonces may be unmined at once.

    `keep` is called between signatures, each of which a remote signer may take its time for: it holds on to the lease.
    """

    def __init__(self, means: Means, *, lane: str, generation: UUID, keep: Callable[[Lease], None]) -> None:
        self._means = means
        self._keep = keep
        self._lane = lane
        self._generation = generation
        self._restorer = Restorer(means, keep=keep)
        self._clones: set[str] = set()
        self.window = IN_FLIGHT_MAX

    # What is bound already.

    def move(self, lease: Lease, watched: Watched) -> int:
        """Do what the lane's head needs. 1 if something new was signed for it."""
        live = [slot for slot in watched.slots if slot.state is SlotState.LIVE]
        head = watched.head
        cap = self._means.gas_price_wei_max
        london = self._means.tip_wei is not None
        funds = self._funds(live, head)
        match next_move(live, head=head, gas_price_wei_max=cap, funds=funds, london=london):
            case Wait():
                return 0
            case Send(slots):
                self._send(lease, slots[: self.window], head)
                return 0
            case Replace(slot, price):
                self._replace(lease, slot, price, head)
                return 1
            case Fill(slot):
                self._fill(lease, slot, head)
                return 1
            case move:
                assert_never(move)

    def _funds(self, live: Sequence[Slot], head: int) -> Funds | None:
        """What a replacement could be paid from, if one is called for at all."""
        if not live or not live[0].submissions or not is_overdue(live[0], head=head):
            return None
        if live[0].best.gas_price_wei >= self._means.gas_price_wei_max:
            return None
        return Funds(*self._means.chain.funds(self._means.signer.address))

    def _replace(self, lease: Lease, slot: Slot, price: int, head: int) -> None:
        """The same tx for a higher price: every other field is read back from the bytes that it replaces."""
        best = read_back(slot.best.raw)
        tip_wei = None if best.tip_wei is None else min(price, raised(best.tip_wei))
        fields = msgspec.structs.replace(best, gas_price_wei=price, tip_wei=tip_wei)
        self._submit(lease, fields, slot.best.purpose, head)

    def _fill(self, lease: Lease, slot: Slot, head: int) -> None:
        """Use up a nonce whose bytes can never run: nothing, to oneself. Its members are released when it is final."""
        price = max([s.gas_price_wei for s in slot.submissions], default=self._means.gas_price_wei)
        fields = self._means.fields(
            nonce=slot.nonce,
            to=self._means.signer.address,
            data=b"",
            gas_limit=GAS_PER_FILLER,
            gas_price_wei=price,
        )
        self._submit(lease, fields, Purpose.FILLER, head)

    def _submit(self, lease: Lease, fields: Fields, purpose: Purpose, head: int) -> None:
        campaigns = self._means.store.campaigns_of(lease.lane, fields.nonce)
        signed = self._means.signed(fields, campaigns=campaigns)
        with self._means.durable("submit"):
            self._means.store.submit(lease, fields, signed, purpose=purpose, made_block=head)

    def _send(self, lease: Lease, slots: Sequence[Slot], head: int) -> None:
        """Send stored bytes in the order of their nonces, and keep what was answered. Raises NodeLies."""
        best = [slot.best for slot in slots]
        for submission in best:
            assert "0x" + keccak(submission.raw).hex() == submission.hash
        with self._means.durable("send"):
            answers = self._means.chain.send([submission.raw for submission in best])
        said: dict[str, Classified] = {}
        for submission, answer in zip(best, answers, strict=False):
            said[submission.hash] = classify(sent_hash=submission.hash, answered_hash=answer.hash, error=answer.error)
        with self._means.durable("note"):
            self._means.store.note_sent(lease.lane, said, block=head)
        self.window = window_after(self.window, (one.reply for one in said.values()))
        for hash_, one in said.items():
            if one.reply is Reply.WRONG_HASH:
                raise NodeLies(f"tx {hash_} was {one.text} by the node")

    # What is queued.

    def allot(self, lease: Lease, watched: Watched) -> int:
        """Bind ready intents to new nonces while the window is open. How many intents were bound or refused.

        Where records were lost, the nonces that they may have used are filled first.
        """
        if is_burning(watched):
            return self._restorer.burn(lease, watched, window=self.window)
        in_flight = sum(slot.state is SlotState.LIVE for slot in watched.slots)
        room = min(BATCHES_PER_STEP_MAX, self.window - in_flight)
        if room <= 0:
            return 0
        head = watched.head
        ready = self._means.store.ready(self._generation, self._lane, head=head, limit=INTENTS_PER_STEP_MAX)
        ready = self._restorer.missing(lease, ready, watched)
        batches = plan(ready, batches_max=room)
        bound: list[Bound] = []
        done = 0
        try:
            for batch, first in zip(batches, self._first_answers(batches), strict=True):
                self._keep(lease)
                sound, gas_limit, refused = self._sound(lease, batch, first, head)
                done += refused
                if sound is not None:
                    nonce = watched.row.next_nonce + len(bound)
                    bound.append(self._bound(sound, nonce=nonce, gas_limit=gas_limit, besides=bound))
        except Exception:
            self._bind(lease, bound, head)  # those before it have nothing to do with it
            raise
        self._bind(lease, bound, head)
        return done + sum(len(one.intents) for one in bound)

    def _bound(self, batch: Batch, *, nonce: int, gas_limit: int, besides: Sequence[Bound]) -> Bound:
        """A batch's call, signed for a nonce."""
        fields = self._means.fields(
            nonce=nonce,
            to=batch.target,
            data=batch.data,
            gas_limit=gas_limit,
            gas_price_wei=self._means.gas_price_wei,
        )
        signed_already = sum((cost_of(one.fields) for one in besides), NOTHING)
        signed = self._means.signed(fields, campaigns=batch.campaigns, besides=signed_already)
        return Bound(fields, signed, tuple(member.id for member in batch.members))

    def _bind(self, lease: Lease, bound: Sequence[Bound], head: int) -> None:
        """T1 of the protocol: nonces, members and signed bytes in one commit, before any byte leaves."""
        if bound:
            with self._means.durable("allot"):
                self._means.store.allot(lease, bound, made_block=head)

    def _sound(self, lease: Lease, batch: Batch, answer: Simulated | None, head: int) -> tuple[Batch | None, int, int]:
        """The part of a batch that would succeed now, the gas to allow it, and how many members were refused.

        `answer` is what the chain said of it already; None if its campaign has no contract. A failing batch is searched
        for the first member that spoils it: that one is refused, those before it go, those after it are tried again in
        the next step.
        """
        if answer is None:
            for member in batch.members:
                self._refuse(lease, member, Unclear("the campaign's contract is not there"), head)
            return None, 0, len(batch.members)
        if isinstance(answer, Passed):
            return batch, answer.gas, 0
        search, gas_limit = Search(0, len(batch.members)), 0
        while not search.done:
            tried = self._simulate(batch.first(search.probe))
            search = search.after(passed=isinstance(tried, Passed))
            if isinstance(tried, Passed):
                gas_limit = tried.gas
            else:
                answer = tried
        if not search.passing or isinstance(answer, Refused):
            self._refuse(lease, batch.members[search.passing], answer, head)
            return (batch.first(search.passing) if search.passing else None), gas_limit, 1
        return batch.first(search.passing), gas_limit, 0

    def _first_answers(self, batches: Sequence[Batch]) -> list[Simulated | None]:
        """What the chain says of each batch now; None where there is no contract. Most are told in one request."""
        there = [self._has_contract(batch) for batch in batches]
        least = [gas_limits_of(batch)[:1] if is_there else [] for batch, is_there in zip(batches, there, strict=True)]
        calls = [
            (batch.target, batch.data, gas) for batch, limits in zip(batches, least, strict=True) for gas in limits
        ]
        tried = iter(self._means.chain.tried(calls, sender=self._means.signer.address))
        return [
            self._simulate(batch, next(tried) if limits else None) if is_there else None
            for batch, is_there, limits in zip(batches, there, least, strict=True)
        ]

    def _simulate(self, batch: Batch, tried: Simulated | None = None) -> Simulated:
        """What the chain says of a batch now; if it passes, with the gas to allow it.

        A batch whose cost is known is only tried within that: a node that estimates tries it a dozen times and more.
        `tried` is how it went within the least of its limits.
        """
        chain, sender = self._means.chain, self._means.signer.address
        for limit in gas_limits_of(batch):
            answer = tried or chain.tried([(batch.target, batch.data, limit)], sender=sender)[0]
            tried = None
            if isinstance(answer, Passed):
                return answer
        answer = chain.simulate(to=batch.target, data=batch.data, sender=sender)
        if not isinstance(answer, Passed):
            return answer
        gas_limit = gas_limit_of(answer.gas, releases=max(member.releases for member in batch.members))
        return Unclear("needs more gas than one tx may take") if gas_limit is None else Passed(gas_limit)

    def _refuse(self, lease: Lease, intent: Intent, answer: Refused | Unclear, head: int) -> None:
        refusal = on_refusal(intent, answer, head=head, finality_depth=self._means.finality_depth)
        with self._means.durable("refuse"):
            self._means.store.refuse(lease, intent.id, refusal)

    def _has_contract(self, batch: Batch) -> bool:
        """Whether a campaign's own contract is there. A call to an address without code succeeds and does nothing.

        Raises WrongChain if there is other code than every campaign has.
        """
        if batch.kind not in {Kind.RECORD_INVESTMENT, Kind.CLOSE} or batch.target in self._clones:
            return True
        have = self._means.chain.code_hashes([batch.target])[batch.target]
        if have == NO_CODE_HASH:
            return False
        if have != clone_code_hash(self._means.generation):
            raise WrongChain(f"the campaign's contract at {batch.target} has code {have}")
        self._clones.add(batch.target)
        return True
