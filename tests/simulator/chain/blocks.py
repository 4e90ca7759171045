"""Blocks of the simulated chain: what each tx did, the state after it, and the same block as either room sees it."""

from __future__ import annotations

from functools import cached_property
from hashlib import sha256

import msgspec

from abis import Generation, RawLog
from abis.generation import CLONE_HEAD, CLONE_TAIL, CONTRACTS
from abis.hashing import checksummed, keccak
from chain_indexer import blocks as indexer
from chain_indexer.logs import ChainPosition, PlacedLog
from chain_writer import blocks as writer
from chain_writer.pins import CLONE_PREFIX_BYTES
from tests.simulator.chain.running import State
from tests.support.edge.rawtx import RawTx

NO_BLOOM = bytes(256)  # IBFT leaves it all zero


class SimReceipt(msgspec.Struct, frozen=True, eq=False):
    """What a mined tx did. One that failed has used its nonce and logged nothing."""

    tx: RawTx
    succeeded: bool
    logs: tuple[RawLog, ...]
    gas_used: int


class SimBlock(msgspec.Struct, frozen=True, eq=False, dict=True):
    """Two blocks are one only if they are the same object; `state` is after it, and never changed."""

    number: int
    hash: str
    parent_hash: str
    timestamp_s: int
    receipts: tuple[SimReceipt, ...]
    state: State

    @cached_property
    def for_writer(self) -> writer.Block:
        txs = (receipt.tx for receipt in self.receipts)
        header = writer.Header(self.number, self.hash, self.parent_hash)
        return writer.Block(header, tuple(writer.BlockTx(tx.hash, tx.sender, tx.nonce, tx.to, tx.data) for tx in txs))

    @cached_property
    def for_indexer(self) -> indexer.Header:
        return indexer.Header(
            number=self.number,
            hash=self.hash,
            parent_hash=self.parent_hash,
            timestamp_s=self.timestamp_s,
            tx_hashes=tuple(receipt.tx.hash for receipt in self.receipts),
            bloom=NO_BLOOM,
        )

    @cached_property
    def placed(self) -> tuple[PlacedLog, ...]:
        """The logs of the block in their order."""
        found: list[PlacedLog] = []
        for tx_index, receipt in enumerate(self.receipts):
            for raw in receipt.logs:
                at = ChainPosition(
                    block_number=self.number,
                    tx_index=tx_index,
                    log_index=len(found),
                    block_hash=self.hash,
                    tx_hash=receipt.tx.hash,
                )
                found.append(PlacedLog(at, raw))
        return tuple(found)


class SimLog(msgspec.Struct, frozen=True):
    """A log of the chain as it is, with whose tx logged it."""

    raw: RawLog
    sender: str
    nonce: int
    tx_hash: str
    block_number: int


def hash_of_block(*parts: object) -> str:
    return "0x" + sha256("/".join(map(str, parts)).encode()).hexdigest()


def made_up_generation(chain_id: int) -> Generation:
    """Contracts of nowhere, with code that nobody wrote; they are there from block 1 on."""
    addresses = {name: checksummed(sha256(name.encode()).hexdigest()[:40]) for name in CONTRACTS}
    return Generation(
        chain_id=chain_id,
        genesis_hash=hash_of_block("genesis", chain_id),
        addresses=addresses,
        code_hashes={name: "0x" + keccak(made_up_code(name)).hex() for name in CONTRACTS},
        start_block=0,
    )


def made_up_code(contract: str) -> bytes:
    return f"code of {contract}".encode()


def clone_code(generation: Generation) -> bytes:
    """What stands where a campaign is: a proxy to the template (EIP-1167)."""
    template = bytes.fromhex(generation.addresses["CampaignImplementation"][2:])
    return CLONE_HEAD[CLONE_PREFIX_BYTES:] + template + CLONE_TAIL
