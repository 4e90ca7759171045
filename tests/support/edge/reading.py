"""The methods that read the chain and its state, with the ways of groups 4, 5, 7, 11, 12 and 13."""

from __future__ import annotations

from typing import Any

from tests.support.edge import errors, fields, logs, surface
from tests.support.edge.node import EdgeNode, Handler, View
from tests.support.edge.surface import At
from tests.support.edge.wire import PARAMS_INVALID, Answer, Call, Failure, Panic, Result, handler_failed

TRANSFER_GAS = "0x5208"
NOT_ALLOWED = "not in allow list"


class Reading:
    def __init__(self, node: EdgeNode) -> None:
        self._node = node

    def handlers(self) -> dict[str, Handler]:
        of_the_state = dict.fromkeys(surface.OF_THE_STATE, self.state)
        return of_the_state | {
            "eth_blockNumber": self.block_number,
            "eth_getBlockByNumber": self.block_by_number,
            "eth_getBlockByHash": self.block_by_hash,
            "eth_getBlockTransactionCountByNumber": self.count_of_block,
            "eth_getTransactionByHash": self.tx,
            "eth_getTransactionReceipt": self.receipt,
            "eth_getLogs": self.logs,
            "eth_feeHistory": self.fee_history,
        }

    async def block_number(self, call: Call, params: list[Any], view: View) -> Answer:
        return Result(hex(view.head))

    async def block_by_number(self, call: Call, params: list[Any], view: View) -> Answer:
        place = self._at(params[:1], view, by_hash=False)
        if isinstance(place, Failure):
            return place
        if place is None:
            return self._block(await self._node.forward(call, view), view)
        if place.number is not None and view.hides(place.number):
            return Result(None)
        full = bool(params[1]) if len(params) > 1 else False
        return self._block(await self._node.forward(call.with_params(place.param, full), view), view)

    async def block_by_hash(self, call: Call, params: list[Any], view: View) -> Answer:
        return self._block(await self._node.forward(self._hashed(call, params), view), view)

    async def count_of_block(self, call: Call, params: list[Any], view: View) -> Answer:
        place = self._at(params[:1], view, by_hash=False)
        if isinstance(place, Failure):
            return place
        if place is not None and place.number is not None and view.hides(place.number):
            return Result(None)
        answer = await self._node.forward(call if place is None else call.with_params(place.param), view)
        if isinstance(answer, Result) and answer.value is not None and self._node.dialect.count_as_number:
            return Result(int(answer.value, 16))
        return answer

    async def tx(self, call: Call, params: list[Any], view: View) -> Answer:
        """Mined, or in this node's own pool; what only other nodes have is unknown here."""
        call = self._hashed(call, params)
        answer = await self._node.forward(call, view)
        if isinstance(answer, Failure):
            return answer
        found = answer.value
        if found is not None and found["blockNumber"] is not None and not view.hides(int(found["blockNumber"], 16)):
            return Result(self._tx(found))
        if not self._node.dialect.pool:
            return Result(None if view.behind or found is None else self._tx(found))
        wanted = surface.padded_hash(params[0] if params else None).lower()
        pooled = self._node.pool.find(wanted)
        return Result(fields.pooled(pooled, dialect=self._node.dialect) if pooled else None)

    async def receipt(self, call: Call, params: list[Any], view: View) -> Answer:
        answer = await self._node.forward(self._hashed(call, params), view)
        if isinstance(answer, Failure) or answer.value is None:
            return answer
        found = answer.value
        number = int(found["blockNumber"], 16)
        if view.hides(number) or (number == view.head and self._is_late(found["blockHash"])):
            return Result(None)
        return Result(self._receipt(found))

    async def logs(self, call: Call, params: list[Any], view: View) -> Answer:
        """A question without a query is a nil pointer: the handler panics."""
        query = params[0] if params else None
        if query is None and self._node.dialect.panics:
            raise Panic
        if not isinstance(query, dict):
            return PARAMS_INVALID if self._node.dialect.get_logs else await self._node.forward(call, view)
        if not self._node.dialect.get_logs and not view.behind:
            return await self._shaped_logs(call, view)
        return await self.logs_of(query, view)

    async def logs_of(self, query: dict[str, Any], view: View) -> Answer:
        """The logs that match, as far as this node sees."""
        place = logs.place_of(query, head=view.head, blocks_max=self._node.dialect.block_range_max)
        if isinstance(place, Failure):
            return place
        if isinstance(place, logs.NoRange):
            return self._node.failed("eth_getLogs", place.text)
        if isinstance(place, logs.Span) and place.first > place.last:
            return Result([])
        last = place.last if isinstance(place, logs.Span) else await self._number_of(place.block_hash)
        if last is None or view.hides(last):
            return self._node.failed("eth_getLogs", "block not found")
        if last == view.head and await self._is_head_late(view):
            return self._node.failed("eth_getLogs", "not found")
        return await self._shaped_logs(Call("eth_getLogs", [logs.asked(query, place)]), view)

    async def fee_history(self, call: Call, params: list[Any], view: View) -> Answer:
        place = self._at(params[1:2], view, by_hash=False)
        if isinstance(place, Failure):
            return place
        if place is None:
            return await self._node.forward(call, view)
        return await self._node.forward(call.with_params(params[0], place.param, *params[2:]), view)

    async def state(self, call: Call, params: list[Any], view: View) -> Answer:
        """Whatever reads the state of a block: an error, not null, if the node does not have the block."""
        index = surface.METHODS[call.method]
        assert index is not None
        place = self._at(params[index : index + 1], view, by_hash=call.method in surface.BY_HASH_TOO)
        if place is None:
            return await self._node.forward(call, view)
        missing = place if isinstance(place, Failure) else await self._missing(place, view)
        if missing is not None or isinstance(place, Failure) or len(params) < index:
            return missing or PARAMS_INVALID
        if call.method in ("eth_call", "eth_estimateGas"):
            return await self._executed(call, params, place, view)
        if call.method == "eth_getTransactionCount" and place.pending and self._node.dialect.pool:
            return await self._pending_count(call, params[0], place, view)
        return await self._node.forward(call.with_params(*params[:index], place.param, *params[index + 1 :]), view)

    async def _missing(self, place: At, view: View) -> Failure | None:
        """What is said of a block that this node does not have."""
        if place.number is not None and view.hides(place.number):
            return errors.header_missing(place.number)
        if place.block_hash is None:
            return None
        number = await self._number_of(place.block_hash)
        return errors.hash_missing(place.block_hash) if number is None or view.hides(number) else None

    async def _executed(self, call: Call, params: list[Any], place: At, view: View) -> Answer:
        if not isinstance(params[0], dict):
            return PARAMS_INVALID
        what = surface.swallowed(params[0])
        refused = await self._refused(call.method, what, place, view)
        if refused is not None:
            return refused
        data = what.get("data") or what.get("input") or "0x"
        transfers = int(what.get("value") or "0x0", 16) > 0 and data == "0x" and what.get("to")
        if call.method == "eth_estimateGas" and transfers and self._node.dialect.estimate_transfer:
            return Result(TRANSFER_GAS)
        return await self._node.forward(call.with_params(what, place.param, *params[2:]), view)

    async def _refused(self, method: str, what: dict[str, Any], place: At, view: View) -> Failure | None:
        """The lists of who may do what, and the newest nonce held against an old state."""
        dialect = self._node.dialect
        sender = surface.address(what.get("from") or fields.ZERO_ADDRESS)
        listed = dialect.deployers if what.get("to") is None and dialect.deployers is not None else dialect.senders
        if listed is not None and sender not in map(surface.address, listed):
            return handler_failed(
                NOT_ALLOWED if method == "eth_estimateGas" else f"unable to execute call: {NOT_ALLOWED}"
            )
        is_old = place.block_hash is not None or (place.number is not None and place.number < view.head)
        if dialect.call_nonce and is_old and what.get("from"):
            then, now = [
                await self._node.anvil.ask("eth_getTransactionCount", sender, block)
                for block in (place.param, hex(view.head))
            ]
            if then != now:
                return handler_failed("incorrect nonce")
        return None

    async def _pending_count(self, call: Call, address: Any, place: At, view: View) -> Answer:
        """What this node's pool expects next: gaps do not count, nor does what only other nodes have."""
        try:
            known = surface.address(address)
        except ValueError:
            return PARAMS_INVALID
        before = self._node.sent_before.pop(known, None)
        if before is not None and self._is_stale():
            return Result(hex(before))
        pooled = self._node.pool.next_nonce(known)
        mined = await self._node.forward(call.with_params(known, place.param), view)
        if pooled is None or isinstance(mined, Failure):
            return mined
        return Result(hex(max(pooled, int(mined.value, 16))))

    def _is_stale(self) -> bool:
        if self._node.stale:
            self._node.stale -= 1
            return True
        return self._node.draws(self._node.dialect.stale_pending_per_mille)

    def _at(self, tag: list[Any], view: View, *, by_hash: bool) -> At | Failure | None:
        """Which block is meant; None if anvil may say so itself."""
        if not self._node.dialect.tags and not view.behind:
            return None
        place = surface.at(tag[0] if tag else None, by_hash=by_hash)
        if isinstance(place, At) and place.newest:  # one request sees one head, whatever is mined meanwhile
            return At(number=view.head, pending=place.pending)
        return place

    def _hashed(self, call: Call, params: list[Any]) -> Call:
        """The call with a whole hash in it, and with the one that anvil knows a burnt tx by."""
        if not self._node.dialect.tags:
            return call
        wanted = surface.padded_hash(params[0] if params else None)
        known = next((theirs for theirs, tx in self._node.burnt.items() if tx.hash == wanted.lower()), wanted)
        return call.with_params(known, *params[1:])

    async def _number_of(self, block_hash: str) -> int | None:
        block = await self._node.anvil.ask("eth_getBlockByHash", block_hash, False)
        return int(block["number"], 16) if block else None

    def _is_late(self, block_hash: str) -> bool:
        """Whether the receipts of the head block are still being written, when asked this time."""
        left = self._node.late.setdefault(block_hash, self._node.dialect.receipts_late)
        self._node.late[block_hash] = max(left - 1, 0)
        return left > 0

    async def _is_head_late(self, view: View) -> bool:
        if not self._node.dialect.receipts_late:
            return False
        block = await self._node.anvil.ask("eth_getBlockByNumber", hex(view.head), False)
        return bool(block["transactions"]) and self._is_late(block["hash"])

    async def _shaped_logs(self, call: Call, view: View) -> Answer:
        answer = await self._node.forward(call, view)
        if isinstance(answer, Failure):
            return answer
        found = answer.value
        if self._node.dialect.fields:
            found = [fields.log(each) for each in found]
        if self._node.dialect.log_index_per_tx:
            found = logs.counted_per_tx(
                found, {tx: await self._first(tx) for tx in {e["transactionHash"] for e in found}}
            )
        return Result(found)

    async def _first(self, tx_hash: str) -> int:
        receipt = await self._node.anvil.ask("eth_getTransactionReceipt", tx_hash)
        return min(int(each["logIndex"], 16) for each in receipt["logs"])

    def _block(self, answer: Answer, view: View) -> Answer:
        if isinstance(answer, Failure) or answer.value is None:
            return answer
        block = answer.value
        if view.hides(int(block["number"], 16)):
            return Result(None)
        block["transactions"] = [self._member(tx) for tx in block["transactions"]]
        return Result(fields.block(block, dialect=self._node.dialect) if self._node.dialect.fields else block)

    def _member(self, tx: Any) -> Any:
        """A tx of a block, by its hash or whole, as its sender knows it."""
        if isinstance(tx, dict):
            return self._unburnt(tx)
        burnt = self._node.burnt.get(tx)
        return burnt.hash if burnt else tx

    def _unburnt(self, tx: dict[str, Any]) -> dict[str, Any]:
        burnt = self._node.burnt.get(tx["hash"])
        if burnt is None:
            return tx
        place = {key: tx[key] for key in ("blockHash", "blockNumber", "transactionIndex")}
        return tx | fields.pooled(burnt, dialect=self._node.dialect) | place

    def _tx(self, tx: dict[str, Any]) -> dict[str, Any]:
        whole = self._unburnt(tx)
        return fields.shaped_tx(whole, dialect=self._node.dialect) if self._node.dialect.fields else whole

    def _receipt(self, found: dict[str, Any]) -> dict[str, Any]:
        burnt = self._node.burnt.get(found["transactionHash"])
        if burnt is not None:
            found = found | {"transactionHash": burnt.hash, "to": burnt.to, "contractAddress": burnt.creates}
        return fields.receipt(found, dialect=self._node.dialect) if self._node.dialect.fields else found
