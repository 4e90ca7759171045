"""What a node says about blocks, logs and receipts, read strictly and fast: a backfill is mostly this. Pure.

A block may have odd fields that nobody here needs; a log is taken apart by hand, since matching each of its strings
against a pattern costs more than everything else together. Hashes and addresses come out in lower case, one string each
however often they are repeated.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Annotated

import msgspec

from abis import RawLog
from chain_indexer.blocks import ChainPosition, Header, PlacedLog

QUANTITY_MAX = 1 << 60
STRINGS_KNOWN_MAX = 1 << 14
LOGS_KNOWN_MAX = 1 << 13

Quantity = Annotated[str, msgspec.Meta(pattern="^0x[0-9a-fA-F]{1,15}$")]
Hash = Annotated[str, msgspec.Meta(pattern="^0x[0-9a-fA-F]{64}$")]
Hex = Annotated[str, msgspec.Meta(pattern="^0x([0-9a-fA-F]{2})*$")]


class Removed(ValueError):
    """A log that the node itself says is gone."""


class Block(msgspec.Struct, frozen=True, rename="camel"):
    number: Quantity
    hash: Hash
    parent_hash: Hash
    timestamp: Quantity
    transactions: list[Hash]
    logs_bloom: Hex | None = None


class Log(msgspec.Struct, frozen=True, rename="camel", gc=False):
    address: str
    topics: tuple[str, ...]
    data: str
    block_number: str
    block_hash: str
    transaction_hash: str
    transaction_index: str
    log_index: str
    removed: bool = False


class Receipt(msgspec.Struct, frozen=True, rename="camel"):
    transaction_hash: Hash
    block_hash: Hash
    logs: list[msgspec.Raw]


_log = msgspec.json.Decoder(Log).decode


def header_of(block: Block) -> Header:
    return Header(
        number=number_of(block.number),
        hash=block.hash.lower(),
        parent_hash=block.parent_hash.lower(),
        timestamp_s=number_of(block.timestamp),
        tx_hashes=tuple(tx_hash.lower() for tx_hash in block.transactions),
        bloom=bytes.fromhex(block.logs_bloom[2:]) if block.logs_bloom else b"",
    )


@lru_cache(LOGS_KNOWN_MAX)
def placed(text: bytes) -> PlacedLog:
    """The log that this JSON says, with its place. Raises Removed, or ValueError if a field is not what it must be.

    A log that is held against its receipt comes twice, nearly always byte for byte: the second time it is known, and
    is not read again.
    """
    log = _log(text)
    if log.removed:
        raise Removed(f"the node gave a log of tx {log.transaction_hash} that it says is removed")
    at = ChainPosition(
        block_number=number_of(log.block_number),
        tx_index=number_of(log.transaction_index),
        log_index=number_of(log.log_index),
        block_hash=_hash(log.block_hash),
        tx_hash=_hash(log.transaction_hash),
    )
    return PlacedLog(at, RawLog(address_of(log.address), tuple([_word(topic) for topic in log.topics]), _hex(log.data)))


@lru_cache(STRINGS_KNOWN_MAX)
def number_of(quantity: str) -> int:
    number = int(quantity, 16)
    if quantity[:2] != "0x" or not 0 <= number < QUANTITY_MAX:
        raise ValueError(f"{quantity[:80]!r} is no quantity")
    return number


@lru_cache(STRINGS_KNOWN_MAX)
def address_of(text: str) -> str:
    if len(_hex(text)) != 20:
        raise ValueError(f"{text[:80]!r} is no address")
    return text.lower()


@lru_cache(STRINGS_KNOWN_MAX)
def _hash(text: str) -> str:
    _word(text)
    return text.lower()


def _word(text: str) -> bytes:
    word = bytes.fromhex(text.removeprefix("0x"))
    if len(word) != 32 or len(text) != 66:  # the second: spaces, which fromhex skips
        raise ValueError(f"{text[:80]!r} is not of 32 bytes")
    return word


def _hex(text: str) -> bytes:
    data = bytes.fromhex(text.removeprefix("0x"))
    if len(text) != 2 + 2 * len(data):
        raise ValueError(f"{text[:80]!r} is not hex")
    return data
