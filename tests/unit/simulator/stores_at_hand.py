"""What the stores are given in their tests: obligations, signed bytes that are only told apart, blocks and txs."""

from __future__ import annotations

from hashlib import sha256
from typing import Any
from uuid import UUID, uuid5

from chain_writer.blocks import BlockTx, Header
from chain_writer.deciders import Found
from chain_writer.intents import CloseCampaign, IntentState, Kind, Obligation, Outcome, Verdict, Winner
from chain_writer.signer import Signed
from chain_writer.store import Bound, Lease, WriterStore
from chain_writer.transactions import Fields
from tests.simulator.stores import MemoryWriterStore

AnyStore = WriterStore | MemoryWriterStore

IDS = UUID("6b5d1b5e-0d8f-5c7f-8a51-4d0c6b7e9a21")
GENERATION = uuid5(IDS, "generation")
LANE = uuid5(IDS, "lane")
NAME = "lane-0"
TARGET = "0x" + "c1" * 20
SIGNER = "0x" + "51" * 20
CHAIN_ID = 100
GENESIS = "0x" + "00" * 32
BLOCK = (10, "0x" + "aa" * 32)


def named(text: str) -> UUID:
    return uuid5(IDS, text)


def hash_of(text: str) -> str:
    return "0x" + sha256(text.encode()).hexdigest()


def obligation(position: int, **fields: Any) -> Obligation:
    """That of an entry, about a campaign of its own unless `subject`, `stage`, `parent` or `stream` say more."""
    own = named(f"campaign {position}")
    told: dict[str, Any] = {"subject": own, "stage": 1, "parent": None, "stream": own}
    return Obligation(
        effect=named(f"effect {position}"),
        generation=GENERATION,
        position=position,
        leaf=bytes.fromhex(hash_of(f"leaf {position}")[2:]),
        correlation_id=named("story"),
        kind=Kind.CLOSE,
        target=TARGET,
        natural_key=bytes.fromhex(hash_of(f"key {position}")[2:]),
        digest=bytes.fromhex(hash_of(f"digest {position}")[2:]),
        call=CloseCampaign(campaign_id=own, successful=True, raised=position),
        **(told | fields),
    )


def effect(position: int) -> UUID:
    return obligation(position).effect


def fields(nonce: int, *, gas_price_wei: int = 10**30) -> Fields:
    """The price is one that no machine integer holds."""
    return Fields(chain_id=CHAIN_ID, nonce=nonce, to=TARGET, data=b"", gas_limit=100_000, gas_price_wei=gas_price_wei)


def signed(text: str) -> Signed:
    return Signed(raw=text.encode(), hash=hash_of(text))


def found(nonce: int, text: str, *, number: int = 11, to: str | None = TARGET) -> Found:
    """The tx of these bytes, in a block of this number."""
    block = Header(number, hash_of(f"block {number}"), hash_of(f"block {number - 1}"))
    return Found(BlockTx(hash_of(text), SIGNER, nonce, to, b""), block)


def landed(position: int) -> Verdict:
    return Verdict(intent=effect(position), outcome=Outcome.RECORDED, state=IntentState.LANDED)


def released(position: int) -> Verdict:
    return Verdict(
        intent=effect(position), outcome=Outcome.RELEASED, state=IntentState.QUEUED, code="filler", reason="r" * 600
    )


def open_lane(
    store: AnyStore, lane: UUID = LANE, *, name: str = NAME, address: str = SIGNER, genesis_hash: str = GENESIS
) -> None:
    store.open_lane(lane, name, chain_id=CHAIN_ID, genesis_hash=genesis_hash, address=address, nonce=5, block=BLOCK)


def begin(store: AnyStore, *obligations: Obligation, owner: str = "worker") -> Lease:
    """A lane, its lease, and intents that wait on it."""
    store.position(GENERATION, chain_id=CHAIN_ID)
    promised = store.promise(GENERATION, after=0, through=99, obligations=[(one, NAME) for one in obligations])
    assert promised
    open_lane(store)
    lease = store.acquire(LANE, owner=owner, lease_s=60)
    assert lease is not None
    return lease


def allot(store: AnyStore, lease: Lease, nonce: int, *positions: int) -> None:
    """One slot for the intents of these positions; its bytes are those of "tx <nonce>"."""
    bound = Bound(fields(nonce), signed(f"tx {nonce}"), tuple(effect(one) for one in positions))
    store.allot(lease, [bound], made_block=10)


def mine(store: AnyStore, lease: Lease, nonce: int, *, number: int = 11, winner: Winner = Winner.EFFECT) -> None:
    """The slot's own bytes are in a block."""
    store.mine(
        lease,
        found=[(found(nonce, f"tx {nonce}", number=number), winner)],
        next_nonce=nonce + 1,
        checkpoint=(number, hash_of(f"block {number}")),
        quarantine=None,
        burn_through=None,
    )
