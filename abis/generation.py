"""A chain generation: one deployment of the contracts on one chain, pinned by hashes."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Annotated
from uuid import UUID

import msgspec

from abis.hashing import checksummed, keccak
from abis.ids import to_bytes32

CONTRACTS = (
    "IssuerRegistry",
    "CampaignImplementation",
    "CampaignFactory",
    "NFTShareCertificate",
    "FundEscrow",
    "JournalAnchor",
)

_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")

# EIP-1167: the minimal proxy's creation code around the template's address, as OpenZeppelin's Clones deploys it.
CLONE_HEAD = bytes.fromhex("3d602d80600a3d3981f3363d3d373d3d3d363d73")
CLONE_TAIL = bytes.fromhex("5af43d82803e903d91602b57fd5bf3")


class GenerationInvalid(Exception):
    """The file does not describe a generation. Deploy again, or point the setting at the right file."""


class Generation(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`addresses` (EIP-55) and `code_hashes` (Keccak-256 of the deployed code, hex) by contract name.

    `start_block` is the block before the first deployment: nothing of ours is at or below it. By `deployed_block` all
    was deployed and wired, and the roles granted up to there are those that were meant; 0 where nobody wrote it down.
    """

    chain_id: Annotated[int, msgspec.Meta(ge=1)]
    genesis_hash: str
    addresses: dict[str, str]
    code_hashes: dict[str, str]
    start_block: Annotated[int, msgspec.Meta(ge=0)]
    deployed_block: Annotated[int, msgspec.Meta(ge=0)] = 0

    @classmethod
    def load(cls, path: Path) -> Generation:
        """Raises GenerationInvalid with what is wrong and where."""
        try:
            generation = msgspec.json.decode(path.read_bytes(), type=cls)
        except OSError as error:
            raise GenerationInvalid(f"{path} cannot be read: {error.strerror}") from error
        except msgspec.MsgspecError as error:
            raise GenerationInvalid(f"{path} is not a chain generation: {error}") from error
        missing = [name for name in CONTRACTS if name not in generation.addresses or name not in generation.code_hashes]
        if missing:
            raise GenerationInvalid(f"{path} lacks {', '.join(missing)}")
        wrong = [name for name, address in generation.addresses.items() if not _ADDRESS.fullmatch(address)]
        if wrong:
            raise GenerationInvalid(f"{path} gives no address (0x and 40 hex digits) to {', '.join(wrong)}")
        if len({address.lower() for address in generation.addresses.values()}) != len(generation.addresses):
            raise GenerationInvalid(f"{path} gives one address to two contracts")
        return generation

    def save(self, path: Path) -> None:
        """Write the file whole or not at all."""
        draft = path.with_name(path.name + ".draft")
        draft.write_bytes(msgspec.json.format(msgspec.json.encode(self), indent=2) + b"\n")
        os.replace(draft, path)  # noqa: PTH105  # the atomic one


def identity(*, chain_id: int, genesis_hash: str, factory: str) -> bytes:
    """What a contract can hold of the generation that it belongs to: Keccak-256 over its chain and its factory."""
    places = chain_id.to_bytes(32, "big"), bytes.fromhex(genesis_hash[2:]), bytes(12) + bytes.fromhex(factory[2:])
    return keccak(b"".join(places))


def campaign_address(generation: Generation, campaign_id: UUID) -> str:
    """Where the contract of a campaign is or will be (EIP-1014: CREATE2 by the factory, salt = campaign id)."""
    factory = bytes.fromhex(generation.addresses["CampaignFactory"][2:])
    template = bytes.fromhex(generation.addresses["CampaignImplementation"][2:])
    code_hash = keccak(CLONE_HEAD + template + CLONE_TAIL)
    return checksummed(keccak(b"\xff" + factory + to_bytes32(campaign_id) + code_hash)[12:].hex())
