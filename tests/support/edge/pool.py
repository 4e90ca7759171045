"""Group 9: the pool of a node that is no validator. Values in, decisions out; the node carries them out on anvil.

The pool forgets. An account of which no block has had a tx for ten blocks loses all of its txs, without a word; above
80 % of the slots all that stands behind a hole of nonces is wiped. What it knows it does not take again ("already
known"), and only what it takes is sent to the validators: a tx that they never got is stuck until it is dropped here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec

from tests.support.edge.dialect import Dialect
from tests.support.edge.rawtx import RawTx
from tests.support.edge.wire import Failure, handler_failed

PRUNING_COOLDOWN_S = 5.0


class Facts(msgspec.Struct, frozen=True):
    """What the newest state says of a sender, and the newest block of gas."""

    nonce: int
    balance: int
    block_gas_limit: int
    base_fee_wei: int = 0


class Account(msgspec.Struct):
    """`next_nonce` divides the promoted txs (below) from the enqueued ones, which wait for a hole to be filled."""

    next_nonce: int
    txs: dict[int, RawTx] = msgspec.field(default_factory=dict)
    skips: int = 0

    def promote(self) -> None:
        while self.next_nonce in self.txs:
            self.next_nonce += 1

    @property
    def enqueued(self) -> list[RawTx]:
        return [tx for nonce, tx in sorted(self.txs.items()) if nonce >= self.next_nonce]

    @property
    def promoted(self) -> list[RawTx]:
        return [tx for nonce, tx in sorted(self.txs.items()) if nonce < self.next_nonce]


class Taken(msgspec.Struct, frozen=True):
    """In the pool, and to be sent to the validators."""


class Lost(msgspec.Struct, frozen=True):
    """Answered with its hash, and dropped without a word (before v1.0.1)."""


TAKEN, LOST = Taken(), Lost()


class Pool:
    """Accounts with txs only: what Edge knows of an account without any follows from the state."""

    def __init__(self) -> None:
        self.accounts: dict[str, Account] = {}
        self._pruned_at_s: float | None = None

    @property
    def slots(self) -> int:
        return sum(tx.slots for tx in self.txs())

    def txs(self) -> Iterator[RawTx]:
        for account in self.accounts.values():
            yield from account.txs.values()

    def find(self, tx_hash: str) -> RawTx | None:
        return next((tx for tx in self.txs() if tx.hash == tx_hash), None)

    def next_nonce(self, address: str) -> int | None:
        account = self.accounts.get(address)
        return account.next_nonce if account else None

    def clear(self) -> None:
        self.accounts.clear()
        self._pruned_at_s = None

    def is_under_pressure(self, dialect: Dialect) -> bool:
        return self.slots > dialect.slots_max * dialect.high_pressure_percent // 100

    def admit(self, tx: RawTx, facts: Facts, *, dialect: Dialect) -> Taken | Lost | Failure:
        """Take a tx or say why not, in Edge's order: the state, the pressure, the nonce, the room."""
        text = _against_the_state(tx, facts)
        account = self.accounts.get(tx.sender) or Account(facts.nonce)
        if text is None and self.is_under_pressure(dialect) and tx.nonce > account.next_nonce:
            text = "rejected future tx due to low slots"
        if text is not None:
            return handler_failed(text)
        text = _against_the_account(tx, account, facts, dialect)
        if text is not None:
            quiet = dialect.async_pool and text != "already known"
            return LOST if quiet else handler_failed(text)
        replaced = account.txs.get(tx.nonce)
        if self.slots + tx.slots - (replaced.slots if replaced else 0) > dialect.slots_max:
            return handler_failed("txpool is full")
        self.accounts[tx.sender] = account
        account.txs[tx.nonce] = tx
        account.promote()
        return TAKEN

    def withdraw(self, tx: RawTx) -> None:
        """The validators would not have it after all."""
        account = self.accounts[tx.sender]
        del account.txs[tx.nonce]
        account.next_nonce = min(account.next_nonce, tx.nonce)
        self._forget_empty(tx.sender)

    def prune(self, *, now_s: float, dialect: Dialect) -> dict[str, list[RawTx]]:
        """Under pressure, wipe what stands behind holes, every five seconds at most.

        Returns the promoted txs that each wiped account is left with.
        """
        cooling = self._pruned_at_s is not None and now_s < self._pruned_at_s + PRUNING_COOLDOWN_S
        if cooling or not self.is_under_pressure(dialect):
            return {}
        self._pruned_at_s = now_s
        wiped = {}
        for address, account in list(self.accounts.items()):
            if account.enqueued:
                wiped[address] = account.promoted
                account.txs = {tx.nonce: tx for tx in account.promoted}
                self._forget_empty(address)
        return wiped

    def pass_block(self, mined: Mapping[str, int], *, dialect: Dialect) -> list[str]:
        """A block went by: `mined` has the next nonce of each sender in it. Returns the accounts that are dropped."""
        dropped = []
        for address, account in list(self.accounts.items()):
            if address in mined:
                self._settle(account, mined[address])
            elif dialect.account_skips_max:
                account.skips += 1
                if account.skips >= dialect.account_skips_max:
                    dropped.append(address)
                    account.txs.clear()
            self._forget_empty(address)
        return dropped

    def _settle(self, account: Account, nonce: int) -> None:
        account.skips = 0
        account.txs = {each: tx for each, tx in account.txs.items() if each >= nonce}
        account.next_nonce = max(account.next_nonce, nonce)
        account.promote()

    def _forget_empty(self, address: str) -> None:
        if not self.accounts[address].txs:
            del self.accounts[address]


def _against_the_state(tx: RawTx, facts: Facts) -> str | None:
    if tx.gas_price < facts.base_fee_wei:
        return "transaction underpriced"
    if tx.nonce < facts.nonce:
        return "nonce too low"
    if facts.balance < tx.cost:
        return "insufficient funds for gas * price + value"
    if tx.gas < tx.intrinsic_gas:
        return "intrinsic gas too low"
    return "exceeds block gas limit" if tx.gas > facts.block_gas_limit else None


def _against_the_account(tx: RawTx, account: Account, facts: Facts, dialect: Dialect) -> str | None:
    """A replacement needs one wei more, and no more."""
    held = account.txs.get(tx.nonce)
    if held is not None and held.hash == tx.hash:
        return "already known"
    if held is not None:
        better = dialect.replacement and _price(tx, facts) > _price(held, facts)
        return None if better else "replacement tx underpriced"
    waits = tx.nonce != account.next_nonce
    if dialect.enqueued_max and waits and len(account.enqueued) >= dialect.enqueued_max:
        return "maximum number of enqueued transactions reached"
    return "nonce too low" if tx.nonce < account.next_nonce else None


def _price(tx: RawTx, facts: Facts) -> int:
    """The effective price: raising only the cap of a dynamic tx may change nothing."""
    return min(tx.gas_price, tx.tip + facts.base_fee_wei) if tx.type else tx.gas_price
