"""The nouns of a story: an entry, the effects that it obliged, the nonces they rode in, and what the chain shows."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """One signed tx. `gas_price_wei` is a decimal string; `reply` the class of a node's last answer."""

    number: int
    purpose: str
    hash: str
    gas_limit: int
    gas_price_wei: str
    made_at: datetime
    made_block: int
    sends: int
    sent_at: datetime | None
    sent_block: int | None
    reply: str | None
    reply_text: str | None


class Ride(msgspec.Struct, frozen=True, kw_only=True):
    """One nonce that an intent was bound to, with `members` intents in it. `state`: live, mined or final."""

    lane: str
    signer: str
    nonce: int
    members: int
    state: str
    allotted_at: datetime
    winner: str | None
    winner_hash: str | None
    block_number: int | None
    block_hash: str | None
    outcome: str | None
    reason: str | None
    attempts: list[Attempt]


class Effect(msgspec.Struct, frozen=True, kw_only=True):
    """One intent. `state`: queued, bound, landed or rejected; `code` and `reason` say why it is held or refused."""

    intent: UUID
    generation: UUID
    position: int
    kind: str
    target: str
    lane: str
    state: str
    code: str | None
    reason: str | None
    refused_block: int | None
    held_until_block: int | None
    releases: int
    queued_at: datetime
    settled_at: datetime | None
    reported_position: int | None
    rides: list[Ride]


class Log(msgspec.Struct, frozen=True, kw_only=True):
    """One log of the chain that names an entry. `confirmed_position`: the entry that says so, if one does."""

    kind: str | None
    verdict: str
    block_number: int
    block_hash: str
    tx_hash: str
    log_index: int
    confirmed_position: int | None


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """One entry and all that came of it."""

    position: int
    stream: UUID
    version: int
    topic: str
    at: datetime
    by: str
    command_id: UUID
    correlation_id: UUID
    cause: int | None
    effects: list[Effect]
    logs: list[Log]


class Explained(msgspec.Struct, frozen=True, kw_only=True):
    """What was looked for, and the entries that it led to."""

    asked: str
    entries: list[Told]
