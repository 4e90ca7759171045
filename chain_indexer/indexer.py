"""The loop: look at the node, reconcile the local chain with it, feed what is final, keep it. One path for all."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from hashlib import sha256
from typing import assert_never

import msgspec

from abis import Generation
from abis.hashing import keccak
from chain_indexer.ahead import Ahead, Hands
from chain_indexer.blocks import Checkpoint, Fed, Header, Reading, Seen, Verdict
from chain_indexer.continuity import (
    Extend,
    LocalChain,
    Stop,
    Unwind,
    Wait,
    disagreeing,
    first_break,
    reconcile,
)
from chain_indexer.errors import (
    ForkBelowFinality,
    NodeContradicts,
    NodeLagging,
    RangeRefused,
    WrongChain,
    WrongGeneration,
)
from chain_indexer.feeding import Feeder, imported
from chain_indexer.node import Chain
from chain_indexer.ranges import RANGES_AHEAD_MAX, RangeSize, lag_of, touches_head
from chain_indexer.reading import Reader
from chain_indexer.store import IndexerStore
from domain.journal import JournalReader, Ledger
from domain.progress import Progress

RANGES_PER_LOOK_MAX = 8

CRASH_POINTS = (
    "chain-begun",
    "chain-unwound",
    "commands-submitted",
    "commands-answered",
    "range-kept",
    "chain-remembered",
)


class Indexer:
    """Follows the chain of one generation and feeds its final logs to the journal, each exactly once.

    Far from the head several ranges are read at once, by `hands`; near it block by block as they become final. Either
    way a range is fed and kept whole, in the order of the chain. Logs up to the block `imports_to` are a history of
    others: they are stored, and the journal is not told.

    Only blocks at least `finality_depth` below the node's head are believed. Killed anywhere, it begins again at its
    checkpoint; the commands of a range that was not kept are asked again under the same names, and change nothing.
    What is stored of another generation is put aside, if the journal promoted this one (`promoted`); else it stops.
    Where two run on one database, the second waits until the first one's connection ends.

    `crash` is called after each thing that outlives a crash, with its name, one of CRASH_POINTS.
    """

    def __init__(
        self,
        *,
        node: Chain,
        store: IndexerStore,
        ledger: Ledger,
        reader: JournalReader,
        generation: Generation,
        finality_depth: int,
        hands: Hands,
        audit_percent: int,
        imports_to: int = 0,
        promoted: bool = False,
        crash: Callable[[str], None] | None = None,
    ) -> None:
        assert finality_depth >= 0
        self._node = node
        self._store = store
        self._generation = generation
        self._name = name_of(generation)
        self._finality_depth = finality_depth
        self._crash = crash or (lambda _: None)
        self._feeder = Feeder(ledger=ledger, reader=reader, earlier=store, generation=generation, crash=self._crash)
        self._reader = Reader(node, generation, audit_percent=audit_percent)
        self._ahead = Ahead(hands, ranges=RANGES_AHEAD_MAX)
        self._imports_to = imports_to
        self._promoted = promoted
        self._contracts = tuple(address.lower() for address in generation.addresses.values())
        self._contracts_are_there = False
        self._children: tuple[str, ...] = ()
        self._local: LocalChain | None = None
        self._stored_to = 0  # the highest header of the local chain that is stored
        self._size = RangeSize()
        self._head: Header | None = None  # the one last stored
        self._ranges_unlooked = 0  # kept since

    @property
    def head(self) -> Header | None:
        """The newest block of the chain that was seen; None before the first look."""
        return self._head

    def step(self) -> Progress:
        """Feed at most one range. `advanced` counts blocks fed; `position` is the checkpoint's number.

        Raises NodeUnavailable, JournalBusy, JournalUnavailable or psycopg.OperationalError for what passes, and a kind
        of IndexerStopped for what does not. A step that raised is repeated from what is stored.
        """
        if not self._store.lead():
            return self._stand_by()
        try:
            local = self._local or self._load()
            return self._advance(local) if local is not None else self._not_begun()
        except BaseException as error:
            self._local = None
            self._ahead.forget()
            if isinstance(error, NodeContradicts):
                self._node.doubt(str(error))
            raise

    def _advance(self, local: LocalChain) -> Progress:
        local, head = self._seen(local)
        begun_at, depth = local.checkpoint.number, self._finality_depth
        final = head.number - depth
        self._local = self._feed(local, final) if final > begun_at else self._remember(local)
        reached = self._local.checkpoint.number
        lag = lag_of(checkpoint=reached, head=head.number, finality_depth=depth)
        return Progress(advanced=reached - begun_at, position=reached, lag=lag)

    def _seen(self, local: LocalChain) -> tuple[LocalChain, Header]:
        """The local chain as far as it agrees with the node's, and the node's head.

        Far below a head that was seen not long ago nothing is looked at: each range is the child of the one before it,
        by its own hashes.
        """
        if self._head is not None and self._ranges_unlooked < RANGES_PER_LOOK_MAX and self._is_far(local, self._head):
            self._ranges_unlooked += 1
            return local, self._head
        seen = self._look(local)
        local = self._reconciled(local, seen)
        self._saw(seen.head)
        self._ranges_unlooked = 0
        return local, seen.head

    def _reconciled(self, local: LocalChain, seen: Seen) -> LocalChain:
        decision = reconcile(local, head=seen.head, theirs=seen.headers)
        match decision:
            case Extend():
                return self._extend(local, seen.head)
            case Unwind(to=ancestor, lost=lost):
                self._ahead.forget()
                self._store.unwind(ancestor, depth=len(lost))
                self._crash("chain-unwound")
                self._stored_to = min(self._stored_to, ancestor.number)
                return self._extend(local.unwound(ancestor), seen.head)
            case Wait():
                return local
            case Stop(ours=ours, theirs=theirs):
                if self._node.doubt(f"it has {theirs} where {ours} was believed"):
                    raise NodeLagging(f"another node is asked whether {ours} is still there")
                raise ForkBelowFinality(ours=ours, theirs=theirs)
            case _:
                assert_never(decision)

    def _is_far(self, local: LocalChain, head: Header) -> bool:
        """Whether the next range ends so far below the head that no header above the checkpoint need be known."""
        checkpoint, depth = local.checkpoint.number, self._finality_depth
        return not touches_head(checkpoint=checkpoint, head=head.number, size=self._size, finality_depth=depth)

    # Beginning.

    def _load(self) -> LocalChain | None:
        """The local chain as it is stored; None while the block to begin at is not final yet."""
        remembered = self._store.load()
        if remembered is None:
            return self._begin()
        if remembered.generation != self._name:
            return self._succeed(remembered.generation)
        self._children = remembered.children
        self._stored_to = remembered.chain.tip.number
        self._head = None
        return remembered.chain

    def _succeed(self, ended: str) -> LocalChain | None:
        """Begin after another generation: only where the journal has promoted this one in its place."""
        if not self._promoted:
            raise WrongGeneration(stored=ended, given=self._name)
        self._check_chain(self._node.look([self._generation.start_block]))
        self._store.put_aside(ended)
        self._children, self._stored_to, self._head = (), 0, None
        return self._begin()

    def _begin(self) -> LocalChain | None:
        start = self._generation.start_block
        seen = self._node.look([start])
        self._check_chain(seen)
        if start > max(0, seen.head.number - self._finality_depth):
            return None
        self._check_contracts(seen.head)
        checkpoint = Checkpoint(seen.headers[start])
        self._store.begin(checkpoint, generation=self._name, head=seen.head, finality_depth=self._finality_depth)
        self._crash("chain-begun")
        self._stored_to = checkpoint.number
        return LocalChain(checkpoint)

    def _not_begun(self) -> Progress:
        return Progress(advanced=0, position=0, lag=self._generation.start_block)

    def _stand_by(self) -> Progress:
        """Another indexer has the lead: tell how it stands."""
        remembered = self._store.load()
        if remembered is None:
            return self._not_begun()
        number = remembered.chain.checkpoint.number
        lag = lag_of(checkpoint=number, head=remembered.head_number, finality_depth=self._finality_depth)
        return Progress(advanced=0, position=number, lag=lag)

    # The node.

    def _look(self, local: LocalChain) -> Seen:
        """What the node says at the checkpoint and the tip; at every number between too, if the tip is not its own."""
        checkpoint, tip = local.checkpoint, local.tip
        seen = self._node.look(sorted({checkpoint.number, tip.number}))
        self._check_chain(seen)
        theirs = seen.headers
        if seen.head.number < checkpoint.number or theirs[checkpoint.number].hash != checkpoint.hash:
            return seen
        self._check_contracts(seen.head)
        if tip.number in theirs and theirs[tip.number].hash == tip.hash:
            return seen
        headers = self._node.headers(checkpoint.number, min(tip.number, seen.head.number))
        return msgspec.structs.replace(seen, headers={header.number: header for header in headers})

    def _check_chain(self, seen: Seen) -> None:
        """Each time: the address of a node may come to stand for another chain, with the same id even."""
        pinned = self._generation
        if seen.chain_id != pinned.chain_id:
            raise WrongChain("the node is of another chain", pinned=pinned.chain_id, found=seen.chain_id)
        if seen.genesis_hash != pinned.genesis_hash.lower():
            raise WrongChain("the chain began anew", pinned=pinned.genesis_hash, found=seen.genesis_hash)

    def _check_contracts(self, head: Header) -> None:
        """Once, as soon as the node is not behind us: our contracts are there, with the code that was deployed."""
        if self._contracts_are_there:
            return
        codes = self._node.codes(list(self._generation.addresses.values()))
        for name, address in self._generation.addresses.items():
            found = "0x" + keccak(codes[address]).hex() if codes[address] else "no code"
            pinned = self._generation.code_hashes[name].lower()
            if found != pinned:
                raise WrongChain(f"{name} is not at {address} at {head}", pinned=pinned, found=found)
        self._contracts_are_there = True

    def _extend(self, local: LocalChain, head: Header) -> LocalChain:
        """Near the head every header up to it is known, so that a reorg shows; ranges far from it bring their own."""
        if self._is_far(local, head) or head.number <= local.tip.number:
            return local
        headers = self._node.headers(local.tip.number + 1, head.number)
        stranger = first_break(local.tip, headers)
        if stranger is not None:
            raise NodeContradicts(f"{stranger} does not follow {local.tip}: the chain changed while it was read")
        return local.extended(headers)

    def _read_ahead(self, local: LocalChain, final: int, *, after: int) -> None:
        """Begin as many ranges after a block and up to `final` as may be under way."""
        first = self._ahead.next_after(after)
        while first <= final and not self._ahead.is_full:
            last = min(final, first + self._size.blocks - 1)
            known = local.between(first, last) if last <= local.tip.number else ()
            addresses = self._contracts + self._children
            read = partial(self._reader.read, first, last, addresses, known=known)
            self._ahead.begin(first, last, children=len(self._children), read=read)
            first = last + 1

    def _next(self, local: LocalChain, final: int) -> Reading:
        """The range after the checkpoint; it shrinks until the node answers it."""
        while True:
            self._read_ahead(local, final, after=local.checkpoint.number)
            begun = self._ahead.take()
            try:
                reading = begun.reading.result()
                return self._reader.completed(reading, self._children[begun.children :])
            except RangeRefused:
                if begun.first == begun.last:
                    raise
                self._ahead.forget()
                self._size = self._size.refused(begun.last - begun.first + 1)

    # The journal and the store.

    def _feed(self, local: LocalChain, final: int) -> LocalChain:
        """Feed one range up to `final` and keep it."""
        imports = local.checkpoint.number < self._imports_to
        to = min(final, self._imports_to) if imports else final
        reading = self._next(local, to)
        blocks, logs = reading.blocks, reading.logs
        stranger = disagreeing(local, blocks)
        if stranger is not None:
            raise NodeContradicts(f"{stranger} is not of the chain of {local.tip}: the chain changed while it was read")
        local = local.extended([block for block in blocks if block.number > local.tip.number])
        self._size = self._size.answered(blocks=len(blocks), logs=len(logs), size_bytes=reading.size_bytes)
        self._ahead.widen()
        if not reading.children:  # else the next ranges are asked for theirs too, once they are kept
            self._read_ahead(local, to, after=blocks[-1].number)
        verdicts = imported(logs) if imports else self._fed(reading)
        return self._keep(local, reading, verdicts)

    def _fed(self, reading: Reading) -> tuple[Verdict, ...]:
        return self._feeder.feed(tuple(reading.logs), {block.number: block for block in reading.blocks})

    def _keep(self, local: LocalChain, reading: Reading, verdicts: tuple[Verdict, ...]) -> LocalChain:
        advanced = local.advanced(reading.blocks[-1].number)
        self._store.keep(
            Fed(
                before=local.checkpoint,
                after=advanced.checkpoint,
                logs=reading.logs,
                verdicts=verdicts,
                children=reading.children,
                remembered=self._unstored(advanced),
            )
        )
        self._crash("range-kept")
        self._children += tuple(child.address for child in reading.children)
        self._stored_to = advanced.tip.number
        return advanced

    def _remember(self, local: LocalChain) -> LocalChain:
        headers = self._unstored(local)
        if headers:
            self._store.remember(headers)
            self._crash("chain-remembered")
            self._stored_to = local.tip.number
        return local

    def _unstored(self, local: LocalChain) -> tuple[Header, ...]:
        return tuple(header for header in local.above if header.number > self._stored_to)

    def _saw(self, head: Header) -> None:
        if head != self._head:
            self._store.saw(head, finality_depth=self._finality_depth)
            self._head = head


def name_of(generation: Generation) -> str:
    """The name under which a generation is stored: its chain id, and a hash over its genesis and addresses."""
    addresses = sorted((name, address.lower()) for name, address in generation.addresses.items())
    content = msgspec.json.encode([generation.chain_id, generation.genesis_hash.lower(), addresses])
    return f"{generation.chain_id}:{sha256(content).hexdigest()}"
