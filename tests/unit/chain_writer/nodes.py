"""Nodes that misbehave in one way each, over the real one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from abis.hashing import keccak
from chain_writer.blocks import Answered, Receipt, Seen
from chain_writer.node import Node


class DeafNode(Node):
    """Says that it knows every tx, and while it is deaf forwards none: Polygon Edge's "already known" black hole."""

    deaf = True
    swallowed = 0

    def send(self, raws: Sequence[bytes]) -> list[Answered]:
        if not self.deaf:
            return super().send(raws)
        self.swallowed += len(raws)
        return [Answered(None, "already known") for _ in raws]


class SayingNode(Node):
    """Forwards what is sent or not, and answers with a text of its own."""

    def __init__(self, url: str, *, text: str, forwards: bool) -> None:
        super().__init__(url)
        self.text: str | None = text
        self.forwards = forwards

    def send(self, raws: Sequence[bytes]) -> list[Answered]:
        if self.text is None:
            return super().send(raws)
        if self.forwards:
            super().send(raws)
        return [Answered(None, self.text) for _ in raws]


class RenamingNode(Node):
    """Names every tx otherwise than it is."""

    def send(self, raws: Sequence[bytes]) -> list[Answered]:
        return [Answered("0x" + keccak(b"other" + raw).hex(), None) for raw in raws]


class LateReceiptsNode(Node):
    """Has no receipts for a while, though the blocks are there."""

    late = True

    def receipts(self, hashes: Sequence[str]) -> list[Receipt | None]:
        return [None for _ in hashes] if self.late else super().receipts(hashes)


class OtherChainNode(Node):
    """Speaks for another chain in one respect."""

    def __init__(self, url: str, **lie: Any) -> None:
        super().__init__(url)
        self._lie = lie

    def look(self, address: str, numbers: Sequence[int]) -> Seen:
        seen = super().look(address, numbers)
        return Seen(
            chain_id=self._lie.get("chain_id", seen.chain_id),
            genesis_hash=self._lie.get("genesis_hash", seen.genesis_hash),
            head=seen.head,
            count=seen.count,
            headers=seen.headers,
        )

    def code_hashes(self, addresses: Sequence[str]) -> dict[str, str]:
        hashes = super().code_hashes(addresses)
        return {address: self._lie.get("code_hash", have) for address, have in hashes.items()}
