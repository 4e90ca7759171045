"""What a node says about blocks, logs and receipts, read strictly and fast: a backfill is mostly this. Pure.

A block may have odd fields that nobody here needs. The strings of logs are checked together, and their hex undone
together, since matching each of them against a pattern costs more than everything else.
"""

from __future__ import annotations

from binascii import unhexlify
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from itertools import accumulate, chain, groupby, pairwise
from operator import attrgetter
from typing import Annotated

import msgspec

from chain_indexer.blocks import Header
from chain_indexer.logs import INDEX_MAX, NOTHING, WORD, Logs, address, front, hash_, length, number, sized

QUANTITY_MAX = 1 << 60
STRINGS_KNOWN_MAX = 1 << 14

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
    logs: msgspec.Raw


_logs = msgspec.json.Decoder(list[Log]).decode
_tx = attrgetter("block_number", "block_hash", "transaction_index", "transaction_hash")
_index = attrgetter("log_index")
_emitter = attrgetter("address")
_topics = attrgetter("topics")


def header_of(block: Block) -> Header:
    return Header(
        number=number_of(block.number),
        hash=block.hash.lower(),
        parent_hash=block.parent_hash.lower(),
        timestamp_s=number_of(block.timestamp),
        tx_hashes=tuple(tx_hash.lower() for tx_hash in block.transactions),
        bloom=bytes.fromhex(block.logs_bloom[2:]) if block.logs_bloom else b"",
    )


def logs_of(text: bytes) -> Logs:
    """The logs of a JSON array. Raises Removed, or ValueError if a field is not what it must be."""
    return Logs(_rows_of(_logs(text)), text)


def joined(texts: Iterable[bytes]) -> bytes:
    """One JSON array of what several hold."""
    return b"[" + b",".join([text[1:-1] for text in texts if text != b"[]"]) + b"]"


def _rows_of(logs: Sequence[Log]) -> list[bytes]:
    removed = next((log for log in logs if log.removed), None)
    if removed is not None:
        raise Removed(f"the node gave a log of tx {removed.transaction_hash} that it says is removed")
    fronts: list[bytes] = []
    tx_hashes: list[bytes] = []
    for tx, of_tx in groupby(map(_tx, logs)):
        count = sum(1 for _ in of_tx)
        front, tx_hash = _fields_of(*tx)
        fronts += [front] * count
        tx_hashes += [tx_hash] * count
    indices = map(Made(_index_field).__getitem__, map(_index, logs))
    emitters = map(Made(_address_field).__getitem__, map(_emitter, logs))
    # Column by column, and joined at once: a loop over the logs would take twice as long.
    rows = zip(fronts, indices, tx_hashes, emitters, _topics_fields(logs), map(_data_field, logs), strict=True)
    return list(map(b"".join, rows))


def _topics_fields(logs: Sequence[Log]) -> list[bytes]:
    topics = list(map(_topics, logs))
    words = _words(list(chain.from_iterable(topics)))
    ends = list(accumulate([WORD * len(some) for some in topics], initial=0))
    return [length(end - begin) + words[begin:end] for begin, end in pairwise(ends)]


def _data_field(log: Log) -> bytes:
    return NOTHING if log.data == "0x" else sized(_hex(log.data))


class Made(dict[str, bytes]):
    """What a text becomes, made once for each."""

    def __init__(self, make: Callable[[str], bytes]) -> None:
        super().__init__()
        self._make = make

    def __missing__(self, text: str) -> bytes:
        self[text] = made = self._make(text)
        return made


def _fields_of(block_number: str, block_hash: str, tx_index: str, tx_hash: str) -> tuple[bytes, bytes]:
    """What the rows of all logs of a tx have alike."""
    words = _words([block_hash, tx_hash])
    return front(number_of(block_number), words[:WORD], _index_of(tx_index)), hash_(words[WORD:])


def _words(texts: Sequence[str]) -> bytes:
    """Words of 32 bytes, one after the other. Together: hundreds of thousands one by one are most of the work."""
    joined = "".join(texts)
    each, count = 2 + 2 * WORD, len(texts)
    if set(map(len, texts)) - {each} or joined[::each] + joined[1::each] != "0" * count + "x" * count:
        wrong = next(text for text in texts if len(text) != each or text[:2] != "0x")
        raise ValueError(f"{wrong[:80]!r} is not of 32 bytes")
    digits = bytearray(joined, "ascii")
    del digits[::each], digits[:: each - 1]  # the 0 and the x of each
    return unhexlify(digits)


@lru_cache(STRINGS_KNOWN_MAX)
def number_of(quantity: str) -> int:
    value = int(quantity, 16)
    if quantity[:2] != "0x" or not quantity.isalnum() or value >= QUANTITY_MAX:
        raise ValueError(f"{quantity[:80]!r} is no quantity")
    return value


def _index_of(quantity: str) -> int:
    index = number_of(quantity)
    if index >= INDEX_MAX:
        raise ValueError(f"{quantity[:80]!r} is no index of a tx or of a log")
    return index


def _index_field(quantity: str) -> bytes:
    return number(_index_of(quantity))


def _address_field(text: str) -> bytes:
    emitter = _hex(text)
    if len(emitter) != 20:
        raise ValueError(f"{text[:80]!r} is no address")
    return address(emitter)


def _hex(text: str) -> bytes:
    if text[:2] != "0x" or len(text) % 2:
        raise ValueError(f"{text[:80]!r} is not hex")
    return unhexlify(text[2:])
