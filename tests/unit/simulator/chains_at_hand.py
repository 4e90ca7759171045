"""Two chains in a test's hand, a simulated one and a real one that speaks as Polygon Edge: the same verbs on both."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from random import Random
from typing import Any, Protocol
from uuid import UUID, uuid5

import httpx

from abis import Generation, calls
from chain_indexer.node import Node as IndexerNode
from chain_writer.blocks import Answered, Receipt
from chain_writer.node import CALLS_PER_BATCH_MAX, Chain, Node
from chain_writer.signer import KeySigner, Signed, Signer
from chain_writer.transactions import Fields
from tests.simulator.chain.chain import SimChain
from tests.simulator.chain.faults import Faults
from tests.simulator.chain.indexer_node import SimIndexerNode
from tests.simulator.chain.node import SimNode
from tests.simulator.chain.signing import SimSigner
from tests.support.chain import ChainAtHand
from tests.support.edge import DropReply, EdgeProxy, Fault, Hold, HttpStatus, WrongId
from tests.support.wallets import key_of, wallet_of

IDS = UUID("0a3f4c3b-7a0e-5b52-9b8e-0c1d2f6a7e55")
MANY = 1_000
IMPATIENCE_S = 0.2  # no measure of speed: what is asked then is never answered
# What befalls a request to the real node where the simulated one has a fault of this kind.
REAL_FAULTS: dict[str, Fault] = {"F4": DropReply(), "F19": HttpStatus(502), "F21": WrongId()}
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

    @property
    def node(self) -> Chain: ...
    @property
    def indexer(self) -> Any: ...
    def account(self, name: str) -> Signer: ...
    def mine(self, blocks: int = 1) -> None: ...
    def endow(self, address: str, wei: int) -> None: ...
    def allow_slots(self, slots: int) -> None: ...
    def swallow(self, signed: Signed) -> None: ...
    def restart(self) -> None: ...
    def lag(self, blocks: int) -> None: ...
    def fail(self, kind: str) -> AbstractContextManager[None]: ...


class Simulated:
    """The simulated chain, without faults but those of `fail`. `now_s` is the clock that it was given."""

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
        self.faults = Faults.none()
        self._node = SimNode(self.chain, self.faults, Random(2))
        self.node: Chain = self._node
        self.indexer = SimIndexerNode(self.chain, self.faults, Random(3))

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
        for part in (self._node, self.indexer):
            part.replica.lag = blocks

    @contextmanager
    def fail(self, kind: str) -> Iterator[None]:
        """Every request meets a fault of this kind."""
        self.faults.rates[kind] = 1.0
        yield
        self.faults.rates.clear()


class Real:
    """A development chain with the real contracts, asked through a proxy that behaves as a Polygon Edge node."""

    def __init__(self, chain: ChainAtHand, proxy: EdgeProxy) -> None:
        self._chain = chain
        self._proxy = proxy
        self.generation = chain.generation
        self.writer: Signer = KeySigner(chain.signer_key)
        self.admin: Signer = KeySigner(chain.deployer_key)
        self.node = Node(proxy.url)
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

    @contextmanager
    def fail(self, kind: str) -> Iterator[None]:
        """Every request meets a fault of this kind. What would time out does so at once."""
        clients = [part._client for part in (self.node, self.indexer)]
        before = [client.timeout for client in clients]
        if kind == "F20":
            self._proxy.set(calls_per_batch_max=1)
        elif kind in ("F1", "F2"):
            self._proxy.fault(Hold(delivered=kind == "F2"), times=MANY)
            for client in clients:
                client.timeout = httpx.Timeout(None, read=IMPATIENCE_S)
        else:
            self._proxy.fault(REAL_FAULTS[kind], times=MANY)
        yield
        self._proxy.calm()
        self._proxy.set(calls_per_batch_max=CALLS_PER_BATCH_MAX)
        for client, timeout in zip(clients, before, strict=True):
            client.timeout = timeout

    def close(self) -> None:
        self.node.close()
        self.indexer.close()


# What tests do on either.


def signed(world: World, by: Signer, nonce: int, **fields: Any) -> Signed:
    """Nothing, to oneself, at no price, unless `fields` say otherwise."""
    told: dict[str, Any] = {"to": by.address, "data": b"", "gas_limit": 100_000, "gas_price_wei": 0}
    told["chain_id"] = world.generation.chain_id
    return by.sign(Fields(nonce=nonce, **(told | fields)))


def refusal(world: World, one: Signed) -> str | None:
    """What the node says against it; None if it took it."""
    (answer,) = world.node.send([one.raw])
    assert answer.error is not None or answer.hash == one.hash
    return answer.error


def send(world: World, by: Signer, nonce: int, **fields: Any) -> Signed:
    """Something that must be taken."""
    one = signed(world, by, nonce, **fields)
    assert refusal(world, one) is None
    return one


def count(world: World, by: Signer) -> int:
    """The mined nonces of an account."""
    return world.node.look(by.address, []).count


def call(world: World, to: str, data: bytes, *, by: Signer | None = None, gas_limit: int = 4_000_000) -> Receipt:
    """One call in a block of its own, as the account's next nonce; its receipt."""
    signer = by or world.writer
    one = send(world, signer, count(world, signer), to=to, data=data, gas_limit=gas_limit)
    world.mine()
    (receipt,) = world.node.receipts([one.hash])
    assert receipt is not None
    return receipt


# Calls as the writer makes them.


def investment_id(number: int) -> UUID:
    return uuid5(IDS, f"investment {number}")


def registration() -> bytes:
    return calls.register(company_id=COMPANY, wallet=WALLET, documents_hash=b"\xd1" * 32, entry=entry(1))


def creation() -> bytes:
    return calls.create_campaign(
        campaign_id=CAMPAIGN,
        company_id=COMPANY,
        funding_goal=100_000,
        threshold=40_000,
        cap=120_000,
        duration_s=86_400,
        asset=calls.FIAT,
        terms_hash=b"\xd2" * 32,
        entry=entry(2),
    )


def investment(number: int, *, amount: int) -> bytes:
    member = calls.InvestmentMember(investment_id(number), WALLET, amount, 40, entry(1_000 + number))
    return calls.record_investments([member])
