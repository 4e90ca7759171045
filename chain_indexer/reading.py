"""Reading a range from a node: its headers, its logs, its receipts, each held against the others. Keeps no state."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from abis import Generation, decode
from abis.logs import CampaignCreated
from chain_indexer.blocks import Child, Header, RangeLogs, Reading
from chain_indexer.completeness import differing, sampled, to_audit
from chain_indexer.errors import NodeContradicts
from chain_indexer.logs import Logs, joined
from chain_indexer.node import Chain


class Reader:
    """Reads ranges for the loop; safe to use by several threads, since it remembers nothing.

    `audit_percent` of the blocks that may hold a log of ours have their logs held against their receipts: 100 finds
    every log that a node lost or made up, less of them finds a node that does so again and again.
    """

    def __init__(self, node: Chain, generation: Generation, *, audit_percent: int) -> None:
        assert 0 <= audit_percent <= 100
        self._node = node
        self._factory = generation.addresses["CampaignFactory"].lower()
        self._audit_percent = audit_percent

    def read(self, first: int, last: int, addresses: Sequence[str], *, known: Sequence[Header] = ()) -> Reading:
        """The range whole, and what the children that are made in it log there. `known` are its headers, if they are.

        A child may log in the very block that makes it: its logs are asked for as soon as it is known. Children make
        no children, so that one further question is enough.
        """
        blocks = tuple(known) or self._node.headers(first, last)
        answer = self._ask(blocks, addresses)
        children = children_in(answer.logs, factory=self._factory)
        reading = Reading(blocks=blocks, logs=answer.logs, children=children, size_bytes=answer.size_bytes)
        made = sorted({child.address for child in children}.difference(addresses)) if children else []
        if made:
            reading = self._with_more(reading, made)
        self._audit(blocks, reading.logs, [*addresses, *made])
        return reading

    def completed(self, reading: Reading, addresses: Sequence[str]) -> Reading:
        """The same range with the logs of children that were not known when it was asked for."""
        if not addresses:
            return reading
        whole = self._with_more(reading, addresses)
        self._audit(reading.blocks, whole.logs.emitted_by(addresses), addresses)
        return whole

    def _with_more(self, reading: Reading, addresses: Sequence[str]) -> Reading:
        answer = self._ask(reading.blocks, addresses)
        if not answer.logs:
            return msgspec.structs.replace(reading, size_bytes=reading.size_bytes + answer.size_bytes)
        size_bytes = reading.size_bytes + answer.size_bytes
        return msgspec.structs.replace(reading, logs=joined([reading.logs, answer.logs]), size_bytes=size_bytes)

    def _ask(self, blocks: Sequence[Header], addresses: Sequence[str]) -> RangeLogs:
        """Logs that stand in exactly these blocks. A single block is asked for by its hash."""
        first, last = blocks[0], blocks[-1]
        one = first.number == last.number
        answer = self._node.logs_of(last, addresses) if one else self._node.logs(first.number, last.number, addresses)
        if answer.last.hash != last.hash:
            raise NodeContradicts(f"{last} became {answer.last}: the chain changed while it was read")
        wrong = answer.logs.misplaced((block.number, block.hash) for block in blocks)
        if wrong is not None:
            raise NodeContradicts(f"the node gave a log out of place or twice: {wrong.at}")
        return answer

    def _audit(self, blocks: Sequence[Header], logs: Logs, addresses: Sequence[str]) -> None:
        """Refuse an answer that lost a log, or made one up."""
        audited = sampled(blocks, percent=self._audit_percent)
        suspects = to_audit(audited, addresses)
        given = logs if len(audited) == len(blocks) else logs.standing_in([block.hash for block in audited])
        received = self._node.logs_by_receipts(suspects, addresses, like=given) if suspects else Logs()
        difference = differing(given, received)
        if difference is not None:
            raise NodeContradicts(f"the node's logs and receipts differ: {difference}")


def children_in(logs: Logs, *, factory: str) -> tuple[Child, ...]:
    """The contracts that the factory made, in the order of their making."""
    made = [(log.at, decode(log.raw)) for log in logs.emitted_by([factory])]
    return tuple(
        Child(address=log.campaign.lower(), created=at) for at, log in made if isinstance(log, CampaignCreated)
    )
