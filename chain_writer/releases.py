"""Effects that were refused for good and are obliged anew. Pure.

The intent is new: its id follows from the leaf of the entry that released it, and it stands at that entry's position.
What it says is what the first one said, under the leaf of the entry that obliged it: so from the contract's log one
walks to the original entry still, and its natural key keeps it from being recorded twice.
"""

from __future__ import annotations

from uuid import uuid5

import msgspec

from abis import Generation
from chain_writer.intents import Obligation
from chain_writer.obligations import obligation_of
from domain.campaign import CampaignPostingReleased
from domain.company import CompanyPostingReleased
from domain.investment import InvestmentPostingReleased
from domain.journal import Entry


def released_by(entry: Entry) -> int | None:
    """The position of the entry whose effect this one releases; None for all other entries."""
    match entry.event:
        case (
            CompanyPostingReleased(entry_position=position)
            | CampaignPostingReleased(entry_position=position)
            | InvestmentPostingReleased(entry_position=position)
        ):
            return position
        case _:
            return None


def obliged_anew(release: Entry, original: Entry | None, generation: Generation) -> Obligation | None:
    """The original's obligation once more; None if the entry that is named obliges nothing of this stream."""
    if original is None or original.stream != release.stream:
        return None
    first = obligation_of(original, generation)
    if first is None:
        return None
    return msgspec.structs.replace(first, effect=uuid5(first.generation, release.leaf.hex()), position=release.position)
