"""The contracts of the platform that was replaced, read only: what they logged, and why they refused."""

from abis.legacy.errors import decode_legacy_revert
from abis.legacy.layouts import CONTRACTS, Contract, decode_legacy
from abis.legacy.logs import HashedText

__all__ = ["CONTRACTS", "Contract", "HashedText", "decode_legacy", "decode_legacy_revert"]
