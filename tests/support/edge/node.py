"""One Polygon Edge node as its clients see it: what it remembers, how far it sees, and who answers which method.

It sees anvil's chain, as far as it is let: `frozen` holds its head where it is, `lag` holds it behind. Blocks pass its
pool one by one, whenever a request comes in; nothing happens between requests.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from hashlib import sha256
from typing import Any

import msgspec

from tests.support.edge import errors, surface
from tests.support.edge.anvil import Anvil
from tests.support.edge.dialect import Dialect
from tests.support.edge.filters import Filters
from tests.support.edge.pool import Pool
from tests.support.edge.rawtx import RawTx
from tests.support.edge.wire import PARAMS_INVALID, Answer, Call, Failure, NodeDied, Result, handler_failed

Handler = Callable[[Call, list[Any], "View"], Awaitable[Answer]]

NO_SEND = "request calls to eth_sendTransaction method are not supported, use eth_sendRawTransaction instead"
PEERS = "0x3"


class View(msgspec.Struct, frozen=True):
    """How far one request sees. `head` is below `newest` for a node that is behind."""

    head: int
    newest: int
    newest_hash: str
    gas_limit: int
    base_fee_wei: int
    bounded: bool  # what comes after the head while the request is answered stays out of sight

    @property
    def behind(self) -> bool:
        return self.head < self.newest

    def hides(self, number: int) -> bool:
        return number > self.head and (self.bounded or self.behind)


class EdgeNode:
    """All of it lives on one event loop; nothing here is safe to touch from another thread."""

    def __init__(self, anvil: Anvil, dialect: Dialect, *, clock: Callable[[], float]) -> None:
        self.anvil = anvil
        self.dialect = dialect
        self.clock = clock
        self.pool = Pool()
        self.filters = Filters(clock)
        self.lag = 0
        self.frozen: int | None = None
        self.told: int | None = None  # the block that all subscribers were told of, if there are any: the node's last
        self.swallow = 0  # so many of the next txs are accepted and reach no validator
        self.stale = 0  # so many of the next pending nonces are those before the last send
        self.held: set[str] = set()  # hashes that reached no validator
        self.burnt: dict[str, RawTx] = {}  # anvil's hash -> the tx that its sender was not allowed to send
        self.sent_before: dict[str, int] = {}  # an account's next nonce before its last send, until it is asked for
        self.lock = asyncio.Lock()
        self.announce: Callable[[str], None] = lambda _: None
        self.bombs = 0  # filters without a query: the next log kills the node
        self.priceless = False  # since a restart no tx has shown a price
        self.late: dict[str, int] = {}
        self.questions = 0
        self._chain_id: int | None = None
        self._passed: int | None = None
        self._last: View | None = None
        self._handlers: dict[str, Handler] = {}

    def serve(self, handlers: dict[str, Handler]) -> None:
        """Who answers which method; whatever nobody does is anvil's."""
        self._handlers |= handlers

    async def chain_id(self) -> int:
        if self._chain_id is None:
            self._chain_id = await self.anvil.number("eth_chainId")
        return self._chain_id

    async def look(self, *, behind: int = 0) -> View:
        """How far the node sees now, after the blocks that are new to it have passed its pool."""
        block = await self.anvil.ask("eth_getBlockByNumber", "latest", False)
        newest = int(block["number"], 16)
        head = self.reach(newest)
        view = View(
            head=head if self.told is None else min(head, self.told),
            newest=newest,
            newest_hash=block["hash"],
            gas_limit=int(block["gasLimit"], 16),
            base_fee_wei=int(block.get("baseFeePerGas", "0x0"), 16),
            bounded=self.dialect.tags,
        )
        async with self.lock:
            self._notice_another_chain(view)
            await self._pass_blocks(view)
        return msgspec.structs.replace(view, head=max(view.head - behind, 0))

    def reach(self, newest: int) -> int:
        """The last block that the node is let to have."""
        head = newest if self.frozen is None else min(newest, self.frozen)
        return max(head - self.lag, 0)

    async def answer(self, call: Call, view: View) -> Answer:
        """The answer to one call. Raises Panic if the connection closes instead."""
        if self.dialect.methods:
            refused = self._refused(call)
            if refused is not None:
                return refused
        params = surface.params_of(call) if self.dialect.methods else list(_listed(call.params))
        if isinstance(params, Failure):
            return params
        handler = self._handlers.get(call.method)
        try:
            return await (handler(call, params, view) if handler else self.forward(call, view))
        except ValueError:  # an address or a quantity that is none
            return PARAMS_INVALID

    async def forward(self, call: Call, view: View) -> Answer:
        """Anvil's answer, its errors in Edge's words."""
        answer = await self.anvil.forward(call)
        if isinstance(answer, Result):
            return answer
        given = call.params[0].get("gas") if call.method == "eth_estimateGas" and call.params else None
        gas_max = min(int(given, 16), view.gas_limit) if isinstance(given, str) else view.gas_limit
        return errors.shaped(answer, method=call.method, dialect=self.dialect, gas_max=gas_max)

    def draws(self, per_mille: int) -> bool:
        """Chance, the same each time from the same seed."""
        self.questions += 1
        drawn = sha256(f"{self.dialect.seed}/{self.questions}".encode()).digest()
        return int.from_bytes(drawn[:4], "big") % 1_000 < per_mille

    def failed(self, method: str, text: str) -> Failure:
        """A failure of the node's own making."""
        return Failure(self.dialect.get_logs_error_code, text) if method == "eth_getLogs" else handler_failed(text)

    async def forget(self, *, validators_keep: bool) -> None:
        """A restart: pool, filters and prices were in memory only. What validators have may be mined yet."""
        if not validators_keep:
            await self.anvil.ask("anvil_dropAllTransactions")
        self.pool.clear()
        self.filters.clear()
        self.held.clear()
        self.sent_before.clear()
        self.bombs = 0
        self.priceless = True
        self._passed = None

    def chain_changed(self) -> None:
        """Another chain, or the same one from an earlier block: what was known of it is void."""
        self.pool.clear()
        self.held.clear()
        self.late.clear()
        self._chain_id = self._passed = self._last = None

    def _refused(self, call: Call) -> Failure | None:
        missing = call.method not in surface.METHODS
        if missing or (call.method in surface.FEE_METHODS and not self.dialect.fee_methods):
            return errors.method_missing(call.method)
        if call.method == "eth_sendTransaction":
            return handler_failed(NO_SEND)
        is_trace = call.method.startswith("debug_")
        if is_trace and not any(isinstance(param, dict) for param in _listed(call.params)[1:]):
            return handler_failed("missing config object")
        return None

    def _notice_another_chain(self, view: View) -> None:
        last, self._last = self._last, view
        if last is None:
            return
        went_back = view.newest < last.newest
        if went_back or (view.newest == last.newest and view.newest_hash != last.newest_hash):
            self.chain_changed()
            self._last = view

    async def _pass_blocks(self, view: View) -> None:
        """Only an account with txs, a filter that kills, or a price yet unknown makes it worth looking into blocks."""
        watching = self.pool.accounts or self.bombs or self.priceless
        if watching and self._passed is not None:
            for number in range(self._passed + 1, view.head + 1):
                await self._pass_block(number)
        self._passed = view.head if self._passed is None else max(self._passed, view.head)

    async def _pass_block(self, number: int) -> None:
        block = await self.anvil.ask("eth_getBlockByNumber", hex(number), True)
        mined: dict[str, int] = {}
        for tx in block["transactions"]:
            sender = surface.address(tx["from"])
            mined[sender] = max(mined.get(sender, 0), int(tx["nonce"], 16) + 1)
        self.priceless = self.priceless and not mined
        for address in self.pool.pass_block(mined, dialect=self.dialect):
            await self.anvil.ask("anvil_removePoolTransactions", address)
        self.held.intersection_update({tx.hash for tx in self.pool.txs()})
        if self.bombs and await self.anvil.ask("eth_getLogs", {"blockHash": block["hash"]}):
            raise NodeDied


def _listed(params: Any) -> list[Any]:
    return params if isinstance(params, list) else []
