"""The node's front door: HTTP/1.1 on asyncio and httptools, so that a connection can break wherever a test wants it."""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress

import httptools
import httpx

from tests.support.edge import faults as f
from tests.support.edge import frames
from tests.support.edge.about import About
from tests.support.edge.dispatcher import Dispatcher, Reply, methods_of
from tests.support.edge.faults import Faults, Planned
from tests.support.edge.node import EdgeNode
from tests.support.edge.subscriptions import Hub, Session
from tests.support.edge.wire import NodeDied, Panic, encode, read

HOST = "127.0.0.1"
READ_BYTES = 64 * 1024
WS_SEND_BUFFER_BYTES = 4 * 1024


class Gone(Exception):
    """The connection closes here, with whatever was written."""


class Request:
    """One HTTP request, as httptools tells of it piece by piece."""

    def __init__(self) -> None:
        self.path = ""
        self.headers: dict[str, str] = {}
        self.body = b""
        self.whole = False

    def on_url(self, url: bytes) -> None:
        self.path += url.decode()

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers[name.decode().lower()] = value.decode()

    def on_body(self, body: bytes) -> None:
        self.body += body

    def on_message_complete(self) -> None:
        self.whole = True


class Server:
    """Serves one node. `start` may be called again after `stop`, on the same port."""

    def __init__(self, node: EdgeNode, about: About, hub: Hub, faults: Faults, *, port: int) -> None:
        self._node = node
        self._about = about
        self._hub = hub
        self._faults = faults
        self._dispatcher = Dispatcher(node)
        self._connections: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self.port = port

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._accept, HOST, self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """No more connections, and none of those there are."""
        server, self._server = self._server, None
        if server is not None:
            server.close()
        leaving = [task for task in self._connections if task is not asyncio.current_task()]
        for task in leaving:
            task.cancel()
        await asyncio.gather(*leaving, return_exceptions=True)
        if server is not None:
            await server.wait_closed()

    def die(self) -> None:
        """The process is gone: connections are refused from now on."""
        task = asyncio.ensure_future(self.stop())
        self._connections.add(task)
        task.add_done_callback(self._connections.discard)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        try:
            await self._converse(reader, writer)
        except (Gone, ConnectionError, asyncio.IncompleteReadError, httptools.HttpParserError):
            pass  # whichever side it was: the connection is over, and nobody is told
        except asyncio.CancelledError:
            writer.transport.abort()  # the node is gone, and what it had not yet sent with it
        finally:
            self._connections.discard(task)
            writer.close()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One request after the other."""
        while True:
            request = Request()
            parser = httptools.HttpRequestParser(request)
            try:
                while not request.whole:
                    piece = await reader.read(READ_BYTES)
                    if not piece:
                        return
                    parser.feed_data(piece)
            except httptools.HttpParserUpgrade:
                await self._upgraded(request, reader, writer)
                return
            await self._serve(request, parser.get_method().decode(), writer)
            if not parser.should_keep_alive():
                return

    async def _serve(self, request: Request, method: str, writer: asyncio.StreamWriter) -> None:
        if method == "POST":
            await self._post(request.body, writer)
        elif method == "GET" and self._node.dialect.methods:
            await _write(writer, Reply(encode(self._about.card(await self._node.chain_id()))))
        else:
            await _write(writer, Reply(f"method {method} not allowed".encode(), content_type="text/plain"))

    async def _post(self, body: bytes, writer: asyncio.StreamWriter) -> None:
        request = read(body)
        planned = self._faults.meet(methods_of(request))
        if await self._is_answered_before(planned, writer):
            return
        try:
            reply = await self._dispatcher.dispatch(body, request, planned)
        except NodeDied:
            self.die()
            raise Gone from None
        except (Panic, httpx.HTTPError):  # a handler's panic, or the chain behind is away
            raise Gone from None
        await self._after(planned, reply, writer)

    async def _is_answered_before(self, planned: Planned | None, writer: asyncio.StreamWriter) -> bool:
        """Whether the node never sees the request."""
        match planned.fault if planned else None:
            case f.DropRequest():
                raise Gone
            case f.HttpStatus(status=status, delivered=False, retry_after=retry_after):
                await _write(writer, Reply(f.page(status), status, "text/html", retry_after))
                return True
            case f.Hold(delivered=False):
                await _released(planned)
        return False

    async def _after(self, planned: Planned | None, reply: Reply, writer: asyncio.StreamWriter) -> None:
        match planned.fault if planned else None:
            case f.DropReply():
                raise Gone
            case f.HttpStatus(status=status, delivered=True, retry_after=retry_after):
                await _write(writer, Reply(f.page(status), status, "text/html", retry_after))
            case f.HalfBody():
                await _write(writer, reply, bytes_of_body=len(reply.body) // 2)
                raise Gone
            case f.Hold(delivered=True):
                await _released(planned)
                await _write(writer, reply)
            case _:
                await _write(writer, reply)

    async def _upgraded(self, request: Request, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """To a WebSocket, at /ws and nowhere else."""
        key = request.headers.get("sec-websocket-key")
        if request.path != "/ws" or not self._node.dialect.ws or key is None:
            await _write(writer, Reply(b"Bad Request", 400, "text/plain"))
            return
        writer.write(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            + f"Sec-WebSocket-Accept: {frames.accept_key(key)}\r\n\r\n".encode()
        )
        # Small, so that a subscriber that stops reading is felt after a few blocks and not after a thousand.
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, WS_SEND_BUFFER_BYTES)
        writer.transport.set_write_buffer_limits(high=0)
        session = Session(reader, writer, self._hub)
        self._hub.sessions.add(session)
        await session.run(lambda: self._node.dialect.ws_message_bytes_max, self.die)


async def _released(planned: Planned | None) -> None:
    assert planned is not None
    await asyncio.shield(asyncio.wrap_future(planned.released))


async def _write(writer: asyncio.StreamWriter, reply: Reply, *, bytes_of_body: int | None = None) -> None:
    head = f"HTTP/1.1 {reply.status} {httpx.codes.get_reason_phrase(reply.status)}\r\n"
    if reply.status != httpx.codes.NO_CONTENT:
        head += f"Content-Type: {reply.content_type}\r\nContent-Length: {len(reply.body)}\r\n"
    if reply.retry_after:
        head += f"Retry-After: {reply.retry_after}\r\n"
    writer.write(head.encode() + b"\r\n" + reply.body[:bytes_of_body])
    with suppress(ConnectionError):
        await writer.drain()
