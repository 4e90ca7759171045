"""The proxy in a test's hand: a thread with a loop of its own, and the verbs that make the node misbehave."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Coroutine, Sequence
from types import TracebackType
from typing import Any, Self, TypeVar

from tests.support.edge.about import About, Polling
from tests.support.edge.anvil import Anvil
from tests.support.edge.dialect import EDGE_1_3_2, Dialect
from tests.support.edge.faults import ANY, Behind, Fault, Faults, Hold, Planned, Refuses
from tests.support.edge.node import EdgeNode
from tests.support.edge.reading import Reading
from tests.support.edge.sending import Sending
from tests.support.edge.server import HOST, Server
from tests.support.edge.subscriptions import Hub

T = TypeVar("T")


class EdgeProxy:
    """`with EdgeProxy(anvil_url) as proxy: proxy.url`. Every verb returns when it has taken effect.

    A second proxy on the same anvil is a second node of the same network: give it `EDGE_1_3_2.but(node="b")`.
    """

    def __init__(
        self, anvil_url: str, *, dialect: Dialect = EDGE_1_3_2, port: int = 0, clock: Callable[[], float] | None = None
    ) -> None:
        self.faults = Faults()
        self._anvil_url = anvil_url
        self._dialect = dialect
        self._port = port
        self._shifted_s = 0.0
        self._clock = clock or time.monotonic
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="edge-proxy", daemon=True)
        self._mining: tuple[bool, int | None] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def start(self) -> None:
        self._thread.start()
        self._on_loop(self._open())

    def stop(self) -> None:
        self.faults.clear()
        self._on_loop(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self._server.port}"

    @property
    def ws_url(self) -> str:
        return f"ws://{HOST}:{self._server.port}/ws"

    @property
    def dialect(self) -> Dialect:
        return self._node.dialect

    # How the node speaks.

    def set(self, **switches: object) -> None:
        """Throw switches of the dialect: `proxy.set(pool=False)`."""
        self.speak(self.dialect.but(**switches))

    def speak(self, dialect: Dialect) -> None:
        """Another dialect as a whole."""
        self._on_loop(self._assign(dialect=dialect))

    # How far the node sees.

    def freeze_head(self) -> None:
        """The node imports no more blocks, whatever the others make; its pool still takes txs."""
        self._on_loop(self._freeze())

    def thaw_head(self) -> None:
        self._on_loop(self._assign(frozen=None))

    def lag(self, blocks: int) -> None:
        """A replica that is so many blocks behind."""
        self._on_loop(self._assign(lag=blocks))

    def stall(self) -> None:
        """The validators are too few: there are no blocks at all, for anybody."""
        self._on_loop(self._stall())

    def resume(self) -> None:
        """The validators are back: blocks are mined as before the stall."""
        self._on_loop(self._resume())

    # What befalls the node.

    def kill_node(self) -> None:
        """Connections are refused until it is restarted."""
        self._on_loop(self._server.stop())

    def restart_node(self, *, validators_keep: bool = False) -> None:
        """The pool, the filters and the subscriptions are gone. With `validators_keep`, what was sent may be mined."""
        self._on_loop(self._restart(validators_keep=validators_keep))

    def reset_chain(self, anvil_url: str | None = None) -> None:
        """Another genesis under the same chain id: the chain of another anvil, or this one's from nothing."""
        self._on_loop(self._reset(anvil_url))

    def swallow(self, txs: int = 1) -> None:
        """The next txs are accepted and reach no validator: known here, never mined, dropped after ten blocks."""
        self._on_loop(self._assign(swallow=txs))

    def stale_pending(self, questions: int = 1) -> None:
        """The next questions for a pending nonce after a send are answered as before it."""
        self._on_loop(self._assign(stale=questions))

    def pass_time(self, seconds: float) -> None:
        """Seconds go by, for filters and for the pool's pauses."""
        self._shifted_s += seconds

    # What befalls the requests.

    def fault(self, fault: Fault, *, method: str = ANY, times: int = 1) -> Planned:
        """The next requests with this method meet the fault."""
        return self.faults.plan(fault, method=method, times=times)

    def hold(self, method: str = ANY, *, delivered: bool = False, times: int = 1) -> Planned:
        """The next requests wait until the plan is released: before they reach the node, or with the answer ready."""
        return self.fault(Hold(delivered=delivered), method=method, times=times)

    def race_nonce(self, method: str = "eth_call", *, times: int = 1) -> Planned:
        """The next calls on the newest block meet a nonce that has just changed."""
        return self.fault(Refuses("incorrect nonce"), method=method, times=times)

    def behind(self, blocks: int, *, method: str = ANY, times: int = 1) -> Planned:
        """The load balancer asks a node that lags, for the next requests only."""
        return self.fault(Behind(blocks), method=method, times=times)

    def schedule(self, faults: Sequence[Fault], *, method: str = ANY) -> list[Planned]:
        """The next requests with this method meet these faults in this order; `Passes()` is a gap."""
        return self.faults.schedule(faults, method=method)

    def storm(self, *, seed: int, per_mille: int, faults: Sequence[Fault], method: str = ANY) -> None:
        """Until `calm`, so many of a thousand requests meet one of the faults."""
        self.faults.storm(seed=seed, per_mille=per_mille, faults=faults, method=method)

    def calm(self) -> None:
        self.faults.clear()

    # On the loop.

    async def _open(self) -> None:
        self._node = EdgeNode(Anvil(self._anvil_url), self._dialect, clock=lambda: self._clock() + self._shifted_s)
        reading = Reading(self._node)
        about, self._hub = About(self._node), Hub(self._node, reading)
        for part in (reading, Sending(self._node), about, Polling(self._node, reading)):
            self._node.serve(part.handlers())
        self._server = Server(self._node, about, self._hub, self.faults, port=self._port)
        self._stopping = asyncio.Event()
        await self._server.start()
        self._watching = asyncio.ensure_future(self._hub.watch(self._stopping))

    async def _close(self) -> None:
        self._stopping.set()
        await self._server.stop()
        await self._watching
        await self._node.anvil.close()

    async def _assign(self, **values: Any) -> None:
        for name, value in values.items():
            assert hasattr(self._node, name)
            setattr(self._node, name, value)

    async def _freeze(self) -> None:
        self._node.frozen = (await self._node.look()).head

    async def _stall(self) -> None:
        anvil = self._node.anvil
        self._mining = (await anvil.ask("anvil_getAutomine"), await anvil.ask("anvil_getIntervalMining"))
        await anvil.ask("evm_setAutomine", False)
        await anvil.ask("evm_setIntervalMining", 0)

    async def _resume(self) -> None:
        assert self._mining is not None, "there is no stall to resume from"
        automine, interval_s = self._mining
        if interval_s:
            await self._node.anvil.ask("evm_setIntervalMining", interval_s)
        if automine:
            await self._node.anvil.ask("evm_setAutomine", True)
        self._mining = None

    async def _restart(self, *, validators_keep: bool) -> None:
        await self._server.stop()
        await self._node.forget(validators_keep=validators_keep)
        await self._server.start()

    async def _reset(self, anvil_url: str | None) -> None:
        if anvil_url is None:
            await self._node.anvil.ask("anvil_reset")
        else:
            await self._node.anvil.close()
            self._node.anvil = Anvil(anvil_url)
        self._node.chain_changed()
        await self._restart(validators_keep=False)

    def _on_loop(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()
