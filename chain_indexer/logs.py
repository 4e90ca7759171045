"""Logs in their places, each kept as the row of PostgreSQL's binary COPY that it becomes. Pure.

A backfill makes nothing else of a log: its words are checked and undone in bulk (`wire`), and its row is compared,
sorted and stored as it is. Whoever wants to know what a log says has its row taken apart.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from operator import gt
from struct import Struct
from typing import overload

import msgspec

from abis import RawLog

COLUMNS = "block_number, block_hash, tx_index, log_index, tx_hash, address, topics, data"
FIELDS = 12  # of a row: these, and four that tell what became of the log
INDEX_MAX = 1 << 31  # of a tx in its block, and of a log
WORD = 32
TOPICS_MAX = 4

# A row: how many fields, and each field after its length in bytes. Big-endian: rows sort as their logs stand.
_front = Struct(">hiqi32sii").pack
_number = Struct(">ii").pack
_hash = Struct(">i32s").pack
_address = Struct(">i20s").pack
_parts = Struct(">2x4xq4x32s4xi4xi4x32s4x20si").unpack_from
_PLACE, _INDEX_AND_TX = slice(0, 66), slice(58, 102)
_BLOCK, _BLOCK_HASH, _ADDRESS = slice(6, 50), slice(18, 50), slice(106, 126)
_SIGNED = slice(126, 162)  # the length of the topics, and the first of them
_TOPICS_AT = 130
_block = Struct(">qi32s").pack
NOTHING = bytes(4)


class ChainPosition(msgspec.Struct, frozen=True, kw_only=True, order=True, gc=False):
    """Where a log stands; sorts in the order of the chain.

    The name of a log is its block hash, tx hash and log index: before Polygon Edge 1.0 the log index counts within one
    tx, and after a reorg a number names another block.
    """

    block_number: int
    tx_index: int
    log_index: int
    block_hash: str
    tx_hash: str

    @property
    def key(self) -> str:
        """The idempotency key of the command that this log becomes. For ever: it stands in `journal.commands`."""
        return f"{self.block_hash}:{self.tx_hash}:{self.log_index}"

    @property
    def name(self) -> tuple[str, str, int]:
        """The same, for looking things up by."""
        return self.block_hash, self.tx_hash, self.log_index


class PlacedLog(msgspec.Struct, frozen=True, gc=False):
    """A log as the node gives it, with its place."""

    at: ChainPosition
    raw: RawLog


class Logs(Sequence[PlacedLog]):
    """Logs in the order of the chain, whatever order they are given in. Each is made when it is asked for.

    `text` is a node's own wording of them all, where there is one: the same words need not be read twice.
    """

    __slots__ = ("rows", "text")

    def __init__(self, rows: Sequence[bytes] = (), text: bytes = b"") -> None:
        if any(map(gt, rows, rows[1:])):
            rows, text = sorted(rows), b""
        self.rows = rows
        self.text = text

    @classmethod
    def of(cls, logs: Iterable[PlacedLog]) -> Logs:
        return cls([_row_of(log) for log in logs])

    def __len__(self) -> int:
        return len(self.rows)

    @overload
    def __getitem__(self, place: int) -> PlacedLog: ...
    @overload
    def __getitem__(self, place: slice) -> Logs: ...
    def __getitem__(self, place: int | slice) -> PlacedLog | Logs:
        return Logs(self.rows[place]) if isinstance(place, slice) else _log_of(self.rows[place])

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Logs) and list(self.rows) == list(other.rows)

    __hash__ = None  # type: ignore[assignment]  # nobody looks up a whole range

    def __repr__(self) -> str:
        return f"Logs({list(self)!r})"

    def emitted_by(self, addresses: Collection[str]) -> Logs:
        """Those of these contracts (0x, lower case)."""
        return self._where(_ADDRESS, addresses)

    def standing_in(self, block_hashes: Collection[str]) -> Logs:
        return self._where(_BLOCK_HASH, block_hashes)

    def misplaced(self, blocks: Iterable[tuple[int, str]]) -> PlacedLog | None:
        """A log that stands in none of these blocks (their numbers and hashes), or where another one stands, or has the
        name of another; None if all are in place."""
        homes = {_block(number, WORD, bytes.fromhex(hash_[2:])) for number, hash_ in blocks}
        astray = {row[_BLOCK] for row in self.rows} - homes
        if astray:
            return _log_of(next(row for row in self.rows if row[_BLOCK] in astray))
        places = [row[_PLACE] for row in self.rows]
        names = [row[_BLOCK_HASH] + row[_INDEX_AND_TX] for row in self.rows]
        again = _repeated(places) or _repeated(names)
        return self[again] if again else None

    def signed(self) -> list[bytes]:
        """How many topics each has and the first of them, in the words of the function `signed`."""
        return [row[_SIGNED] for row in self.rows]

    def _where(self, field: slice, values: Collection[str]) -> Logs:
        wanted = {bytes.fromhex(value[2:]) for value in values}
        found = {row[field] for row in self.rows}
        if found <= wanted:
            return self
        return Logs([row for row in self.rows if row[field] in wanted] if found & wanted else ())


def _repeated(keys: Sequence[bytes]) -> int | None:
    """The place of the first key that stood earlier, too; never 0."""
    if len(set(keys)) == len(keys):
        return None
    first = {key: place for place, key in reversed(list(enumerate(keys)))}
    return next(place for place, key in enumerate(keys) if first[key] < place)


def joined(parts: Sequence[Logs]) -> Logs:
    return parts[0] if len(parts) == 1 else Logs([row for part in parts for row in part.rows])


def signed(signature: bytes, topics: int) -> bytes:
    return length(WORD * topics) + signature


# The fields of a row, for who makes rows: all logs of a tx have the first and the third alike.


def front(block_number: int, block_hash: bytes, tx_index: int) -> bytes:
    return _front(FIELDS, 8, block_number, WORD, block_hash, 4, tx_index)


def number(log_index: int) -> bytes:
    return _number(4, log_index)


def hash_(tx_hash: bytes) -> bytes:
    return _hash(WORD, tx_hash)


def address(emitter: bytes) -> bytes:
    return _address(20, emitter)


def length(size: int) -> bytes:
    return size.to_bytes(4, "big")


def sized(content: bytes) -> bytes:
    return length(len(content)) + content


def _row_of(log: PlacedLog) -> bytes:
    at, raw = log.at, log.raw
    return b"".join(
        (
            front(at.block_number, bytes.fromhex(at.block_hash[2:]), at.tx_index),
            number(at.log_index),
            hash_(bytes.fromhex(at.tx_hash[2:])),
            address(bytes.fromhex(raw.address[2:])),
            sized(b"".join(raw.topics)),
            sized(raw.data),
        )
    )


def _log_of(row: bytes) -> PlacedLog:
    *place, topics_length = _parts(row)
    end = _TOPICS_AT + topics_length
    return placed((*place, row[_TOPICS_AT:end], row[end + 4 :]))


def placed(columns: tuple[int, bytes, int, int, bytes, bytes, bytes, bytes]) -> PlacedLog:
    """A log by its COLUMNS."""
    block_number, block_hash, tx_index, log_index, tx_hash, emitter, topics, data = columns
    at = ChainPosition(
        block_number=block_number,
        tx_index=tx_index,
        log_index=log_index,
        block_hash="0x" + block_hash.hex(),
        tx_hash="0x" + tx_hash.hex(),
    )
    words = tuple([topics[begin : begin + WORD] for begin in range(0, len(topics), WORD)])
    return PlacedLog(at, RawLog("0x" + emitter.hex(), words, data))
