"""Two chains in a test's hand, the simulated and a real one behind the dialect of Polygon Edge: the same verbs on both."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from random import Random
from typing import Any, Protocol
from uuid import UUID, uuid5

from abis import Generation, calls, campaign_address
from chain_indexer.node import Node as IndexerNode
from chain_writer.blocks import Answered, Receipt
from chain_writer.node import Chain, Node
from chain_writer.signer import Fields, KeySigner, Signed, Signer
from tests.simulator.chain.chain import SimChain
from tests.simulator.chain.faults import Faults
from tests.simulator.chain.indexer_node import SimIndexerNode
from tests.simulator.chain.node import SimNode
from tests.simulator.chain.signing import SimSigner
from tests.support.chain import ChainAtHand
from tests.support.edge import EdgeProxy
from tests.support.wallets import key_of, wallet_of

IDS = UUID("0a3f4c3b-7a0e-5b52-9b8e-0c1d2f6a7e55")
BEGUN_S = 1_800_000_000
PERIOD_S = 2
WALLET = "0x" + "a1" * 20
COMPANY = uuid5(IDS, "company")
CAMPAIGN = uuid5(IDS, "campaign")


def entry(number: int) -> bytes:
    """A leaf hash."""
    return number.to_bytes(32, "big")


class World(Protocol):
    """What both have. `writer` has every writer's role, `admin` the admin's."""

    generation: Generation
    writer: Signer
    admin: Signer
    node: Chain

    @property
    def indexer(self) -> Any: ...
    def account(self, name: str) -> Signer: ...
    def mine(self, blocks: int = 1) -> None: ...
    def endow(self, address: str, wei: int) -> None: ...
    def allow_slots(self, slots: int) -> None: ...
    def swallow(self, signed: Signed) -> None: ...
    def restart(self) -> None: ...
    def lag(self, blocks: int) -> None: ...


class Simulated:
    """The simulated chain without faults. `now_s` is the clock that it was given."""

    def __init__(
        self, *, writer: str, admin: str, generation: Generation | None = None, begun_s: int = BEGUN_S
    ) -> None:
        self.now_s = begun_s
        self.writer: Signer = SimSigner(writer)
        self.admin: Signer = SimSigner(admin)
        self.chain = SimChain(
            chain_id=generation.chain_id if generation else 100,
            random=Random(1),
            clock=lambda: datetime.fromtimestamp(self.now_s, UTC),
            writers=[writer],
            admin=admin,
            generation=generation,
            balance_wei=0,
        )
        self.generation = self.chain.generation
        self._node = SimNode(self.chain, Faults.none(), Random(2))
        self.node: Chain = self._node
        self.indexer = SimIndexerNode(self.chain, Faults.none(), Random(3))

    def account(self, name: str) -> Signer:
        return SimSigner(wallet_of(name))

    def mine(self, blocks: int = 1) -> None:
        for _ in range(blocks):
            self.now_s += PERIOD_S
            self.chain.mine()

    def endow(self, address: str, wei: int) -> None:
        self.chain.endow(address, wei)

    def allow_slots(self, slots: int) -> None:
        self.chain.pool.dialect = self.chain.pool.dialect.but(slots_max=slots)

    def swallow(self, signed: Signed) -> None:
        assert self.chain.take(signed.raw, swallowed=True) is None

    def restart(self) -> None:
        self.chain.restart_pool()

    def lag(self, blocks: int) -> None:
        """Not drawn, so that it lasts: a node whose faults are all off catches up."""
        behind = Faults({"F27": 1.0 if blocks else 0.0})
        for part in (self._node, self.indexer):
            part.replica = _Behind(self.chain, behind, Random(4), blocks=blocks)


class _Behind(Any):  # replaced below
    pass


class Real:
    """A development chain with the real contracts, asked through a proxy that behaves as a Polygon Edge node."""

    def __init__(self, chain: ChainAtHand, proxy: EdgeProxy) -> None:
        self._chain = chain
        self._proxy = proxy
        self.generation = chain.generation
        self.writer: Signer = KeySigner(chain.signer_key)
        self.admin: Signer = KeySigner(chain.deployer_key)
        self.node: Chain = Node(proxy.url)
        self.indexer = IndexerNode(proxy.url)

    def account(self, name: str) -> Signer:
        return KeySigner(key_of(name))

    def mine(self, blocks: int = 1) -> None:
        self._chain.mine(blocks)

    def endow(self, address: str, wei: int) -> None:
        self._chain.rpc.call("anvil_setBalance", address, hex(wei))

    def allow_slots(self, slots: int) -> None:
        self._proxy.set(slots_max=slots)

    def swallow(self, signed: Signed) -> None:
        self._proxy.swallow()
        assert self.node.send([signed.raw]) == [Answered(signed.hash, None)]

    def restart(self) -> None:
        self._proxy.restart_node()

    def lag(self, blocks: int) -> None:
        self._proxy.lag(blocks)
