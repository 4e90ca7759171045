"""Floor 0: the contracts, what they are called with, what they log, and where one deployment of them stands."""

from abis.generation import Generation, GenerationInvalid, campaign_address
from abis.ids import from_bytes32, revision_key, to_bytes32, token_id
from abis.logs import Log, RawLog, decode

__all__ = [
    "Generation",
    "GenerationInvalid",
    "Log",
    "RawLog",
    "campaign_address",
    "decode",
    "from_bytes32",
    "revision_key",
    "to_bytes32",
    "token_id",
]
