"""The loop: look at the node, reconcile the local chain with it, feed what is final, keep it. One path for all."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256
from typing import assert_never

import msgspec

from abis import Generation, decode
from abis.hashing import keccak
from abis.logs import CampaignCreated
from chain_indexer.blocks import Checkpoint, Child, Fed, Header, PlacedLog, RangeLogs, Seen
from chain_indexer.completeness import differing, to_audit
from chain_indexer.continuity import Extend, LocalChain, Stop, Unwind, Wait, first_break, misplaced, reconcile
from chain_indexer.errors import ForkBelowFinality, NodeContradicts, RangeRefused, WrongChain, WrongGeneration
from chain_indexer.feeding import Feeder
from chain_indexer.node import Node
from chain_indexer.ranges import RangeSize, final_number, lag_of, reach
from chain_indexer.store import IndexerStore
from domain.journal import JournalReader, Ledger
from domain.progress import Progress


class Indexer:
    """Follows the chain of one generation and feeds its final logs to the journal, each exactly once.

    Only blocks at least `finality_depth` below the node's head are believed. Killed anywhere, it begins again at its
    checkpoint; the commands of a range that was not kept are asked again under the same names, and change nothing.
    Where two run on one database, the second waits until the first one's connection ends.

    `crash` is called after each thing that outlives a crash, with its name: chain-begun, chain-unwound,
    commands-submitted, commands-answered, range-kept, chain-remembered.
    """

    def __init__(
        self,
        *,
        node: Node,
        store: IndexerStore,
        ledger: Ledger,
        reader: JournalReader,
        generation: Generation,
        finality_depth: int,
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
        self._contracts = tuple(address.lower() for address in generation.addresses.values())
        self._contracts_are_there = False
        self._children: tuple[str, ...] = ()
        self._local: LocalChain | None = None
        self._stored_to = 0  # the highest header of the local chain that is stored
        self._size = RangeSize()
        self._head: Header | None = None  # the one last stored

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
        except BaseException:
            self._local = None
            raise

    def _advance(self, local: LocalChain) -> Progress:
        seen = self._look(local)
        decision = reconcile(local, head=seen.head, theirs=seen.headers)
        match decision:
            case Extend():
                local = self._extend(local, seen.head)
            case Unwind(to=ancestor, lost=lost):
                self._store.unwind(ancestor, depth=len(lost))
                self._crash("chain-unwound")
                self._stored_to = min(self._stored_to, ancestor.number)
                local = self._extend(local.unwound(ancestor), seen.head)
            case Wait():
                pass
            case Stop(ours=ours, theirs=theirs):
                raise ForkBelowFinality(ours=ours, theirs=theirs)
            case _:
                assert_never(decision)
        self._saw(seen.head)
        begun_at, depth = local.checkpoint.number, self._finality_depth
        final = final_number(head=seen.head.number, tip=local.tip.number, finality_depth=depth)
        self._local = self._feed(local, final) if final > begun_at else self._remember(local)
        reached = self._local.checkpoint.number
        lag = lag_of(checkpoint=reached, head=seen.head.number, finality_depth=depth)
        return Progress(advanced=reached - begun_at, position=reached, lag=lag)

    # Beginning.

    def _load(self) -> LocalChain | None:
        """The local chain as it is stored; None while the block to begin at is not final yet."""
        remembered = self._store.load()
        if remembered is None:
            return self._begin()
        if remembered.generation != self._name:
            raise WrongGeneration(stored=remembered.generation, given=self._name)
        self._children = remembered.children
        self._stored_to = remembered.chain.tip.number
        self._head = None
        return remembered.chain

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
        last = reach(
            checkpoint=local.checkpoint.number,
            head=head.number,
            size=self._size,
            finality_depth=self._finality_depth,
        )
        if last <= local.tip.number:
            return local
        headers = self._node.headers(local.tip.number + 1, last)
        stranger = first_break(local.tip, headers)
        if stranger is not None:
            raise NodeContradicts(f"{stranger} does not follow {local.tip}: the chain changed while it was read")
        return local.extended(headers)

    def _read(self, blocks: Sequence[Header]) -> tuple[list[PlacedLog], tuple[Child, ...], int]:
        """The logs of our contracts in these blocks, the new children among them, and the bytes it took.

        A child may log in the very block that makes it: its logs are asked for as soon as it is known. Children make
        no children, so that one further question is enough. What came is then held against the receipts.
        """
        answer = self._ask(blocks, self._contracts + self._children)
        logs, size_bytes = list(answer.logs), answer.size_bytes
        children = children_in(logs, factory=self._generation.addresses["CampaignFactory"].lower())
        if children:
            since = children[0].created.block_number
            of_children = self._ask([b for b in blocks if b.number >= since], [child.address for child in children])
            logs = sorted([*logs, *of_children.logs], key=lambda log: log.at)
            size_bytes += of_children.size_bytes
        self._audit(blocks, logs, self._contracts + self._children + tuple(child.address for child in children))
        return logs, children, size_bytes

    def _audit(self, blocks: Sequence[Header], logs: Sequence[PlacedLog], addresses: Sequence[str]) -> None:
        """Refuse an answer that lost a log, or made one up."""
        received: tuple[PlacedLog, ...] = ()
        suspects = to_audit(blocks, addresses)
        if suspects:
            received = self._node.logs_by_receipts(suspects, addresses)
        difference = differing(logs, received)
        if difference is not None:
            raise NodeContradicts(f"the node's logs and receipts differ: {difference}")

    def _ask(self, blocks: Sequence[Header], addresses: Sequence[str]) -> RangeLogs:
        """Logs that stand in exactly these blocks. A single block is asked for by its hash."""
        first, last = blocks[0], blocks[-1]
        one = first.number == last.number
        answer = self._node.logs_of(last, addresses) if one else self._node.logs(first.number, last.number, addresses)
        if answer.last.hash != last.hash:
            raise NodeContradicts(f"{last} became {answer.last}: the chain changed while it was read")
        wrong = misplaced(answer.logs, blocks)
        if wrong is not None:
            raise NodeContradicts(f"the node gave a log out of place or twice: {wrong.at}")
        return answer

    # The journal and the store.

    def _feed(self, local: LocalChain, final: int) -> LocalChain:
        """Feed one range up to `final` and keep it; the range shrinks until the node answers it."""
        first = local.checkpoint.number + 1
        while True:
            blocks = local.between(first, min(final, local.checkpoint.number + self._size.blocks))
            try:
                logs, children, size_bytes = self._read(blocks)
                break
            except RangeRefused:
                if len(blocks) == 1:
                    raise
                self._size = RangeSize(len(blocks)).refused()
        self._size = self._size.answered(blocks=len(blocks), logs=len(logs), size_bytes=size_bytes)
        verdicts = self._feeder.feed(logs, {block.number: block for block in blocks})
        advanced = local.advanced(blocks[-1].number)
        self._store.keep(
            Fed(
                before=local.checkpoint,
                after=advanced.checkpoint,
                verdicts=tuple(zip(logs, verdicts, strict=True)),
                children=children,
                remembered=self._unstored(advanced),
            )
        )
        self._crash("range-kept")
        self._children += tuple(child.address for child in children)
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


def children_in(logs: Iterable[PlacedLog], *, factory: str) -> tuple[Child, ...]:
    """The contracts that the factory made, in the order of their making."""
    made = [(log.at, decode(log.raw)) for log in logs if log.raw.address == factory]
    return tuple(
        Child(address=log.campaign.lower(), created=at) for at, log in made if isinstance(log, CampaignCreated)
    )
