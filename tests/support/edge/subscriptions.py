"""`/ws`: JSON-RPC over a WebSocket, and what the node tells of its own accord (group 8 and section 0 of the facts).

As Edge does it: notifications are pretty-printed, those of pending txs are no valid JSON, and a subscriber that stops
reading stops the import of blocks.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from hashlib import sha256
from typing import Any

import httpx
import msgspec

from tests.support.edge import fields, frames
from tests.support.edge.dispatcher import BATCH_TOO_LONG, INVALID_REQUEST
from tests.support.edge.node import EdgeNode, View
from tests.support.edge.reading import Reading
from tests.support.edge.wire import (
    METHOD_MISSING,
    PARAMS_WRONG,
    Answer,
    Call,
    Failure,
    Malformed,
    NodeDied,
    Panic,
    Result,
    document,
    encode,
    read,
)

NOTIFICATION = """{{
\t"jsonrpc": "2.0",
\t"method": "eth_subscription",
\t"params": {{
\t\t"subscription":"{0}",
\t\t"result": {1}
\t}}
}}"""
KINDS = ("newHeads", "logs", "newPendingTransactions")
LOOK_EVERY_S = 0.05


class Subscription(msgspec.Struct, frozen=True):
    id: str
    kind: str
    query: dict[str, Any]


class Session:
    """One connection. Each message is answered on its own, so answers may overtake each other."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, hub: Hub) -> None:
        self._reader = reader
        self._writer = writer
        self._hub = hub
        self._sending = asyncio.Lock()
        self.subscriptions: dict[str, Subscription] = {}

    async def run(self, bytes_max: Callable[[], int], died: Callable[[], None]) -> None:
        """Until either side closes."""
        answering: set[asyncio.Task[None]] = set()
        try:
            while True:
                frame = await frames.read_message(self._reader, bytes_max=bytes_max())
                if frame.opcode == frames.CLOSE:
                    await self._send_frame(frames.close_frame(frames.NORMAL))
                    return
                if frame.opcode == frames.PING:
                    await self._send_frame(frames.encode(frames.PONG, frame.payload))
                elif frame.opcode in (frames.TEXT, frames.BINARY):
                    task = asyncio.ensure_future(self._answer(frame.payload, died))
                    answering.add(task)
                    task.add_done_callback(answering.discard)
        except frames.TooBig:
            await self._send_frame(frames.close_frame(frames.TOO_BIG))
        finally:
            self._hub.sessions.discard(self)
            for task in answering:
                task.cancel()
            await asyncio.gather(*answering, return_exceptions=True)

    async def notify(self, subscription: Subscription, result: str) -> None:
        await self.send(NOTIFICATION.format(subscription.id, result).encode())

    async def send(self, message: bytes) -> None:
        await self._send_frame(frames.encode(frames.TEXT, message))

    async def _send_frame(self, frame: bytes) -> None:
        async with self._sending:
            self._writer.write(frame)
            await self._writer.drain()

    async def _answer(self, message: bytes, died: Callable[[], None]) -> None:
        try:
            reply = await self._hub.reply(read(message), self)
        except Panic:  # in a goroutine of its own, which nobody recovers, whatever panicked
            died()
            return
        except httpx.HTTPError:  # the chain behind is away
            self._writer.close()
            return
        with suppress(ConnectionError):
            await self.send(encode(reply))


