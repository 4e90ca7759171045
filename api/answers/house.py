"""Answers about the journal and the house: entries, what falls due, rule packs, refusals, and who asks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

import msgspec

from api.answers.answer import Answer, shown
from domain.journal import Entry as JournalEntry
from domain.refusals import CODES
from domain.rule_packs import RulePack as Pack
from projections import rows

# The names under which events and rule packs keep money.
AMOUNT_NAMES = frozenset(
    {
        "amount",
        "applied",
        "breakpoint",
        "cap",
        "ceiling",
        "excess",
        "fee",
        "floor",
        "funding_goal",
        "goal_maximum",
        "goal_minimum",
        "investment_minimum",
        "investor_maximum",
        "minimum",
        "owed",
        "raised",
        "raised_in_12_months_maximum",
        "share_price",
        "warning_from",
        "warning_minimum",
        "yearly_limit",
    }
)


class Entry(Answer, frozen=True, kw_only=True):
    """One entry of the journal. `by` is role and principal, `cause` the position of the entry that led to it."""

    position: int
    stream: UUID
    version: int
    topic: str
    at: datetime
    by: str
    command_id: UUID
    correlation_id: UUID
    cause: int | None
    pack: str
    data: dict[str, Any]
    state_sha256: str
    leaf: str


class Due(Answer, frozen=True, kw_only=True):
    """What falls due at `at`. `kind` is deadline, early-close, reconfirmation, kyb, kyc or document.

    `item` names which, where a stream has several: the document, or the material change. A reconfirmation stays until
    its campaign's closing begins.
    """

    kind: str
    stream: UUID
    item: UUID | None
    at: datetime
    position: int


class RulePack(Answer, frozen=True, kw_only=True):
    """One version of the rules of one jurisdiction: `newest` says whether new terms may name it.

    `rules` are all of them by name, amounts as decimal strings; `sources` says where they come from, rule by rule.
    """

    id: str
    name: str
    version: int
    newest: bool
    source: str
    sources: dict[str, str]
    rules: dict[str, Any]


class RulePackList(Answer, frozen=True, kw_only=True):
    """The rule packs that are in use here."""

    items: list[RulePack]


class RefusalCode(Answer, frozen=True, kw_only=True):
    """A code with which a rule refuses a command: what it means, and what to do about it."""

    code: str
    http_status: int
    text: str
    cure: str


class RefusalList(Answer, frozen=True, kw_only=True):
    """Every refusal of the domain, by code."""

    items: list[RefusalCode]


class Me(Answer, frozen=True, kw_only=True):
    """Who the key names. `commands` are the names of those that it may give."""

    principal: str
    key_id: UUID
    roles: list[str]
    expires_at: datetime | None
    commands: list[str]


def entry(found: JournalEntry) -> Entry:
    meta = found.meta
    return Entry(
        position=found.position,
        stream=found.stream,
        version=found.version,
        topic=found.topic,
        at=meta.at,
        by=meta.by,
        command_id=meta.command_id,
        correlation_id=meta.correlation_id,
        cause=meta.cause,
        pack=meta.pack,
        data=_exact(msgspec.to_builtins(found.event)),
        state_sha256=sha256(found.state).hexdigest(),
        leaf=found.leaf.hex(),
    )


def due(row: rows.Due) -> Due:
    return shown(Due, row)


def rule_packs(packs: Sequence[Pack], *, newest: frozenset[str]) -> RulePackList:
    return RulePackList(items=[_rule_pack(pack, newest=pack.id in newest) for pack in packs])


def _rule_pack(pack: Pack, *, newest: bool) -> RulePack:
    rules = _exact(msgspec.to_builtins(pack))
    kept = {name: rules[name] for name in rules if name not in {"name", "version", "source", "sources"}}
    return RulePack(
        id=pack.id,
        name=pack.name,
        version=pack.version,
        newest=newest,
        source=pack.source,
        sources=pack.sources,
        rules=kept,
    )


def refusals() -> RefusalList:
    return RefusalList(items=[shown(RefusalCode, CODES[code]) for code in sorted(CODES)])


def _exact(value: Any, name: str = "") -> Any:
    """The same with amounts as decimal strings, as everywhere else in answers."""
    if isinstance(value, dict):
        return {inner: _exact(kept, inner) for inner, kept in value.items()}
    if isinstance(value, list | tuple):
        return [_exact(kept, name) for kept in value]
    is_amount = name in AMOUNT_NAMES and isinstance(value, int) and not isinstance(value, bool)
    return str(value) if is_amount else value
