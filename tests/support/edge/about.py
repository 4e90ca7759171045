"""What a node says of itself (groups 6, 10 and 12), and the filters that it keeps (group 6)."""

from __future__ import annotations

from typing import Any

from tests.support.edge.filters import Filter
from tests.support.edge.node import PEERS, EdgeNode, Handler, View
from tests.support.edge.reading import Reading
from tests.support.edge.wire import PARAMS_INVALID, Answer, Call, Failure, Result


class About:
    def __init__(self, node: EdgeNode) -> None:
        self._node = node
        self._syncing_asked = 0

    def handlers(self) -> dict[str, Handler]:
        return {
            "web3_clientVersion": self.client_version,
            "net_peerCount": self.peer_count,
            "eth_gasPrice": self.gas_price,
            "eth_syncing": self.syncing,
        }

    def card(self, chain_id: int) -> dict[str, Any]:
        """The answer to GET /."""
        return {
            "name": self._node.dialect.chain_name,
            "chain_id": chain_id,
            "version": self._node.dialect.version.removeprefix("v"),
        }

    async def client_version(self, call: Call, params: list[Any], view: View) -> Answer:
        if not self._node.dialect.methods:
            return await self._node.forward(call, view)
        return Result(f"{self._node.dialect.chain_name}/{self._node.dialect.version}/linux-amd64/go1.20")

    async def peer_count(self, call: Call, params: list[Any], view: View) -> Answer:
        return Result(PEERS) if self._node.dialect.methods else await self._node.forward(call, view)

    async def gas_price(self, call: Call, params: list[Any], view: View) -> Answer:
        """Never below the price limit; nothing but that after a restart."""
        dialect = self._node.dialect
        if not dialect.gas_price:
            return await self._node.forward(call, view)
        if self._node.priceless:
            return Result(hex(dialect.price_limit_wei))
        answer = await self._node.forward(call, view)
        if isinstance(answer, Failure):
            return answer
        return Result(hex(max(int(answer.value, 16), dialect.price_limit_wei)))

    async def syncing(self, call: Call, params: list[Any], view: View) -> Answer:
        """Not a sign of health: the syncer runs for each new block, so every other answer is an object."""
        if not self._node.dialect.syncing_flicker:
            return await self._node.forward(call, view)
        self._syncing_asked += 1
        if self._syncing_asked % 2 == 0:
            return Result(False)
        head = hex(view.head)
        return Result({"type": "bulk-sync", "startingBlock": head, "currentBlock": head, "highestBlock": head})


class Polling:
    """Filters. Behind the switch `filters`; without it they are anvil's."""

    def __init__(self, node: EdgeNode, reading: Reading) -> None:
        self._node = node
        self._reading = reading

    def handlers(self) -> dict[str, Handler]:
        return {
            "eth_newFilter": self.new_filter,
            "eth_newBlockFilter": self.new_block_filter,
            "eth_getFilterChanges": self.changes,
            "eth_getFilterLogs": self.logs,
            "eth_uninstallFilter": self.uninstall,
            "eth_unsubscribe": self.uninstall,
        }

    async def new_filter(self, call: Call, params: list[Any], view: View) -> Answer:
        """Without a query it is accepted, and kills the node at the next block with any log."""
        if not self._node.dialect.filters:
            return await self._node.forward(call, view)
        query = params[0] if params else None
        if query is None and self._node.dialect.panics:
            self._node.bombs += 1
        elif not isinstance(query, dict):
            return PARAMS_INVALID
        return self._added(view, query or {})

    async def new_block_filter(self, call: Call, params: list[Any], view: View) -> Answer:
        return self._added(view, None) if self._node.dialect.filters else await self._node.forward(call, view)

    async def changes(self, call: Call, params: list[Any], view: View) -> Answer:
        if not self._node.dialect.filters:
            return await self._node.forward(call, view)
        found = self._node.filters.poll(_first(params), expiry_s=self._node.dialect.filter_expiry_s)
        if isinstance(found, Failure):
            return found
        blocks = range(found.block + 1, view.head + 1)
        found.block = max(found.block, view.head)
        if found.query is None:
            return Result([(await self._node.anvil.ask("eth_getBlockByNumber", hex(n), False))["hash"] for n in blocks])
        return await self._new_logs(found, blocks, view)

    async def _new_logs(self, found: Filter, blocks: range, view: View) -> Answer:
        """A fresh filter says null until it has been asked once; the range of its query counts for nothing here."""
        matches = {key: found.query[key] for key in ("address", "topics") if found.query and key in found.query}
        logs: list[Any] = []
        for number in blocks:
            answer = await self._reading.logs_of(matches | {"fromBlock": hex(number), "toBlock": hex(number)}, view)
            if isinstance(answer, Failure):
                return answer
            logs += answer.value
        first, found.polled = not found.polled, True
        return Result(logs or (None if first else []))

    async def logs(self, call: Call, params: list[Any], view: View) -> Answer:
        if not self._node.dialect.filters:
            return await self._node.forward(call, view)
        query = self._node.filters.query_of(_first(params))
        return query if isinstance(query, Failure) else await self._reading.logs_of(query, view)

    async def uninstall(self, call: Call, params: list[Any], view: View) -> Answer:
        if not self._node.dialect.filters:
            return await self._node.forward(call, view)
        return Result(self._node.filters.remove(_first(params)))

    def _added(self, view: View, query: dict[str, Any] | None) -> Answer:
        expiry_s = self._node.dialect.filter_expiry_s
        return Result(self._node.filters.add(block=view.head, query=query, expiry_s=expiry_s))


def _first(params: list[Any]) -> Any:
    return params[0] if params else None
