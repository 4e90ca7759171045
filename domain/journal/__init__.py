"""The journal: the one append-only, totally ordered, sealed stream of entries from which both ledgers are posted."""

from domain.journal.application import Journal, Ledger
from domain.journal.committer import Limits
from domain.journal.encoding import Codec, Draft, Upcaster
from domain.journal.entries import (
    Actor,
    CommandKey,
    Entry,
    Envelope,
    Event,
    Meta,
    Outcome,
    Recorded,
    Unreadable,
)
from domain.journal.reader import JournalReader
from domain.journal.rehearsal import Foreseen, Rehearsed, rehearse
from domain.journal.sealing import Tree, leaf_of
from domain.journal.work import fold

__all__ = [
    "Actor",
    "Codec",
    "CommandKey",
    "Draft",
    "Entry",
    "Envelope",
    "Event",
    "Foreseen",
    "Journal",
    "JournalReader",
    "Ledger",
    "Limits",
    "Meta",
    "Outcome",
    "Recorded",
    "Rehearsed",
    "Tree",
    "Unreadable",
    "Upcaster",
    "fold",
    "leaf_of",
    "rehearse",
]
