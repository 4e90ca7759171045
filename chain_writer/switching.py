"""From one generation to the next: the entry at which that happens, and what is not posted to the next one."""

from __future__ import annotations

from uuid import UUID

from abis import Generation
from chain_writer.intents import Switch
from chain_writer.store import WriterStore
from domain.campaign import CampaignPostingAbandoned
from domain.company import CompanyPostingAbandoned
from domain.investment import InvestmentPostingAbandoned
from domain.journal import Entry, JournalReader
from domain.ledger import LedgerPromoted, generation_id
from domain.ledger.standing import last_promotion
from domain.postings import PostingAbandoned

ABANDONED = tuple(
    kind.TOPIC for kind in (CompanyPostingAbandoned, CampaignPostingAbandoned, InvestmentPostingAbandoned)
)
ENTRIES_PER_READ = 5_000


def switch_of(entry: Entry, generation: UUID) -> Switch | None:
    """What a promotion means for a generation: its end, or that it lives. None for others, and for other entries."""
    match entry.event:
        case LedgerPromoted(generation=promoted, previous=previous) if generation in {previous, promoted.id}:
            return Switch(
                position=entry.position,
                previous=previous,
                successor=promoted.id,
                chain_id=promoted.chain_id,
                genesis_hash=promoted.genesis_hash,
            )
        case _:
            return None


def abandoned(reader: JournalReader, *, through: int) -> frozenset[int]:
    """The entries whose effects two people had abandoned by a position: a later generation never has them."""
    found: set[int] = set()
    position = 0
    while entries := reader.read(after=position, limit=ENTRIES_PER_READ, topics=ABANDONED):
        position = entries[-1].position
        for entry in entries:
            if entry.position <= through and isinstance(entry.event, PostingAbandoned):
                found.add(entry.event.entry_position)
    return frozenset(found)


def omitted_of(reader: JournalReader, store: WriterStore, generation: Generation) -> frozenset[int]:
    """The entries of no effect on a generation that was promoted and has not come to its promotion yet."""
    name, promotion = generation_id(generation), last_promotion(reader)
    if promotion is None or promotion.generation.id != name:
        return frozenset()
    if store.position(name, chain_id=generation.chain_id) >= promotion.position:
        return frozenset()
    return abandoned(reader, through=promotion.position)
