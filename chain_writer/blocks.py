"""What the writer looks at of a chain, as values: headers, blocks with their txs, receipts, and answers."""

from __future__ import annotations

import msgspec

from abis import RawLog


class Header(msgspec.Struct, frozen=True):
    number: int
    hash: str
    parent_hash: str


class BlockTx(msgspec.Struct, frozen=True):
    """A tx as a block holds it, as far as the writer looks at it. Addresses are lower case."""

    hash: str
    sender: str
    nonce: int
    to: str | None
    data: bytes


class Block(msgspec.Struct, frozen=True):
    header: Header
    txs: tuple[BlockTx, ...]


class Receipt(msgspec.Struct, frozen=True):
    """Evidence of what a tx did. `succeeded` is False when it reverted; `gas_price_wei` is what it paid, if told."""

    block_number: int
    block_hash: str
    succeeded: bool
    logs: tuple[RawLog, ...]
    gas_used: int
    gas_price_wei: int | None = None


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """One look at the chain, from one batch: whose chain it is, its head, and the signer's count of mined nonces.

    The count was read after the head and may belong to a later block. `headers` has None for a block it lacks.
    """

    chain_id: int
    genesis_hash: str
    head: Header
    count: int
    headers: dict[int, Header | None]


class Answered(msgspec.Struct, frozen=True):
    """What a node said of one sent tx: the hash it gave it, or an error's text."""

    hash: str | None
    error: str | None
