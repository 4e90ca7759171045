"""WebSocket as bytes (RFC 6455), as much as JSON-RPC needs: text messages, ping, close; no extensions."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from hashlib import sha1

import msgspec

MAGIC = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
TEXT, BINARY, CLOSE, PING, PONG = 0x1, 0x2, 0x8, 0x9, 0xA
NORMAL, TOO_BIG = 1000, 1009
FINAL, MASKED = 0x80, 0x80
LENGTH_16, LENGTH_64 = 126, 127


class TooBig(Exception):
    """A message is longer than this end reads."""


class Frame(msgspec.Struct, frozen=True):
    opcode: int
    payload: bytes
    final: bool = True


def accept_key(key: str) -> str:
    return b64encode(sha1(key.encode() + MAGIC).digest()).decode()


def encode(opcode: int, payload: bytes, *, mask: bytes = b"") -> bytes:
    """One frame. Clients mask, servers do not."""
    bit, size = MASKED if mask else 0, len(payload)
    if size < LENGTH_16:
        head = bytes([FINAL | opcode, bit | size])
    elif size < 1 << 16:
        head = bytes([FINAL | opcode, bit | LENGTH_16]) + size.to_bytes(2, "big")
    else:
        head = bytes([FINAL | opcode, bit | LENGTH_64]) + size.to_bytes(8, "big")
    return head + mask + (_masked(payload, mask) if mask else payload)


def close_frame(code: int) -> bytes:
    return encode(CLOSE, code.to_bytes(2, "big"))


async def read_frame(reader: asyncio.StreamReader, *, bytes_max: int) -> Frame:
    """The next frame. Raises TooBig before reading one that is too long, IncompleteReadError at the end."""
    first, second = await reader.readexactly(2)
    size = second & 0x7F
    if size == LENGTH_16:
        size = int.from_bytes(await reader.readexactly(2), "big")
    elif size == LENGTH_64:
        size = int.from_bytes(await reader.readexactly(8), "big")
    if bytes_max and size > bytes_max:
        raise TooBig
    mask = await reader.readexactly(4) if second & MASKED else b""
    payload = await reader.readexactly(size)
    return Frame(first & 0x0F, _masked(payload, mask) if mask else payload, bool(first & FINAL))


async def read_message(reader: asyncio.StreamReader, *, bytes_max: int) -> Frame:
    """A whole message, or a control frame that comes in between."""
    frame = await read_frame(reader, bytes_max=bytes_max)
    while not frame.final:
        more = await read_frame(reader, bytes_max=bytes_max - len(frame.payload) if bytes_max else 0)
        frame = Frame(frame.opcode, frame.payload + more.payload, more.final)
    return frame


def _masked(payload: bytes, mask: bytes) -> bytes:
    size = len(payload)
    key = (mask * (size // 4 + 1))[:size]
    return (int.from_bytes(payload, "big") ^ int.from_bytes(key, "big")).to_bytes(size, "big")
