"""What a reconciliation says: differences with both sides and the entries concerned, and what merely waits."""

from __future__ import annotations

from typing import Literal

import msgspec

# What a difference is. The names stand in reports that people and alerts read: they are for ever.
Kind = Literal[
    "book-differs",  # a row of the book is not what the journal says
    "book-missing",  # the journal has it, the book does not
    "book-foreign",  # the book has a row that no entry made
    "chain-differs",  # the state of a contract is not what confirmed entries made it
    "chain-foreign",  # a log on our contracts that no entry explains
    "chain-conflict",  # the chain holds other content under a key than the journal obliges
    "confirmation-without-log",  # the journal believes a log that is not on the chain
    "log-without-confirmation",  # the indexer has passed a log that the journal does not confirm
    "intent-missing",  # the writer has read past an entry, and does not know that it obliges an effect
    "posting-rejected",  # the chain refused for good what an entry obliges
    "abandoned-on-chain",  # two people went on without an effect, and the chain has it all the same
    "generation-differs",  # the rebuilt chain ledger says something else than the living one
    "contract-differs",  # chain id, genesis, code or roles are not the pinned generation's
]


class Difference(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One thing on which two sides do not agree. `subject` and `id` name the thing, `what` the part of it.

    A side that has nothing to say is None; `living` is that of the living generation, where two are compared.
    `positions` are the entries of the journal that are concerned.
    """

    kind: Kind
    subject: str
    id: str
    what: str
    journal: str | None = None
    book: str | None = None
    living: str | None = None
    chain: str | None = None
    positions: tuple[int, ...] = ()


class Pending(msgspec.Struct, frozen=True, kw_only=True):
    """Something that is on its way: no difference yet, but not agreed either."""

    subject: str
    id: str
    what: str
    positions: tuple[int, ...]


class Reconciliation(msgspec.Struct, frozen=True, kw_only=True):
    """The answer. `block` is where the chain was read; `checked` counts what was compared, by kind of thing."""

    ok: bool
    journal_position: int
    book_position: int
    checkpoint: int
    head: int
    block: int
    checked: dict[str, int]
    differences: list[Difference]
    pending: list[Pending]
