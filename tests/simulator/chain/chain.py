"""The truth about one simulated chain: blocks, the state after each, the pool; mined, replaced, halted on request."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from random import Random
from typing import Any

import msgspec

from abis import Generation, RawLog
from abis.calls import selector
from chain_writer.transactions import Fields
from tests.simulator.chain.blocks import (
    SimBlock,
    SimLog,
    SimReceipt,
    clone_code,
    hash_of_block,
    made_up_code,
    made_up_generation,
)
from tests.simulator.chain.contracts import Contracts
from tests.simulator.chain.pool import Arrival, SimPool
from tests.simulator.chain.running import (
    ADMIN_ROLE,
    ANCHOR_ROLE,
    ESCROW_ROLE,
    OPERATOR_ROLE,
    REGISTRAR_ROLE,
    TREASURY_ROLE,
    Reverted,
    State,
    word,
)
from tests.simulator.chain.signing import SimSigner, parsed
from tests.support.edge.dialect import EDGE_1_3_2, Dialect
from tests.support.edge.pool import Facts
from tests.support.edge.rawtx import OTHER_BYTE_GAS, TX_GAS, ZERO_BYTE_GAS, RawTx

BLOCK_GAS = 5_242_880  # Polygon Edge's default
RICH_WEI = 10**24
ADMIN = "0x" + "ad" * 20
NO_PARENT = "0x" + "00" * 32
GRANT_GAS = 150_000
REVERT_GAS = 5_000  # what a call has used when it reverts, more or less
ROLES = {
    "IssuerRegistry": REGISTRAR_ROLE,
    "CampaignFactory": OPERATOR_ROLE,
    "NFTShareCertificate": REGISTRAR_ROLE,
    "FundEscrow": TREASURY_ROLE,
    "JournalAnchor": ANCHOR_ROLE,
}
_GRANT = selector("grantRole(bytes32,address)")


class Snapshot(msgspec.Struct, frozen=True):
    """Everything that a chain is, at one moment."""

    blocks: tuple[SimBlock, ...]
    lost: tuple[SimBlock, ...]
    pool: SimPool
    arriving: tuple[Arrival, ...]
    branch: int
    halted_for: int
    floor_wei: int
    floor_for: int
    censored: frozenset[str]


class SimChain:
    """`random` places what is delayed, `clock` gives each block its time; nothing else is left to chance.

    Block 0 is the genesis; block 1 has the contracts, and the txs by which the admin gave the writers their roles.
    `lost` is the branch that was replaced last, to its head. Addresses are lower case wherever they come out.
    """

    def __init__(
        self,
        *,
        chain_id: int,
        random: Random,
        clock: Callable[[], datetime],
        writers: Sequence[str],
        block_gas: int = BLOCK_GAS,
        generation: Generation | None = None,
        admin: str = ADMIN,
        balance_wei: int = RICH_WEI,
        dialect: Dialect = EDGE_1_3_2,
    ) -> None:
        self.generation = generation or made_up_generation(chain_id)
        self.chain_id = chain_id
        self.admin = admin.lower()
        self.block_gas = block_gas
        self._contracts = Contracts(self.generation)
        self._random = random
        self._clock = clock
        self._branch = 0
        self.pool = SimPool(dialect)
        self.arriving: list[Arrival] = []
        self.lost: list[SimBlock] = []
        self.halted_for = self.floor_wei = self.floor_for = 0
        self.censored: set[str] = set()
        rich: State = {("balance", one.lower()): balance_wei for one in (admin, *writers)}
        self.blocks = [self._genesis(self.generation.genesis_hash, rich)]
        self._deploy(writers)

    # What is so.

    @property
    def head(self) -> SimBlock:
        return self.blocks[-1]

    @property
    def height(self) -> int:
        return self.head.number

    @property
    def is_forked(self) -> bool:
        """Whether the branch that was lost last is as long as the chain, so that a node may not have left it yet.

        Later on it would contradict blocks that are final elsewhere.
        """
        return bool(self.lost) and self.lost[-1].number >= self.height

    def final(self, depth: int) -> SimBlock:
        """The newest block that is at least so deep."""
        return self.blocks[max(0, self.height - depth)]

    def logs(self) -> Iterator[SimLog]:
        """All logs of the chain as it now is, in its order."""
        for block in self.blocks:
            for receipt in block.receipts:
                tx = receipt.tx
                for raw in receipt.logs:
                    yield SimLog(raw, tx.sender, tx.nonce, tx.hash, block.number)

    def nonces(self, address: str) -> dict[int, str]:
        """The mined nonces of an account on the chain as it now is, and the hash of the tx that took each."""
        sender = address.lower()
        txs = (receipt.tx for block in self.blocks for receipt in block.receipts)
        return {tx.nonce: tx.hash for tx in txs if tx.sender == sender}

    def count(self, address: str) -> int:
        """How many nonces of an account are used by the newest state."""
        return int(self.head.state.get(("nonce", address.lower()), 0))

    def pending(self, address: str) -> int:
        """The nonce that the pool expects next of an account."""
        known = self.pool.next_nonce(address.lower())
        return self.count(address) if known is None else known

    def balance(self, address: str) -> int:
        return int(self.head.state.get(("balance", address.lower()), 0))

    def code(self, address: str, *, at: SimBlock | None = None) -> bytes:
        """Made up, unlike its effects; for a generation that was given, not the code that its hashes are of."""
        contract = (at or self.head).state.get((address.lower(), "code"))
        if contract is None:
            return b""
        return clone_code(self.generation) if contract == "Campaign" else made_up_code(contract)

    def found(self, tx_hash: str, blocks: Sequence[SimBlock]) -> tuple[SimBlock, SimReceipt] | None:
        """A mined tx on a branch."""
        for block in reversed(blocks):
            for receipt in block.receipts:
                if receipt.tx.hash == tx_hash:
                    return block, receipt
        return None

    def tried(self, at: SimBlock, *, sender: str, to: str, data: bytes) -> int:
        """The gas that a call would take on the state of a block. Raises Reverted."""
        done = self._contracts.call(
            at.state, sender=sender.lower(), to=to.lower(), data=data, value=0, timestamp_s=at.timestamp_s
        )
        return intrinsic_gas(data) + done.gas

    # What is sent to it.

    def take(self, raw: bytes, *, swallowed: bool = False) -> str | None:
        """Into the pool; the refusal's text if it will not have the tx. What is swallowed reaches no validator."""
        tx = parsed(raw)
        refusal = self._take(tx)
        if refusal is None and swallowed:
            self.pool.held.add(tx.hash)
        return refusal

    def _take(self, tx: RawTx) -> str | None:
        facts = Facts(nonce=self.count(tx.sender), balance=self.balance(tx.sender), block_gas_limit=self.block_gas)
        return self.pool.take(tx, facts, chain_id=self.chain_id)

    def delay(self, raw: bytes, *, blocks: int) -> None:
        """It arrives so many blocks from now, and nobody hears what the pool says to it."""
        self.arriving.append(Arrival(self.height + blocks, parsed(raw)))

    # Blocks.

    def mine(self) -> SimBlock | None:
        """The next block, of what the pool has; None while the chain is halted."""
        if self.halted_for:
            self.halted_for -= 1
            return None
        if self.floor_for:
            self.floor_for -= 1
            self.floor_wei = self.floor_wei if self.floor_for else 0
        return self._extend()

    def _extend(self) -> SimBlock:
        self._deliver()
        parent = self.head
        timestamp_s = max(parent.timestamp_s + 1, int(self._clock().timestamp()))
        receipts, state = self._executed(parent, timestamp_s)
        self._append(receipts, state, timestamp_s)
        self.pool.settle({receipt.tx.sender: receipt.tx.nonce + 1 for receipt in receipts})
        return self.head

    def _append(self, receipts: Sequence[SimReceipt], state: State, timestamp_s: int) -> None:
        parent, number = self.head, self.height + 1
        name = hash_of_block(parent.hash, timestamp_s, self._branch, *(receipt.tx.hash for receipt in receipts))
        self.blocks.append(SimBlock(number, name, parent.hash, timestamp_s, tuple(receipts), state))

    def _deliver(self) -> None:
        due = [arrival for arrival in self.arriving if arrival.block <= self.height]
        self.arriving = [arrival for arrival in self.arriving if arrival.block > self.height]
        for arrival in due:
            self._take(arrival.tx)

    def _executed(self, parent: SimBlock, timestamp_s: int) -> tuple[list[SimReceipt], State]:
        """Txs one after the other, until there are no more, or one does not fit: then the block is closed."""
        receipts: list[SimReceipt] = []
        if not self.pool.accounts:
            return receipts, parent.state
        state = dict(parent.state)
        gas_left, without = self.block_gas, set(self.censored)

        def nonce_of(address: str) -> int:
            return int(state.get(("nonce", address), 0))

        while tx := self.pool.best(nonce_of, floor_wei=self.floor_wei, without=without):
            if tx.gas > gas_left:
                break
            if state.get(("balance", tx.sender), 0) < tx.cost:
                without.add(tx.sender)
                continue
            receipts.append(self._run(state, tx, timestamp_s))
            gas_left -= receipts[-1].gas_used
        return receipts, state if receipts else parent.state

    def _run(self, state: dict[tuple[Any, ...], Any], tx: RawTx, timestamp_s: int) -> SimReceipt:
        assert tx.to is not None
        gas, logs = intrinsic_gas(tx.data), tuple[RawLog, ...]()
        try:
            done = self._contracts.call(
                state, sender=tx.sender, to=tx.to, data=tx.data, value=tx.value, timestamp_s=timestamp_s
            )
        except Reverted:
            gas, succeeded = min(tx.gas, gas + REVERT_GAS), False
        else:
            gas, succeeded = min(tx.gas, gas + done.gas), gas + done.gas <= tx.gas
            if succeeded:
                state.update(done.changes)
                logs = done.logs
        state["nonce", tx.sender] = tx.nonce + 1
        _pay(state, tx.sender, -gas * tx.gas_price)
        if succeeded and tx.value:
            _pay(state, tx.sender, -tx.value)
            _pay(state, tx.to, tx.value)
        return SimReceipt(tx, succeeded, logs, gas)

    # What befalls it.

    def reorg(self, depth: int, *, drop: bool) -> None:
        """The newest blocks are replaced by as many others; never the genesis and the contracts.

        Their txs come back to the pool, each before another of the new blocks or after them all; or they are lost.
        """
        depth = min(depth, self.height - 1)
        if depth < 1:
            return
        self.lost = list(self.blocks)
        gone, self.blocks = self.blocks[-depth:], self.blocks[:-depth]
        self._branch += 1
        self.pool.rewind(self.count)
        txs = [receipt.tx for block in gone for receipt in block.receipts]
        for tx in [] if drop else txs:
            self.arriving.append(Arrival(self.height + self._random.randrange(depth + 1), tx))
        for _ in range(depth):
            self._extend()

    def regenesis(self) -> None:
        """The chain begins anew under the same id: another genesis, no contracts, the coin as it was given."""
        self._branch += 1
        coin = {key: wei for key, wei in self.blocks[0].state.items() if key[0] == "balance"}
        self.blocks = [self._genesis(hash_of_block("genesis", self.chain_id, self._branch), coin)]
        self.lost, self.arriving = [], []
        self.pool.clear()

    def restart_pool(self) -> None:
        """The node restarts: its pool was in memory only."""
        self.pool.clear()

    def halt(self, *, blocks: int) -> None:
        """So many calls of `mine` make no block."""
        self.halted_for = blocks

    def raise_floor(self, price_wei: int, *, blocks: int) -> None:
        """For so many blocks the validators take nothing cheaper; the pool goes on taking it."""
        self.floor_wei, self.floor_for = price_wei, blocks

    def resume(self) -> None:
        """Blocks again, for everybody and at any price."""
        self.halted_for = self.floor_wei = self.floor_for = 0
        self.censored.clear()

    def endow(self, address: str, wei: int) -> None:
        """Give an account coin, in a block of its own."""
        state = dict(self.head.state)
        _pay(state, address.lower(), wei)
        self._append((), state, self.head.timestamp_s + 1)

    # The same again.

    def snapshot(self) -> Snapshot:
        """What `restore` takes; the `random` that was given is not in it."""
        return Snapshot(
            tuple(self.blocks), tuple(self.lost), self.pool.copy(), tuple(self.arriving), self._branch,
            self.halted_for, self.floor_wei, self.floor_for, frozenset(self.censored),
        )  # fmt: skip

    def restore(self, taken: Snapshot) -> None:
        self.blocks, self.lost, self.pool = list(taken.blocks), list(taken.lost), taken.pool.copy()
        self.arriving, self._branch = list(taken.arriving), taken.branch
        self.halted_for, self.floor_wei, self.floor_for = taken.halted_for, taken.floor_wei, taken.floor_for
        self.censored = set(taken.censored)

    # The beginning.

    def _genesis(self, name: str, state: State) -> SimBlock:
        return SimBlock(0, name, NO_PARENT, int(self._clock().timestamp()), (), state)

    def _deploy(self, writers: Sequence[str]) -> None:
        """Block 1. The contracts are just there; the roles are given by txs of the admin, as in life."""
        places = self.generation.addresses
        state = dict(self.head.state)
        for name, address in places.items():
            state[address.lower(), "code"] = name
            state[address.lower(), "role", ADMIN_ROLE, self.admin] = True
        grants = [("CampaignFactory", ESCROW_ROLE, places["FundEscrow"])]
        grants += [(name, role, writer) for name, role in ROLES.items() for writer in writers]
        signer, timestamp_s = SimSigner(self.admin), self.head.timestamp_s + 1
        receipts = []
        for nonce, (name, role, account) in enumerate(grants):
            data = _GRANT + role + word(account.lower())
            fields = Fields(
                chain_id=self.chain_id, nonce=nonce, to=places[name], data=data, gas_limit=GRANT_GAS, gas_price_wei=0
            )
            receipts.append(self._run(state, parsed(signer.sign(fields).raw), timestamp_s))
        assert all(receipt.succeeded for receipt in receipts)
        self._append(receipts, state, timestamp_s)


def intrinsic_gas(data: bytes) -> int:
    """What any tx with this data costs before it does anything."""
    zeros = data.count(0)
    return TX_GAS + ZERO_BYTE_GAS * zeros + OTHER_BYTE_GAS * (len(data) - zeros)


def _pay(state: dict[tuple[Any, ...], Any], address: str, wei: int) -> None:
    if wei:
        state["balance", address] = state.get(("balance", address), 0) + wei
