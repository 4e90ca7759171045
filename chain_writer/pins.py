"""What must be so before anything is signed: the right chain, the right genesis, the right code. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from abis import Generation
from abis.generation import CLONE_HEAD, CLONE_TAIL
from abis.hashing import keccak
from chain_writer.errors import WrongChain

NO_CODE_HASH = "0x" + keccak(b"").hex()
CLONE_PREFIX_BYTES = 10  # of CLONE_HEAD: the creation code, which is not part of the code that stays


def check_chain(generation: Generation, *, chain_id: int, genesis_hash: str) -> None:
    """Raise WrongChain unless the node speaks for the generation's chain."""
    if chain_id != generation.chain_id:
        raise WrongChain(f"the node speaks for chain {chain_id}, the generation is of chain {generation.chain_id}")
    if genesis_hash.lower() != generation.genesis_hash.lower():
        raise WrongChain(f"the chain's genesis is {genesis_hash}, the generation's is {generation.genesis_hash}")


def check_codes(generation: Generation, code_hashes: Mapping[str, str]) -> None:
    """Raise WrongChain unless every contract has the code it was deployed with. Given by address."""
    for name, address in generation.addresses.items():
        have, pinned = code_hashes[address], generation.code_hashes[name].lower()
        if have != pinned:
            raise WrongChain(f"{name} at {address} has code {have}, pinned is {pinned}")


def clone_code_hash(generation: Generation) -> str:
    """The hash of the code that every campaign's contract has: a proxy to the generation's template (EIP-1167)."""
    template = bytes.fromhex(generation.addresses["CampaignImplementation"][2:])
    return "0x" + keccak(CLONE_HEAD[CLONE_PREFIX_BYTES:] + template + CLONE_TAIL).hex()
