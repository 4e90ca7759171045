"""The node's pool: the rules of `tests.support.edge.pool`, and which of its txs the validators would mine next."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Self

import msgspec

from tests.support.edge.dialect import Dialect
from tests.support.edge.pool import Account, Facts, Pool
from tests.support.edge.rawtx import RawTx, refused_at_sight
from tests.support.edge.wire import Failure

NonceOf = Callable[[str], int]


class SimPool(Pool):
    """`held` are txs that never reached the validators: known here, never mined, and in the way of what follows."""

    def __init__(self, dialect: Dialect) -> None:
        super().__init__()
        self.dialect = dialect
        self.held: set[str] = set()

    def copy(self) -> Self:
        """One that changes by itself."""
        other = type(self)(self.dialect)
        other.accounts = {
            address: Account(account.next_nonce, dict(account.txs), account.skips)
            for address, account in self.accounts.items()
        }
        other.held = set(self.held)
        return other

    def take(self, tx: RawTx, facts: Facts, *, chain_id: int) -> str | None:
        """None if it is in the pool now, else the refusal's text. Under pressure, what waits behind holes goes."""
        refused = refused_at_sight(tx, chain_id=chain_id, dialect=self.dialect)
        if refused is not None:
            return refused.message
        pressed = self.is_under_pressure(self.dialect)
        decision = self.admit(tx, facts, dialect=self.dialect)
        if pressed:
            self.wipe_behind_holes()
        return decision.message if isinstance(decision, Failure) else None

    def best(self, nonce_of: NonceOf, *, floor_wei: int, without: Collection[str]) -> RawTx | None:
        """What the validators mine next: the best price, then the lowest nonce, of each account's next tx."""
        found: list[RawTx] = []
        for address, account in self.accounts.items():
            tx = account.txs.get(nonce_of(address)) if address not in without else None
            if tx is not None and tx.gas_price >= floor_wei and tx.hash not in self.held:
                found.append(tx)
        return min(found, key=lambda tx: (-tx.gas_price, tx.nonce, tx.sender), default=None)

    def settle(self, mined: dict[str, int]) -> None:
        """A block went by, with the next nonce of each sender in it; accounts without a tx for long are dropped."""
        self.pass_block(mined, dialect=self.dialect)
        self._release()

    def rewind(self, nonce_of: NonceOf) -> None:
        """The state is another one: what is promoted follows from it anew."""
        for address, account in list(self.accounts.items()):
            account.next_nonce = nonce_of(address)
            account.txs = {nonce: tx for nonce, tx in account.txs.items() if nonce >= account.next_nonce}
            account.promote()
            self._forget_empty(address)
        self._release()

    # What it loses without a word.

    def lose(self, address: str, nonce: int) -> None:
        """One tx; what follows it waits."""
        account = self.accounts.get(address)
        if account is not None and nonce in account.txs:
            self.withdraw(account.txs[nonce])
            self._release()

    def lose_account(self, address: str) -> None:
        self.accounts.pop(address, None)
        self._release()

    def wipe_behind_holes(self) -> None:
        for address, account in list(self.accounts.items()):
            account.txs = {tx.nonce: tx for tx in account.promoted}
            self._forget_empty(address)
        self._release()

    def clear(self) -> None:
        super().clear()
        self.held.clear()

    def _release(self) -> None:
        if self.held:
            self.held.intersection_update({tx.hash for tx in self.txs()})


class Arrival(msgspec.Struct, frozen=True):
    """A tx that is on its way, and the block before which it arrives."""

    block: int
    tx: RawTx
