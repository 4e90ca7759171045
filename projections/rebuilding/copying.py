"""COPY in PostgreSQL's binary format: rows of the journal to entries, rows of the book to bytes. Pure.

The format is documented in PostgreSQL's manual under COPY, "Binary Format". A row is a count of fields, then each field
as its length (-1: null) and its bytes, all big-endian.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from itertools import chain, repeat
from struct import Struct
from typing import Any
from uuid import UUID

import msgspec

from domain.errors import JournalCorrupt
from domain.journal import Codec, Entry, Unreadable
from projections.rows import Row

HEADER = b"PGCOPY\n\xff\r\n\x00" + bytes(8)
TRAILER = b"\xff\xff"
NULL = b"\xff\xff\xff\xff"
AMOUNTS_KEPT_MAX = 65_536
STREAMS_KEPT_MAX = 65_536
SELDOM = 4  # of so many values one that is new: fewer are worth looking for

# An entry: its position, stream, version and the length of its topic; then the topic, a length, and what was stored.
_ENTRY = Struct(">6xq4x16s4xqi")
_LENGTH = Struct(">i")
_PACK = {size: Struct(f">i{code}").pack for size, code in ((8, "q"), (4, "i"), (2, "h"))}
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_DIGIT = 10_000  # of PostgreSQL's numeric

_length = _LENGTH.pack
_json = msgspec.json.Encoder().encode

Encode = Callable[[Any], bytes]
Mine = Callable[[int, UUID, str, bytes], bool]  # position, stream, topic, state


def entries_in(
    chunks: Iterable[memoryview | bytes], codec: Codec, *, is_mine: Mine | None = None
) -> Iterator[Entry | Unreadable]:
    """The entries of COPY's rows (position, stream, version, topic, state), one chunk a row; those alone that are mine.

    Their `leaf` and `state` are empty: a fold asks for neither.
    """
    unpack, start, read = _ENTRY.unpack_from, _ENTRY.size, codec.read
    streams, topics = _Streams(), _Topics()
    for data in map(bytes, chunks):
        if data[0]:  # not the count of a row's fields: what COPY begins or ends with
            data = data.removeprefix(HEADER)  # noqa: PLW2901  # the first row may come with it
            if data in (TRAILER, b""):
                continue
        position, raw, version, length = unpack(data)
        at = start + length
        topic, stream = topics[data[start:at]], streams[raw]
        if is_mine is not None and not is_mine(position, stream, topic, data[at + 4 :]):
            continue
        try:
            event, meta = read(topic, data[at + 4 :])
        except JournalCorrupt as error:
            yield Unreadable(position=position, stream=stream, version=version, topic=topic, error=str(error))
            continue
        yield Entry(
            position=position,
            stream=stream,
            version=version,
            topic=topic,
            event=event,
            meta=meta,
            leaf=b"",
            state=b"",
        )


class _Topics(dict[bytes, str]):
    def __missing__(self, name: bytes) -> str:
        topic = self[name] = name.decode()
        return topic


class _Streams(dict[bytes, UUID]):
    """One value for each stream, as long as its entries are not too far from each other."""

    def __missing__(self, raw: bytes) -> UUID:
        if len(self) >= STREAMS_KEPT_MAX:
            self.clear()
        stream = self[raw] = UUID(bytes=raw)
        return stream


def rows_out(rows: Sequence[Row], encoders: Sequence[Encode]) -> bytes:
    """Rows of one kind as COPY takes them, without header and trailer; one encoder a column, in the row's order."""
    values = zip(*map(msgspec.structs.astuple, rows), strict=True)
    columns = [_column(column, encode) for column, encode in zip(values, encoders, strict=True)]
    head = Struct(">h").pack(len(encoders))
    return b"".join(chain.from_iterable(zip(repeat(head, len(rows)), *columns, strict=True)))


def _column(values: Sequence[Any], encode: Encode) -> list[bytes]:
    """The values of a column, encoded. Most columns hold few values, many times: each of those is encoded once."""
    if encode not in ONE_BY_ONE:
        distinct = set(values)
        if len(distinct) * SELDOM < len(values):
            written = {value: NULL if value is None else encode(value) for value in distinct}
            return [written[value] for value in values]
    return [NULL if value is None else encode(value) for value in values]


def encoder_of(column_type: str) -> Encode:
    """What encodes a column of a type, by PostgreSQL's short name for it. Raises KeyError for one that no row has."""
    return ENCODERS[column_type]


def _text(value: str) -> bytes:
    data = value.encode()
    return _length(len(data)) + data


def _uuid(value: UUID) -> bytes:
    return b"\x00\x00\x00\x10" + value.int.to_bytes(16)


def _integer(size: int) -> Encode:
    pack = _PACK[size]

    def encode(value: int) -> bytes:
        return pack(size, value)

    return encode


def _boolean(value: object) -> bytes:
    return b"\x00\x00\x00\x01\x01" if value else b"\x00\x00\x00\x01\x00"


def _moment(value: datetime) -> bytes:
    since = value - _EPOCH
    return _PACK[8](8, (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds)


def _document(value: Any) -> bytes:
    data = _json(value)
    return _length(len(data) + 1) + b"\x01" + data


@lru_cache(AMOUNTS_KEPT_MAX)
def _amount(value: int) -> bytes:
    digits: list[int] = []
    rest = abs(value)
    while rest:
        rest, digit = divmod(rest, _DIGIT)
        digits.append(digit)
    sign = 0x4000 if value < 0 else 0
    numbers = (len(digits), max(len(digits) - 1, 0), sign, 0, *reversed(digits))
    return Struct(f">i{len(numbers)}H").pack(2 * len(numbers), *numbers)


ONE_BY_ONE = frozenset({_uuid, _document})  # comparing them takes as long as encoding them
ENCODERS: dict[str, Encode] = {
    "text": _text,
    "uuid": _uuid,
    "int8": _integer(8),
    "int4": _integer(4),
    "int2": _integer(2),
    "bool": _boolean,
    "timestamptz": _moment,
    "jsonb": _document,
    "numeric": _amount,
}
