"""Which generation of the chain ledger lives, which lived before it, and which one is proposed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol
from uuid import UUID, uuid5

import msgspec

GENERATIONS = UUID("a3f4d9c2-1f57-5d0a-9c1e-6f4f1d0b7e25")  # the namespace of generation ids, for ever
LEDGER = uuid5(GENERATIONS, "the chain ledger of this journal")  # its stream, the one of its kind in any journal


class Deployed(Protocol):
    """Whatever says where the contracts are: the journal's own generation, and the one that a file pins."""

    @property
    def chain_id(self) -> int: ...
    @property
    def genesis_hash(self) -> str: ...
    @property
    def addresses(self) -> Mapping[str, str]: ...


def generation_id(of: Deployed) -> UUID:
    """The name of a chain generation: its chain, its genesis and the addresses of its contracts."""
    named = (f"{name}={address.lower()}" for name, address in sorted(of.addresses.items()))
    return uuid5(GENERATIONS, ":".join([str(of.chain_id), of.genesis_hash.lower(), *named]))


class ChainGeneration(msgspec.Struct, frozen=True, kw_only=True):
    """One deployment of the contracts on one chain. Addresses and code hashes (hex) by contract name.

    Nothing of it is at or below `start_block`; by `deployed_block` all was deployed, 0 where nobody wrote it down.
    """

    chain_id: int
    genesis_hash: str
    addresses: dict[str, str]
    code_hashes: dict[str, str]
    start_block: int
    deployed_block: int = 0

    @property
    def id(self) -> UUID:
        return generation_id(self)


class Proposal(msgspec.Struct, frozen=True, kw_only=True):
    """A generation that somebody proposes in place of `living`.

    The two and the journal were compared up to `compared_position`; `report_hash` is the SHA-256 of what came of it.
    """

    generation: ChainGeneration
    living: UUID
    compared_position: int
    report_hash: str
    proposer: str


class ChainLedger(msgspec.Struct, frozen=True, kw_only=True):
    """State. `living` is None until something is promoted: the journal does not know the generation it began with."""

    id: UUID = LEDGER
    living: ChainGeneration | None = None
    past: tuple[UUID, ...] = ()
    proposal: Proposal | None = None

    @property
    def status(self) -> str:
        """`standing`, or `proposed` while a promotion waits for its second person."""
        return "standing" if self.proposal is None else "proposed"

    def check(self) -> None:
        """What cannot happen: a generation that has ended lives, or is proposed."""
        assert self.living is None or self.living.id not in self.past
        assert self.proposal is None or self.proposal.generation.id not in {*self.past, self.proposal.living}