class Hub:
    """All sessions of a node, and the task that tells them of new blocks while anybody listens."""

    def __init__(self, node: EdgeNode, reading: Reading) -> None:
        self._node = node
        self._reading = reading
        self.sessions: set[Session] = set()
        self._made = 0
        self._telling: set[asyncio.Task[None]] = set()
        node.announce = self._announce

    async def reply(self, request: Call | list[Call] | Malformed, session: Session) -> Any:
        if isinstance(request, Malformed):
            return document(INVALID_REQUEST, with_id=False)
        limit = self._node.dialect.calls_per_batch_max
        if isinstance(request, list) and limit and len(request) > limit:
            return document(BATCH_TOO_LONG, with_id=False)
        view = await self._node.look()
        if isinstance(request, list):
            return [document(await self._answer(call, session, view), id_=call.id) for call in request]
        return document(await self._answer(request, session, view), id_=request.id)

    async def watch(self, stopping: asyncio.Event) -> None:
        """Look for new blocks while anybody has subscribed, until the proxy stops."""
        while not stopping.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(stopping.wait(), LOOK_EVERY_S)
            try:
                await self.tell()
            except httpx.HTTPError:  # the chain behind is away; it may come back
                continue

    async def tell(self) -> None:
        """Tell every subscriber of every block that is new. The node has a block only once all have been told."""
        if not any(session.subscriptions for session in self.sessions):
            self._node.told = None
            return
        newest = self._node.reach(await self._node.anvil.number("eth_blockNumber"))
        told = newest if self._node.told is None else min(self._node.told, newest)
        for number in range(told + 1, newest + 1):
            await self._each_subscription(partial(self._block, number=number))
            self._node.told = number
        self._node.told = newest

    async def _each_subscription(self, tell: Callable[[Session, Subscription], Awaitable[None]]) -> None:
        for session in list(self.sessions):
            for subscription in list(session.subscriptions.values()):
                with suppress(ConnectionError):
                    await tell(session, subscription)

    async def _block(self, session: Session, subscription: Subscription, *, number: int) -> None:
        if subscription.kind == "newHeads":
            block = await self._node.anvil.ask("eth_getBlockByNumber", hex(number), False)
            shaped = fields.block(block, dialect=self._node.dialect) | {"transactions": []}
            await session.notify(subscription, encode(shaped).decode())
        elif subscription.kind == "logs":
            matches = {key: subscription.query[key] for key in ("address", "topics") if key in subscription.query}
            span = {"fromBlock": hex(number), "toBlock": hex(number)}
            view = msgspec.structs.replace(await self._node.look(), head=number)
            answer = await self._reading.logs_of(matches | span, view)
            for log in answer.value if isinstance(answer, Result) else []:
                await session.notify(subscription, encode(log).decode())

    def _announce(self, tx_hash: str) -> None:
        """The hash stands without quotes: what goes out is no JSON."""
        task = asyncio.ensure_future(self._each_subscription(partial(self._pending, tx_hash=tx_hash)))
        self._telling.add(task)
        task.add_done_callback(self._telling.discard)

    async def _pending(self, session: Session, subscription: Subscription, *, tx_hash: str) -> None:
        if subscription.kind == "newPendingTransactions":
            await session.notify(subscription, tx_hash)

    async def _answer(self, call: Call, session: Session, view: View) -> Answer:
        params = call.params if isinstance(call.params, list) else []
        if call.method == "eth_subscribe":
            return self._subscribe(params, session, view)
        if call.method == "eth_unsubscribe":
            return Result(session.subscriptions.pop(params[0] if params else "", None) is not None)
        return await self._node.answer(call, view)

    def _subscribe(self, params: list[Any], session: Session, view: View) -> Answer:
        """Logs without a query: index out of range, in a goroutine that nobody recovers."""
        kind = params[0] if params else None
        if kind is None:
            return Failure(PARAMS_WRONG, "Invalid params")
        if kind not in KINDS:
            return Failure(METHOD_MISSING, f"subscribe method {kind} not found")
        if kind == "logs" and len(params) == 1 and self._node.dialect.panics:
            raise NodeDied
        query = params[1] if len(params) > 1 and isinstance(params[1], dict) else {}
        self._made += 1
        subscription = Subscription("0x" + sha256(f"subscription/{self._made}".encode()).hexdigest()[:32], kind, query)
        session.subscriptions[subscription.id] = subscription
        if self._node.told is None:
            self._node.told = view.head
        return Result(subscription.id)
