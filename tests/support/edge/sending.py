"""The methods about txs that are in no block yet, with the ways of groups 9, 10, 12 and 14."""

from __future__ import annotations

from typing import Any

from tests.support.edge import fields, surface
from tests.support.edge.node import EdgeNode, Handler, View
from tests.support.edge.pool import LOST, TAKEN, Facts
from tests.support.edge.rawtx import RawTx, read_tx, refused_at_sight
from tests.support.edge.wire import Answer, Call, Failure, Result

# A contract that burns all gas. A tx that a list forbids is mined with status 0 and all of its gas used; on anvil one
# of the same sender, nonce, price and gas that calls this stands for it.
BURNER = "0x00000000000000000000000000000000000fe0fe"
KNOWN_TO_VALIDATORS = "already known"
HALVES = ("pending", "queued")


class Sending:
    def __init__(self, node: EdgeNode) -> None:
        self._node = node

    def handlers(self) -> dict[str, Handler]:
        return {
            "eth_sendRawTransaction": self.send,
            "txpool_status": self.status,
            "txpool_inspect": self.inspect,
            "txpool_content": self.content,
        }

    async def send(self, call: Call, params: list[Any], view: View) -> Answer:
        dialect = self._node.dialect
        if not dialect.error_texts and not dialect.pool:
            return await self._node.forward(call, view)
        tx = read_tx(params[0] if params else None)
        if isinstance(tx, Failure):
            return tx
        refused = refused_at_sight(tx, chain_id=await self._node.chain_id(), dialect=dialect)
        if refused is not None:
            return refused
        if not dialect.pool:
            return await self._deliver(tx, view)
        async with self._node.lock:
            return await self._pooled(tx, view)

    async def _pooled(self, tx: RawTx, view: View) -> Answer:
        node = self._node
        facts = await self._facts(tx.sender, view)
        pressed = node.pool.is_under_pressure(node.dialect)
        before = node.pool.next_nonce(tx.sender)
        decision = node.pool.admit(tx, facts, dialect=node.dialect)
        if pressed:
            await self._prune(view)
        if decision is LOST:
            return Result(tx.hash)
        if decision is not TAKEN:
            assert isinstance(decision, Failure)
            return decision
        node.sent_before[tx.sender] = facts.nonce if before is None else before
        node.announce(tx.hash)
        if self._is_swallowed():
            node.held.add(tx.hash)
            return Result(tx.hash)
        delivered = await self._deliver(tx, view)
        if isinstance(delivered, Failure) and delivered.message != KNOWN_TO_VALIDATORS:
            node.pool.withdraw(tx)
            return delivered
        return Result(tx.hash)

    async def _facts(self, sender: str, view: View) -> Facts:
        return Facts(
            nonce=await self._node.anvil.number("eth_getTransactionCount", sender, hex(view.head)),
            balance=await self._node.anvil.number("eth_getBalance", sender, hex(view.head)),
            block_gas_limit=view.gas_limit,
            base_fee_wei=view.base_fee_wei,
        )

    def _is_swallowed(self) -> bool:
        if self._node.swallow:
            self._node.swallow -= 1
            return True
        return self._node.dialect.black_hole

    async def _prune(self, view: View) -> None:
        """Anvil forgets an account as a whole, so what stays in the pool is sent once more."""
        node = self._node
        for address, left in node.pool.prune(now_s=node.clock(), dialect=node.dialect).items():
            await node.anvil.ask("anvil_removePoolTransactions", address)
            for tx in left:
                if tx.hash not in node.held:
                    await self._deliver(tx, view)

    async def _deliver(self, tx: RawTx, view: View) -> Answer:
        """To the validators, which is anvil."""
        if not self._is_allowed(tx):
            return await self._burn(tx, view)
        return await self._node.forward(Call("eth_sendRawTransaction", ["0x" + tx.raw.hex()]), view)

    def _is_allowed(self, tx: RawTx) -> bool:
        dialect = self._node.dialect
        lists = [dialect.senders, dialect.deployers if tx.to is None else None]
        return all(listed is None or tx.sender in map(surface.address, listed) for listed in lists)

    async def _burn(self, tx: RawTx, view: View) -> Answer:
        """Not checked by the pool: the forbidden tx is mined, and fails with all of its gas."""
        anvil = self._node.anvil
        await anvil.ask("anvil_setCode", BURNER, "0xfe")
        await anvil.ask("anvil_impersonateAccount", tx.sender)
        stand_in = {
            "from": tx.sender,
            "to": BURNER,
            "nonce": hex(tx.nonce),
            "gas": hex(tx.gas),
            "gasPrice": hex(tx.gas_price),
        }
        answer = await self._node.forward(Call("eth_sendTransaction", [stand_in]), view)
        await anvil.ask("anvil_stopImpersonatingAccount", tx.sender)
        if isinstance(answer, Result):
            self._node.burnt[answer.value] = tx
            return Result(tx.hash)
        return answer

    async def status(self, call: Call, params: list[Any], view: View) -> Answer:
        """Plain numbers, where others give hex."""
        dialect = self._node.dialect
        if dialect.pool:
            halves = [_halves(account) for account in self._node.pool.accounts.values()]
            return Result({half: sum(len(lists[i]) for lists in halves) for i, half in enumerate(HALVES)})
        answer = await self._node.forward(call, view)
        if isinstance(answer, Result) and dialect.methods:
            return Result({key: int(count, 16) for key, count in answer.value.items()})
        return answer

    async def inspect(self, call: Call, params: list[Any], view: View) -> Answer:
        if not self._node.dialect.pool:
            return await self._node.forward(call, view)
        listed = self._listed(lambda tx: f"{tx.value} wei + {tx.gas} gas x {tx.gas_price} wei")
        capacity = {"currentCapacity": self._node.pool.slots, "maxCapacity": self._node.dialect.slots_max}
        return Result(listed | capacity)

    async def content(self, call: Call, params: list[Any], view: View) -> Answer:
        if not self._node.dialect.pool:
            return await self._node.forward(call, view)
        zero = {"blockHash": fields.ZERO_HASH}
        return Result(self._listed(lambda tx: fields.pooled(tx, dialect=self._node.dialect) | zero))

    def _listed(self, shape: Any) -> dict[str, Any]:
        accounts = self._node.pool.accounts
        halves = {address: _halves(account) for address, account in accounts.items()}
        return {
            half: {
                address: {str(tx.nonce): shape(tx) for tx in lists[place]}
                for address, lists in halves.items()
                if lists[place]
            }
            for place, half in enumerate(HALVES)
        }


def _halves(account: Any) -> tuple[list[RawTx], list[RawTx]]:
    return account.promoted, account.enqueued
